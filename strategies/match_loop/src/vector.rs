//! Operations on vectors: their form, and the `match` that carries them out.
//!
//! It is a second one, out of line, that an arm of the loop's leads to: in the loop itself these arms took registers from
//! scalars. Operands are in slots; a shift's amount may also be a constant.

use std::fmt;

use pastey::paste;
use wasm_dispatch_ir::Trap;
use wasm_dispatch_ir::code::{FunctionBody, Slot};
use wasm_dispatch_ir::flat::{Operand, VectorInstruction};
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
        paste! {
            /// An operation on vectors. `d` is the slot written; a vector is named by its first slot.
            #[derive(Clone, Copy, Debug)]
            pub enum VectorOp {
                $($one { d: Slot, a: Slot },)*
                $($two { d: Slot, a: Slot, b: Slot },)*
                $($three { d: Slot, a: Slot, b: Slot, c: Slot },)*
                $($test { d: Slot, a: Slot },)*
                $($shift { d: Slot, a: Slot, b: Slot },)*
                $([<$shift C>] { d: Slot, a: Slot, b: u32 },)*
                $($splat { d: Slot, a: Slot },)*
                $($extract { d: Slot, a: Slot, lane: u8 },)*
                $($replace { d: Slot, a: Slot, b: Slot, lane: u8 },)*
                $($load { d: Slot, address: Slot, offset: u32 },)*
                $($store { a: Slot, address: Slot, offset: u32 },)*
                $($load_lane { d: Slot, a: Slot, address: Slot, lane: u8, offset: u32 },)*
                $($store_lane { a: Slot, address: Slot, lane: u8, offset: u32 },)*
                /// Accesses of other memories than the first.
                LoadAny { op: VectorLoadOp, memory: u8, d: Slot, address: Slot, offset: u32 },
                StoreAny { op: VectorStoreOp, memory: u8, a: Slot, address: Slot, offset: u32 },
                LoadLaneAny { op: LoadLaneOp, memory: u8, lane: u8, d: Slot, a: Slot, address: Slot, offset: u32 },
                StoreLaneAny { op: StoreLaneOp, memory: u8, lane: u8, a: Slot, address: Slot, offset: u32 },
                Copy { d: Slot, a: Slot },
                Const { d: Slot, vector: u32 },
                Select { d: Slot, condition: Slot, a: Slot, b: Slot },
                Shuffle { d: Slot, a: Slot, b: Slot, lanes: u32 },
                /// Globals by their index in the module.
                GlobalGet { d: Slot, global: u32 },
                GlobalSet { global: u32, a: Slot },
            }

            fn one(op: Vector1Op, d: Slot, a: Slot) -> VectorOp {
                match op {
                    $(Vector1Op::$one => VectorOp::$one { d, a },)*
                }
            }

            fn two(op: Vector2Op, d: Slot, a: Slot, b: Slot) -> VectorOp {
                match op {
                    $(Vector2Op::$two => VectorOp::$two { d, a, b },)*
                }
            }

            fn three(op: Vector3Op, d: Slot, a: Slot, b: Slot, c: Slot) -> VectorOp {
                match op {
                    $(Vector3Op::$three => VectorOp::$three { d, a, b, c },)*
                }
            }

            fn test(op: VectorTestOp, d: Slot, a: Slot) -> VectorOp {
                match op {
                    $(VectorTestOp::$test => VectorOp::$test { d, a },)*
                }
            }

            fn shift(op: ShiftOp, d: Slot, a: Slot, b: Slot) -> VectorOp {
                match op {
                    $(ShiftOp::$shift => VectorOp::$shift { d, a, b },)*
                }
            }

            fn shift_by(op: ShiftOp, d: Slot, a: Slot, b: u32) -> VectorOp {
                match op {
                    $(ShiftOp::$shift => VectorOp::[<$shift C>] { d, a, b },)*
                }
            }

            fn splat(op: SplatOp, d: Slot, a: Slot) -> VectorOp {
                match op {
                    $(SplatOp::$splat => VectorOp::$splat { d, a },)*
                }
            }

            fn extract(op: ExtractOp, lane: u8, d: Slot, a: Slot) -> VectorOp {
                match op {
                    $(ExtractOp::$extract => VectorOp::$extract { d, a, lane },)*
                }
            }

            fn replace(op: ReplaceOp, lane: u8, d: Slot, a: Slot, b: Slot) -> VectorOp {
                match op {
                    $(ReplaceOp::$replace => VectorOp::$replace { d, a, b, lane },)*
                }
            }

            fn load(op: VectorLoadOp, d: Slot, address: Slot, offset: u32) -> VectorOp {
                match op {
                    $(VectorLoadOp::$load => VectorOp::$load { d, address, offset },)*
                }
            }

            fn store(op: VectorStoreOp, address: Slot, offset: u32, a: Slot) -> VectorOp {
                match op {
                    $(VectorStoreOp::$store => VectorOp::$store { a, address, offset },)*
                }
            }

            fn load_lane(op: LoadLaneOp, lane: u8, d: Slot, address: Slot, offset: u32, a: Slot) -> VectorOp {
                match op {
                    $(LoadLaneOp::$load_lane => VectorOp::$load_lane { d, a, address, lane, offset },)*
                }
            }

            fn store_lane(op: StoreLaneOp, lane: u8, address: Slot, offset: u32, a: Slot) -> VectorOp {
                match op {
                    $(StoreLaneOp::$store_lane => VectorOp::$store_lane { a, address, lane, offset },)*
                }
            }

            /// Carries out an operation; `vectors` are the function's constants.
            #[inline(never)]
            pub fn step(op: &VectorOp, vectors: &[V128], state: &mut State, window: &mut Window) -> Result<(), Trap> {
                macro_rules! v {
                    ($slot:expr) => {
                        vector_at(window, $slot)
                    };
                }
                macro_rules! set {
                    ($slot:expr, $value:expr) => {{
                        let value = $value;
                        set_vector_at(window, $slot, value);
                    }};
                }
                macro_rules! s {
                    ($slot:expr) => {
                        window[usize::from($slot)]
                    };
                }
                match *op {
                    $(VectorOp::$one { d, a } => set!(d, <$one as Vector1>::apply(v!(a))),)*
                    $(VectorOp::$two { d, a, b } => set!(d, <$two as Vector2>::apply(v!(a), v!(b))),)*
                    $(VectorOp::$three { d, a, b, c } => set!(d, <$three as Vector3>::apply(v!(a), v!(b), v!(c))),)*
                    $(VectorOp::$test { d, a } => s!(d) = u64::from(<$test as VectorTest>::apply(v!(a))),)*
                    $(VectorOp::$shift { d, a, b } => set!(d, <$shift as Shift>::apply(v!(a), s!(b) as u32)),)*
                    $(VectorOp::[<$shift C>] { d, a, b } => set!(d, <$shift as Shift>::apply(v!(a), b)),)*
                    $(VectorOp::$splat { d, a } => set!(d, <$splat as Splat>::apply(SlotValue::from_slot(s!(a)))),)*
                    $(VectorOp::$extract { d, a, lane } => {
                        s!(d) = <$extract as Extract>::apply(v!(a), lane).to_slot();
                    })*
                    $(VectorOp::$replace { d, a, b, lane } => {
                        set!(d, <$replace as Replace>::apply(v!(a), lane, SlotValue::from_slot(s!(b))));
                    })*
                    $(VectorOp::$load { d, address, offset } => {
                        let memory = &state.memory;
                        set!(d, <$load as VectorLoad>::load(memory, s!(address) as u32, u64::from(offset))?);
                    })*
                    $(VectorOp::$store { a, address, offset } => {
                        let memory = &mut state.memory;
                        <$store as VectorStore>::store(memory, s!(address) as u32, u64::from(offset), v!(a))?;
                    })*
                    $(VectorOp::$load_lane { d, a, address, lane, offset } => {
                        let (memory, address) = (&state.memory, s!(address) as u32);
                        set!(d, <$load_lane as LoadLane>::load(memory, address, u64::from(offset), lane, v!(a))?);
                    })*
                    $(VectorOp::$store_lane { a, address, lane, offset } => {
                        let (memory, address) = (&mut state.memory, s!(address) as u32);
                        <$store_lane as StoreLane>::store(memory, address, u64::from(offset), lane, v!(a))?;
                    })*
                    VectorOp::LoadAny { op, memory, d, address, offset } => {
                        let memory = state.module_memory(u32::from(memory));
                        set!(d, op.apply(memory, s!(address), u64::from(offset))?);
                    }
                    VectorOp::StoreAny { op, memory, a, address, offset } => {
                        let memory = state.module_memory(u32::from(memory));
                        op.apply(memory, s!(address), u64::from(offset), v!(a))?;
                    }
                    VectorOp::LoadLaneAny { op, memory, lane, d, a, address, offset } => {
                        let memory = state.module_memory(u32::from(memory));
                        set!(d, op.apply(memory, s!(address), u64::from(offset), lane, v!(a))?);
                    }
                    VectorOp::StoreLaneAny { op, memory, lane, a, address, offset } => {
                        let memory = state.module_memory(u32::from(memory));
                        op.apply(memory, s!(address), u64::from(offset), lane, v!(a))?;
                    }
                    VectorOp::Copy { d, a } => set!(d, v!(a)),
                    VectorOp::Const { d, vector } => set!(d, vectors[vector as usize]),
                    VectorOp::Select { d, condition, a, b } => {
                        set!(d, if s!(condition) as u32 != 0 { v!(a) } else { v!(b) });
                    }
                    VectorOp::Shuffle { d, a, b, lanes } => {
                        set!(d, tuned::i8x16_shuffle(v!(a), v!(b), vectors[lanes as usize].to_bytes()));
                    }
                    VectorOp::GlobalGet { d, global } => set!(d, state.vector_global(global)),
                    VectorOp::GlobalSet { global, a } => state.set_vector_global(global, v!(a)),
                }
                Ok(())
            }
        }
    };
}

