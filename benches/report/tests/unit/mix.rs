use super::*;

#[test]
fn near_duplicates_are_one_cluster_and_count_once() {
    let point = |x: f64, y: f64| vec![0.0, x, y];
    let logs = [
        point(1.0, 2.0),
        point(1.01, 2.02),
        point(0.2, 0.9),
        point(1.02, 2.0),
        point(2.0, 0.1),
    ];
    assert_eq!(clusters(&logs), [vec![0, 1, 3], vec![2], vec![4]]);
}

#[test]
fn the_axes_are_those_along_which_the_points_differ() {
    // Along (1, 1) by 2, across by 0.1.
    let logs: Vec<Vec<f64>> = (0..20)
        .map(|number| {
            let (along, across) = (f64::from(number) / 10.0, if number % 2 == 0 { 0.05 } else { -0.05 });
            vec![0.0, along + across, along - across]
        })
        .collect();
    let (shares, places) = principal(&logs);
    assert!(shares[0] > 0.98 && shares[1] < 0.02, "{shares:?}");
    assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-6);
    assert!((places[19].0 - places[0].0).abs() > 2.5, "{places:?}");
}

#[test]
fn axes_that_carry_nothing_and_those_of_a_few_workloads_are_not_said() {
    let mix = |workloads: usize, axes: &[f64], random: f64| {
        let mix = Mix {
            clusters: Vec::new(),
            axes: axes.to_vec(),
            places: vec![(String::new(), 0.0, 0.0); workloads],
            alone: Vec::new(),
            weightings: Vec::new(),
            random,
        };
        mix.sentences().join(" ")
    };
    assert!(mix(20, &[0.7, 0.299, 0.001], 1.0).contains("the first axes hold 70 %, 30 %."));
    for said in [
        mix(2, &[1.0, 0.0, 0.0], 1.0),
        mix(20, &[1.0, 0.0], 1.0),
        mix(20, &[0.0; 3], 1.0),
    ] {
        assert!(!said.contains("axes"), "{said}");
    }
    // One of ten thousand is not none.
    assert!(mix(20, &[], 0.9999).contains("99.9 % of random ones"));
    assert!(mix(20, &[], 1.0).contains("100 % of random ones"));
}

#[test]
fn weights_decide_only_where_no_strategy_is_ahead_everywhere() {
    assert_eq!(random(&[vec![0.0, 0.1], vec![0.0, 0.5]]), 1.0);
    // One is ahead on one of two workloads, the other on the other, by as much.
    let share = random(&[vec![0.0, 0.3], vec![0.0, -0.3]]);
    assert!((0.47..0.53).contains(&share), "{share}");
}
