//! Lowered code as text: `s3 = i32.add(s0, 4)`. A slot of the frame is `s` and its number, a global `g` and its index.

use crate::builtin::Builtin;
use crate::code::vector::VectorNode;
use crate::code::{BlockId, FunctionBody, Node, NodeId, Slot, Statement};
use crate::flat::{Instruction, Operand, Test, VectorInstruction};
use crate::types::ValType;

/// A block's statements, a line each.
pub fn block(body: &FunctionBody, block: BlockId) -> Vec<String> {
    let statements = body.statements(block).iter();
    statements.map(|line| statement(body, line, block)).collect()
}

/// A statement of a block.
pub fn statement(body: &FunctionBody, statement: &Statement, block: BlockId) -> String {
    let tree = |id| tree(body, id);
    let next = block + 1;
    match *statement {
        Statement::Set { slot, value } => format!("s{slot} = {}", tree(value)),
        Statement::GlobalSet { global, value } => format!("g{global} = {}", tree(value)),
        Statement::Store {
            op,
            memory,
            address,
            offset,
            value,
        } => {
            let place = place(op.mnemonic(), memory, &tree(address), offset);
            format!("{place} = {}", tree(value))
        }
        Statement::VectorSet { slot, value } => format!("{} = {}", vector_slot(slot), tree(value)),
        Statement::VectorGlobalSet { global, value } => format!("g{global} = {}", tree(value)),
        Statement::VectorStore {
            op,
            memory,
            address,
            offset,
            value,
        } => {
            let place = place(op.mnemonic(), u16::from(memory), &tree(address), offset);
            format!("{place} = {}", tree(value))
        }
        Statement::StoreLane {
            op,
            lane,
            memory,
            address,
            offset,
            value,
        } => {
            let place = place(op.mnemonic(), u16::from(memory), &tree(address), offset);
            format!("{place} = lane {lane} of {}", tree(value))
        }
        Statement::Eval(value) => format!("eval {}", tree(value)),
        Statement::Meter { cost } => format!("meter {cost}"),
        Statement::Builtin { op, base, x, y } => builtin(op, base, x, y),
        Statement::Jump(target) => format!("jump to block {target}"),
        Statement::Branch {
            condition,
            when,
            target,
        } => branch(&tree(condition), when, target, next),
        Statement::Switch { index, first, count } => switch(body, &tree(index), first, count),
        Statement::Call { function, base } => call(function, base, next),
        Statement::CallIndirect { table, ty, index, base } => call_indirect(table, &tree(index), ty, base, next),
        Statement::TailCall { function } => format!("return call function {function}"),
        Statement::TailCallIndirect { table, ty, index } => {
            format!("return call table {table}[{}] of type {ty}", tree(index))
        }
        Statement::Return => "return".to_owned(),
        Statement::Trap(trap) => format!("trap: {trap}"),
    }
}

/// An expression tree.
pub fn tree(body: &FunctionBody, id: NodeId) -> String {
    let inner = |id| tree(body, id);
    match body.node(id) {
        Node::Slot(slot) => format!("s{slot}"),
        Node::Const(bits) => constant(body.node_types[id as usize], bits),
        Node::GlobalGet(global) => format!("g{global}"),
        Node::Unary { op, a } => format!("{}({})", op.mnemonic(), inner(a)),
        Node::Binary { op, a, b } => format!("{}({}, {})", op.mnemonic(), inner(a), inner(b)),
        Node::Load {
            op,
            memory,
            address,
            offset,
        } => place(op.mnemonic(), memory, &inner(address), offset),
        Node::Select { condition, a, b } => format!("select({}, {}, {})", inner(a), inner(b), inner(condition)),
        Node::Vector(node) => vector_tree(body, node),
    }
}

fn vector_tree(body: &FunctionBody, node: VectorNode) -> String {
    let inner = |id| tree(body, id);
    match node {
        VectorNode::Slot(slot) => vector_slot(slot),
        VectorNode::Const(vector) => vector_constant(body, vector),
        VectorNode::GlobalGet(global) => format!("g{global}"),
        VectorNode::Select { condition, a, b } => {
            format!("select({}, {}, {})", inner(a), inner(b), inner(condition))
        }
        VectorNode::One { op, a } => format!("{}({})", op.mnemonic(), inner(a)),
        VectorNode::Two { op, a, b } => format!("{}({}, {})", op.mnemonic(), inner(a), inner(b)),
        VectorNode::Three { op, a, b, c } => format!("{}({}, {}, {})", op.mnemonic(), inner(a), inner(b), inner(c)),
        VectorNode::Test { op, a } => format!("{}({})", op.mnemonic(), inner(a)),
        VectorNode::Shift { op, a, b } => format!("{}({}, {})", op.mnemonic(), inner(a), inner(b)),
        VectorNode::Splat { op, a } => format!("{}({})", op.mnemonic(), inner(a)),
        VectorNode::Extract { op, lane, a } => format!("{} {lane}({})", op.mnemonic(), inner(a)),
        VectorNode::Replace { op, lane, a, b } => format!("{} {lane}({}, {})", op.mnemonic(), inner(a), inner(b)),
        VectorNode::Shuffle { lanes, a, b } => format!("{}({}, {})", shuffle(body, lanes), inner(a), inner(b)),
        VectorNode::Load {
            op,
            memory,
            address,
            offset,
        } => place(op.mnemonic(), u16::from(memory), &inner(address), offset),
        VectorNode::LoadLane {
            op,
            lane,
            memory,
            address,
            offset,
            a,
        } => {
            let place = place(op.mnemonic(), u16::from(memory), &inner(address), offset);
            format!("{place} as lane {lane} of {}", inner(a))
        }
    }
}

