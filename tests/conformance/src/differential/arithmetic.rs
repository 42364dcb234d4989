//! Modules of deep expressions, branches and loops: what wasm-smith rarely reaches and lowering rearranges most.
//!
//! NaN payloads are not determined, so a float whose bits can be seen (a store, a reinterpretation, the sign that
//! `copysign` takes) is made canonical first.

use std::fmt::{Display, Write};

use wasm_dispatch::ValType;

use super::operators::{self, Operator, TYPES};
use super::plan::{EDGES_32, EDGES_64, EDGES_FLOAT, vector};
use crate::random::Random;

/// Loop iterations and calls that one call from outside may use.
pub const FUEL: i32 = 300;

/// A function's parameters and results.
#[derive(Clone, Debug)]
pub(super) struct Signature {
    pub params: Vec<ValType>,
    pub results: Vec<ValType>,
}

/// Where a branch can go.
#[derive(Clone, Debug)]
pub(super) struct Label {
    /// Types that a branch carries.
    pub carried: Vec<ValType>,
}

/// Types of addresses and indices.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// Of addresses in each memory.
    pub memories: [ValType; 2],
    /// Of indices of the table.
    pub table: ValType,
}

/// An access's memory and offset.
pub(super) struct Place {
    /// ` memory offset=n`
    pub text: String,
    /// Type of its addresses.
    pub address: ValType,
}

/// Writes one function.
pub(super) struct Writer<'m> {
    pub random: Random,
    pub text: String,
    pub functions: &'m [Signature],
    pub own: usize,
    pub shape: Shape,
    pub locals: Vec<ValType>,
    pub labels: Vec<Label>,
    /// Instructions that may still be written; only leaves when it is used up.
    pub budget: usize,
}

/// The module of a seed, as text.
pub fn module(seed: u64) -> String {
    let mut random = Random::new(seed);
    let functions: Vec<Signature> = (0..2 + random.below(5))
        .map(|_| Signature {
            params: types(&mut random, 5),
            results: types(&mut random, 4),
        })
        .collect();
    let mut text = String::from("(module\n");
    let mut line = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    let mut address = |wide| match random.chance(wide) {
        true => ValType::I64,
        false => ValType::I32,
    };
    let shape = Shape {
        memories: [address(25), address(40)],
        table: address(30),
    };
    let [first, second] = shape.memories;
    line(format!("(memory (export \"memory\") {first} 1 2)"));
    line(format!("(memory (export \"other\") {second} 1 1)"));
    line(format!("(global $fuel (export \"fuel\") (mut i32) (i32.const {FUEL}))"));
    for (number, ty) in TYPES.into_iter().enumerate() {
        line(format!(
            "(global $g{number} (export \"g{number}\") (mut {ty}) ({}))",
            constant(&mut random, ty)
        ));
    }
    for (number, function) in functions.iter().enumerate() {
        line(format!("(type $t{number} (func {}))", signature(function)));
    }
    let count = functions.len();
    let names: Vec<String> = (0..count).map(|number| format!("$f{number}")).collect();
    line(format!(
        "(table (export \"table\") {} {} funcref)",
        shape.table,
        count + 1
    ));
    line(format!("(elem ({}.const 0) func {})", shape.table, names.join(" ")));
    line(format!("(data ({first}.const 0) \"{}\")", data(&mut random)));
    for own in 0..count {
        line(function(&mut random, &functions, own, shape));
    }
    text.push_str(")\n");
    text
}

fn types(random: &mut Random, most: usize) -> Vec<ValType> {
    (0..random.below(most + 1)).map(|_| *random.pick(&TYPES)).collect()
}

fn data(random: &mut Random) -> String {
    let bytes = random.bytes(256);
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "\\{byte:02x}");
        text
    })
}

/// `(param ...) (result ...)`.
fn signature(function: &Signature) -> String {
    block_type(&function.params, &function.results)
}

