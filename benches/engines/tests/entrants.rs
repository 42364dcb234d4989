//! Strategies from outside this repository, next to ours.

use wasm_dispatch::machine::reference::Reference;
use wasm_dispatch_engines::{Engine, Entrant};

/// One test, because a process is opened once.
#[test]
fn a_strategy_from_outside_is_an_entrant_like_ours_and_runs_workloads() {
    assert!(!Entrant::some_are_from_outside());
    let reference = Entrant::of::<Reference>();
    let twice = Entrant::open_to(&[reference, reference]).unwrap_err();
    assert!(twice.contains("'reference'"), "{twice}");
    let taken = Entrant::open_to(&[Entrant::default()]).unwrap_err();
    assert!(taken.contains(Entrant::default().name), "{taken}");
    Entrant::open_to(&[reference]).unwrap();
    assert!(Entrant::open_to(&[]).is_err());
    assert!(Entrant::some_are_from_outside());

    let found = Entrant::named("reference").unwrap();
    assert_eq!(Entrant::all().last().unwrap().name, found.name);
    let workloads = wasm_dispatch_workloads::all().unwrap();
    let workload = workloads.iter().find(|workload| workload.name() == "fib_tail").unwrap();
    let wasm = workload.wasm().unwrap();
    let mut prepared = found.engine().prepare(workload, &wasm).unwrap();
    prepared.run(workload.count().unwrap()).unwrap();
}

#[test]
fn a_strategy_with_metering_has_a_name_of_its_own() {
    use wasm_dispatch_engines::{Engine, Ours};
    for name in ["match_loop", "match_loop+Fuel", "match_loop+Interrupts"] {
        assert_eq!(Ours::named(name).unwrap().name(), name);
    }
    assert!(Ours::named("match_loop+Gas").is_none() && Ours::named("nobody+Fuel").is_none());
}

#[cfg(feature = "stencils")]
#[test]
fn a_control_experiment_names_its_strategy_and_runs_workloads() {
    let control = Entrant::all().find(|entrant| entrant.control_of.is_some()).unwrap();
    let of = Entrant::named(control.control_of.unwrap()).unwrap();
    assert!(control.makes_code && !of.makes_code);
    let workloads = wasm_dispatch_workloads::all().unwrap();
    let workload = workloads.iter().find(|workload| workload.name() == "sort").unwrap();
    let wasm = workload.wasm().unwrap();
    let mut prepared = control.engine().prepare(workload, &wasm).unwrap();
    prepared.run(workload.quick()).unwrap();
}

#[cfg(feature = "stencils")]
#[test]
fn a_machine_with_tiers_is_an_entrant_that_runs_workloads_with_and_without_fuel() {
    let workloads = wasm_dispatch_workloads::all().unwrap();
    let workload = workloads.iter().find(|workload| workload.name() == "sort").unwrap();
    let wasm = workload.wasm().unwrap();
    for name in ["tiered", "tiered+Fuel"] {
        let engine = wasm_dispatch_engines::Ours::named(name).unwrap();
        let cold = engine.cold(workload, &wasm, workload.quick()).unwrap();
        assert!(cold.is_some());
        engine.prepare(workload, &wasm).unwrap().run(workload.quick()).unwrap();
    }
    let entrant = Entrant::named("tiered").unwrap();
    let mut vm = entrant.vm(wasm_dispatch::Limits::default());
    assert_eq!(vm.strategy_name(), Entrant::default().name);
    let module = wasm_dispatch::Module::options().metering(wasm_dispatch::Metering::Interrupts);
    let module = module.compile(&wasm).unwrap();
    let instance = vm.instantiate(&module, &wasm_dispatch::Imports::new()).unwrap();
    let arguments: Vec<_> = workload
        .quick()
        .args
        .iter()
        .map(|&value| wasm_dispatch_engines::values::to_value(value))
        .collect();
    vm.call(instance, workload.entry(), &arguments).unwrap();
    assert!(Entrant::named(vm.strategy_name()).unwrap().makes_code);
}
