//! What a host decides at run time that a machine may have more of.

mod common;

use std::sync::{Arc, Mutex};

use common::{add, error_of, for_each_strategy, module};
use wasm_dispatch::{
    Demand, ErrorKind, Imports, Limiter, Limits, SizeLimits, Snapshot, SnapshotError, Strategy, TableType, ValType,
    Value, Vm,
};

const PAGE: u64 = 65536;

/// Records what it is asked, and allows this many bytes for all memories together.
#[derive(Default)]
struct Ledger {
    demands: Vec<Demand>,
    failed: Vec<Demand>,
    bytes: u64,
    most: u64,
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Ledger>>);

impl Limiter for Shared {
    fn allow(&mut self, demand: Demand) -> bool {
        let mut ledger = self.0.lock().unwrap();
        ledger.demands.push(demand);
        if let Demand::Memory { from, to } = demand {
            let bytes = ledger.bytes - from + to;
            if bytes > ledger.most {
                return false;
            }
            ledger.bytes = bytes;
        }
        true
    }

    fn failed(&mut self, demand: Demand) {
        let mut ledger = self.0.lock().unwrap();
        ledger.failed.push(demand);
        if let Demand::Memory { from, to } = demand {
            ledger.bytes = ledger.bytes + from - to;
        }
    }
}

fn machine(strategy: Strategy, pages: u64) -> (Vm, Shared) {
    let shared = Shared::default();
    shared.0.lock().unwrap().most = pages * PAGE;
    let limits = Limits::default().memory_pages(100).table_elements(1000);
    let vm = Vm::options()
        .strategy(strategy)
        .limits(limits)
        .limiter(shared.clone())
        .build(());
    (vm, shared)
}

