//! Names in backtraces, as their authors wrote them.

mod common;

use common::{error_of, start};
use wasm_dispatch::{Strategy, demangle};

const NAMES: &[(&str, &str)] = &[
    // What rustc 1.95 and clang 19 made of functions like these.
    ("_ZN5tests6parser5parse17h0123456789abcdefE", "tests::parser::parse"),
    ("_RNvNtCs1234_7mycrate3foo3bar", "mycrate::foo::bar"),
    ("_ZN4list4pushEi", "list::push(int)"),
    ("_Z3addIdET_S0_S0_", "double add<double>(double, double)"),
    (
        "_ZNKSt6vectorIiSaIiEE4sizeEv",
        "std::vector<int, std::allocator<int> >::size() const",
    ),
    // Not mangled, or not quite.
    ("main", "main"),
    ("_Z", "_Z"),
    ("_ZN", "_ZN"),
    ("_Znonsense", "_Znonsense"),
    ("_R", "_R"),
    ("", ""),
    ("größe", "größe"),
];

#[test]
fn names_of_rust_and_cpp_are_shown_as_they_were_written() {
    for (mangled, name) in NAMES {
        assert_eq!(demangle(mangled), *name, "{mangled}");
    }
}

#[test]
fn a_backtrace_shows_them() {
    let text = r#"(module
        (func $_ZN5tests6parser5parse17h0123456789abcdefE (export "run") (call $_ZN4list4pushEi (i32.const 1)))
        (func $_ZN4list4pushEi (param i32) unreachable))"#;
    let (mut vm, instance) = start(Strategy::default(), text);
    let error = error_of(vm.call(instance, "run", &[]));
    let text = error.to_string();
    assert!(text.contains("function 1 <list::push(int)>"), "{text}");
    assert!(text.contains("function 0 <tests::parser::parse>"), "{text}");
    // The module's own words are still there for programs.
    let name = &error.backtrace().expect("a backtrace").frames[0].name;
    assert_eq!(name.as_deref(), Some("_ZN4list4pushEi"));
}

#[test]
fn a_short_name_that_stands_for_an_endless_one_stays_as_it_is() {
    // Each type is a function of twice the one before.
    let digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut bomb = String::from("_Z1fPFiiiE");
    for digit in digits.chars().take(30) {
        bomb += &format!("PFS{digit}_S{digit}_S{digit}_E");
    }
    assert!(demangle(&bomb).len() <= 4096);
    let long = format!("_ZN{}E", "1a".repeat(100_000));
    assert_eq!(demangle(&long), long);
}