/// `(param ...) (result ...)`.
pub(super) fn block_type(params: &[ValType], results: &[ValType]) -> String {
    let list = |word: &str, types: &[ValType]| {
        let types: Vec<String> = types.iter().map(ToString::to_string).collect();
        if types.is_empty() {
            String::new()
        } else {
            format!("({word} {})", types.join(" "))
        }
    };
    format!("{} {}", list("param", params), list("result", results))
}

/// `ty.const value`, often with a value at which operations behave differently.
pub(super) fn constant(random: &mut Random, ty: ValType) -> String {
    let float = |value: f64, bits: String| {
        if value.is_nan() {
            "nan".to_string()
        } else if value.is_infinite() {
            format!("{}inf", if value < 0.0 { "-" } else { "" })
        } else {
            bits
        }
    };
    match ty {
        ValType::I32 => format!("i32.const {}", random.pick(&EDGES_32)),
        ValType::I64 => format!("i64.const {}", random.pick(&EDGES_64)),
        ValType::F32 => {
            let value = *random.pick(&EDGES_FLOAT) as f32;
            format!("f32.const {}", float(f64::from(value), format!("{value:?}")))
        }
        ValType::V128 => format!("v128.const i32x4 {}", lanes(vector(random))),
        _ => {
            let value = *random.pick(&EDGES_FLOAT);
            format!("f64.const {}", float(value, format!("{value:?}")))
        }
    }
}

/// A vector's lanes of 32 bits.
fn lanes(vector: u128) -> String {
    let lanes = [0, 32, 64, 96].map(|shift| format!("{:#x}", (vector >> shift) as u32));
    lanes.join(" ")
}

fn function(random: &mut Random, functions: &[Signature], own: usize, shape: Shape) -> String {
    let signature = &functions[own];
    let params = signature.params.len();
    let mut locals = signature.params.clone();
    // One of each type at least, for values that are needed twice.
    locals.extend(TYPES);
    locals.extend(types(random, 5));
    let mut writer = Writer {
        random: Random::new(random.number()),
        text: String::new(),
        functions,
        own,
        shape,
        locals,
        labels: vec![Label {
            carried: signature.results.clone(),
        }],
        budget: 60 + random.below(400),
    };
    writer.use_fuel();
    for _ in 0..writer.random.below(6) {
        writer.statement(4);
    }
    let results = signature.results.clone();
    writer.values(&results, 5);
    let locals: Vec<String> = writer.locals[params..].iter().map(ToString::to_string).collect();
    format!(
        "(func $f{own} (export \"f{own}\") (type $t{own})\n(local {})\n{})",
        locals.join(" "),
        writer.text
    )
}

