//! What a cost model is made of: counts that can be checked by hand, and kernels.

use std::collections::BTreeMap;

use wasm_dispatch::ir::code::BlockId;
use wasm_dispatch::{Module, Strategy};
use wasm_dispatch_engines::{Engine, Entrant, Size};
use wasm_dispatch_measure::cost::executed;
use wasm_dispatch_measure::cost::work::BlockWork;
use wasm_dispatch_measure::generated::straight::{STATEMENTS, TIGHT, kernel};
use wasm_dispatch_record::cost::{Executed, Kernel, Work};
use wasm_dispatch_workloads::{Workload, sha256_hex};

/// A workload of this module, whose `run` gives `expect`.
fn workload(wat: &str, args: &str, expect: &str) -> (tempfile::TempDir, Workload) {
    let folder = tempfile::tempdir().unwrap();
    let run = format!("args = [{args}]\nexpect = [{expect}]");
    let manifest = format!(
        "name = \"made\"\nclass = \"own\"\ndescription = \"x\"\nsource = \"x\"\nlicence = \"MIT\"\nmodule = \"made.wat\"\n\
         sha256 = \"{}\"\nentry = \"run\"\nexpected_from = \"x\"\n[quick]\n{run}\n[full]\n{run}\n",
        sha256_hex(wat.as_bytes())
    );
    std::fs::write(folder.path().join("made.wat"), wat).unwrap();
    std::fs::write(folder.path().join("made.toml"), manifest).unwrap();
    let workload = Workload::load(folder.path().join("made.toml")).unwrap();
    (folder, workload)
}

fn count(wat: &str, args: &str, expect: &str) -> Executed {
    let (_folder, workload) = workload(wat, args, expect);
    executed(&workload, Size::Quick, &Entrant::all().collect::<Vec<_>>(), None).unwrap()
}

/// How much more a thousand turns of a loop execute than none but the first.
fn of_a_turn(loop_body: &str) -> (BTreeMap<String, f64>, BTreeMap<Work, f64>) {
    let wat = format!(
        r#"(module (memory 1) (func (export "run") (param $n i32) (result i32) (local $a i32) (local $b i32) (local $f f64)
            (loop $next
                {loop_body}
                (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                (br_if $next (local.get $n)))
            (i32.const 7)))"#
    );
    let (few, many) = (
        count(&wat, "\"i32:1\"", "\"i32:7\""),
        count(&wat, "\"i32:1001\"", "\"i32:7\""),
    );
    let per_turn = |few: u64, many: u64| (many - few) as f64 / 1000.0;
    (
        (few.dispatches.iter())
            .map(|(name, &few)| (name.clone(), per_turn(few, many.dispatches[name])))
            .collect(),
        (few.work.iter())
            .map(|(&work, &few)| (work, per_turn(few, many.work[&work])))
            .filter(|(_, times)| *times > 0.0)
            .collect(),
    )
}

#[test]
fn dispatches_of_a_loop_are_those_that_one_counts_by_hand() {
    // n = n - 1; branch: the loop alone.
    let (empty, work) = of_a_turn("");
    // local.get, const, sub, local.set, local.get, br_if
    assert_eq!(empty["stack_loop"], 6.0);
    // sub, branch
    for name in ["match_loop", "closure_per_op", "linked_closures", "fused_closures"] {
        assert_eq!(empty[name], 2.0, "{name}");
    }
    assert!((1.0..=2.0).contains(&empty["threaded"]), "{}", empty["threaded"]);
    assert_eq!(work, BTreeMap::from([(Work::Integer, 1.0), (Work::Branch, 1.0)]));

    // a = load(load(b)): two instructions; or a link with a closure within.
    let (loads, work) = of_a_turn("(local.set $a (i32.load (i32.load (local.get $b))))");
    let more = |name: &str| loads[name] - empty[name];
    assert_eq!(more("stack_loop"), 4.0);
    for name in ["match_loop", "closure_per_op", "linked_closures"] {
        assert_eq!(more(name), 2.0, "{name}");
    }
    assert_eq!(more("fused_closures"), 2.0);
    assert_eq!(work[&Work::Memory], 2.0);

    // a = (a + b) & 255: two instructions, one closure.
    let (pair, _) = of_a_turn("(local.set $a (i32.and (i32.add (local.get $a) (local.get $b)) (i32.const 255)))");
    let more = |name: &str| pair[name] - empty[name];
    assert_eq!(more("match_loop"), 2.0);
    assert_eq!(more("linked_closures"), 2.0);
    assert_eq!(more("fused_closures"), 1.0);
    assert!(more("threaded") <= 2.0);
}

#[test]
fn work_is_of_the_kind_that_it_is() {
    let (_, work) = of_a_turn(
        "(local.set $f (f64.add (f64.convert_i32_s (i32.div_u (local.get $n) (i32.const 3))) (f64.sqrt (local.get $f))))
         (i32.store (i32.const 8) (local.get $n))
         (memory.fill (i32.const 0) (i32.const 1) (i32.const 2))",
    );
    // The loop's own subtraction is the only other operation on integers.
    assert_eq!(work[&Work::Integer], 2.0);
    assert_eq!(work[&Work::Float], 3.0);
    assert_eq!(work[&Work::Memory], 1.0);
    assert_eq!(work[&Work::Rare], 1.0);

    let (_, work) = of_a_turn(
        "(v128.store (i32.const 16)
            (f32x4.add (i32x4.splat (local.get $n)) (i8x16.swizzle (v128.load (i32.const 32)) (v128.const i64x2 1 2))))",
    );
    assert_eq!(work[&Work::Vector], 3.0);
    assert_eq!(work[&Work::Memory], 2.0);
    assert!(!work.contains_key(&Work::Float) && !work.contains_key(&Work::Host));
}

