//! The operations of a day, half an hour a point.

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
use muster_domain::AccountId;
use muster_store::{
    log::{self, Stretch},
    now_ms,
};

const HALF_HOUR_MS: i64 = 30 * 60 * 1000;
const STRETCHES: i64 = 48;

/// The table, as it grows.
pub(in crate::console) static CHART: Topic = Topic {
    name: "day",
    right: Right::Look,
    every: 15,
    shown: nothing_shown,
    render: |live| Box::pin(async move { render(&of(&live.app, live.account).await?) }),
};

/// The chart of an account's last 24 hours.
///
/// # Errors
/// When the database fails.
pub(super) async fn of(app: &App, account: AccountId) -> Result<Chart, Problem> {
    Ok(drawn(&app.read(log::history(&app.store, account, HALF_HOUR_MS, STRETCHES, now_ms())).await?))
}

fn drawn(stretches: &[Stretch]) -> Chart {
    let values = |of: fn(&Stretch) -> i64| stretches.iter().map(|stretch| Some(of(stretch) as f64)).collect();
    Chart {
        caption: caption(stretches),
        at: stretches.iter().map(|stretch| stretch.from_ms).collect(),
        series: vec![
            Series { name: "Operations", line: Line::Area, values: values(|stretch| stretch.operations) },
            Series { name: "Failed", line: Line::Alarm, values: values(|stretch| stretch.failed) },
        ],
        ..Chart::default()
    }
}

/// The sentence with the numbers.
fn caption(stretches: &[Stretch]) -> String {
    let (all, failed) = stretches.iter().fold((0, 0), |(all, failed), stretch| (all + stretch.operations, failed + stretch.failed));
    let Some(most) = stretches.iter().max_by_key(|stretch| stretch.operations).filter(|most| most.operations > 0) else {
        return "No operation came in the last 24 hours.".to_owned();
    };
    let failed = match failed {
        0 => "none failed".to_owned(),
        some => format!("{} failed", display::number(some)),
    };
    format!(
        "{} in the last 24 hours, {failed}. Most came in the half hour from {}: {}.",
        show::plural(all, "operation", "operations"),
        show::When(most.from_ms).text(),
        display::number(most.operations)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_says_how_many_failed_and_when_most_came() {
        let stretch = |n: i64, operations, failed| Stretch { from_ms: n * HALF_HOUR_MS, operations, failed };
        let chart = drawn(&[stretch(0, 5, 0), stretch(1, 1_200, 3), stretch(2, 0, 0)]);
        assert_eq!(chart.at, [0, HALF_HOUR_MS, 2 * HALF_HOUR_MS]);
        assert_eq!(chart.series[1].values, [Some(0.0), Some(3.0), Some(0.0)]);
        let said = "1\u{202f}205 operations in the last 24 hours, 3 failed. Most came in the half hour from 1 Jan 1970, 00:30";
        assert!(chart.caption.starts_with(said) && chart.caption.ends_with(": 1\u{202f}200."), "{}", chart.caption);
        assert_eq!(drawn(&[stretch(0, 0, 0)]).caption, "No operation came in the last 24 hours.");
        assert!(drawn(&[stretch(0, 1, 0)]).caption.contains("1 operation in the last 24 hours, none failed."));
    }
}
