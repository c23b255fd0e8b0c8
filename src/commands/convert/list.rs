//! Every user of a conversion as a line of CSV.

use crate::exit::{Exit, Failure};
use muster_domain::csv_cell;
use muster_store::{
    Store,
    conversion::{self, Conversion},
};
use std::path::Path;

const PAGE: i64 = 5_000;

/// Writes the file, page by page: an account of millions needs no more memory than one of hundreds.
pub async fn write(store: &Store, run: &Conversion, file: &Path) -> Result<(), Failure> {
    let failed = |error: csv::Error| Failure::new(Exit::Unexpected, format!("cannot write {}: {error}", file.display()));
    let mut writer = csv::Writer::from_path(file).map_err(failed)?;
    writer.write_record(["n", "id", "user_id", "email", "new_user_id", "state", "reason", "other_user", "attempts"]).map_err(failed)?;
    let mut after = 0;
    loop {
        let items = conversion::items_after(store, run.account, run.journal(), after, PAGE).await?;
        let Some(last) = items.last() else { break };
        after = last.n;
        for item in &items {
            let [n, user, other, tries] = [
                item.n.to_string(),
                item.user.to_string(),
                item.other.map(|id| id.to_string()).unwrap_or_default(),
                item.tries.to_string(),
            ];
            let new = item.new_id.as_deref().unwrap_or_default();
            let email = item.email.as_deref().unwrap_or_default();
            writer
                .write_record([
                    &n,
                    &user,
                    &*csv_cell(&item.old_id),
                    &*csv_cell(email),
                    &*csv_cell(new),
                    item.state_at(run.users_n).as_str(),
                    item.code.as_str(),
                    &other,
                    &tries,
                ])
                .map_err(failed)?;
        }
    }
    writer.flush().map_err(|error| Failure::io(format!("cannot write {}", file.display()), &error))?;
    eprintln!("Every user, with state and reason: {}", file.display());
    Ok(())
}
