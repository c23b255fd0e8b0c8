//! What becomes of whom: how many, why, what to do, and the first of each.

use super::{
    super::{listing, show},
    address, words,
};
use crate::console::{display, problem::Problem, visit::Visit};
use muster_domain::conversion::{Code, ItemState};
use muster_store::conversion::{self, CodeCount, Conversion, Item};

/// How many of each are named.
const EXAMPLES: i64 = 3;

/// The counts of a run's plan.
pub(super) struct Verdicts {
    pub(super) rows: Vec<Verdict>,
    /// Users who are to be converted, or were.
    pub(super) convert: String,
    /// Users somebody should look at.
    pub(super) look: String,
    /// There are some.
    pub(super) worries: bool,
    /// Users who need nothing, or were left on purpose.
    pub(super) stay: String,
}

/// Users who stand the same, for one reason.
pub(super) struct Verdict {
    pub(super) state: show::State,
    pub(super) title: &'static str,
    pub(super) count: String,
    pub(super) means: &'static str,
    pub(super) remedy: &'static str,
    pub(super) examples: Vec<String>,
    /// All of them, as a file.
    pub(super) file: String,
}

impl Verdicts {
    /// Reads them: the whole plan, a slice at a time. Not for what is live.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn of(visit: &Visit<'_>, run: &Conversion) -> Result<Self, Problem> {
        let store = visit.store();
        let mut counts = visit.read(conversion::counts(store, run.account, run.journal(), run.users_n, run.total)).await?;
        counts.sort_by_key(|one| (order(one.code), -one.count, one.code, one.state));
        let mut rows = Vec::with_capacity(counts.len());
        let mut sums = [0; 3];
        for one in counts {
            sums[usize::from(order(one.code))] += one.count;
            let first = conversion::examples(store, run.account, run.journal(), one.code, EXAMPLES);
            rows.push(row(run, one, &visit.read(first).await?));
        }
        let [convert, look, stay] = sums.map(display::number);
        Ok(Self { rows, convert, look, worries: sums[1] > 0, stay })
    }
}

/// Whoever is converted first, then what somebody should look at, then what needs nothing.
const fn order(code: Code) -> u8 {
    match (code.converts(), code.is_exception()) {
        (true, _) => 0,
        (_, true) => 1,
        _ => 2,
    }
}

fn row(run: &Conversion, one: CodeCount, first: &[Item]) -> Verdict {
    let meaning = words::meaning(one.code);
    let file = format!("{}/items.csv", address(run.id));
    Verdict {
        state: stands(one.state, one.code),
        title: meaning.title,
        count: display::number(one.count),
        means: meaning.means,
        remedy: meaning.remedy,
        examples: first.iter().map(example).collect(),
        file: listing::address(&file, &[("state", one.state.as_str()), ("reason", one.code.as_str())]),
    }
}

const fn stands(state: ItemState, code: Code) -> show::State {
    match (state, code.is_exception()) {
        (ItemState::Todo, _) => show::state("idle", "To convert"),
        (ItemState::Again, _) => show::state("warning", "To try again"),
        (ItemState::Done, _) => show::state("good", "Converted"),
        (ItemState::Undone, _) => show::state("good", "Taken back"),
        (ItemState::Left, true) => show::state("warning", "Stays, look at it"),
        (ItemState::Left, false) => show::state("idle", "Stays"),
    }
}

fn example(item: &Item) -> String {
    match (item.code.converts(), item.new_id.as_deref().or(item.email.as_deref())) {
        (true, Some(new)) => format!("{} → {new}", item.old_id),
        (false, Some(new)) if new != item.old_id => format!("{} ({new})", item.old_id),
        _ => item.old_id.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_should_look_at_comes_before_what_needs_nothing() {
        let mut codes = [Code::Already, Code::DupEmail, Code::Convert, Code::Excluded, Code::Chain];
        codes.sort_by_key(|code| order(*code));
        assert_eq!(codes.map(order), [0, 0, 1, 2, 2]);
        assert_eq!(stands(ItemState::Left, Code::NoEmail).tone, "warning");
        assert_eq!(stands(ItemState::Left, Code::Already).tone, "idle");
    }
}
