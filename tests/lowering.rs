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
