//! Instructions of vectors with everything that is known before a run turned into types; the part of [`typed`]
//! for them. Vectors are in slots, so there is one form of each instruction for each place of its scalar operand.

use std::marker::PhantomData;

use wasm_dispatch_ir::code::{FunctionBody, Slot};
use wasm_dispatch_ir::flat::{Operand, VectorInstruction};
use wasm_dispatch_ir::vector_ops::{
    Extract, ExtractVisitor, LoadLane, LoadLaneVisitor, Replace, ReplaceVisitor, Shift, ShiftVisitor, Splat,
    SplatVisitor, StoreLane, StoreLaneVisitor, Vector1, Vector1Visitor, Vector2, Vector2Visitor, Vector3,
    Vector3Visitor, VectorLoad, VectorLoadVisitor, VectorStore, VectorStoreVisitor, VectorTest, VectorTestVisitor,
};

use crate::operand::{self, Effect, VectorOperand};
use crate::typed::{self, Constant, FirstMemory, InSlot, first_memory};
use crate::vector::{
    Extracted, GlobalSet, InSlots, LaneLoaded, LaneStored, Loaded, One, Replaced, Selected, Shifted, Shuffled,
    Splatted, Stored, Test, Three, Two, VectorConstant, VectorGlobal,
};

/// Makes a strategy's code for one instruction.
pub trait VectorMaker: Sized {
    /// What it makes.
    type Code;
    /// Writes a vector into two slots, of which `d` is the first.
    fn vector<A: VectorOperand>(self, d: Slot, a: A) -> Self::Code;
    /// Writes a scalar that comes from a vector; it cannot trap.
    fn scalar<A: operand::Operand>(self, d: Slot, a: A) -> Self::Code;
    /// Does something with a vector.
    fn effect<E: Effect>(self, effect: E) -> Self::Code;
}

/// Calls the maker's function for an instruction.
pub fn make<K: VectorMaker>(maker: K, body: &FunctionBody, instruction: VectorInstruction) -> K::Code {
    use VectorInstruction as I;
    let place = |memory: u8, address, offset| Place {
        memory: first_memory(body, u16::from(memory), offset),
        address,
    };
    match instruction {
        I::Copy { d, a } => maker.vector(d, InSlots(a)),
        I::Const { d, vector } => maker.vector(d, VectorConstant(body.vectors[vector as usize])),
        I::Select { d, condition, a, b } => {
            let (a, b, condition) = (InSlots(a), InSlots(b), InSlot(condition));
            maker.vector(d, Selected { a, b, condition })
        }
        I::GlobalGet { d, global } => maker.vector(d, VectorGlobal(global)),
        I::GlobalSet { global, a } => maker.effect(GlobalSet { a: InSlots(a), global }),
        I::One { op, d, a } => op.visit(MakeOne {
            maker,
            d,
            a: InSlots(a),
        }),
        I::Two { op, d, a, b } => op.visit(MakeTwo {
            maker,
            d,
            a: InSlots(a),
            b: InSlots(b),
        }),
        I::Three { op, d, a, b, c } => {
            let [a, b, c] = [a, b, c].map(InSlots);
            op.visit(MakeThree { maker, d, a, b, c })
        }
        I::Test { op, d, a } => op.visit(MakeTest {
            maker,
            d,
            a: InSlots(a),
        }),
        I::Shift { op, d, a, b } => op.visit(MakeShift {
            maker,
            d,
            a: InSlots(a),
            b,
        }),
        I::Splat { op, d, a } => op.visit(MakeSplat { maker, d, a }),
        I::Extract { op, lane, d, a } => op.visit(MakeExtract {
            maker,
            d,
            a: InSlots(a),
            lane,
        }),
        I::Replace { op, lane, d, a, b } => op.visit(MakeReplace {
            maker,
            d,
            a: InSlots(a),
            b,
            lane,
        }),
        I::Shuffle { lanes, d, a, b } => {
            let lanes = body.vectors[lanes as usize].to_bytes();
            maker.vector(
                d,
                Shuffled {
                    a: InSlots(a),
                    b: InSlots(b),
                    lanes,
                },
            )
        }
        I::Load {
            op,
            d,
            address,
            memory,
            offset,
        } => op.visit(MakeLoad {
            maker,
            d,
            place: place(memory, address, offset),
        }),
        I::LoadLane {
            op,
            lane,
            d,
            address,
            memory,
            offset,
            a,
        } => op.visit(MakeLoadLane {
            maker,
            d,
            place: place(memory, address, offset),
            a: InSlots(a),
            lane,
        }),
        I::Store {
            op,
            address,
            memory,
            offset,
            a,
        } => op.visit(MakeStore {
            maker,
            place: place(memory, address, offset),
            a: InSlots(a),
        }),
        I::StoreLane {
            op,
            lane,
            address,
            memory,
            offset,
            a,
        } => op.visit(MakeStoreLane {
            maker,
            place: place(memory, address, offset),
            a: InSlots(a),
            lane,
        }),
    }
}

