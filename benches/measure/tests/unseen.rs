//! The programs in `benches/unseen` give what a native build gives, under every strategy.

use std::path::Path;

use wasm_dispatch_engines::{Engine, Entrant};
use wasm_dispatch_workloads::load_dir;

#[test]
fn unseen_programs_give_the_native_result_under_every_strategy() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../unseen");
    let programs = load_dir(&folder).unwrap();
    assert_eq!(programs.len(), 10);
    for program in &programs {
        let wasm = program.wasm().unwrap();
        for engine in Entrant::all().map(Entrant::engine) {
            let ran = engine
                .prepare(program, &wasm)
                .and_then(|mut prepared| prepared.run(program.quick()));
            if let Err(error) = ran {
                panic!("{} under {}: {error}", program.name(), engine.name());
            }
        }
    }
}

#[test]
fn none_of_them_is_a_workload() {
    let workloads = wasm_dispatch_workloads::all().unwrap();
    assert!(workloads.iter().all(|workload| !workload.name().starts_with("unseen_")));
}
