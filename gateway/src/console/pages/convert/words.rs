//! A conversion in words: where it stands, what it does, what it waits for, what a verdict means.

use super::super::show::{self, State as Shown};
use muster_domain::conversion::{Code, Kind, Phase, State, pace::WaitReason};
use muster_store::conversion::Conversion;

/// Where a run stands.
pub(super) fn state(run: &Conversion) -> Shown {
    let undo = run.kind == Kind::Undo;
    match (run.state, waiting(run)) {
        (State::Running, Some(WaitReason::Window)) => show::state("idle", "Waiting for its window"),
        (State::Running, Some(_)) => show::state("warning", "Held back"),
        (State::Running, None) if undo => show::state("good", "Being taken back"),
        (State::Paused, Some(_)) => show::state("bad", "Paused by its guard"),
        (State::Paused, None) if is_error(run) => show::state("bad", "Stopped by an error"),
        (State::Finished, _) if undo => show::state("good", "Taken back"),
        (state, _) => stands(state),
    }
}

/// The same, of the state alone.
pub(super) const fn stands(state: State) -> Shown {
    match state {
        State::Planning => show::state("warning", "Being planned"),
        State::Planned => show::state("good", "Planned, not started"),
        State::Running => show::state("good", "Running"),
        State::Paused => show::state("warning", "Paused"),
        State::Finished => show::state("good", "Done"),
        State::Cancelled => show::state("idle", "Cancelled"),
        State::Superseded => show::state("idle", "Replaced by a newer plan"),
    }
}

/// Which guard holds it; none when a person does, or nobody.
pub(super) fn waiting(run: &Conversion) -> Option<WaitReason> {
    named(run.reason.as_deref()?).map(|(reason, _)| reason)
}

/// A reason that begins with a guard's word, and what stands behind it.
fn named(reason: &str) -> Option<(WaitReason, &str)> {
    let (word, text) = reason.split_once(": ")?;
    WaitReason::ALL.into_iter().find(|reason| reason.as_str() == word).map(|reason| (reason, text))
}

fn is_error(run: &Conversion) -> bool {
    run.reason.as_deref().is_some_and(|reason| reason.starts_with("error: "))
}

/// Why a run stands still, in a sentence; none when nobody said.
pub(super) fn sentence(reason: &str) -> Option<String> {
    let text = match (named(reason), reason.strip_prefix("error: ")) {
        (Some((guard_, text)), _) => format!("{}: {text}", guard(guard_)),
        (None, Some(text)) => format!("The database refused a statement: {text}"),
        (None, None) => reason.to_owned(),
    };
    let text = text.trim().trim_end_matches('.');
    (!text.is_empty()).then(|| format!("{text}."))
}

/// What holds a run, in a few words.
pub(super) const fn guard(reason: WaitReason) -> &'static str {
    match reason {
        WaitReason::Paused => "Somebody holds it",
        WaitReason::Window => "No window is open",
        WaitReason::ProvisioningBacklog => "Provisioning goes first",
        WaitReason::BlockedByUs => "Somebody waited for a row it holds",
        WaitReason::ReplicaLag => "A replica of the database is behind",
        WaitReason::WalRate => "The database writes too much log",
        WaitReason::OldTransaction => "A transaction has been open for too long",
        WaitReason::Latency => "Queries of others got slower",
        WaitReason::Blind => "The database does not say how it is",
    }
}

/// What a run is doing.
pub(super) const fn phase(kind: Kind, phase: Phase) -> &'static str {
    match (kind, phase) {
        (_, Phase::Read) => "Reading users",
        (_, Phase::Contest) => "Comparing users with each other",
        (_, Phase::Ready) => "The plan is ready",
        (Kind::Convert, Phase::Aliases) => "Keeping old user ids as aliases",
        (Kind::Convert, Phase::Users) => "Converting users",
        (Kind::Convert, Phase::Ordered) => "Converting users who wait for each other",
        (Kind::Undo, Phase::Ordered | Phase::Users) => "Taking users back",
        (Kind::Undo, Phase::Aliases) => "Removing aliases",
        (_, Phase::Sweep) => "Going over what was locked or changed",
        (_, Phase::References) => "Rewriting the platform's columns",
        (_, Phase::Verify) => "Checking the result",
        (_, Phase::Done) => "Nothing is left to do",
    }
}

/// What a verdict of the plan means.
pub(super) struct Meaning {
    pub(super) title: &'static str,
    pub(super) means: &'static str,
    /// Empty when there is nothing to be done.
    pub(super) remedy: &'static str,
}

