//! Lines of CSV (RFC 4180) that are safe to open in a spreadsheet.

/// One line with its line end. A cell that a spreadsheet would take for a formula gets an apostrophe in front (OWASP ASVS 5, 1.2.10);
/// one with a comma, a quote or a line end is put in quotes.
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
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\0', '＝', '＋', '－', '＠']);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_neutralised_and_what_needs_quotes_has_them() {
        for (cell, written) in [
            ("plain", "plain"),
            ("=cmd|'/c calc'!A0", "'=cmd|'/c calc'!A0"),
            ("+1", "'+1"),
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
