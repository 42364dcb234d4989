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

/// Year, month and day of a day counted from 1970-01-01, by the Gregorian calendar.
fn date(mut days: u64) -> (u64, u64, u64) {
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let mut year = 1970;
    loop {
        let length = if leap(year) { 366 } else { 365 };
        // The bound keeps a nonsense clock from spinning here for ever.
        if days < length || year >= 9999 {
            break;
        }
        days -= length;
        year += 1;
    }
    let february = if leap(year) { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

#[cfg(test)]
#[path = "../../tests/unit/time.rs"]
mod tests;
