//! The instruction table as types: one enumeration and one zero-sized type per row.
//!
//! The enumerations ([`UnaryOp`], [`BinaryOp`], [`LoadOp`], [`StoreOp`]) are data: code blocks hold them. The zero-sized
//! types implement [`Unary`], [`Binary`], [`Load`] or [`Store`]: generic code of a strategy is instantiated with them.
//! `UnaryOp::visit` and its siblings lead from the one to the other.

use crate::semantics::{float, integer, memory};
use crate::slot::SlotValue;
use crate::table::Proposal;
use crate::trap::Trap;
use crate::types::ValType;

/// An instruction with one operand.
pub trait Unary: Copy + Send + Sync + 'static {
    /// The operand.
    type A: SlotValue;
    /// The result.
    type R: SlotValue;
    /// The row's number.
    const OP: UnaryOp;
    /// Whether [`Unary::apply`] can fail.
    const TRAPS: bool;
    /// Whether the result may be a NaN of which the specification leaves open which one.
    const OPEN_NAN: bool;
    /// Computes the result.
    ///
    /// # Errors
    ///
    /// Traps as the table says.
    fn apply(a: Self::A) -> Result<Self::R, Trap>;
}

/// An instruction with two operands.
pub trait Binary: Copy + Send + Sync + 'static {
    /// The left operand.
    type A: SlotValue;
    /// The right operand.
    type B: SlotValue;
    /// The result.
    type R: SlotValue;
    /// The row's number.
    const OP: BinaryOp;
    /// Whether [`Binary::apply`] can fail.
    const TRAPS: bool;
    /// Whether the result may be a NaN of which the specification leaves open which one.
    const OPEN_NAN: bool;
    /// Whether the row is in the `test` part of the table: an `i32` result that is worth fusing with a branch.
    const TEST: bool;
    /// Computes the result.
    ///
    /// # Errors
    ///
    /// Traps as the table says.
    fn apply(a: Self::A, b: Self::B) -> Result<Self::R, Trap>;
}

/// A load from linear memory.
pub trait Load: Copy + Send + Sync + 'static {
    /// The result.
    type R: SlotValue;
    /// The row's number.
    const OP: LoadOp;
    /// Bytes read.
    const WIDTH: usize;
    /// Reads `WIDTH` bytes at `address + offset`.
    ///
    /// # Errors
    ///
    /// Traps when they lie past the end of the memory.
    fn load<At: Into<u64>>(memory: &[u8], address: At, offset: u64) -> Result<Self::R, Trap>;
    /// The result for these little-endian bytes; exactly `WIDTH` of them count.
    fn from_bytes(bytes: [u8; 8]) -> Self::R;
}

/// A store to linear memory.
pub trait Store: Copy + Send + Sync + 'static {
    /// The value stored.
    type V: SlotValue;
    /// The row's number.
    const OP: StoreOp;
    /// Bytes written.
    const WIDTH: usize;
    /// Writes `WIDTH` bytes at `address + offset`.
    ///
    /// # Errors
    ///
    /// Traps, writing nothing, when they lie past the end of the memory.
    fn store<At: Into<u64>>(memory: &mut [u8], address: At, offset: u64, value: Self::V) -> Result<(), Trap>;
}

/// Wraps an infallible row's result, and hands a fallible one through.
macro_rules! applied {
    (trap, $e:expr) => {
        $e
    };
    ($kind:ident, $e:expr) => {
        Ok($e)
    };
}

/// What a row's kind says: whether it traps, and whether it leaves a NaN open.
macro_rules! kind {
    (pure) => {
        (false, false)
    };
    (trap) => {
        (true, false)
    };
    (nan) => {
        (false, true)
    };
}

