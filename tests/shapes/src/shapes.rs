//! Modules of one shape at any size. What a module takes, in time and memory, must grow as its bytes do, whatever its shape.
//!
//! Each is valid and exports `run`, which takes nothing and ends.

use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, DataCountSection, DataSection, ElementSection, Elements, EntityType, ExportKind,
    ExportSection, Function, FunctionSection, GlobalSection, GlobalType, ImportSection, InstructionSink, MemArg,
    MemArgTarget, MemorySection, MemoryType, Module, NameMap, NameSection, RefType, TableSection, TableType,
    TypeSection, ValType,
};

/// A shape.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Its name.
    pub name: &'static str,
    /// What there is many of.
    pub about: &'static str,
    /// A size that makes a module of some kilobytes.
    pub size: usize,
    /// A module of this size.
    pub make: fn(usize) -> Vec<u8>,
}

/// Results of the types that have many: as many as a type may have.
const MANY: usize = 1000;

/// Locals of the functions that have many: as many as a function may have.
const LOCALS: u32 = 50_000;

macro_rules! shapes {
    ($($name:ident $size:literal $about:literal;)*) => {
        /// Every shape.
        pub const SHAPES: &[Shape] = &[$(Shape {
            name: stringify!($name),
            about: $about,
            size: $size,
            make: $name,
        }),*];
    };
}

shapes! {
    types 300 "types, each different";
    imports 300 "imported globals";
    functions 1000 "functions, none of them called";
    functions_called 500 "functions, each called once";
    functions_in_a_row 500 "functions, each of which calls the next";
    functions_of_many_locals 300 "functions of 50,000 locals, each called once";
    exports 500 "exports of one function";
    functions_exported 300 "functions, each exported";
    function_names 400 "functions with names";
    globals 600 "globals";
    data_segments 1000 "passive data segments";
    data 4000 "bytes of data";
    element_segments 800 "passive element segments";
    elements_active 4000 "elements of an active segment";
    elements_passive 4000 "elements of a passive segment";
    element_expressions 1500 "elements that are expressions";
    custom 4000 "bytes of a custom section";
    straight 600 "additions to a local, one after another";
    deep_trees 1500 "operations in one expression";
    deep_stack 1500 "operands at once";
    constants 1500 "constants that are dropped";
    loads_and_stores 500 "loads and stores";
    selects 700 "selects in one expression";
    tees 1000 "assignments that are also read";
    blocks 1500 "blocks inside each other";
    loops 1000 "loops inside each other";
    ifs 700 "ifs inside each other, with else";
    ifs_in_a_row 400 "ifs with else, one after another";
    loops_in_a_row 500 "loops, one after another";
    branches_out 600 "blocks inside each other, each with a branch out of all";
    stack_across_ifs 500 "operands kept across as many ifs";
    switches 400 "switches of four targets, one after another";
    switch 2000 "targets of one switch";
    blocks_and_switches 400 "blocks inside each other, and as many switches in the innermost";
    switch_in_loop 250 "targets of a switch in a loop, and as many ways back to it";
    calls 1000 "calls, one after another";
    calls_indirect 600 "indirect calls";
    tail_calls 500 "functions, each with tail calls";
    calls_with_results 1000 "calls with 1,000 results";
    ifs_with_results 600 "ifs with 1,000 results";
    ranges 400 "operations on ranges";
}

/// The sections of a module.
#[derive(Default)]
struct Parts {
    types: TypeSection,
    imports: ImportSection,
    functions: FunctionSection,
    tables: TableSection,
    memories: MemorySection,
    globals: GlobalSection,
    exports: ExportSection,
    elements: ElementSection,
    data_count: Option<u32>,
    code: CodeSection,
    data: DataSection,
}

impl Parts {
    /// Type 0 is `[] -> []`.
    fn new() -> Parts {
        let mut parts = Parts::default();
        parts.types.ty().function([], []);
        parts
    }

