//! Numbers as people read them.

/// A time in the unit that fits, with three digits: `12.3 ms`.
pub fn time(nanoseconds: f64) -> String {
    let larger = scaled(nanoseconds, ["s", "ms", "µs"]);
    larger.unwrap_or_else(|| format!("{} ns", three_digits(nanoseconds)))
}

/// A size in the unit that fits, with three digits: `12.3 KB`, of 1000 bytes each.
pub fn bytes(bytes: f64) -> String {
    scaled(bytes, ["GB", "MB", "KB"]).unwrap_or_else(|| format!("{bytes:.0} B"))
}

/// A number of things: `1 process`, `2 processes`.
pub fn number(count: usize, of: &str) -> String {
    let plural = match (count, of.ends_with('s')) {
        (1, _) => "",
        (_, true) => "es",
        (_, false) => "s",
    };
    format!("{count} {of}{plural}")
}

/// In the largest of units of a billion, a million and a thousand that it reaches.
fn scaled(value: f64, names: [&str; 3]) -> Option<String> {
    let units = [1e9, 1e6, 1e3].into_iter().zip(names);
    // 0.9995 instead of 1: what would be rounded to 1000 of a unit is shown as 1 of the next.
    let (unit, name) = units.into_iter().find(|(unit, _)| value >= unit * 0.9995)?;
    Some(format!("{} {name}", three_digits(value / unit)))
}

/// A positive number with three digits: `1.23`, `12.3`, `123`; one that two places do not show with the digits it has: `0.0042`.
pub fn three_digits(value: f64) -> String {
    if value > 0.0 && value < 0.00995 {
        count(value)
    } else if value < 9.995 {
        format!("{value:.2}")
    } else if value < 99.95 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    }
}

/// A count of something that may be far below or above one: `0.0012`, `45`, `1.2 million`.
pub fn count(value: f64) -> String {
    if value >= 999_500.0 {
        format!("{} million", three_digits(value / 1e6))
    } else if value >= 9.995 {
        format!("{value:.0}")
    } else if value >= 0.1 {
        let text = format!("{value:.2}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else if value > 0.0 {
        let digits = (1.0 - value.log10().floor()).clamp(1.0, 12.0) as usize;
        let text = format!("{value:.digits$}");
        text.trim_end_matches('0').to_owned()
    } else {
        "0".to_owned()
    }
}

#[cfg(test)]
#[path = "../tests/unit/units.rs"]
mod tests;
