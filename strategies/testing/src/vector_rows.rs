//! Functions with every operation on vectors, and the comparison with the reference.

use wasm_dispatch_ir::code::vector::VectorNode;
use wasm_dispatch_ir::code::{FunctionBody, Node, NodeId, Slot, Statement};
use wasm_dispatch_ir::ops::{BinaryOp, StoreOp};
use wasm_dispatch_ir::trap::Trap;
use wasm_dispatch_ir::types::ValType;
use wasm_dispatch_ir::vector::V128;
use wasm_dispatch_ir::vector_ops::{
    ExtractOp, LoadLaneOp, ReplaceOp, ShiftOp, SplatOp, StoreLaneOp, Vector1Op, Vector2Op, Vector3Op, VectorLoadOp,
    VectorStoreOp, VectorTestOp,
};
use wasm_dispatch_machine::backend::{Backend, Exit};
use wasm_dispatch_machine::reference::Reference;

use crate::vectors::{Vectors, same};
use crate::{BodyBuilder, run};

/// Parameters of the functions: three vectors, a scalar of each type, and an address.
const LOCALS: [ValType; 11] = [
    ValType::V128Low,
    ValType::V128High,
    ValType::V128Low,
    ValType::V128High,
    ValType::V128Low,
    ValType::V128High,
    ValType::I32,
    ValType::I64,
    ValType::F32,
    ValType::F64,
    ValType::I32,
];

/// The parameter that is an address.
const ADDRESS: Slot = 10;

/// Where results go in memory, 16 bytes each, beyond what rows read.
const RESULTS: u32 = 0x8000;

/// Where operands are.
#[derive(Clone, Copy, Debug)]
enum Place {
    Slots,
    Computed,
    /// The last one computed.
    Mixed,
    /// The last one constant.
    Constant,
}

const PLACES: [Place; 4] = [Place::Slots, Place::Computed, Place::Mixed, Place::Constant];

struct Builder {
    out: BodyBuilder,
    place: Place,
    /// Of the result that is written next: memory, and which operation it is of.
    results: Vec<(u8, &'static str)>,
}

impl Builder {
    fn new(place: Place) -> Builder {
        Builder {
            out: BodyBuilder::new(&LOCALS, 0),
            place,
            results: Vec::new(),
        }
    }

    fn vector_node(&mut self, node: VectorNode) -> NodeId {
        self.out.node(Node::Vector(node), ValType::V128)
    }

    fn constant(&mut self, value: V128) -> u32 {
        self.out.vector(value)
    }

    /// A vector parameter: number `which` of `count` operands.
    fn vector(&mut self, which: u16, count: u16) -> NodeId {
        let slots = self.vector_node(VectorNode::Slot(which * 2));
        let last = which + 1 == count;
        match self.place {
            Place::Slots => slots,
            Place::Mixed if !last => slots,
            Place::Constant if !last => slots,
            Place::Constant => {
                let index = self.constant(V128::from(0x8000_7fff_ff80_0100_c0de_3f80_0000_0102_u128));
                self.vector_node(VectorNode::Const(index))
            }
            Place::Computed | Place::Mixed => {
                let index = self.constant(V128::from(0x0001_0000_0080_0000_0000_0000_0000_0001_u128));
                let constant = self.vector_node(VectorNode::Const(index));
                let op = Vector2Op::V128Xor;
                self.vector_node(VectorNode::Two {
                    op,
                    a: slots,
                    b: constant,
                })
            }
        }
    }

    /// The scalar parameter of a type.
    fn scalar(&mut self, ty: ValType) -> NodeId {
        let slot = (6..10).find(|&slot| LOCALS[slot] == ty).unwrap_or(6) as Slot;
        match (self.place, ty) {
            (Place::Constant, ValType::I32) => self.out.i32(9),
            (Place::Computed, ValType::I32) => {
                let (a, b) = (self.out.local(slot), self.out.i32(5));
                self.out.binary(BinaryOp::I32Add, a, b)
            }
            _ => self.out.local(slot),
        }
    }

    fn address(&mut self) -> NodeId {
        match self.place {
            Place::Slots => self.out.local(ADDRESS),
            Place::Constant => self.out.i32(77),
            Place::Mixed | Place::Computed => {
                let (a, b) = (self.out.local(ADDRESS), self.out.i32(3));
                self.out.binary(BinaryOp::I32Add, a, b)
            }
        }
    }

    /// The memory of the next access, its address and offset.
    fn access(&mut self) -> (u8, NodeId, u32) {
        let number = self.results.len() as u32;
        (u8::from(number.is_multiple_of(5)), self.address(), number % 7)
    }

