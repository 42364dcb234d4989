//! argon2id KIB ROUNDS: hashes passwords with Argon2id (RFC 9106).

use argon2::{Algorithm, Argon2, Params, Version};
use support::{check, number, Checksum};

fn main() {
    let (kib, rounds) = (number(1), number(2));
    let params = check("parameters", Params::new(kib as u32, 1, 1, None));
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut checksum = Checksum::default();
    for round in 0..rounds {
        let password = format!("password number {round}");
        let mut hash = [0; 32];
        let hashed = argon2.hash_password_into(password.as_bytes(), b"sixteen bytes ok", &mut hash);
        check("hashing", hashed);
        checksum.add(&hash);
    }
    checksum.print("argon2id");
}
