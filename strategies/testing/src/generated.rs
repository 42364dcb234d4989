//! Functions made from seeds, and the comparison with the reference.

use crate::{BodyBuilder, run, run_in_slices};
use wasm_dispatch_ir::code::{BlockId, FunctionBody, Node, NodeId, Slot, Statement};
use wasm_dispatch_ir::ops::{BinaryOp, LoadOp, StoreOp, UnaryOp};
use wasm_dispatch_ir::shape::AddressType;
use wasm_dispatch_ir::types::ValType;
use wasm_dispatch_machine::backend::Backend;
use wasm_dispatch_machine::reference::Reference;

/// The locals of generated functions: two of each type, and the [`FUEL`].
const LOCALS: [ValType; 9] = [
    ValType::I32,
    ValType::I32,
    ValType::I64,
    ValType::I64,
    ValType::F32,
    ValType::F32,
    ValType::F64,
    ValType::F64,
    ValType::I32,
];

/// The local that every block decrements. Only while it is positive do branches lead back, so every function ends.
const FUEL: Slot = 8;

/// Makes functions from a seed.
#[derive(Debug)]
struct Generator {
    random: fastrand::Rng,
    out: BodyBuilder,
    /// Blocks that leave for the last one when there is no fuel: any block may jump back to them.
    tops: Vec<BlockId>,
}

impl Generator {
    fn next(&mut self, below: usize) -> usize {
        self.random.usize(..below)
    }

    fn constant(&mut self, ty: ValType) -> NodeId {
        let small = [
            0,
            1,
            2,
            3,
            7,
            8,
            31,
            32,
            255,
            65535,
            u64::MAX,
            1 << 31,
            1 << 63,
            0x4048_f5c3,
        ];
        let value = small[self.next(small.len())];
        let value = match ty {
            ValType::I32 | ValType::F32 => value & 0xffff_ffff,
            ValType::F64 => (value as f64).to_bits(),
            _ => value,
        };
        self.out.node(Node::Const(value), ty)
    }

    fn tree(&mut self, ty: ValType, depth: usize) -> NodeId {
        let choice = if depth == 0 { self.next(5) } else { 4 + self.next(12) };
        match choice {
            0..=2 => {
                let first = LOCALS.iter().position(|&local| local == ty).unwrap_or(0);
                let slot = first + self.next(2);
                self.out.local(slot as Slot)
            }
            3 => self.constant(ty),
            4 | 5 if ty == ValType::I64 => {
                let global = self.next(2) as u32;
                self.out.node(Node::GlobalGet(global), ty)
            }
            4 => self.constant(ty),
            5 => {
                let (a, b) = (self.tree(ty, depth - 1), self.tree(ty, depth - 1));
                let condition = self.tree(ValType::I32, depth - 1);
                self.out.node(Node::Select { condition, a, b }, ty)
            }
            6 | 7 => {
                let ops = LoadOp::ALL.iter().filter(|op| op.result() == ty);
                let ops: Vec<_> = ops.copied().collect();
                let op = ops[self.next(ops.len())];
                let memory = self.memory();
                let address = self.address(memory, depth - 1);
                let load = Node::Load {
                    op,
                    memory,
                    address,
                    offset: [0, 4, 100, 65530][self.next(4)],
                };
                self.out.node(load, ty)
            }
            8 | 9 => {
                let ops = UnaryOp::ALL.iter().filter(|op| op.types().1 == ty && exact_unary(**op));
                let ops: Vec<_> = ops.copied().collect();
                let op = ops[self.next(ops.len())];
                let a = self.tree(op.types().0, depth - 1);
                self.out.unary(op, a)
            }
            _ => {
                let ops = BinaryOp::ALL
                    .iter()
                    .filter(|op| op.types().2 == ty && exact_binary(**op));
                let ops: Vec<_> = ops.copied().collect();
                let op = ops[self.next(ops.len())];
                let (depth_a, depth_b) = (self.next(depth), self.next(depth));
                let a = self.tree(op.types().0, depth_a);
                let b = self.tree(op.types().1, depth_b);
                self.out.binary(op, a, b)
            }
        }
    }

    /// Mostly the first memory.
    fn memory(&mut self) -> u16 {
        match self.next(8) {
            0 => 1 + self.next(2) as u16,
            _ => 0,
        }
    }

