//! `muster incidents failures`

use super::find;
use crate::{
    cli::ListFailures,
    commands::stdout_failure,
    context::Context,
    exit::{CommandResult, Exit},
    output,
};
use muster_store::incidents::{self, Item, ItemPage};

const HEADINGS: [&str; 5] = ["TIME", "FAILURES", "WHO", "OPERATION", "STATE"];

pub async fn run(context: &Context, list: ListFailures) -> CommandResult {
    let (store, account, incident) = find(context, &list.which.account, list.which.number).await?;
    let page = list.page;
    let limit = if page.all { 1_000 } else { page.limit };
    if page.csv {
        output::csv([Item::csv_heading()]).map_err(stdout_failure)?;
    }
    let mut gathered = ItemPage { items: Vec::new(), next: page.after };
    loop {
        let found = incidents::items(&store, account.id, incident.id, gathered.next, limit).await?;
        gathered.next = found.next;
        if page.csv {
            output::csv(found.items.iter().map(Item::csv)).map_err(stdout_failure)?;
        } else {
            gathered.items.extend(found.items);
        }
        if !page.all || gathered.next.is_none() {
            break;
        }
    }
    let printed = if page.csv {
        Ok(())
    } else if context.json() {
        output::json(&gathered)
    } else {
        output::table(HEADINGS, &gathered.items.iter().map(row).collect::<Vec<_>>())
    };
    printed.map_err(stdout_failure)?;
    if let (Some(next), false) = (gathered.next, context.json()) {
        eprintln!("More: --after {next}");
    }
    Ok(Exit::Ok)
}

fn row(item: &Item) -> [String; 5] {
    let state = match (item.settled, item.retryable) {
        (true, _) => "tried again since",
        (false, true) => "can be tried again",
        (false, false) => "-",
    };
    [
        output::time(item.at_ms),
        item.failures.to_string(),
        item.subject.clone().unwrap_or_else(|| "-".to_owned()),
        item.operation.map_or_else(|| "-".to_owned(), |id| id.to_string()),
        state.to_owned(),
    ]
}
