//! Every operation on vectors, as functions of a module that take its operands from different places.

use std::fmt::Write;

use wasm_dispatch::ValType;
use wasm_dispatch::ir::V128;
use wasm_dispatch_testing::vectors::Vectors;

use super::operators::vector_rows;

/// An operation with its immediates.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its name in the text format.
    pub mnemonic: &'static str,
    /// What follows the name.
    immediate: String,
    /// Types of the operands.
    operands: Vec<ValType>,
    /// Type of the result, if there is one.
    result: Option<ValType>,
    /// Whether it reads or writes memory: its first operand is an address then.
    accesses: bool,
}

/// A function of the module.
#[derive(Clone, Debug)]
pub struct Function {
    /// The operation.
    pub row: Row,
    /// Name of the export.
    pub name: String,
    /// Types of the parameters.
    pub params: Vec<ValType>,
}

/// Where a function's operands come from.
const FORMS: [&str; 9] = [
    "locals",
    "computed",
    "memory",
    "constant",
    "twice",
    "first constant",
    "zeros",
    "same",
    "rotated",
];

/// Every operation; one that has lanes with the lowest, the highest and one between.
pub fn rows(vectors: &mut Vectors) -> Vec<Row> {
    use ValType::{I32, V128};
    let mut rows = Vec::new();
    for row in vector_rows() {
        let lanes: &[u8] = match row.lanes {
            0 => &[],
            2 => &[0, 1],
            lanes => &[0, lanes / 2, lanes - 1],
        };
        let mut immediates: Vec<String> = lanes.iter().map(ToString::to_string).collect();
        if lanes.is_empty() {
            immediates.push(String::new());
        }
        for immediate in immediates {
            rows.push(Row {
                mnemonic: row.mnemonic,
                immediate,
                operands: row.operands.clone(),
                result: row.result,
                accesses: row.accesses,
            });
        }
    }
    rows.push(Row {
        mnemonic: "select",
        immediate: String::new(),
        operands: vec![V128, V128, I32],
        result: Some(V128),
        accesses: false,
    });
    // Bytes of both vectors, of the first alone, of the second alone.
    for number in 0..12 {
        let (most, least) = [(32, 0), (16, 0), (16, 16)][number % 3];
        let lanes: Vec<String> = (0..16).map(|_| (least + vectors.below(most)).to_string()).collect();
        rows.push(Row {
            mnemonic: "i8x16.shuffle",
            immediate: lanes.join(" "),
            operands: vec![V128; 2],
            result: Some(V128),
            accesses: false,
        });
    }
    rows
}

/// The module of these operations, as text, and its functions.
pub fn module(rows: &[Row], vectors: &mut Vectors) -> (String, Vec<Function>) {
    let mut text = String::from(
        "(module\n(memory (export \"memory\") 1 1)\n(memory (export \"other\") 1 1)\n(data (i32.const 0) \"",
    );
    for _ in 0..0x800 {
        for byte in vectors.vector().to_bytes() {
            let _ = write!(text, "\\{byte:02x}");
        }
    }
    text.push_str("\")\n");
    let mut functions = Vec::new();
    for row in rows {
        for form in FORMS {
            if !row.has(form) {
                continue;
            }
            let name = format!("{} {} {form}", row.mnemonic, row.immediate);
            let (params, body) = row.function(form, vectors);
            let list = |types: &[ValType]| types.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            let result = match row.result {
                Some(result) => result,
                None => ValType::V128,
            };
            let _ = writeln!(
                text,
                "(func (export \"{name}\") (param {}) (result {result}) (local $kept v128) (local $scalar {result})\n{body})",
                list(&params),
            );
            functions.push(Function {
                row: row.clone(),
                name,
                params,
            });
        }
    }
    text.push_str(")\n");
    (text, functions)
}

/// `v128.const`.
fn constant(value: V128) -> String {
    let lanes: [u32; 4] = value.to_lanes();
    format!(
        "v128.const i32x4 {:#x} {:#x} {:#x} {:#x}",
        lanes[0], lanes[1], lanes[2], lanes[3]
    )
}

