//! What a node is: the form of an operation, with the locations of its operands. Superinstructions are found by the kinds of
//! their nodes, and profiles print them.

use std::fmt;

use wasm_dispatch_ir::ops::{BinaryOp, LoadOp, StoreOp, UnaryOp};
use wasm_dispatch_ir::types::ValType;
use wasm_dispatch_ir::vector_ops::{
    ExtractOp, ReplaceOp, ShiftOp, SplatOp, Vector1Op, Vector2Op, Vector3Op, VectorLoadOp, VectorStoreOp, VectorTestOp,
};

/// The form of a node. Nodes of one kind have one handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// Never part of a superinstruction.
    Other,
    /// `d = a`
    Move { class: Class, a: Location, d: Destination },
    /// `d = op(a)`
    Unary { op: UnaryOp, a: Location, d: Destination },
    /// `d = op(a, b)`
    Binary {
        op: BinaryOp,
        a: Location,
        b: Location,
        d: Destination,
    },
    /// `d = condition != 0 ? a : b`
    Select {
        class: Class,
        a: Location,
        b: Location,
        condition: Location,
        d: Destination,
    },
    /// `d = own global`
    GlobalGet { class: Class, d: Destination },
    /// `own global = a`
    GlobalSet { class: Class, a: Location },
    /// `d = op(address)`
    Load {
        op: LoadOp,
        address: AddressForm,
        d: Destination,
    },
    /// `op(address) = value`
    Store {
        op: StoreOp,
        address: AddressForm,
        value: Location,
    },
    /// Branch if `op(a, b)` is not zero (`when`) or zero.
    Test {
        op: BinaryOp,
        a: Location,
        b: Location,
        when: bool,
    },
    /// Branch if `a` is not zero (`when`) or zero.
    Branch { a: Location, when: bool },
    /// Branch to the target with this index.
    Switch { index: Location },
    /// Go on elsewhere.
    Jump,
    /// Leave the function.
    Return,
    /// Call an own function.
    Call,
    /// Call an own function in place of this one.
    TailCall,
    /// Pay for a block.
    Meter,
    /// Locals that start as zero.
    Clear,
    /// `d = a`, a vector
    VectorMove { a: Location, d: Destination },
    /// `d = op(a)` of vectors
    Vector1 { op: Vector1Op, a: Location, d: Destination },
    /// `d = op(a, b)` of vectors
    Vector2 {
        op: Vector2Op,
        a: Location,
        b: Location,
        d: Destination,
    },
    /// `d = op(a, b, c)` of vectors
    Vector3 {
        op: Vector3Op,
        a: Location,
        b: Location,
        c: Location,
        d: Destination,
    },
    /// `d = op(a)`, an integer of a vector
    VectorTest {
        op: VectorTestOp,
        a: Location,
        d: Destination,
    },
    /// `d = op(a, b)`, a vector shifted by an integer
    Shift {
        op: ShiftOp,
        a: Location,
        b: Location,
        d: Destination,
    },
    /// `d = a` with its lanes rotated to the left by a constant, of which `op` is the shift
    Rotate { op: ShiftOp, a: Location, d: Destination },
    /// `d = op(a)`, a vector of a scalar
    Splat { op: SplatOp, a: Location, d: Destination },
    /// `d = op(a)`, a lane of a vector
    Extract { op: ExtractOp, a: Location, d: Destination },
    /// `d = op(a, b)`, a vector with a scalar in a lane
    Replace {
        op: ReplaceOp,
        a: Location,
        b: Location,
        d: Destination,
    },
    /// `d` = bytes of `a` and `b`
    Shuffle { a: Location, b: Location, d: Destination },
    /// `d = op(address)`, a vector
    VectorLoad {
        op: VectorLoadOp,
        address: AddressForm,
        d: Destination,
    },
    /// `op(address) = value`, a vector
    VectorStore {
        op: VectorStoreOp,
        address: AddressForm,
        value: Location,
    },
}

impl Kind {
    /// Bits of [`Kind::number`].
    pub(crate) const BITS: u32 = 21;

