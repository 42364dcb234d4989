//! Many blocks, loops, ifs and switches, inside each other or in a row.

use wasm_encoder::{BlockType, ValType};

use super::parts::{Parts, one};

pub fn blocks(n: usize) -> Vec<u8> {
    one(|sink| {
        (0..n).for_each(|_| {
            sink.block(BlockType::Empty);
        });
        (0..n).for_each(|_| {
            sink.end();
        });
    })
}

pub fn blocks_of_many(n: usize) -> Vec<u8> {
    let mut parts = Parts::new();
    let many = parts.many_results();
    parts.function(0, 0, |sink| {
        (0..n).for_each(|_| {
            sink.block(BlockType::Empty);
        });
        (0..n).for_each(|_| {
            sink.br(0).end();
        });
    });
    parts.giving_many(many);
    parts.finish()
}

pub fn loops(n: usize) -> Vec<u8> {
    one(|sink| {
        (0..n).for_each(|_| {
            sink.loop_(BlockType::Empty);
        });
        for _ in 0..n {
            sink.local_get(0).br_if(0).end();
        }
    })
}

pub fn ifs(n: usize) -> Vec<u8> {
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

pub fn ifs_in_a_row(n: usize) -> Vec<u8> {
    one(|sink| {
        for _ in 0..n {
            sink.local_get(0).if_(BlockType::Empty);
            sink.local_get(0).i32_const(1).i32_add().local_set(0).else_();
            sink.local_get(0).i32_const(3).i32_add().local_set(0).end();
        }
    })
}

pub fn loops_in_a_row(n: usize) -> Vec<u8> {
    one(|sink| {
        for _ in 0..n {
            sink.loop_(BlockType::Empty).local_get(0).br_if(0).end();
        }
    })
}

pub fn branches_out(n: usize) -> Vec<u8> {
    one(|sink| {
        (0..n).for_each(|_| {
            sink.block(BlockType::Empty);
        });
        for number in 0..n as u32 {
            sink.local_get(0).br_if(n as u32 - 1 - number).end();
        }
    })
}

pub fn stack_across_ifs(n: usize) -> Vec<u8> {
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

pub fn switches(n: usize) -> Vec<u8> {
    one(|sink| {
        for _ in 0..n {
            sink.block(BlockType::Empty).block(BlockType::Empty);
            sink.local_get(0).br_table([0, 1, 0, 1], 0).end().end();
        }
    })
}

pub fn switch(n: usize) -> Vec<u8> {
    one(|sink| {
        sink.block(BlockType::Empty).block(BlockType::Empty);
        let targets: Vec<u32> = (0..n as u32).map(|number| number % 2).collect();
        sink.local_get(0).br_table(targets, 0).end().end();
    })
}

pub fn blocks_and_switches(n: usize) -> Vec<u8> {
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

pub fn switch_in_loop(n: usize) -> Vec<u8> {
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

pub fn switches_with_values(n: usize) -> Vec<u8> {
    const VALUES: usize = 10;
    let mut parts = Parts::new();
    parts.types.ty().function([], vec![ValType::I32; VALUES]);
    parts.function(0, 1, |sink| {
        for _ in 0..n {
            sink.block(BlockType::FunctionType(1)).block(BlockType::FunctionType(1));
            (0..VALUES).for_each(|_| {
                sink.local_get(0);
            });
            sink.local_get(0).br_table([0, 1, 0, 1], 0).end().end();
            (0..VALUES).for_each(|_| {
                sink.drop();
            });
        }
    });
    parts.finish()
}
