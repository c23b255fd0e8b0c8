//! How fast a run went, against how fast it might have gone, and what held it back.

use super::{
    super::{
        render,
        show::{self, When},
    },
    progress, words,
};
use crate::console::{
    chart::{Chart, Line, Series},
    display,
    live::{Live, Topic, nothing_shown},
    problem::Problem,
    viewer::Right,
};
use muster_domain::conversion::pace::WaitReason;
use muster_store::{
    Store, StoreError,
    conversion::{self, Conversion, Sample},
};

/// The newest samples of a run that are read: five hours of a long one.
const READ: u32 = 2_000;
/// Points that are drawn: as many as can be told apart.
const POINTS: usize = 240;
/// A gap between samples in which nobody worked on it.
const GAP_MS: i64 = 60_000;

/// The table, as it grows. `about` is the run.
pub(in crate::console) static CHART: Topic =
    Topic { name: "convert-chart", right: Right::Look, every: 3, shown: nothing_shown, render: |live| Box::pin(table(live, drawn)) };

/// The table of a chart that is drawn from the samples of the run `live` is about.
pub(super) async fn table(live: &Live, draw: fn(&[Sample]) -> Chart) -> Result<String, Problem> {
    let run = progress::find(&live.app, live.account, &live.about).await?;
    render(&draw(&live.app.read(samples(&live.app.store, &run)).await?))
}

/// The samples charts of a run are drawn from.
///
/// # Errors
/// When the database fails.
pub(super) async fn samples(store: &Store, run: &Conversion) -> Result<Vec<Sample>, StoreError> {
    conversion::samples(store, run.account, run.id, READ).await
}

/// What is shorter is the end of a slice: so few rows in so little time say nothing of a rate by themselves.
const SHORT_MS: i64 = 500;

/// Each short stretch as a part of the one before.
pub(super) fn joined(samples: &[Sample]) -> Vec<Sample> {
    let mut joined: Vec<Sample> = Vec::with_capacity(samples.len());
    for one in samples {
        match joined.last_mut() {
            Some(before) if one.length_ms < SHORT_MS && one.at_ms - before.at_ms < GAP_MS => {
                *before = Sample {
                    rows: before.rows + one.rows,
                    length_ms: before.length_ms + one.length_ms,
                    during_p99_ms: worse(before.during_p99_ms, one.during_p99_ms),
                    between_p99_ms: worse(before.between_p99_ms, one.between_p99_ms),
                    ..one.clone()
                };
            }
            _ => joined.push(one.clone()),
        }
    }
    joined
}

/// The longer of two times, as far as they are known.
pub(super) fn worse(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    one.into_iter().chain(other).reduce(f64::max)
}

/// What is drawn at one moment.
pub(super) struct Point<'s> {
    pub(super) at_ms: i64,
    /// Nothing where nobody worked on the run: a line over hours in which nothing happened would say that something did.
    pub(super) samples: &'s [Sample],
    pub(super) note: String,
}

/// As many points as can be told apart.
pub(super) fn points(samples: &[Sample]) -> Vec<Point<'_>> {
    let (mut points, mut before): (Vec<Point<'_>>, Option<i64>) = (Vec::new(), None);
    for some in samples.chunks(samples.len().div_ceil(POINTS).max(1)) {
        let (Some(first), Some(last)) = (some.first(), some.last()) else { continue };
        let began = first.at_ms - first.length_ms;
        if let Some(end) = before.filter(|end| began - end > GAP_MS) {
            points.push(Point { at_ms: end + 1, samples: &[], note: format!("Nobody worked on it for {}", show::length(began - end)) });
        }
        let note = some.iter().rev().find_map(|one| one.waiting.as_deref()).map(held).unwrap_or_default();
        points.push(Point { at_ms: last.at_ms, samples: some, note });
        before = Some(last.at_ms);
    }
    points
}

/// The chart of a run.
pub(super) fn drawn(samples: &[Sample]) -> Chart {
    let samples = &joined(samples)[..];
    let points = points(samples);
    let rate = |point: &Point<'_>| (!point.samples.is_empty()).then(|| whole(point.samples.iter()).rate());
    Chart {
        caption: caption(samples),
        at: points.iter().map(|point| point.at_ms).collect(),
        series: vec![
            Series { name: "Rows a second", line: Line::Area, values: points.iter().map(rate).collect() },
            Series {
                name: "Allowed",
                line: Line::Limit,
                values: points.iter().map(|point| point.samples.last().and_then(|last| last.allowed)).collect(),
            },
        ],
        notes: points.into_iter().map(|point| point.note).collect(),
        noted: "Held back",
    }
}

