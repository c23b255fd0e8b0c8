//! Charts of what happened over time.
//!
//! A chart is a table. The server draws the table, with a sentence that says what is in it, and that is all there is without JavaScript;
//! with it, `chart.js` reads the same table and draws its lines above it. So the numbers are written once, whoever reads them, and a
//! chart whose table is a live part ([`super::live`]) is drawn again when the table has changed.
//!
//! A page puts a [`Chart`] into `console/chart.html`, and `console/chart_files.html` into the block `head` of its template.

use super::display;
use askama::Template;

/// What `console/chart_table.html` is filled with: the part that may be live.
#[derive(Clone, Debug, Default, PartialEq, Template)]
#[template(path = "console/chart_table.html")]
pub(crate) struct Chart {
    /// The sentence with the numbers.
    pub(crate) caption: String,
    /// The times, milliseconds since 1970, in order.
    pub(crate) at: Vec<i64>,
    pub(crate) series: Vec<Series>,
    /// What is said of a moment, and marked in the chart; as many as there are times. Empty where there is nothing to say.
    pub(crate) notes: Vec<String>,
    /// What those are: the heading of their column.
    pub(crate) noted: &'static str,
}

/// One line of a chart: one column of its table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Series {
    pub(crate) name: &'static str,
    pub(crate) line: Line,
    /// As many as there are times; none where nothing is known.
    pub(crate) values: Vec<Option<f64>>,
}

/// How a line is drawn; told apart by more than its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// Filled down to zero.
    Area,
    /// Thin, with a point at each value: what should be zero.
    Alarm,
    /// Dashed, in steps: what must not be exceeded.
    Limit,
}

impl Line {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Area => "area",
            Self::Alarm => "alarm",
            Self::Limit => "limit",
        }
    }
}

/// One line of the table.
pub(crate) struct Row {
    at_ms: i64,
    moment: String,
    machine: String,
    /// The column, and its value as people and as scripts read it.
    cells: Vec<(&'static str, String, String)>,
    note: String,
}

impl Chart {
    /// The table, the newest first: what is looked for in it is what happens now.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row> {
        self.at.iter().enumerate().rev().map(|(nth, at)| Row {
            at_ms: *at,
            moment: display::moment(*at),
            machine: display::machine(*at),
            cells: self.series.iter().map(|series| cell(series, nth)).collect(),
            note: self.notes.get(nth).cloned().unwrap_or_default(),
        })
    }

    /// Whether anything is noted anywhere.
    pub(crate) fn has_notes(&self) -> bool {
        self.notes.iter().any(|note| !note.is_empty())
    }
}

fn cell(series: &Series, nth: usize) -> (&'static str, String, String) {
    match series.values.get(nth).copied().flatten() {
        // Below ten, a tenth may matter; of what is more nobody counts them.
        Some(value) if value.abs() < 9.95 && value.fract() != 0.0 => (series.name, format!("{value:.1}"), format!("{value:.1}")),
        Some(value) => (series.name, display::number(value.round() as i64), format!("{value:.1}")),
        None => (series.name, "–".to_owned(), String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_everything_the_newest_first() {
        let chart = Chart {
            caption: "Two <moments>.".to_owned(),
            at: vec![0, 60_000],
            series: vec![
                Series { name: "Rows", line: Line::Area, values: vec![Some(1_234.56), Some(2.44)] },
                Series { name: "Allowed", line: Line::Limit, values: vec![None, Some(2_500.0)] },
            ],
            notes: vec![String::new(), "Held <back>".to_owned()],
            noted: "Held back by",
        };
        let html = chart.render().expect("a table");
        for part in [
            "Two &#60;moments&#62;.",
            "data-line=\"limit\"",
            "data-at=\"60000\"",
            "<td class=\"n\" data-label=\"Rows\" data-value=\"1234.6\">1\u{202f}235</td>",
            "<td class=\"n\" data-label=\"Rows\" data-value=\"2.4\">2.4</td>",
            "<td class=\"n\" data-label=\"Allowed\" data-value=\"\">–</td>",
            "Held &#60;back&#62;",
        ] {
            assert!(html.contains(part), "{part} is missing in {html}");
        }
        assert!(html.find("data-at=\"60000\"") < html.find("data-at=\"0\""));
    }

    #[test]
    fn a_column_nobody_needs_is_left_out() {
        let chart = Chart { at: vec![0], notes: vec![String::new()], noted: "Held back by", ..Chart::default() };
        assert!(!chart.render().expect("a table").contains("Held back by"));
        assert!(Chart::default().render().expect("a table").contains("Nothing has been measured yet."));
    }
}
