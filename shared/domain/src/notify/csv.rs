//! The attachment of a mail: what failed, as a table.

/// Mail servers begin to refuse mail at a few megabytes, and readers long before.
pub const LONGEST: usize = 1 << 20;

/// A CSV file (RFC 4180) of at most a mebibyte; the number of rows that did not fit is its last line.
///
/// A cell that a spreadsheet would take for a formula gets an apostrophe in front: what is in it comes from a directory.
#[must_use]
pub fn file<'a, const COLUMNS: usize>(
    headings: [&str; COLUMNS],
    rows: impl ExactSizeIterator<Item = [std::borrow::Cow<'a, str>; COLUMNS]>,
) -> String {
    let mut out = String::new();
    line(&mut out, headings.iter().copied());
    let total = rows.len();
    for (position, row) in rows.enumerate() {
        let before = out.len();
        line(&mut out, row.iter().map(AsRef::as_ref));
        if out.len() > LONGEST - 64 {
            out.truncate(before);
            line(&mut out, [format!("and {} more rows", total - position).as_str()].into_iter());
            break;
        }
    }
    out
}

fn line<'a>(out: &mut String, cells: impl Iterator<Item = &'a str>) {
    for (position, cell) in cells.enumerate() {
        if position > 0 {
            out.push(',');
        }
        let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
        out.push('"');
        if formula {
            out.push('\'');
        }
        for char in cell.chars() {
            match char {
                '"' => out.push_str("\"\""),
                '\0' => {}
                _ => out.push(char),
            }
        }
        out.push('"');
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::Cow;

    #[test]
    fn formulas_are_text_and_quotes_are_doubled() {
        let rows = [["=1+1", "a\"b"], ["@x", "plain"], ["-2", "two\nlines"]].map(|row| row.map(Cow::Borrowed));
        let file = file(["who", "what"], rows.into_iter());
        assert_eq!(file, "\"who\",\"what\"\r\n\"'=1+1\",\"a\"\"b\"\r\n\"'@x\",\"plain\"\r\n\"'-2\",\"two\nlines\"\r\n");
    }

    #[test]
    fn a_file_that_is_too_long_says_what_is_missing() {
        let rows: Vec<[Cow<'_, str>; 1]> = (0..20_000).map(|n| [Cow::Owned(format!("{n:0100}"))]).collect();
        let file = file(["n"], rows.into_iter());
        assert!(file.len() <= LONGEST);
        let shown = file.lines().count() - 2;
        assert!(file.ends_with(&format!("\"and {} more rows\"\r\n", 20_000 - shown)));
    }
}
