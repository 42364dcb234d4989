//! The flat view with everything that is known before a run turned into types.
//!
//! A closure or a handler that looks up at run time which operation it is, or where its operands are, dispatches twice.
//! So a strategy hands a [`Maker`] to [`make`]: generic functions, one for each form of instruction, that are called with
//! the operation (a row of the table) and the kind of each operand as type parameters.
//!
//! ```text
//! Binary { op: I32Add, d: 5, a: Slot(3), b: Const(1) }   becomes   maker.binary::<I32Add, InSlot, Constant>(5, ..)
//! ```

use std::marker::PhantomData;

use wasm_dispatch_ir::builtin::Builtin;
use wasm_dispatch_ir::code::{BlockId, FunctionBody, Slot};
use wasm_dispatch_ir::flat::{Instruction, Operand, Test, VectorInstruction};
use wasm_dispatch_ir::ops::{Binary, BinaryVisitor, Load, LoadVisitor, Store, StoreVisitor, Unary, UnaryVisitor};
use wasm_dispatch_ir::slot::SlotValue;
use wasm_dispatch_ir::trap::Trap;
use wasm_dispatch_machine::state::{State, Window};

/// Where an operand is.
pub trait Source: Copy + Send + Sync + 'static {
    /// The operand's slot bits.
    fn get(self, window: &Window) -> u64;
}

/// An operand in a frame slot.
#[derive(Clone, Copy, Debug)]
pub struct InSlot(pub Slot);

impl Source for InSlot {
    #[inline(always)]
    fn get(self, window: &Window) -> u64 {
        window[usize::from(self.0)]
    }
}

/// An operand in the code.
#[derive(Clone, Copy, Debug)]
pub struct Constant(pub u64);

impl Source for Constant {
    #[inline(always)]
    fn get(self, _window: &Window) -> u64 {
        self.0
    }
}

/// Which memory an access goes to.
pub trait MemoryOf: Copy + Send + Sync + 'static {
    /// A static offset. 32 bits spare the check that address and offset, added as 64 bits, do not wrap.
    type Offset: Into<u64> + Copy + Send + Sync + 'static;
    /// An address.
    type Address: Into<u64> + SlotValue;
    /// The memory.
    fn bytes(self, state: &mut State) -> &mut Vec<u8>;
}

/// The memory that nearly every access goes to: the state holds it ready. Addresses and offsets are below 4 GiB.
#[derive(Clone, Copy, Debug)]
pub struct FirstMemory;

impl MemoryOf for FirstMemory {
    type Offset = u32;
    type Address = u32;
    #[inline(always)]
    fn bytes(self, state: &mut State) -> &mut Vec<u8> {
        &mut state.memory
    }
}

/// Any memory, by its index in the module. An address is the whole slot, whatever the memory's address type: a slot with 32 bits
/// has zeros above them.
#[derive(Clone, Copy, Debug)]
pub struct AnyMemory(pub u32);

impl MemoryOf for AnyMemory {
    type Offset = u64;
    type Address = u64;
    // Out of line: rare, and long enough to bloat every access that it would be copied into.
    #[inline(never)]
    fn bytes(self, state: &mut State) -> &mut Vec<u8> {
        state.module_memory(self.0)
    }
}

/// Where a global is found.
pub trait GlobalOf: Copy + Send + Sync + 'static {
    /// Its value.
    fn get(self, state: &State) -> u64;
    /// Changes it.
    fn set(self, state: &mut State, value: u64);
}

/// A global that the module defines, by its index among those.
#[derive(Clone, Copy, Debug)]
pub struct OwnGlobal(pub u32);

impl GlobalOf for OwnGlobal {
    #[inline(always)]
    fn get(self, state: &State) -> u64 {
        state.own_global(self.0)
    }
    #[inline(always)]
    fn set(self, state: &mut State, value: u64) {
        state.set_own_global(self.0, value);
    }
}

/// A global that the module imports, by its index in the module.
#[derive(Clone, Copy, Debug)]
pub struct ImportedGlobal(pub u32);

