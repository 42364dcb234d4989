use super::*;

#[test]
fn where_the_largest_function_of_a_strategy_lies_is_read_from_the_binary() {
    let own = std::env::current_exe().unwrap();
    let names = ["match_loop", "threaded", "nobody"].map(str::to_owned);
    let found = hot(&own, &names);
    assert_eq!(found.keys().collect::<Vec<_>>(), ["match_loop", "threaded"]);
    assert!(found.values().all(|address| *address > 0), "{found:?}");
    assert_eq!(hot(Path::new("nowhere"), &names), BTreeMap::new());
}
