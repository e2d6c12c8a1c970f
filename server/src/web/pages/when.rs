//! Times as people say them.

use jiff::{SignedDuration, Timestamp};

/// A time for a page: `3 weeks ago`, with the exact time behind it.
pub(super) struct When {
    /// RFC 3339, for machines.
    pub(super) exact: String,
    /// `2026-08-17 09:30 UTC`, for the tooltip.
    pub(super) full: String,
    /// `2026-08-17`, where the day itself is what one looks for.
    pub(super) day: String,
    /// `3 weeks ago`.
    pub(super) ago: String,
}

impl When {
    /// A time as seen from `now`.
    pub(super) fn new(at: Timestamp, now: Timestamp) -> Self {
        Self {
            exact: at.to_string(),
            full: at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
            day: at.strftime("%Y-%m-%d").to_string(),
            ago: ago(now.duration_since(at)),
        }
    }
}

fn ago(since: SignedDuration) -> String {
    let minutes = since.as_secs() / 60;
    let (count, unit) = match minutes {
        ..0 => return "in the future".to_owned(),
        0 => return "just now".to_owned(),
        1..60 => (minutes, "minute"),
        60..2_880 => (minutes / 60, "hour"),
        2_880..20_160 => (minutes / 1_440, "day"),
        20_160..120_960 => (minutes / 10_080, "week"),
        120_960..1_051_200 => (minutes / 43_800, "month"),
        _ => (minutes / 525_600, "year"),
    };
    format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_in_the_largest_unit_that_still_tells() {
        for (minutes, expected) in [
            (0, "just now"),
            (1, "1 minute ago"),
            (59, "59 minutes ago"),
            (60, "1 hour ago"),
            (47 * 60, "47 hours ago"),
            (48 * 60, "2 days ago"),
            (15 * 1_440, "2 weeks ago"),
            (90 * 1_440, "2 months ago"),
            (800 * 1_440, "2 years ago"),
        ] {
            assert_eq!(ago(SignedDuration::from_mins(minutes)), expected);
        }
        assert_eq!(ago(SignedDuration::from_secs(-90)), "in the future");
    }
}
