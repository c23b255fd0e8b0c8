//! What every backend promises. One function for each promise, generic over the backend.

mod delivery;
mod flow;
mod trouble;

pub use delivery::*;
pub use flow::*;
pub use trouble::*;

/// Makes a test of every promise for one backend.
macro_rules! contract {
    ($rig:ident: $($promise:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                if let Some(rig) = $rig::start().await {
                    crate::contract::$promise(&rig).await;
                }
            }
        )+
    };
    ($rig:ident) => {
        crate::contract::contract!($rig:
            every_call_is_answered,
            messages_are_handed_out_in_the_order_they_came,
            calls_that_come_together_travel_together,
            many_queued_messages_drain,
            a_second_reply_is_harmless,
            what_a_vanished_worker_held_is_applied_by_another,
            a_failed_message_comes_back_and_is_answered,
            a_panicking_handler_does_not_stop_the_worker,
            a_poisonous_operation_is_set_aside_and_its_neighbours_are_applied,
            a_bulk_stays_whole_even_when_it_comes_back,
            replies_that_come_early_do_not_wait_and_the_message_does,
            a_message_that_was_set_aside_is_replayed_under_its_ids_or_discarded,
            a_slow_handler_keeps_its_message,
            a_handler_that_never_ends_is_given_up,
            one_hand_out_can_be_all_there_is,
            a_full_queue_refuses_at_once,
            places_are_bounded_and_shared_fairly,
            a_caller_that_goes_away_gives_its_place_back,
            a_call_that_nobody_answers_ends,
            a_graceful_stop_loses_nothing_and_answers_what_is_in_flight,
            a_worker_told_to_stop_before_it_started_stops,
            twenty_workers_start_at_once_under_names_of_their_own,
        );
    };
}
pub(crate) use contract;
