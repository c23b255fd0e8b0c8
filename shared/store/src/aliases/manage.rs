//! Looking after aliases: which there are, how long they live, and letting one go before its time.

use crate::{Store, StoreError};
use muster_domain::{AccountId, ConversionId, LoginKey, UserId};
use sea_orm::{ConnectionTrait, QueryResult, Value};
use serde::Serialize;

/// An alias that was used so recently is not let go unasked.
pub const RECENT_MS: i64 = 30 * 24 * 60 * 60 * 1000;
/// Aliases changed in one transaction at most.
const SLICE: i64 = 2_000;

/// An old user id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Alias {
    /// The old user id.
    pub old_id: String,
    /// Whose it was.
    pub user: UserId,
    /// What that user signs in with now; none when it was deleted.
    pub user_id: Option<String>,
    /// The conversion it comes from.
    pub conversion: ConversionId,
    /// Until when one can sign in with it, milliseconds since 1970.
    pub expires_ms: i64,
    /// Until when nobody else gets it, milliseconds since 1970.
    pub reserved_ms: i64,
    /// How often somebody has signed in with it.
    pub hits: i64,
    /// When somebody last did, milliseconds since 1970.
    pub last_used_ms: Option<i64>,
    /// Whether one can sign in with it now.
    pub live: bool,
}

impl Alias {
    fn read(row: &QueryResult, now: i64) -> Result<Self, StoreError> {
        let expires_ms = row.try_get("", "expires_ms")?;
        Ok(Self {
            old_id: row.try_get("", "old_id")?,
            user: UserId(row.try_get("", "user_uuid")?),
            user_id: row.try_get("", "user_now")?,
            conversion: ConversionId(row.try_get("", "conversion_id")?),
            expires_ms,
            reserved_ms: row.try_get("", "reserved_ms")?,
            hits: row.try_get("", "hits")?,
            last_used_ms: row.try_get("", "last_used_ms")?,
            live: expires_ms > now,
        })
    }
}

/// Which aliases to list.
#[derive(Clone, Debug, Default)]
pub struct AliasQuery {
    /// Of the user who signs in with this now.
    pub user_id: Option<String>,
    /// The one of this old user id.
    pub old_id: Option<String>,
    /// Only those one can sign in with, or only those one cannot any more.
    pub live: Option<bool>,
    /// After this one: what [`AliasPage::next`] said.
    pub after: Option<String>,
    /// How many at most.
    pub limit: u32,
}

/// Some aliases, in the order of the old user ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AliasPage {
    /// The aliases.
    pub aliases: Vec<Alias>,
    /// Where the next page begins; none when this is the last.
    pub next: Option<String>,
}

/// A page of the account's aliases.
///
/// # Errors
/// When the database fails.
pub async fn list(store: &Store, account: AccountId, query: &AliasQuery, now: i64) -> Result<AliasPage, StoreError> {
    let key = |id: &Option<String>| id.as_deref().map(|id| LoginKey::of(id).into_string());
    let mut values: Vec<Value> =
        vec![account.0.into(), query.after.clone().unwrap_or_default().into(), (i64::from(query.limit) + 1).into()];
    let mut more = String::new();
    let mut set = |condition: &str, value: Value| {
        values.push(value);
        more.push_str(&format!(" AND {condition} ${}", values.len()));
    };
    key(&query.user_id).into_iter().for_each(|key| set("u.login_key =", key.into()));
    key(&query.old_id).into_iter().for_each(|key| set("a.old_key =", key.into()));
    match query.live {
        Some(true) => set("a.expires_ms >", now.into()),
        Some(false) => set("a.expires_ms <=", now.into()),
        None => {}
    }
    let sql = format!(
        "SELECT a.old_key, a.old_id, a.user_id AS user_uuid, u.user_id AS user_now, a.conversion_id, a.expires_ms, a.reserved_ms, a.hits, \
         a.last_used_ms FROM alias a LEFT JOIN users u ON u.account_id = a.account_id AND u.id = a.user_id \
         WHERE a.account_id = $1 AND a.old_key > $2{more} ORDER BY a.account_id, a.old_key LIMIT $3"
    );
    let mut rows = store.reader().query_all_raw(store.statement(sql, values)).await?;
    let limit = query.limit as usize;
    let there_is_more = rows.len() > limit;
    rows.truncate(limit);
    let next = match rows.last().filter(|_| there_is_more) {
        Some(last) => Some(last.try_get("", "old_key")?),
        None => None,
    };
    Ok(AliasPage { aliases: rows.iter().map(|row| Alias::read(row, now)).collect::<Result<_, _>>()?, next })
}

