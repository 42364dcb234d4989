//! Operations on vectors: their form, and the `match` that carries them out.
//!
//! It is a second one, out of line, that an arm of the loop's leads to: in the loop itself these arms took registers from
//! scalars. A vector takes two slots of the operand stack.

use std::fmt;

use wasm_dispatch_ir::Trap;
use wasm_dispatch_ir::code::vector::VectorNode;
use wasm_dispatch_ir::code::{FunctionBody, Slot};
use wasm_dispatch_ir::semantics::vector::tuned;
use wasm_dispatch_ir::slot::SlotValue;
use wasm_dispatch_ir::vector::V128;
use wasm_dispatch_ir::vector_ops::*;
use wasm_dispatch_machine::state::{State, Window, set_vector_at, vector_at};

macro_rules! operations {
    (vector1 [$($one:ident)*] vector2 [$($two:ident)*] vector3 [$($three:ident)*] vector_test [$($test:ident)*]
     shift [$($shift:ident)*] splat [$($splat:ident)*] extract [$($extract:ident)*] replace [$($replace:ident)*]
     vector_load [$($load:ident)*] vector_store [$($store:ident)*]
     load_lane [$($load_lane:ident)*] store_lane [$($store_lane:ident)*]) => {
        /// An operation on vectors. Rows of the instruction table pop their operands and push their result.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum VectorOp {
            $($one,)* $($two,)* $($three,)* $($test,)* $($shift,)* $($splat,)*
            $($extract(u8),)*
            $($replace(u8),)*
            $($load(u32),)*
            $($store(u32),)*
            $($load_lane { lane: u8, offset: u32 },)*
            $($store_lane { lane: u8, offset: u32 },)*
            /// Accesses of other memories than the first, and of one with 64-bit addresses.
            OtherLoad { op: VectorLoadOp, memory: u8, offset: u32 },
            OtherStore { op: VectorStoreOp, memory: u8, offset: u32 },
            OtherLoadLane { op: LoadLaneOp, lane: u8, memory: u8, offset: u32 },
            OtherStoreLane { op: StoreLaneOp, lane: u8, memory: u8, offset: u32 },
            /// Push two frame slots.
            LocalGet(Slot),
            /// Pop into two frame slots.
            LocalSet(Slot),
            /// Push a constant.
            Const(u32),
            /// Push a global, by its index in the module.
            GlobalGet(u32),
            /// Pop into a global, by its index in the module.
            GlobalSet(u32),
            /// Pop a condition and two vectors, push the first if the condition is not zero, else the second.
            Select,
            /// Pop two vectors, push bytes of both.
            Shuffle(u32),
            /// Pop.
            Drop,
        }

        impl VectorOp {
            /// What a node of a tree does once its operands have been pushed.
            pub fn node(node: VectorNode, body: &FunctionBody) -> VectorOp {
                let fast = |memory| body.is_fast(u16::from(memory));
                match node {
                    VectorNode::Slot(slot) => VectorOp::LocalGet(slot),
                    VectorNode::Const(vector) => VectorOp::Const(vector),
                    VectorNode::GlobalGet(global) => VectorOp::GlobalGet(global),
                    VectorNode::Select { .. } => VectorOp::Select,
                    VectorNode::Shuffle { lanes, .. } => VectorOp::Shuffle(lanes),
                    VectorNode::One { op, .. } => match op {
                        $(Vector1Op::$one => VectorOp::$one,)*
                    },
                    VectorNode::Two { op, .. } => match op {
                        $(Vector2Op::$two => VectorOp::$two,)*
                    },
                    VectorNode::Three { op, .. } => match op {
                        $(Vector3Op::$three => VectorOp::$three,)*
                    },
                    VectorNode::Test { op, .. } => match op {
                        $(VectorTestOp::$test => VectorOp::$test,)*
                    },
                    VectorNode::Shift { op, .. } => match op {
                        $(ShiftOp::$shift => VectorOp::$shift,)*
                    },
                    VectorNode::Splat { op, .. } => match op {
                        $(SplatOp::$splat => VectorOp::$splat,)*
                    },
                    VectorNode::Extract { op, lane, .. } => match op {
                        $(ExtractOp::$extract => VectorOp::$extract(lane),)*
                    },
                    VectorNode::Replace { op, lane, .. } => match op {
                        $(ReplaceOp::$replace => VectorOp::$replace(lane),)*
                    },
                    VectorNode::Load { op, memory, offset, .. } if fast(memory) => match op {
                        $(VectorLoadOp::$load => VectorOp::$load(offset),)*
                    },
                    VectorNode::Load { op, memory, offset, .. } => VectorOp::OtherLoad { op, memory, offset },
                    VectorNode::LoadLane { op, lane, memory, offset, .. } if fast(memory) => match op {
                        $(LoadLaneOp::$load_lane => VectorOp::$load_lane { lane, offset },)*
                    },
                    VectorNode::LoadLane { op, lane, memory, offset, .. } => {
                        VectorOp::OtherLoadLane { op, lane, memory, offset }
                    }
                }
            }

            /// The store of a vector.
            pub fn store(op: VectorStoreOp, memory: u8, fast: bool, offset: u32) -> VectorOp {
                if !fast {
                    return VectorOp::OtherStore { op, memory, offset };
                }
                match op {
                    $(VectorStoreOp::$store => VectorOp::$store(offset),)*
                }
            }

            /// The store of a lane.
            pub fn store_lane(op: StoreLaneOp, lane: u8, memory: u8, fast: bool, offset: u32) -> VectorOp {
                if !fast {
                    return VectorOp::OtherStoreLane { op, lane, memory, offset };
                }
                match op {
                    $(StoreLaneOp::$store_lane => VectorOp::$store_lane { lane, offset },)*
                }
            }

            /// Carries out an operation, with the operand stack's top at `sp`; `vectors` are the function's constants. Gives
            /// the top after it.
            ///
            /// # Errors
            ///
            /// The operation's trap.
            #[inline(never)]
            pub fn step(
                self,
                vectors: &[V128],
                state: &mut State,
                window: &mut Window,
                mut sp: Slot,
            ) -> Result<Slot, Trap> {
                macro_rules! pop {
                    () => {{
                        sp = sp.wrapping_sub(1);
                        window[usize::from(sp)]
                    }};
                }
                macro_rules! pop_vector {
                    () => {{
                        sp = sp.wrapping_sub(2);
                        vector_at(window, sp)
                    }};
                }
                macro_rules! push {
                    ($value:expr) => {{
                        window[usize::from(sp)] = $value;
                        sp = sp.wrapping_add(1);
                    }};
                }
                macro_rules! push_vector {
                    ($value:expr) => {{
                        let value = $value;
                        set_vector_at(window, sp, value);
                        sp = sp.wrapping_add(2);
                    }};
                }
                match self {
                    $(VectorOp::$one => push_vector!(<$one as Vector1>::apply(pop_vector!())),)*
                    $(VectorOp::$two => {
                        let (b, a) = (pop_vector!(), pop_vector!());
                        push_vector!(<$two as Vector2>::apply(a, b));
                    })*
                    $(VectorOp::$three => {
                        let (c, b, a) = (pop_vector!(), pop_vector!(), pop_vector!());
                        push_vector!(<$three as Vector3>::apply(a, b, c));
                    })*
                    $(VectorOp::$test => push!(u64::from(<$test as VectorTest>::apply(pop_vector!()))),)*
                    $(VectorOp::$shift => {
                        let (b, a) = (pop!() as u32, pop_vector!());
                        push_vector!(<$shift as Shift>::apply(a, b));
                    })*
                    $(VectorOp::$splat => push_vector!(<$splat as Splat>::apply(SlotValue::from_slot(pop!()))),)*
                    $(VectorOp::$extract(lane) => push!(<$extract as Extract>::apply(pop_vector!(), lane).to_slot()),)*
                    $(VectorOp::$replace(lane) => {
                        let (b, a) = (SlotValue::from_slot(pop!()), pop_vector!());
                        push_vector!(<$replace as Replace>::apply(a, lane, b));
                    })*
                    $(VectorOp::$load(offset) => {
                        let address = pop!() as u32;
                        push_vector!(<$load as VectorLoad>::load(&state.memory, address, u64::from(offset))?);
                    })*
                    $(VectorOp::$store(offset) => {
                        let (value, address) = (pop_vector!(), pop!() as u32);
                        <$store as VectorStore>::store(&mut state.memory, address, u64::from(offset), value)?;
                    })*
                    $(VectorOp::$load_lane { lane, offset } => {
                        let (value, address) = (pop_vector!(), pop!() as u32);
                        let offset = u64::from(offset);
                        push_vector!(<$load_lane as LoadLane>::load(&state.memory, address, offset, lane, value)?);
                    })*
                    $(VectorOp::$store_lane { lane, offset } => {
                        let (value, address) = (pop_vector!(), pop!() as u32);
                        let offset = u64::from(offset);
                        <$store_lane as StoreLane>::store(&mut state.memory, address, offset, lane, value)?;
                    })*
                    VectorOp::OtherLoad { op, memory, offset } => {
                        let address = pop!();
                        let memory = state.module_memory(u32::from(memory));
                        push_vector!(op.apply(memory, address, u64::from(offset))?);
                    }
                    VectorOp::OtherStore { op, memory, offset } => {
                        let (value, address) = (pop_vector!(), pop!());
                        let memory = state.module_memory(u32::from(memory));
                        op.apply(memory, address, u64::from(offset), value)?;
                    }
                    VectorOp::OtherLoadLane { op, lane, memory, offset } => {
                        let (value, address) = (pop_vector!(), pop!());
                        let memory = state.module_memory(u32::from(memory));
                        push_vector!(op.apply(memory, address, u64::from(offset), lane, value)?);
                    }
                    VectorOp::OtherStoreLane { op, lane, memory, offset } => {
                        let (value, address) = (pop_vector!(), pop!());
                        let memory = state.module_memory(u32::from(memory));
                        op.apply(memory, address, u64::from(offset), lane, value)?;
                    }
                    VectorOp::LocalGet(slot) => push_vector!(vector_at(window, slot)),
                    VectorOp::LocalSet(slot) => {
                        let value = pop_vector!();
                        set_vector_at(window, slot, value);
                    }
                    VectorOp::Const(vector) => push_vector!(vectors[vector as usize]),
                    VectorOp::GlobalGet(global) => push_vector!(state.vector_global(global)),
                    VectorOp::GlobalSet(global) => state.set_vector_global(global, pop_vector!()),
                    VectorOp::Select => {
                        let (condition, b, a) = (pop!() as u32, pop_vector!(), pop_vector!());
                        push_vector!(if condition != 0 { a } else { b });
                    }
                    VectorOp::Shuffle(lanes) => {
                        let (b, a) = (pop_vector!(), pop_vector!());
                        push_vector!(tuned::i8x16_shuffle(a, b, vectors[lanes as usize].to_bytes()));
                    }
                    VectorOp::Drop => sp = sp.wrapping_sub(2),
                }
                Ok(sp)
            }
        }
    };
}

wasm_dispatch_ir::for_each_vector_name!(operations);

impl fmt::Display for VectorOp {
    /// `I32x4Add`, `V128Load(8)`: the name and the immediates.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "vector {self:?}")
    }
}