/// Both slots of a vector.
fn vector_slot(slot: Slot) -> String {
    format!("s{slot}:s{}", u32::from(slot) + 1)
}

fn vector_constant(body: &FunctionBody, vector: u32) -> String {
    body.vectors[vector as usize].to_string()
}

/// The operation, and the bytes that it takes.
fn shuffle(body: &FunctionBody, lanes: u32) -> String {
    let lanes = body.vectors[lanes as usize].to_bytes().map(|lane| lane.to_string());
    format!("i8x16.shuffle {}", lanes.join(" "))
}

fn vector_instruction(body: &FunctionBody, instruction: VectorInstruction) -> String {
    let s = vector_slot;
    let at =
        |mnemonic, memory, address, offset| place(mnemonic, u16::from(memory), &operand(address, ValType::I32), offset);
    match instruction {
        VectorInstruction::Copy { d, a } => format!("{} = {}", s(d), s(a)),
        VectorInstruction::Const { d, vector } => format!("{} = {}", s(d), vector_constant(body, vector)),
        VectorInstruction::Select { d, condition, a, b } => {
            format!("{} = select({}, {}, s{condition})", s(d), s(a), s(b))
        }
        VectorInstruction::GlobalGet { d, global } => format!("{} = g{global}", s(d)),
        VectorInstruction::GlobalSet { global, a } => format!("g{global} = {}", s(a)),
        VectorInstruction::One { op, d, a } => format!("{} = {}({})", s(d), op.mnemonic(), s(a)),
        VectorInstruction::Two { op, d, a, b } => format!("{} = {}({}, {})", s(d), op.mnemonic(), s(a), s(b)),
        VectorInstruction::Three { op, d, a, b, c } => {
            format!("{} = {}({}, {}, {})", s(d), op.mnemonic(), s(a), s(b), s(c))
        }
        VectorInstruction::Test { op, d, a } => format!("s{d} = {}({})", op.mnemonic(), s(a)),
        VectorInstruction::Shift { op, d, a, b } => {
            format!("{} = {}({}, {})", s(d), op.mnemonic(), s(a), operand(b, ValType::I32))
        }
        VectorInstruction::Splat { op, d, a } => {
            format!("{} = {}({})", s(d), op.mnemonic(), operand(a, op.operand()))
        }
        VectorInstruction::Extract { op, lane, d, a } => format!("s{d} = {} {lane}({})", op.mnemonic(), s(a)),
        VectorInstruction::Replace { op, lane, d, a, b } => {
            let b = operand(b, op.operand());
            format!("{} = {} {lane}({}, {b})", s(d), op.mnemonic(), s(a))
        }
        VectorInstruction::Shuffle { lanes, d, a, b } => {
            format!("{} = {}({}, {})", s(d), shuffle(body, lanes), s(a), s(b))
        }
        VectorInstruction::Load {
            op,
            d,
            address,
            memory,
            offset,
        } => format!("{} = {}", s(d), at(op.mnemonic(), memory, address, offset)),
        VectorInstruction::LoadLane {
            op,
            lane,
            d,
            address,
            memory,
            offset,
            a,
        } => {
            let place = at(op.mnemonic(), memory, address, offset);
            format!("{} = {place} as lane {lane} of {}", s(d), s(a))
        }
        VectorInstruction::Store {
            op,
            address,
            memory,
            offset,
            a,
        } => format!("{} = {}", at(op.mnemonic(), memory, address, offset), s(a)),
        VectorInstruction::StoreLane {
            op,
            lane,
            address,
            memory,
            offset,
            a,
        } => {
            let place = at(op.mnemonic(), memory, address, offset);
            format!("{place} = lane {lane} of {}", s(a))
        }
    }
}

