//! Users of a batch.

use super::{AccountKey, Address, address, key_and_id};
use crate::{StoreError, UserRow, WriteTransaction, now_ms, rows::Rows};
use muster_domain::LoginKey;
use std::collections::HashMap;
use uuid::Uuid;

/// Who has a login key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyOwner {
    /// The user.
    pub user: Uuid,
    /// The user does not have it yet: a running conversion will give it, as this user id.
    pub promised: Option<String>,
}

impl WriteTransaction {
    /// The users at these addresses; those that do not exist are missing from the answer.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load_users(&self, addresses: &[Address]) -> Result<Vec<UserRow>, StoreError> {
        if addresses.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!("SELECT {} FROM r JOIN users u ON u.account_id = r.account_id AND u.id = r.id", UserRow::SELECT);
        self.all(by_address(self, addresses).statement(&sql)).await?.iter().map(UserRow::read).collect()
    }

    /// Which of these login keys are taken, and by whom: whoever signs in with one; else the user a conversion under way will give
    /// it to; else the user whose old user id it was and is still reserved for.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load_login_keys(&self, keys: &[AccountKey]) -> Result<HashMap<AccountKey, KeyOwner>, StoreError> {
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let now = now_ms();
        let rows = Rows::new(self.dialect)
            .uuid("account_id", keys.iter().map(|(account, _)| account.0))
            .text("key", keys.iter().map(|(_, key)| key.clone()))
            .int("now", keys.iter().map(|_| now));
        let sql = "SELECT r.account_id, r.key, u.id, CAST(NULL AS text) AS promised, CAST(0 AS bigint) AS place \
             FROM r JOIN users u ON u.account_id = r.account_id AND u.login_key = r.key \
             UNION ALL SELECT r.account_id, r.key, i.user_id, CASE WHEN c.state = 'running' THEN i.new_id END, 1 FROM r \
             JOIN conversion c ON c.account_id = r.account_id AND c.finished_ms IS NULL AND c.started_ms IS NOT NULL AND c.kind = 'convert' \
             JOIN conversion_item i ON i.conversion_id = c.id AND i.new_key = r.key AND i.state IN ('todo', 'again') \
             UNION ALL SELECT r.account_id, r.key, a.user_id, NULL, 2 FROM r \
             JOIN alias a ON a.account_id = r.account_id AND a.old_key = r.key AND a.reserved_ms > r.now \
             JOIN users u ON u.account_id = a.account_id AND u.id = a.user_id";
        let mut claims = Vec::new();
        for row in self.all(rows.statement(sql)).await? {
            let (key, user) = key_and_id(&row)?;
            claims.push((row.try_get("", "place")?, key, KeyOwner { user, promised: row.try_get("", "promised")? }));
        }
        Ok(first_claims(claims))
    }

    /// Inserts users.
    ///
    /// # Errors
    /// [`StoreError::Raced`] when one of the login keys was taken meanwhile.
    pub async fn insert_users(&self, users: &mut [&UserRow]) -> Result<(), StoreError> {
        if users.is_empty() {
            return Ok(());
        }
        users.sort_by_cached_key(|user| (user.account, user.login_key()));
        let rows = attributes(Rows::new(self.dialect), users)
            .int("created_ms", users.iter().map(|user| user.created_ms))
            .text("role", users.iter().map(|user| user.role.as_str().to_owned()));
        let sql = "INSERT INTO users (account_id, id, user_id, login_key, email, email_key, other_email_keys, external_id, display_name, \
             active, role, resource, version, created_ms, modified_ms) \
             SELECT account_id, id, user_id, login_key, email, email_key, other_email_keys, external_id, display_name, \
             active, role, resource, version, created_ms, modified_ms FROM r WHERE true \
             ON CONFLICT DO NOTHING RETURNING id";
        self.expect("insert users", users.len(), rows.statement(sql)).await.map(drop)
    }

    /// Writes users back over the version they were loaded with: `(old version, user)`.
    ///
    /// # Errors
    /// [`StoreError::Raced`] when one of them was changed or deleted meanwhile, or its new login key taken.
    pub async fn update_users(&self, users: &mut [(i64, &UserRow)]) -> Result<(), StoreError> {
        if users.is_empty() {
            return Ok(());
        }
        users.sort_unstable_by_key(|(_, user)| (user.account, user.id));
        let only: Vec<&UserRow> = users.iter().map(|(_, user)| *user).collect();
        let rows = attributes(Rows::new(self.dialect), &only).int("old_version", users.iter().map(|(version, _)| *version));
        let sql = "UPDATE users SET user_id = r.user_id, login_key = r.login_key, email = r.email, email_key = r.email_key, \
             other_email_keys = r.other_email_keys, external_id = r.external_id, display_name = r.display_name, active = r.active, \
             resource = r.resource, version = r.version, modified_ms = r.modified_ms \
             FROM r WHERE users.account_id = r.account_id AND users.id = r.id AND users.version = r.old_version RETURNING users.id";
        self.expect("update users", users.len(), rows.statement(sql)).await.map(drop)
    }

    /// Deletes users.
    ///
    /// # Errors
    /// [`StoreError::Raced`] when one of them was deleted meanwhile.
    pub async fn delete_users(&self, addresses: &[Address]) -> Result<(), StoreError> {
        if addresses.is_empty() {
            return Ok(());
        }
        let sql = "DELETE FROM users WHERE (account_id, id) IN (SELECT account_id, id FROM r) RETURNING id";
        self.expect("delete users", addresses.len(), by_address(self, addresses).statement(sql)).await.map(drop)
    }

    /// Which of these ids are users.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn existing_users(&self, addresses: &[Address]) -> Result<Vec<Address>, StoreError> {
        if addresses.is_empty() {
            return Ok(Vec::new());
        }
        let sql = "SELECT u.account_id, u.id FROM r JOIN users u ON u.account_id = r.account_id AND u.id = r.id";
        self.all(by_address(self, addresses).statement(sql)).await?.iter().map(address).collect()
    }
}

