//! How deep the queue was in the last 24 hours.

use super::{render, show};
use crate::{
    app::App,
    console::{
        chart::{Chart, Line, Series},
        display,
        live::{Topic, nothing_shown},
        problem::Problem,
        viewer::Right,
    },
};
use muster_store::{
    now_ms,
    queue_samples::{self, QueueSample, STEP_MS},
};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// What one point is about: the worst of ten half minutes, so that a day has as many points as can be told apart.
const POINT_MS: i64 = 10 * STEP_MS;

/// The table, as it grows.
pub(in crate::console) static CHART: Topic = Topic {
    name: "depth",
    right: Right::Look,
    every: 15,
    shown: nothing_shown,
    render: |live| Box::pin(async move { render(&of(&live.app).await?) }),
};

/// The chart of the installation's queue of operations.
///
/// # Errors
/// When the database fails.
pub(super) async fn of(app: &App) -> Result<Chart, Problem> {
    let from = (now_ms() - DAY_MS).div_euclid(POINT_MS) * POINT_MS;
    Ok(drawn(&app.read(queue_samples::since(&app.store, from)).await?))
}

fn drawn(samples: &[QueueSample]) -> Chart {
    let mut points: Vec<Option<QueueSample>> = Vec::new();
    let mut at: Vec<i64> = Vec::new();
    for part in samples.chunk_by(|one, next| one.at_ms.div_euclid(POINT_MS) == next.at_ms.div_euclid(POINT_MS)) {
        let Some(worst) = part.iter().copied().reduce(QueueSample::worse) else { continue };
        let moment = worst.at_ms.div_euclid(POINT_MS) * POINT_MS;
        if let Some(last) = at.last().copied().filter(|last| moment - last > POINT_MS) {
            // No worker looked: a line over that would say that somebody did.
            at.push(last + POINT_MS);
            points.push(None);
        }
        at.push(moment);
        points.push(Some(worst));
    }
    let values = |of: fn(&QueueSample) -> f64| points.iter().map(|point| point.as_ref().map(of)).collect();
    Chart {
        caption: caption(samples),
        series: vec![
            Series { name: "Messages, at most", line: Line::Area, values: values(|sample| sample.depth as f64) },
            Series { name: "Oldest, seconds", line: Line::Alarm, values: values(|sample| sample.oldest_ms as f64 / 1000.0) },
        ],
        notes: points.iter().map(|point| if point.is_some() { String::new() } else { "No worker looked".to_owned() }).collect(),
        noted: "Remarks",
        at,
    }
}

/// The sentence with the numbers.
fn caption(samples: &[QueueSample]) -> String {
    let Some(worst) = samples.iter().copied().reduce(QueueSample::worse) else {
        return "No worker has looked at the queue in the last 24 hours.".to_owned();
    };
    if worst.depth == 0 {
        return "Nothing was seen waiting in the last 24 hours.".to_owned();
    }
    format!(
        "At most {} not done in the last 24 hours; the oldest had waited for {}.",
        match worst.depth {
            1 => "1 message was".to_owned(),
            many => format!("{} messages were", display::number(many)),
        },
        show::length(worst.oldest_ms)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_the_worst_of_its_time_and_a_gap_is_a_gap() {
        let sample = |at_ms, depth, oldest_ms| QueueSample { at_ms, depth, oldest_ms };
        let chart = drawn(&[sample(0, 5, 200), sample(STEP_MS, 2, 4_000), sample(3 * POINT_MS, 0, 0)]);
        assert_eq!(chart.at, [0, POINT_MS, 3 * POINT_MS]);
        assert_eq!(chart.series[0].values, [Some(5.0), None, Some(0.0)]);
        assert_eq!(chart.series[1].values, [Some(4.0), None, Some(0.0)]);
        assert_eq!(chart.notes, ["", "No worker looked", ""]);
        assert_eq!(chart.caption, "At most 5 messages were not done in the last 24 hours; the oldest had waited for 4.0 s.");
        assert!(drawn(&[]).at.is_empty());
        assert_eq!(drawn(&[sample(0, 0, 0)]).caption, "Nothing was seen waiting in the last 24 hours.");
    }
}