const GROWS: &str = r#"(module
    (memory (export "memory") 1 50)
    (table (export "table") 3 funcref)
    (func (export "memory.grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "table.grow") (param i32) (result i32) (table.grow (ref.null func) (local.get 0))))"#;

fn grow(vm: &mut Vm, instance: wasm_dispatch::Instance, name: &str, delta: i32) -> i32 {
    match vm.call(instance, name, &[Value::I32(delta)]).unwrap()[..] {
        [Value::I32(old)] => old,
        ref other => panic!("{other:?}"),
    }
}

#[test]
fn a_limiter_is_asked_before_anything_is_made_or_grows() {
    for_each_strategy(|strategy| {
        let (mut vm, shared) = machine(strategy, 10);
        let instance = add(&mut vm, GROWS, &Imports::new());
        assert_eq!(grow(&mut vm, instance, "memory.grow", 4), 1);
        assert_eq!(grow(&mut vm, instance, "table.grow", 7), 3);
        let memory = vm.exported_memory(instance, "memory").unwrap();
        assert_eq!(vm.grow_memory(memory, 2).unwrap(), 5);
        let table = vm.exported_table(instance, "table").unwrap();
        assert_eq!(vm.grow_table(table, 1, Value::FuncRef(None)).unwrap(), 10);
        let demands = std::mem::take(&mut shared.0.lock().unwrap().demands);
        let wanted = [
            Demand::Instance { existing: 0 },
            Demand::Memory { from: 0, to: PAGE },
            Demand::Table { from: 0, to: 3 },
            Demand::Memory {
                from: PAGE,
                to: 5 * PAGE,
            },
            Demand::Table { from: 3, to: 10 },
            Demand::Memory {
                from: 5 * PAGE,
                to: 7 * PAGE,
            },
            Demand::Table { from: 10, to: 11 },
        ];
        assert_eq!(demands, wanted);
        assert_eq!(shared.0.lock().unwrap().failed, []);
    });
}

#[test]
fn it_is_not_asked_for_what_the_limits_refuse() {
    for_each_strategy(|strategy| {
        let (mut vm, shared) = machine(strategy, 1000);
        let instance = add(&mut vm, GROWS, &Imports::new());
        shared.0.lock().unwrap().demands.clear();
        assert_eq!(grow(&mut vm, instance, "memory.grow", 50), -1);
        assert_eq!(grow(&mut vm, instance, "memory.grow", -1), -1);
        assert_eq!(grow(&mut vm, instance, "table.grow", 998), -1);
        let memory = vm.exported_memory(instance, "memory").unwrap();
        let error = error_of(vm.grow_memory(memory, 50));
        assert!(matches!(error.kind(), ErrorKind::Limit { limit: 50, .. }), "{error}");
        let size = SizeLimits { min: 101, max: None };
        assert!(matches!(
            error_of(vm.new_memory(size)).kind(),
            ErrorKind::Limit { limit: 100, .. }
        ));
        assert_eq!(shared.0.lock().unwrap().demands, []);
    });
}

#[test]
fn what_it_refuses_fails_and_changes_nothing() {
    for_each_strategy(|strategy| {
        let (mut vm, shared) = machine(strategy, 3);
        let instance = add(&mut vm, GROWS, &Imports::new());
        assert_eq!(grow(&mut vm, instance, "memory.grow", 3), -1);
        assert_eq!(grow(&mut vm, instance, "memory.grow", 1), 1);
        let memory = vm.exported_memory(instance, "memory").unwrap();
        let error = error_of(vm.grow_memory(memory, 2));
        assert!(matches!(error.kind(), ErrorKind::Refused(_)), "{error}");
        assert_eq!(vm.memory(memory).unwrap().len() as u64, 2 * PAGE);
        let size = SizeLimits { min: 2, max: None };
        assert!(matches!(error_of(vm.new_memory(size)).kind(), ErrorKind::Refused(_)));
        let module = module("(module (memory 2))");
        let error = error_of(vm.instantiate(&module, &Imports::new()));
        assert_eq!(error.to_string(), "the host's limiter refused a memory");
        // The instance that was not made is reported as well.
        assert_eq!(shared.0.lock().unwrap().failed, [Demand::Instance { existing: 1 }]);
        assert_eq!(vm.instances().len(), 1);
        assert_eq!(shared.0.lock().unwrap().bytes, 2 * PAGE);
    });
}

#[test]
fn a_closure_counts_instances_and_tables() {
    for_each_strategy(|strategy| {
        let mut tables = 0;
        let limiter = move |demand: Demand| match demand {
            Demand::Instance { existing } => existing < 2,
            Demand::Table { from: 0, .. } => {
                tables += 1;
                tables <= 3
            }
            Demand::Table { to, .. } => to <= 5,
            _ => true,
        };
        let mut vm = Vm::options().strategy(strategy).limiter(limiter).build(());
        let first = add(&mut vm, GROWS, &Imports::new());
        add(&mut vm, GROWS, &Imports::new());
        let error = error_of(vm.instantiate(&module(GROWS), &Imports::new()));
        assert_eq!(error.to_string(), "the host's limiter refused an instance");
        assert_eq!(grow(&mut vm, first, "table.grow", 3), -1);
        assert_eq!(grow(&mut vm, first, "table.grow", 2), 3);
        let ty = TableType::new(ValType::FuncRef, SizeLimits { min: 1, max: None });
        vm.new_table(ty).unwrap();
        assert!(matches!(error_of(vm.new_table(ty)).kind(), ErrorKind::Refused(_)));
        vm.set_limiter(None);
        vm.new_table(ty).unwrap();
    });
}

#[test]
fn a_limiter_that_panics_refuses() {
    for_each_strategy(|strategy| {
        let mut vm = Vm::options().strategy(strategy).build(());
        let instance = add(&mut vm, GROWS, &Imports::new());
        vm.set_limiter(Some(Box::new(|_: Demand| -> bool { panic!("the limiter fails") })));
        assert_eq!(grow(&mut vm, instance, "memory.grow", 1), -1);
        assert_eq!(grow(&mut vm, instance, "table.grow", 1), -1);
        let error = error_of(vm.instantiate(&module(GROWS), &Imports::new()));
        assert!(matches!(error.kind(), ErrorKind::Refused(_)), "{error}");
        vm.set_limiter(None);
        assert_eq!(grow(&mut vm, instance, "memory.grow", 1), 1);
    });
}

#[test]
fn a_restored_snapshot_is_asked_for_too() {
    for_each_strategy(|strategy| {
        let (mut saved, _) = machine(strategy, 20);
        let instance = add(&mut saved, GROWS, &Imports::new());
        grow(&mut saved, instance, "memory.grow", 9);
        grow(&mut saved, instance, "table.grow", 9);
        let snapshot: Snapshot = saved.snapshot().unwrap();
        let (mut vm, shared) = machine(strategy, 5);
        let instance = vm.prepare(&module(GROWS), &Imports::new()).unwrap();
        let error = error_of(vm.restore(&snapshot));
        assert!(
            matches!(error.kind(), ErrorKind::Snapshot(SnapshotError::Limit(_))),
            "{error}"
        );
        assert_eq!(shared.0.lock().unwrap().bytes, PAGE);
        shared.0.lock().unwrap().most = 10 * PAGE;
        vm.restore(&snapshot).unwrap();
        assert_eq!(shared.0.lock().unwrap().bytes, 10 * PAGE);
        assert_eq!(grow(&mut vm, instance, "memory.grow", 1), -1);
    });
}

#[test]
fn what_was_made_for_an_instance_that_there_is_not_is_given_back() {
    for_each_strategy(|strategy| {
        let (mut vm, shared) = machine(strategy, 10);
        // The second table is larger than the limit.
        let module = module("(module (memory 6) (table 5 funcref) (table 2000 funcref))");
        for _ in 0..3 {
            let error = error_of(vm.instantiate(&module, &Imports::new()));
            assert!(matches!(error.kind(), ErrorKind::Limit { limit: 1000, .. }), "{error}");
            let mut ledger = shared.0.lock().unwrap();
            let failed = [
                Demand::Instance { existing: 0 },
                Demand::Memory { from: 0, to: 6 * PAGE },
                Demand::Table { from: 0, to: 5 },
            ];
            assert_eq!((std::mem::take(&mut ledger.failed), ledger.bytes), (failed.to_vec(), 0));
        }
    });
}
