//! Strategies by name and by type, and what modules tell about themselves.

mod common;

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use common::{add, call_i32, error_of, for_each_strategy, module, wasm};
use wasm_dispatch::ir::code::FunctionBody;
use wasm_dispatch::machine::backend::{Backend, Exit, Listing, Program};
use wasm_dispatch::machine::host::Host;
use wasm_dispatch::machine::reference::Reference;
use wasm_dispatch::machine::state::Machine;
use wasm_dispatch::{ErrorKind, Imports, Limits, Module, Strategy, Value, Vm};
use wasmparser::{Parser, Payload};

#[test]
fn the_default_is_the_first_strategy_and_one_without_unsafe_code_is_always_there() {
    assert_eq!(Strategy::default(), Strategy::ALL[0]);
    assert!(Strategy::best_safe().is_safe());
    let before = Strategy::ALL
        .iter()
        .take_while(|&&strategy| strategy != Strategy::best_safe());
    assert!(before.into_iter().all(|strategy| !strategy.is_safe()));
}

#[test]
fn strategies_say_what_they_are_each_in_its_own_words() {
    for told in [Strategy::name, Strategy::term, Strategy::idea] {
        let texts: BTreeSet<&str> = Strategy::ALL.iter().map(|&strategy| told(strategy)).collect();
        assert_eq!(texts.len(), Strategy::ALL.len(), "{texts:?}");
        assert!(texts.iter().all(|text| !text.is_empty() && !text.contains('\n')));
    }
}

#[test]
fn a_listing_has_the_lines_of_each_block_and_their_dispatches() {
    let module = module(COUNTER);
    for_each_strategy(|strategy| {
        let bodies = module.functions().filter_map(|function| function.body());
        let mut lines = 0;
        for body in bodies {
            let listing = strategy.listing(body);
            assert_eq!(listing.len(), body.blocks.len());
            let sums = listing
                .iter()
                .map(|lines| lines.iter().map(|line| line.dispatches).sum::<u32>());
            assert_eq!(sums.collect::<Vec<_>>(), strategy.dispatches(body));
            for line in listing.iter().flatten() {
                assert!(!line.text().is_empty());
                assert_eq!(line.is_super(), line.parts.len() > 1);
                lines += 1;
            }
        }
        assert!(lines > 10, "{lines}");
    });
}

#[test]
fn a_strategys_name_reads_back_as_the_strategy() {
    for_each_strategy(|strategy| {
        assert_eq!(strategy.to_string(), strategy.name());
        assert_eq!(strategy.name().parse::<Strategy>().unwrap(), strategy);
        assert_eq!(Vm::with(strategy, Limits::default()).strategy_name(), strategy.name());
    });
    assert_eq!(Vm::new().strategy_name(), Strategy::default().name());
}

#[test]
fn an_unknown_strategy_is_an_error_that_repeats_the_name() {
    let known = Strategy::default().name();
    for name in ["", &known.to_uppercase(), &format!("{known} "), "jit"] {
        let error = error_of(name.parse::<Strategy>());
        assert!(matches!(error.kind(), ErrorKind::UnknownStrategy(found) if found == name));
    }
    let error = error_of("jit".parse::<Strategy>());
    assert_eq!(error.to_string(), r#"no strategy is called "jit" in this build"#);
}

const COUNTER: &str = r#"(module
    (global $n (mut i32) (i32.const 0))
    (func (export "next") (result i32)
        (global.set $n (i32.add (global.get $n) (i32.const 1)))
        (global.get $n))
    (func (export "fib") (param i32) (result i32) (call $fib (local.get 0)))
    (func $fib (param i32) (result i32)
        (if (result i32) (i32.lt_s (local.get 0) (i32.const 2))
            (then (local.get 0))
            (else (i32.add
                (call $fib (i32.sub (local.get 0) (i32.const 1)))
                (call $fib (i32.sub (local.get 0) (i32.const 2))))))))"#;

#[test]
fn a_strategy_of_ones_own_is_chosen_by_its_type() {
    let module = module(COUNTER);
    let run = |mut vm: Vm| {
        let instance = vm.instantiate(&module, &Imports::new()).unwrap();
        (vm.strategy_name(), vm.call(instance, "fib", &[Value::I32(15)]).unwrap())
    };
    let by_type = run(Vm::with_backend::<Reference>(Limits::default()));
    assert_eq!(by_type, (Reference::NAME, vec![Value::I32(610)]));
}

/// A strategy that no system can run.
struct Refused;

impl Backend for Refused {
    const NAME: &'static str = "refused";
    const TERM: &'static str = Reference::TERM;
    const IDEA: &'static str = Reference::IDEA;
    const SAFE: bool = true;
    type Code = <Reference as Backend>::Code;

