//! deflate INPUT ROUNDS: compresses at several levels, decompresses, and compares.

use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::decompress_to_vec_zlib;
use support::{fail, input, number, Checksum};

fn main() {
    let (input, rounds) = (input(1), number(2));
    let mut checksum = Checksum::default();
    for round in 0..rounds {
        let level = [1, 6, 9][round as usize % 3];
        let compressed = compress_to_vec_zlib(&input, level);
        checksum.add(&compressed);
        match decompress_to_vec_zlib(&compressed) {
            Ok(output) if output == input => checksum.number(output.len() as u64),
            Ok(_) => fail("decompressing", &"something else comes out"),
            Err(error) => fail("decompressing", &format!("{:?}", error.status)),
        }
    }
    checksum.print("deflate");
}
