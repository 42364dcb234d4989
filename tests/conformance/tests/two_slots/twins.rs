//! Random programs in two forms: with values of two slots, and with two values of one slot in place of each.

use std::fmt::Write;

use wasm_dispatch::{Imports, Module, Strategy, Value, Vm};
use wasm_dispatch_conformance::random::Random;

/// Functions of a program; each calls those after it, so that all programs end.
const FUNCTIONS: usize = 5;

/// Locals beside parameters.
const LOCALS: usize = 7;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Ty {
    I32,
    I64,
    V128,
}

#[derive(Clone, Debug)]
struct Signature {
    params: Vec<Ty>,
    results: Vec<Ty>,
}

/// A program in its two forms.
pub struct Twins {
    /// With `v128`.
    pub wide: String,
    /// With two `i64` for each.
    narrow: String,
    /// Of the wide program's `f`.
    pub arguments: Vec<Value>,
    results: Vec<Ty>,
}

/// What the narrow program gives, as the wide one should give it. Nothing in these programs traps.
pub fn run_narrow(twins: &Twins) -> Vec<Value> {
    let module = Module::new(&wat::parse_str(&twins.narrow).expect("a module's text")).expect("a valid module");
    let mut imports = Imports::new();
    let whole = |low: u64, high: u64| u128::from(high) << 64 | u128::from(low);
    imports.func("host", "mix", move |low: u64, high: u64, b: i64| {
        let mixed = whole(low, high).wrapping_mul(super::A | 1).rotate_left(37) ^ u128::from(b as u64);
        (mixed as u64, (mixed >> 64) as u64)
    });
    imports.func("host", "low", |low: u64, high: u64| low ^ high);
    let mut vm = Vm::with(Strategy::default(), wasm_dispatch::Limits::default());
    let instance = vm.instantiate(&module, &imports).expect("an instance");
    let mut arguments = Vec::new();
    for &argument in &twins.arguments {
        match argument {
            Value::V128(value) => {
                arguments.extend([Value::I64(value as i64), Value::I64((value >> 64) as i64)]);
            }
            other => arguments.push(other),
        }
    }
    let found = vm.call(instance, "f", &arguments).expect("results");
    let mut found = found.into_iter();
    let mut next = || found.next().expect("a result");
    let one = |ty: &Ty| match ty {
        Ty::I32 | Ty::I64 => next(),
        Ty::V128 => match (next(), next()) {
            (Value::I64(low), Value::I64(high)) => Value::V128(whole(low as u64, high as u64)),
            other => panic!("{other:?}"),
        },
    };
    twins.results.iter().map(one).collect()
}

impl Twins {
    /// The program of a seed.
    pub fn new(seed: u64) -> Twins {
        let mut random = Random::new(seed);
        let types = |random: &mut Random, most: usize| -> Vec<Ty> {
            let count = random.below(most + 1);
            (0..count)
                .map(|_| *random.pick(&[Ty::I32, Ty::I64, Ty::V128, Ty::V128]))
                .collect()
        };
        let signatures: Vec<Signature> = (0..FUNCTIONS)
            .map(|_| Signature {
                params: types(&mut random, 5),
                results: types(&mut random, 4),
            })
            .collect();
        let mut out = Text::default();
        out.both("(module\n");
        for (name, wide, narrow) in [
            (
                "mix",
                "(param v128 i64) (result v128)",
                "(param i64 i64 i64) (result i64 i64)",
            ),
            ("low", "(param v128) (result i64)", "(param i64 i64) (result i64)"),
        ] {
            writeln!(out.wide, "(import \"host\" \"{name}\" (func ${name} {wide}))").expect("text");
            writeln!(out.narrow, "(import \"host\" \"{name}\" (func ${name} {narrow}))").expect("text");
        }
        let names: Vec<String> = (0..FUNCTIONS).map(|f| format!("$f{f}")).collect();
        out.both(&format!("(table funcref (elem {}))\n", names.join(" ")));
        for (number, signature) in signatures.iter().enumerate() {
            out.both(&format!("(type $t{number} (func"));
            out.types("param", &signature.params);
            out.types("result", &signature.results);
            out.both("))\n");
        }
        for number in 0..FUNCTIONS {
            let mut locals = signatures[number].params.clone();
            locals.extend((0..LOCALS).map(|_| *random.pick(&[Ty::I32, Ty::I64, Ty::V128])));
            // At least one of each type, and a counter for each depth of loops.
            locals.extend([Ty::I32, Ty::I64, Ty::V128, Ty::I32, Ty::I32, Ty::I32]);
            Writer {
                random: &mut random,
                out: &mut out,
                signatures: &signatures,
                number,
                locals,
                stack: Vec::new(),
                labels: Vec::new(),
                floor: 0,
            }
            .function();
        }
        out.both("(export \"f\" (func $f0)))\n");
        let arguments = signatures[0].params.iter().map(|ty| match ty {
            Ty::I32 => Value::I32(random.below(4) as i32),
            Ty::I64 => Value::I64(random.number() as i64),
            Ty::V128 => Value::V128(u128::from(random.number()) << 64 | u128::from(random.number())),
        });
        Twins {
            arguments: arguments.collect(),
            results: signatures[0].results.clone(),
            wide: out.wide,
            narrow: out.narrow,
        }
    }
}

