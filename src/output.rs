//! Data goes to stdout, talk to stderr. Every command prints its data through here, so that `--json` holds everywhere.

use serde::Serialize;
use std::io::{self, Write};

/// Prints a value as JSON, indented, on stdout.
pub fn json(value: &impl Serialize) -> io::Result<()> {
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, value)?;
    writeln!(out)
}

/// Prints rows as a table on stdout: columns as wide as their widest cell, two spaces apart. No headings when there are no rows.
pub fn table<const COLUMNS: usize>(headings: [&str; COLUMNS], rows: &[[String; COLUMNS]]) -> io::Result<()> {
    let mut widths = headings.map(|heading| heading.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(printable(cell).chars().count());
        }
    }
    let mut out = io::stdout().lock();
    if !rows.is_empty() {
        line(&mut out, headings.map(str::to_owned), &widths)?;
    }
    rows.iter().try_for_each(|row| line(&mut out, row.each_ref().map(|cell| printable(cell)), &widths))
}

fn line<const COLUMNS: usize>(out: &mut impl Write, cells: [String; COLUMNS], widths: &[usize; COLUMNS]) -> io::Result<()> {
    let mut text = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        text.push_str(&format!("{cell:<width$}  "));
    }
    writeln!(out, "{}", text.trim_end())
}

/// Names come from directories: a control character in one must not move the cursor of whoever lists them.
fn printable(cell: &str) -> String {
    cell.chars().map(|char| if char.is_control() { '\u{fffd}' } else { char }).collect()
}

/// Prints lines of CSV on stdout.
pub fn csv(lines: impl IntoIterator<Item = String>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    lines.into_iter().try_for_each(|line| out.write_all(line.as_bytes()))
}

/// Prints names with texts, one a line, the texts one under the other.
pub fn pairs(lines: &[(String, String)]) -> io::Result<()> {
    let width = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let mut out = io::stdout().lock();
    lines.iter().try_for_each(|(name, text)| writeln!(out, "{name:<width$}  {}", printable(text)))
}

/// A moment, from milliseconds since 1970.
pub fn time(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map(|time| format!("{time:.3}")).unwrap_or_default()
}