/// Where an access goes.
struct Place {
    memory: typed::Place,
    address: Operand,
}

/// A value of an expression for each place of a scalar operand, which has a name in it.
macro_rules! for_each_operand {
    ($operand:expr, |$name:ident| $code:expr) => {
        match $operand {
            Operand::Slot($name) => {
                let $name = InSlot($name);
                $code
            }
            Operand::Const($name) => {
                let $name = Constant($name);
                $code
            }
        }
    };
}

/// Likewise for each place of an access.
macro_rules! for_each_place {
    ($place:expr, |$memory:ident, $address:ident, $offset:ident| $code:expr) => {{
        let place = $place;
        match place.memory {
            Ok($offset) => {
                let $memory = FirstMemory;
                for_each_operand!(place.address, |$address| $code)
            }
            Err(($memory, $offset)) => for_each_operand!(place.address, |$address| $code),
        }
    }};
}

/// A visitor of a group of rows: what it holds, and the code that it makes for a row `O`.
macro_rules! visitor {
    (
        $name:ident { $maker:ident, $($field:ident: $ty:ty),* } visits $trait:ident through $visitor:ident,
        |$o:ident| $code:expr
    ) => {
        struct $name<K> {
            $maker: K,
            $($field: $ty,)*
        }
        impl<K: VectorMaker> $visitor for $name<K> {
            type Output = K::Code;
            fn visit<$o: $trait>(self) -> K::Code {
                let $name { $maker, $($field,)* } = self;
                $code
            }
        }
    };
}

visitor! {
    MakeOne { maker, d: Slot, a: InSlots } visits Vector1 through Vector1Visitor,
    |O| maker.vector(d, One { a, op: PhantomData::<O> })
}
visitor! {
    MakeTwo { maker, d: Slot, a: InSlots, b: InSlots } visits Vector2 through Vector2Visitor,
    |O| maker.vector(d, Two { a, b, op: PhantomData::<O> })
}
visitor! {
    MakeThree { maker, d: Slot, a: InSlots, b: InSlots, c: InSlots } visits Vector3 through Vector3Visitor,
    |O| maker.vector(d, Three { a, b, c, op: PhantomData::<O> })
}
visitor! {
    MakeTest { maker, d: Slot, a: InSlots } visits VectorTest through VectorTestVisitor,
    |O| maker.scalar(d, Test { a, op: PhantomData::<O> })
}
visitor! {
    MakeShift { maker, d: Slot, a: InSlots, b: Operand } visits Shift through ShiftVisitor,
    |O| for_each_operand!(b, |b| maker.vector(d, Shifted { a, b, op: PhantomData::<O> }))
}
visitor! {
    MakeSplat { maker, d: Slot, a: Operand } visits Splat through SplatVisitor,
    |O| for_each_operand!(a, |a| maker.vector(d, Splatted { a, op: PhantomData::<O> }))
}
visitor! {
    MakeExtract { maker, d: Slot, a: InSlots, lane: u8 } visits Extract through ExtractVisitor,
    |O| maker.scalar(d, Extracted { a, lane, op: PhantomData::<O> })
}
visitor! {
    MakeReplace { maker, d: Slot, a: InSlots, b: Operand, lane: u8 } visits Replace through ReplaceVisitor,
    |O| for_each_operand!(b, |b| maker.vector(d, Replaced { a, b, lane, op: PhantomData::<O> }))
}
visitor! {
    MakeLoad { maker, d: Slot, place: Place } visits VectorLoad through VectorLoadVisitor,
    |O| for_each_place!(place, |memory, address, offset| {
        maker.vector(d, Loaded { address, memory, offset, op: PhantomData::<O> })
    })
}
visitor! {
    MakeLoadLane { maker, d: Slot, place: Place, a: InSlots, lane: u8 } visits LoadLane through LoadLaneVisitor,
    |O| for_each_place!(place, |memory, address, offset| {
        maker.vector(d, LaneLoaded { address, a, memory, offset, lane, op: PhantomData::<O> })
    })
}
visitor! {
    MakeStore { maker, place: Place, a: InSlots } visits VectorStore through VectorStoreVisitor,
    |O| for_each_place!(place, |memory, address, offset| {
        maker.effect(Stored { address, a, memory, offset, op: PhantomData::<O> })
    })
}
visitor! {
    MakeStoreLane { maker, place: Place, a: InSlots, lane: u8 } visits StoreLane through StoreLaneVisitor,
    |O| for_each_place!(place, |memory, address, offset| {
        maker.effect(LaneStored { address, a, memory, offset, lane, op: PhantomData::<O> })
    })
}
