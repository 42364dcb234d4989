//! The generator's statements, blocks, branches and calls.

use wasm_dispatch::ValType;

use super::arithmetic::{Label, Writer, block_type};
use super::operators::{self, TYPES};

impl Writer<'_> {
    /// Something that leaves the stack as it is.
    pub(super) fn statement(&mut self, depth: usize) {
        if self.budget == 0 {
            return;
        }
        let ty = *self.random.pick(&TYPES);
        let inner = depth.saturating_sub(1);
        match self.random.below(if depth == 0 { 50 } else { 100 }) {
            0..20 => {
                self.value(ty, inner);
                let local = self.local(ty);
                self.put(format_args!("local.set {local}"));
            }
            20..27 => {
                self.value(ty, inner);
                self.put(format_args!("global.set {}", Self::global(ty)));
            }
            27..40 => {
                let place = self.place();
                self.address(place.address, inner);
                self.value(ty, inner);
                self.canonical(ty);
                if ty == ValType::V128 && self.random.chance(50) {
                    let access = *self.random.pick(operators::lane_stores());
                    return self.lane_access(access, &place);
                }
                let name = *self.random.pick(operators::stores(ty));
                self.put(format_args!("{name}{}", place.text));
            }
            40..42 => {
                self.value(ty, inner);
                self.put("drop");
            }
            42..44 => self.wide_arithmetic(inner),
            44..46 => {
                // Memory 1 is copied to now and then.
                let (fill, other) = (self.random.chance(50), self.random.chance(20));
                let [first, second] = self.shape.memories;
                let (to, from, name) = match (fill, other) {
                    (true, _) => (first, ValType::I32, "memory.fill"),
                    (false, false) => (first, first, "memory.copy"),
                    (false, true) => (second, first, "memory.copy 1 0"),
                };
                let length = match (to, from) {
                    (ValType::I32, _) => ValType::I32,
                    (_, ValType::I32) if !fill => ValType::I32,
                    _ => ValType::I64,
                };
                for (ty, most) in [(to, 1023), (from, 1023), (length, 63)] {
                    self.value(ty, 0);
                    self.mask(ty, most);
                }
                self.put(name);
            }
            46..50 => {
                // Exchange of two locals through the stack.
                let (a, b) = (self.local(ty), self.local(ty));
                for instruction in ["local.get", "local.get", "local.set", "local.set"]
                    .iter()
                    .zip([a, b, a, b])
                {
                    self.put(format_args!("{} {}", instruction.0, instruction.1));
                }
            }
            50..75 => self.structured(&[], &[], inner),
            75..85 => {
                let (params, results) = (self.few_types(), self.few_types());
                self.values(&params, inner);
                self.structured(&params, &results, inner);
                self.consume(&results);
            }
            85..92 => self.loop_with_values(inner),
            _ => {
                let call = self.call(inner);
                self.consume(&call);
            }
        }
    }

    /// An operation on integers of 128 bits.
    fn wide_arithmetic(&mut self, depth: usize) {
        const OPERATIONS: [(&str, usize); 4] = [
            ("i64.add128", 4),
            ("i64.sub128", 4),
            ("i64.mul_wide_s", 2),
            ("i64.mul_wide_u", 2),
        ];
        let &(name, operands) = self.random.pick(&OPERATIONS);
        self.values(&[ValType::I64; 4][..operands], depth);
        self.put(name);
        self.consume(&[ValType::I64; 2]);
    }

    fn few_types(&mut self) -> Vec<ValType> {
        (0..self.random.below(4)).map(|_| *self.random.pick(&TYPES)).collect()
    }

    /// Pops values of these types, into locals or away.
    fn consume(&mut self, types: &[ValType]) {
        for &ty in types.iter().rev() {
            if self.random.chance(70) {
                let local = self.local(ty);
                self.put(format_args!("local.set {local}"));
            } else {
                self.put("drop");
            }
        }
    }

    /// Pushes a value that comes out of a block or call.
    pub(super) fn structured_value(&mut self, ty: ValType, depth: usize) {
        match self.random.below(10) {
            0..7 => self.structured(&[], &[ty], depth),
            7 => {
                let params = self.few_types();
                self.values(&params, depth);
                self.structured(&params, &[ty], depth);
            }
            _ => {
                let results = self.call(depth);
                match results.iter().rposition(|&result| result == ty) {
                    Some(position) => self.consume(&results[position + 1..]),
                    None => {
                        self.consume(&results);
                        self.value(ty, 0);
                        return;
                    }
                }
                let position = results.iter().rposition(|&result| result == ty).unwrap_or(0);
                if position > 0 {
                    // Keep the value, drop what is below.
                    let local = self.local(ty);
                    self.put(format_args!("local.set {local}"));
                    self.consume(&results[..position]);
                    self.put(format_args!("local.get {local}"));
                }
            }
        }
    }

    /// A block or an `if` over values on the stack.
    fn structured(&mut self, params: &[ValType], results: &[ValType], depth: usize) {
        let ty = block_type(params, results);
        let label = Label {
            carried: results.to_vec(),
        };
        if self.random.chance(50) {
            self.condition(depth);
            self.put(format_args!("if {ty}"));
            self.labels.push(label);
            self.body(params, results, depth);
            if params != results || self.random.chance(70) {
                self.put("else");
                self.body(params, results, depth);
            }
        } else {
            self.put(format_args!("block {ty}"));
            self.labels.push(label);
            self.body(params, results, depth);
        }
        self.labels.pop();
        self.put("end");
    }

    /// From the parameters on the stack to the results.
    fn body(&mut self, params: &[ValType], results: &[ValType], depth: usize) {
        for _ in 0..self.random.below(3) {
            self.statement(depth.min(2));
        }
        // Work on the topmost parameter in place.
        if let Some(&top) = params.last()
            && self.random.chance(50)
        {
            self.fold_into(top, depth);
        }
        if params == results && self.random.chance(50) {
            self.maybe_branch(results, depth);
            return;
        }
        self.consume(params);
        self.values(results, depth);
        self.maybe_branch(results, depth);
    }

    /// `top = top op value`.
    fn fold_into(&mut self, ty: ValType, depth: usize) {
        self.value(ty, depth.min(3));
        let name = self.random.pick(&["add", "sub", "mul"]);
        let instruction = match ty {
            ValType::V128 => format!("i32x4.{name}"),
            _ => format!("{ty}.{name}"),
        };
        self.put(instruction);
    }

    /// A condition: mostly a comparison, sometimes negated, sometimes any integer.
    pub(super) fn condition(&mut self, depth: usize) {
        if self.random.chance(70) {
            let comparison = self.random.pick(operators::comparisons());
            for &ty in &comparison.operands {
                self.value(ty, depth.min(3));
            }
            self.put(comparison.mnemonic);
        } else if self.random.chance(30) {
            self.value(ValType::I64, depth.min(3));
            self.put("i64.eqz");
        } else {
            self.value(ValType::I32, depth.min(3));
        }
        for _ in 0..self.random.below(3) {
            if self.random.chance(40) {
                let negation = *self
                    .random
                    .pick(&["i32.eqz", "i32.const 0\ni32.ne", "i32.const 0\ni32.eq"]);
                self.put(negation);
            }
        }
    }

    /// With these values on the stack, which stay there if it does not branch: a branch out, of any kind.
    fn maybe_branch(&mut self, on_stack: &[ValType], depth: usize) {
        if self.budget == 0 || !self.random.chance(40) {
            return;
        }
        let fitting: Vec<usize> = (0..self.labels.len())
            .filter(|&depth| on_stack.ends_with(&self.labels[self.labels.len() - 1 - depth].carried))
            .collect();
        match self.random.below(10) {
            0..5 if !fitting.is_empty() => {
                let target = *self.random.pick(&fitting);
                self.condition(depth);
                self.put(format_args!("br_if {target}"));
            }
            5..7 if !fitting.is_empty() => {
                // All targets of a table carry the same types.
                let first = *self.random.pick(&fitting);
                let carried = self.labels[self.labels.len() - 1 - first].carried.clone();
                let same: Vec<usize> = (fitting.into_iter())
                    .filter(|&depth| self.labels[self.labels.len() - 1 - depth].carried == carried)
                    .collect();
                self.value(ValType::I32, depth.min(3));
                if self.random.chance(60) {
                    self.put("i32.const 7");
                    self.put("i32.and");
                }
                let targets: Vec<String> = (0..1 + self.random.below(6))
                    .map(|_| self.random.pick(&same).to_string())
                    .collect();
                self.put(format_args!("br_table {}", targets.join(" ")));
                self.dead_values(on_stack);
            }
            _ => {
                self.condition(depth);
                self.put("if");
                self.labels.push(Label { carried: Vec::new() });
                self.leave(depth);
                self.labels.pop();
                self.put("end");
            }
        }
    }

    /// Leaves for good; what is written after it cannot be reached.
    fn leave(&mut self, depth: usize) {
        match self.random.below(10) {
            0..5 => {
                let target = self.random.below(self.labels.len());
                let carried = self.labels[self.labels.len() - 1 - target].carried.clone();
                self.values(&carried, depth.min(3));
                self.put(format_args!("br {target}"));
            }
            5..7 => {
                let results = self.functions[self.own].results.clone();
                self.values(&results, depth.min(3));
                self.put("return");
            }
            _ => self.tail_call(depth.min(3)),
        }
        if self.random.chance(30) {
            // Dead code is lowered, too.
            self.statement(1);
        }
    }

    /// After an unconditional branch: values that are never made.
    fn dead_values(&mut self, types: &[ValType]) {
        for &ty in types {
            self.value(ty, 1);
        }
    }

    fn tail_call(&mut self, depth: usize) {
        let results = &self.functions[self.own].results;
        let fitting: Vec<usize> = (0..self.functions.len())
            .filter(|&function| self.functions[function].results == *results)
            .collect();
        // At least this function itself fits.
        let callee = *self.random.pick(&fitting);
        let params = self.functions[callee].params.clone();
        self.values(&params, depth);
        if self.random.chance(40) {
            self.index(callee);
            self.put(format_args!("return_call_indirect (type $t{callee})"));
        } else {
            self.put(format_args!("return_call $f{callee}"));
        }
    }

    /// Calls a function that comes later, so that only tail calls and fuel make recursion. Returns the result types.
    fn call(&mut self, depth: usize) -> Vec<ValType> {
        let later = self.functions.len() - self.own - 1;
        if later == 0 {
            return Vec::new();
        }
        let callee = self.own + 1 + self.random.below(later);
        let params = self.functions[callee].params.clone();
        self.values(&params, depth.min(3));
        if self.random.chance(40) {
            self.index(callee);
            self.put(format_args!("call_indirect (type $t{callee})"));
        } else {
            self.put(format_args!("call $f{callee}"));
        }
        self.functions[callee].results.clone()
    }

    /// The table index of a function, rarely another.
    fn index(&mut self, function: usize) {
        let ty = self.shape.table;
        if self.random.chance(4) {
            self.value(ty, 1);
        } else if self.random.chance(50) {
            // Not a constant: the sum of a local and its difference to the index.
            let local = self.local(ty);
            self.put(format_args!("{ty}.const {function}"));
            self.put(format_args!("local.get {local}"));
            self.put(format_args!("{ty}.add"));
            self.put(format_args!("local.get {local}"));
            self.put(format_args!("{ty}.sub"));
        } else {
            self.put(format_args!("{ty}.const {function}"));
        }
    }

    /// A loop whose values go round on the stack.
    fn loop_with_values(&mut self, depth: usize) {
        let types = self.few_types();
        self.values(&types, depth);
        let ty = block_type(&types, &types);
        self.put(format_args!("loop {ty}"));
        self.labels.push(Label { carried: types.clone() });
        self.use_fuel();
        for _ in 0..self.random.below(3) {
            self.statement(depth.min(2));
        }
        if let Some(&top) = types.last() {
            self.fold_into(top, depth);
        }
        if types.len() >= 2 && self.random.chance(50) {
            // Exchange the topmost two if they are of one type.
            let (a, b) = (types[types.len() - 1], types[types.len() - 2]);
            if a == b {
                let (x, y) = (self.local(a), self.local(b));
                for instruction in ["set", "set", "get", "get"].iter().zip([x, y, x, y]) {
                    self.put(format_args!("local.{} {}", instruction.0, instruction.1));
                }
            }
        }
        self.condition(depth);
        self.put("br_if 0");
        self.labels.pop();
        self.put("end");
        self.consume(&types);
    }
}