impl Row {
    /// Whether there is a function of this form.
    fn has(&self, form: &str) -> bool {
        let two = self.operands.starts_with(&[ValType::V128; 2]);
        match form {
            "memory" | "twice" => !self.accesses,
            "first constant" | "same" => two,
            "zeros" => two && self.mnemonic == "i8x16.shuffle",
            "rotated" => self.mnemonic.ends_with(".shl"),
            _ => true,
        }
    }

    /// Parameters and body.
    fn function(&self, form: &str, vectors: &mut Vectors) -> (Vec<ValType>, String) {
        let mut params = self.operands.clone();
        let mut lines = Vec::new();
        if form == "rotated" {
            // What most of these write is a rotation.
            let shape = self.mnemonic.trim_end_matches(".shl");
            let by = vectors.below(64);
            let rest = if vectors.below(8) == 0 { by } else { 64 - by };
            let body = format!(
                "local.get 0\ni32.const {by}\n{shape}.shl\nlocal.get 0\ni32.const {rest}\n{shape}.shr_u\nv128.or"
            );
            return (vec![ValType::V128], body);
        }
        let last = self.operands.len() - 1;
        for (number, &ty) in self.operands.iter().enumerate() {
            let get = format!("local.get {number}");
            match (form, ty) {
                // At most one constant: with more there is nothing left to compute.
                ("constant", ValType::V128) if number == last => {
                    params[number] = ValType::I32;
                    lines.push(constant(vectors.vector()));
                }
                ("constant", ValType::I32) if number == last && !self.accesses => {
                    lines.push(format!("i32.const {}", vectors.below(70)));
                }
                ("first constant", ValType::V128) if number == 0 => {
                    params[number] = ValType::I32;
                    lines.push(constant(vectors.vector()));
                }
                ("zeros", ValType::V128) if number == last => {
                    params[number] = ValType::I32;
                    lines.push(constant(V128::ZERO));
                }
                ("same", ValType::V128) => lines.push("local.get 0".into()),
                ("computed", ValType::V128) => {
                    lines.extend([get, constant(vectors.vector()), "v128.xor".into()]);
                }
                ("computed", ValType::I32) if !self.accesses => {
                    lines.extend([get, "i32.const 3".into(), "i32.add".into()]);
                }
                ("memory", ValType::V128) => {
                    let at = 0x9000 + number * 16;
                    lines.splice(0..0, [format!("i32.const {at}"), get, "v128.store".into()]);
                    lines.extend([format!("i32.const {at}"), "v128.load".into()]);
                }
                _ => lines.push(get),
            }
        }
        let place = match (self.accesses, form) {
            (true, "computed") => " offset=5",
            (true, "constant") => " 1 offset=16",
            _ => "",
        };
        lines.push(format!("{}{place} {}", self.mnemonic, self.immediate));
        match (form, self.result) {
            (_, None) => lines.extend(["i32.const 32".into(), "v128.load".into()]),
            ("memory", Some(ValType::V128)) => {
                lines.insert(0, "i32.const 0x9100".into());
                lines.extend(["v128.store", "i32.const 0x9100", "v128.load"].map(String::from));
            }
            // The result is used twice.
            ("twice", Some(ValType::V128)) => {
                lines.extend(["local.tee $kept", "local.get $kept", "v128.and"].map(String::from));
            }
            _ => {}
        }
        (params, lines.join("\n"))
    }

    /// The value of a parameter.
    pub fn argument(&self, ty: ValType, vectors: &mut Vectors) -> wasm_dispatch::Value {
        use wasm_dispatch::Value;
        match ty {
            ValType::V128 => Value::V128(vectors.vector().into()),
            ValType::I32 if self.accesses => {
                let address = match vectors.below(4) {
                    0 => 65536 - 40 + vectors.below(60),
                    1 => 32 + vectors.below(16),
                    _ => vectors.below(0x7fe0),
                };
                Value::I32(address as i32)
            }
            ValType::I64 => Value::I64(vectors.scalar(64) as i64),
            ValType::F32 => Value::F32(f32::from_bits(vectors.scalar(32) as u32)),
            ValType::F64 => Value::F64(f64::from_bits(vectors.scalar(64))),
            _ => Value::I32(vectors.scalar(32) as i32),
        }
    }
}
