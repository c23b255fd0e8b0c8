//! What an account has chosen.

use crate::{Store, StoreError, WriteTransaction, now_ms, rows::Rows};
use muster_domain::{
    AccountId,
    sso::{Claim, Jit, Linking, Rule, SsoSettings, VerifiedDomain},
};
use sea_orm::{ConnectionTrait, QueryResult, Value};
use std::{collections::HashMap, str::FromStr};
use uuid::Uuid;

/// Domains an account can have. Each is one more key in every look-up.
pub const DOMAINS_MAX: usize = 50;

/// What is to be chosen; the rest stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct Chosen {
    /// What user ids are.
    pub rule: Option<Rule>,
    /// Which claim says who it is.
    pub claim: Option<Claim>,
    /// Whether signing in makes users.
    pub jit: Option<Jit>,
    /// What becomes of a creation of somebody who exists.
    pub linking: Option<Linking>,
}

const SELECT: &str = "SELECT r.account_id, s.rule, s.claim, s.jit, s.linking, d.domain FROM r \
     LEFT JOIN sso_setting s ON s.account_id = r.account_id LEFT JOIN sso_domain d ON d.account_id = r.account_id";

/// What the account has chosen; the defaults while it has not.
///
/// # Errors
/// When the database fails.
pub async fn settings(store: &Store, account: AccountId) -> Result<SsoSettings, StoreError> {
    let statement = Rows::new(store.dialect()).uuid("account_id", [account.0]).statement(SELECT);
    let rows = store.writer().query_all_raw(statement).await?;
    Ok(read(&rows)?.remove(&account).unwrap_or_default())
}

impl WriteTransaction {
    /// What these accounts have chosen.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load_sso_settings(&self, accounts: &[AccountId]) -> Result<HashMap<AccountId, SsoSettings>, StoreError> {
        if accounts.is_empty() {
            return Ok(HashMap::new());
        }
        let rows = Rows::new(self.dialect).uuid("account_id", accounts.iter().map(|account| account.0));
        read(&self.inner.query_all_raw(rows.statement(SELECT)).await?)
    }
}

fn read(rows: &[QueryResult]) -> Result<HashMap<AccountId, SsoSettings>, StoreError> {
    let mut found: HashMap<AccountId, SsoSettings> = HashMap::new();
    for row in rows {
        let settings = found.entry(AccountId(row.try_get::<Uuid>("", "account_id")?)).or_default();
        if row.try_get::<Option<String>>("", "rule")?.is_some() {
            settings.rule = word(row, "rule")?;
            settings.claim = word(row, "claim")?;
            settings.jit = word(row, "jit")?;
            settings.linking = word(row, "linking")?;
        }
        if let Some(domain) = row.try_get::<Option<String>>("", "domain")? {
            settings.domains.insert(domain.parse().map_err(|error| StoreError::Other(format!("a stored domain: {error}")))?);
        }
    }
    Ok(found)
}

/// A word this version does not know must not be taken for a default.
fn word<T: FromStr<Err = muster_domain::sso::UnknownWord>>(row: &QueryResult, column: &str) -> Result<T, StoreError> {
    let text: String = row.try_get("", column)?;
    text.parse().map_err(|error| StoreError::Other(format!("sso_setting.{column}: {error}")))
}

/// Chooses.
///
/// # Errors
/// When the database fails.
pub async fn choose(store: &Store, account: AccountId, chosen: Chosen) -> Result<SsoSettings, StoreError> {
    // Each column alone, so that two people who choose different things at once both have their way.
    let sql = "INSERT INTO sso_setting (account_id, rule, claim, jit, linking, modified_ms) \
         VALUES ($1, COALESCE($2, $6), COALESCE($3, $7), COALESCE($4, $8), COALESCE($5, $9), $10) \
         ON CONFLICT (account_id) DO UPDATE SET rule = COALESCE($2, sso_setting.rule), claim = COALESCE($3, sso_setting.claim), \
         jit = COALESCE($4, sso_setting.jit), linking = COALESCE($5, sso_setting.linking), modified_ms = excluded.modified_ms";
    let defaults = SsoSettings::default();
    let values: [Value; 10] = [
        account.0.into(),
        chosen.rule.map(Rule::as_str).into(),
        chosen.claim.map(Claim::as_str).into(),
        chosen.jit.map(Jit::as_str).into(),
        chosen.linking.map(Linking::as_str).into(),
        defaults.rule.as_str().into(),
        defaults.claim.as_str().into(),
        defaults.jit.as_str().into(),
        defaults.linking.as_str().into(),
        now_ms().into(),
    ];
    store.writer().execute_raw(store.statement(sql, values)).await?;
    settings(store, account).await
}

/// Adds a domain. False when the account has it already.
///
/// # Errors
/// [`StoreError::Conflict`] when it has as many as it can have.
pub async fn add_domain(store: &Store, account: AccountId, domain: &VerifiedDomain) -> Result<bool, StoreError> {
    let domains = settings(store, account).await?.domains;
    if domains.len() >= DOMAINS_MAX && !domains.contains(domain) {
        return Err(StoreError::Conflict(format!("an account can have {DOMAINS_MAX} domains, and this one has them")));
    }
    let sql = "INSERT INTO sso_domain (account_id, domain, added_ms) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    let values: [Value; 3] = [account.0.into(), domain.as_str().into(), now_ms().into()];
    Ok(store.writer().execute_raw(store.statement(sql, values)).await?.rows_affected() == 1)
}

/// Takes a domain away. False when the account did not have it.
///
/// # Errors
/// When the database fails.
pub async fn remove_domain(store: &Store, account: AccountId, domain: &VerifiedDomain) -> Result<bool, StoreError> {
    let sql = "DELETE FROM sso_domain WHERE account_id = $1 AND domain = $2";
    let values: [Value; 2] = [account.0.into(), domain.as_str().into()];
    Ok(store.writer().execute_raw(store.statement(sql, values)).await?.rows_affected() == 1)
}
