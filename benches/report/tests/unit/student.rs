use super::two_sided;

#[test]
fn quantiles_are_those_of_the_tables() {
    // R: qt(0.975, df), qt(0.995, df).
    for (confidence, freedom, expected) in [
        (0.95, 1.0, 12.706_204_736),
        (0.95, 2.0, 4.302_652_730),
        (0.95, 7.0, 2.364_624_252),
        (0.95, 14.0, 2.144_786_688),
        (0.95, 30.0, 2.042_272_456),
        (0.95, 1000.0, 1.962_339_081),
        (0.99, 7.0, 3.499_483_297),
    ] {
        let found = two_sided(confidence, freedom);
        assert!((found - expected).abs() < 1e-6, "{freedom}: {found}, not {expected}");
    }
    assert_eq!(two_sided(0.95, 0.0), f64::INFINITY);
}