    /// A place for the next result: memory, address and offset.
    fn result(&mut self, mnemonic: &'static str) -> (u8, NodeId, u32) {
        let number = self.results.len() as u32;
        let memory = u8::from(number.is_multiple_of(11));
        self.results.push((memory, mnemonic));
        (memory, self.out.i32(RESULTS as i32), number * 16)
    }

    fn keep(&mut self, mnemonic: &'static str, node: VectorNode) {
        let value = self.vector_node(node);
        let value = if self.results.len().is_multiple_of(3) {
            // By way of slots that are an operand, too.
            let keep = self.vector_node(VectorNode::Slot(4));
            self.out.statement(Statement::VectorSet { slot: 0, value });
            let result = self.vector_node(VectorNode::Slot(0));
            self.store(mnemonic, result);
            self.out.statement(Statement::VectorSet { slot: 0, value: keep });
            return;
        } else {
            value
        };
        self.store(mnemonic, value);
    }

    fn store(&mut self, mnemonic: &'static str, value: NodeId) {
        let (memory, address, offset) = self.result(mnemonic);
        self.out.statement(Statement::VectorStore {
            op: VectorStoreOp::V128Store,
            memory,
            address,
            offset,
            value,
        });
    }

    fn keep_scalar(&mut self, mnemonic: &'static str, node: VectorNode, ty: ValType) {
        let value = self.out.node(Node::Vector(node), ty);
        let (memory, address, offset) = self.result(mnemonic);
        let op = match ty {
            ValType::I64 => StoreOp::I64Store,
            ValType::F32 => StoreOp::F32Store,
            ValType::F64 => StoreOp::F64Store,
            _ => StoreOp::I32Store,
        };
        self.out.statement(Statement::Store {
            op,
            memory: u16::from(memory),
            address,
            offset,
            value,
        });
    }

