//! Long straight code, and large expressions.

use wasm_encoder::{Function, Lane, MemArg, MemArgTarget, MemoryType, ValType};

use super::parts::{Parts, one};

pub fn straight(n: usize) -> Vec<u8> {
    one(|sink| {
        for _ in 0..n {
            sink.local_get(0).i32_const(1).i32_add().local_set(0);
        }
    })
}

pub fn deep_trees(n: usize) -> Vec<u8> {
    one(|sink| {
        sink.local_get(0);
        for _ in 0..n {
            sink.i32_const(3).i32_rotl();
        }
        sink.drop();
    })
}

pub fn deep_stack(n: usize) -> Vec<u8> {
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

pub fn constants(n: usize) -> Vec<u8> {
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

pub fn loads_and_stores(n: usize) -> Vec<u8> {
    one(|sink| {
        for _ in 0..n {
            sink.local_get(0).local_get(0).i32_load(PLACE).i32_store(PLACE);
        }
    })
}

pub fn selects(n: usize) -> Vec<u8> {
    one(|sink| {
        sink.local_get(0);
        for _ in 0..n {
            sink.i32_const(3).local_get(0).select();
        }
        sink.drop();
    })
}

pub fn tees(n: usize) -> Vec<u8> {
    one(|sink| {
        sink.i32_const(1);
        for _ in 0..n {
            sink.local_tee(0).local_get(0).i32_add();
        }
        sink.drop();
    })
}

pub fn ranges(n: usize) -> Vec<u8> {
    one(|sink| {
        for _ in 0..n {
            sink.local_get(0).local_get(0).local_get(0).memory_fill(0);
        }
    })
}

/// A module of one function with a local that is a vector.
fn one_vector(body: impl FnOnce(&mut wasm_encoder::InstructionSink<'_>)) -> Vec<u8> {
    let mut parts = Parts::new();
    parts.functions.function(0);
    let mut function = Function::new([(1, ValType::V128)]);
    let mut sink = function.instructions();
    body(&mut sink);
    sink.end();
    parts.code.function(&function);
    parts.finish()
}

pub fn vectors(n: usize) -> Vec<u8> {
    one_vector(|sink| {
        for _ in 0..n {
            sink.local_get(0).local_get(0).i32x4_add().i8x16_popcnt().local_set(0);
        }
    })
}

pub fn vector_constants(n: usize) -> Vec<u8> {
    one_vector(|sink| {
        for number in 0..n {
            sink.v128_const(number as i128).local_set(0);
        }
    })
}

pub fn shuffles(n: usize) -> Vec<u8> {
    const LANES: [Lane; 16] = [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31];
    one_vector(|sink| {
        sink.local_get(0);
        for _ in 0..n {
            sink.local_get(0).i8x16_shuffle(LANES);
        }
        sink.local_set(0);
    })
}

pub fn wide_memory(n: usize) -> Vec<u8> {
    let place = MemArg {
        offset: 70_000,
        ..PLACE
    };
    let mut parts = Parts::new();
    parts.memories.memory(MemoryType {
        minimum: 2,
        maximum: None,
        memory64: true,
        shared: false,
        page_size_log2: None,
    });
    parts.function(0, 1, |sink| {
        for _ in 0..n {
            sink.i64_const(8).i64_const(16).i32_load(place).i32_store(place);
        }
    });
    parts.finish()
}

pub fn local_groups(n: usize) -> Vec<u8> {
    let mut parts = Parts::new();
    parts.functions.function(0);
    let ty = |number: usize| {
        if number.is_multiple_of(2) {
            ValType::I32
        } else {
            ValType::F64
        }
    };
    let mut function = Function::new((0..n.min(50_000)).map(|number| (1, ty(number))));
    function.instructions().end();
    parts.code.function(&function);
    parts.finish()
}

pub fn dead_code(n: usize) -> Vec<u8> {
    one(|sink| {
        sink.return_();
        for _ in 0..n {
            sink.i32_const(1).drop();
        }
    })
}

pub fn nops(n: usize) -> Vec<u8> {
    one(|sink| {
        for _ in 0..n {
            sink.nop();
        }
    })
}
