//! What one recipient gets now: within the caps, and what does not fit folded into one mail that says so.

/// The most mails anybody gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// To one recipient in an hour.
    pub hour: u32,
    /// To one recipient in a day.
    pub day: u32,
    /// To all recipients of one account in an hour.
    pub account_hour: u32,
}

impl Default for Caps {
    fn default() -> Self {
        Self { hour: 20, day: 100, account_hour: 500 }
    }
}

/// What of the caps is used up at this moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// Mails to this recipient in the hour before.
    pub hour: u32,
    /// Mails to this recipient in the day before.
    pub day: u32,
    /// Mails of this account in the hour before.
    pub account_hour: u32,
}

impl Caps {
    /// How many more mails may go to the recipient now.
    #[must_use]
    pub fn room(&self, used: Used) -> usize {
        let left = |cap: u32, used: u32| cap.saturating_sub(used);
        let room = left(self.hour, used.hour).min(left(self.day, used.day)).min(left(self.account_hour, used.account_hour));
        usize::try_from(room).unwrap_or(usize::MAX)
    }
}

/// A mail that could go to the recipient now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// It is of the immediate class.
    pub immediate: bool,
    /// Quiet hours have held it until now.
    pub held: bool,
    /// It stands for others already; it is never folded into another.
    pub folded: bool,
}

/// What becomes of the mails that wait: positions in the list that was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrangement {
    /// These go as they are.
    pub send: Vec<usize>,
    /// These are folded into one mail, which takes a place of its own; empty, or two and more.
    pub fold: Vec<usize>,
    /// Folded because of a cap, not only because of quiet hours.
    pub capped: bool,
}

/// Arranges what waits for one recipient, oldest first, when `room` more mails may go to it.
///
/// What quiet hours held becomes one summary. If the rest does not fit, the last place goes to a mail that names everything held
/// back. With no room at all, everything waits. What is immediate keeps its place before what is not.
#[must_use]
pub fn arrange(waiting: &[Waiting], room: usize) -> Arrangement {
    let foldable = |mail: &Waiting| !mail.immediate && !mail.folded;
    let (mut fold, mut send): (Vec<usize>, Vec<usize>) =
        (0..waiting.len()).partition(|&position| waiting[position].held && foldable(&waiting[position]));
    if fold.len() == 1 {
        send.append(&mut fold);
    }
    send.sort_by_key(|&position| (!waiting[position].immediate, !waiting[position].folded, position));
    let places = |fold: &[usize], send: &[usize]| usize::from(!fold.is_empty()) + send.len();
    if room == 0 || waiting.is_empty() {
        return Arrangement::default();
    }
    if places(&fold, &send) <= room {
        return Arrangement { send, fold, capped: false };
    }
    let mut rest = send.split_off((room - 1).min(send.len()));
    // A mail that stands for others is not folded again: it waits for its place.
    rest.retain(|&position| !waiting[position].folded);
    fold.append(&mut rest);
    fold.sort_unstable();
    match fold.len() {
        0 => Arrangement { send, fold, capped: false },
        1 => {
            send.append(&mut fold);
            Arrangement { send, fold, capped: false }
        }
        _ => Arrangement { send, fold, capped: true },
    }
}
