//! CSV (RFC 4180) that is safe to open in a spreadsheet: the files hold what strangers wrote, and administrators open them.
//!
//! A cell that a spreadsheet would take for a formula gets an apostrophe in front (OWASP ASVS 5, 1.2.10). Whether it would is decided
//! here and nowhere else.

use std::borrow::Cow;

/// Longer cells are cut by [`csv_cell`].
const CELL_CHARS: usize = 500;

/// A cell for a writer that puts quotes where they are needed itself: harmless, and cut when it is very long.
#[must_use]
pub fn csv_cell(cell: &str) -> Cow<'_, str> {
    let cut = cell.char_indices().nth(CELL_CHARS).map_or(Cow::Borrowed(cell), |(end, _)| Cow::Owned(format!("{}…", &cell[..end])));
    if is_formula(&cut) { Cow::Owned(format!("'{cut}")) } else { cut }
}

/// One line with its line end, every cell harmless; one with a comma, a quote or a line end is put in quotes.
#[must_use]
pub fn csv_line<S: AsRef<str>>(cells: impl IntoIterator<Item = S>) -> String {
    let mut line = String::new();
    for (position, cell) in cells.into_iter().enumerate() {
        if position > 0 {
            line.push(',');
        }
        push(&mut line, cell.as_ref());
    }
    line.push_str("\r\n");
    line
}

fn push(line: &mut String, cell: &str) {
    let formula = is_formula(cell);
    let quoted = cell.contains([',', '"', '\r', '\n']);
    if quoted {
        line.push('"');
    }
    if formula {
        line.push('\'');
    }
    for char in cell.chars() {
        if char == '"' {
            line.push('"');
        }
        line.push(char);
    }
    if quoted {
        line.push('"');
    }
}

/// Spreadsheets pass over blanks in front of a formula, and some know the wide forms of its signs.
fn is_formula(cell: &str) -> bool {
    cell.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) || cell.starts_with(['\t', '\r', '\n', '\0'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for cell in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =1", "\r=1", "＝1", "\0"] {
            assert!(csv_cell(cell).starts_with('\''), "{cell:?}");
            assert!(csv_line([cell]).trim_start_matches('"').starts_with('\''), "{cell:?}");
        }
        assert_eq!(csv_cell("jdoe"), "jdoe");
        assert_eq!(csv_cell(&"x".repeat(600)).chars().count(), CELL_CHARS + 1);
    }

    #[test]
    fn formulas_are_neutralised_and_what_needs_quotes_has_them() {
        for (cell, written) in [
            ("plain", "plain"),
            ("=cmd|'/c calc'!A0", "'=cmd|'/c calc'!A0"),
            ("+1", "'+1"),
            ("  =1", "'  =1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\tx", "'\tx"),
            ("\rx", "\"'\rx\""),
            ("\0", "'\0"),
            ("＝1", "'＝1"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("=a,\"b\"", "\"'=a,\"\"b\"\"\""),
            ("", ""),
        ] {
            assert_eq!(csv_line([cell]), format!("{written}\r\n"));
        }
        assert_eq!(csv_line(["a", "", "c"]), "a,,c\r\n");
    }
}