/// Of those who claim a key, the one whose kind of claim goes before the others. The rows of a union come in whatever order the
/// database likes, so the place of the kind is part of them.
fn first_claims(mut claims: Vec<(i64, AccountKey, KeyOwner)>) -> HashMap<AccountKey, KeyOwner> {
    claims.sort_by_key(|(place, ..)| *place);
    let mut owners = HashMap::with_capacity(claims.len());
    for (_, key, owner) in claims {
        owners.entry(key).or_insert(owner);
    }
    owners
}

/// A relation of addresses, in order, so that rows are locked in order.
pub(super) fn by_address(tx: &WriteTransaction, addresses: &[Address]) -> Rows {
    let mut sorted = addresses.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    Rows::new(tx.dialect).uuid("account_id", sorted.iter().map(|(account, _)| account.0)).uuid("id", sorted.iter().map(|(_, id)| *id))
}

fn attributes(rows: Rows, users: &[&UserRow]) -> Rows {
    let text = |attribute: &'static str| users.iter().map(move |user| crate::row::text(&user.resource, attribute).map(str::to_owned));
    rows.uuid("account_id", users.iter().map(|user| user.account.0))
        .uuid("id", users.iter().map(|user| user.id))
        .text("user_id", users.iter().map(|user| user.user_id().to_owned()))
        .text("login_key", users.iter().map(|user| user.login_key().into_string()))
        .maybe_text("email", users.iter().map(|user| user.email().map(str::to_owned)))
        .maybe_text("email_key", users.iter().map(|user| user.email().map(|email| LoginKey::of(email).into_string())))
        .maybe_text("other_email_keys", users.iter().map(|user| user.other_email_keys()))
        .maybe_text("external_id", text("externalId"))
        .maybe_text("display_name", text("displayName"))
        .bool("active", users.iter().map(|user| user.active()))
        .json("resource", users.iter().map(|user| user.rest()))
        .int("version", users.iter().map(|user| user.version))
        .int("modified_ms", users.iter().map(|user| user.modified_ms))
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_domain::AccountId;

    #[test]
    fn the_kind_of_claim_decides_and_not_the_order_of_the_rows() {
        let key: AccountKey = (AccountId(Uuid::from_u128(1)), "jdoe".to_owned());
        let owner = |n| KeyOwner { user: Uuid::from_u128(n), promised: (n == 11).then(|| "JDoe".to_owned()) };
        let claims = [(0, 10), (1, 11), (2, 12)];
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [2, 0, 1]] {
            let rows = order.map(|at: usize| (claims[at].0, key.clone(), owner(claims[at].1))).to_vec();
            assert_eq!(first_claims(rows)[&key], owner(10), "{order:?}");
        }
        let promised = first_claims(vec![(2, key.clone(), owner(12)), (1, key.clone(), owner(11))]);
        assert_eq!(promised[&key], owner(11), "a promise goes before a reservation");
    }
}
