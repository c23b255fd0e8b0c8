//! Cells of CSV files that administrators open in a spreadsheet.

use std::borrow::Cow;

/// Longer values are cut.
const CELL_CHARS: usize = 500;

/// A cell that a spreadsheet would take for a formula gets an apostrophe in front: the file holds what strangers wrote, and is
/// opened by an administrator.
pub fn harmless(cell: &str) -> Cow<'_, str> {
    let cut = cell.char_indices().nth(CELL_CHARS).map_or(Cow::Borrowed(cell), |(end, _)| Cow::Owned(format!("{}…", &cell[..end])));
    if cut.trim_start().starts_with(['=', '+', '-', '@']) || cut.starts_with(['\t', '\r', '\n']) {
        Cow::Owned(format!("'{cut}"))
    } else {
        cut
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for cell in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =1", "\r=1"] {
            assert!(harmless(cell).starts_with('\''), "{cell:?}");
        }
        assert_eq!(harmless("jdoe"), "jdoe");
        assert_eq!(harmless(&"x".repeat(600)).chars().count(), CELL_CHARS + 1);
    }
}