    /// A number that no other kind has, and zero for [`Kind::Other`]. Those of handlers are computed when this crate is built,
    /// so looking up a node hashes and compares one word.
    pub(crate) const fn number(self) -> u32 {
        match self {
            Kind::Other => 0,
            Kind::Move { class, a, d } => number(1, 0, [class as u8, a as u8, d as u8, 0]),
            Kind::Unary { op, a, d } => number(2, op as u8, [a as u8, d as u8, 0, 0]),
            Kind::Binary { op, a, b, d } => number(3, op as u8, [a as u8, b as u8, d as u8, 0]),
            Kind::Select {
                class,
                a,
                b,
                condition,
                d,
            } => number(4, class as u8, [a as u8, b as u8, condition as u8, d as u8]),
            Kind::GlobalGet { class, d } => number(5, 0, [class as u8, d as u8, 0, 0]),
            Kind::GlobalSet { class, a } => number(6, 0, [class as u8, a as u8, 0, 0]),
            Kind::Load { op, address, d } => {
                let (a, b) = address.numbers();
                number(7, op as u8, [a, b, d as u8, 0])
            }
            Kind::Store { op, address, value } => {
                let (a, b) = address.numbers();
                number(8, op as u8, [a, b, value as u8, 0])
            }
            Kind::Test { op, a, b, when } => number(9, op as u8, [a as u8, b as u8, when as u8, 0]),
            Kind::Branch { a, when } => number(10, 0, [a as u8, when as u8, 0, 0]),
            Kind::Switch { index } => number(11, 0, [index as u8, 0, 0, 0]),
            Kind::Jump => number(12, 0, [0; 4]),
            Kind::Return => number(13, 0, [0; 4]),
            Kind::Call => number(14, 0, [0; 4]),
            Kind::TailCall => number(15, 0, [0; 4]),
            Kind::Meter => number(16, 0, [0; 4]),
            Kind::VectorMove { a, d } => number(17, 0, [a as u8, d as u8, 0, 0]),
            Kind::Vector1 { op, a, d } => number(18, op as u8, [a as u8, d as u8, 0, 0]),
            Kind::Vector2 { op, a, b, d } => number(19, op as u8, [a as u8, b as u8, d as u8, 0]),
            Kind::Vector3 { op, a, b, c, d } => number(20, op as u8, [a as u8, b as u8, c as u8, d as u8]),
            Kind::VectorTest { op, a, d } => number(21, op as u8, [a as u8, d as u8, 0, 0]),
            Kind::Shift { op, a, b, d } => number(22, op as u8, [a as u8, b as u8, d as u8, 0]),
            Kind::Splat { op, a, d } => number(23, op as u8, [a as u8, d as u8, 0, 0]),
            Kind::Extract { op, a, d } => number(24, op as u8, [a as u8, d as u8, 0, 0]),
            Kind::Replace { op, a, b, d } => number(25, op as u8, [a as u8, b as u8, d as u8, 0]),
            Kind::Shuffle { a, b, d } => number(26, 0, [a as u8, b as u8, d as u8, 0]),
            Kind::VectorLoad { op, address, d } => {
                let (a, b) = address.numbers();
                number(27, op as u8, [a, b, d as u8, 0])
            }
            Kind::VectorStore { op, address, value } => {
                let (a, b) = address.numbers();
                number(28, op as u8, [a, b, value as u8, 0])
            }
            Kind::Rotate { op, a, d } => number(29, op as u8, [a as u8, d as u8, 0, 0]),
            Kind::Clear => number(30, 0, [0; 4]),
        }
    }
}

/// The number with these digits. One that does not fit its place fails the build.
const fn number(variant: u8, op: u8, [a, b, c, d]: [u8; 4]) -> u32 {
    assert!(variant < 32 && a < 4 && b < 4 && c < 4 && d < 4);
    let places = (a as u32) << 6 | (b as u32) << 4 | (c as u32) << 2 | d as u32;
    (variant as u32) << 16 | (op as u32) << 8 | places
}

