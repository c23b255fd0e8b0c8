//! `muster sso show|set|domain|resolve`: how an identity somebody else vouches for finds its user.

use super::stdout_failure;
use crate::{
    cli::{SetProvider, SsoCommand, SsoDomainCommand, SsoProviderCommand},
    context::Context,
    exit::{CommandResult, Exit, Failure},
    output,
};
use muster_domain::sso::{Evidence, Provider, Refusal};
use muster_store::{Store, accounts::Account, sso};
use serde_json::json;

pub async fn run(context: &Context, command: SsoCommand) -> CommandResult {
    let store = context.open_store().await?;
    match command {
        SsoCommand::Show { account } => {
            let account = context.account(&store, &account).await?;
            show(context, &store, &account).await
        }
        SsoCommand::Set(set) => {
            let account = context.account(&store, &set.account).await?;
            let chosen = sso::Chosen { rule: set.rule, claim: set.claim, jit: set.jit, linking: set.linking };
            if set.rule.is_none() && set.claim.is_none() && set.jit.is_none() && set.linking.is_none() {
                return Err(Failure::new(Exit::Usage, "nothing to set: name --rule, --claim, --jit or --linking"));
            }
            sso::choose(&store, account.id, chosen).await?;
            show(context, &store, &account).await
        }
        SsoCommand::Domain(SsoDomainCommand::Add { account, domain }) => {
            let account = context.account(&store, &account).await?;
            sso::add_domain(&store, account.id, &domain).await?;
            show(context, &store, &account).await
        }
        SsoCommand::Domain(SsoDomainCommand::Remove { account, domain }) => {
            let account = context.account(&store, &account).await?;
            if !sso::remove_domain(&store, account.id, &domain).await? {
                return Err(Failure::new(Exit::NotFound, format!("`{domain}` is no domain of the account `{}`", account.slug)));
            }
            show(context, &store, &account).await
        }
        SsoCommand::Provider(SsoProviderCommand::Set(set)) => {
            let account = context.account(&store, &set.account).await?;
            set_provider(&store, &account, set).await?;
            show(context, &store, &account).await
        }
        SsoCommand::Provider(SsoProviderCommand::Remove { account }) => {
            let account = context.account(&store, &account).await?;
            if !sso::remove_provider(&store, account.id).await? {
                return Err(Failure::new(Exit::NotFound, format!("the account `{}` has no provider", account.slug)));
            }
            show(context, &store, &account).await
        }
        SsoCommand::Resolve { account, identity, password } => {
            let account = context.account(&store, &account).await?;
            let evidence = if password { Evidence::Password } else { Evidence::Assertion };
            resolve(context, &store, &account, &identity, evidence).await
        }
    }
}

async fn set_provider(store: &Store, account: &Account, set: SetProvider) -> Result<(), Failure> {
    let SetProvider { issuer, client_id, secret_file, scopes, return_to, .. } = set;
    // The file need not be here: it is the gateways that read it.
    let provider = Provider { issuer, client_id, secret_file, scopes, return_to };
    provider.check().map_err(|advice| Failure::new(Exit::Usage, advice))?;
    Ok(sso::set_provider(store, account.id, &provider).await?)
}

async fn show(context: &Context, store: &Store, account: &Account) -> CommandResult {
    let settings = sso::settings(store, account.id).await?;
    let usage = sso::alias_usage(store, account.id).await?;
    let provider = sso::provider(store, account.id).await?;
    let public_url = &context.config.http.public_url;
    let printed = if context.json() {
        output::json(&json!({ "account": account.slug, "settings": settings, "provider": provider, "aliases": usage }))
    } else {
        let domains: Vec<&str> = settings.domains.iter().map(|domain| domain.as_str()).collect();
        let domains = if domains.is_empty() { "none: nobody is found by mailbox name".to_owned() } else { domains.join(", ") };
        let last = usage.last_used_ms.map_or_else(|| "never".to_owned(), output::time);
        let aliases = format!("{}, {} used in the last 30 days, {} uses, the last {last}", usage.alive, usage.used_lately, usage.hits);
        let pair = |name: &str, text: String| (name.to_owned(), text);
        output::pairs(&[
            pair("user ids are (rule)", settings.rule.to_string()),
            pair("claim", settings.claim.to_string()),
            pair("new users at sign-in (jit)", settings.jit.to_string()),
            pair("linking", settings.linking.to_string()),
            pair("verified domains", domains),
            pair("old user ids that sign in", aliases),
            pair("provider", provider.as_ref().map_or_else(|| "none".to_owned(), |provider| provider.issuer.clone())),
            pair("sign-in", provider.as_ref().map_or_else(|| "-".to_owned(), |_| format!("{public_url}/sso/{}/login", account.slug))),
            pair("returns to", provider.map_or_else(|| "-".to_owned(), |provider| provider.return_to)),
        ])
    };
    printed.map(|()| Exit::Ok).map_err(stdout_failure)
}

/// Looks only: no use is counted, and nobody hears of a refusal.
async fn resolve(context: &Context, store: &Store, account: &Account, identity: &str, evidence: Evidence) -> CommandResult {
    let settings = sso::settings(store, account.id).await?;
    match sso::look(store, account.id, identity, evidence, &settings).await? {
        Ok(found) => {
            let document = json!({ "id": found.person.id, "user_id": found.person.user_id, "matched_by": found.by });
            let printed = if context.json() {
                output::json(&document)
            } else {
                let by = document["matched_by"].as_str().unwrap_or_default().to_owned();
                output::table(["USER ID", "ID", "MATCHED BY"], &[[found.person.user_id.clone(), found.person.id.to_string(), by]])
            };
            printed.map(|()| Exit::Ok).map_err(stdout_failure)
        }
        Err(refusal) => {
            let exit = if refusal == Refusal::Unknown { Exit::NotFound } else { Exit::Refused };
            Err(Failure::new(exit, format!("{}: {}\n{}", refusal.as_str(), refusal.detail(), refusal.remedy())))
        }
    }
}
