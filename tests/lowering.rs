//! What lowering makes of common forms, once for all strategies.

mod common;

use common::module;
use wasm_dispatch::ir::code::{FunctionBody, Node, Statement};
use wasm_dispatch::ir::ops::BinaryOp;

fn lowered(function: &str) -> FunctionBody {
    let module = module(&format!("(module {function})"));
    let body = module.function(0).and_then(|function| function.body());
    body.expect("a body").clone()
}

#[test]
fn a_constant_is_added_rather_than_subtracted() {
    let body = lowered(
        "(func (param i32 i64) (result i32 i64)
            (i32.sub (local.get 0) (i32.const 1))
            (i64.sub (local.get 1) (i64.const -7)))",
    );
    let operations: Vec<BinaryOp> = (body.nodes.iter())
        .filter_map(|node| match node {
            Node::Binary { op, .. } => Some(*op),
            _ => None,
        })
        .collect();
    assert_eq!(operations, [BinaryOp::I32Add, BinaryOp::I64Add]);
    assert!(body.nodes.contains(&Node::Const(0xffff_ffff)), "{:?}", body.nodes);
    assert!(body.nodes.contains(&Node::Const(7)), "{:?}", body.nodes);
}

#[test]
fn a_block_returns_by_itself_when_its_result_is_the_functions() {
    let body = lowered(
        "(func (param i32) (result i64)
            (if (result i64) (local.get 0) (then (i64.const 5)) (else (i64.extend_i32_s (local.get 0)))))",
    );
    let jumps = (body.statements.iter()).filter(|statement| matches!(statement, Statement::Jump(_)));
    assert_eq!(jumps.count(), 0, "{:?}", body.statements);
    let into_slot_0 = (body.statements.iter()).filter(|statement| matches!(statement, Statement::Set { slot: 0, .. }));
    assert!(into_slot_0.count() >= 2, "{:?}", body.statements);
}

#[test]
fn a_block_whose_result_is_used_afterwards_does_not_return() {
    let body = lowered(
        "(func (param i32) (result i32)
            (i32.add
                (if (result i32) (local.get 0) (then (i32.const 5)) (else (i32.const 6)))
                (i32.const 1)))",
    );
    let returns = (body.statements.iter()).filter(|statement| matches!(statement, Statement::Return));
    assert_eq!(returns.count(), 1, "{:?}", body.statements);
}

#[test]
fn a_function_is_the_same_alone_and_after_others() {
    let text = "(module
        (type $pair (func (param i32 i64) (result i64 i32)))
        (func $locals (param i32) (result i32) (local i32 i64 f32 v128)
            (local.set 2 (i64.extend_i32_s (local.get 0)))
            (i32.add (local.get 0) (i32.wrap_i64 (local.get 2))))
        (func $swapped (type $pair) (local.get 1) (local.get 0))
        (func $switched (param i32) (result i32)
            (block $a (result i32)
                (block $b (result i32)
                    (i32.const 5) (i32.const 6)
                    (br_table $a $b $a (local.get 0)))
                (i32.mul (i32.const 3))))
        (func $edges (param i32 i64) (result i64 i32)
            (call $swapped (local.get 0) (local.get 1))
            (br_if 0 (local.get 0))
            (drop) (drop)
            (loop $again
                (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
                (br_if $again (local.get 0)))
            (i64.const 1) (i32.const 2))
        (func $vectors (param v128 i32) (result v128)
            (i32x4.add (local.get 0) (v128.const i32x4 1 2 3 4))
            (i32x4.splat (local.get 1)) (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23))
        (func $nothing))";
    let (alone, together) = (module(text), module(text));
    together.lower();
    // The last first, so that none has the same before it.
    for index in (0..6).rev() {
        let body = |module: &wasm_dispatch::Module| format!("{:?}", module.function(index).unwrap().body().unwrap());
        assert_eq!(body(&alone), body(&together), "function {index}");
    }
}