wasm_dispatch_ir::for_each_vector_name!(operations);

const _: () = assert!(size_of::<VectorOp>() <= 16);

impl fmt::Display for VectorOp {
    /// `I32x4Add { d: 5, a: 3, b: 7 }`: all fields.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// The operation of an instruction; `slot` finds a scalar operand's slot, in which it may put a constant first.
pub fn encode(body: &FunctionBody, instruction: VectorInstruction, mut slot: impl FnMut(Operand) -> Slot) -> VectorOp {
    match instruction {
        VectorInstruction::Copy { d, a } => VectorOp::Copy { d, a },
        VectorInstruction::Const { d, vector } => VectorOp::Const { d, vector },
        VectorInstruction::Select { d, condition, a, b } => VectorOp::Select { d, condition, a, b },
        VectorInstruction::GlobalGet { d, global } => VectorOp::GlobalGet { d, global },
        VectorInstruction::GlobalSet { global, a } => VectorOp::GlobalSet { global, a },
        VectorInstruction::One { op, d, a } => one(op, d, a),
        VectorInstruction::Two { op, d, a, b } => two(op, d, a, b),
        VectorInstruction::Three { op, d, a, b, c } => three(op, d, a, b, c),
        VectorInstruction::Test { op, d, a } => test(op, d, a),
        VectorInstruction::Shift { op, d, a, b } => match b {
            Operand::Slot(b) => shift(op, d, a, b),
            Operand::Const(b) => shift_by(op, d, a, b as u32),
        },
        VectorInstruction::Splat { op, d, a } => splat(op, d, slot(a)),
        VectorInstruction::Extract { op, lane, d, a } => extract(op, lane, d, a),
        VectorInstruction::Replace { op, lane, d, a, b } => replace(op, lane, d, a, slot(b)),
        VectorInstruction::Shuffle { lanes, d, a, b } => VectorOp::Shuffle { d, a, b, lanes },
        VectorInstruction::Load {
            op,
            d,
            address,
            memory,
            offset,
        } => match (body.is_fast(memory.into()), slot(address)) {
            (true, address) => load(op, d, address, offset),
            (false, address) => VectorOp::LoadAny {
                op,
                memory,
                d,
                address,
                offset,
            },
        },
        VectorInstruction::LoadLane {
            op,
            lane,
            d,
            address,
            memory,
            offset,
            a,
        } => match (body.is_fast(memory.into()), slot(address)) {
            (true, address) => load_lane(op, lane, d, address, offset, a),
            (false, address) => VectorOp::LoadLaneAny {
                op,
                memory,
                lane,
                d,
                a,
                address,
                offset,
            },
        },
        VectorInstruction::Store {
            op,
            address,
            memory,
            offset,
            a,
        } => match (body.is_fast(memory.into()), slot(address)) {
            (true, address) => store(op, address, offset, a),
            (false, address) => VectorOp::StoreAny {
                op,
                memory,
                a,
                address,
                offset,
            },
        },
        VectorInstruction::StoreLane {
            op,
            lane,
            address,
            memory,
            offset,
            a,
        } => match (body.is_fast(memory.into()), slot(address)) {
            (true, address) => store_lane(op, lane, address, offset, a),
            (false, address) => VectorOp::StoreLaneAny {
                op,
                memory,
                lane,
                a,
                address,
                offset,
            },
        },
    }
}
