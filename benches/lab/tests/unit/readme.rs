use super::*;

#[test]
fn only_what_stands_between_the_markers_is_replaced() {
    let (begin, end) = (begin("peers"), "<!-- /peers -->");
    let text = format!("before\n{begin}old\n{end}\nafter\n");
    assert_eq!(
        splice(&text, "peers", "new\n").unwrap(),
        format!("before\n{begin}new\n{end}\nafter\n")
    );
    assert!(splice("no markers", "peers", "new").is_err());
    assert!(splice(&begin, "peers", "new").unwrap_err().contains(end));
    assert!(splice(&text, "summary", "new").is_err());
}