impl GlobalOf for ImportedGlobal {
    #[inline(always)]
    fn get(self, state: &State) -> u64 {
        state.global(self.0)
    }
    #[inline(always)]
    fn set(self, state: &mut State, value: u64) {
        state.set_global(self.0, value);
    }
}

/// What a conditional branch tests.
pub trait Condition: Copy + Send + Sync + 'static {
    /// Whether it holds.
    fn holds(self, window: &Window) -> bool;
}

/// A slot that is not zero.
#[derive(Clone, Copy, Debug)]
pub struct NotZero(pub Slot);

impl Condition for NotZero {
    #[inline(always)]
    fn holds(self, window: &Window) -> bool {
        window[usize::from(self.0)] as u32 != 0
    }
}

/// A comparison.
#[derive(Clone, Copy, Debug)]
pub struct Compare<O, A, B>(pub A, pub B, pub PhantomData<O>);

impl<O: Binary, A: Source, B: Source> Condition for Compare<O, A, B> {
    #[inline(always)]
    fn holds(self, window: &Window) -> bool {
        infallible::<O>(self.0.get(window), self.1.get(window)) as u32 != 0
    }
}

/// The result of an operation that does not trap.
#[inline(always)]
pub fn infallible<O: Binary>(a: u64, b: u64) -> u64 {
    match O::apply(O::A::from_slot(a), O::B::from_slot(b)) {
        Ok(value) => value.to_slot(),
        Err(_) => unreachable!("the row does not trap"),
    }
}

/// The result of an operation that does not trap.
#[inline(always)]
pub fn infallible_unary<O: Unary>(a: u64) -> u64 {
    match O::apply(O::A::from_slot(a)) {
        Ok(value) => value.to_slot(),
        Err(_) => unreachable!("the row does not trap"),
    }
}

/// Makes a strategy's code for one instruction. `d` is the slot written; the rest is as in [`Instruction`].
#[allow(missing_docs)]
pub trait Maker: Sized {
    /// What it makes.
    type Code;
    /// Copies and constants.
    fn set<A: Source>(self, d: Slot, a: A) -> Self::Code;
    fn unary<O: Unary, A: Source>(self, d: Slot, a: A) -> Self::Code;
    fn binary<O: Binary, A: Source, B: Source>(self, d: Slot, a: A, b: B) -> Self::Code;
    fn load<O: Load, M: MemoryOf, A: Source>(self, d: Slot, memory: M, address: A, offset: M::Offset) -> Self::Code;
    fn store<O: Store, M: MemoryOf, A: Source, V: Source>(
        self,
        memory: M,
        address: A,
        offset: M::Offset,
        value: V,
    ) -> Self::Code;
    fn select<A: Source, B: Source>(self, d: Slot, condition: Slot, a: A, b: B) -> Self::Code;
    fn global_get<G: GlobalOf>(self, d: Slot, global: G) -> Self::Code;
    fn global_set<G: GlobalOf, V: Source>(self, global: G, value: V) -> Self::Code;
    /// See [`typed_vector`](crate::typed_vector).
    fn vector(self, body: &FunctionBody, instruction: VectorInstruction) -> Self::Code;
    fn builtin(self, op: Builtin, base: Slot, x: u32, y: u32) -> Self::Code;
    fn meter(self, cost: u32) -> Self::Code;
    fn jump(self, target: BlockId) -> Self::Code;
    fn branch<C: Condition, const WHEN: bool>(self, condition: C, target: BlockId) -> Self::Code;
    fn switch(self, index: Slot, targets: Box<[BlockId]>) -> Self::Code;
    /// Leaves a direct call to the driver.
    fn call(self) -> Self::Code;
    /// Leaves an indirect call to the driver.
    fn call_indirect<A: Source>(self, index: A) -> Self::Code;
    fn ret(self) -> Self::Code;
    fn trap(self, trap: Trap) -> Self::Code;
}

