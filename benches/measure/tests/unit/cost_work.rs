//! Operations are of a kind.

use super::*;

#[test]
fn operations_are_of_the_kind_that_their_names_say() {
    for (mnemonic, kind) in [
        ("i32.add", Work::Integer),
        ("i64.div_u", Work::Integer),
        ("f32.div", Work::Float),
        ("f64.lt", Work::Float),
        ("i32.trunc_f64_s", Work::Float),
        ("i64.trunc_sat_f32_u", Work::Float),
        ("f64.convert_i32_s", Work::Float),
        ("i64.extend_i32_u", Work::Integer),
        ("i32.reinterpret_f32", Work::Float),
    ] {
        assert_eq!(of_operation(mnemonic), kind, "{mnemonic}");
    }
}
