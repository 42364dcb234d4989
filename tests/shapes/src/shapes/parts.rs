//! What the shapes are built of.

use wasm_encoder::{
    CodeSection, DataCountSection, DataSection, ElementSection, ExportKind, ExportSection, Function, FunctionSection,
    GlobalSection, ImportSection, InstructionSink, MemorySection, MemoryType, Module, RefType, TableSection, TableType,
    TypeSection, ValType,
};

/// Results of the types that have many: as many as a type may have.
pub const MANY: usize = 1000;

/// The sections of a module.
#[derive(Default)]
pub struct Parts {
    pub types: TypeSection,
    pub imports: ImportSection,
    pub functions: FunctionSection,
    pub tables: TableSection,
    pub memories: MemorySection,
    pub globals: GlobalSection,
    pub exports: ExportSection,
    pub elements: ElementSection,
    pub data_count: Option<u32>,
    pub code: CodeSection,
    pub data: DataSection,
}

impl Parts {
    /// Type 0 is `[] -> []`.
    pub fn new() -> Parts {
        let mut parts = Parts::default();
        parts.types.ty().function([], []);
        parts
    }

    /// A function with these locals.
    pub fn function(&mut self, ty: u32, locals: u32, body: impl FnOnce(&mut InstructionSink<'_>)) {
        self.functions.function(ty);
        let mut function = Function::new((locals > 0).then_some((locals, ValType::I32)));
        let mut sink = function.instructions();
        body(&mut sink);
        sink.end();
        self.code.function(&function);
    }

    /// A type without parameters and with many results.
    pub fn many_results(&mut self) -> u32 {
        self.types.ty().function([], vec![ValType::I32; MANY]);
        self.types.len() - 1
    }

    /// A function of that type, which gives constants.
    pub fn giving_many(&mut self, many: u32) {
        self.function(many, 0, |sink| {
            (0..MANY).for_each(|_| {
                sink.i32_const(1);
            });
        });
    }

    /// Exports function 0 as `run`.
    pub fn finish(mut self) -> Vec<u8> {
        self.exports.export("run", ExportKind::Func, 0);
        self.build().finish()
    }

    pub fn build(&self) -> Module {
        let mut module = Module::new();
        module.section(&self.types);
        if !self.imports.is_empty() {
            module.section(&self.imports);
        }
        module.section(&self.functions);
        module
            .section(&self.tables)
            .section(&self.memories)
            .section(&self.globals);
        module.section(&self.exports).section(&self.elements);
        if let Some(count) = self.data_count {
            module.section(&DataCountSection { count });
        }
        module.section(&self.code).section(&self.data);
        module
    }

    pub fn memory(&mut self) {
        self.memories.memory(MemoryType {
            minimum: 1,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
    }

    pub fn table(&mut self, minimum: u64) {
        self.tables.table(TableType {
            element_type: RefType::FUNCREF,
            table64: false,
            minimum,
            maximum: None,
            shared: false,
        });
    }
}

/// A module of one function with a local.
pub fn one(body: impl FnOnce(&mut InstructionSink<'_>)) -> Vec<u8> {
    let mut parts = Parts::new();
    parts.memory();
    parts.table(1);
    parts.function(0, 1, body);
    parts.finish()
}

/// A module of one function that does nothing, and more.
pub fn with(more: impl FnOnce(&mut Parts)) -> Vec<u8> {
    let mut parts = Parts::new();
    parts.function(0, 0, |_| {});
    more(&mut parts);
    parts.finish()
}

/// `n` functions that the first one calls.
pub fn called(n: usize, locals: u32, body: impl Fn(&mut InstructionSink<'_>)) -> Vec<u8> {
    let mut parts = Parts::new();
    parts.function(0, 0, |sink| {
        for number in 1..=n as u32 {
            sink.call(number);
        }
    });
    (0..n).for_each(|_| parts.function(0, locals, &body));
    parts.finish()
}
