//! The history of a migration as a burn-up chart: how many boards were seen, had
//! begun and were migrated, day by day.

use std::fmt::Write as _;

use jiff::civil::Date;

use crate::web::migration::Day;

/// The size of the picture, in pixels.
const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 250.0;
/// Room for the numbers at the left and the days below.
const LEFT: f64 = 60.0;
const BELOW: f64 = 42.0;
const ABOVE: f64 = 18.0;

/// The chart, laid out.
pub(super) struct Chart {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) lines: Vec<Line>,
    /// Heights with their numbers.
    pub(super) marks: Vec<(f64, usize)>,
    /// The first day and the last one, which is today.
    pub(super) first: String,
    pub(super) last: String,
    pub(super) left: f64,
    pub(super) bottom: f64,
}

/// One count over time, as a path of steps.
pub(super) struct Line {
    pub(super) class: &'static str,
    pub(super) label: &'static str,
    /// How it is drawn, for the legend.
    pub(super) sign: &'static str,
    pub(super) path: String,
}

impl Chart {
    /// The chart of some days, and of how it stayed until `today`; `None` where there
    /// are too few to see anything.
    pub(super) fn of(days: &[Day], boards: usize, today: Date) -> Option<Self> {
        let (first, last) = (days.first()?, days.last()?);
        if days.len() < 2 {
            return None;
        }
        // A commit may claim to be made tomorrow.
        let today = today.max(last.date);
        let most = boards.max(1);
        let number = |day: Date| f64::from((day - first.date).get_days());
        let span = number(today).max(1.0);
        let bottom = HEIGHT - BELOW;
        let x = |day: &Day| LEFT + (WIDTH - LEFT) * number(day.date) / span;
        #[expect(clippy::cast_precision_loss, reason = "there are not 2^52 boards")]
        let y = |count: usize| bottom - (bottom - ABOVE) * count as f64 / most as f64;
        let line = |class, sign, label, count: fn(&Day) -> usize| {
            let mut path = String::new();
            for day in days {
                let (x, y) = (x(day), y(count(day)));
                // Writing to a String cannot fail.
                let _ = match path.as_str() {
                    "" => write!(path, "M{x:.1} {y:.1}"),
                    _ => write!(path, "H{x:.1}V{y:.1}"),
                };
            }
            let _ = write!(path, "H{WIDTH:.1}");
            Line { class, label, sign, path }
        };
        Some(Self {
            width: WIDTH,
            height: HEIGHT,
            lines: vec![
                line("seen", "┅", "built", |day| day.seen),
                line("begun", "╌", "some registered", |day| day.begun),
                line("migrated", "━", "nothing left to register", |day| day.migrated),
            ],
            marks: vec![(y(0), 0), (y(most / 2), most / 2), (y(most), most)],
            first: first.date.to_string(),
            last: today.to_string(),
            left: LEFT,
            bottom,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: &str, seen: usize, begun: usize, migrated: usize) -> Day {
        Day { date: day.parse().unwrap(), seen, begun, migrated }
    }

    #[test]
    fn a_count_is_a_line_of_steps_from_the_first_day_until_today() {
        let days = [day("2026-01-01", 2, 0, 0), day("2026-01-11", 4, 2, 1)];
        let chart = Chart::of(&days, 4, "2026-01-21".parse().unwrap()).unwrap();
        let paths: Vec<&str> = chart.lines.iter().map(|line| line.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "M60.0 113.0H510.0V18.0H960.0",
                "M60.0 208.0H510.0V113.0H960.0",
                "M60.0 208.0H510.0V160.5H960.0"
            ]
        );
        assert_eq!(chart.marks, [(208.0, 0), (113.0, 2), (18.0, 4)]);
        assert_eq!((chart.first.as_str(), chart.last.as_str()), ("2026-01-01", "2026-01-21"));
    }

    #[test]
    fn one_day_is_no_history() {
        let today: Date = "2026-01-21".parse().unwrap();
        assert!(Chart::of(&[], 4, today).is_none());
        assert!(Chart::of(&[day("2026-01-01", 2, 0, 0)], 4, today).is_none());
    }
}