/// Both texts.
#[derive(Default)]
struct Text {
    wide: String,
    narrow: String,
}

impl Text {
    fn both(&mut self, text: &str) {
        self.wide.push_str(text);
        self.narrow.push_str(text);
    }

    fn types(&mut self, keyword: &str, types: &[Ty]) {
        self.both(&format!(" ({keyword}"));
        for ty in types {
            match ty {
                Ty::I32 => self.both(" i32"),
                Ty::I64 => self.both(" i64"),
                Ty::V128 => {
                    self.wide.push_str(" v128");
                    self.narrow.push_str(" i64 i64");
                }
            }
        }
        self.both(")");
    }
}

/// What a branch may go to: a block with these results, or no label for it but a loop's.
type Label = Option<Vec<Ty>>;

struct Writer<'a> {
    random: &'a mut Random,
    out: &'a mut Text,
    signatures: &'a [Signature],
    number: usize,
    locals: Vec<Ty>,
    stack: Vec<Ty>,
    labels: Vec<Label>,
    /// Height of the stack below the innermost block.
    floor: usize,
}

impl Writer<'_> {
    fn line(&mut self, text: &str) {
        self.out.both(text);
        self.out.both("\n");
    }

    /// The narrow program's local for a part of a local.
    fn narrow_local(&self, local: usize, part: usize) -> usize {
        let before = self.locals[..local].iter();
        before.map(|ty| if *ty == Ty::V128 { 2 } else { 1 }).sum::<usize>() + part
    }

    /// The first of the locals that only choices use, in the narrow program.
    fn spare(&self) -> usize {
        self.narrow_local(self.locals.len(), 0)
    }

    fn get(&mut self, local: usize) {
        let first = self.narrow_local(local, 0);
        writeln!(self.out.wide, "local.get {local}").expect("text");
        writeln!(self.out.narrow, "local.get {first}").expect("text");
        if self.locals[local] == Ty::V128 {
            writeln!(self.out.narrow, "local.get {}", first + 1).expect("text");
        }
        self.stack.push(self.locals[local]);
    }

    fn set(&mut self, local: usize, keep: bool) {
        let first = self.narrow_local(local, 0);
        let word = if keep { "local.tee" } else { "local.set" };
        writeln!(self.out.wide, "{word} {local}").expect("text");
        if self.locals[local] == Ty::V128 {
            writeln!(self.out.narrow, "local.set {}", first + 1).expect("text");
            writeln!(self.out.narrow, "{word} {first}").expect("text");
            if keep {
                writeln!(self.out.narrow, "local.get {}", first + 1).expect("text");
            }
        } else {
            writeln!(self.out.narrow, "{word} {first}").expect("text");
        }
        if !keep {
            self.stack.pop();
        }
    }

    fn drop_top(&mut self) {
        self.line("drop");
        if self.stack.pop() == Some(Ty::V128) {
            self.out.narrow.push_str("drop\n");
        }
    }

    /// Of the locals of a type, but for the counters.
    fn local(&mut self, ty: Ty) -> usize {
        let end = self.locals.len() - 3;
        let all: Vec<usize> = (0..end).filter(|&local| self.locals[local] == ty).collect();
        *self.random.pick(&all)
    }

    fn value(&mut self, ty: Ty) {
        match ty {
            Ty::I32 if self.random.chance(40) => {
                let number = self.random.below(5);
                self.line(&format!("i32.const {number}"));
                self.stack.push(ty);
            }
            Ty::I64 if self.random.chance(30) => {
                let number = self.random.number() as i64;
                self.line(&format!("i64.const {number}"));
                self.stack.push(ty);
            }
            Ty::V128 if self.random.chance(20) => {
                self.value(Ty::V128);
                self.value(Ty::I64);
                self.line("call $mix");
                self.stack.pop();
            }
            _ => {
                let local = self.local(ty);
                self.get(local);
            }
        }
    }

    fn values(&mut self, types: &[Ty]) {
        types.iter().for_each(|&ty| self.value(ty));
    }

    /// Brings the stack from the floor on to these types, with values that are there where they fit.
    fn bring(&mut self, types: &[Ty]) {
        let there = self.stack[self.floor..].iter().zip(types);
        let fitting = there.take_while(|(a, b)| a == b).count();
        while self.stack.len() > self.floor + fitting {
            self.drop_top();
        }
        self.values(&types[fitting..]);
    }

    fn top(&self) -> Option<Ty> {
        self.stack[self.floor..].last().copied()
    }

    fn function(&mut self) {
        let signature = self.signatures[self.number].clone();
        self.out.both(&format!("(func $f{0} (type $t{0})", self.number));
        let locals = self.locals[signature.params.len()..].to_vec();
        self.out.types("local", &locals);
        self.out.narrow.push_str(" (local i64 i64 i64 i32)");
        self.out.both("\n");
        self.labels.push(Some(signature.results.clone()));
        self.body(4);
        self.bring(&signature.results);
        self.line(")");
    }

    fn body(&mut self, depth: u32) {
        for _ in 0..3 + self.random.below(7) {
            self.step(depth);
        }
    }

    fn step(&mut self, depth: u32) {
        match self.random.below(16) {
            0..=2 => {
                let ty = *self.random.pick(&[Ty::I32, Ty::I64, Ty::V128, Ty::V128]);
                self.value(ty);
            }
            3..=5 => {
                if let Some(ty) = self.top() {
                    let local = self.local(ty);
                    let keep = self.random.chance(40);
                    self.set(local, keep);
                }
            }
            6 => {
                if self.top().is_some() {
                    self.drop_top();
                }
            }
            7 => self.select(),
            8 => {
                if self.top() == Some(Ty::V128) {
                    self.line("call $low");
                    self.stack.pop();
                    self.stack.push(Ty::I64);
                }
            }
            9 => self.branch(),
            10 | 11 => self.call(),
            _ if depth == 0 => {}
            12 => self.block(depth, "block"),
            13 => self.repeat(depth),
            14 => self.choose(depth),
            _ => self.switch(depth),
        }
    }

    fn select(&mut self) {
        let Some(ty) = self.top() else { return };
        self.value(ty);
        self.value(Ty::I32);
        self.out.wide.push_str("select\n");
        let spare = self.spare();
        if ty == Ty::V128 {
            let (low, high, other, condition) = (spare, spare + 1, spare + 2, spare + 3);
            writeln!(
                self.out.narrow,
                "local.set {condition} local.set {high} local.set {low} local.set {other}
                local.get {low} local.get {condition} select
                local.get {other} local.get {high} local.get {condition} select"
            )
            .expect("text");
        } else {
            self.out.narrow.push_str("select\n");
        }
        self.stack.truncate(self.stack.len() - 2);
    }

    /// The blocks that a branch may go to, by depth.
    fn targets(&self) -> Vec<(usize, Vec<Ty>)> {
        let labels = self.labels.iter().rev().enumerate();
        labels
            .filter_map(|(depth, label)| Some((depth, label.clone()?)))
            .collect()
    }

    fn branch(&mut self) {
        let targets = self.targets();
        let (depth, types) = self.random.pick(&targets).clone();
        self.values(&types);
        self.value(Ty::I32);
        self.line(&format!("br_if {depth}"));
        self.stack.pop();
    }

    fn call(&mut self) {
        let after = self.number + 1..FUNCTIONS;
        if after.is_empty() {
            return;
        }
        let callee = after.start + self.random.below(after.len());
        let signature = self.signatures[callee].clone();
        self.values(&signature.params);
        if self.random.chance(50) {
            self.line(&format!("call $f{callee}"));
        } else {
            self.line(&format!("i32.const {callee}"));
            self.line(&format!("call_indirect (type $t{callee})"));
        }
        self.stack.truncate(self.stack.len() - signature.params.len());
        self.stack.extend(signature.results);
    }

    /// Types for a block: some of what is on the stack, and something else.
    fn block_type(&mut self) -> (Vec<Ty>, Vec<Ty>) {
        let there = self.stack.len() - self.floor;
        let taken = self.random.below(there.min(4) + 1);
        let params = self.stack[self.stack.len() - taken..].to_vec();
        let count = self.random.below(4);
        let results = (0..count).map(|_| *self.random.pick(&[Ty::I32, Ty::I64, Ty::V128, Ty::V128]));
        (params, results.collect())
    }

    fn open(&mut self, word: &str, params: &[Ty], results: &[Ty]) {
        self.out.both(word);
        self.out.types("param", params);
        self.out.types("result", results);
        self.out.both("\n");
    }

    /// What is inside a block: it takes its parameters from the stack and leaves its results.
    fn inside(&mut self, params: usize, results: &[Ty], label: Label, write: impl FnOnce(&mut Self)) {
        let floor = std::mem::replace(&mut self.floor, self.stack.len() - params);
        self.labels.push(label);
        write(self);
        self.bring(results);
        self.labels.pop();
        self.floor = floor;
    }

    fn block(&mut self, depth: u32, word: &str) {
        let (params, results) = self.block_type();
        self.open(word, &params, &results);
        self.inside(params.len(), &results, Some(results.clone()), |this| {
            this.body(depth - 1)
        });
        self.line("end");
    }

    /// A loop of a few turns that carries its parameters.
    fn repeat(&mut self, depth: u32) {
        // Three counters: no deeper than that.
        let open = self.labels.iter().filter(|label| label.is_none()).count();
        if open >= 3 {
            return;
        }
        let counter = self.locals.len() - 1 - open;
        let turns = 1 + self.random.below(3);
        self.line(&format!("i32.const {turns}"));
        self.stack.push(Ty::I32);
        self.set(counter, false);
        let (params, results) = self.block_type();
        self.open("loop", &params, &results);
        self.inside(params.len(), &results, None, |this| {
            this.body(depth - 1);
            this.bring(&params);
            this.get(counter);
            this.line("i32.const 1 i32.sub");
            this.set(counter, true);
            this.line("br_if 0");
            this.stack.pop();
        });
        self.line("end");
    }

    fn choose(&mut self, depth: u32) {
        self.value(Ty::I32);
        self.stack.pop();
        // The condition is on top of the parameters, and not of the stack that types are chosen by.
        let (params, results) = self.block_type();
        self.open("if", &params, &results);
        self.inside(params.len(), &results, Some(results.clone()), |this| {
            this.body(depth - 1)
        });
        self.line("else");
        self.stack.truncate(self.stack.len() - results.len());
        self.stack.extend(&params);
        self.inside(params.len(), &results, Some(results.clone()), |this| {
            this.body(depth - 1)
        });
        self.line("end");
    }

    /// A switch between two blocks of the same results, or out of the function.
    fn switch(&mut self, depth: u32) {
        let (_, results) = self.block_type();
        self.open("block", &[], &results);
        self.inside(0, &results, Some(results.clone()), |this| {
            this.open("block", &[], &results);
            let inner = results.clone();
            this.inside(0, &results, Some(results.clone()), |this| {
                this.body(depth - 1);
                this.values(&inner);
                this.value(Ty::I32);
                // All blocks around with the same results are targets as well.
                let targets = this.targets();
                let same = targets.iter().filter(|(_, types)| *types == inner);
                let list: Vec<String> = same.map(|(depth, _)| depth.to_string()).collect();
                this.line(&format!("br_table {} 0", list.join(" ")));
                // What follows is not reached, and has nothing on its stack.
                this.stack.truncate(this.floor);
            });
            this.line("end");
            this.body(depth - 1);
        });
        self.line("end");
    }
}
