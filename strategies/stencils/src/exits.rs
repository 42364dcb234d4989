//! What lies behind a function's code: ways out of it, to the ends of runs by traps and to handlers that take nodes over, and ways in for
//! those who come with slots in memory.
//!
//! A way out says which node it leaves, in ten bytes, and goes on with what it shares with others: slots in registers are stored, and
//! the node's address is made of its distance from the stream's beginning. So does a way in where it loads more than a few slots.

use std::collections::BTreeMap;

use wasm_dispatch_threaded::copies::trap_exit;

use crate::pins::{Pins, Way};

/// Where a way out leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Out {
    /// The end of the run by the trap with this code.
    Trap(u8),
    /// The handler at this address.
    Handler(u64),
}

/// Ways that are there already.
pub(crate) struct Exits<'a> {
    pins: &'a Pins,
    /// The stream's address.
    stream: u64,
    /// Those out of the node that was left last, which are few.
    node: u64,
    last: Vec<(Out, u32)>,
    /// Where that is what ways out share, by the slots that are stored.
    shared: BTreeMap<(u32, Out), u32>,
    /// What all traps share.
    trap: Option<u32>,
    /// What ways in share, by the slots that are loaded.
    loads: BTreeMap<u32, u32>,
}

/// Slots that a way in loads by itself, at most.
const FEW: u32 = 2;

/// `jmp` with a distance of 32 bits.
pub(crate) const JMP: u8 = 0xe9;

impl Exits<'_> {
    pub(crate) fn new(pins: &Pins, stream: u64) -> Exits<'_> {
        Exits {
            pins,
            stream,
            node: u64::MAX,
            last: Vec::new(),
            shared: BTreeMap::new(),
            trap: None,
            loads: BTreeMap::new(),
        }
    }

    /// A way out of the node at this address, which stores these slots. Returns where it begins.
    pub(crate) fn way_out(&mut self, code: &mut Vec<u8>, node: u64, stored: u32, out: Out) -> u32 {
        if self.node != node {
            self.node = node;
            self.last.clear();
        }
        if let Some(&(_, place)) = self.last.iter().find(|(to, _)| *to == out) {
            return place;
        }
        let place = code.len() as u32;
        self.last.push((out, place));
        // mov edi, the distance: a stream has less than 4 GiB.
        code.push(0xbf);
        code.extend(((node - self.stream) as u32).to_le_bytes());
        match self.shared.get(&(stored, out)) {
            Some(&shared) => jump(code, shared),
            None => {
                self.shared.insert((stored, out), code.len() as u32);
                self.pins.moves(code, stored, Way::ToSlot);
                self.leave(code, out);
            }
        }
        place
    }

    /// Goes on elsewhere, with the node's distance from the stream in edi.
    fn leave(&mut self, code: &mut Vec<u8>, out: Out) {
        let address = match out {
            Out::Handler(address) => address,
            Out::Trap(trap) => {
                // mov ecx, trap: the accumulator.
                code.extend([0xb9, trap, 0, 0, 0]);
                if let Some(place) = self.trap {
                    return jump(code, place);
                }
                self.trap = Some(code.len() as u32);
                trap_exit()
            }
        };
        // mov rax, stream; add rdi, rax
        code.extend([0x48, 0xb8]);
        code.extend(self.stream.to_le_bytes());
        code.extend([0x48, 0x01, 0xc7]);
        // mov rax, address; jmp rax
        code.extend([0x48, 0xb8]);
        code.extend(address.to_le_bytes());
        code.extend([0xff, 0xe0]);
    }

    /// A way in, which loads these slots and goes on at a place of the code. Returns where it begins.
    pub(crate) fn way_in(&mut self, code: &mut Vec<u8>, loaded: u32, start: u32) -> u32 {
        let place = code.len() as u32;
        let count = self.pins.count(loaded);
        if count == 0 {
            return start;
        }
        if count <= FEW {
            self.pins.moves(code, loaded, Way::ToRegister);
            jump(code, start);
            return place;
        }
        // mov eax, the place
        code.push(0xb8);
        code.extend(start.to_le_bytes());
        match self.loads.get(&loaded) {
            Some(&shared) => jump(code, shared),
            None => {
                self.loads.insert(loaded, code.len() as u32);
                self.pins.moves(code, loaded, Way::ToRegister);
                // lea rdi, [rip + where the code begins]; add rax, rdi; jmp rax
                code.extend([0x48, 0x8d, 0x3d]);
                let end = code.len() as u32 + 4;
                code.extend(0_u32.wrapping_sub(end).to_le_bytes());
                code.extend([0x48, 0x01, 0xf8, 0xff, 0xe0]);
            }
        }
        place
    }
}

/// `jmp` to a place of the code, in as few bytes as it takes.
fn jump(code: &mut Vec<u8>, to: u32) {
    let here = code.len() as i64;
    match i8::try_from(i64::from(to) - (here + 2)) {
        Ok(distance) => code.extend([0xeb, distance as u8]),
        Err(_) => {
            code.push(JMP);
            code.extend(to.wrapping_sub(here as u32 + 5).to_le_bytes());
        }
    }
}