impl Writer<'_> {
    /// Writes an instruction.
    pub(super) fn put(&mut self, instruction: impl Display) {
        self.budget = self.budget.saturating_sub(1);
        let _ = writeln!(self.text, "{instruction}");
    }

    /// Ends in a trap when the module has done enough.
    pub(super) fn use_fuel(&mut self) {
        for instruction in [
            "global.get $fuel",
            "i32.eqz",
            "if",
            "unreachable",
            "end",
            "global.get $fuel",
            "i32.const 1",
            "i32.sub",
            "global.set $fuel",
        ] {
            self.put(instruction);
        }
    }

    /// A local of this type.
    pub(super) fn local(&mut self, ty: ValType) -> usize {
        let start = self.random.below(self.locals.len());
        let count = self.locals.len();
        // Every function has a local of each type.
        (0..count)
            .map(|i| (start + i) % count)
            .find(|&i| self.locals[i] == ty)
            .unwrap_or(0)
    }

    pub(super) fn global(ty: ValType) -> String {
        let number = TYPES.iter().position(|&other| other == ty).unwrap_or(0);
        format!("$g{number}")
    }

    /// Pushes values of these types.
    pub(super) fn values(&mut self, types: &[ValType], depth: usize) {
        for &ty in types {
            self.value(ty, depth);
            if self.random.chance(5) {
                self.statement(depth.min(2));
            }
        }
    }

    fn leaf(&mut self, ty: ValType) {
        match self.random.below(10) {
            0..4 => {
                let constant = constant(&mut self.random, ty);
                self.put(constant);
            }
            4..9 => {
                let local = self.local(ty);
                self.put(format_args!("local.get {local}"));
            }
            _ => self.put(format_args!("global.get {}", Self::global(ty))),
        }
    }

    /// Pushes a value of a type.
    pub(super) fn value(&mut self, ty: ValType, depth: usize) {
        if depth == 0 || self.budget == 0 || self.random.chance(12) {
            return self.leaf(ty);
        }
        let depth = depth - 1;
        match self.random.below(100) {
            0..40 => {
                let operator = self.random.pick(operators::total(ty));
                self.operator(operator, depth);
            }
            40..48 => match ty {
                ValType::I32 => {
                    let operator = self.random.pick(operators::comparisons());
                    self.operator(operator, depth);
                }
                _ => self.bits(ty, depth),
            },
            48..53 => self.trapping(ty, depth),
            53..59 => self.load(ty, depth),
            59..65 => {
                self.value(ty, depth);
                self.value(ty, depth);
                self.value(ValType::I32, depth);
                self.put("select");
            }
            65..70 => {
                self.value(ty, depth);
                let local = self.local(ty);
                self.put(format_args!("local.tee {local}"));
            }
            70..74 => {
                // The value waits on the stack while something else happens.
                self.value(ty, depth);
                self.statement(depth.min(2));
            }
            74..78 => self.long_sum(ty),
            _ => self.structured_value(ty, depth),
        }
    }

    fn operator(&mut self, operator: &Operator, depth: usize) {
        for &ty in &operator.operands {
            self.value(ty, depth);
            if self.random.chance(4) {
                self.statement(depth.min(1));
            }
        }
        if operator.floats.is_some()
            && let Some(&scalar) = operator.operands.last()
        {
            // A lane that is put in shows its bits.
            self.canonical(scalar);
        }
        match operator.lanes {
            0 => self.put(operator.mnemonic),
            lanes => {
                let lane = self.random.below(usize::from(lanes));
                self.put(format_args!("{} {lane}", operator.mnemonic));
            }
        }
        if let Some(shape) = operator.floats {
            self.canonical_lanes(shape);
        }
    }

    /// Makes the NaNs among the lanes of a vector on the stack canonical.
    fn canonical_lanes(&mut self, shape: &str) {
        let local = self.local(ValType::V128);
        let nans = match shape {
            "f32x4" => "nan nan nan nan",
            _ => "nan nan",
        };
        self.put(format_args!("local.tee {local}"));
        self.put(format_args!("v128.const {shape} {nans}"));
        self.put(format_args!("local.get {local}"));
        self.put(format_args!("local.get {local}"));
        self.put(format_args!("{shape}.eq"));
        self.put("v128.bitselect");
    }

    /// Bytes of two vectors.
    fn shuffle(&mut self, depth: usize) {
        self.value(ValType::V128, depth);
        self.value(ValType::V128, depth);
        let lanes: Vec<String> = (0..16).map(|_| self.random.below(32).to_string()).collect();
        self.put(format_args!("i8x16.shuffle {}", lanes.join(" ")));
    }

    /// Operators that show the bits of a float.
    fn bits(&mut self, ty: ValType, depth: usize) {
        match ty {
            ValType::F32 | ValType::F64 => {
                self.value(ty, depth);
                self.value(ty, depth);
                self.canonical(ty);
                self.put(format_args!("{ty}.copysign"));
            }
            ValType::V128 => self.shuffle(depth),
            ValType::I64 => {
                self.value(ValType::F64, depth);
                self.canonical(ValType::F64);
                self.put("i64.reinterpret_f64");
            }
            _ => {
                self.value(ValType::F32, depth);
                self.canonical(ValType::F32);
                self.put("i32.reinterpret_f32");
            }
        }
    }

    /// Makes a NaN on the stack the canonical one.
    pub(super) fn canonical(&mut self, ty: ValType) {
        if !matches!(ty, ValType::F32 | ValType::F64) {
            return;
        }
        let local = self.local(ty);
        self.put(format_args!("local.tee {local}"));
        self.put(format_args!("{ty}.const nan"));
        self.put(format_args!("local.get {local}"));
        self.put(format_args!("local.get {local}"));
        self.put(format_args!("{ty}.eq"));
        self.put("select");
    }

    fn trapping(&mut self, ty: ValType, depth: usize) {
        let operators = operators::trapping(ty);
        if operators.is_empty() {
            return self.leaf(ty);
        }
        let Operator { mnemonic, operands, .. } = self.random.pick(operators);
        for &operand in operands {
            self.value(operand, depth);
        }
        if operands.len() == 2 && self.random.chance(80) {
            // Mostly not a division by zero.
            self.put(format_args!("{ty}.const 1"));
            self.put(format_args!("{ty}.or"));
        } else if operands.len() == 1 && self.random.chance(80) {
            let operand = operands[0];
            self.put(format_args!("{operand}.const 1000"));
            self.put(format_args!("{operand}.min"));
            self.put(format_args!("{operand}.const 0"));
            self.put(format_args!("{operand}.max"));
        }
        self.put(mnemonic);
    }

    /// Pushes an address of this type that is mostly in bounds.
    pub(super) fn address(&mut self, ty: ValType, depth: usize) {
        self.value(ty, depth);
        if self.random.chance(93) {
            let mask = *self.random.pick(&[255, 65_528, 31]);
            self.mask(ty, mask);
        }
    }

    /// Keeps some bits of an integer.
    pub(super) fn mask(&mut self, ty: ValType, mask: u32) {
        self.put(format_args!("{ty}.const {mask}"));
        self.put(format_args!("{ty}.and"));
    }

    /// Where an access goes: mostly the first memory, mostly with a small offset.
    pub(super) fn place(&mut self) -> Place {
        let second = !self.random.chance(80);
        let address = self.shape.memories[usize::from(second)];
        let memory = if second { " 1" } else { "" };
        let far = match address {
            ValType::I64 => u64::MAX,
            _ => u64::from(u32::MAX),
        };
        let text = match self.random.below(40) {
            0..20 => memory.to_string(),
            20..38 => format!("{memory} offset={}", self.random.below(8)),
            38 if address == ValType::I64 => format!("{memory} offset={}", (1 << 32) + self.random.below(70_000)),
            _ => format!("{memory} offset={}", far - self.random.below(70_000) as u64),
        };
        Place { text, address }
    }

    fn load(&mut self, ty: ValType, depth: usize) {
        let place = self.place();
        self.address(place.address, depth);
        if ty == ValType::V128 && self.random.chance(30) {
            self.value(ty, depth);
            let access = *self.random.pick(operators::lane_loads());
            return self.lane_access(access, &place);
        }
        let name = *self.random.pick(operators::loads(ty));
        self.put(format_args!("{name}{}", place.text));
    }

    /// A load or a store of a lane, its operands on the stack.
    pub(super) fn lane_access(&mut self, (name, lanes): (&str, u8), place: &Place) {
        let lane = self.random.below(usize::from(lanes));
        self.put(format_args!("{name}{} {lane}", place.text));
    }

    /// More values on the stack than lowering keeps waiting, or a tree deeper than it builds.
    fn long_sum(&mut self, ty: ValType) {
        let count = 2 + self.random.below(24);
        let name = match ty {
            ValType::I32 | ValType::I64 => format!("{ty}.{}", self.random.pick(&["add", "sub", "xor", "mul"])),
            ValType::V128 => {
                let names = ["i8x16.add", "i16x8.sub", "i32x4.mul", "i64x2.add", "v128.xor"];
                self.random.pick(&names).to_string()
            }
            _ => format!("{ty}.{}", self.random.pick(&["add", "sub", "min", "max"])),
        };
        if self.random.chance(50) {
            for _ in 0..count {
                self.leaf(ty);
            }
            for _ in 1..count {
                self.put(&name);
            }
        } else {
            self.leaf(ty);
            for _ in 1..count {
                self.leaf(ty);
                self.put(&name);
            }
        }
    }
}
