use super::*;

fn paired(values: &[f64]) -> Paired {
    let observations: Vec<Observation> = (values.iter().enumerate())
        .map(|(process, &value)| Observation {
            layout: None,
            process: process as u32,
            log_ratio: value.ln(),
        })
        .collect();
    Paired::of(&observations).unwrap()
}

#[test]
fn the_interval_of_known_numbers_is_welchs() {
    // In logarithms: means 0 and 0.1, deviations 0.01 and 0.02, 5 cases each: standard error 0.01, 5.88 degrees of
    // freedom, t = 2.459 (R: qt(0.975, 5.88235)).
    let shape = [-1.0, -0.5, 0.0, 0.5, 1.0].map(|x: f64| x / 0.625_f64.sqrt());
    let before = paired(&shape.map(|x| (0.01 * x).exp()));
    let after = paired(&shape.map(|x| (0.1 + 0.02 * x).exp()));
    let ratio = difference(&before, &after);
    assert!((ratio.value.ln() - 0.1).abs() < 1e-9, "{ratio:?}");
    let half = (ratio.high.ln() - ratio.low.ln()) / 2.0;
    assert!((half - 2.459 * 0.01).abs() < 2e-5, "{half}");
    assert_eq!(ratio.verdict(), Verdict::Slower);
}

#[test]
fn one_case_proves_nothing() {
    let ratio = difference(&paired(&[1.0]), &paired(&[2.0, 2.0]));
    assert_eq!((ratio.low, ratio.high), (0.0, f64::INFINITY));
    assert_eq!(ratio.verdict(), Verdict::Unsure);
}

#[test]
fn a_verdict_is_what_the_whole_interval_says() {
    let of = |low, high| Estimate { value: 1.0, low, high }.verdict();
    assert_eq!(of(0.99, 1.01), Verdict::Equivalent);
    assert_eq!(of(1.01, 1.5), Verdict::Slower);
    assert_eq!(of(0.5, 0.99), Verdict::Faster);
    assert_eq!(of(0.9, 1.1), Verdict::Unsure);
}