#[test]
fn calls_of_the_host_are_a_kind_of_their_own_and_those_of_other_instances_are_calls() {
    for (name, host, calls) in [("host_clock", 40_000, 0..100), ("between_library", 0, 40_000..50_000)] {
        let workloads = wasm_dispatch_workloads::all().unwrap();
        let workload = workloads.iter().find(|workload| workload.name() == name).unwrap();
        let counted = executed(workload, Size::Quick, &[], None).unwrap();
        assert!(
            (host..host + 10).contains(&counted.work[&Work::Host]),
            "{name}: {:?}",
            counted.work
        );
        assert!(calls.contains(&counted.work[&Work::Call]), "{name}: {:?}", counted.work);
    }
}

#[test]
fn a_while_loop_whose_test_is_copied_costs_fused_closures_no_jump() {
    // A jump to the test at the top, which fused_closures ends the body with a copy of.
    let wat = r#"(module (func (export "run") (param $n i32) (result i32) (local $a i32)
        (block $done (loop $next
            (br_if $done (i32.eqz (local.get $n)))
            (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            (local.set $a (i32.add (local.get $a) (i32.const 3)))
            (br $next)))
        (local.get $a)))"#;
    let (few, many) = (
        count(wat, "\"i32:0\"", "\"i32:0\""),
        count(wat, "\"i32:1000\"", "\"i32:3000\""),
    );
    let of_a_turn = |name: &str| (many.dispatches[name] - few.dispatches[name]) as f64 / 1000.0;
    assert_eq!(of_a_turn("linked_closures"), 4.0);
    assert_eq!(of_a_turn("match_loop"), 4.0);
    assert_eq!(of_a_turn("fused_closures"), 3.0);
}

#[test]
fn every_strategy_tells_for_every_block_of_every_workload() {
    for workload in wasm_dispatch_workloads::all().unwrap() {
        let module = Module::new(&workload.wasm().unwrap()).unwrap();
        for function in module.functions().take(60) {
            let Some(body) = function.body() else { continue };
            let blocks = |strategy: Strategy| strategy.dispatches(body);
            let flat = blocks(Strategy::MatchLoop);
            // A select of two constants takes match_loop one more, everything else is an instruction each.
            let closures = blocks(Strategy::ClosurePerOp);
            assert!(
                flat.iter().zip(&closures).all(|(flat, closures)| flat >= closures),
                "{}",
                workload.name()
            );
            for &strategy in Strategy::ALL {
                let dispatches = blocks(strategy);
                assert_eq!(dispatches.len(), body.blocks.len(), "{strategy}, {}", workload.name());
                for (block, &of_block) in (0..).zip(&dispatches) {
                    let nodes = BlockWork::of(body, block as BlockId).nodes;
                    // A block of statements takes at least one, and none takes more than operations, leaves and moves.
                    assert!(
                        u64::from(of_block) <= 4 * nodes + 2,
                        "{strategy}: {of_block} for {nodes} nodes"
                    );
                }
            }
        }
    }
}

#[test]
fn kernels_give_what_they_should_and_differ_in_nothing_but_order() {
    let folder = tempfile::tempdir().unwrap();
    let mut counts = Vec::new();
    for which in Kernel::ALL {
        let program = kernel(which, 10 * STATEMENTS as u64);
        let workload = program.write(folder.path()).unwrap();
        for &strategy in Strategy::ALL {
            let mut prepared = Entrant::from(strategy)
                .engine()
                .prepare(&workload, &program.wasm)
                .unwrap();
            prepared.run(workload.quick()).unwrap();
        }
        counts.push(executed(&workload, Size::Quick, &Entrant::all().collect::<Vec<_>>(), Some(which)).unwrap());
    }
    let [tight, null, straight, shuffled] = &counts[..] else {
        panic!("four kernels")
    };
    assert_eq!((straight.nodes, &straight.work), (shuffled.nodes, &shuffled.work));
    for name in [
        "stack_loop",
        "match_loop",
        "closure_per_op",
        "linked_closures",
        "fused_closures",
    ] {
        assert_eq!(straight.dispatches[name], shuffled.dispatches[name], "{name}");
    }
    // Nothing is optimised away: each of the moves is a dispatch where every statement is one. (Chains have a link more
    // for every 64.)
    let statements = 10 * STATEMENTS as u64;
    for name in ["match_loop", "closure_per_op", "linked_closures", "fused_closures"] {
        let dispatches = null.dispatches[name];
        assert!(
            (statements..statements * 103 / 100).contains(&dispatches),
            "{name}: {dispatches}"
        );
    }
    // It does next to nothing but dispatch; the tight loop also has its counter and branch.
    assert!(null.work.values().sum::<u64>() < statements / 50);
    assert!(tight.work.values().sum::<u64>() <= statements / TIGHT as u64 * 2 + 20);
}
