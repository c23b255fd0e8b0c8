//! Letting aliases live longer, and letting them go before their time.
//!
//! One alias, and those of one user, are found by an index. Those of a conversion, or of the account, are changed on a walk in short
//! transactions; what was interrupted is done again as a whole, and comes to the same.

use crate::{
    Store, StoreError,
    console::audit::{self, Author},
    conversion,
    resources::find_user_by_user_id,
};
use jiff::Timestamp;
use muster_domain::{AccountId, ConversionId, LoginKey, conversion::State};
use sea_orm::{ConnectionTrait, Statement, Value};
use serde::Serialize;

/// An alias that was used so recently is not let go unasked.
pub const RECENT_MS: i64 = 30 * 24 * 60 * 60 * 1000;
/// Aliases looked at in one transaction at most.
const SLICE: i64 = 2_000;

/// Which aliases are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// The one of this old user id.
    One(String),
    /// Those of the user who signs in with this now.
    User(String),
    /// Those a conversion made.
    Conversion(ConversionId),
    /// All of the account.
    All,
}

impl Which {
    /// What is to be said when there is nothing of the name.
    #[must_use]
    pub fn missing(&self) -> String {
        match self {
            Self::One(old_id) => format!("`{old_id}` is no old user id here"),
            Self::User(user_id) => format!("nobody here signs in with `{user_id}` now"),
            Self::Conversion(id) => format!("there is no conversion {id}"),
            Self::All => "there are no old user ids".to_owned(),
        }
    }

    /// What the audit log calls them.
    fn target(&self) -> String {
        match self {
            Self::One(old_id) => old_id.clone(),
            Self::User(user_id) => format!("those of {user_id}"),
            Self::Conversion(id) => format!("those of the conversion {id}"),
            Self::All => "all of the account".to_owned(),
        }
    }
}

/// What became of aliases that were to be let go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Released {
    /// So many are free: anybody can get the user id.
    pub released: u64,
    /// So many were used lately, and stay.
    pub kept: u64,
    /// When the last of these was used, milliseconds since 1970.
    pub last_used_ms: Option<i64>,
    /// So many stay because their conversion is under way.
    pub under_way: u64,
}

impl Released {
    /// Why some stay that go when somebody insists, for people.
    #[must_use]
    pub fn kept_because(&self) -> Option<String> {
        let (stay, which) = if self.kept == 1 { ("stays", "it") } else { ("stay", "each of them") };
        let last = self.last_used_ms.filter(|_| self.kept > 0)?;
        Some(format!("{} {stay}: somebody signed in with {which} in the last 30 days, last at {}", self.kept, shown(last)))
    }

    /// Why some stay whoever insists, for people.
    #[must_use]
    pub fn under_way_because(&self) -> Option<String> {
        let stay = if self.under_way == 1 { "stays" } else { "stay" };
        (self.under_way > 0).then(|| format!("{} {stay} until the conversion they belong to is over", self.under_way))
    }
}

/// Lets aliases live until then, milliseconds since 1970, and returns how many it was; none when there is nothing of the name. One that
/// lives longer already stays as it is, so this can be repeated. They stay reserved at least as long as they live. The audit log has it
/// before it is done.
///
/// # Errors
/// When the database fails; what was changed before stays so.
pub async fn extend(store: &Store, account: AccountId, which: &Which, until: i64, by: &Author) -> Result<Option<u64>, StoreError> {
    let Some(scope) = Scope::of(store, account, which).await? else { return Ok(None) };
    audit::append(store, account, &by.entry("alias.extend", which.target(), format!("until {}", shown(until)))).await?;
    let (mut slices, mut extended) = (Slices::default(), 0);
    while let Some(slice) = slices.next(store, account, &scope).await? {
        extended += store.writer().execute_raw(scope.extension(store, account, &slice, until)).await?.rows_affected();
    }
    Ok(Some(extended))
}

/// Their conversion has yet to get to some of their users.
const UNDER_WAY: &str = "EXISTS (SELECT 1 FROM conversion c WHERE c.account_id = alias.account_id AND c.id = alias.conversion_id \
     AND c.started_ms IS NOT NULL AND c.finished_ms IS NULL)";

/// Lets old user ids go early, but for those somebody has signed in with after `unless_used_since`, and those of a conversion that is
/// under way; none when there is nothing of the name. The audit log has it before it is done.
///
/// # Errors
/// [`StoreError::Conflict`] for all of a conversion that is under way; or when the database fails, and what was let go before stays so.
pub async fn release(
    store: &Store,
    account: AccountId,
    which: &Which,
    unless_used_since: Option<i64>,
    by: &Author,
) -> Result<Option<Released>, StoreError> {
    let Some(scope) = Scope::of(store, account, which).await? else { return Ok(None) };
    if let Some(state) = scope.under_way {
        let reason = format!("the conversion is {state}: its old user ids can be let go when it is over");
        return Err(StoreError::Conflict(reason));
    }
    let detail = unless_used_since.map_or_else(|| "used or not".to_owned(), |since| format!("unless used since {}", shown(since)));
    audit::append(store, account, &by.entry("alias.release", which.target(), detail)).await?;
    let (mut slices, mut all) = (Slices::default(), Released::default());
    while let Some(slice) = slices.next(store, account, &scope).await? {
        let (place, values) = scope.place(account, &slice);
        let mut with_limit = values.clone();
        with_limit.push(unless_used_since.unwrap_or(i64::MAX).into());
        let sql = format!(
            "DELETE FROM alias WHERE {place} AND (last_used_ms IS NULL OR last_used_ms < ${}) AND NOT {UNDER_WAY}",
            with_limit.len()
        );
        all.released += store.writer().execute_raw(store.statement(sql, with_limit)).await?.rows_affected();
        let left = format!(
            "SELECT under_way, count(*) AS stay, max(last_used_ms) AS last_used_ms \
             FROM (SELECT {UNDER_WAY} AS under_way, last_used_ms FROM alias WHERE {place}) AS stay GROUP BY under_way"
        );
        for row in store.writer().query_all_raw(store.statement(left, values)).await? {
            let stay = u64::try_from(row.try_get::<i64>("", "stay")?).unwrap_or(0);
            if row.try_get("", "under_way")? {
                all.under_way += stay;
            } else {
                all.kept += stay;
                all.last_used_ms = all.last_used_ms.max(row.try_get("", "last_used_ms")?);
            }
        }
    }
    Ok(Some(all))
}

