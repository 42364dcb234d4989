//! Points in time as people read them.

use super::Kind;

/// Name of a run that started at `started`: UTC date, time and kind, so that names sort by age.
pub(super) fn run_id(started: u64, kind: Kind) -> String {
    let digits = timestamp(started).replace(['-', ':'], "");
    format!("{}-{}", digits.trim_end_matches(" UTC").replace(' ', "-"), kind.name())
}

/// Point in time as `2026-01-02 03:04:05 UTC`.
pub fn timestamp(seconds: u64) -> String {
    let (year, month, day) = date(seconds / 86_400);
    let (hours, minutes) = (seconds / 3600 % 24, seconds / 60 % 60);
    format!(
        "{year:04}-{month:02}-{day:02} {hours:02}:{minutes:02}:{:02} UTC",
        seconds % 60
    )
}

/// Year, month and day of a day counted from 1970-01-01, by the Gregorian calendar (`civil_from_days` of Howard Hinnant's
/// *chrono-compatible low-level date algorithms*: years begin in March, so that the leap day is the last).
fn date(days: u64) -> (u64, u64, u64) {
    let (era, day) = ((days + 719_468) / 146_097, (days + 719_468) % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    match month < 10 {
        true => (400 * era + year, month + 3, day),
        false => (400 * era + year + 1, month - 9, day),
    }
}

#[cfg(test)]
#[path = "../../tests/unit/time.rs"]
mod tests;
