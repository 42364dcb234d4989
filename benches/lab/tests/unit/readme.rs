use super::*;

#[test]
fn only_what_stands_between_the_markers_is_replaced() {
    let text = format!("before\n{BEGIN}old\n{END}\nafter\n");
    assert_eq!(
        splice(&text, "new\n").unwrap(),
        format!("before\n{BEGIN}new\n{END}\nafter\n")
    );
    assert!(splice("no markers", "new").is_err());
    assert!(splice(BEGIN, "new").unwrap_err().contains(END));
}
