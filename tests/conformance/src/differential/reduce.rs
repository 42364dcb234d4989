//! Makes a failing module smaller, line by line.

use std::time::{Duration, Instant};

/// What a range of lines is replaced by: nothing, or something that keeps the types right.
const REPLACEMENTS: [&str; 8] = [
    "",
    "drop",
    "i32.const 0",
    "i64.const 0",
    "f32.const 0",
    "f64.const 0",
    "i32.const 1",
    "unreachable",
];

/// Removes and simplifies lines for so long as the rest still fails, until nothing more can go or the time is up.
///
/// Each line holds one instruction, so most attempts are invalid modules; `fails` must be false for those.
pub fn reduce(text: &str, patience: Duration, mut fails: impl FnMut(&str) -> bool) -> String {
    let until = Instant::now() + patience;
    let mut lines: Vec<String> = text.lines().map(ToString::to_string).collect();
    loop {
        let before = lines.clone();
        let mut size = lines.len().next_power_of_two() / 2;
        while size > 0 {
            let mut start = 0;
            while start < lines.len() {
                if Instant::now() >= until {
                    return lines.join("\n");
                }
                let end = (start + size).min(lines.len());
                match smaller(&lines, start..end, &mut fails) {
                    Some(fewer) => lines = fewer,
                    None => start += size.div_ceil(2),
                }
            }
            size /= 2;
        }
        if lines == before {
            return lines.join("\n");
        }
    }
}

fn smaller(
    lines: &[String],
    range: std::ops::Range<usize>,
    fails: &mut impl FnMut(&str) -> bool,
) -> Option<Vec<String>> {
    for replacement in REPLACEMENTS {
        if lines[range.clone()] == [replacement] {
            return None;
        }
        let middle = (!replacement.is_empty()).then(|| replacement.to_string());
        let attempt: Vec<String> = (lines[..range.start].iter().cloned())
            .chain(middle)
            .chain(lines[range.end..].iter().cloned())
            .collect();
        if fails(&attempt.join("\n")) {
            return Some(attempt);
        }
    }
    None
}