impl fmt::Display for Kind {
    /// `slot = i32.add(slot, const)` is `s=i32.add(s,c)`. `a` is the accumulator, which is where a result goes as well, and
    /// alone without `s=`; `s:=` leaves it alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let when_text = |when| if when { "if" } else { "unless" };
        match *self {
            Kind::Other => f.write_str("other"),
            Kind::Move { class, a, d } => write!(f, "{d}{class}.{a}"),
            Kind::Unary { op, a, d } => write!(f, "{d}{}({a})", op.mnemonic()),
            Kind::Binary { op, a, b, d } => write!(f, "{d}{}({a},{b})", op.mnemonic()),
            Kind::Select {
                class,
                a,
                b,
                condition,
                d,
            } => write!(f, "{d}{class}.select({a},{b},{condition})"),
            Kind::GlobalGet { class, d } => write!(f, "{d}{class}.g"),
            Kind::GlobalSet { class, a } => write!(f, "g={class}.{a}"),
            Kind::Load { op, address, d } => write!(f, "{d}{}({address})", op.mnemonic()),
            Kind::Store { op, address, value } => write!(f, "{}({address},{value})", op.mnemonic()),
            Kind::Test { op, a, b, when } => write!(f, "{} {}({a},{b})", when_text(when), op.mnemonic()),
            Kind::Branch { a, when } => write!(f, "{} {a}", when_text(when)),
            Kind::Switch { index } => write!(f, "switch({index})"),
            Kind::Jump => f.write_str("jump"),
            Kind::Return => f.write_str("return"),
            Kind::Call => f.write_str("call"),
            Kind::TailCall => f.write_str("return_call"),
            Kind::Meter => f.write_str("meter"),
            Kind::Clear => f.write_str("clear locals"),
            Kind::VectorMove { a, d } => write!(f, "{d}v128.{a}"),
            Kind::Vector1 { op, a, d } => write!(f, "{d}{}({a})", op.mnemonic()),
            Kind::Vector2 { op, a, b, d } => write!(f, "{d}{}({a},{b})", op.mnemonic()),
            Kind::Vector3 { op, a, b, c, d } => write!(f, "{d}{}({a},{b},{c})", op.mnemonic()),
            Kind::VectorTest { op, a, d } => write!(f, "{d}{}({a})", op.mnemonic()),
            Kind::Shift { op, a, b, d } => write!(f, "{d}{}({a},{b})", op.mnemonic()),
            Kind::Rotate { op, a, d } => write!(f, "{d}rotated {}({a},c)", op.mnemonic()),
            Kind::Splat { op, a, d } => write!(f, "{d}{}({a})", op.mnemonic()),
            Kind::Extract { op, a, d } => write!(f, "{d}{}({a})", op.mnemonic()),
            Kind::Replace { op, a, b, d } => write!(f, "{d}{}({a},{b})", op.mnemonic()),
            Kind::Shuffle { a, b, d } => write!(f, "{d}i8x16.shuffle({a},{b})"),
            Kind::VectorLoad { op, address, d } => write!(f, "{d}{}({address})", op.mnemonic()),
            Kind::VectorStore { op, address, value } => write!(f, "{}({address},{value})", op.mnemonic()),
        }
    }
}

/// The kinds of up to three nodes that follow each other: their numbers side by side, so that equal means the same kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Nodes(pub(crate) u64);

impl Nodes {
    /// One node.
    pub(crate) const fn of(kind: Kind) -> Nodes {
        Nodes(kind.number() as u64)
    }

    /// These, at most two, and then one more.
    pub(crate) const fn then(self, next: Nodes) -> Nodes {
        Nodes(self.0 << Kind::BITS | next.0)
    }

    /// Whether these are three.
    pub(crate) const fn is_full(self) -> bool {
        self.0 >> (2 * Kind::BITS) != 0
    }
}

/// The kind of accumulator a value uses, and the units of its constants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Class {
    I32,
    I64,
    F32,
    F64,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Class::I32 => "i32",
            Class::I64 => "i64",
            Class::F32 => "f32",
            Class::F64 => "f64",
        })
    }
}

impl Class {
    /// The class of values of a type.
    pub(crate) const fn of(ty: ValType) -> Class {
        match ty {
            ValType::I32 => Class::I32,
            ValType::F32 => Class::F32,
            ValType::F64 => Class::F64,
            // References are slots of 64 bits.
            _ => Class::I64,
        }
    }
}

/// Where an operand is, while compiling: the types [`Slot`](crate::operand::Slot), [`Const`](crate::operand::Const) and [`Acc`](crate::operand::Acc) as values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Location {
    Slot,
    Const,
    Acc,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Location::Slot => "s",
            Location::Const => "c",
            Location::Acc => "a",
        })
    }
}

/// Where an address is, while compiling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum AddressForm {
    /// One operand.
    One(Location),
    /// A sum of a slot or the accumulator and a slot or a constant.
    Sum(Location, Location),
}

impl AddressForm {
    /// Two numbers below 4 that no other form has.
    pub(crate) const fn numbers(self) -> (u8, u8) {
        match self {
            AddressForm::One(a) => (a as u8, 0),
            AddressForm::Sum(a, b) => (a as u8, 1 + b as u8),
        }
    }
}

impl fmt::Display for AddressForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AddressForm::One(a) => write!(f, "{a}"),
            AddressForm::Sum(a, b) => write!(f, "{a}+{b}"),
        }
    }
}

/// Where a result goes, while compiling: the types [`ToAcc`](crate::operand::ToAcc), [`ToSlot`](crate::operand::ToSlot) and [`PastAcc`](crate::operand::PastAcc) as values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Destination {
    Acc,
    Slot,
    PastAcc,
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Destination::Acc => "",
            Destination::Slot => "s=",
            Destination::PastAcc => "s:=",
        })
    }
}