/// A verdict in words.
pub(super) const fn meaning(code: Code) -> Meaning {
    let (title, means, remedy) = match code {
        Code::Convert => ("Convert", "Gets the e-mail address as user id.", ""),
        Code::Trimmed => ("Convert, trimmed", "Gets the address without the blanks around it.", ""),
        Code::ForeignDomain => (
            "Convert, other domain",
            "The address is in none of the account's domains.",
            "Look whether these are guests you meant to leave.",
        ),
        Code::NearDup => {
            ("Convert, similar address", "Another address differs only in what follows a plus sign.", "Look whether both are one person.")
        }
        Code::Chain => ("Convert, after another", "The new user id is free once its present owner has been converted.", ""),
        Code::Cycle => ("Convert, as a ring", "Users who have each other's addresses as user ids; they are turned together.", ""),
        Code::Already => ("Already converted", "The user id is the address.", ""),
        Code::CaseOnly => {
            ("Already converted, other case", "The user id is the address but for upper and lower case; it stays as it is.", "")
        }
        Code::DupEmail => (
            "Duplicate e-mail",
            "Another user has the same address, and nobody can tell whose it is.",
            "Give each an address of its own in the directory, then plan again.",
        ),
        Code::Taken => (
            "Address is a user id",
            "Another user, who stays, signs in with the address.",
            "Change that user's user id or this one's address, then plan again.",
        ),
        Code::AliasTaken => (
            "Address is an alias",
            "The address is a former user id of another user.",
            "Let the alias go with `muster alias release`, if that user does not need it any more.",
        ),
        Code::NoEmail => ("No e-mail", "There is no address.", "Enter one in the directory, then plan again."),
        Code::BadEmail => ("No valid e-mail", "What stands there is no address.", "Mend it in the directory, then plan again."),
        Code::TooLong => ("E-mail too long", "The address is longer than an address may be.", "Mend it in the directory, then plan again."),
        Code::UnicodeReview => (
            "Letters to be looked at",
            "The address has letters outside ASCII, which can look like others.",
            "Look at them; if they are right, plan again and allow such letters.",
        ),
        Code::ForeignLeft => ("Other domain, left", "The address is in none of the account's domains, and such were to be left.", ""),
        Code::Excluded => ("Left out", "A shared mailbox, a service account, or one that was named to be left out.", ""),
        Code::Changed => {
            ("Changed meanwhile", "User id or address were changed while the run was under way.", "A new plan takes these up.")
        }
        Code::ScimLinked => ("Converted by the directory", "A directory gave the user its new user id while the run was under way.", ""),
        Code::Gone => ("Deleted meanwhile", "The user was deleted while the run was under way.", ""),
        Code::Locked => ("Locked", "Somebody held the user's row until the run gave up.", "A new plan takes these up."),
        Code::UndoTaken => ("Not taken back", "Somebody else has the old user id now.", "Rename one of the two by hand."),
        Code::UndoChanged => ("Not taken back, changed", "The user id was changed after the conversion, and stays so.", ""),
    };
    Meaning { title, means, remedy }
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_domain::{AccountId, ConversionId};
    use std::collections::HashSet;

    fn run(kind: Kind, state: State, reason: Option<&str>) -> Conversion {
        Conversion {
            id: ConversionId::new(),
            account: AccountId::new(),
            kind,
            undo_of: None,
            state,
            phase: Phase::Users,
            reason: reason.map(str::to_owned),
            error: None,
            requested_by: "ada".to_owned(),
            options: serde_json::Value::Null,
            pace: serde_json::Value::Null,
            last_read: None,
            walk_n: 0,
            users_n: 12_430,
            total: 50_000,
            planned: 49_000,
            converted: 12_400,
            rounds: 0,
            verified: None,
            lease_owner: None,
            active_ms: 0,
            created_ms: 0,
            planned_ms: None,
            started_ms: None,
            finished_ms: None,
            modified_ms: 0,
        }
    }

    #[test]
    fn who_holds_a_run_is_told_apart() {
        let of = |state_, reason| state(&run(Kind::Convert, state_, reason)).text;
        assert_eq!(of(State::Running, None), "Running");
        assert_eq!(of(State::Running, Some("window: closed until Tue")), "Waiting for its window");
        assert_eq!(of(State::Running, Some("latency: p99 is twice as long")), "Held back");
        assert_eq!(of(State::Paused, Some("latency: p99 is twice as long")), "Paused by its guard");
        assert_eq!(of(State::Paused, Some("error: no such column")), "Stopped by an error");
        assert_eq!(of(State::Paused, Some("lunch: back at two")), "Paused");
        assert_eq!(state(&run(Kind::Undo, State::Running, None)).text, "Being taken back");
    }

    #[test]
    fn a_reason_is_a_sentence_without_its_word() {
        assert_eq!(sentence(" "), None);
        assert_eq!(sentence("lunch").as_deref(), Some("lunch."));
        assert_eq!(sentence("latency: p99 is 12 ms.").as_deref(), Some("Queries of others got slower: p99 is 12 ms."));
        assert_eq!(sentence("error: no such column").as_deref(), Some("The database refused a statement: no such column."));
    }

    #[test]
    fn every_verdict_has_a_title_of_its_own_and_an_exception_says_what_it_means() {
        let titles: HashSet<&str> = Code::ALL.iter().map(|code| meaning(*code).title).collect();
        assert_eq!(titles.len(), Code::ALL.len());
        assert!(Code::ALL.iter().all(|code| meaning(*code).means.ends_with('.')));
    }
}
