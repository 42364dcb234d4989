//! Machine code as text, for a strategy that makes it.

use serde::Serialize;
use wasm_dispatch::machine::backend::NodeCode;

/// The machine code of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Disassembled {
    /// What the node does, in the strategy's notation.
    pub node: String,
    /// Where its code begins, in bytes from the beginning of the function's.
    pub place: u32,
    /// Its bytes.
    pub bytes: usize,
    /// Its instructions, or its bytes in hexadecimal where this build does not know the processor's instructions.
    pub instructions: Vec<String>,
}

impl From<NodeCode> for Disassembled {
    fn from(node: NodeCode) -> Disassembled {
        Disassembled {
            instructions: instructions(node.place, &node.code),
            node: node.node,
            place: node.place,
            bytes: node.code.len(),
        }
    }
}

#[cfg(feature = "disassembler")]
fn instructions(place: u32, code: &[u8]) -> Vec<String> {
    use iced_x86::{Decoder, DecoderOptions, Formatter, IntelFormatter};

    let mut formatter = IntelFormatter::new();
    let options = formatter.options_mut();
    options.set_hex_prefix("0x");
    options.set_hex_suffix("");
    options.set_space_after_operand_separator(true);
    options.set_branch_leading_zeros(false);
    let decoded = Decoder::with_ip(64, code, u64::from(place), DecoderOptions::NONE).into_iter();
    let text = decoded.map(|instruction| {
        let mut text = String::new();
        formatter.format(&instruction, &mut text);
        text
    });
    text.collect()
}

#[cfg(not(feature = "disassembler"))]
fn instructions(_place: u32, code: &[u8]) -> Vec<String> {
    use std::fmt::Write as _;

    let hexadecimal = code.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    Vec::from_iter((!code.is_empty()).then_some(hexadecimal))
}