/// Several stretches as one.
fn whole<'s>(samples: impl Iterator<Item = &'s Sample>) -> Sample {
    samples.fold(Sample::default(), |sum, one| Sample { rows: sum.rows + one.rows, length_ms: sum.length_ms + one.length_ms, ..sum })
}

/// What held it, by its word.
fn held(word: &str) -> String {
    let known = WaitReason::ALL.into_iter().find(|reason| reason.as_str() == word);
    known.map_or_else(|| word.to_owned(), |reason| words::guard(reason).to_owned())
}

/// The sentence with the numbers.
fn caption(samples: &[Sample]) -> String {
    let (Some(first), Some(last)) = (samples.first(), samples.last()) else { return String::new() };
    let worked: Vec<&Sample> = samples.iter().filter(|one| one.rows > 0).collect();
    let whole = whole(worked.iter().copied());
    let most = worked.iter().map(|one| one.rate()).fold(0.0, f64::max);
    let number = |rate: f64| display::number(rate.round() as i64);
    let allowed = last.allowed.map(|allowed| format!("; {} were allowed in the end", number(allowed))).unwrap_or_default();
    let waits = samples.iter().enumerate().filter(|(nth, one)| {
        let before = nth.checked_sub(1).and_then(|before| samples.get(before)).and_then(|before| before.waiting.as_deref());
        one.waiting.is_some() && one.waiting.as_deref() != before
    });
    let held = match waits.count() {
        0 => "Nothing held it back.".to_owned(),
        1 => "It was held back once.".to_owned(),
        times => format!("It was held back {} times.", display::number(i64::try_from(times).unwrap_or(i64::MAX))),
    };
    format!(
        "From {} to {} it went at {} rows a second on average while it worked, {} at most{allowed}. {held}",
        When(first.at_ms - first.length_ms).text(),
        When(last.at_ms).text(),
        number(whole.rate()),
        number(most),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(at_ms: i64, rows: i64, waiting: Option<&str>) -> Sample {
        Sample { at_ms, length_ms: 10_000, rows, allowed: Some(1_000.0), waiting: waiting.map(str::to_owned), ..Sample::default() }
    }

    #[test]
    fn a_long_run_is_drawn_with_as_many_points_as_can_be_told_apart() {
        let samples: Vec<Sample> = (1..=2_000).map(|n| sample(n * 10_000, 5_000, None)).collect();
        let chart = drawn(&samples);
        assert!(chart.at.len() <= POINTS && chart.at.last() == Some(&20_000_000), "{}", chart.at.len());
        assert!(chart.series[0].values.iter().all(|rate| *rate == Some(500.0)));
        assert!(
            chart.caption.contains("500 rows a second on average while it worked, 500 at most; 1\u{202f}000 were allowed"),
            "{}",
            chart.caption
        );
        assert!(!chart.has_notes() && chart.caption.ends_with("Nothing held it back."));
    }

    #[test]
    fn a_wait_and_a_gap_are_said_and_no_line_goes_over_the_gap() {
        let samples = [
            sample(10_000, 1_000, None),
            sample(20_000, 0, Some("latency")),
            sample(30_000, 0, Some("latency")),
            sample(3_640_000, 2_000, None),
        ];
        let chart = drawn(&samples);
        assert_eq!(
            chart.notes,
            ["", "Queries of others got slower", "Queries of others got slower", "Nobody worked on it for 1 h 0 min", ""]
        );
        assert_eq!(chart.series[0].values, [Some(100.0), Some(0.0), Some(0.0), None, Some(200.0)]);
        assert!(chart.caption.contains("150 rows a second on average") && chart.caption.ends_with("held back once."), "{}", chart.caption);
    }

    #[test]
    fn the_end_of_a_slice_is_no_peak() {
        let end = Sample { length_ms: 5, rows: 50, ..sample(20_005, 0, None) };
        let chart = drawn(&[sample(10_000, 1_000, None), sample(20_000, 1_000, None), end]);
        assert_eq!(chart.at, [10_000, 20_005]);
        assert!(chart.series[0].values[1].is_some_and(|rate| (104.0..106.0).contains(&rate)), "{:?}", chart.series);
    }

    #[test]
    fn nothing_measured_is_an_empty_chart() {
        assert!(drawn(&[]).at.is_empty());
    }
}