fn shown(at_ms: i64) -> String {
    Timestamp::from_millisecond(at_ms).map(|at| format!("{at:.0}")).unwrap_or_default()
}

/// Where the aliases are that are meant.
pub(super) struct Scope {
    /// What they have in common.
    common: Option<(&'static str, Value)>,
    /// Whether they are met on a walk through the account.
    walks: bool,
    /// The state of the conversion whose they are, when it is not over.
    under_way: Option<State>,
}

impl Scope {
    async fn of(store: &Store, account: AccountId, which: &Which) -> Result<Option<Self>, StoreError> {
        let few = |column, value| Self { common: Some((column, value)), walks: false, under_way: None };
        Ok(match which {
            Which::One(old_id) => {
                let key: Value = LoginKey::of(old_id).into_string().into();
                let sql = "SELECT 1 AS one FROM alias WHERE account_id = $1 AND old_key = $2";
                let found = store.writer().query_one_raw(store.statement(sql, [account.0.into(), key.clone()])).await?;
                found.map(|_| few("old_key", key))
            }
            Which::User(user_id) => find_user_by_user_id(store, account, user_id).await?.map(|user| few("user_id", user.id.0.into())),
            Which::Conversion(id) => conversion::get(store, account, *id).await?.map(|run| Self {
                common: Some(("conversion_id", id.0.into())),
                walks: true,
                under_way: (!run.state.is_over()).then_some(run.state),
            }),
            Which::All => Some(Self { common: None, walks: true, under_way: None }),
        })
    }

    fn extension(&self, store: &Store, account: AccountId, slice: &Slice, until: i64) -> Statement {
        let (place, mut values) = self.place(account, slice);
        values.push(until.into());
        let until = values.len();
        let sql = format!(
            "UPDATE alias SET expires_ms = ${until}, reserved_ms = CASE WHEN reserved_ms > ${until} THEN reserved_ms ELSE ${until} END \
             WHERE {place} AND expires_ms < ${until}"
        );
        store.statement(sql, values)
    }

    /// How a slice of what is meant is changed, for those who ask a planner.
    #[cfg(test)]
    pub(super) async fn extension_of(store: &Store, account: AccountId, which: &Which) -> Statement {
        let scope = Self::of(store, account, which).await.expect("asked").expect("there is one");
        let slice = if scope.walks { Slice::Keys("a".into(), "b".into()) } else { Slice::Whole };
        scope.extension(store, account, &slice, 1)
    }

    /// The condition for those in a slice, with its values.
    fn place(&self, account: AccountId, slice: &Slice) -> (String, Vec<Value>) {
        let (mut sql, mut values) = ("account_id = $1".to_owned(), vec![account.0.into()]);
        if let Slice::Keys(after, to) = slice {
            sql.push_str(" AND old_key > $2 AND old_key <= $3");
            values.extend([after.clone().into(), to.clone().into()]);
        }
        if let Some((column, value)) = &self.common {
            values.push(value.clone());
            sql.push_str(&format!(" AND {column} = ${}", values.len()));
        }
        (sql, values)
    }
}

/// What one transaction changes.
enum Slice {
    /// All that is meant.
    Whole,
    /// What is meant after one key and up to another.
    Keys(String, String),
}

/// The slices, one after the other.
#[derive(Default)]
struct Slices {
    after: String,
    over: bool,
}

impl Slices {
    async fn next(&mut self, store: &Store, account: AccountId, scope: &Scope) -> Result<Option<Slice>, StoreError> {
        if !scope.walks {
            return Ok((!std::mem::replace(&mut self.over, true)).then_some(Slice::Whole));
        }
        let sql = "SELECT max(old_key) AS last FROM (SELECT old_key FROM alias WHERE account_id = $1 AND old_key > $2 \
             ORDER BY account_id, old_key LIMIT $3) AS slice";
        let values: [Value; 3] = [account.0.into(), self.after.clone().into(), SLICE.into()];
        let row = store.writer().query_one_raw(store.statement(sql, values)).await?;
        let last: Option<String> = row.map(|row| row.try_get("", "last")).transpose()?.flatten();
        Ok(last.map(|to| Slice::Keys(std::mem::replace(&mut self.after, to.clone()), to)))
    }
}
