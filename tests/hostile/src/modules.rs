//! A module for each seed.

use fastrand::Rng;
use wasm_dispatch_conformance::differential::smith;
use wasm_dispatch_shapes::shapes::SHAPES;

/// Where modules come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Modules in which there is much of one thing.
    Shapes,
    /// Everything that the specification allows, in wild combinations.
    Smith,
    /// Both in turn.
    Both,
}

impl Source {
    /// The source of a name.
    pub fn named(name: &str) -> Option<Source> {
        match name {
            "shapes" => Some(Source::Shapes),
            "smith" => Some(Source::Smith),
            "both" => Some(Source::Both),
            _ => None,
        }
    }
}

/// A module, and what it is.
#[derive(Clone, Debug)]
pub struct Made {
    /// For people.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// The module of a seed; none if wasm-smith makes none of it.
pub fn module(source: Source, seed: u64) -> Option<Made> {
    let mut random = Rng::with_seed(seed);
    let of_smith = match source {
        Source::Shapes => false,
        Source::Smith => true,
        Source::Both => seed % 2 == 1,
    };
    let (what, mut bytes) = match of_smith {
        true => ("wasm-smith".to_owned(), smith::module(seed)?),
        false => {
            let shape = random.choice(SHAPES)?;
            // Mostly small: what goes wrong goes wrong with few things, too, and more modules are tried.
            let most = (shape.size >> random.u32(..8)).max(1);
            let size = 1 + random.usize(..most);
            (format!("{} of size {size}", shape.name), (shape.make)(size))
        }
    };
    let changes = match random.u8(..3) {
        0 => 0,
        _ => random.usize(1..5),
    };
    for _ in 0..changes {
        damage(&mut bytes, &mut random);
    }
    let name = format!("seed {seed}: {what} with {changes} changes");
    Some(Made { name, bytes })
}

/// Bytes that mean much in some place: ends of numbers, types, sections, operators of control.
const TELLING: &[u8] = &[
    0x00, 0x01, 0x02, 0x03, 0x04, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x11, 0x40, 0x60, 0x6f, 0x70, 0x7b, 0x7c, 0x7f,
    0x80, 0xfc, 0xfd, 0xff,
];

/// Changes something after the magic number.
fn damage(bytes: &mut Vec<u8>, random: &mut Rng) {
    const HEAD: usize = 8;
    if bytes.len() < HEAD + 2 {
        return;
    }
    let at = random.usize(HEAD..bytes.len());
    let other = random.usize(HEAD..bytes.len());
    match random.u8(..8) {
        0 => bytes[at] = random.u8(..),
        1 => bytes[at] ^= 1 << random.u8(..8),
        2 => bytes[at] = bytes[at].wrapping_add(1),
        3 => bytes[at] = TELLING[random.usize(..TELLING.len())],
        4 => bytes.truncate(at),
        5 => bytes.swap(at, other),
        6 => {
            // Some bytes once more, or over others.
            let end = bytes.len().min(other + 1 + random.usize(..16));
            let part = bytes[other..end].to_vec();
            bytes.splice(at..at, part);
        }
        _ => {
            let end = bytes.len().min(at + 1 + random.usize(..4));
            bytes.drain(at..end);
        }
    }
}
