//! `muster ops list|show`

use super::stdout_failure;
use crate::{
    cli::{ListOperations, OpsCommand},
    context::Context,
    exit::{CommandResult, Exit, Failure},
    output,
};
use muster_domain::{AccountId, OperationId};
use muster_scim::ResourceType;
use muster_store::{
    Store, incidents,
    log::{self, LoggedOperation, OperationPage, OperationQuery},
    resources,
};

pub async fn run(context: &Context, command: OpsCommand) -> CommandResult {
    match command {
        OpsCommand::List(list) => self::list(context, *list).await,
        OpsCommand::Show { account, id } => show(context, &account, id).await,
    }
}

const HEADINGS: [&str; 7] = ["ACCEPTED", "CHANGE", "TYPE", "RESOURCE", "OUTCOME", "INCIDENT", "ID"];
async fn list(context: &Context, list: ListOperations) -> CommandResult {
    let store = context.open_store().await?;
    let account = context.account(&store, &list.account).await?;
    let (limit, all, csv) = (list.page.limit, list.page.all, list.page.csv);
    let mut query = query(&store, account.id, &account.slug, list).await?;
    query.limit = if all { 1_000 } else { limit };
    if csv {
        output::csv([LoggedOperation::csv_heading()]).map_err(stdout_failure)?;
    }
    let mut gathered = OperationPage { operations: Vec::new(), next: None };
    loop {
        let page = log::list(&store, account.id, &query).await?;
        query.after = page.next;
        if csv {
            output::csv(page.operations.iter().map(LoggedOperation::csv)).map_err(stdout_failure)?;
        } else {
            gathered.operations.extend(page.operations);
        }
        gathered.next = page.next;
        if !all || page.next.is_none() {
            break;
        }
    }
    let printed = if csv {
        Ok(())
    } else if context.json() {
        output::json(&gathered)
    } else {
        output::table(HEADINGS, &gathered.operations.iter().map(row).collect::<Vec<_>>())
    };
    printed.map_err(stdout_failure)?;
    if let (Some(next), false) = (gathered.next, context.json()) {
        eprintln!("More: --after {next}");
    }
    Ok(Exit::Ok)
}

async fn query(store: &Store, account: AccountId, slug: &str, list: ListOperations) -> Result<OperationQuery, Failure> {
    let mut resource = list.resource;
    if let Some(user_id) = &list.user {
        let missing = || {
            let message = format!(
                "the account `{slug}` has no user with the user id `{user_id}`; --resource ID finds the operations of one that is gone"
            );
            Failure::new(Exit::NotFound, message)
        };
        resource = Some(resources::find_user_by_user_id(store, account, user_id).await?.ok_or_else(missing)?.id.0);
    }
    let mut incident = None;
    if let Some(number) = list.incident {
        let missing = || Failure::new(Exit::NotFound, format!("the account `{slug}` has no incident #{number}"));
        incident = Some(incidents::by_number(store, account, number).await?.ok_or_else(missing)?.id);
    }
    Ok(OperationQuery {
        resource,
        resource_type: list.resource_type.map(|word| if word == "user" { ResourceType::User } else { ResourceType::Group }),
        change: list.change,
        codes: list.outcome,
        failed: list.failed,
        key: list.key,
        request: list.request,
        incident,
        from_ms: list.since,
        to_ms: list.until,
        after: list.page.after,
        limit: list.page.limit,
    })
}

fn row(operation: &LoggedOperation) -> [String; 7] {
    [
        output::time(operation.accepted_ms),
        operation.change.clone(),
        operation.resource_type.clone(),
        operation.resource_id.to_string(),
        format!("{} {}", operation.status, operation.code),
        operation.incident_number.map(|number| format!("#{number}")).unwrap_or_default(),
        operation.id.to_string(),
    ]
}

async fn show(context: &Context, account: &str, id: OperationId) -> CommandResult {
    let store = context.open_store().await?;
    let account = context.account(&store, account).await?;
    let missing = || {
        Failure::new(Exit::NotFound, format!("the account `{}` has no operation {id}, or it is older than the log is kept", account.slug))
    };
    let operation = log::get(&store, account.id, id).await?.ok_or_else(missing)?;
    let printed = if context.json() { output::json(&operation) } else { output::pairs(&lines(&operation)) };
    printed.map(|()| Exit::Ok).map_err(stdout_failure)
}

fn lines(operation: &LoggedOperation) -> Vec<(String, String)> {
    let mut lines = vec![
        ("operation".to_owned(), operation.id.to_string()),
        ("what".to_owned(), format!("{} {} {}", operation.change, operation.resource_type, operation.resource_id)),
        ("outcome".to_owned(), format!("{} {}", operation.status, operation.code)),
    ];
    let mut line = |name: &str, text: Option<String>| lines.extend(text.map(|text| (name.to_owned(), text)));
    line("version", operation.version.map(|version| version.to_string()));
    line("error", operation.error.as_ref().map(|error| error.detail.clone()));
    line("incident", operation.incident_number.map(|number| format!("#{number}")));
    line("actor", Some(operation.key.map_or_else(|| operation.actor.clone(), |key| format!("{} {key}", operation.actor))));
    line("request", Some(operation.request_id.to_string()));
    line("accepted", Some(output::time(operation.accepted_ms)));
    if let Some(detail) = &operation.detail {
        line("waited", Some(format!("{} ms in the queue", detail.waited_ms)));
        line("worked on", Some(format!("{} ms, in a batch of {} ({})", detail.worked_ms, detail.batch_size, detail.batch)));
        line("asked for", (!detail.request.is_null()).then(|| detail.request.to_string()));
        for change in &detail.changed {
            line("changed", Some(format!("{}: {} -> {}", change.attribute, change.old, change.new)));
        }
    }
    line("applied", Some(output::time(operation.applied_ms)));
    lines
}