    fn refusal() -> Option<&'static str> {
        Some("the moon is not full")
    }

    fn compile(body: &FunctionBody) -> Self::Code {
        Reference::compile(body)
    }

    fn listing(body: &FunctionBody) -> Listing {
        Reference::listing(body)
    }

    fn code_bytes(code: &Self::Code) -> usize {
        Reference::code_bytes(code)
    }

    fn run(_: &Program<Self>, _: &mut Machine, _: &mut dyn Host) -> Exit {
        panic!("it must not run");
    }
}

#[test]
fn a_strategy_that_cannot_run_here_is_refused_with_its_reason() {
    let mut vm = Vm::with_backend::<Refused>(Limits::default());
    let error = error_of(vm.instantiate(&module(COUNTER), &Imports::new()));
    let expected = "the strategy \"refused\" cannot run here: the moon is not full";
    assert_eq!(error.to_string(), expected);
    let ErrorKind::StrategyRefuses { strategy, reason } = error.kind() else {
        panic!("{error:?}");
    };
    assert_eq!((*strategy, *reason), ("refused", "the moon is not full"));
}

#[test]
fn every_strategy_of_this_build_runs_here() {
    for_each_strategy(|strategy| assert_eq!(strategy.refusal(), None));
}

#[test]
fn compiled_code_is_shared_by_machines_and_state_is_not() {
    for_each_strategy(|strategy| {
        let module = module(COUNTER);
        let bytes = module.compile(strategy);
        assert!(bytes > 0);
        let mut one = common::vm(strategy);
        let mut two = common::vm(strategy);
        let first = one.instantiate(&module, &Imports::new()).unwrap();
        let second = two.instantiate(&module.clone(), &Imports::new()).unwrap();
        assert_eq!(call_i32(&mut one, first, "next"), 1);
        assert_eq!(call_i32(&mut one, first, "next"), 2);
        assert_eq!(call_i32(&mut two, second, "next"), 1);
        // Nothing was compiled a second time.
        assert_eq!(module.compile(strategy), bytes);
    });
}

#[test]
fn machines_in_several_threads_run_one_module() {
    for_each_strategy(|strategy| {
        let module = module(COUNTER);
        std::thread::scope(|scope| {
            let run = || {
                let mut vm = common::vm(strategy);
                let instance = vm.instantiate(&module, &Imports::new()).unwrap();
                vm.call(instance, "fib", &[Value::I32(12)]).unwrap()
            };
            let threads = (0..4).map(|_| scope.spawn(run)).collect::<Vec<_>>();
            for thread in threads {
                assert_eq!(thread.join().unwrap(), [Value::I32(144)]);
            }
        });
    });
}

#[test]
fn machines_of_different_strategies_run_one_module() {
    let module = module(COUNTER);
    for_each_strategy(|strategy| {
        let mut vm = common::vm(strategy);
        let instance = vm.instantiate(&module, &Imports::new()).unwrap();
        assert_eq!(call_i32(&mut vm, instance, "next"), 1);
        assert_eq!(vm.call(instance, "fib", &[Value::I32(10)]).unwrap(), [Value::I32(55)]);
    });
}

const EVERYTHING: &str = r#"(module $named
    (import "m" "f" (func $imported))
    (import "m" "g" (global $g i32))
    (memory (export "memory") 1)
    (table 3 funcref)
    (global (mut i64) (i64.const 1))
    (global f32 (f32.const 2))
    (elem (i32.const 1) $imported $one)
    START
    (func $one (export "one") (result i32) (i32.const 1))
    (func $two (drop (call $one)))
    (func $three nop)
    DATA)"#;

fn everything(start: &str, data: &str) -> Vec<u8> {
    wasm(&EVERYTHING.replace("START", start).replace("DATA", data))
}

#[test]
fn meta_counts_what_the_module_has() {
    let bytes = everything("", "");
    let module = Module::new(&bytes).unwrap();
    let meta = module.meta();
    assert_eq!(meta.version, 1);
    assert_eq!(meta.total_size, bytes.len());
    assert_eq!((meta.functions, meta.globals), (4, 3));
    let names = module
        .functions()
        .map(|f| (f.index(), f.name(), f.body().is_some()))
        .collect::<Vec<_>>();
    let wanted = [
        (0, Some("imported"), false),
        (1, Some("one"), true),
        (2, Some("two"), true),
        (3, Some("three"), true),
    ];
    assert_eq!(names, wanted);
    assert_eq!(
        module.function(1).map(|f| f.ty().to_string()).as_deref(),
        Some("() -> (i32)")
    );
    assert!(module.function(4).is_none());
    let imports = module
        .imports()
        .map(|import| format!("{}.{}: {}", import.module, import.name, import.ty));
    assert_eq!(
        imports.collect::<Vec<_>>(),
        ["m.f: function () -> ()", "m.g: i32 global"]
    );
    let exports = module.exports().map(|export| format!("{}: {}", export.name, export.ty));
    assert_eq!(
        exports.collect::<Vec<_>>(),
        ["memory: memory of 1 pages", "one: function () -> (i32)"]
    );
}