/// Which aliases are to live longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// The one of this old user id.
    One(String),
    /// Those a conversion made.
    Conversion(ConversionId),
    /// All of the account.
    All,
}

/// How much longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Longer {
    /// Until then, milliseconds since 1970. One that lives longer already stays as it is: this can be repeated.
    Until(i64),
    /// By so many milliseconds, counted from its end, or from now when that has passed.
    By(i64),
}

/// Lets aliases live longer, in short transactions, and returns how many. They stay reserved at least as long as they live.
///
/// # Errors
/// When the database fails; what was changed before stays so.
pub async fn extend(store: &Store, account: AccountId, which: &Which, longer: Longer, now: i64) -> Result<u64, StoreError> {
    let (end, by_key) = match longer {
        Longer::Until(end) => ("CAST($4 AS bigint)", end),
        Longer::By(more) => ("(CASE WHEN expires_ms > $5 THEN expires_ms ELSE CAST($5 AS bigint) END + CAST($4 AS bigint))", more),
    };
    let (condition, value): (&str, Option<Value>) = match which {
        Which::One(old_id) => (" AND old_key = $6", Some(LoginKey::of(old_id).into_string().into())),
        Which::Conversion(conversion) => (" AND conversion_id = $6", Some(conversion.0.into())),
        Which::All => ("", None),
    };
    // `$5` is in every statement, so that the values have the same places in each.
    let update = format!(
        "UPDATE alias SET expires_ms = {end}, reserved_ms = CASE WHEN reserved_ms > {end} THEN reserved_ms ELSE {end} END \
         WHERE account_id = $1 AND old_key > $2 AND old_key <= $3 AND expires_ms < {end} AND CAST($5 AS bigint) IS NOT NULL{condition}"
    );
    let (mut after, mut changed) = (String::new(), 0);
    while let Some(to) = slice_end(store, account, &after).await? {
        let values: Vec<Value> =
            [account.0.into(), after.into(), to.clone().into(), by_key.into(), now.into()].into_iter().chain(value.clone()).collect();
        changed += store.writer().execute_raw(store.statement(update.clone(), values)).await?.rows_affected();
        after = to;
    }
    Ok(changed)
}

/// The key with which the slice after this one ends.
async fn slice_end(store: &Store, account: AccountId, after: &str) -> Result<Option<String>, StoreError> {
    let sql = "SELECT max(old_key) AS last FROM (SELECT old_key FROM alias WHERE account_id = $1 AND old_key > $2 \
         ORDER BY account_id, old_key LIMIT $3) AS slice";
    let row = store.writer().query_one_raw(store.statement(sql, [account.0.into(), after.into(), SLICE.into()])).await?;
    Ok(row.map(|row| row.try_get("", "last")).transpose()?.flatten())
}

/// What became of an alias that was to be let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Released {
    /// It is free: anybody can get the user id.
    Free,
    /// There is none.
    Missing,
    /// It was used, milliseconds since 1970: somebody still signs in with it.
    UsedAt(i64),
}

/// Lets an old user id go early, unless somebody has signed in with it after `unless_used_since`.
///
/// # Errors
/// When the database fails.
pub async fn release(store: &Store, account: AccountId, old_id: &str, unless_used_since: Option<i64>) -> Result<Released, StoreError> {
    let key: Value = LoginKey::of(old_id).into_string().into();
    let sql = "DELETE FROM alias WHERE account_id = $1 AND old_key = $2 AND (last_used_ms IS NULL OR last_used_ms < $3)";
    let values = [account.0.into(), key.clone(), unless_used_since.unwrap_or(i64::MAX).into()];
    if store.writer().execute_raw(store.statement(sql, values)).await?.rows_affected() > 0 {
        return Ok(Released::Free);
    }
    let used = store.statement("SELECT last_used_ms FROM alias WHERE account_id = $1 AND old_key = $2", [account.0.into(), key]);
    let used: Option<i64> = match store.writer().query_one_raw(used).await? {
        Some(row) => row.try_get("", "last_used_ms")?,
        None => None,
    };
    Ok(used.map_or(Released::Missing, Released::UsedAt))
}
