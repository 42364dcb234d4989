use super::*;

#[test]
fn long_names_break_at_underscores() {
    assert_eq!(broken_name("threaded"), ["threaded"]);
    assert_eq!(broken_name("closure_per_op"), ["closure", "_per_op"]);
    assert_eq!(broken_name("linked_closures"), ["linked", "_closures"]);
    assert_eq!(broken_name("a_b_c"), ["a_b_c"]);
}

#[test]
fn html_special_characters_are_escaped() {
    assert_eq!(escape("<a & 'b'>\""), "&lt;a &amp; &#39;b&#39;&gt;&quot;");
}