/// An instruction of the flat view of a block, as a statement of one operation.
pub fn instruction(body: &FunctionBody, instruction: &Instruction, block: BlockId) -> String {
    let next = block + 1;
    let index = |index| operand(index, ValType::I32);
    match *instruction {
        Instruction::Copy { d, a } => format!("s{d} = s{a}"),
        Instruction::Const { d, value } => format!("s{d} = {}", bits(value)),
        Instruction::Unary { op, d, a } => format!("s{d} = {}({})", op.mnemonic(), operand(a, op.types().0)),
        Instruction::Binary { op, d, a, b } => {
            let (a_type, b_type, _) = op.types();
            let (a, b) = (operand(a, a_type), operand(b, b_type));
            format!("s{d} = {}({a}, {b})", op.mnemonic())
        }
        Instruction::Load {
            op,
            d,
            address,
            memory,
            offset,
        } => format!("s{d} = {}", place(op.mnemonic(), memory, &index(address), offset)),
        Instruction::Store {
            op,
            address,
            value,
            memory,
            offset,
        } => {
            let place = place(op.mnemonic(), memory, &index(address), offset);
            format!("{place} = {}", operand(value, op.operand()))
        }
        Instruction::Select { d, condition, a, b } => {
            format!("s{d} = select({}, {}, s{condition})", untyped(a), untyped(b))
        }
        Instruction::GlobalGet { d, global } => format!("s{d} = g{global}"),
        Instruction::GlobalSet { global, value } => format!("g{global} = {}", untyped(value)),
        Instruction::Vector(instruction) => vector_instruction(body, instruction),
        Instruction::Builtin { op, base, x, y } => builtin(op, base, x, y),
        Instruction::Meter { cost } => format!("meter {cost}"),
        Instruction::Jump(target) => format!("jump to block {target}"),
        Instruction::Branch { test, when, target } => {
            let test = match test {
                Test::NotZero(slot) => format!("s{slot}"),
                Test::Binary { op, a, b } => format!("{}(s{a}, {})", op.mnemonic(), operand(b, op.types().1)),
            };
            branch(&test, when, target, next)
        }
        Instruction::Switch { index, first, count } => switch(body, &format!("s{index}"), first, count),
        Instruction::Call { function, base } => call(function, base, next),
        Instruction::CallIndirect {
            table,
            ty,
            index: at,
            base,
        } => call_indirect(table, &index(at), ty, base, next),
        Instruction::TailCall { function } => format!("return call function {function}"),
        Instruction::TailCallIndirect { table, ty, index: at } => {
            format!("return call table {table}[{}] of type {ty}", index(at))
        }
        Instruction::Return => "return".to_owned(),
        Instruction::Trap(trap) => format!("trap: {trap}"),
    }
}

/// With the immediates that it has.
fn builtin(op: Builtin, base: Slot, x: u32, y: u32) -> String {
    match op.immediates().len() {
        0 => format!("{} at s{base}", op.mnemonic()),
        1 => format!("{} {x} at s{base}", op.mnemonic()),
        _ => format!("{} {x} {y} at s{base}", op.mnemonic()),
    }
}

fn branch(test: &str, when: bool, target: BlockId, next: BlockId) -> String {
    let word = if when { "if" } else { "unless" };
    format!("{word} {test}: to block {target}, else {next}")
}

fn switch(body: &FunctionBody, index: &str, first: u32, count: u32) -> String {
    let targets = &body.targets[first as usize..(first + count) as usize];
    let numbers: Vec<String> = targets.iter().map(BlockId::to_string).collect();
    format!("switch {index}: to blocks {}", numbers.join(", "))
}

fn call(function: u32, base: Slot, next: BlockId) -> String {
    format!("call function {function} at s{base}, then block {next}")
}

fn call_indirect(table: u32, index: &str, ty: u32, base: Slot, next: BlockId) -> String {
    format!("call table {table}[{index}] of type {ty} at s{base}, then block {next}")
}

/// A place in a memory; the first memory is not named.
fn place(mnemonic: &str, memory: u16, address: &str, offset: u32) -> String {
    let memory = match memory {
        0 => String::new(),
        other => format!(" memory {other}"),
    };
    let offset = match offset {
        0 => String::new(),
        offset => format!(" + {offset}"),
    };
    format!("{mnemonic}{memory}[{address}{offset}]")
}

/// An operand of the flat view.
fn operand(operand: Operand, ty: ValType) -> String {
    match operand {
        Operand::Slot(slot) => format!("s{slot}"),
        Operand::Const(bits) => constant(ty, bits),
    }
}

/// An operand whose type the flat view does not say.
fn untyped(operand: Operand) -> String {
    match operand {
        Operand::Slot(slot) => format!("s{slot}"),
        Operand::Const(value) => bits(value),
    }
}

/// The bits of a constant of unknown type.
fn bits(value: u64) -> String {
    format!("{value:#x}")
}

fn constant(ty: ValType, bits: u64) -> String {
    match ty {
        ValType::I32 => (bits as u32 as i32).to_string(),
        ValType::I64 => (bits as i64).to_string(),
        ValType::F32 => format!("{:?}", f32::from_bits(bits as u32)),
        ValType::F64 => format!("{:?}", f64::from_bits(bits)),
        _ => format!("{ty} {bits:#x}"),
    }
}