/// Calls the maker's function for an instruction.
pub fn make<K: Maker>(maker: K, body: &FunctionBody, instruction: Instruction) -> K::Code {
    use Instruction as I;
    match instruction {
        I::Copy { d, a } => maker.set(d, InSlot(a)),
        I::Const { d, value } => maker.set(d, Constant(value)),
        I::Unary { op, d, a } => op.visit(MakeUnary { maker, d, a }),
        I::Binary { op, d, a, b } => op.visit(MakeBinary { maker, d, a, b }),
        I::Load {
            op,
            d,
            address,
            memory,
            offset,
        } => op.visit(MakeLoad {
            maker,
            d,
            address,
            place: first_memory(body, memory, offset),
        }),
        I::Store {
            op,
            address,
            value,
            memory,
            offset,
        } => op.visit(MakeStore {
            maker,
            address,
            value,
            place: first_memory(body, memory, offset),
        }),
        I::Select { d, condition, a, b } => match (a, b) {
            (Operand::Slot(a), Operand::Slot(b)) => maker.select(d, condition, InSlot(a), InSlot(b)),
            (Operand::Slot(a), Operand::Const(b)) => maker.select(d, condition, InSlot(a), Constant(b)),
            (Operand::Const(a), Operand::Slot(b)) => maker.select(d, condition, Constant(a), InSlot(b)),
            (Operand::Const(a), Operand::Const(b)) => maker.select(d, condition, Constant(a), Constant(b)),
        },
        I::GlobalGet { d, global } => match global.checked_sub(body.imported_globals) {
            Some(own) => maker.global_get(d, OwnGlobal(own)),
            None => maker.global_get(d, ImportedGlobal(global)),
        },
        I::GlobalSet { global, value } => match (global.checked_sub(body.imported_globals), value) {
            (Some(own), Operand::Slot(v)) => maker.global_set(OwnGlobal(own), InSlot(v)),
            (Some(own), Operand::Const(v)) => maker.global_set(OwnGlobal(own), Constant(v)),
            (None, Operand::Slot(v)) => maker.global_set(ImportedGlobal(global), InSlot(v)),
            (None, Operand::Const(v)) => maker.global_set(ImportedGlobal(global), Constant(v)),
        },
        I::Vector(instruction) => maker.vector(body, instruction),
        I::Builtin { op, base, x, y } => maker.builtin(op, base, x, y),
        I::Meter { cost } => maker.meter(cost),
        I::Jump(target) => maker.jump(target),
        I::Branch { test, when, target } => match (test, when) {
            (Test::NotZero(a), true) => maker.branch::<_, true>(NotZero(a), target),
            (Test::NotZero(a), false) => maker.branch::<_, false>(NotZero(a), target),
            (Test::Binary { op, a, b }, _) => op.visit(MakeBranch {
                maker,
                a,
                b,
                when,
                target,
            }),
        },
        I::Switch { index, first, count } => {
            let targets = &body.targets[first as usize..first as usize + count as usize];
            maker.switch(index, targets.into())
        }
        I::Call { .. } | I::TailCall { .. } => maker.call(),
        I::CallIndirect { index, .. } | I::TailCallIndirect { index, .. } => match index {
            Operand::Slot(a) => maker.call_indirect(InSlot(a)),
            Operand::Const(a) => maker.call_indirect(Constant(a)),
        },
        I::Return => maker.ret(),
        I::Trap(trap) => maker.trap(trap),
    }
}

struct MakeUnary<K> {
    maker: K,
    d: Slot,
    a: Operand,
}

impl<K: Maker> UnaryVisitor for MakeUnary<K> {
    type Output = K::Code;
    fn visit<O: Unary>(self) -> K::Code {
        match self.a {
            Operand::Slot(a) => self.maker.unary::<O, _>(self.d, InSlot(a)),
            Operand::Const(a) => self.maker.unary::<O, _>(self.d, Constant(a)),
        }
    }
}

struct MakeBinary<K> {
    maker: K,
    d: Slot,
    a: Operand,
    b: Operand,
}

