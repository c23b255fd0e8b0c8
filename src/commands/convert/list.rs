//! Every user of a conversion as a line of CSV.

use crate::exit::Failure;
use muster_store::{
    Store,
    conversion::{self, Conversion, Item},
};
use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

const PAGE: i64 = 5_000;

/// Writes the file, page by page: an account of millions needs no more memory than one of hundreds.
pub async fn write(store: &Store, run: &Conversion, file: &Path) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::io(format!("cannot write {}", file.display()), &error);
    let mut writer = BufWriter::new(File::create(file).map_err(failed)?);
    writer.write_all(Item::csv_heading().as_bytes()).map_err(failed)?;
    let mut after = 0;
    loop {
        let items = conversion::items_after(store, run.account, run.journal(), after, PAGE).await?;
        let Some(last) = items.last() else { break };
        after = last.n;
        for item in &items {
            writer.write_all(item.csv(run.users_n).as_bytes()).map_err(failed)?;
        }
    }
    writer.flush().map_err(failed)?;
    eprintln!("Every user, with state and reason: {}", file.display());
    Ok(())
}