    /// A function with these locals.
    fn function(&mut self, ty: u32, locals: u32, body: impl FnOnce(&mut InstructionSink<'_>)) {
        self.functions.function(ty);
        let mut function = Function::new((locals > 0).then_some((locals, ValType::I32)));
        let mut sink = function.instructions();
        body(&mut sink);
        sink.end();
        self.code.function(&function);
    }

    /// A type without parameters and with many results.
    fn many_results(&mut self) -> u32 {
        self.types.ty().function([], vec![ValType::I32; MANY]);
        self.types.len() - 1
    }

    /// Exports function 0 as `run`.
    fn finish(mut self) -> Vec<u8> {
        self.exports.export("run", ExportKind::Func, 0);
        self.build().finish()
    }

    fn build(&self) -> Module {
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

    fn memory(&mut self) {
        self.memories.memory(MemoryType {
            minimum: 1,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
    }

    fn table(&mut self, minimum: u64) {
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
fn one(body: impl FnOnce(&mut InstructionSink<'_>)) -> Vec<u8> {
    let mut parts = Parts::new();
    parts.memory();
    parts.table(1);
    parts.function(0, 1, body);
    parts.finish()
}

/// A module of one function that does nothing, and more.
fn with(more: impl FnOnce(&mut Parts)) -> Vec<u8> {
    let mut parts = Parts::new();
    parts.function(0, 0, |_| {});
    more(&mut parts);
    parts.finish()
}

fn types(n: usize) -> Vec<u8> {
    const ALL: [ValType; 6] = [
        ValType::I32,
        ValType::I64,
        ValType::F32,
        ValType::F64,
        ValType::FUNCREF,
        ValType::EXTERNREF,
    ];
    with(|parts| {
        for number in 0..n {
            let digit = |place: u32| ALL[number / 6_usize.pow(place) % 6];
            parts.types.ty().function((0..8).map(digit), []);
        }
    })
}

fn imports(n: usize) -> Vec<u8> {
    with(|parts| {
        // The function comes after them, and they are not functions.
        for number in 0..n {
            let ty = GlobalType {
                val_type: ValType::I32,
                mutable: false,
                shared: false,
            };
            parts
                .imports
                .import("host", &format!("g{number}"), EntityType::Global(ty));
        }
    })
}

fn functions(n: usize) -> Vec<u8> {
    with(|parts| (0..n).for_each(|_| parts.function(0, 0, |_| {})))
}

/// `n` functions that the first one calls.
fn called(n: usize, locals: u32, body: impl Fn(&mut InstructionSink<'_>)) -> Vec<u8> {
    let mut parts = Parts::new();
    parts.function(0, 0, |sink| {
        for number in 1..=n as u32 {
            sink.call(number);
        }
    });
    (0..n).for_each(|_| parts.function(0, locals, &body));
    parts.finish()
}

fn functions_called(n: usize) -> Vec<u8> {
    called(n, 0, |_| {})
}

fn functions_in_a_row(n: usize) -> Vec<u8> {
    let mut parts = Parts::new();
    for number in 1..=n as u32 {
        // Each at another place, so that the call depth stays within its limit.
        parts.function(0, 0, |sink| {
            if number < n as u32 {
                sink.return_call(number);
            }
        });
    }
    parts.finish()
}

fn functions_of_many_locals(n: usize) -> Vec<u8> {
    called(n, LOCALS, |_| {})
}

fn exports(n: usize) -> Vec<u8> {
    with(|parts| {
        for number in 0..n {
            parts.exports.export(&format!("f{number}"), ExportKind::Func, 0);
        }
    })
}

fn functions_exported(n: usize) -> Vec<u8> {
    with(|parts| {
        for number in 1..=n as u32 {
            parts.function(0, 0, |_| {});
            parts.exports.export(&format!("f{number}"), ExportKind::Func, number);
        }
    })
}

fn function_names(n: usize) -> Vec<u8> {
    let mut parts = Parts::new();
    let mut map = NameMap::new();
    for number in 0..n as u32 {
        parts.function(0, 0, |_| {});
        map.append(number, &format!("function {number}"));
    }
    parts.exports.export("run", ExportKind::Func, 0);
    let mut names = NameSection::new();
    names.functions(&map);
    let mut module = parts.build();
    module.section(&names);
    module.finish()
}

fn globals(n: usize) -> Vec<u8> {
    with(|parts| {
        for number in 0..n {
            let ty = GlobalType {
                val_type: ValType::I32,
                mutable: true,
                shared: false,
            };
            parts.globals.global(ty, &ConstExpr::i32_const(number as i32));
        }
    })
}

fn data_segments(n: usize) -> Vec<u8> {
    with(|parts| {
        parts.memory();
        parts.data_count = Some(n as u32);
        (0..n).for_each(|_| {
            parts.data.passive([]);
        });
    })
}

fn data(n: usize) -> Vec<u8> {
    with(|parts| {
        parts.memory();
        parts.data_count = Some(1);
        parts.data.passive(vec![7; n]);
    })
}

fn element_segments(n: usize) -> Vec<u8> {
    with(|parts| {
        for _ in 0..n {
            parts.elements.passive(Elements::Functions([0][..].into()));
        }
    })
}

fn elements_active(n: usize) -> Vec<u8> {
    with(|parts| {
        parts.table(n as u64);
        let functions = vec![0; n];
        let start = ConstExpr::i32_const(0);
        parts
            .elements
            .active(None, &start, Elements::Functions(functions.into()));
    })
}

fn elements_passive(n: usize) -> Vec<u8> {
    with(|parts| {
        parts.elements.passive(Elements::Functions(vec![0; n].into()));
    })
}

fn element_expressions(n: usize) -> Vec<u8> {
    with(|parts| {
        let items = vec![ConstExpr::ref_func(0); n];
        parts
            .elements
            .passive(Elements::Expressions(RefType::FUNCREF, items.into()));
    })
}

fn custom(n: usize) -> Vec<u8> {
    let mut parts = Parts::new();
    parts.function(0, 0, |_| {});
    parts.exports.export("run", ExportKind::Func, 0);
    let mut module = parts.build();
    module.section(&wasm_encoder::CustomSection {
        name: "x".into(),
        data: vec![1; n].into(),
    });
    module.finish()
}

fn straight(n: usize) -> Vec<u8> {
    one(|sink| {
        for _ in 0..n {
            sink.local_get(0).i32_const(1).i32_add().local_set(0);
        }
    })
}

fn deep_trees(n: usize) -> Vec<u8> {
    one(|sink| {
        sink.local_get(0);
        for _ in 0..n {
            sink.i32_const(3).i32_rotl();
        }
        sink.drop();
    })
}

fn deep_stack(n: usize) -> Vec<u8> {
    one(|sink| {
        let n = n.min(60_000);
        (0..n).for_each(|_| {
            sink.local_get(0);
        });
        (0..n).for_each(|_| {
            sink.drop();
        });
    })
}

fn constants(n: usize) -> Vec<u8> {
    one(|sink| {
        for _ in 0..n {
            sink.i32_const(1).drop();
        }
    })
}

const PLACE: MemArg = MemArg {
    offset: 8,
    align: 2,
    target: MemArgTarget::Memory(0),
    ordering: None,
};

fn loads_and_stores(n: usize) -> Vec<u8> {
    one(|sink| {
        for _ in 0..n {
            sink.local_get(0).local_get(0).i32_load(PLACE).i32_store(PLACE);
        }
    })
}

fn selects(n: usize) -> Vec<u8> {
    one(|sink| {
        sink.local_get(0);
        for _ in 0..n {
            sink.i32_const(3).local_get(0).select();
        }
        sink.drop();
    })
}

fn tees(n: usize) -> Vec<u8> {
    one(|sink| {
        sink.i32_const(1);
        for _ in 0..n {
            sink.local_tee(0).local_get(0).i32_add();
        }
        sink.drop();
    })
}

fn blocks(n: usize) -> Vec<u8> {
    one(|sink| {
        (0..n).for_each(|_| {
            sink.block(BlockType::Empty);
        });
        (0..n).for_each(|_| {
            sink.end();
        });
    })
}

fn loops(n: usize) -> Vec<u8> {
    one(|sink| {
        (0..n).for_each(|_| {
            sink.loop_(BlockType::Empty);
        });
        for _ in 0..n {
            sink.local_get(0).br_if(0).end();
        }
    })
}

fn ifs(n: usize) -> Vec<u8> {
    one(|sink| {
        for _ in 0..n {
            sink.local_get(0).if_(BlockType::Result(ValType::I32));
        }
        sink.i32_const(1);
        for _ in 0..n {
            sink.else_().i32_const(2).end();
        }
        sink.drop();
    })
}

fn ifs_in_a_row(n: usize) -> Vec<u8> {
    one(|sink| {
        for _ in 0..n {
            sink.local_get(0).if_(BlockType::Empty);
            sink.local_get(0).i32_const(1).i32_add().local_set(0).else_();
            sink.local_get(0).i32_const(3).i32_add().local_set(0).end();
        }
    })
}

fn loops_in_a_row(n: usize) -> Vec<u8> {
    one(|sink| {
        for _ in 0..n {
            sink.loop_(BlockType::Empty).local_get(0).br_if(0).end();
        }
    })
}

fn branches_out(n: usize) -> Vec<u8> {
    one(|sink| {
        (0..n).for_each(|_| {
            sink.block(BlockType::Empty);
        });
        for number in 0..n as u32 {
            sink.local_get(0).br_if(n as u32 - 1 - number).end();
        }
    })
}

fn stack_across_ifs(n: usize) -> Vec<u8> {
    one(|sink| {
        let n = n.min(60_000);
        (0..n).for_each(|_| {
            sink.local_get(0);
        });
        (0..n).for_each(|_| {
            sink.local_get(0).if_(BlockType::Empty).end();
        });
        (0..n).for_each(|_| {
            sink.drop();
        });
    })
}

fn switches(n: usize) -> Vec<u8> {
    one(|sink| {
        for _ in 0..n {
            sink.block(BlockType::Empty).block(BlockType::Empty);
            sink.local_get(0).br_table([0, 1, 0, 1], 0).end().end();
        }
    })
}

fn switch(n: usize) -> Vec<u8> {
    one(|sink| {
        sink.block(BlockType::Empty).block(BlockType::Empty);
        let targets: Vec<u32> = (0..n as u32).map(|number| number % 2).collect();
        sink.local_get(0).br_table(targets, 0).end().end();
    })
}

fn blocks_and_switches(n: usize) -> Vec<u8> {
    one(|sink| {
        (0..n).for_each(|_| {
            sink.block(BlockType::Empty);
        });
        for _ in 0..n {
            sink.block(BlockType::Empty);
            sink.local_get(0).br_table([0], 0).end();
        }
        (0..n).for_each(|_| {
            sink.end();
        });
    })
}

fn switch_in_loop(n: usize) -> Vec<u8> {
    one(|sink| {
        sink.block(BlockType::Empty).loop_(BlockType::Empty);
        (0..n).for_each(|_| {
            sink.block(BlockType::Empty);
        });
        let targets: Vec<u32> = (0..n as u32).collect();
        // Beyond all ways back: out of the loop.
        sink.local_get(0).br_table(targets, n as u32 + 1);
        for number in 0..n as u32 {
            sink.end();
            sink.local_get(0).i32_const(number as i32 + 1).i32_add().local_set(0);
            if number + 1 < n as u32 {
                sink.br(n as u32 - 1 - number);
            }
        }
        sink.end().end();
    })
}

fn calls(n: usize) -> Vec<u8> {
    let mut parts = Parts::new();
    parts.function(0, 0, |sink| {
        (0..n).for_each(|_| {
            sink.call(1);
        });
    });
    parts.function(0, 0, |_| {});
    parts.finish()
}

fn calls_indirect(n: usize) -> Vec<u8> {
    let mut parts = Parts::new();
    parts.table(1);
    let start = ConstExpr::i32_const(0);
    parts.elements.active(None, &start, Elements::Functions([1][..].into()));
    parts.function(0, 0, |sink| {
        for _ in 0..n {
            sink.i32_const(0).call_indirect(0, 0);
        }
    });
    parts.function(0, 0, |_| {});
    parts.finish()
}

fn tail_calls(n: usize) -> Vec<u8> {
    called(n, 1, |sink| {
        sink.local_get(0).if_(BlockType::Empty).return_call(1).end();
    })
}

fn calls_with_results(n: usize) -> Vec<u8> {
    let mut parts = Parts::new();
    let many = parts.many_results();
    parts.function(0, 0, |sink| {
        for _ in 0..n {
            sink.block(BlockType::Empty).call(1).br(0).end();
        }
    });
    parts.function(many, 0, |sink| {
        (0..MANY).for_each(|_| {
            sink.i32_const(1);
        });
    });
    parts.finish()
}

fn ifs_with_results(n: usize) -> Vec<u8> {
    let mut parts = Parts::new();
    let many = parts.many_results();
    parts.function(0, 1, |sink| {
        for _ in 0..n {
            sink.block(BlockType::Empty)
                .local_get(0)
                .if_(BlockType::FunctionType(many));
            sink.call(1).else_().call(1).end().br(0).end();
        }
    });
    parts.function(many, 0, |sink| {
        (0..MANY).for_each(|_| {
            sink.i32_const(1);
        });
    });
    parts.finish()
}

/// Not a shape, because a limit counts what they carry: `n` branches with 1,000 values, each from another place.
pub fn carrying(n: usize) -> Vec<u8> {
    let mut parts = Parts::new();
    let many = parts.many_results();
    parts.function(0, 0, |sink| {
        sink.block(BlockType::Empty).call(1).br(0).end();
    });
    parts.function(many, 0, |sink| {
        (0..=MANY).for_each(|_| {
            sink.i32_const(1);
        });
        for _ in 0..n {
            sink.i32_const(1).i32_const(0).br_if(0);
        }
        sink.return_();
    });
    parts.finish()
}

/// Not a shape, because a limit counts them: `n` times 1,000 operands where nothing can be reached.
pub fn dead_results(n: usize) -> Vec<u8> {
    let mut parts = Parts::new();
    let many = parts.many_results();
    parts.function(0, 0, |sink| {
        sink.return_();
        (0..n).for_each(|_| {
            sink.call(1);
        });
        sink.return_();
    });
    parts.function(many, 0, |sink| {
        (0..MANY).for_each(|_| {
            sink.i32_const(1);
        });
    });
    parts.finish()
}

fn ranges(n: usize) -> Vec<u8> {
    one(|sink| {
        for _ in 0..n {
            sink.local_get(0).local_get(0).local_get(0).memory_fill(0);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_is_a_valid_module_that_grows_with_its_size() {
        for shape in SHAPES {
            let (small, large) = ((shape.make)(shape.size), (shape.make)(4 * shape.size));
            for module in [&small, &large] {
                if let Err(error) = wasmparser::Validator::new().validate_all(module) {
                    panic!("{}: {error}", shape.name);
                }
            }
            let (before, after) = (small.len(), large.len());
            assert!(after > 2 * before, "{}: {before} and {after} bytes", shape.name);
        }
    }
}
