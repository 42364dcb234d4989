//! Much of what a module declares: of one section.

use wasm_encoder::{
    ConstExpr, CustomSection, Elements, EntityType, ExportKind, GlobalType, NameMap, NameSection, RefType, ValType,
};

use super::parts::{MANY, Parts, called, with};

/// Locals of the functions that have many: as many as a function may have.
const LOCALS: u32 = 50_000;

pub fn types(n: usize) -> Vec<u8> {
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

pub fn wide_types(n: usize) -> Vec<u8> {
    with(|parts| {
        for number in 0..n {
            // Each different in its last parameter but eleven.
            let ty = |place: usize| {
                if number >> (place % 16) & 1 == 1 {
                    ValType::I64
                } else {
                    ValType::I32
                }
            };
            parts.types.ty().function((0..MANY).map(ty), []);
        }
    })
}

pub fn imported_functions(n: usize) -> Vec<u8> {
    let mut parts = Parts::new();
    for number in 0..n {
        let name = format!("fd_write{number}");
        parts
            .imports
            .import("wasi_snapshot_preview1", &name, EntityType::Function(0));
    }
    parts.function(0, 0, |_| {});
    parts.exports.export("run", ExportKind::Func, n as u32);
    parts.build().finish()
}

pub fn long_names(n: usize) -> Vec<u8> {
    with(|parts| {
        for number in 0..n {
            parts.exports.export(&format!("{number:01000}"), ExportKind::Func, 0);
        }
    })
}

pub fn imports(n: usize) -> Vec<u8> {
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

pub fn functions(n: usize) -> Vec<u8> {
    with(|parts| (0..n).for_each(|_| parts.function(0, 0, |_| {})))
}

pub fn functions_called(n: usize) -> Vec<u8> {
    called(n, 0, |_| {})
}

pub fn functions_in_a_row(n: usize) -> Vec<u8> {
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

pub fn functions_of_many_locals(n: usize) -> Vec<u8> {
    called(n, LOCALS, |_| {})
}

pub fn exports(n: usize) -> Vec<u8> {
    with(|parts| {
        for number in 0..n {
            parts.exports.export(&format!("f{number}"), ExportKind::Func, 0);
        }
    })
}

pub fn functions_exported(n: usize) -> Vec<u8> {
    with(|parts| {
        for number in 1..=n as u32 {
            parts.function(0, 0, |_| {});
            parts.exports.export(&format!("f{number}"), ExportKind::Func, number);
        }
    })
}

pub fn function_names(n: usize) -> Vec<u8> {
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

pub fn globals(n: usize) -> Vec<u8> {
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

pub fn global_expression(n: usize) -> Vec<u8> {
    with(|parts| {
        let ty = GlobalType {
            val_type: ValType::I32,
            mutable: false,
            shared: false,
        };
        let more = (0..n).fold(ConstExpr::i32_const(1), |sum, _| sum.with_i32_const(3).with_i32_add());
        parts.globals.global(ty, &more);
    })
}

pub fn vector_globals(n: usize) -> Vec<u8> {
    with(|parts| {
        for number in 0..n {
            let ty = GlobalType {
                val_type: ValType::V128,
                mutable: true,
                shared: false,
            };
            parts.globals.global(ty, &ConstExpr::v128_const(number as i128));
        }
    })
}

pub fn data_active(n: usize) -> Vec<u8> {
    with(|parts| {
        parts.memory();
        for number in 0..n {
            parts
                .data
                .active(0, &ConstExpr::i32_const((number % 65_536) as i32), [7]);
        }
    })
}

pub fn data_segments(n: usize) -> Vec<u8> {
    with(|parts| {
        parts.memory();
        parts.data_count = Some(n as u32);
        (0..n).for_each(|_| {
            parts.data.passive([]);
        });
    })
}

pub fn data(n: usize) -> Vec<u8> {
    with(|parts| {
        parts.memory();
        parts.data_count = Some(1);
        parts.data.passive(vec![7; n]);
    })
}

pub fn element_segments(n: usize) -> Vec<u8> {
    with(|parts| {
        for _ in 0..n {
            parts.elements.passive(Elements::Functions([0][..].into()));
        }
    })
}

pub fn elements_active(n: usize) -> Vec<u8> {
    with(|parts| {
        parts.table(n as u64);
        let functions = vec![0; n];
        let start = ConstExpr::i32_const(0);
        parts
            .elements
            .active(None, &start, Elements::Functions(functions.into()));
    })
}

pub fn elements_passive(n: usize) -> Vec<u8> {
    with(|parts| {
        parts.elements.passive(Elements::Functions(vec![0; n].into()));
    })
}

pub fn element_expressions(n: usize) -> Vec<u8> {
    with(|parts| {
        let items = vec![ConstExpr::ref_func(0); n];
        parts
            .elements
            .passive(Elements::Expressions(RefType::FUNCREF, items.into()));
    })
}

pub fn custom(n: usize) -> Vec<u8> {
    let mut parts = Parts::new();
    parts.function(0, 0, |_| {});
    parts.exports.export("run", ExportKind::Func, 0);
    let mut module = parts.build();
    module.section(&CustomSection {
        name: "x".into(),
        data: vec![1; n].into(),
    });
    module.finish()
}

pub fn customs(n: usize) -> Vec<u8> {
    let mut parts = Parts::new();
    parts.function(0, 0, |_| {});
    parts.exports.export("run", ExportKind::Func, 0);
    let mut module = parts.build();
    for number in 0..n {
        module.section(&CustomSection {
            name: format!("x{number}").into(),
            data: [][..].into(),
        });
    }
    module.finish()
}
