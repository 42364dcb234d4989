//! What a node is: the form of an operation, with the locations of its operands. Superinstructions are found by the kinds of
//! their nodes, and profiles print them.

use std::fmt;

use wasm_dispatch_ir::ops::{BinaryOp, LoadOp, StoreOp, UnaryOp};

use crate::handlers::numeric::Class;
use crate::operand::{AddressForm, Destination, Location};

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
}

/// A kind as a number: a byte for the variant and for each field, so that no two kinds have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct KindId(u64);

const fn number(variant: u8, [a, b, c, d, e]: [u8; 5]) -> KindId {
    KindId(u64::from_le_bytes([variant, a, b, c, d, e, 0, 0]))
}

impl Kind {
    /// Its number. Handlers have theirs computed when this crate is built, so that a look-up of nodes hashes and compares one
    /// word for each.
    pub(crate) const fn id(self) -> KindId {
        match self {
            Kind::Other => number(0, [0; 5]),
            Kind::Move { class, a, d } => number(1, [class as u8, a as u8, d as u8, 0, 0]),
            Kind::Unary { op, a, d } => number(2, [op as u8, a as u8, d as u8, 0, 0]),
            Kind::Binary { op, a, b, d } => number(3, [op as u8, a as u8, b as u8, d as u8, 0]),
            Kind::Select {
                class,
                a,
                b,
                condition,
                d,
            } => number(4, [class as u8, a as u8, b as u8, condition as u8, d as u8]),
            Kind::GlobalGet { class, d } => number(5, [class as u8, d as u8, 0, 0, 0]),
            Kind::GlobalSet { class, a } => number(6, [class as u8, a as u8, 0, 0, 0]),
            Kind::Load { op, address, d } => number(7, [op as u8, address.number(), d as u8, 0, 0]),
            Kind::Store { op, address, value } => number(8, [op as u8, address.number(), value as u8, 0, 0]),
            Kind::Test { op, a, b, when } => number(9, [op as u8, a as u8, b as u8, when as u8, 0]),
            Kind::Branch { a, when } => number(10, [a as u8, when as u8, 0, 0, 0]),
            Kind::Switch { index } => number(11, [index as u8, 0, 0, 0, 0]),
            Kind::Jump => number(12, [0; 5]),
            Kind::Return => number(13, [0; 5]),
            Kind::Call => number(14, [0; 5]),
            Kind::TailCall => number(15, [0; 5]),
            Kind::Meter => number(16, [0; 5]),
        }
    }
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
        }
    }
}
