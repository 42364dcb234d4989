use super::*;

/// Median of `values` divided by the median of `reference`, with its interval, from independent samples.
fn median_ratio(values: &[f64], reference: &[f64], seed: u64) -> Option<Estimate> {
    let alone = |values: &[f64]| values.iter().map(|&value| vec![value]).collect::<Vec<_>>();
    let mut seeds = Random::new(seed);
    let above = log_medians(&alone(values), Random::new(seeds.next_u64()));
    let below = log_medians(&alone(reference), Random::new(seeds.next_u64()));
    let (low, high) = interval(above.iter().zip(&below).map(|(above, below)| above - below))?;
    Some(Estimate {
        value: median(values)? / median(reference)?,
        low: low.exp(),
        high: high.exp(),
    })
}

/// A value with the spread of a real timing: a log-normal body, by the sum of twelve uniform numbers.
fn noisy(random: &mut Random, scale: f64, spread: f64) -> f64 {
    let normal: f64 = (0..12).map(|_| random.unit()).sum::<f64>() - 6.0;
    scale * (normal * spread).exp()
}

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

#[test]
fn a_known_effect_is_found_and_its_interval_is_narrow() {
    let mut random = Random::new(7);
    let slow: Vec<f64> = (0..60).map(|_| noisy(&mut random, 190.0, 0.05)).collect();
    let fast: Vec<f64> = (0..60).map(|_| noisy(&mut random, 100.0, 0.05)).collect();
    let ratio = median_ratio(&slow, &fast, 1).unwrap();
    assert!(ratio.contains(1.9), "{ratio:?}");
    assert!((ratio.value - 1.9).abs() < 0.06, "{ratio:?}");
    assert!(ratio.high - ratio.low < 0.15, "{ratio:?}");
    assert_eq!(Some(ratio), median_ratio(&slow, &fast, 1), "same seed, same answer");
}

#[test]
fn the_interval_covers_the_truth_about_as_often_as_it_says() {
    let mut random = Random::new(11);
    let trials = 200;
    let mut covered = 0;
    for trial in 0..trials {
        let slow: Vec<f64> = (0..20).map(|_| noisy(&mut random, 130.0, 0.1)).collect();
        let fast: Vec<f64> = (0..20).map(|_| noisy(&mut random, 100.0, 0.1)).collect();
        if median_ratio(&slow, &fast, trial).unwrap().contains(1.3) {
            covered += 1;
        }
    }
    let share = f64::from(covered) / trials as f64;
    assert!((0.90..=0.995).contains(&share), "covered {share}");
}

#[test]
fn paired_blocks_cancel_what_they_share() {
    // Each block has its own speed (by a factor of up to e), which both sides feel.
    let mut random = Random::new(3);
    let speeds: Vec<f64> = (0..30).map(|_| random.unit().exp()).collect();
    let slow: Vec<Vec<f64>> = speeds.iter().map(|speed| vec![120.0 * speed]).collect();
    let fast: Vec<Vec<f64>> = speeds.iter().map(|speed| vec![100.0 * speed]).collect();
    let above = log_medians(&slow, Random::named(&["block"]));
    let below = log_medians(&fast, Random::named(&["block"]));
    let (low, high) = interval(above.iter().zip(&below).map(|(a, b)| (a - b).exp())).unwrap();
    assert!((low - 1.2).abs() < 1e-9 && (high - 1.2).abs() < 1e-9, "{low} {high}");
}
