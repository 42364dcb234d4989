//! regex_log INPUT ROUNDS: looks for several patterns in a server's log, and replaces one.

use regex::Regex;
use support::{check, number, text, Checksum};

const PATTERNS: [&str; 5] = [
    r"(?m)^(\d{1,3}(?:\.\d{1,3}){3}) .*?\[([^\]]+)\]",
    r#""(GET|POST) (/[^ ?"]*)(?:\?([^ "]*))? HTTP/1\.[01]" (\d{3}) (\d+)"#,
    r"(?i)mozilla/\d\.\d \(([^;)]+)",
    r"[a-z0-9._]+@[a-z0-9]+(?:\.[a-z]{2,4})+",
    r"(?:error|timeout|refused): \w+ (?:after|by) [^,\n]+",
];

fn main() {
    let (input, rounds) = (text(1), number(2));
    let mut checksum = Checksum::default();
    for _ in 0..rounds {
        // Compiling the patterns is part of the work, as it is in most programs that use some.
        for pattern in PATTERNS {
            let regex = check(pattern, Regex::new(pattern));
            let mut count = 0;
            for captures in regex.captures_iter(&input) {
                count += 1;
                for group in captures.iter().flatten() {
                    checksum.number(group.start() as u64);
                    checksum.number(group.end() as u64);
                }
            }
            checksum.number(count);
        }
        let addresses = check("addresses", Regex::new(r"(\d+)\.(\d+)\.\d+\.\d+"));
        checksum.add(addresses.replace_all(&input, "$2.$1.x.x").as_bytes());
    }
    checksum.print("regex_log");
}
