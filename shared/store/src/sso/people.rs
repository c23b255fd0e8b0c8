//! Who is meant.

use crate::{Store, StoreError, aliases, incidents, now_ms, rows::Rows};
use muster_domain::{
    AccountId, LoginKey, UserId,
    incident::{Cause, Fingerprint},
    sso::{self, Candidate, Evidence, Match, Person, Refusal, SsoSettings, Via, Wanted},
};
use sea_orm::{ConnectionTrait, QueryResult};

/// What a fingerprint calls it.
const ACTION: &str = "sign_in";

/// Whose an identity is, or why it is nobody's.
pub type Resolution = Result<Match, Refusal>;

/// Whose an identity is, by the account's settings. The use of an alias is counted; what only a person can settle becomes a failure of
/// the account.
///
/// # Errors
/// When the database fails: then nobody may be let in.
pub async fn resolve(
    store: &Store,
    account: AccountId,
    presented: &str,
    evidence: Evidence,
    settings: &SsoSettings,
) -> Result<Resolution, StoreError> {
    let resolution = look(store, account, presented, evidence, settings).await?;
    let noted = match &resolution {
        Ok(Match { alias: Some(alias), .. }) => aliases::count_hit(store, account, alias.as_str()).await,
        Err(refusal) if refusal.needs_a_person() => tell(store, account, *refusal).await,
        _ => Ok(()),
    };
    match noted {
        // Nobody is kept out because somebody else writes at this moment: one use less is counted.
        Err(StoreError::Locked(_) | StoreError::Raced(_)) | Ok(()) => Ok(resolution),
        Err(error) => Err(error),
    }
}

/// The same, and leaves no trace.
///
/// # Errors
/// When the database fails.
pub async fn look(
    store: &Store,
    account: AccountId,
    presented: &str,
    evidence: Evidence,
    settings: &SsoSettings,
) -> Result<Resolution, StoreError> {
    let wanted = Wanted::of(presented, evidence, settings);
    let found = candidates(store, account, &wanted).await?;
    Ok(sso::resolve(presented, evidence, settings, &found))
}

async fn tell(store: &Store, account: AccountId, refusal: Refusal) -> Result<(), StoreError> {
    // The reason stands where an attribute would: each is an incident of its own.
    let fingerprint =
        Fingerprint { attribute: Some(refusal.as_str().to_owned()), ..Fingerprint::of_action(Cause::AmbiguousSignIn, ACTION) };
    incidents::record(store, &[incidents::Failure::refused(account, fingerprint, 1, now_ms())]).await
}

/// Everybody who could be meant, as of one moment: it is one statement, so a user a conversion moves from one key to the other is found
/// under one of them.
async fn candidates(store: &Store, account: AccountId, wanted: &Wanted) -> Result<Vec<Candidate>, StoreError> {
    let keys = &wanted.keys;
    if keys.iter().all(LoginKey::is_empty) {
        return Ok(Vec::new());
    }
    let now = now_ms();
    let address = wanted.address.as_ref().map(|address| address.as_str().to_owned());
    let rows = Rows::new(store.dialect())
        .uuid("account_id", keys.iter().map(|_| account.0))
        .text("key", keys.iter().map(|key| key.as_str().to_owned()))
        .maybe_text("address", keys.iter().enumerate().map(|(at, _)| address.clone().filter(|_| at == 0)))
        .int("now", keys.iter().map(|_| now));
    // Three who have the address say no more than ten thousand do.
    let sql = "SELECT CAST('user_id' AS text) AS via, r.key, u.id, u.user_id, u.email, u.active \
         FROM r JOIN users u ON u.account_id = r.account_id AND u.login_key = r.key \
         UNION ALL SELECT CAST('alias' AS text) AS via, r.key, u.id, u.user_id, u.email, u.active FROM r \
         JOIN alias a ON a.account_id = r.account_id AND a.old_key = r.key AND a.expires_ms > r.now \
         JOIN users u ON u.account_id = a.account_id AND u.id = a.user_id \
         UNION ALL SELECT via, key, id, user_id, email, active FROM (\
         SELECT CAST('address' AS text) AS via, r.address AS key, u.id, u.user_id, u.email, u.active \
         FROM r JOIN users u ON u.account_id = r.account_id AND u.email_key = r.address LIMIT 3) who";
    store.writer().query_all_raw(rows.statement(sql)).await?.iter().map(read).collect()
}

fn read(row: &QueryResult) -> Result<Candidate, StoreError> {
    let via: String = row.try_get("", "via")?;
    Ok(Candidate {
        person: Person {
            id: UserId(row.try_get("", "id")?),
            user_id: row.try_get("", "user_id")?,
            email: row.try_get("", "email")?,
            active: row.try_get("", "active")?,
        },
        via: match via.as_str() {
            "user_id" => Via::UserId,
            "alias" => Via::Alias,
            _ => Via::Address,
        },
        // Computed here, and so its own comparison form.
        key: LoginKey::of(&row.try_get::<String>("", "key")?),
    })
}
