//! Points in time as people read them.

use super::Kind;

/// Name of a run that started at `started`: UTC date, time and kind, so that names sort by age.
pub(super) fn run_id(started: u64, kind: Kind) -> String {
    let (year, month, day) = date(started / 86_400);
    let seconds = started % 86_400;
    format!(
        "{year:04}{month:02}{day:02}-{:02}{:02}{:02}-{}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        kind.name()
    )
}

/// Point in time as `2026-01-02 03:04:05 UTC`.
pub fn timestamp(seconds: u64) -> String {
    let (year, month, day) = date(seconds / 86_400);
    let rest = seconds % 86_400;
    format!(
        "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02} UTC",
        rest / 3600,
        rest / 60 % 60,
        rest % 60
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
mod tests {
    use super::*;

    #[test]
    fn a_run_is_named_after_its_utc_time() {
        assert_eq!(run_id(0, Kind::Quick), "19700101-000000-quick");
        assert_eq!(run_id(1_709_251_199, Kind::Full), "20240229-235959-full");
        assert_eq!(timestamp(1_767_323_045), "2026-01-02 03:04:05 UTC");
        assert_eq!(timestamp(1_798_761_599), "2026-12-31 23:59:59 UTC");
    }
}
