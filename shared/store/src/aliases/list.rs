//! Which aliases there are.
//!
//! A list is read in the order of the old user ids, from a place on. Those of one user have an index of their own; any other condition is
//! judged within a window of some thousand aliases, so that no page reads a million.

use crate::{Store, StoreError};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use muster_domain::{AccountId, ConversionId, LoginKey, UserId};
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use serde::{Serialize, Serializer};
use std::{fmt, str::FromStr};

/// How many aliases are looked at for one page.
const WINDOW: i64 = 5_000;

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

/// Where a page begins: after this old user id. As text it is letters, digits, `-` and `_`, whatever the user id is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AliasPlace(pub(super) LoginKey);

/// A text that is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not what `next` of the page before said")]
pub struct NoPlace;

impl fmt::Display for AliasPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0.as_str()))
    }
}

impl FromStr for AliasPlace {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<Self, NoPlace> {
        let key = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or(NoPlace)?;
        let place = LoginKey::of(&key);
        if place.is_empty() || place.as_str() != key { Err(NoPlace) } else { Ok(Self(place)) }
    }
}

impl Serialize for AliasPlace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Which aliases to list.
#[derive(Clone, Debug, Default)]
pub struct AliasQuery {
    /// Of the user who signs in with this now.
    pub user_id: Option<String>,
    /// The one of this old user id.
    pub old_id: Option<String>,
    /// Those of this conversion.
    pub conversion: Option<ConversionId>,
    /// Only those one can sign in with, or only those one cannot any more.
    pub live: Option<bool>,
    /// After this one: what [`AliasPage::next`] said.
    pub after: Option<AliasPlace>,
    /// How many at most.
    pub limit: u32,
}

/// Some aliases, in the order of the old user ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AliasPage {
    /// The aliases. There can be fewer than the limit, or none, and still be more behind them.
    pub aliases: Vec<Alias>,
    /// Where the next page begins; none when this is the last.
    pub next: Option<AliasPlace>,
}

/// A page as full as it can be, looked for in so many windows at most: people do not ask again for what one window held too few of.
///
/// # Errors
/// When the database fails.
pub async fn full_page(store: &Store, account: AccountId, mut query: AliasQuery, windows: u32, now: i64) -> Result<AliasPage, StoreError> {
    let mut aliases = Vec::new();
    for _ in 0..windows {
        let page = list(store, account, &query, now).await?;
        query.limit = query.limit.saturating_sub(u32::try_from(page.aliases.len()).unwrap_or(u32::MAX));
        aliases.extend(page.aliases);
        query.after = page.next;
        if query.after.is_none() || query.limit == 0 {
            break;
        }
    }
    Ok(AliasPage { aliases, next: query.after })
}

/// A page of the account's aliases.
///
/// # Errors
/// When the database fails.
pub async fn list(store: &Store, account: AccountId, query: &AliasQuery, now: i64) -> Result<AliasPage, StoreError> {
    let mut rows = store.reader().query_all_raw(list_statement(store, account, query, now)).await?;
    let limit = query.limit as usize;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = match rows.last().filter(|_| more) {
        Some(last) => Some(last.try_get("", "old_key")?),
        None => end_of_window(store, account, query).await?,
    };
    // What is stored is in comparison form already.
    let next = next.map(|key: String| AliasPlace(LoginKey::of(&key)));
    Ok(AliasPage { aliases: rows.iter().map(|row| Alias::read(row, now)).collect::<Result<_, _>>()?, next })
}

const COLUMNS: &str = "a.account_id, a.old_key, a.old_id, a.user_id, a.conversion_id, a.expires_ms, a.reserved_ms, a.hits, a.last_used_ms";

impl AliasQuery {
    fn after(&self) -> Value {
        self.after.as_ref().map_or_else(String::new, |place| place.0.as_str().to_owned()).into()
    }

    /// Whether all there is was found by an index, and the window does not matter.
    fn names_few(&self) -> bool {
        self.user_id.is_some() || self.old_id.is_some()
    }

    /// Whether what the window holds is all that is wanted of it.
    fn wants_all(&self) -> bool {
        self.conversion.is_none() && self.live.is_none()
    }
}

/// Materialized, so that every planner enters the index that is meant and puts in order what is left: few, or one window.
pub(super) fn list_statement(store: &Store, account: AccountId, query: &AliasQuery, now: i64) -> Statement {
    let key = |id: &str| Value::from(LoginKey::of(id).into_string());
    let most = i64::from(query.limit) + 1;
    let mut values: Vec<Value> = vec![account.0.into(), query.after(), most.into()];
    let mut bind = |value: Value| {
        values.push(value);
        values.len()
    };
    let source = match (&query.user_id, &query.old_id) {
        (Some(user_id), _) => format!(
            "users u JOIN alias a ON a.account_id = u.account_id AND a.user_id = u.id WHERE u.account_id = $1 AND u.login_key = ${}",
            bind(key(user_id))
        ),
        (None, Some(old_id)) => format!("alias a WHERE a.account_id = $1 AND a.old_key = ${}", bind(key(old_id))),
        (None, None) => format!(
            "alias a WHERE a.account_id = $1 AND a.old_key > $2 ORDER BY a.account_id, a.old_key LIMIT {}",
            if query.wants_all() { most } else { WINDOW }
        ),
    };
    let mut conditions = "old_key > $2".to_owned();
    if let (Some(old_id), Some(_)) = (&query.old_id, &query.user_id) {
        conditions.push_str(&format!(" AND old_key = ${}", bind(key(old_id))));
    }
    if let Some(conversion) = query.conversion {
        conditions.push_str(&format!(" AND conversion_id = ${}", bind(conversion.0.into())));
    }
    if let Some(live) = query.live {
        conditions.push_str(&format!(" AND expires_ms {} ${}", if live { ">" } else { "<=" }, bind(now.into())));
    }
    let sql = format!(
        "WITH near AS MATERIALIZED (SELECT {COLUMNS} FROM {source}), \
         found AS MATERIALIZED (SELECT * FROM near WHERE {conditions} ORDER BY old_key LIMIT $3) \
         SELECT f.old_key, f.old_id, f.user_id AS user_uuid, u.user_id AS user_now, f.conversion_id, f.expires_ms, f.reserved_ms, f.hits, \
         f.last_used_ms FROM found f LEFT JOIN users u ON u.account_id = f.account_id AND u.id = f.user_id ORDER BY f.old_key"
    );
    store.statement(sql, values)
}

/// Where the window of a page ended that is not full; none when there is nothing behind it.
async fn end_of_window(store: &Store, account: AccountId, query: &AliasQuery) -> Result<Option<String>, StoreError> {
    if query.names_few() || query.wants_all() {
        return Ok(None);
    }
    let sql = format!(
        "SELECT count(*) AS looked_at, max(old_key) AS last FROM (SELECT old_key FROM alias WHERE account_id = $1 AND old_key > $2 \
         ORDER BY account_id, old_key LIMIT {WINDOW}) AS near"
    );
    let Some(row) = store.reader().query_one_raw(store.statement(sql, [account.0.into(), query.after()])).await? else { return Ok(None) };
    let full = row.try_get::<i64>("", "looked_at")? == WINDOW;
    Ok(if full { row.try_get("", "last")? } else { None })
}
