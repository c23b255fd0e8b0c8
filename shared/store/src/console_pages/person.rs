//! One user, with what its page shows beside the resource.

use crate::{Store, StoreError, UserRow, resources};
use muster_domain::{AccountId, Role, UserId};
use muster_scim::{Resource, ResourceType};
use sea_orm::{ConnectionTrait, Statement, Value};

/// Aliases a page shows; nobody has as many.
const ALIASES: u32 = 100;

/// A user.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// Its id.
    pub id: UserId,
    /// What it signs in with.
    pub user_id: String,
    /// Whether it may sign in.
    pub active: bool,
    /// Its role.
    pub role: Role,
    /// The active secret key of the account is in its name.
    pub scim_administrator: bool,
    /// The whole resource, with its groups.
    pub resource: Resource,
    /// When it was made, milliseconds since 1970.
    pub created_ms: i64,
    /// When it was last changed, milliseconds since 1970.
    pub modified_ms: i64,
    /// User ids it had before a conversion and still signs in with.
    pub aliases: Vec<Alias>,
}

/// A user id somebody had before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// The user id.
    pub old_id: String,
    /// Until when it signs in, milliseconds since 1970.
    pub expires_ms: i64,
    /// How often it was used.
    pub hits: i64,
    /// When it was last used, milliseconds since 1970.
    pub last_used_ms: Option<i64>,
}

/// The user of this id; nothing when the account has none.
///
/// # Errors
/// When the database fails.
pub async fn person(store: &Store, account: AccountId, id: UserId) -> Result<Option<Person>, StoreError> {
    let groups = resources::Include { members: false, groups: true };
    let (row, resource, aliases) = tokio::try_join!(
        async { Ok(store.reader().query_one_raw(user_statement(store, account, id)).await?) },
        resources::get(store, account, ResourceType::User, id.0, groups),
        aliases(store, account, id)
    )?;
    let (Some(row), Some(resource)) = (row, resource) else { return Ok(None) };
    let keys: i64 = row.try_get("", "keys")?;
    let user = UserRow::read(&row)?;
    Ok(Some(Person {
        id,
        user_id: user.user_id().to_owned(),
        active: user.active(),
        role: user.role,
        scim_administrator: keys > 0,
        resource,
        created_ms: user.created_ms,
        modified_ms: user.modified_ms,
        aliases,
    }))
}

fn user_statement(store: &Store, account: AccountId, id: UserId) -> Statement {
    let sql = format!(
        "SELECT {}, (SELECT count(*) FROM secret_key k WHERE k.account_id = u.account_id AND k.administrator_id = u.id \
         AND k.voided_ms IS NULL) AS keys FROM users u WHERE u.account_id = $1 AND u.id = $2",
        UserRow::SELECT
    );
    store.statement(sql, [account.0.into(), id.0.into()])
}

pub(super) fn aliases_statement(store: &Store, account: AccountId, id: UserId) -> Statement {
    let sql = format!("SELECT old_id, expires_ms, hits, last_used_ms FROM alias WHERE account_id = $1 AND user_id = $2 LIMIT {ALIASES}");
    store.statement(sql, [Value::from(account.0), id.0.into()])
}

async fn aliases(store: &Store, account: AccountId, id: UserId) -> Result<Vec<Alias>, StoreError> {
    let rows = store.reader().query_all_raw(aliases_statement(store, account, id)).await?;
    let mut aliases: Vec<Alias> = rows
        .iter()
        .map(|row| {
            Ok(Alias {
                old_id: row.try_get("", "old_id")?,
                expires_ms: row.try_get("", "expires_ms")?,
                hits: row.try_get("", "hits")?,
                last_used_ms: row.try_get("", "last_used_ms")?,
            })
        })
        .collect::<Result<_, StoreError>>()?;
    // There are few; to be in order in the database, they would be looked for by another index.
    aliases.sort_by(|a, b| a.old_id.cmp(&b.old_id));
    Ok(aliases)
}
