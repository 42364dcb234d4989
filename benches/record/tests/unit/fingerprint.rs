use super::*;

#[test]
fn the_fingerprint_of_this_machine_has_no_empty_field() {
    let fingerprint = Fingerprint::take();
    assert!(fingerprint.rows().iter().all(|(_, value)| !value.is_empty()));
    assert!(fingerprint.rustc.starts_with("rustc "), "{}", fingerprint.rustc);
    assert_eq!(fingerprint.binary.len(), 64);
}