    /// An address that is usually within the memory.
    fn address(&mut self, memory: u16, depth: usize) -> NodeId {
        let address = self.out.body.shape.memories[usize::from(memory)].address;
        let (ty, and) = match address {
            AddressType::I32 => (ValType::I32, BinaryOp::I32And),
            AddressType::I64 => (ValType::I64, BinaryOp::I64And),
        };
        let address = self.tree(ty, depth);
        if self.next(16) == 0 {
            return address;
        }
        let mask = self.out.node(Node::Const(0x7fff), ty);
        self.out.binary(and, address, mask)
    }

    fn statement(&mut self) {
        let depth = self.next(5);
        match self.next(8) {
            0..=4 => {
                let slot = self.next(8);
                let value = self.tree(LOCALS[slot], depth);
                self.out.set(slot as Slot, value);
            }
            5 => {
                let global = self.next(2) as u32;
                let value = self.tree(ValType::I64, depth);
                self.out.statement(Statement::GlobalSet { global, value });
            }
            6 => {
                let op = StoreOp::ALL[self.next(StoreOp::ALL.len())];
                let memory = self.memory();
                let address = self.address(memory, depth);
                let value = self.tree(op.operand(), depth);
                let store = Statement::Store {
                    op,
                    memory,
                    address,
                    offset: [0, 4, 100, 65530][self.next(4)],
                    value,
                };
                self.out.statement(store);
            }
            _ => {
                let ty = LOCALS[self.next(8)];
                let value = self.tree(ty, depth);
                self.out.statement(Statement::Eval(value));
            }
        }
    }

    fn terminator(&mut self, block: u32, blocks: u32) {
        let target = |g: &mut Self| block + 1 + g.next((blocks - block - 1) as usize) as u32;
        match self.next(10) {
            0 => {
                let target = target(self);
                self.out.statement(Statement::Jump(target));
            }
            1 if self.next(2) == 0 => {
                // A test at the top of a loop, whose body jumps back to it.
                let (fuel, none) = (self.out.local(FUEL), self.out.i32(0));
                let condition = self.out.binary(BinaryOp::I32LeS, fuel, none);
                self.tops.push(block);
                self.out.statement(Statement::Branch {
                    condition,
                    when: true,
                    target: blocks - 1,
                });
            }
            6 if !self.tops.is_empty() => {
                let top = self.next(self.tops.len());
                self.out.statement(Statement::Jump(self.tops[top]));
            }
            1 => {
                let index = self.tree(ValType::I32, 1);
                let first = self.out.body.targets.len() as u32;
                let count = 1 + self.next(4) as u32;
                for _ in 0..count {
                    let target = target(self);
                    self.out.body.targets.push(target);
                }
                self.out.statement(Statement::Switch { index, first, count });
            }
            2..=5 => {
                let (fuel, none) = (self.out.local(FUEL), self.out.i32(0));
                let when = self.next(2) == 0;
                let op = if when { BinaryOp::I32GtS } else { BinaryOp::I32LeS };
                let condition = self.out.binary(op, fuel, none);
                let target = self.next(block as usize + 1) as u32;
                self.out.statement(Statement::Branch {
                    condition,
                    when,
                    target,
                });
            }
            _ => {
                let depth = self.next(4);
                let condition = self.tree(ValType::I32, depth);
                let target = target(self);
                let when = self.next(2) == 0;
                self.out.statement(Statement::Branch {
                    condition,
                    when,
                    target,
                });
            }
        }
    }
}

/// Whether the result has the same bits on every path through a compiler: arithmetic NaNs do not.
fn exact_unary(op: UnaryOp) -> bool {
    let (a, r) = op.types();
    !is_float(r) || !is_float(a) || op.mnemonic().ends_with("abs") || op.mnemonic().ends_with("neg")
}

fn exact_binary(op: BinaryOp) -> bool {
    !is_float(op.types().2) || op.mnemonic().ends_with("copysign")
}

fn is_float(ty: ValType) -> bool {
    matches!(ty, ValType::F32 | ValType::F64)
}

/// A function and arguments made from a seed.
pub fn generated(seed: u64) -> (FunctionBody, Vec<u64>) {
    let mut generator = Generator {
        random: fastrand::Rng::with_seed(seed),
        out: BodyBuilder::new(&LOCALS, 0),
        tops: Vec::new(),
    };
    if seed.is_multiple_of(3) {
        // The first memory is where most accesses go.
        generator.out.body.shape = crate::shape([AddressType::I64, AddressType::I32, AddressType::I64]);
    }
    let blocks = 2 + generator.next(6) as u32;
    let metered = seed.is_multiple_of(2);
    for block in 0..blocks {
        if metered && generator.next(3) > 0 {
            let cost = generator.next(20) as u32;
            generator.out.statement(Statement::Meter { cost });
        }
        generator.out.add(FUEL, -1);
        for _ in 0..generator.next(12) {
            generator.statement();
        }
        if block + 1 == blocks {
            generator.out.statement(Statement::Return);
        } else {
            generator.terminator(block, blocks);
        }
    }
    let arguments = LOCALS.iter().enumerate().map(|(slot, &ty)| match ty {
        _ if slot == usize::from(FUEL) => generator.next(60) as u64,
        ValType::I32 => generator.next(1 << 17) as u64,
        ValType::F32 => u64::from((generator.next(1000) as f32 / 3.0).to_bits()),
        ValType::F64 => (generator.next(1000) as f64 / 3.0).to_bits(),
        _ => generator.next(1 << 40) as u64,
    });
    let arguments = arguments.collect();
    (generator.out.finish(), arguments)
}

