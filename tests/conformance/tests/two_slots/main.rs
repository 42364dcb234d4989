//! Values of two slots: whatever counts slots must count them right, between and beside values of one slot.
//!
//! Those are vectors, which are only moved here. So this shows what lies around operations: lowering, the verifier, the
//! borders of calls, globals, snapshots.

#![forbid(unsafe_code)]

mod twins;

use wasm_dispatch::ir::code::vector::VectorNode;
use wasm_dispatch::ir::code::{FunctionBody, Node, Statement};
use wasm_dispatch::ir::types::slots;
use wasm_dispatch::ir::verify::verify;
use wasm_dispatch::{Caller, ErrorKind, FuncType, Imports, Limits, Module, Strategy, ValType, Value, Vm};
use wasm_dispatch_conformance::mode::{Mode, Runner};
use wasm_dispatch_conformance::random::setting;

use twins::Twins;

use Value::{F64, I32, I64, V128};

const A: u128 = 0x0123_4567_89AB_CDEF_1122_3344_5566_7788;
const B: u128 = 0xFEDC_BA98_7654_3210_99AA_BBCC_DDEE_FF00;

fn module(text: &str, mode: Mode) -> Module {
    let bytes = wat::parse_str(text).expect("a module's text");
    Module::options()
        .metering(mode.metering())
        .compile(&bytes)
        .expect("a valid module")
}

/// What every module may import: a typed function, one of any type, and one that computes.
fn imports() -> Imports {
    let mut imports = Imports::new();
    imports.func("host", "typed", |a: i32, b: u128, c: f64, d: u128| {
        (d, a + 1, b.rotate_left(8), c + 0.5)
    });
    let wide = ValType::V128;
    let ty = FuncType::new([wide, ValType::I32, wide], [ValType::I64, wide, wide]);
    imports.func_dynamic("host", "dynamic", ty, |_: &mut Caller<'_>, given| {
        let &[V128(a), I32(b), V128(c)] = given else {
            return Err(format!("{given:?}").into());
        };
        Ok(vec![I64(i64::from(b) << 32), V128(c), V128(a)])
    });
    imports.func("host", "mix", |a: u128, b: i64| {
        a.wrapping_mul(A | 1).rotate_left(37) ^ u128::from(b as u64)
    });
    imports.func("host", "low", |a: u128| (a ^ a >> 64) as i64);
    imports
}

/// The ways in which a call is run: as a whole, suspended at every block, paused and resumed under other strategies, and
/// moved between machines as snapshots.
const MODES: [Mode; 5] = [
    Mode::Whole,
    Mode::Stepping,
    Mode::Hopping(1),
    Mode::Moving(2),
    Mode::Moving(3),
];

/// Calls `f` of a module under every strategy in every mode.
#[track_caller]
fn gives(text: &str, arguments: &[Value], expected: &[Value]) {
    let imports = imports();
    for mode in MODES {
        let module = module(text, mode);
        for function in module.functions() {
            if let Some(body) = function.body() {
                verify(body).unwrap_or_else(|error| panic!("function {}: {error}", function.index()));
            }
        }
        for &strategy in Strategy::ALL {
            let mut runner = Runner::new(strategy, mode);
            runner.set_rebuild(|vm| vm.prepare(&module, &imports));
            let instance = runner.instantiate(&module, &imports).expect("an instance");
            let found = runner.call(instance, "f", arguments);
            let found = found.unwrap_or_else(|error| panic!("{strategy}, {mode:?}: {error}"));
            assert_eq!(found, expected, "{strategy}, {mode:?}");
        }
    }
}

#[test]
fn parameters_and_results_stand_at_odd_offsets() {
    gives(
        "(module (func (export \"f\")
            (param i32 v128 f64 v128 i32 v128) (result v128 i32 v128 f64 v128 i32)
            local.get 5 local.get 4 local.get 3 local.get 2 local.get 1 local.get 0))",
        &[I32(1), V128(A), F64(2.5), V128(B), I32(3), V128(A ^ B)],
        &[V128(A ^ B), I32(3), V128(B), F64(2.5), V128(A), I32(1)],
    );
}

#[test]
fn locals_begin_as_zero_and_are_set_as_a_whole() {
    gives(
        "(module (func (export \"f\") (param i32 v128) (result v128 v128 v128 i32 i64)
            (local i64 v128 v128 i32 v128)
            local.get 1 local.tee 4 local.set 6
            local.get 3 local.get 6 local.get 4 local.get 5 local.get 2))",
        &[I32(1), V128(A)],
        &[V128(0), V128(A), V128(A), I32(0), I64(0)],
    );
}

