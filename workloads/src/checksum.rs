//! SHA-256 as manifests write it.

use sha2::{Digest, Sha256};

/// The SHA-256 of `bytes` in 64 lower-case hexadecimal digits, as manifests write it.
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether `text` has the shape of a checksum that [`sha256_hex`] could have written.
pub(crate) fn is_sha256_hex(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_empty_message_has_the_checksum_of_the_standard() {
        let hex = sha256_hex(b"");
        assert_eq!(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert!(is_sha256_hex(&hex));
    }

    #[test]
    fn upper_case_and_wrong_lengths_are_not_checksums() {
        assert!(!is_sha256_hex(&"A".repeat(64)));
        assert!(!is_sha256_hex(&"a".repeat(63)));
    }
}
