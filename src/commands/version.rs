//! `muster version`

use crate::{exit::Exit, output, settings::VERSION};
use serde_json::json;
use std::io::{self, Write};

pub fn run(as_json: bool) -> io::Result<Exit> {
    if as_json {
        output::json(&json!({ "name": "muster", "version": VERSION }))?;
    } else {
        writeln!(io::stdout(), "muster {VERSION}")?;
    }
    Ok(Exit::Ok)
}
