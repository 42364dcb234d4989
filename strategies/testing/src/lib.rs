//! Functions made without a front end: strategies' own tests run them and compare with the reference.
//!
//! The tests that matter most are the official suite and generated modules, which run through the root package. A strategy
//! cannot depend on that, so its own tests use this crate.

#![forbid(unsafe_code)]

use std::sync::{Arc, OnceLock};

use wasm_dispatch_ir::code::{CodeBlock, FunctionBody, Node, NodeId, Slot, Statement};
use wasm_dispatch_ir::ops::{BinaryOp, LoadOp, UnaryOp};
use wasm_dispatch_ir::shape::{AddressType, MemoryShape, ModuleShape, TableShape};
use wasm_dispatch_ir::types::{GlobalType, ValType};
use wasm_dispatch_ir::vector::V128;
use wasm_dispatch_ir::verify::{VECTOR_SCRATCH_SLOTS, verify};
use wasm_dispatch_machine::backend::{Backend, Exit, ModuleCode, Program};
use wasm_dispatch_machine::driver;
use wasm_dispatch_machine::host::Outside;
use wasm_dispatch_machine::state::{Frame, Machine, MachineLimits};
use wasm_dispatch_machine::store::{Instance, Memory, PAGE as PAGE_SIZE, Table};

mod generated;
pub mod suite;
pub mod vector_rows;
pub mod vectors;
pub use generated::{agrees_with_reference, generated};

/// Builds a [`FunctionBody`] statement by statement.
#[derive(Clone, Debug)]
pub struct BodyBuilder {
    body: FunctionBody,
    first: u32,
}

impl BodyBuilder {
    /// A function whose locals, all of them parameters and results, have these types. Canonical slots of operands follow them.
    pub fn new(locals: &[ValType], operands: u16) -> BodyBuilder {
        let params = locals.len() as u16;
        let scratch = params + operands;
        BodyBuilder {
            body: FunctionBody {
                params,
                locals: locals.iter().copied().collect(),
                results: locals.to_vec(),
                scratch,
                frame_size: u32::from(scratch) + u32::from(VECTOR_SCRATCH_SLOTS),
                shape: shape(MEMORIES),
                ..FunctionBody::default()
            },
            first: 0,
        }
    }

    /// A node.
    pub fn node(&mut self, node: Node, ty: ValType) -> NodeId {
        self.body.nodes.push(node);
        self.body.node_types.push(ty);
        self.body.node_offsets.push(0);
        self.body.nodes.len() as NodeId - 1
    }

    /// The value of a local.
    pub fn local(&mut self, slot: Slot) -> NodeId {
        {
            let ty = self.body.locals.get(usize::from(slot)).expect("a local");
            self.node(Node::Slot(slot), ty)
        }
    }

    /// An `i32` constant.
    pub fn i32(&mut self, value: i32) -> NodeId {
        self.node(Node::Const(u64::from(value as u32)), ValType::I32)
    }

    /// `op(a)`
    pub fn unary(&mut self, op: UnaryOp, a: NodeId) -> NodeId {
        self.node(Node::Unary { op, a }, op.types().1)
    }

    /// `op(a, b)`
    pub fn binary(&mut self, op: BinaryOp, a: NodeId, b: NodeId) -> NodeId {
        self.node(Node::Binary { op, a, b }, op.types().2)
    }

    /// A load from memory 0.
    pub fn load(&mut self, op: LoadOp, address: NodeId, offset: u32) -> NodeId {
        let load = Node::Load {
            op,
            memory: 0,
            address,
            offset,
        };
        self.node(load, op.result())
    }

    /// The index of a vector among the function's constants.
    pub fn vector(&mut self, value: V128) -> u32 {
        self.body.vectors.push(value);
        self.body.vectors.len() as u32 - 1
    }

    /// `slot = value`
    pub fn set(&mut self, slot: Slot, value: NodeId) {
        self.statement(Statement::Set { slot, value });
    }

    /// `slot = slot + by`
    pub fn add(&mut self, slot: Slot, by: i32) {
        let (a, b) = (self.local(slot), self.i32(by));
        let sum = self.binary(BinaryOp::I32Add, a, b);
        self.set(slot, sum);
    }

