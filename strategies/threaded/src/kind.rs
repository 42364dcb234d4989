//! What a node is, as a number: the form of an operation with the kinds of its operands. Pairs of nodes that have a handler
//! of their own are found by it, and profiles print it.

use std::fmt;

use wasm_dispatch_ir::ops::{BinaryOp, LoadOp, StoreOp, UnaryOp};

use crate::handlers::numeric::Class;
use crate::operand::From;

/// The form of a node. Two nodes of one kind have one handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Kind(pub(crate) u32);

const TAG: u32 = 0;
const OP: u32 = 5;
const A: u32 = 14;
const B: u32 = 17;
const C: u32 = 20;
const CLASS: u32 = 23;
const FLAG: u32 = 26;
const PAST: u32 = 27;

const MOVE: u32 = 1;
const UNARY: u32 = 2;
const BINARY: u32 = 3;
const SELECT: u32 = 4;
const GLOBAL_GET: u32 = 5;
const GLOBAL_SET: u32 = 6;
const LOAD: u32 = 7;
const STORE: u32 = 8;
const TEST: u32 = 9;
const BRANCH: u32 = 10;
const SWITCH: u32 = 11;
const JUMP: u32 = 12;
const RETURN: u32 = 13;
const CALL: u32 = 14;
const TAIL_CALL: u32 = 15;
const METER: u32 = 16;

const fn from(from: From) -> u32 {
    match from {
        From::Slot => 1,
        From::Const => 2,
        From::Acc => 3,
    }
}

/// Zero for no operand.
const fn second(b: Option<From>) -> u32 {
    match b {
        Some(b) => from(b),
        None => 0,
    }
}

const fn flag(flag: bool) -> u32 {
    (flag as u32) << FLAG
}

impl Kind {
    /// Two nodes that share a handler. Not unique, but collisions only between kinds that the table has could do harm,
    /// and a test looks for those.
    pub(crate) const fn both(first: Kind, second: Kind) -> Kind {
        Kind((first.0.wrapping_mul(0x9e37_79b1).rotate_left(13) ^ second.0) | 1 << 31)
    }

    /// A node that is never part of a pair.
    pub(crate) const OTHER: Kind = Kind(0);
    pub(crate) const JUMP: Kind = Kind(JUMP);
    pub(crate) const RETURN: Kind = Kind(RETURN);
    pub(crate) const CALL: Kind = Kind(CALL);
    pub(crate) const TAIL_CALL: Kind = Kind(TAIL_CALL);
    pub(crate) const METER: Kind = Kind(METER);

    pub(crate) const fn mov(class: Class, a: From, to_slot: bool) -> Kind {
        Kind(MOVE << TAG | from(a) << A | (class as u32) << CLASS | flag(to_slot))
    }

    pub(crate) const fn unary(op: UnaryOp, a: From, to_slot: bool) -> Kind {
        Kind(UNARY << TAG | (op as u32) << OP | from(a) << A | flag(to_slot))
    }

    pub(crate) const fn binary(op: BinaryOp, a: From, b: From, to_slot: bool) -> Kind {
        Kind(BINARY << TAG | (op as u32) << OP | from(a) << A | from(b) << B | flag(to_slot))
    }

    /// The same, or that its result goes past the accumulator.
    pub(crate) const fn past(self, past: bool) -> Kind {
        Kind(self.0 | (past as u32) << PAST)
    }

    pub(crate) const fn select(class: Class, a: From, b: From, c: From, to_slot: bool) -> Kind {
        let operands = from(a) << A | from(b) << B | from(c) << C;
        Kind(SELECT << TAG | operands | (class as u32) << CLASS | flag(to_slot))
    }

    pub(crate) const fn global_get(class: Class, to_slot: bool) -> Kind {
        Kind(GLOBAL_GET << TAG | (class as u32) << CLASS | flag(to_slot))
    }

    pub(crate) const fn global_set(class: Class, a: From) -> Kind {
        Kind(GLOBAL_SET << TAG | from(a) << A | (class as u32) << CLASS)
    }

    /// The address is `a`, or the sum of `a` and `b`.
    pub(crate) const fn load(op: LoadOp, a: From, b: Option<From>, to_slot: bool) -> Kind {
        Kind(LOAD << TAG | (op as u32) << OP | from(a) << A | second(b) << B | flag(to_slot))
    }

    /// The address is `a`, or the sum of `a` and `b`; the value is `c`.
    pub(crate) const fn store(op: StoreOp, a: From, b: Option<From>, c: From) -> Kind {
        Kind(STORE << TAG | (op as u32) << OP | from(a) << A | second(b) << B | from(c) << C)
    }

    /// A branch on a comparison.
    pub(crate) const fn test(op: BinaryOp, a: From, b: From, when: bool) -> Kind {
        Kind(TEST << TAG | (op as u32) << OP | from(a) << A | from(b) << B | flag(when))
    }

    /// A branch on a value.
    pub(crate) const fn branch(a: From, when: bool) -> Kind {
        Kind(BRANCH << TAG | from(a) << A | flag(when))
    }

    pub(crate) const fn switch(a: From) -> Kind {
        Kind(SWITCH << TAG | from(a) << A)
    }
}

impl fmt::Display for Kind {
    /// `s:=` leaves the accumulator alone. `slot = i32.add(slot, const)` is `s=i32.add(s,c)`; `a` is the accumulator, which is where a result without `s=` goes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = |at: u32, bits: u32| self.0 >> at & ((1 << bits) - 1);
        let flag = field(FLAG, 1) != 0;
        let operand = |at: u32| ["", "s", "c", "a"][(field(at, 3) & 3) as usize];
        let class = ["i32", "i64", "f32", "f64"][(field(CLASS, 2)) as usize];
        let op = field(OP, 9) as usize;
        let to = match (flag, field(PAST, 1) != 0) {
            (true, false) => "s=",
            (true, true) => "s:=",
            _ => "",
        };
        let when = if flag { "if" } else { "unless" };
        let address = || match operand(B) {
            "" => operand(A).to_string(),
            b => format!("{}+{b}", operand(A)),
        };
        match field(TAG, 5) {
            MOVE => write!(f, "{to}{class}.{}", operand(A)),
            UNARY => write!(f, "{to}{}({})", UnaryOp::ALL[op].mnemonic(), operand(A)),
            BINARY => write!(f, "{to}{}({},{})", BinaryOp::ALL[op].mnemonic(), operand(A), operand(B)),
            SELECT => write!(f, "{to}{class}.select({},{},{})", operand(A), operand(B), operand(C)),
            GLOBAL_GET => write!(f, "{to}{class}.g"),
            GLOBAL_SET => write!(f, "g={class}.{}", operand(A)),
            LOAD => write!(f, "{to}{}({})", LoadOp::ALL[op].mnemonic(), address()),
            STORE => write!(f, "{}({},{})", StoreOp::ALL[op].mnemonic(), address(), operand(C)),
            TEST => write!(
                f,
                "{when} {}({},{})",
                BinaryOp::ALL[op].mnemonic(),
                operand(A),
                operand(B)
            ),
            BRANCH => write!(f, "{when} {}", operand(A)),
            SWITCH => write!(f, "switch({})", operand(A)),
            JUMP => f.write_str("jump"),
            RETURN => f.write_str("return"),
            CALL => f.write_str("call"),
            TAIL_CALL => f.write_str("return_call"),
            METER => f.write_str("meter"),
            _ => f.write_str("other"),
        }
    }
}
