//! Long straight code, and large expressions.

use wasm_encoder::{MemArg, MemArgTarget};

use super::parts::one;

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