    /// Ends a loop of one block, the second, which runs as often as local 0 says, and the function.
    pub fn end_loop(&mut self) {
        self.add(0, -1);
        let condition = self.local(0);
        self.statement(Statement::Branch {
            condition,
            when: true,
            target: 1,
        });
        self.statement(Statement::Return);
    }

    /// A statement; a terminator ends the block.
    pub fn statement(&mut self, statement: Statement) {
        let index = self.body.statements.len() as u32;
        self.body.statements.push(statement);
        self.body.statement_offsets.push(0);
        if statement.is_terminator() {
            self.body.blocks.push(CodeBlock {
                first: self.first,
                terminator: index,
                entry: Default::default(),
            });
            self.first = index + 1;
        }
    }

    /// The function.
    ///
    /// # Panics
    ///
    /// When the verifier refuses it.
    pub fn finish(self) -> FunctionBody {
        if let Err(error) = verify(&self.body) {
            panic!("a sample breaks the contract: {error}");
        }
        self.body
    }
}

/// Counts a local down from its argument, paying one for each turn: `turns` times around a loop of one block, then returns.
pub fn counting_loop() -> FunctionBody {
    let mut b = BodyBuilder::new(&[ValType::I32, ValType::I32], 0);
    b.statement(Statement::Jump(1));
    b.statement(Statement::Meter { cost: 1 });
    b.add(1, 3);
    b.end_loop();
    b.finish()
}

/// One block of this many statements, each of which adds one to local 0.
pub fn straight_line(statements: usize) -> FunctionBody {
    let mut b = BodyBuilder::new(&[ValType::I32], 0);
    for _ in 0..statements {
        b.add(0, 1);
    }
    b.statement(Statement::Return);
    b.finish()
}

/// Recursive Fibonacci, paying three for each call, the argument and the result in slot 0.
pub fn fibonacci() -> FunctionBody {
    let mut b = BodyBuilder::new(&[ValType::I32, ValType::I32], 3);
    b.statement(Statement::Meter { cost: 3 });
    let (n, two) = (b.local(0), b.i32(2));
    let condition = b.binary(BinaryOp::I32LtU, n, two);
    b.statement(Statement::Branch {
        condition,
        when: true,
        target: 4,
    });
    for (by, keep) in [(-1, true), (-2, false)] {
        let (n, by) = (b.local(0), b.i32(by));
        let argument = b.binary(BinaryOp::I32Add, n, by);
        b.set(2, argument);
        b.statement(Statement::Call { function: 0, base: 2 });
        let result = b.node(Node::Slot(2), ValType::I32);
        if keep {
            b.set(1, result);
        } else {
            let first = b.local(1);
            let sum = b.binary(BinaryOp::I32Add, first, result);
            b.set(0, sum);
            b.statement(Statement::Jump(4));
        }
    }
    b.statement(Statement::Return);
    // What a callee leaves is declared by the entry of the block after the call.
    for block in [2, 3] {
        b.body.set_entry(block as u32, &[Some(ValType::I32)]);
    }
    b.finish()
}

/// What a run left behind.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// How it ended.
    pub exit: Exit,
    /// The first slots of the value stack, as many as there were arguments.
    pub slots: Vec<u64>,
    /// Memory 0.
    pub memory: Vec<u8>,
    /// The other memories.
    pub others: [Vec<u8>; 2],
    /// The globals.
    pub globals: Vec<u64>,
}

/// What a memory holds at first; made once, because a test runs thousands of machines.
static PAGE: OnceLock<Vec<u8>> = OnceLock::new();

/// The memories of the instance that runs functions, where they do not choose others: the last has addresses of 64 bits.
const MEMORIES: [AddressType; 3] = [AddressType::I32, AddressType::I32, AddressType::I64];

/// Its table of functions.
const TABLE: TableShape = TableShape {
    address: AddressType::I32,
    element: ValType::FuncRef,
};