#[test]
fn a_value_that_waits_is_what_it_was_when_its_local_changes() {
    gives(
        "(module (func (export \"f\") (param v128 i32 v128) (result v128 i32 v128 v128)
            local.get 0 local.get 1 local.get 2
            local.get 0 local.set 2
            i32.const 5 local.set 1
            local.get 2
            local.get 1 drop))",
        &[V128(A), I32(4), V128(B)],
        &[V128(A), I32(4), V128(B), V128(A)],
    );
}

#[test]
fn a_choice_takes_both_halves_from_one_value_and_a_dropped_value_is_gone_as_a_whole() {
    for (condition, chosen) in [(1, A), (0, B)] {
        gives(
            "(module (func (export \"f\") (param $c i32) (param $a v128) (param $b v128) (result i32 v128 v128)
                i32.const 9
                local.get $a local.get $b local.get $c select
                local.get $b drop
                local.get $a local.get $b local.get $c i32.eqz select (result v128)
                local.get $a local.get $a local.get $c select drop))",
            &[I32(condition), V128(A), V128(B)],
            &[I32(9), V128(chosen), V128(A ^ B ^ chosen)],
        );
    }
}

#[test]
fn loops_carry_values_of_both_widths() {
    for turns in [1, 2, 7] {
        let (a, b) = if turns % 2 == 1 { (B, A) } else { (A, B) };
        gives(
            "(module (func (export \"f\") (param $a v128) (param $n i32) (param $b v128) (result v128 i64 v128)
                (local $m i64)
                i32.const 77
                local.get $a i64.const 0 local.get $b
                (loop $again (param v128 i64 v128) (result v128 i64 v128)
                    local.set $a
                    i64.const 1 i64.add
                    (block (param v128 i64) (result i64 v128) local.set $m local.set $b local.get $m local.get $b)
                    local.set $b local.set $m
                    local.get $a local.get $m local.get $b
                    (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
                (block (param i32 v128 i64 v128) (result v128 i64 v128)
                    local.set $b local.set $m local.set $a drop
                    local.get $a local.get $m local.get $b)))",
            &[V128(A), I32(turns), V128(B)],
            &[V128(a), I64(i64::from(turns)), V128(b)],
        );
    }
}

#[test]
fn a_switch_carries_them_from_different_heights() {
    let text = "(module (func (export \"f\") (param $i i32) (param $a v128) (param $b v128) (result i32 v128)
        (block $two (result i64 v128)
            i64.const 2
            (block $one (result v128)
                i32.const 1
                (block $zero (result v128)
                    i64.const 0
                    local.get $a
                    local.get $b
                    local.get $i
                    br_table $zero $one $zero)
                local.set $a
                local.get $a
                br $one)
            (br_if $two (i32.eq (local.get $i) (i32.const 1)))
            local.set $a
            drop
            i32.const 50
            local.get $a
            return)
        local.set $a
        i32.wrap_i64
        local.get $a))";
    for (index, first) in [(0, 50), (1, 2), (2, 50), (3, 50)] {
        gives(text, &[I32(index), V128(A), V128(B)], &[I32(first), V128(B)]);
    }
}

#[test]
fn a_branch_may_return_them() {
    let text = "(module (func (export \"f\") (param $i i32) (param $a v128) (param $b v128) (result v128 i32 v128)
        f64.const 1
        local.get $b i32.const 4 local.get $a
        local.get $i
        br_if 0
        drop drop drop drop
        local.get $a local.get $b
        (block (param v128 v128) (result v128 i32 v128)
            local.set $a
            local.get $i
            local.get $a)))";
    gives(text, &[I32(6), V128(A), V128(B)], &[V128(B), I32(4), V128(A)]);
    gives(text, &[I32(0), V128(A), V128(B)], &[V128(A), I32(0), V128(B)]);
}

