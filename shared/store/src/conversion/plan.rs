//! Reading users for a plan, and writing its items.

use super::{Advance, ConversionError, Lease, fence};
use crate::{Store, StoreError, now_ms, rows::Rows};
use muster_domain::{
    AccountId,
    conversion::{Code, ItemState},
};
use sea_orm::{ConnectionTrait, Value};
use uuid::Uuid;

/// What a plan reads of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserSlice {
    /// The user.
    pub id: Uuid,
    /// What it signs in with.
    pub user_id: String,
    /// That in comparison form.
    pub login_key: String,
    /// The address mail goes to.
    pub email: Option<String>,
    /// Whether it may sign in.
    pub active: bool,
    /// SCIM `userType`.
    pub user_type: Option<String>,
}

impl UserSlice {
    pub(super) const COLUMNS: &'static str = "u.id, u.user_id, u.login_key, u.email, u.active, u.resource->>'userType' AS user_type";

    pub(super) fn read(row: &sea_orm::QueryResult) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.try_get("", "id")?,
            user_id: row.try_get("", "user_id")?,
            login_key: row.try_get("", "login_key")?,
            email: row.try_get("", "email")?,
            active: row.try_get("", "active")?,
            // JSON of a strange shape is no reason to end a run.
            user_type: row.try_get("", "user_type").unwrap_or_default(),
        })
    }
}

/// A user with the verdict on it.
#[derive(Clone, Debug)]
pub struct PlannedUser {
    /// The user.
    pub user: UserSlice,
    /// The new user id, when the address is one.
    pub new_id: Option<String>,
    /// That in comparison form.
    pub new_key: Option<String>,
    /// Where its item stands.
    pub state: ItemState,
    /// Why.
    pub code: Code,
}

/// The next users after this one, in the order of their ids, which is the order they were made in and lie on disk in. From the
/// read pool: no lock, no snapshot that lasts.
///
/// # Errors
/// When the database fails.
pub async fn read_users(store: &Store, account: AccountId, after: Option<Uuid>, most: i64) -> Result<Vec<UserSlice>, StoreError> {
    let sql =
        format!("SELECT {} FROM users u WHERE u.account_id = $1 AND u.id > $2 ORDER BY u.account_id, u.id LIMIT $3", UserSlice::COLUMNS);
    let values: [Value; 3] = [account.0.into(), after.unwrap_or_default().into(), most.into()];
    store.reader().query_all_raw(store.statement(sql, values)).await?.iter().map(UserSlice::read).collect()
}

/// Writes items for these users with the numbers after `n`, with a step of the run.
///
/// # Errors
/// [`ConversionError::Fenced`] when the lease does not hold any more; [`StoreError::Raced`] when one of them has an item already.
pub async fn insert_items(
    store: &Store,
    lease: &Lease,
    n: i64,
    users: &[PlannedUser],
    advance: &Advance,
) -> Result<serde_json::Value, ConversionError> {
    let tx = store.begin().await?;
    if !users.is_empty() {
        let rows = Rows::new(store.dialect())
            .uuid("conversion_id", users.iter().map(|_| lease.conversion.0))
            .int("n", n + 1..=n + i64::try_from(users.len()).unwrap_or(i64::MAX - n))
            .uuid("account_id", users.iter().map(|_| lease.account.0))
            .uuid("user_id", users.iter().map(|one| one.user.id))
            .text("old_id", users.iter().map(|one| one.user.user_id.clone()))
            .text("old_key", users.iter().map(|one| one.user.login_key.clone()))
            .maybe_text("new_id", users.iter().map(|one| one.new_id.clone()))
            .maybe_text("new_key", users.iter().map(|one| one.new_key.clone()))
            .maybe_text("email", users.iter().map(|one| one.user.email.clone()))
            .bool("active", users.iter().map(|one| one.user.active))
            .text("state", users.iter().map(|one| one.state.as_str().to_owned()))
            .text("code", users.iter().map(|one| one.code.as_str().to_owned()));
        let sql = "INSERT INTO conversion_item (conversion_id, n, account_id, user_id, old_id, old_key, new_id, new_key, email, active, state, \
             code, depth, tries) \
             SELECT conversion_id, n, account_id, user_id, old_id, old_key, new_id, new_key, email, active, state, code, 0, 0 FROM r";
        tx.inner.execute_raw(rows.statement(sql)).await?;
    }
    let pace = fence(&tx, lease, advance, now_ms()).await?;
    tx.commit().await?;
    Ok(pace)
}

/// Has the database look at the items, of which there were none a moment ago. A sample: it takes a second, and blocks nobody.
///
/// # Errors
/// When the database fails.
pub async fn refresh_statistics(store: &Store) -> Result<(), StoreError> {
    if store.dialect() == crate::Dialect::Postgres {
        store.writer().execute_unprepared("ANALYZE conversion_item").await?;
    }
    Ok(())
}
