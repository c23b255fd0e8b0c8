//! What the sweep looks at: items to be tried again, and users the plan has not seen, or saw otherwise.

use super::{
    Lease,
    items::{COLUMNS, Item, read_all},
    plan::UserSlice,
};
use crate::{Store, StoreError, now_ms, rows::Rows};
use sea_orm::{ConnectionTrait, Value};
use std::collections::HashMap;
use uuid::Uuid;

/// The items after `n` that have to be looked at again.
///
/// # Errors
/// When the database fails.
pub async fn again(store: &Store, lease: &Lease, n: i64, most: i64) -> Result<Vec<Item>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM conversion_item i WHERE i.account_id = $1 AND i.conversion_id = $2 AND i.n > $3 AND i.state = 'again' \
         ORDER BY i.conversion_id, i.n LIMIT $4"
    );
    let values: [Value; 4] = [lease.account.0.into(), lease.conversion.0.into(), n.into(), most.into()];
    read_all(&store.writer().query_all_raw(store.statement(sql, values)).await?)
}

/// What is there now.
#[derive(Clone, Debug, Default)]
pub struct Present {
    /// The users asked for.
    pub users: HashMap<Uuid, UserSlice>,
    /// Who signs in with these keys.
    pub owners: HashMap<String, Uuid>,
    /// Whose alias these keys are. Those of the run itself do not count: the next of a chain gets what the one before had.
    pub aliases: HashMap<String, Uuid>,
    /// How many users have these keys as address, and how many of them are active.
    pub sharers: HashMap<String, (i64, i64)>,
}

/// What is there now of these users, and of whoever has to do with these keys.
///
/// # Errors
/// When the database fails.
pub async fn present(store: &Store, lease: &Lease, users: &[Uuid], keys: &[String]) -> Result<Present, StoreError> {
    let mut found = Present::default();
    let accounts = |count: usize| std::iter::repeat_n(lease.account.0, count);
    if !users.is_empty() {
        let rows = Rows::new(store.dialect()).uuid("account_id", accounts(users.len())).uuid("id", users.iter().copied());
        let sql = format!("SELECT {} FROM r JOIN users u ON u.account_id = r.account_id AND u.id = r.id", UserSlice::COLUMNS);
        for row in store.writer().query_all_raw(rows.statement(&sql)).await? {
            let user = UserSlice::read(&row)?;
            found.users.insert(user.id, user);
        }
    }
    if keys.is_empty() {
        return Ok(found);
    }
    let now = now_ms();
    let rows = || {
        Rows::new(store.dialect())
            .uuid("account_id", accounts(keys.len()))
            .uuid("own", std::iter::repeat_n(lease.conversion.0, keys.len()))
            .int("now", std::iter::repeat_n(now, keys.len()))
            .text("key", keys.iter().cloned())
    };
    let owners = "SELECT r.key, u.id FROM r JOIN users u ON u.account_id = r.account_id AND u.login_key = r.key";
    for row in store.writer().query_all_raw(rows().statement(owners)).await? {
        found.owners.insert(row.try_get("", "key")?, row.try_get("", "id")?);
    }
    let aliases = "SELECT r.key, a.user_id FROM r JOIN alias a ON a.account_id = r.account_id AND a.old_key = r.key \
         AND a.conversion_id <> r.own AND a.reserved_ms > r.now JOIN users u ON u.account_id = a.account_id AND u.id = a.user_id";
    for row in store.writer().query_all_raw(rows().statement(aliases)).await? {
        found.aliases.insert(row.try_get("", "key")?, row.try_get("", "user_id")?);
    }
    let sharers = "SELECT r.key, count(*) AS n, sum(CASE WHEN u.active THEN 1 ELSE 0 END) AS active FROM r \
         JOIN users u ON u.account_id = r.account_id AND u.email_key = r.key GROUP BY r.key";
    for row in store.writer().query_all_raw(rows().statement(sharers)).await? {
        found.sharers.insert(row.try_get("", "key")?, (row.try_get("", "n")?, row.try_get("", "active")?));
    }
    Ok(found)
}

/// Among the next `most` users after this one: those without an item, or with one that left them as they are and that have been
/// changed since (with that item). Also the last user that was looked at; none at the end of the account.
///
/// # Errors
/// When the database fails.
pub async fn newcomers(
    store: &Store,
    lease: &Lease,
    since_ms: i64,
    after: Option<Uuid>,
    most: i64,
) -> Result<(Vec<(UserSlice, Option<Item>)>, Option<Uuid>), StoreError> {
    let item = "i.n, i.user_id AS item_user, i.old_id, i.old_key, i.new_id, i.new_key, i.email AS item_email, i.active AS item_active, i.state, \
         i.code, i.other, i.depth, i.ring, i.tries";
    let sql = format!(
        "SELECT {}, u.modified_ms, {item} FROM users u \
         LEFT JOIN conversion_item i ON i.conversion_id = $2 AND i.user_id = u.id \
         WHERE u.account_id = $1 AND u.id > $3 ORDER BY u.account_id, u.id LIMIT $4",
        UserSlice::COLUMNS
    );
    let values: [Value; 4] = [lease.account.0.into(), lease.conversion.0.into(), after.unwrap_or_default().into(), most.into()];
    let rows = store.writer().query_all_raw(store.statement(sql, values)).await?;
    let mut found = Vec::new();
    let mut last = None;
    for row in &rows {
        let user = UserSlice::read(row)?;
        last = Some(user.id);
        let state: Option<String> = row.try_get("", "state")?;
        match state.as_deref() {
            None => found.push((user, None)),
            Some("left") if row.try_get::<i64>("", "modified_ms")? >= since_ms => {
                let old_id: String = row.try_get("", "old_id")?;
                let email: Option<String> = row.try_get("", "item_email")?;
                if old_id != user.user_id || email != user.email {
                    let item = Item {
                        n: row.try_get("", "n")?,
                        user: user.id,
                        old_key: row.try_get("", "old_key")?,
                        new_id: row.try_get("", "new_id")?,
                        new_key: row.try_get("", "new_key")?,
                        active: row.try_get("", "item_active")?,
                        state: muster_domain::conversion::ItemState::Left,
                        code: row.try_get::<String>("", "code")?.parse().map_err(|_| StoreError::Other("an unknown code".into()))?,
                        other: row.try_get("", "other")?,
                        depth: row.try_get("", "depth")?,
                        ring: row.try_get("", "ring")?,
                        tries: row.try_get("", "tries")?,
                        old_id,
                        email,
                    };
                    found.push((user, Some(item)));
                }
            }
            Some(_) => {}
        }
    }
    Ok((found, last))
}
