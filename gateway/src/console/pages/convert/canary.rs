//! What others felt of a run: how long a small query took while the run wrote, and while it did not.
//!
//! It is what the run itself is steered by, so this chart is the answer to whether anybody noticed.

use super::{
    super::show::When,
    chart::{self, Point, joined, points, worse},
};
use crate::console::{
    chart::{Chart, Line, Series},
    live::{Topic, nothing_shown},
    viewer::Right,
};
use muster_store::conversion::Sample;

/// The table, as it grows. `about` is the run.
pub(in crate::console) static CHART: Topic = Topic {
    name: "convert-canary",
    right: Right::Look,
    every: 3,
    shown: nothing_shown,
    render: |live| Box::pin(chart::table(live, drawn)),
};

/// The chart of a run.
pub(super) fn drawn(samples: &[Sample]) -> Chart {
    let samples = &joined(samples)[..];
    let points = points(samples);
    let worst = |point: &Point<'_>, of: fn(&Sample) -> Option<f64>| point.samples.iter().map(of).fold(None, worse);
    let values = |of: fn(&Sample) -> Option<f64>| points.iter().map(|point| worst(point, of)).collect::<Vec<_>>();
    let (during, between) = (values(|one| one.during_p99_ms), values(|one| one.between_p99_ms));
    if during.iter().chain(&between).all(Option::is_none) {
        return Chart::default();
    }
    Chart {
        caption: caption(samples),
        at: points.iter().map(|point| point.at_ms).collect(),
        series: vec![
            Series { name: "While it wrote, ms", line: Line::Area, values: during },
            Series { name: "While it did not, ms", line: Line::Limit, values: between },
        ],
        notes: points.into_iter().map(|point| point.note).collect(),
        noted: "Held back",
    }
}

/// The sentence with the numbers.
fn caption(samples: &[Sample]) -> String {
    let (Some(first), Some(last)) = (samples.first(), samples.last()) else { return String::new() };
    let middle = |of: fn(&Sample) -> Option<f64>| {
        let mut known: Vec<f64> = samples.iter().filter_map(of).collect();
        known.sort_unstable_by(f64::total_cmp);
        known.get(known.len() / 2).map_or_else(|| "an unknown time".to_owned(), |ms| format!("{ms:.1} ms"))
    };
    format!(
        "From {} to {}, 99 of 100 small queries were answered within {} while it wrote and {} while it did not: the medians of what was \
         measured from moment to moment.",
        When(first.at_ms - first.length_ms).text(),
        When(last.at_ms).text(),
        middle(|one| one.during_p99_ms),
        middle(|one| one.between_p99_ms),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(at_ms: i64, during: Option<f64>, between: Option<f64>) -> Sample {
        Sample { at_ms, length_ms: 10_000, rows: 100, during_p99_ms: during, between_p99_ms: between, ..Sample::default() }
    }

    #[test]
    fn both_sides_are_drawn_and_the_sentence_has_their_medians() {
        let samples = [
            sample(10_000, Some(2.0), Some(1.5)),
            sample(20_000, Some(9.0), None),
            Sample { length_ms: 5, ..sample(20_005, Some(3.0), Some(1.0)) },
            sample(4_000_000, Some(2.5), Some(1.75)),
        ];
        let chart = drawn(&samples);
        assert_eq!(chart.at, [10_000, 20_005, 20_006, 4_000_000]);
        assert_eq!(chart.series[0].values, [Some(2.0), Some(9.0), None, Some(2.5)], "the end of a slice hides nothing");
        assert_eq!(chart.series[1].values, [Some(1.5), Some(1.0), None, Some(1.75)]);
        assert!(chart.caption.contains("within 2.5 ms while it wrote and 1.5 ms while it did not"), "{}", chart.caption);
    }

    #[test]
    fn where_nothing_was_measured_there_is_no_line() {
        assert!(drawn(&[]).at.is_empty() && drawn(&[sample(10_000, None, None)]).at.is_empty());
    }
}
