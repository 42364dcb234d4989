//! What a module carries for others than the machine.

use futures::executor::block_on;
use futures::io::Cursor;
use wasm_dispatch::Module;

const TEXT: &str = r#"(module
    (@custom "first" (before func) "\00\01\02")
    (func $named (export "f"))
    (@custom "again" (after code) "one")
    (@custom "again" (after data) "two")
    (@custom "empty" ""))"#;

fn bytes() -> Vec<u8> {
    wat::parse_str(TEXT).expect("the test's text")
}

const SECTIONS: &[(&str, &[u8])] = &[
    ("first", &[0, 1, 2]),
    ("again", b"one"),
    ("again", b"two"),
    ("empty", b""),
];

fn without_names(module: &Module) -> Vec<(&str, &[u8])> {
    module.custom_sections().filter(|(name, _)| *name != "name").collect()
}

#[test]
fn custom_sections_are_read_by_name_and_in_order() {
    let module = Module::new(&bytes()).unwrap();
    assert_eq!(without_names(&module), SECTIONS);
    assert_eq!(module.custom_section("again"), Some(&b"one"[..]));
    assert_eq!(module.custom_section("empty"), Some(&b""[..]));
    assert_eq!(module.custom_section("absent"), None);
    assert!(module.custom_section("name").is_some_and(|bytes| !bytes.is_empty()));
}

#[test]
fn a_module_that_arrives_has_them_when_it_is_complete() {
    block_on(async {
        let (module, arrival) = Module::stream(Cursor::new(bytes())).await.unwrap();
        assert!(module.is_complete() || module.custom_sections().count() == 0);
        arrival.await.unwrap();
        assert_eq!(without_names(&module), SECTIONS);
    });
}

#[test]
fn a_module_can_be_made_without_them_and_keeps_its_names() {
    let module = Module::options().custom_sections(false).compile(&bytes()).unwrap();
    assert_eq!(module.custom_sections().count(), 0);
    assert_eq!(module.function_name(0), Some("named"));
}
