use super::*;
use crate::random::Random;

fn near(found: &[f64], expected: &[f64]) {
    let all_near = found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6);
    assert!(found.len() == expected.len() && all_near, "{found:?}, not {expected:?}");
}

#[test]
fn coefficients_that_made_the_values_are_found() {
    let mut random = Random::new(3);
    let truth = [2.0, 0.0, 0.5, 7.0];
    let rows: Vec<Vec<f64>> = (0..30).map(|_| truth.iter().map(|_| random.unit()).collect()).collect();
    let values: Vec<f64> = rows
        .iter()
        .map(|row| row.iter().zip(truth).map(|(a, b)| a * b).sum())
        .collect();
    near(&non_negative(&rows, &values), &truth);
}

#[test]
fn no_coefficient_is_negative_and_the_others_make_the_best_of_it() {
    // Without the bound the second would be -1.
    let rows = vec![vec![1.0, 0.0], vec![1.0, 1.0], vec![1.0, 2.0]];
    near(&non_negative(&rows, &[2.0, 1.0, 0.0]), &[1.0, 0.0]);
    near(&non_negative(&rows, &[-1.0, -1.0, -1.0]), &[0.0, 0.0]);
    // Neither is a column without anything in it.
    near(&non_negative(&[vec![2.0, 0.0]], &[6.0]), &[3.0, 0.0]);
    assert_eq!(non_negative(&[], &[]), Vec::<f64>::new());
}

#[test]
fn the_mean_explains_nothing_and_the_truth_everything() {
    let values = [1.0, 2.0, 6.0];
    assert_eq!(explained(&values, &values), Some(1.0));
    assert_eq!(explained(&values, &[3.0; 3]), Some(0.0));
    assert!(explained(&values, &[6.0, 2.0, 1.0]).unwrap() < 0.0);
    assert_eq!(explained(&[1.0], &[1.0]), None);
    assert_eq!(explained(&[2.0, 2.0], &[2.0, 2.0]), None);
}
