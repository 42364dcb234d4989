//! The list of engines.

use wasm_dispatch_engines::{Entrant, peers};

#[test]
fn names_are_unique_and_fit_on_a_command_line() {
    let mut names: Vec<String> = peers::all().into_iter().map(|peer| peer.name).collect();
    assert!(names.iter().all(|name| !name.contains([' ', ','])));
    assert!(names.iter().any(|name| name == Entrant::default().name));
    let before = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), before);
}

#[test]
fn every_engine_that_was_built_can_be_made_under_its_own_name() {
    for peer in peers::all().iter().filter(|peer| peer.missing().is_none()) {
        let engine = peer.engine().unwrap_or_else(|error| panic!("{}: {error}", peer.name));
        assert_eq!(engine.name(), peer.name);
    }
}

#[test]
fn every_engine_has_a_version_and_a_configuration() {
    for peer in peers::all() {
        let version = peer.version.chars().next();
        assert!(version.is_some_and(|first| first.is_ascii_digit()), "{peer:?}");
        assert!(!peer.configuration.is_empty());
    }
}
