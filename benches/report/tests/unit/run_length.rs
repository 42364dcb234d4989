use super::*;

fn line(strategy: &str, costs: &[(f64, f64)]) -> CostLine {
    CostLine {
        strategy: strategy.to_owned(),
        costs: costs.to_vec(),
    }
}

#[test]
fn the_break_even_point_is_where_the_lines_cross() {
    // 100 + 10 n = 400 + 4 n at n = 50.
    let lines = vec![line("quick", &[(100.0, 10.0)]), line("thorough", &[(400.0, 4.0)])];
    let found = from_lines(vec!["w".to_owned()], lines).unwrap();
    let names: Vec<&str> = found.segments.iter().map(|s| s.strategy.as_str()).collect();
    assert_eq!(names, ["quick", "thorough"]);
    assert!((found.segments[1].from_runs - 50.0).abs() < 1e-6);
    assert!((found.segments[1].from_ns - 600.0).abs() < 1e-4);
    assert!(found.from_runs < 50.0 && found.to_runs > 50.0);
}

#[test]
fn a_strategy_that_is_better_in_everything_has_no_break_even_point() {
    let lines = vec![line("good", &[(10.0, 1.0)]), line("bad", &[(20.0, 2.0)])];
    let found = from_lines(vec!["w".to_owned()], lines).unwrap();
    assert_eq!(found.segments.len(), 1);
    assert!(from_lines(Vec::new(), Vec::new()).is_none());
}
