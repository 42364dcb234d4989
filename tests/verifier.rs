//! The verifier of lowered code accepts what lowering makes and rejects what is broken.

mod common;

use common::module;
use wasm_dispatch::ir::code::{FunctionBody, Node, Statement};
use wasm_dispatch::ir::ops::UnaryOp;
use wasm_dispatch::ir::verify::{MAX_TREE_DEPTH, SCRATCH_SLOTS, verify};
use wasm_dispatch::{Module, ValType};

#[test]
fn the_verifier_accepts_every_function_of_the_workloads() {
    let mut functions = 0;
    for workload in wasm_dispatch_workloads::all().unwrap() {
        let module = Module::new(&workload.wasm().unwrap()).unwrap();
        for function in module.functions() {
            let Some(body) = function.body() else { continue };
            functions += 1;
            if let Err(error) = verify(body) {
                panic!("{}, function {}: {error}", workload.name(), function.index());
            }
        }
    }
    assert!(functions > 50, "only {functions} functions");
}

/// A function with a loop, a switch, calls, a builtin and operands that stay on the stack over blocks.
fn sound() -> FunctionBody {
    let module = module(
        r#"(module
            (memory 1)
            (func $g (param i32 f64) (result i32) (local.get 0))
            (func (export "f") (param i32 f64) (result i32) (local i64)
                (i32.mul (local.get 0) (i32.const 3))
                (block (param i32) (result i32)
                    (loop
                        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
                        (i32.store (i32.const 4) (i32.add (i32.load (local.get 0)) (i32.const 1)))
                        (br_if 0 (i32.gt_s (local.get 0) (i32.const 5))))
                    (i32.add (call $g (i32.const 1) (local.get 1)))
                    (block (block (br_table 0 1 0 (local.get 0))) (local.set 2 (i64.const 1)))
                    (drop (memory.grow (i32.const 0))))))"#,
    );
    let body = module.function(1).and_then(|f| f.body()).expect("a body").clone();
    verify(&body).expect("sound");
    body
}

#[track_caller]
fn rejected(what: &str, breakage: impl FnOnce(&mut FunctionBody)) {
    let mut body = sound();
    breakage(&mut body);
    assert!(verify(&body).is_err(), "accepted: {what}");
}

/// The first statement that satisfies a condition, to be replaced.
fn statement(body: &mut FunctionBody, wanted: impl Fn(&Statement) -> bool) -> &mut Statement {
    body.statements
        .iter_mut()
        .find(|statement| wanted(statement))
        .expect("such a statement")
}

#[test]
fn the_verifier_rejects_slots_out_of_bounds() {
    rejected("a read of scratch", |body| {
        let scratch = body.scratch;
        let node = body
            .nodes
            .iter_mut()
            .find(|node| matches!(node, Node::Slot(_)))
            .expect("a slot");
        *node = Node::Slot(scratch);
    });
    rejected("a write to scratch", |body| {
        let scratch = body.scratch;
        match statement(body, |s| matches!(s, Statement::Set { .. })) {
            Statement::Set { slot, .. } => *slot = scratch,
            _ => unreachable!(),
        }
    });
    rejected("a builtin beyond the frame", |body| {
        let end = body.frame_size as u16 - 2;
        match statement(body, |s| matches!(s, Statement::Builtin { .. })) {
            Statement::Builtin { base, .. } => *base = end,
            _ => unreachable!(),
        }
    });
    for base in [0, u16::MAX] {
        rejected(
            "a callee's frame over locals or beyond the operands",
            |body| match statement(body, |s| matches!(s, Statement::Call { .. })) {
                Statement::Call { base: found, .. } => *found = base,
                _ => unreachable!(),
            },
        );
    }
    rejected("no room for scratch", |body| {
        body.frame_size = u32::from(body.scratch) + u32::from(SCRATCH_SLOTS) - 1;
    });
    rejected("a frame beyond slot numbers", |body| body.frame_size = (1 << 16) + 1);
    rejected("more parameters than locals", |body| {
        body.params = body.locals.len() as u16 + 1
    });
    rejected("locals in scratch", |body| {
        let more = usize::from(body.scratch) + 1 - body.locals.len();
        body.locals.push(ValType::I32, more as u32);
    });
}