/// Compares a strategy with the reference: functions from seeds, and every row of the table in every place.
///
/// # Panics
///
/// When they differ.
pub fn agrees_with_reference<B: Backend>(seeds: std::ops::Range<u64>) {
    for seed in seeds {
        let (body, arguments) = generated(seed);
        let expected = run::<Reference>(std::slice::from_ref(&body), &arguments);
        let body = [body];
        let found = run::<B>(&body, &arguments);
        assert_eq!(found.exit, expected.exit, "{} with seed {seed}", B::NAME);
        assert!(found == expected, "{} with seed {seed}: other state", B::NAME);
        for slice in [0, 1, 30] {
            let (_, times) = run_in_slices::<Reference, Reference>(&body, &arguments, slice);
            for (found, name) in [
                (run_in_slices::<B, B>(&body, &arguments, slice), "in slices"),
                (
                    run_in_slices::<B, Reference>(&body, &arguments, slice),
                    "in turn with the reference",
                ),
            ] {
                assert_eq!(
                    found.1,
                    times,
                    "{} with seed {seed} {name} of {slice}: suspensions",
                    B::NAME
                );
                assert!(
                    found.0 == expected,
                    "{} with seed {seed} {name} of {slice}: other state",
                    B::NAME
                );
            }
        }
    }
    for &op in BinaryOp::ALL {
        for form in 0..24 {
            check_binary::<B>(op, form);
        }
    }
}

/// One operation with each operand in a slot, in the code or computed, as a value, a condition or an address.
fn check_binary<B: Backend>(op: BinaryOp, form: usize) {
    let (a_type, b_type, r_type) = op.types();
    let place = |ty: ValType| LOCALS.iter().position(|&local| local == ty).unwrap_or(0) as Slot;
    for (x, y) in [(7u64, 3u64), (3, 7), (5, 5), (40, 2), (1 << 20, 1 << 10), (9, 0)] {
        let bits = |value: u64, ty: ValType| match ty {
            ValType::F32 => u64::from((value as f32).to_bits()),
            ValType::F64 => (value as f64).to_bits(),
            _ => value,
        };
        let mut out = BodyBuilder::new(&LOCALS, 0);
        let mut arguments = vec![0; LOCALS.len()];
        let (a_slot, b_slot) = (place(a_type), place(b_type) + 1);
        arguments[usize::from(a_slot)] = bits(x, a_type);
        arguments[usize::from(b_slot)] = bits(y, b_type);
        let operand = |out: &mut BodyBuilder, kind: usize, slot: Slot, value: u64, ty: ValType| match kind {
            0 => out.local(slot),
            1 => out.node(Node::Const(value), ty),
            _ => {
                let (a, b) = (out.local(slot), out.local(slot));
                let condition = out.i32(1);
                out.node(Node::Select { condition, a, b }, ty)
            }
        };
        let a = operand(&mut out, form % 3, a_slot, arguments[usize::from(a_slot)], a_type);
        let b = operand(&mut out, form / 3 % 3, b_slot, arguments[usize::from(b_slot)], b_type);
        let result = out.binary(op, a, b);
        if r_type == ValType::I32 && form >= 9 {
            out.statement(Statement::Branch {
                condition: result,
                when: form.is_multiple_of(2),
                target: 2,
            });
            out.add(0, 1000);
            out.statement(Statement::Return);
        } else {
            out.set(place(r_type), result);
        }
        out.statement(Statement::Return);
        let body = out.finish();
        let expected = run::<Reference>(std::slice::from_ref(&body), &arguments);
        let found = run::<B>(&[body], &arguments);
        assert!(
            found == expected,
            "{} computes {} of {x} and {y} in form {form} as {:?} ({:?}), not {:?}",
            B::NAME,
            op.mnemonic(),
            found.slots,
            found.exit,
            expected.slots,
        );
    }
}