/// For one group of rows: a visitor, and an enumeration with mnemonics and proposals.
macro_rules! group {
    (
        $(#[$doc:meta])* $enum:ident visits $trait:ident through $visitor:ident;
        $($(#[$row_doc:meta])* $name:ident $mnemonic:literal $proposal:ident)*
    ) => {
        #[doc = concat!("A generic function over [`", stringify!($trait), "`] types, for [`", stringify!($enum), "::visit`].")]
        pub trait $visitor {
            /// What the function returns.
            type Output;
            /// The function.
            fn visit<O: $trait>(self) -> Self::Output;
        }

        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[repr(u8)]
        pub enum $enum {
            $($(#[$row_doc])* $name,)*
        }

        impl $enum {
            /// Every row, in table order.
            pub const ALL: &'static [$enum] = &[$($enum::$name),*];

            /// The instruction's name in the WebAssembly text format.
            pub fn mnemonic(self) -> &'static str {
                match self {
                    $($enum::$name => $mnemonic,)*
                }
            }

            /// The proposal that brought the instruction.
            pub fn proposal(self) -> Proposal {
                match self {
                    $($enum::$name => Proposal::$proposal,)*
                }
            }

            #[doc = concat!("Calls the visitor with the type that implements [`", stringify!($trait), "`] for this row.")]
            pub fn visit<V: $visitor>(self, visitor: V) -> V::Output {
                match self {
                    $($enum::$name => visitor.visit::<$name>(),)*
                }
            }
        }
    };
}

pub(crate) use group;

macro_rules! unary_row {
    ($(#[$doc:meta])* $name:ident { $m:ident $(:: $f:ident)* ($a:ty) -> $r:ty, $kind:ident }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;
        impl Unary for $name {
            type A = $a;
            type R = $r;
            const OP: UnaryOp = UnaryOp::$name;
            const TRAPS: bool = kind!($kind).0;
            const OPEN_NAN: bool = kind!($kind).1;
            #[inline(always)]
            fn apply(a: $a) -> Result<$r, Trap> {
                applied!($kind, $m $(:: $f)* (a))
            }
        }
    };
}

macro_rules! binary_row {
    ($test:literal $(#[$doc:meta])* $name:ident { $m:ident $(:: $f:ident)* ($a:ty, $b:ty) -> $r:ty, $kind:ident }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;
        impl Binary for $name {
            type A = $a;
            type B = $b;
            type R = $r;
            const OP: BinaryOp = BinaryOp::$name;
            const TRAPS: bool = kind!($kind).0;
            const OPEN_NAN: bool = kind!($kind).1;
            const TEST: bool = $test;
            #[inline(always)]
            fn apply(a: $a, b: $b) -> Result<$r, Trap> {
                applied!($kind, $m $(:: $f)* (a, b))
            }
        }
    };
}

macro_rules! load_row {
    ($(#[$doc:meta])* $name:ident { $memory:ty as $r:ty, $width:literal }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;
        impl Load for $name {
            type R = $r;
            const OP: LoadOp = LoadOp::$name;
            const WIDTH: usize = $width;
            #[inline(always)]
            fn load<At: Into<u64>>(bytes: &[u8], address: At, offset: u64) -> Result<$r, Trap> {
                let bytes = memory::read::<$width>(bytes, address, offset)?;
                Ok(<$memory>::from_le_bytes(bytes) as $r)
            }
            #[inline(always)]
            fn from_bytes(bytes: [u8; 8]) -> $r {
                // Not `copy_from_slice`: without link-time optimisation that stays a call, and a handler of
                // threaded code that calls with a local's address no longer ends in a sibling call.
                match bytes.first_chunk::<$width>() {
                    Some(&low) => <$memory>::from_le_bytes(low) as $r,
                    None => unreachable!("no access is wider than a slot"),
                }
            }
        }
    };
}

macro_rules! store_row {
    ($(#[$doc:meta])* $name:ident { $v:ty as $memory:ty, $width:literal }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;
        impl Store for $name {
            type V = $v;
            const OP: StoreOp = StoreOp::$name;
            const WIDTH: usize = $width;
            #[inline(always)]
            fn store<At: Into<u64>>(bytes: &mut [u8], address: At, offset: u64, value: $v) -> Result<(), Trap> {
                memory::write::<$width>(bytes, address, offset, (value as $memory).to_le_bytes())
            }
        }
    };
}

macro_rules! define {
    (
        unary { $($(#[$ud:meta])* $u:ident $um:literal $up:ident $ub:tt)* }
        test { $($(#[$td:meta])* $t:ident $tm:literal $tp:ident $tb:tt)* }
        value { $($(#[$vd:meta])* $v:ident $vm:literal $vp:ident $vb:tt)* }
        load { $($(#[$ld:meta])* $l:ident $lm:literal $lp:ident $lb:tt)* }
        store { $($(#[$sd:meta])* $s:ident $sm:literal $sp:ident $sb:tt)* }
        builtin $builtin:tt
    ) => {
        group! {
            /// Instructions with one operand.
            UnaryOp visits Unary through UnaryVisitor;
            $($(#[$ud])* $u $um $up)*
        }
        group! {
            /// Instructions with two operands.
            BinaryOp visits Binary through BinaryVisitor;
            $($(#[$td])* $t $tm $tp)*
            $($(#[$vd])* $v $vm $vp)*
        }
        group! {
            /// Loads from linear memory.
            LoadOp visits Load through LoadVisitor;
            $($(#[$ld])* $l $lm $lp)*
        }
        group! {
            /// Stores to linear memory.
            StoreOp visits Store through StoreVisitor;
            $($(#[$sd])* $s $sm $sp)*
        }
        $(unary_row! { $(#[$ud])* $u $ub })*
        $(binary_row! { true $(#[$td])* $t $tb })*
        $(binary_row! { false $(#[$vd])* $v $vb })*
        $(load_row! { $(#[$ld])* $l $lb })*
        $(store_row! { $(#[$sd])* $s $sb })*
    };
}

crate::for_each_instruction!(define);

/// Generates a visitor that reads one associated constant or applies the operation.
macro_rules! ask {
    ($enum:ident, $visitor:ident, $trait:ident, $(#[$doc:meta])* $name:ident -> $ty:ty, $o:ident => $answer:expr) => {
        impl $enum {
            $(#[$doc])*
            pub fn $name(self) -> $ty {
                struct Ask;
                impl $visitor for Ask {
                    type Output = $ty;
                    fn visit<$o: $trait>(self) -> $ty {
                        $answer
                    }
                }
                self.visit(Ask)
            }
        }
    };
}

ask!(UnaryOp, UnaryVisitor, Unary, /// Whether the instruction can trap.
    traps -> bool, O => O::TRAPS);
ask!(UnaryOp, UnaryVisitor, Unary, /// Type of the result, if that may be a NaN of which the specification leaves open which one.
    open_nan -> Option<ValType>, O => O::OPEN_NAN.then_some(O::R::TYPE));
ask!(UnaryOp, UnaryVisitor, Unary, /// Types of the operand and the result.
    types -> (ValType, ValType), O => (O::A::TYPE, O::R::TYPE));
ask!(BinaryOp, BinaryVisitor, Binary, /// Whether the instruction can trap.
    traps -> bool, O => O::TRAPS);
ask!(BinaryOp, BinaryVisitor, Binary, /// Type of the result, if that may be a NaN of which the specification leaves open which one.
    open_nan -> Option<ValType>, O => O::OPEN_NAN.then_some(O::R::TYPE));
ask!(BinaryOp, BinaryVisitor, Binary, /// Whether the row is in the `test` part of the table.
    is_test -> bool, O => O::TEST);
ask!(BinaryOp, BinaryVisitor, Binary, /// Types of the operands and the result.
    types -> (ValType, ValType, ValType), O => (O::A::TYPE, O::B::TYPE, O::R::TYPE));
ask!(LoadOp, LoadVisitor, Load, /// Type of the result.
    result -> ValType, O => O::R::TYPE);
ask!(LoadOp, LoadVisitor, Load, /// Bytes read.
    width -> usize, O => O::WIDTH);
ask!(StoreOp, StoreVisitor, Store, /// Type of the stored operand.
    operand -> ValType, O => O::V::TYPE);
ask!(StoreOp, StoreVisitor, Store, /// Bytes written.
    width -> usize, O => O::WIDTH);

impl UnaryOp {
    /// Applies the instruction to a slot.
    ///
    /// # Errors
    ///
    /// Traps as the table says.
    pub fn apply(self, a: u64) -> Result<u64, Trap> {
        struct Apply(u64);
        impl UnaryVisitor for Apply {
            type Output = Result<u64, Trap>;
            fn visit<O: Unary>(self) -> Self::Output {
                Ok(O::apply(O::A::from_slot(self.0))?.to_slot())
            }
        }
        self.visit(Apply(a))
    }
}

impl BinaryOp {
    /// Applies the instruction to two slots.
    ///
    /// # Errors
    ///
    /// Traps as the table says.
    pub fn apply(self, a: u64, b: u64) -> Result<u64, Trap> {
        struct Apply(u64, u64);
        impl BinaryVisitor for Apply {
            type Output = Result<u64, Trap>;
            fn visit<O: Binary>(self) -> Self::Output {
                Ok(O::apply(O::A::from_slot(self.0), O::B::from_slot(self.1))?.to_slot())
            }
        }
        self.visit(Apply(a, b))
    }

    /// The comparison with the opposite result, where there is one. Floats have none: NaN makes both `<` and `>=` false.
    pub fn negated(self) -> Option<BinaryOp> {
        use BinaryOp::*;
        Some(match self {
            I32Eq => I32Ne,
            I32Ne => I32Eq,
            I32LtS => I32GeS,
            I32GeS => I32LtS,
            I32LtU => I32GeU,
            I32GeU => I32LtU,
            I32GtS => I32LeS,
            I32LeS => I32GtS,
            I32GtU => I32LeU,
            I32LeU => I32GtU,
            I64Eq => I64Ne,
            I64Ne => I64Eq,
            I64LtS => I64GeS,
            I64GeS => I64LtS,
            I64LtU => I64GeU,
            I64GeU => I64LtU,
            I64GtS => I64LeS,
            I64LeS => I64GtS,
            I64GtU => I64LeU,
            I64LeU => I64GtU,
            F32Eq => F32Ne,
            F32Ne => F32Eq,
            F64Eq => F64Ne,
            F64Ne => F64Eq,
            // A row that is missing above costs an operation at a branch, not correctness; tests/operations.rs finds it.
            _ => return None,
        })
    }

    /// The instruction that gives the same result with its operands exchanged, where there is one.
    pub fn swapped(self) -> Option<BinaryOp> {
        use BinaryOp::*;
        Some(match self {
            I32Add | I32Mul | I32And | I32Or | I32Xor | I32Eq | I32Ne => self,
            I64Add | I64Mul | I64And | I64Or | I64Xor | I64Eq | I64Ne => self,
            F32Eq | F32Ne | F64Eq | F64Ne => self,
            I32LtS => I32GtS,
            I32GtS => I32LtS,
            I32LtU => I32GtU,
            I32GtU => I32LtU,
            I32LeS => I32GeS,
            I32GeS => I32LeS,
            I32LeU => I32GeU,
            I32GeU => I32LeU,
            I64LtS => I64GtS,
            I64GtS => I64LtS,
            I64LtU => I64GtU,
            I64GtU => I64LtU,
            I64LeS => I64GeS,
            I64GeS => I64LeS,
            I64LeU => I64GeU,
            I64GeU => I64LeU,
            F32Lt => F32Gt,
            F32Gt => F32Lt,
            F32Le => F32Ge,
            F32Ge => F32Le,
            F64Lt => F64Gt,
            F64Gt => F64Lt,
            F64Le => F64Ge,
            F64Ge => F64Le,
            // Likewise.
            _ => return None,
        })
    }
}

impl LoadOp {
    /// Loads into a slot.
    ///
    /// # Errors
    ///
    /// Traps past the end of the memory.
    pub fn apply(self, memory: &[u8], address: impl Into<u64>, offset: u64) -> Result<u64, Trap> {
        struct Apply<'a>(&'a [u8], u64, u64);
        impl LoadVisitor for Apply<'_> {
            type Output = Result<u64, Trap>;
            fn visit<O: Load>(self) -> Self::Output {
                Ok(O::load(self.0, self.1, self.2)?.to_slot())
            }
        }
        self.visit(Apply(memory, address.into(), offset))
    }
}

impl StoreOp {
    /// Stores a slot.
    ///
    /// # Errors
    ///
    /// Traps past the end of the memory.
    pub fn apply(self, memory: &mut [u8], address: impl Into<u64>, offset: u64, value: u64) -> Result<(), Trap> {
        struct Apply<'a>(&'a mut [u8], u64, u64, u64);
        impl StoreVisitor for Apply<'_> {
            type Output = Result<(), Trap>;
            fn visit<O: Store>(self) -> Self::Output {
                O::store(self.0, self.1, self.2, O::V::from_slot(self.3))
            }
        }
        self.visit(Apply(memory, address.into(), offset, value))
    }
}