/// Where the last byte that instantiation needs ends: of all sections but custom ones and the code section, and of the
/// start function's body. Computed from the sections alone.
fn needed(bytes: &[u8], start_body: Option<usize>) -> u64 {
    let mut end = 0;
    let mut body = 0;
    for payload in Parser::new(0).parse_all(bytes) {
        let section = match payload.expect("a module") {
            Payload::CustomSection(_) | Payload::CodeSectionStart { .. } | Payload::End(_) => continue,
            Payload::CodeSectionEntry(function) => {
                body += 1;
                if start_body == Some(body - 1) {
                    end = end.max(function.range().end);
                }
                continue;
            }
            Payload::Version { range, .. } | Payload::StartSection { range, .. } => range,
            Payload::DataCountSection { range, .. } => range,
            Payload::TypeSection(reader) => reader.range(),
            Payload::ImportSection(reader) => reader.range(),
            Payload::FunctionSection(reader) => reader.range(),
            Payload::TableSection(reader) => reader.range(),
            Payload::MemorySection(reader) => reader.range(),
            Payload::GlobalSection(reader) => reader.range(),
            Payload::ExportSection(reader) => reader.range(),
            Payload::ElementSection(reader) => reader.range(),
            Payload::DataSection(reader) => reader.range(),
            other => panic!("another section: {other:?}"),
        };
        end = end.max(section.end);
    }
    end
}

#[test]
fn the_smallest_size_to_start_covers_all_that_instantiation_needs() {
    let data = r#"(data (i32.const 5) "abc") (data "passive")"#;
    for (start, start_body) in [
        ("", None),
        ("(start $imported)", None),
        ("(start $two)", Some(1)),
        ("(start $three)", Some(2)),
    ] {
        for data in ["", data] {
            let bytes = everything(start, data);
            let min = Module::new(&bytes).unwrap().meta().min_size_to_start;
            if data.is_empty() {
                // There is a memory, and nothing says that no data will come.
                assert_eq!(min, bytes.len(), "{start}");
            } else {
                assert_eq!(min, needed(&bytes, start_body) as usize, "{start}");
                assert!(min < bytes.len());
            }
            // What follows does not matter: the bytes up to there instantiate the same way.
            if !data.is_empty() {
                let head = Module::new(&bytes[..min]).unwrap();
                assert_eq!(head.meta().functions, 4);
                let mut imports = Imports::new();
                let mut vm = Vm::new();
                let g = vm.new_global(Value::I32(1), false).unwrap();
                imports.func("m", "f", || ()).define("m", "g", g);
                let instance = vm.instantiate(&head, &imports).unwrap();
                let memory = vm.exported_memory(instance, "memory").unwrap();
                assert_eq!(vm.memory(memory).unwrap()[5..8], *b"abc");
            }
        }
    }
}

#[test]
fn a_module_without_code_and_data_needs_all_its_sections() {
    for text in [
        "(module)",
        "(module (memory 1))",
        r#"(module (import "m" "f" (func)) (table 1 funcref) (elem (i32.const 0) 0))"#,
    ] {
        let bytes = wasm(text);
        let min = Module::new(&bytes).unwrap().meta().min_size_to_start;
        assert!(needed(&bytes, None) as usize <= min && min <= bytes.len(), "{text}");
    }
}

#[test]
fn an_instance_added_later_runs_under_the_same_strategy() {
    for_each_strategy(|strategy| {
        let mut vm = common::vm(strategy);
        for _ in 0..3 {
            let instance = add(&mut vm, COUNTER, &Imports::new());
            assert_eq!(call_i32(&mut vm, instance, "next"), 1);
        }
        assert_eq!(vm.strategy_name(), strategy.name());
    });
}

#[test]
fn compiling_on_several_threads_gives_the_same_code() {
    let mut text = String::from("(module");
    for number in 0..200 {
        text += &format!(
            "(func (export \"f{number}\") (param i32) (result i32) (i32.add (local.get 0) (i32.const {number})))"
        );
    }
    let bytes = wasm(&(text + ")"));
    for_each_strategy(|strategy| {
        let alone = Module::new(&bytes).unwrap().compile(strategy);
        for threads in [1, 2, 7, 1000] {
            let module = Module::new(&bytes).unwrap();
            let threads = NonZeroUsize::new(threads).unwrap();
            assert_eq!(module.compile_on_threads(strategy, threads), alone);
            let mut vm = common::vm(strategy);
            let instance = vm.instantiate(&module, &Imports::new()).unwrap();
            for number in [0, 99, 199] {
                let results = vm.call(instance, &format!("f{number}"), &[Value::I32(1000)]).unwrap();
                assert_eq!(results, [Value::I32(1000 + number)]);
            }
        }
    });
}
