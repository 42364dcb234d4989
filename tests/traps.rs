//! Traps: which one, and at which instruction. Every strategy must name the same.

mod common;

use common::{error_of, for_each_strategy, offset_of, start_with, wasm};
use wasm_dispatch::{Imports, Module, Trap, Value};

/// Runs export "f" and checks the trap and the offset of its innermost frame.
fn traps_at(bytes: &[u8], arguments: &[Value], trap: Trap, offset: u32, context: &str) {
    let module = Module::new(bytes).unwrap_or_else(|error| panic!("{context}: {error}"));
    for_each_strategy(|strategy| {
        let mut vm = common::vm(strategy);
        let instance = vm.instantiate(&module, &Imports::new()).expect("an instance");
        // Twice: the first call compiles.
        for _ in 0..2 {
            let error = error_of(vm.call(instance, "f", arguments));
            assert_eq!(error.trap(), Some(trap), "{context}: {error}");
            assert_eq!(common::backtrace(&error).frames[0].offset, offset, "{context}: {error}");
        }
    });
}

#[test]
fn every_trap_names_its_instruction() {
    use Trap::*;
    let rows: &[(Trap, &str, &str)] = &[
        (Unreachable, "Unreachable", "unreachable"),
        (
            IntegerDivideByZero,
            "I32DivS",
            "(drop (i32.div_s (local.get $one) (local.get $zero)))",
        ),
        (
            IntegerDivideByZero,
            "I32DivU",
            "(drop (i32.div_u (local.get $one) (i32.const 0)))",
        ),
        (
            IntegerDivideByZero,
            "I32RemS",
            "(drop (i32.rem_s (i32.const 7) (i32.const 0)))",
        ),
        (
            IntegerDivideByZero,
            "I64RemU",
            "(drop (i64.rem_u (i64.const 7) (local.get $long)))",
        ),
        (
            IntegerDivideByZero,
            "I64DivU",
            "(local.set $long (i64.div_u (local.get $long) (local.get $long)))",
        ),
        (
            IntegerOverflow,
            "I32DivS",
            "(drop (i32.div_s (i32.const 0x80000000) (i32.sub (local.get $zero) (i32.const 1))))",
        ),
        (
            IntegerOverflow,
            "I64DivS",
            "(drop (i64.div_s (i64.const 0x8000000000000000) (i64.const -1)))",
        ),
        (
            IntegerOverflow,
            "I32TruncF64S",
            "(drop (i32.trunc_f64_s (f64.const 1e10)))",
        ),
        (
            IntegerOverflow,
            "I64TruncF32U",
            "(drop (i64.trunc_f32_u (f32.const -1)))",
        ),
        (
            InvalidConversionToInteger,
            "I32TruncF32S",
            "(drop (i32.trunc_f32_s (f32.const nan)))",
        ),
        (
            InvalidConversionToInteger,
            "I64TruncF64U",
            "(drop (i64.trunc_f64_u (f64.sqrt (f64.const -1))))",
        ),
        (
            OutOfBoundsMemoryAccess,
            "I32Load8U",
            "(drop (i32.load offset=1 (i32.const 65531)))
            (drop (i32.load8_u offset=65535 (local.get $one)))",
        ),
        (
            OutOfBoundsMemoryAccess,
            "I32Load",
            "(drop (i32.load (i32.const 65533)))",
        ),
        (
            OutOfBoundsMemoryAccess,
            "I64Load32U",
            "(drop (i64.load32_u offset=0xffffffff (i32.const -1)))",
        ),
        (
            OutOfBoundsMemoryAccess,
            "F64Store",
            "(f64.store (i32.const -8) (f64.const 1))",
        ),
        (
            OutOfBoundsMemoryAccess,
            "I32Store8",
            "(i32.store8 offset=65536 (local.get $zero) (local.get $one))",
        ),
        (
            OutOfBoundsMemoryAccess,
            "I32Store16",
            "(i32.store16 $second (i32.const 131071) (i32.const 1))",
        ),
        (
            OutOfBoundsMemoryAccess,
            "MemoryFill",
            "(memory.fill (i32.const 65536) (i32.const 0) (i32.const 1))",
        ),
        (
            OutOfBoundsMemoryAccess,
            "MemoryCopy",
            "(memory.copy (i32.const 0) (i32.const 1) (i32.const 65536))",
        ),
        (
            OutOfBoundsMemoryAccess,
            "MemoryInit",
            "(memory.init $data (i32.const 0) (i32.const 2) (i32.const 3))",
        ),
        (
            OutOfBoundsTableAccess,
            "TableGet",
            "(drop (table.get $functions (i32.const 4)))",
        ),
        (
            OutOfBoundsTableAccess,
            "TableSet",
            "(table.set $functions (i32.const -1) (ref.null func))",
        ),
        (
            OutOfBoundsTableAccess,
            "TableFill",
            "(table.fill $functions (i32.const 3) (ref.null func) (i32.const 2))",
        ),
        (
            OutOfBoundsTableAccess,
            "TableCopy",
            "(table.copy $functions $functions (i32.const 0) (i32.const 1) (i32.const 4))",
        ),
        (
            OutOfBoundsTableAccess,
            "TableInit",
            "(table.init $functions $elements (i32.const 0) (i32.const 1) (i32.const 1))",
        ),
        (
            UndefinedElement,
            "CallIndirect",
            "(call_indirect $functions (i32.const 4))",
        ),
        (
            UndefinedElement,
            "CallIndirect",
            "(call_indirect $functions (i32.sub (local.get $zero) (local.get $one)))",
        ),
        (
            UninitializedElement,
            "CallIndirect",
            "(call_indirect $functions (local.get $one))",
        ),
        (
            IndirectCallTypeMismatch,
            "CallIndirect",
            "(call_indirect $functions (param i64) (local.get $long) (local.get $zero))",
        ),
        (
            UndefinedElement,
            "ReturnCallIndirect",
            "(return_call_indirect $functions (i32.const 9))",
        ),
        (
            UninitializedElement,
            "ReturnCallIndirect",
            "(return_call_indirect $functions (i32.const 2))",
        ),
        (
            IndirectCallTypeMismatch,
            "ReturnCallIndirect",
            "(return_call_indirect $functions (param i32) (i32.const 1) (i32.const 0))",
        ),
    ];
    let mut seen = Vec::new();
    for &(trap, name, body) in rows {
        let text = format!(
            r#"(module
                (memory $first 1)
                (memory $second 2)
                (table $functions 4 funcref)
                (elem (table $functions) (i32.const 0) func $callee)
                (elem $elements func $callee)
                (data $data "abcd")
                (func $callee nop)
                (func $before (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
                (func (export "f") (local $zero i32) (local $one i32) (local $long i64)
                    (local.set $one (i32.const 1))
                    (i32.store (i32.const 0) (call $before (local.get $one)))
                    (block (br_if 0 (local.get $zero)) {body})
                    (local.set $zero (i32.const 1))))"#
        );
        let bytes = wasm(&text);
        traps_at(&bytes, &[], trap, offset_of(&bytes, name, 0), body);
        seen.push(trap);
    }
    let missing = Trap::ALL
        .into_iter()
        .filter(|trap| !seen.contains(trap))
        .collect::<Vec<_>>();
    assert_eq!(
        missing,
        [CallStackExhausted, OutOfFuel],
        "these have tests of their own"
    );
}

#[test]
fn an_exhausted_stack_names_the_call() {
    let bytes = wasm(
        r#"(module (func $f (export "f") (param i32) (result i32)
            (i32.add (local.get 0) (call $f (i32.sub (local.get 0) (i32.const 1))))))"#,
    );
    traps_at(
        &bytes,
        &[Value::I32(5)],
        Trap::CallStackExhausted,
        offset_of(&bytes, "Call", 0),
        "a call",
    );
}

