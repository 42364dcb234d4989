//! Made programs do what their makers say, under every strategy.

use wasm_dispatch::Strategy;
use wasm_dispatch_engines::{Engine, Entrant};
use wasm_dispatch_measure::generated::{Generated, code, depth, memory};
use wasm_dispatch_measure::growth::{program, values};
use wasm_dispatch_record::growth::Axis;

/// Runs a program under a strategy, verified.
fn run(program: &Generated, strategy: Strategy) -> Result<(), String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let workload = program.write(folder.path()).expect("a good manifest");
    let mut prepared = Entrant::from(strategy).engine().prepare(&workload, &program.wasm)?;
    prepared.run(workload.quick()).map(|_| ())
}

#[test]
fn every_strategy_computes_what_the_makers_say() {
    for program in [
        code::code("a", 1000, 1000, 5000),
        code::code("b", 20_000, 600, 5000),
        depth::depth("c", 1, 1000),
        depth::depth("d", 3000, 1000),
        memory::memory("e", 1 << 16, 1, 4000, 4000),
        memory::memory("f", 100, 7, 200, 4000),
    ] {
        for &strategy in Strategy::ALL {
            assert_eq!(run(&program, strategy), Ok(()), "{} under {strategy}", program.name);
        }
    }
}

#[test]
fn a_wrong_expectation_is_found_out_in_every_call() {
    let mut program = memory::memory("e", 4096, 3, 100, 2000);
    assert!(program.calls > 3);
    assert_eq!(run(&program, Strategy::MatchLoop), Ok(()));
    program.expect = vec!["i64:5".parse().unwrap()];
    let error = run(&program, Strategy::MatchLoop).unwrap_err();
    assert!(error.contains("expected"), "{error}");
    assert!(program.instructions().is_err());
}

#[test]
fn code_has_the_size_that_is_asked_for_and_only_the_hot_part_runs() {
    for bytes in [1 << 10, 1 << 14, 1 << 17] {
        let hot = code::code("a", bytes, bytes, 1);
        let size = hot.wasm.len() as f64 / bytes as f64;
        assert!((0.9..1.2).contains(&size), "{bytes}: {}", hot.wasm.len());
        let cold = code::code("b", bytes, 1 << 10, 1);
        assert!(cold.wasm.len() as u64 > bytes * 9 / 10);
        // One round each: all of the code, or the same small part of it.
        let (hot, cold) = (hot.instructions().unwrap(), cold.instructions().unwrap());
        assert!(hot > bytes / 4, "{hot} instructions in {bytes} bytes");
        assert!((250..600).contains(&cold), "{cold} instructions in 1 KB");
    }
}

#[test]
fn about_as_many_instructions_run_as_were_asked_for_wherever_on_an_axis() {
    for axis in Axis::ALL {
        for value in [1, 64] {
            let value = value * values(axis, false)[0];
            let asked = 200_000;
            let program = program(axis, value, asked);
            let share = program.instructions().unwrap() as f64 / asked as f64;
            assert!(
                (0.7..1.4).contains(&share),
                "{}: {share} of what was asked for",
                program.name
            );
        }
    }
}

#[test]
fn frames_lie_as_deep_as_they_should() {
    use wasm_dispatch::{Imports, Limits, Module, Value, Vm};
    let program = depth::depth("d", 100, 1);
    let call = |limit: usize| {
        let mut vm = Vm::with(Strategy::MatchLoop, Limits::default().call_depth(limit));
        let module = Module::new(&program.wasm).unwrap();
        let instance = vm.instantiate(&module, &Imports::new()).unwrap();
        vm.call(instance, "run", &[Value::I32(1)])
    };
    // Beside the function itself, there is the one that calls it.
    let enough = (50..150).find(|&limit| call(limit).is_ok());
    assert!(enough.is_some_and(|limit| (99..=101).contains(&limit)), "{enough:?}");
}

#[test]
fn values_grow_and_the_full_run_goes_farther() {
    for axis in Axis::ALL {
        let (quick, full) = (values(axis, false), values(axis, true));
        for values in [&quick, &full] {
            assert!(
                values.len() >= 4 && values.windows(2).all(|pair| pair[0] < pair[1]),
                "{values:?}"
            );
        }
        assert!(full.len() > quick.len() && full.last() >= quick.last() && full[0] == quick[0]);
    }
    // From 1 KB to 10 MB.
    assert_eq!(values(Axis::HotCode, true).last(), Some(&10_000_000));
}