fn memory_shape(address: AddressType) -> MemoryShape {
    MemoryShape {
        address,
        ..MemoryShape::default()
    }
}

/// The shape of a module with these memories.
fn shape(memories: [AddressType; 3]) -> Arc<ModuleShape> {
    Arc::new(ModuleShape {
        memories: memories.map(memory_shape).into(),
        tables: [TABLE].into(),
    })
}

/// A machine of one instance with memories of one page, two globals and a table of the functions and a null.
pub fn machine(functions: usize, shape: &ModuleShape) -> Machine {
    let mut machine = Machine::new(MachineLimits {
        call_depth: 1000,
        stack_slots: 1 << 14,
        ..MachineLimits::default()
    });
    let state = &mut machine.state;
    for &shape in &shape.memories {
        state.store.memories.push(Memory {
            bytes: PAGE
                .get_or_init(|| (0..PAGE_SIZE).map(|i| (i * 7 + i / 256) as u8).collect())
                .clone(),
            declared_max: None,
            shape,
        });
    }
    for _ in 0..2 {
        state.store.globals.push(5);
        state.store.global_types.push(GlobalType {
            value: ValType::I64,
            mutable: true,
        });
    }
    state.store.instances.push(Instance {
        memories: vec![0, 1, 2],
        globals: vec![0, 1],
        tables: vec![0],
        functions: (0..functions as u32).collect(),
        ..Instance::default()
    });
    state.store.tables.push(Table {
        elements: vec![0; 3],
        declared_max: None,
        shape: TABLE,
    });
    machine
}

/// Runs the first of some functions.
pub fn run<B: Backend>(functions: &[FunctionBody], arguments: &[u64]) -> Outcome {
    run_in_slices::<B, B>(functions, arguments, u64::MAX).0
}

/// Runs the first of some functions in slices of this size, under two strategies in turn. Also returns how often it was
/// suspended. A block that costs more than a slice gets what it costs.
pub fn run_in_slices<A: Backend, B: Backend>(
    functions: &[FunctionBody],
    arguments: &[u64],
    slice: u64,
) -> (Outcome, u64) {
    let bodies: Vec<Arc<FunctionBody>> = functions.iter().cloned().map(Arc::new).collect();
    let bodies = Arc::new(bodies);
    let first = Program {
        instances: vec![Arc::new(ModuleCode::<A>::new(bodies.clone()))],
    };
    let second = Program {
        instances: vec![Arc::new(ModuleCode::<B>::new(bodies.clone()))],
    };
    let mut machine = machine(functions.len(), &functions[0].shape);
    machine.stack.from(0)[..arguments.len()].copy_from_slice(arguments);
    machine.state.frames.push(Frame::entry(0, 0, 0));
    machine.state.slice = slice;
    let mut suspensions = 0;
    let exit = loop {
        let exit = if suspensions % 2 == 0 {
            driver::proceed(&first, &mut machine, &mut Outside)
        } else {
            driver::proceed(&second, &mut machine, &mut Outside)
        };
        if exit != Exit::Suspended {
            break exit;
        }
        suspensions += 1;
        let state = &mut machine.state;
        state.forget_native();
        let cost = state.frames.last().map(|frame| {
            let body = &bodies[frame.function as usize];
            body.statements(frame.block)[0]
        });
        let Some(Statement::Meter { cost }) = cost else {
            panic!("suspended at {cost:?}");
        };
        state.slice = slice.max(u64::from(cost));
    };
    machine.state.switch_to(Frame::BOTTOM);
    let outcome = Outcome {
        exit,
        slots: machine.stack.from(0)[..arguments.len()].to_vec(),
        memory: machine.state.store.memories[0].bytes.clone(),
        others: [1, 2].map(|memory: usize| machine.state.store.memories[memory].bytes.clone()),
        globals: machine.state.store.globals.clone(),
    };
    (outcome, suspensions)
}

/// Runs a test on a thread with a small native stack.
///
/// # Panics
///
/// When the test does. (An overflow ends the process.)
pub fn on_small_stack(test: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(256 << 10).spawn(test);
    thread.expect("a thread").join().expect("no panic");
}
