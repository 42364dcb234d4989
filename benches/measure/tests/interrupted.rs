//! A run that dies leaves a record that can be drawn.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Duration;

use wasm_dispatch_measure::interleave::{Loaded, Plan, measure};
use wasm_dispatch_measure::{Engine, Prepared, Size, Timing};
use wasm_dispatch_report::record::{self, Kind, Run as Header, Writer};
use wasm_dispatch_report::{Error, record_decision, report};
use wasm_dispatch_workloads::{Run, Workload, all};

/// Takes as long as it says, until all engines together have run `lives` times; naps in its last `naps` lives.
struct Mortal {
    name: &'static str,
    time: Duration,
    lives: Rc<Cell<u32>>,
    naps: u32,
}

impl Engine for Mortal {
    fn name(&self) -> &str {
        self.name
    }

    fn prepare(&self, _: &Workload, _: &[u8]) -> Result<Box<dyn Prepared>, String> {
        Ok(Box::new(Alive {
            time: self.time,
            lives: self.lives.clone(),
            naps: self.naps,
        }))
    }
}

struct Alive {
    time: Duration,
    lives: Rc<Cell<u32>>,
    naps: u32,
}

impl Prepared for Alive {
    fn run(&mut self, _: &Run) -> Result<Timing, String> {
        let left = self.lives.get().checked_sub(1).expect("the process is killed here");
        self.lives.set(left);
        if left < self.naps {
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(Timing {
            wall: self.time,
            cpu: self.time,
        })
    }
}

fn plan(budget: Duration) -> Plan {
    Plan {
        size: Size::Quick,
        budget,
        min_blocks: 6,
        max_blocks: 10,
        seed: 1,
    }
}

fn engines(lives: u32, naps: u32) -> [Mortal; 2] {
    let lives = Rc::new(Cell::new(lives));
    [("fast", 1), ("slow", 2)].map(|(name, milliseconds)| Mortal {
        name,
        time: Duration::from_millis(milliseconds),
        lives: lives.clone(),
        naps,
    })
}

#[test]
fn a_run_that_dies_can_be_drawn_and_decides_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let workloads = all().unwrap();
    let loaded: Vec<Loaded<'_>> = workloads[..3].iter().map(|workload| (workload, Vec::new())).collect();
    // A warm-up block and six more of 3 x 2 runs, and half of the next.
    let engines = engines(7 * 6 + 3, 0);
    let engines: Vec<&dyn Engine> = engines.iter().map(|engine| engine as &dyn Engine).collect();
    let mut writer = Writer::create(&run, &Header::start(Kind::Quick)).unwrap();
    let died = catch_unwind(AssertUnwindSafe(|| {
        measure(&engines, &loaded, plan(Duration::from_secs(60)), &mut writer)
    }));
    assert!(died.is_err());

    let recording = record::read(&run).unwrap();
    assert_eq!((recording.blocks(), recording.cut_short()), (6, Some(10)));
    assert_eq!(recording.samples.len(), 6 * 6);
    let drawn = report(&run, &run).unwrap();
    assert_eq!(drawn.summary.recommendation.clone().unwrap().best, "fast");
    assert!(
        drawn.text().contains("interrupted after 6 of 10 blocks"),
        "{}",
        drawn.text()
    );
    assert!(drawn.page.is_file());
    let error = record_decision(&run, folder.path(), false).unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error}");
}

/// Blocks measured in a run that has time for them, if those after the warm-up take 10 ms each.
fn blocks_within(budget: Duration, max_blocks: u32) -> u32 {
    let folder = tempfile::tempdir().unwrap();
    let workloads = all().unwrap();
    let loaded: Vec<Loaded<'_>> = vec![(&workloads[0], Vec::new())];
    let engines = engines(1_000, 998);
    let engines: Vec<&dyn Engine> = engines[..1].iter().map(|engine| engine as &dyn Engine).collect();
    let mut writer = Writer::create(folder.path(), &Header::start(Kind::Quick)).unwrap();
    let plan = Plan {
        max_blocks,
        ..plan(budget)
    };
    let blocks = measure(&engines, &loaded, plan, &mut writer).unwrap();
    let recording = record::read(folder.path()).unwrap();
    assert_eq!((recording.blocks(), recording.cut_short()), (blocks, None));
    assert!(recording.warnings.is_empty(), "{:?}", recording.warnings);
    blocks
}

/// The warm-up block takes no time here, which promises far too many blocks.
#[test]
fn a_run_ends_when_its_time_is_over_and_is_complete_then() {
    assert_eq!(blocks_within(Duration::ZERO, 1_000), 6);
    let blocks = blocks_within(Duration::from_millis(300), 900);
    assert!((7..=40).contains(&blocks), "{blocks}");
    assert_eq!(blocks_within(Duration::from_secs(60), 12), 12);
}