#[test]
fn the_verifier_rejects_branches_to_nowhere() {
    rejected("a branch", |body| {
        let blocks = body.blocks.len() as u32;
        match statement(body, |s| matches!(s, Statement::Branch { .. })) {
            Statement::Branch { target, .. } => *target = blocks,
            _ => unreachable!(),
        }
    });
    rejected("a switch entry", |body| {
        *body.targets.last_mut().expect("targets") = u32::MAX
    });
    rejected("a switch without entries", |body| {
        match statement(body, |s| matches!(s, Statement::Switch { .. })) {
            Statement::Switch { count, .. } => *count = 0,
            _ => unreachable!(),
        }
    });
    rejected("a switch past its targets", |body| {
        let targets = body.targets.len() as u32;
        match statement(body, |s| matches!(s, Statement::Switch { .. })) {
            Statement::Switch { first, .. } => *first = targets,
            _ => unreachable!(),
        }
    });
    rejected("a jump", |body| {
        let blocks = body.blocks.len() as u32;
        *statement(body, |s| matches!(s, Statement::Return)) = Statement::Jump(blocks);
    });
    rejected("a call that returns to no block", |body| {
        let base = body.locals.len() as u16;
        *body.statements.last_mut().expect("statements") = Statement::Call { function: 0, base };
    });
}

#[test]
fn the_verifier_rejects_blocks_that_are_not_straight_lines() {
    rejected("a terminator in the middle", |body| {
        *statement(body, |s| matches!(s, Statement::Store { .. })) = Statement::Return;
    });
    rejected("no terminator", |body| {
        *body.statements.last_mut().expect("statements") = Statement::Eval(0)
    });
    rejected("a gap between blocks", |body| body.blocks[1].first += 1);
    rejected("statements after the last block", |body| {
        body.statements.push(Statement::Return);
        body.statement_offsets.push(0);
    });
    rejected("a block beyond the statements", |body| {
        body.blocks.last_mut().expect("blocks").terminator += 1;
    });
    rejected("no blocks", |body| body.blocks.clear());
    rejected("statements without offsets", |body| {
        body.statement_offsets.pop();
    });
}

#[test]
fn the_verifier_rejects_wrong_types() {
    let block_with_operand = |body: &FunctionBody| {
        let typed = |block: u32| body.entry(block).iter().position(|ty| *ty == Some(ValType::I32));
        let found = (0..body.blocks.len() as u32).find(|&block| typed(block).is_some());
        let found = found.expect("a block with an operand");
        (found, typed(found).expect("an operand"))
    };
    rejected("an operand of another type at block entry", |body| {
        let (block, position) = block_with_operand(body);
        let mut entry = body.entry(block);
        entry[position] = Some(ValType::F64);
        body.set_entry(block, &entry);
    });
    rejected("an operand at function entry", |body| {
        body.set_entry(0, &[Some(ValType::I32)]);
    });
    rejected("an operand that was never made", |body| {
        let last = body.blocks.len() as u32 - 1;
        let mut entry = body.entry(last);
        entry.resize(usize::from(body.scratch) - body.locals.len(), Some(ValType::F32));
        body.set_entry(last, &entry);
    });
    rejected("a local of another type", |body| {
        let others: Vec<ValType> = body.locals.iter().skip(1).collect();
        body.locals = std::iter::once(ValType::F32).chain(others).collect();
    });
    rejected("a local set to another type", |body| {
        let value = (0..body.nodes.len())
            .find(|&id| body.node_types[id] == ValType::F64)
            .expect("an f64") as u32;
        let wanted = |s: &Statement| matches!(s, Statement::Set { slot: 0, .. });
        *statement(body, wanted) = Statement::Set { slot: 0, value };
    });
    rejected("a node that gives another type than it says", |body| {
        let node = body
            .nodes
            .iter()
            .position(|node| matches!(node, Node::Load { .. }))
            .expect("a load");
        body.node_types[node] = ValType::F32;
    });
    rejected("nodes without types", |body| {
        body.node_types.pop();
    });
}

#[test]
fn the_verifier_rejects_trees_out_of_order_or_too_deep() {
    rejected("a node that uses itself", |body| {
        let node = body
            .nodes
            .iter()
            .position(|node| matches!(node, Node::Load { .. }))
            .expect("a load");
        if let Node::Load { address, .. } = &mut body.nodes[node] {
            *address = node as u32;
        }
    });
    rejected("a statement that uses no node", |body| {
        let nodes = body.nodes.len() as u32;
        match statement(body, |s| matches!(s, Statement::Set { .. })) {
            Statement::Set { value, .. } => *value = nodes,
            _ => unreachable!(),
        }
    });
    let chain = |depth: u32| {
        move |body: &mut FunctionBody| {
            let mut add = |node| {
                body.nodes.push(node);
                body.node_types.push(ValType::I32);
                body.node_offsets.push(0);
                body.nodes.len() as u32 - 1
            };
            let leaf = add(Node::Const(1));
            (0..depth).fold(leaf, |a, _| add(Node::Unary { op: UnaryOp::I32Eqz, a }));
        }
    };
    rejected("a tree too deep", chain(MAX_TREE_DEPTH + 1));
    let mut body = sound();
    chain(MAX_TREE_DEPTH)(&mut body);
    verify(&body).expect("as deep as allowed");
}