/// Two divisions and two loads in one expression; which of them traps first depends on the arguments.
const TREE: &str = "(i32.add
    (i32.xor (i32.div_u (local.get $a) (local.get $b)) (i32.load (local.get $c)))
    (i32.mul (i32.load16_u (i32.shl (local.get $d) (i32.const 1)))
        (i32.rem_u (i32.const 100) (i32.sub (local.get $e) (i32.const 1)))))";

#[test]
fn in_an_expression_the_first_trapping_instruction_in_order_is_named() {
    // The expression at every place that an expression can stand.
    let places = [
        ("a result", "TREE"),
        ("a local", "(local.set $x TREE) (local.get $x)"),
        (
            "a parameter of the expression itself",
            "(local.set $a TREE) (local.get $a)",
        ),
        (
            "another parameter of the expression",
            "(local.set $d TREE) (local.get $d)",
        ),
        (
            "the last operand",
            "(local.set $e (i32.add (local.get $e) TREE)) (local.get $e)",
        ),
        ("a global", "(global.set $g TREE) (global.get $g)"),
        (
            "a condition",
            "(if (result i32) TREE (then (i32.const 1)) (else (i32.const 2)))",
        ),
        (
            "a comparison that branches",
            "(block (br_if 0 (i32.lt_s TREE (i32.const 5)))) (i32.const 1)",
        ),
        (
            "a loop's condition",
            "(loop (local.set $x (i32.const 1)) (br_if 0 (i32.eqz (i32.or (i32.const 1) TREE)))) (i32.const 1)",
        ),
        ("a switch", "(block (block (br_table 0 1 0 TREE))) (i32.const 1)"),
        (
            "an address",
            "(i32.store (i32.and TREE (i32.const 1023)) (local.get $a)) (i32.const 1)",
        ),
        ("a stored value", "(i32.store (i32.const 8) TREE) (i32.const 1)"),
        ("an argument", "(call $id TREE)"),
        ("a tail call's argument", "(return_call $id TREE)"),
        (
            "a table index",
            "(call_indirect (param i32) (result i32) (i32.const 1) (i32.and TREE (i32.const 0)))",
        ),
        ("a choice", "(select (i32.const 1) (i32.const 2) TREE)"),
        ("a value chosen", "(select TREE (i32.const 2) (local.get $a))"),
        ("a value dropped", "(drop TREE) (i32.const 1)"),
        (
            "an operand of a rare instruction",
            "(memory.fill (i32.and TREE (i32.const 1)) (i32.const 1) (i32.const 1)) (i32.const 1)",
        ),
        ("a value under a call", "TREE (call $id (i32.const 1)) (i32.add)"),
        ("a block's result", "(block (result i32) (br_if 0 TREE (local.get $a)))"),
        (
            "half of a wide expression",
            "(i32.wrap_i64 (i64.mul (i64.extend_i32_s TREE) (i64.const 5)))",
        ),
    ];
    // Arguments a to e, and which instruction traps; all further ones would trap as well.
    let cases = [
        ([1, 0, -1, -1, 1], "I32DivU", Trap::IntegerDivideByZero),
        ([1, 1, -1, -1, 1], "I32Load", Trap::OutOfBoundsMemoryAccess),
        ([1, 1, 0, -1, 1], "I32Load16U", Trap::OutOfBoundsMemoryAccess),
        ([1, 1, 0, 0, 1], "I32RemU", Trap::IntegerDivideByZero),
    ];
    let no_trap = [1, 1, 0, 0, 3].map(Value::I32);
    for (place, code) in places {
        let code = code.replace("TREE", TREE);
        let bytes = wasm(&format!(
            r#"(module
                (memory 1)
                (table funcref (elem $id))
                (global $g (mut i32) (i32.const 0))
                (func (export "f") (param $a i32) (param $b i32) (param $c i32) (param $d i32) (param $e i32)
                    (result i32) (local $x i32) {code})
                (func $id (param i32) (result i32) (local.get 0)))"#
        ));
        for (arguments, name, trap) in cases {
            traps_at(
                &bytes,
                &arguments.map(Value::I32),
                trap,
                offset_of(&bytes, name, 0),
                place,
            );
        }
        let module = Module::new(&bytes).expect("a module");
        for_each_strategy(|strategy| {
            let mut vm = common::vm(strategy);
            let instance = vm.instantiate(&module, &Imports::new()).expect("an instance");
            assert!(vm.call(instance, "f", &no_trap).is_ok(), "{place}");
        });
    }
}

