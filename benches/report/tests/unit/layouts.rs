use std::path::PathBuf;

use super::*;
use crate::record::{Kind, Layout, Phase, Run, Sample};
use crate::summary::collect::Grid;

/// A loop that takes 20 % longer where it begins in the middle of a line, and one that does not mind.
#[test]
fn what_an_address_does_is_told_from_what_it_does_not() {
    let run = Run::start(Kind::Full);
    let mut recording = Recording::empty(PathBuf::from("samples.jsonl"), run);
    for layout in 0..24_u64 {
        let offset = 16 * (layout % 4);
        let hot = ["loop", "steady"].map(|name| (name.to_owned(), 0x1000 * layout + offset));
        recording.layouts.push(Layout {
            layout: Some(layout),
            binary: layout.to_string(),
            hot: hot.into_iter().collect(),
        });
        let noise = 1.0 + 0.001 * ((layout * 7 % 5) as f64 - 2.0);
        for (strategy, time) in [
            ("steady", 1e6),
            ("loop", 2e6 * noise * if offset == 32 { 1.2 } else { 1.0 }),
            ("other", 3e6 * noise),
        ] {
            for process in 0..2 {
                let number = Some(layout as u32 * 2 + process);
                recording.samples.push(Sample {
                    workload: "w".to_owned(),
                    class: "c".to_owned(),
                    strategy: strategy.to_owned(),
                    phase: Phase::Execute,
                    iterations: 1,
                    nanoseconds: time as u64,
                    cpu_nanoseconds: None,
                    block: number,
                    layout: Some(layout),
                    process: number,
                    verified: true,
                });
            }
        }
    }
    let grid = Grid::new(&recording);
    let found = explained(&recording, &Ranking::new(&grid));
    let of = |name: &str| found.iter().find(|of| of.strategy == name).unwrap();
    assert!(of("loop").r_squared > 0.95, "{found:?}");
    assert_eq!(of("loop").states.len(), 4);
    assert!(
        of("loop").states[2].2 > 1.1 && of("loop").states[0].2 < 1.0,
        "{found:?}"
    );
    assert!(
        found.iter().all(|of| of.strategy != "other"),
        "where it lies is not known"
    );
    // Too few layouts explain nothing.
    recording.layouts.truncate(23);
    let grid = Grid::new(&recording);
    assert_eq!(explained(&recording, &Ranking::new(&grid)), []);
}
