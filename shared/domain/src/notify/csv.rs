//! The attachment of a mail: what failed, as a table.

use crate::csv_line;
use std::borrow::Cow;

/// Mail servers begin to refuse mail at a few megabytes, and readers long before.
pub const LONGEST: usize = 1 << 20;

/// A CSV file of at most a mebibyte, safe to open in a spreadsheet ([`csv_line`]); the number of rows that did not fit is its last line.
#[must_use]
pub fn file<'a, const COLUMNS: usize>(headings: [&str; COLUMNS], rows: impl ExactSizeIterator<Item = [Cow<'a, str>; COLUMNS]>) -> String {
    let mut out = csv_line(headings);
    let total = rows.len();
    for (position, row) in rows.enumerate() {
        let line = csv_line(row);
        if out.len() + line.len() > LONGEST - 64 {
            out.push_str(&csv_line([format!("and {} more rows", total - position)]));
            break;
        }
        out.push_str(&line);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_too_long_says_what_is_missing() {
        let rows: Vec<[Cow<'_, str>; 1]> = (0..20_000).map(|n| [Cow::Owned(format!("{n:0100}"))]).collect();
        let file = file(["n"], rows.into_iter());
        assert!(file.len() <= LONGEST);
        let shown = file.lines().count() - 2;
        assert!(file.ends_with(&format!("and {} more rows\r\n", 20_000 - shown)));
    }
}
