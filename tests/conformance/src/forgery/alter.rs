//! Changes of single fields, sensible or not.

use crate::random::Random;

use super::Data;

/// A slot as no program may have left it, or just so.
fn slot(random: &mut Random) -> u64 {
    let small = random.below(12) as u64;
    *random.pick(&[
        0,
        1,
        small,
        small,
        u64::from(u32::MAX),
        1 << 32,
        (1 << 32) + 1,
        1 << 31,
        u64::MAX,
        u64::MAX - 1,
    ])
}

/// A number near another one, or far away.
fn number(random: &mut Random, now: u32) -> u32 {
    let small = random.below(20) as u32;
    let bit = random.below(32);
    *random.pick(&[
        now.wrapping_add(1),
        now.wrapping_sub(1),
        small,
        small,
        now ^ (1 << bit),
        u32::MAX,
        u32::MAX - 1,
    ])
}

/// Makes a list shorter or longer by some elements, most of which are there already.
fn resize<T: Clone>(random: &mut Random, list: &mut Vec<T>) {
    match random.below(4) {
        0 => list.clear(),
        1 => {
            list.pop();
        }
        2 => list.truncate(random.below(list.len() + 1)),
        _ => {
            let Some(more) = list.last().cloned() else { return };
            let to = list.len() + 1 + random.below(3);
            list.resize(to, more);
        }
    }
}

fn one<'a, T>(random: &mut Random, list: &'a mut [T]) -> Option<&'a mut T> {
    let index = random.below(list.len().max(1));
    list.get_mut(index)
}

/// Changes one thing.
fn change(data: &mut Data, random: &mut Random) -> Option<()> {
    match random.below(20) {
        0 => data.paused = (*random.pick(&[true, false])).then(|| number(random, data.paused.unwrap_or(0))),
        1 => data.fuel = *random.pick(&[None, Some(0), Some(1), Some(u64::MAX)]),
        2..=5 => {
            let frame = one(random, &mut data.frames)?;
            let field = random.below(4);
            frame[field] = number(random, frame[field]);
        }
        6 => resize(random, &mut data.frames),
        7 => {
            let (a, b) = (
                random.below(data.frames.len().max(1)),
                random.below(data.frames.len().max(1)),
            );
            let (from, field) = (*data.frames.get(a)?, random.below(4));
            data.frames.get_mut(b)?[field] = from[field];
        }
        8 | 9 => *one(random, &mut data.stack)? = slot(random),
        10 => resize(random, &mut data.stack),
        11 => *one(random, &mut data.globals)? = slot(random),
        12 => match random.below(5) {
            0 => resize(random, &mut data.globals),
            1 => resize(random, &mut data.memories),
            2 => resize(random, &mut data.tables),
            3 => resize(random, &mut data.segments),
            _ => data.structure[random.below(32)] ^= 1,
        },
        13 => {
            let memory = one(random, &mut data.memories)?;
            let near = u64::from(number(random, memory.0 as u32));
            memory.0 = *random.pick(&[near, near, 0, 1 << 16, (1 << 16) + 1, 1 << 48, u64::MAX]);
        }
        14 => {
            let memory = one(random, &mut data.memories)?;
            if random.chance(30) {
                resize(random, &mut memory.1);
            } else {
                let (index, bytes) = one(random, &mut memory.1)?;
                match random.below(3) {
                    0 => *index = number(random, *index),
                    1 => resize(random, bytes),
                    _ => *one(random, bytes)? ^= 0x55,
                }
            }
        }
        15 => {
            let table = one(random, &mut data.tables)?;
            *one(random, table)? = slot(random);
        }
        16 => {
            let table = one(random, &mut data.tables)?;
            resize(random, table);
        }
        18 => data.waiting = (*random.pick(&[true, false])).then(|| number(random, data.waiting.unwrap_or(0))),
        19 => match one(random, &mut data.globals_high) {
            Some(high) if random.chance(50) => *high = slot(random),
            _ => resize(random, &mut data.globals_high),
        },
        _ => {
            let (bytes, elements) = one(random, &mut data.segments)?;
            let list = if random.chance(50) { bytes } else { elements };
            if random.chance(30) {
                resize(random, list);
            } else {
                let dropped = one(random, list)?;
                *dropped = !*dropped;
            }
        }
    }
    Some(())
}

/// The bytes of a forgery: some fields changed, or some bytes.
pub fn alter(data: &Data, random: &mut Random) -> Vec<u8> {
    let mut data = data.clone();
    let times = 1 + random.below(3);
    if random.chance(15) {
        return data.write_changed(|payload| {
            for _ in 0..times {
                // Most of a snapshot is memory, where every byte is as good as any other: look at the rest.
                let within = if random.chance(70) {
                    payload.len().min(400)
                } else {
                    payload.len()
                };
                let at = random.below(within.max(1));
                match random.below(4) {
                    0 => payload.truncate(at),
                    1 => payload.insert(at, random.number() as u8),
                    _ => {
                        let any = random.number() as u8;
                        if let Some(byte) = payload.get_mut(at) {
                            *byte = *random.pick(&[*byte ^ 1, *byte ^ 0x80, 0xFF, 0, any]);
                        }
                    }
                }
            }
        });
    }
    let mut done = 0;
    while done < times {
        // There may be nothing of that kind to change.
        done += usize::from(change(&mut data, random).is_some());
    }
    data.write()
}