#[test]
fn a_trap_at_the_bottom_of_a_very_deep_expression_is_named() {
    // Deeper than the trees that lowering builds, on either side.
    let left = (0..60).fold("(i32.div_s (local.get 0) (local.get 1))".to_string(), |inner, n| {
        format!("(i32.add {inner} (i32.load8_u (i32.const {n})))")
    });
    let right = (0..60).fold("(i32.div_s (local.get 0) (local.get 1))".to_string(), |inner, n| {
        format!("(i32.add (i32.load8_u (i32.const {n})) {inner})")
    });
    for tree in [left, right] {
        let bytes = wasm(&format!(
            r#"(module (memory 1) (func (export "f") (param i32 i32) (result i32) {tree}))"#
        ));
        let offset = offset_of(&bytes, "I32DivS", 0);
        traps_at(
            &bytes,
            &[Value::I32(1), Value::I32(0)],
            Trap::IntegerDivideByZero,
            offset,
            "by zero",
        );
        let arguments = [Value::I32(i32::MIN), Value::I32(-1)];
        traps_at(&bytes, &arguments, Trap::IntegerOverflow, offset, "overflow");
    }
}

#[test]
fn nothing_after_a_trap_has_happened() {
    // The store before the trap is done, that after it and the one of the trapping statement are not.
    let text = r#"(module
        (memory (export "memory") 1)
        (global (export "global") (mut i32) (i32.const 5))
        (func (export "f") (param i32)
            (i32.store (i32.const 0) (i32.const 1))
            (i32.store (i32.const 4) (i32.div_u (i32.const 1) (local.get 0)))
            (i32.store (i32.const 8) (i32.const 1)))
        (func (export "g") (param i32)
            (global.set 0 (i32.const 6))
            (global.set 0 (i32.load (local.get 0)))
            (global.set 0 (i32.const 7)))
        (func (export "h") (param i32) (i64.store (local.get 0) (i64.const -1))))"#;
    for_each_strategy(|strategy| {
        let (mut vm, instance) = start_with(strategy, text, &Imports::new());
        error_of(vm.call(instance, "f", &[Value::I32(0)]));
        let memory = vm.exported_memory(instance, "memory").unwrap();
        assert_eq!(vm.memory(memory).unwrap()[..12], [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        error_of(vm.call(instance, "g", &[Value::I32(-1)]));
        let global = vm.exported_global(instance, "global").unwrap();
        assert_eq!(vm.global(global).unwrap(), Value::I32(6));
        error_of(vm.call(instance, "h", &[Value::I32(65529)]));
        assert_eq!(vm.memory(memory).unwrap()[65529..], [0; 7]);
    });
}

#[test]
fn traps_have_codes_and_the_specifications_words() {
    for (number, trap) in Trap::ALL.into_iter().enumerate() {
        assert_eq!(usize::from(trap.code()), number + 1);
        assert_eq!(Trap::from_code(trap.code()), Some(trap));
    }
    assert_eq!(Trap::from_code(0), None);
    assert_eq!(Trap::from_code(12), None);
    let words = Trap::ALL.map(|trap| trap.to_string());
    assert_eq!(words[0], "unreachable");
    assert_eq!(words[4], "out of bounds memory access");
    assert_eq!(words[9], "call stack exhausted");
    assert_eq!(words[10], "all fuel consumed");
}
