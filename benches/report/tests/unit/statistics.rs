use super::*;

#[test]
fn medians_of_known_values() {
    assert_eq!(median(&[]), None);
    assert_eq!(median(&[3.0]), Some(3.0));
    assert_eq!(median(&[9.0, 1.0, 5.0]), Some(5.0));
    assert_eq!(median(&[4.0, 1.0, 2.0, 100.0]), Some(3.0));
}

#[test]
fn geometric_means_of_known_values() {
    assert_eq!(geometric_mean(&[]), None);
    assert_eq!(geometric_mean(&[1.0, 0.0]), None);
    assert_eq!(geometric_mean(&[1.0, f64::NAN]), None);
    assert!((geometric_mean(&[1.0, 4.0, 16.0]).unwrap() - 4.0).abs() < 1e-12);
}

#[test]
fn quantiles_of_known_values() {
    let values = [10.0, 20.0, 30.0, 40.0, 50.0];
    assert_eq!(quantile(&values, 0.0), Some(10.0));
    assert_eq!(quantile(&values, 0.5), Some(30.0));
    assert_eq!(quantile(&values, 0.625), Some(35.0));
    assert_eq!(quantile(&values, 1.0), Some(50.0));
    assert_eq!(quantile(&[], 0.5), None);
}
