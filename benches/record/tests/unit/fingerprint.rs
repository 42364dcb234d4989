use super::*;

#[test]
fn the_fingerprint_of_this_machine_has_no_empty_field() {
    let fingerprint = Fingerprint::take();
    assert!(fingerprint.rows().iter().all(|(_, value)| !value.is_empty()));
    assert!(fingerprint.rustc.starts_with("rustc "), "{}", fingerprint.rustc);
    assert_eq!(fingerprint.binary.len(), 64);
}

#[test]
fn a_record_of_other_sources_says_that_the_code_has_changed_since() {
    let now = Fingerprint::take();
    assert_eq!(now.is_older(), None);
    let other = Fingerprint {
        sources: "0123456789abcdef".into(),
        revision: "0123abc".into(),
        ..now.clone()
    };
    // Without git nobody knows what the sources are.
    let said = other.is_older();
    assert_eq!(said.is_some(), !now.sources.is_empty());
    let is_right = |said: String| said.contains("has changed since") && said.contains("revision 0123abc");
    assert!(said.is_none_or(is_right));
}