    /// Every operation, and where its result goes.
    fn all_rows(mut self) -> (FunctionBody, Vec<(u8, &'static str)>) {
        for &op in Vector1Op::ALL {
            let a = self.vector(0, 1);
            self.keep(op.mnemonic(), VectorNode::One { op, a });
        }
        for &op in Vector2Op::ALL {
            let (a, b) = (self.vector(0, 2), self.vector(1, 2));
            self.keep(op.mnemonic(), VectorNode::Two { op, a, b });
            // The other way round, the last operand is computed or constant on the left.
            self.keep(op.mnemonic(), VectorNode::Two { op, a: b, b: a });
        }
        for &op in Vector3Op::ALL {
            let (a, b, c) = (self.vector(0, 3), self.vector(1, 3), self.vector(2, 3));
            self.keep(op.mnemonic(), VectorNode::Three { op, a, b, c });
        }
        for &op in ShiftOp::ALL {
            let (a, b) = (self.vector(0, 1), self.scalar(ValType::I32));
            self.keep(op.mnemonic(), VectorNode::Shift { op, a, b });
        }
        for &op in SplatOp::ALL {
            let a = self.scalar(op.operand());
            self.keep(op.mnemonic(), VectorNode::Splat { op, a });
        }
        for &op in ReplaceOp::ALL {
            let lane = op.lanes() - 1;
            let (a, b) = (self.vector(0, 1), self.scalar(op.operand()));
            self.keep(op.mnemonic(), VectorNode::Replace { op, lane, a, b });
        }
        for &op in VectorTestOp::ALL {
            let a = self.vector(0, 1);
            self.keep_scalar(op.mnemonic(), VectorNode::Test { op, a }, ValType::I32);
        }
        for &op in ExtractOp::ALL {
            for lane in [0, op.lanes() - 1] {
                let a = self.vector(0, 1);
                self.keep_scalar(op.mnemonic(), VectorNode::Extract { op, lane, a }, op.result());
            }
        }
        for &op in VectorLoadOp::ALL {
            let (memory, address, offset) = self.access();
            let load = VectorNode::Load {
                op,
                memory,
                address,
                offset,
            };
            self.keep(op.mnemonic(), load);
        }
        for &op in LoadLaneOp::ALL {
            let (memory, address, offset) = self.access();
            let load = VectorNode::LoadLane {
                op,
                lane: 1,
                memory,
                address,
                offset,
                a: self.vector(0, 1),
            };
            self.keep(op.mnemonic(), load);
        }
        for &op in StoreLaneOp::ALL {
            let (memory, address, offset) = self.result(op.mnemonic());
            let value = self.vector(0, 1);
            self.out.statement(Statement::StoreLane {
                op,
                lane: op.lanes() - 1,
                memory,
                address,
                offset,
                value,
            });
        }
        let (a, b) = (self.vector(0, 2), self.vector(1, 2));
        let lanes = self.constant(V128([31, 0, 16, 15, 1, 17, 2, 2, 30, 4, 5, 21, 7, 8, 9, 10]));
        self.keep("i8x16.shuffle", VectorNode::Shuffle { lanes, a, b });
        let (a, b, condition) = (self.vector(0, 2), self.vector(1, 2), self.scalar(ValType::I32));
        self.keep("select", VectorNode::Select { condition, a, b });
        self.out.statement(Statement::Return);
        (self.out.finish(), self.results)
    }
}

/// Every operation gives what it does under the reference, wherever its operands are.
///
/// # Panics
///
/// When one does not.
pub fn agrees_on_all_rows<B: Backend>(inputs: usize) {
    for place in PLACES {
        let (body, results) = Builder::new(place).all_rows();
        let body = [body];
        let mut vectors = Vectors::new(7);
        for _ in 0..inputs {
            let mut arguments = Vec::new();
            for _ in 0..3 {
                arguments.extend(vectors.vector().to_slots());
            }
            arguments.extend([32, 64, 32, 64].map(|bits| vectors.scalar(bits)));
            arguments.push(u64::from(vectors.below(0x4000)));
            let expected = run::<Reference>(&body, &arguments);
            let found = run::<B>(&body, &arguments);
            assert_eq!(expected.exit, Exit::Returned, "{place:?}");
            assert_eq!(found.exit, expected.exit, "{}, operands {place:?}", B::NAME);
            for (number, (memory, mnemonic)) in results.iter().enumerate() {
                let at = RESULTS as usize + number * 16;
                let [found, expected] = [&found, &expected].map(|outcome| {
                    let bytes = if *memory == 0 {
                        &outcome.memory
                    } else {
                        &outcome.others[0]
                    };
                    V128(bytes[at..at + 16].try_into().expect("16 bytes"))
                });
                assert!(
                    same(mnemonic, found, expected),
                    "{}: {mnemonic}, result {number}, operands {place:?} from {arguments:x?}: {found} is not {expected}",
                    B::NAME
                );
            }
        }
    }
}

/// Accesses past the end trap at their statement, and write nothing.
///
/// # Panics
///
/// When one does not.
pub fn traps_past_the_end<B: Backend>() {
    for place in [Place::Slots, Place::Computed] {
        for (number, memory) in (0..22).flat_map(|number| [(number, 0), (number, 1)]) {
            let mut b = Builder::new(place);
            let address = b.address();
            let offset = 65536 - 20;
            let vector = b.vector(0, 1);
            let (width, node) = match number {
                0..13 => {
                    let op = VectorLoadOp::ALL[number];
                    let load = VectorNode::Load {
                        op,
                        memory,
                        address,
                        offset,
                    };
                    (op.width(), Some(load))
                }
                13..17 => {
                    let op = LoadLaneOp::ALL[number - 13];
                    let (a, lane) = (vector, 1);
                    let load = VectorNode::LoadLane {
                        op,
                        lane,
                        memory,
                        address,
                        offset,
                        a,
                    };
                    (op.width(), Some(load))
                }
                17..21 => (StoreLaneOp::ALL[number - 17].width(), None),
                _ => (16, None),
            };
            b.out.add(6, 1);
            match node {
                Some(node) => {
                    let value = b.vector_node(node);
                    b.out.statement(Statement::VectorSet { slot: 2, value });
                }
                None if number < 21 => b.out.statement(Statement::StoreLane {
                    op: StoreLaneOp::ALL[number - 17],
                    lane: 1,
                    memory,
                    address,
                    offset,
                    value: vector,
                }),
                None => b.out.statement(Statement::VectorStore {
                    op: VectorStoreOp::V128Store,
                    memory,
                    address,
                    offset,
                    value: vector,
                }),
            }
            b.out.statement(Statement::Return);
            let body = [b.out.finish()];
            let computed = if matches!(place, Place::Computed) { 3 } else { 0 };
            let last = 20 - width as u64 - computed;
            for (address, fits) in [(last, true), (last + 1, false), (0xffff_fff0, false)] {
                let mut arguments = [u64::MAX; 11];
                arguments[6] = 41;
                arguments[usize::from(ADDRESS)] = address;
                let (found, expected) = (run::<B>(&body, &arguments), run::<Reference>(&body, &arguments));
                let (trap, statement) = (Trap::OutOfBoundsMemoryAccess, 1);
                let exit = if fits {
                    Exit::Returned
                } else {
                    Exit::Trapped { trap, statement }
                };
                assert_eq!(expected.exit, exit, "access {number} at {address}");
                assert!(found == expected, "{}: access {number} at {address}", B::NAME);
            }
        }
    }
}