#[test]
fn calls_direct_and_indirect_pass_them_and_take_them_back() {
    gives(
        "(module
            (type $t (func (param i32 v128 v128 i64) (result v128 i64 v128 i32)))
            (table funcref (elem $turn $other))
            (func $turn (type $t) local.get 2 local.get 3 local.get 1 local.get 0)
            (func $other (type $t) local.get 1 local.get 3 local.get 2 local.get 0)
            (func (export \"f\") (param $a v128) (param $i i32) (param $b v128) (result v128 i64 v128 i32 v128)
                (local $n i64)
                local.get $b
                i32.const 3 local.get $a local.get $b i64.const 8
                call $turn
                drop
                local.set $a
                local.set $n
                local.set $b
                drop
                i32.const 4 local.get $a local.get $b local.get $n
                local.get $i
                call_indirect (type $t)
                local.get $a))",
        &[V128(A), I32(1), V128(B)],
        &[V128(A), I64(8), V128(B), I32(4), V128(A)],
    );
}

#[test]
fn recursion_keeps_those_of_every_frame() {
    gives(
        "(module
            (import \"host\" \"mix\" (func $mix (param v128 i64) (result v128)))
            (func $down (param $n i32) (param $v v128) (result v128 i64)
                (if (result v128 i64) (local.get $n)
                    (then
                        local.get $v
                        (i32.sub (local.get $n) (i32.const 1))
                        (call $mix (local.get $v) (i64.extend_i32_s (local.get $n)))
                        call $down
                        i64.const 1
                        i64.add
                        (call $swap)
                        drop)
                    (else local.get $v i64.const 0)))
            (func $swap (param v128 v128 i64) (result v128 i64 v128) local.get 0 local.get 2 local.get 1)
            (func (export \"f\") (param v128) (result v128 i64) i32.const 9 local.get 0 call $down))",
        &[V128(A)],
        &[V128(A), I64(9)],
    );
}

#[test]
fn tail_calls_pass_more_and_less_than_they_got() {
    gives(
        "(module
            (type $more (func (param v128 i32 v128 v128 i64) (result i64 v128)))
            (type $less (func (param i64 v128) (result i64 v128)))
            (table funcref (elem $more $less))
            (func $more (type $more)
                (if (i32.eqz (local.get 1))
                    (then local.get 4 local.get 2 i32.const 1 return_call_indirect (type $less)))
                local.get 2 (i32.sub (local.get 1) (i32.const 1)) local.get 3 local.get 0
                (i64.add (local.get 4) (i64.const 1))
                return_call $more)
            (func $less (type $less) (local v128 v128)
                local.get 0 local.get 2 local.get 1 local.get 0 i64.eqz select)
            (func (export \"f\") (param i32 v128) (result i64 v128) (local v128 v128)
                local.get 1 local.get 0 local.get 2 local.get 1 i64.const 0 i32.const 0
                return_call_indirect (type $more)))",
        &[I32(5), V128(A)],
        &[I64(5), V128(A)],
    );
}

#[test]
fn host_functions_typed_and_of_any_type_are_given_them_and_return_them() {
    gives(
        "(module
            (import \"host\" \"typed\" (func $typed (param i32 v128 f64 v128) (result v128 i32 v128 f64)))
            (import \"host\" \"dynamic\" (func $dynamic (param v128 i32 v128) (result i64 v128 v128)))
            (func (export \"f\") (param v128 v128) (result i64 v128 v128 f64) (local f64 i32)
                local.get 0
                i32.const 6 local.get 0 f64.const 1 local.get 1
                call $typed
                local.set 2 local.set 1 local.set 3 drop
                local.get 3
                local.get 1
                call $dynamic
                local.get 2))",
        &[V128(A), V128(B)],
        &[I64(7 << 32), V128(A.rotate_left(8)), V128(A), F64(1.5)],
    );
}

#[test]
fn typed_calls_pass_them_and_asynchronous_host_functions_are_given_them() {
    let text = "(module
        (import \"host\" \"later\" (func $later (param v128 i32 v128) (result i32 v128)))
        (func (export \"f\") (param i32 v128 i64) (result v128 i64 i32)
            local.get 1 local.get 0 local.get 1 call $later
            local.set 1 local.set 0
            local.get 1 local.get 2 local.get 0))";
    let module = module(text, Mode::Whole);
    let mut imports = Imports::new();
    imports.func_async("host", "later", |_, (a, b, c): (u128, i32, u128)| {
        Box::pin(async move { Ok((b + 1, a ^ !c)) })
    });
    for &strategy in Strategy::ALL {
        let mut vm = Vm::new();
        vm.set_strategy(strategy);
        let instance = vm.instantiate(&module, &imports).expect("an instance");
        let f = vm.typed_func::<(i32, u128, i64), (u128, i64, i32)>(instance, "f");
        let f = f.expect("a function of this type");
        let result = ready(vm.call_typed_async(f, (1, A, 2))).expect("results");
        assert_eq!(result, (u128::MAX, 2, 2), "{strategy}");
        assert!(
            vm.typed_func::<(i32, u64, u64, i64), (u128, i64, i32)>(instance, "f")
                .is_err()
        );
    }
}

/// The result of a future that waits for nothing.
fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("a future that waits"),
    }
}

#[test]
fn a_frame_has_no_more_slots_than_numbers_for_them() {
    let with = |count: usize| {
        let text = format!("(module (func (export \"f\") (local {})))", "v128 ".repeat(count));
        Module::new(&wat::parse_str(text).expect("a module's text"))
    };
    assert!(with(30_000).is_ok());
    let error = with(33_000).expect_err("66,000 slots");
    assert!(matches!(error.kind(), ErrorKind::Limit { .. }), "{error}");
}

#[test]
fn globals_hold_both_halves_and_move_with_snapshots() {
    gives(
        "(module
            (global $a (mut v128) (v128.const i64x2 0x1122334455667788 0x0123456789abcdef))
            (global $n (mut i64) (i64.const 7))
            (global $b (mut v128) (v128.const i64x2 0 0))
            (func (export \"f\") (param v128 i32) (result v128 i64 v128)
                (loop
                    (global.set $b (global.get $a))
                    (global.set $a (local.get 0))
                    (local.set 0 (global.get $b))
                    (br_if 0 (local.tee 1 (i32.sub (local.get 1) (i32.const 1)))))
                (global.set $n (i64.add (global.get $n) (i64.const 1)))
                global.get $a global.get $n global.get $b))",
        &[V128(B), I32(3)],
        &[V128(B), I64(8), V128(A)],
    );
}

#[test]
fn the_host_makes_reads_and_sets_globals_and_modules_import_them() {
    let text = "(module
        (import \"m\" \"g\" (global $g (mut v128)))
        (import \"m\" \"c\" (global $c v128))
        (global $copy v128 (global.get $c))
        (func (export \"swap\") (result v128)
            global.get $copy
            (global.set $g (global.get $c))))";
    let module = module(text, Mode::Whole);
    for &strategy in Strategy::ALL {
        let mut vm = Vm::with(strategy, Limits::default());
        let global = vm.new_global(V128(A), true).expect("a global");
        let constant = vm.new_global(Value::from(B.to_le_bytes()), false).expect("a global");
        let mut imports = Imports::new();
        imports.define("m", "g", global);
        imports.define("m", "c", constant);
        let instance = vm.instantiate(&module, &imports).expect("an instance");
        assert_eq!(vm.global(global).expect("a value"), V128(A));
        vm.set_global(global, V128(A ^ B)).expect("a vector for a vector");
        assert!(vm.set_global(global, I64(1)).is_err());
        assert_eq!(vm.call(instance, "swap", &[]).expect("a result"), [V128(B)]);
        assert_eq!(vm.global(global).expect("a value"), V128(B));
    }
}

#[test]
fn typed_functions_take_and_give_vectors_as_numbers_and_as_bytes() {
    let text = "(module (func (export \"f\") (param v128 i32 v128) (result v128 v128) local.get 2 local.get 0))";
    let module = module(text, Mode::Whole);
    for &strategy in Strategy::ALL {
        let mut vm = Vm::with(strategy, Limits::default());
        let instance = vm.instantiate(&module, &Imports::new()).expect("an instance");
        let function = vm.typed_func::<(u128, i32, [u8; 16]), ([u8; 16], u128)>(instance, "f");
        let found = vm.call_typed(function.expect("a function"), (A, 1, B.to_le_bytes()));
        assert_eq!(found.expect("results"), (B.to_le_bytes(), A));
    }
}

/// A function with values of two slots in locals and in canonical slots, and which slots those are.
fn sound() -> FunctionBody {
    let module = module(
        "(module
            (func $g (param v128) (result v128) local.get 0)
            (func (export \"f\") (param i32 v128 v128) (result v128)
                local.get 1
                call $g
                local.get 2
                call $g
                local.set 1
                (loop (param v128) (result v128) local.get 0 br_if 0)
                drop
                local.get 1))",
        Mode::Whole,
    );
    let body = module.function(1).and_then(|f| f.body()).expect("a body").clone();
    verify(&body).expect("sound");
    assert_eq!((body.params, body.locals.len(), slots(&body.results)), (5, 5, 2));
    body
}

#[track_caller]
fn rejected(what: &str, breakage: impl FnOnce(&mut FunctionBody)) {
    let mut body = sound();
    breakage(&mut body);
    assert!(verify(&body).is_err(), "accepted: {what}");
}

#[test]
fn the_verifier_refuses_a_value_that_is_half_overwritten() {
    rejected("a vector is written to one slot", |body| {
        let vector = body
            .statements
            .iter()
            .position(|statement| matches!(statement, Statement::VectorSet { .. }));
        let vector = vector.expect("a value that moves");
        let Statement::VectorSet { slot, value } = body.statements[vector] else {
            unreachable!()
        };
        body.statements[vector] = Statement::Set { slot, value };
    });
    rejected("a scalar is written to two slots", |body| {
        let vector = body.statements.iter_mut().find_map(|statement| match statement {
            Statement::VectorSet { value, .. } => Some(value),
            _ => None,
        });
        let value = vector.expect("a value that moves");
        body.node_types[*value as usize] = ValType::I64;
    });
    rejected("a vector is written beside its local", |body| {
        let locals = body.locals.len() as u16;
        let local = body.statements.iter_mut().find_map(|statement| match statement {
            Statement::VectorSet { slot, .. } if *slot < locals => Some(slot),
            _ => None,
        });
        *local.expect("a local that is set") += 1;
    });
    rejected("a vector is read beside where it is", |body| {
        let read = body.nodes.iter_mut().find_map(|node| match node {
            Node::Vector(VectorNode::Slot(slot)) => Some(slot),
            _ => None,
        });
        *read.expect("a vector that is read") += 1;
    });
    for half in [0, 1] {
        rejected("a half is overwritten by a narrow value before it is read", |body| {
            // The block after the second call waits with a value in the first two canonical slots.
            let block = two_values(body);
            let node = body.nodes.len() as u32;
            body.nodes.push(Node::Const(1));
            body.node_types.push(ValType::I64);
            body.node_offsets.push(0);
            let first = body.blocks[block].first as usize;
            let slot = body.locals.len() as u16 + half;
            body.statements.insert(first, Statement::Set { slot, value: node });
            body.statement_offsets.insert(first, 0);
            body.blocks[block].terminator += 1;
            for later in &mut body.blocks[block + 1..] {
                later.first += 1;
                later.terminator += 1;
            }
        });
    }
}

/// The block that is entered with two values.
fn two_values(body: &FunctionBody) -> usize {
    let found = (0..body.blocks.len()).find(|&block| body.entry(block as u32).len() == 4);
    found.expect("two values")
}

#[test]
fn the_verifier_refuses_parts_of_values() {
    rejected("a block that is entered with half a value", |body| {
        let block = two_values(body) as u32;
        let mut entry = body.entry(block);
        entry[3] = None;
        body.set_entry(block, &entry);
    });
    rejected("a block that is entered with halves in the wrong order", |body| {
        let block = two_values(body) as u32;
        let mut entry = body.entry(block);
        entry.swap(2, 3);
        body.set_entry(block, &entry);
    });
    rejected("half a parameter", |body| body.params -= 1);
    rejected("half a local", |body| {
        let halves = body.locals.iter().take(4).chain([ValType::I64]);
        body.locals = halves.collect();
    });
}

/// Programs that are made at random.
#[test]
fn programs_do_what_their_twins_do_with_two_values_of_one_slot() {
    let seeds = match setting("WASM_DISPATCH_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..40,
    };
    let imports = imports();
    for seed in seeds {
        let twins = Twins::new(seed);
        let expected = twins::run_narrow(&twins);
        for mode in [Mode::Whole, Mode::Stepping, Mode::Moving(seed)] {
            let module = module(&twins.wide, mode);
            for &strategy in Strategy::ALL {
                let mut runner = Runner::new(strategy, mode);
                runner.set_rebuild(|vm| vm.prepare(&module, &imports));
                let instance = runner.instantiate(&module, &imports).expect("an instance");
                let found = runner.call(instance, "f", &twins.arguments);
                let found = found.unwrap_or_else(|error| panic!("seed {seed}, {strategy}, {mode:?}: {error}"));
                assert_eq!(found, expected, "seed {seed}, {strategy}, {mode:?}: {}", twins.wide);
            }
        }
    }
}
