//! Two or three instructions of a stencil that become one where slots live in registers and numbers are in the code.

use crate::access::{Form, Register, add};
use crate::pairs::{Term, from_register, number_to, single_alone, sum, written_to};
use crate::table::Hole;

/// What comes in place of an instruction with a hole, or in place of what it reads or writes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum To {
    Register(Form, Register),
    Number(i32),
    Near(i8),
}

impl To {
    /// The general register.
    pub(crate) fn general(self) -> Option<u8> {
        match self {
            To::Register(_, Register::Int(n)) => Some(n),
            To::Register(..) | To::Number(_) | To::Near(_) => None,
        }
    }

    /// What an instruction adds that has this in place of what it reads.
    fn term(self) -> Option<Term> {
        match self {
            To::Number(number) => Some(Term::Number(number)),
            _ => self.general().map(Term::Register),
        }
    }
}

/// An instruction of a stencil, and what is around it.
pub(crate) struct Part<'a> {
    /// The stencil's code and what follows, and how long it is.
    pub code: &'a [u8],
    pub length: usize,
    /// The instruction's hole, and what comes in its place.
    pub hole: &'a Hole,
    pub to: To,
    /// The general register in which the slot lives that the next instruction uses, if both may be one.
    pub next: Option<u8>,
    /// Where the stencil's last instruction begins, and the register of the slot that it stores a result in, if what writes the result may
    /// write it there.
    pub settled: Option<(usize, u8)>,
}

impl Part<'_> {
    /// Adds what comes in place of more than this instruction, behind code that is copied from `from` on. Returns where the copy goes on,
    /// and how many holes behind this one are done; or nothing, if nothing was added.
    pub(crate) fn join(&self, out: &mut Vec<u8>, from: usize) -> Option<(usize, usize)> {
        let Part {
            code, length, hole, to, ..
        } = *self;
        let field = usize::from(hole.at);
        let (begin, end) = (field - usize::from(hole.start), field + usize::from(hole.rest));
        let behind = end + usize::from(hole.joined);
        let settled = |at: usize| {
            self.settled
                .and_then(|(store, register)| (store == at).then_some(register))
        };
        if hole.idle && matches!(to, To::Number(0)) {
            add(out, code, from..begin);
            return Some((end, 0));
        }
        if let Some((term, base)) = to.term().zip(self.next) {
            add(out, code, from..begin);
            let to = settled(behind);
            sum(out, &code[end..behind], base, term, to);
            return Some(if to.is_some() { (length, 2) } else { (behind, 1) });
        }
        match to {
            To::Number(number) => {
                let to = settled(end)?;
                add(out, code, from..begin);
                number_to(out, &code[begin..end], to, number);
                Some((length, 1))
            }
            To::Register(_, Register::Int(_)) => {
                let writer = begin - usize::from(hole.settles);
                let to = settled(begin).filter(|_| from <= writer)?;
                add(out, code, from..writer);
                written_to(out, &code[writer..begin], to);
                Some((length, 0))
            }
            To::Register(_, Register::Float(n)) if hole.single > 0 => {
                let single = begin - usize::from(hole.single);
                add(out, code, from..single);
                single_alone(out, &code[single..begin], n);
                Some((end, 0))
            }
            To::Register(_, Register::Vector(n)) if hole.joined > 0 => {
                add(out, code, from..begin);
                from_register(out, &code[end..behind], n);
                Some((behind, 0))
            }
            To::Register(..) | To::Near(_) => None,
        }
    }
}
