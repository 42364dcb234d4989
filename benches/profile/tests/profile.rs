//! Counts are those that one counts by hand, and those of a program's parts add up to its own.

mod common;

use common::module;
use wasm_dispatch::{Imports, Limits, Value, Vm};
use wasm_dispatch_engines::Entrant;
use wasm_dispatch_measure::tally::{Tally, during};
use wasm_dispatch_profile::profile::Options;
use wasm_dispatch_profile::{Profile, Program};

fn ran(turns: i32) -> Program {
    let module = module();
    let (results, counted) = during(|| {
        let mut vm = Vm::with_backend::<Tally>(Limits::default());
        let instance = vm.instantiate(&module, &Imports::new()).unwrap();
        vm.call(instance, "run", &[Value::I32(turns)]).unwrap()
    });
    assert_eq!(results, [Value::I32(3 * turns * (turns + 1) / 2)]);
    Program::new("made", &module, &counted)
}

fn profile(turns: i32) -> Profile {
    Profile::of(&[ran(turns)], Options::default())
}

#[test]
fn functions_are_recognised_and_blocks_counted() {
    let program = ran(10);
    // What was not called was not compiled.
    let called: Vec<(u32, Option<&str>)> = (program.functions.iter())
        .map(|function| (function.index, function.name.as_deref()))
        .collect();
    assert_eq!(called, [(0, Some("leaf")), (1, Some("run"))]);
    assert_eq!(program.functions[0].runs, [10]);
}

#[test]
fn a_turn_of_a_loop_adds_what_stands_in_it() {
    let (few, many) = (profile(10), profile(110));
    let count = |profile: &Profile, table: &str, shape: &str| {
        let table = profile.tables.iter().find(|known| known.name == table).unwrap();
        let row = table.rows.iter().find(|row| row.shape == shape);
        row.map_or(0.0, |row| row.percent)
    };
    for operation in ["i32.mul", "i32.add", "i32.store", "call", "branch"] {
        assert!(
            count(&few, "operations", operation) > 0.0,
            "{operation}: {:#?}",
            few.tables[0]
        );
    }
    // All of them happen once a turn.
    let share = count(&many, "operations", "i32.mul");
    for operation in ["i32.store", "call", "branch"] {
        assert_eq!(count(&many, "operations", operation), share, "{operation}");
    }
    // To subtract a constant is lowered to adding another.
    assert_eq!(count(&many, "operations", "i32.add"), 2.0 * share);
    let nodes = |profile: &Profile, name: &str| {
        let hot = profile.functions.iter().find(|hot| hot.name.as_deref() == Some(name));
        hot.unwrap().nodes
    };
    assert_eq!(nodes(&many, "leaf") * 10, nodes(&few, "leaf") * 110);
    assert!(nodes(&many, "run") > nodes(&few, "run"));
}

#[test]
fn parts_add_up_to_the_whole() {
    let program = ran(100);
    let profile = Profile::of(&[program], Options { top: 1000, depth: 2 });
    let totals = &profile.programs[0];
    assert_eq!(totals.nodes, profile.functions.iter().map(|hot| hot.nodes).sum::<u64>());
    assert_eq!(totals.nodes, profile.blocks.iter().map(|hot| hot.nodes).sum::<u64>());
    assert_eq!(totals.blocks, profile.blocks.iter().map(|hot| hot.runs).sum::<u64>());
    assert!((profile.blocks.iter().map(|hot| hot.percent).sum::<f64>() - 100.0).abs() < 1e-9);
    for table in &profile.tables {
        let shares: f64 = table.rows.iter().map(|row| row.percent).sum();
        assert!((shares - 100.0).abs() < 1e-6, "{}: {shares}", table.name);
    }
}

#[test]
fn dispatches_are_those_of_the_blocks_times_their_runs() {
    let program = ran(1000);
    let by_hand: Vec<u64> = Entrant::all()
        .map(|strategy| {
            let functions = program.functions.iter();
            let counts =
                functions.flat_map(|function| strategy.dispatches(function.body()).into_iter().zip(&function.runs));
            counts.map(|(once, runs)| u64::from(once) * runs).sum()
        })
        .collect();
    let profile = Profile::of(&[program], Options::default());
    assert_eq!(profile.programs[0].dispatches, by_hand);
    let of = |name: &str| {
        profile
            .dispatches
            .iter()
            .find(|row| row.strategy == name)
            .unwrap()
            .dispatches
    };
    assert!(of("threaded") < of("match_loop") && of("match_loop") < of("stack_loop"));
}

#[test]
fn each_program_counts_the_same() {
    let (short, long) = (ran(10), ran(10_000));
    let alone = [&short, &long].map(|program| {
        let one = Program::new("x", &module(), &[]);
        assert!(one.functions.is_empty());
        program
            .functions
            .iter()
            .map(|function| function.runs.iter().sum::<u64>())
            .sum::<u64>()
    });
    assert!(alone[0] * 100 < alone[1]);
    let both = Profile::of(&[short, long], Options::default());
    let (few, many) = (profile(10), profile(10_000));
    let share = |profile: &Profile| {
        let rows = &profile.tables[0].rows;
        rows.iter().find(|row| row.shape == "i32.mul").unwrap().percent
    };
    assert!((share(&both) - (share(&few) + share(&many)) / 2.0).abs() < 1e-9);
    assert!(both.text().contains("2 programs: made, made"));
}

#[test]
fn a_machine_that_ran_nothing_has_an_empty_profile() {
    let profile = Profile::of(&[Program::new("nothing", &module(), &[])], Options::default());
    assert_eq!(profile.programs[0].nodes, 0);
    assert!(profile.functions.is_empty() && profile.blocks.is_empty());
    assert!(profile.text().starts_with("nothing: 0 blocks"));
}