impl<K: Maker> BinaryVisitor for MakeBinary<K> {
    type Output = K::Code;
    fn visit<O: Binary>(self) -> K::Code {
        let d = self.d;
        match (self.a, self.b) {
            (Operand::Slot(a), Operand::Slot(b)) => self.maker.binary::<O, _, _>(d, InSlot(a), InSlot(b)),
            (Operand::Slot(a), Operand::Const(b)) => self.maker.binary::<O, _, _>(d, InSlot(a), Constant(b)),
            (Operand::Const(a), Operand::Slot(b)) => self.maker.binary::<O, _, _>(d, Constant(a), InSlot(b)),
            (Operand::Const(_), Operand::Const(_)) => unreachable!("the flat view has one constant operand at most"),
        }
    }
}

struct MakeLoad<K> {
    maker: K,
    d: Slot,
    address: Operand,
    place: Place,
}

impl<K: Maker> LoadVisitor for MakeLoad<K> {
    type Output = K::Code;
    fn visit<O: Load>(self) -> K::Code {
        let (maker, d) = (self.maker, self.d);
        match (self.place, self.address) {
            (Ok(offset), Operand::Slot(a)) => maker.load::<O, _, _>(d, FirstMemory, InSlot(a), offset),
            (Ok(offset), Operand::Const(a)) => maker.load::<O, _, _>(d, FirstMemory, Constant(a), offset),
            (Err((any, offset)), Operand::Slot(a)) => maker.load::<O, _, _>(d, any, InSlot(a), offset),
            (Err((any, offset)), Operand::Const(a)) => maker.load::<O, _, _>(d, any, Constant(a), offset),
        }
    }
}

/// The offset in the [first memory](FirstMemory), or another memory and the offset in that.
pub type Place = Result<u32, (AnyMemory, u64)>;

/// Where an access goes.
pub fn first_memory(body: &FunctionBody, memory: u16, offset: u32) -> Place {
    if body.is_fast(memory) {
        Ok(offset)
    } else {
        Err((AnyMemory(u32::from(memory)), u64::from(offset)))
    }
}

struct MakeStore<K> {
    maker: K,
    address: Operand,
    value: Operand,
    place: Place,
}

impl<K: Maker> MakeStore<K> {
    fn at<O: Store, M: MemoryOf>(self, memory: M, offset: M::Offset) -> K::Code {
        let maker = self.maker;
        match (self.address, self.value) {
            (Operand::Slot(a), Operand::Slot(v)) => maker.store::<O, _, _, _>(memory, InSlot(a), offset, InSlot(v)),
            (Operand::Slot(a), Operand::Const(v)) => maker.store::<O, _, _, _>(memory, InSlot(a), offset, Constant(v)),
            (Operand::Const(a), Operand::Slot(v)) => maker.store::<O, _, _, _>(memory, Constant(a), offset, InSlot(v)),
            (Operand::Const(a), Operand::Const(v)) => {
                maker.store::<O, _, _, _>(memory, Constant(a), offset, Constant(v))
            }
        }
    }
}

impl<K: Maker> StoreVisitor for MakeStore<K> {
    type Output = K::Code;
    fn visit<O: Store>(self) -> K::Code {
        match self.place {
            Ok(offset) => self.at::<O, _>(FirstMemory, offset),
            Err((any, offset)) => self.at::<O, _>(any, offset),
        }
    }
}

struct MakeBranch<K> {
    maker: K,
    a: Slot,
    b: Operand,
    when: bool,
    target: BlockId,
}

impl<K: Maker> BinaryVisitor for MakeBranch<K> {
    type Output = K::Code;
    fn visit<O: Binary>(self) -> K::Code {
        if !O::TEST {
            unreachable!("only rows of the test part are fused with a branch");
        }
        let (maker, a, target) = (self.maker, InSlot(self.a), self.target);
        match (self.b, self.when) {
            (Operand::Slot(b), true) => maker.branch::<_, true>(Compare::<O, _, _>(a, InSlot(b), PhantomData), target),
            (Operand::Slot(b), false) => {
                maker.branch::<_, false>(Compare::<O, _, _>(a, InSlot(b), PhantomData), target)
            }
            (Operand::Const(b), true) => {
                maker.branch::<_, true>(Compare::<O, _, _>(a, Constant(b), PhantomData), target)
            }
            (Operand::Const(b), false) => {
                maker.branch::<_, false>(Compare::<O, _, _>(a, Constant(b), PhantomData), target)
            }
        }
    }
}
