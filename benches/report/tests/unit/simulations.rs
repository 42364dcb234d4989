//! The estimator against data whose truth is known.

use super::paired::{Level, Observation, Paired};
use super::{Random, Verdict, quantile};

/// A made-up measurement: standard deviations by level, and how much there is of it.
#[derive(Clone, Copy)]
struct World {
    truth: f64,
    layout: f64,
    process: f64,
    iteration: f64,
    layouts: u32,
    processes: u32,
    iterations: u32,
    /// Share of runs that something else disturbed, which then take up to twice as long.
    disturbed: f64,
}

const WORLD: World = World {
    truth: 1.25,
    layout: 0.05,
    process: 0.03,
    iteration: 0.02,
    layouts: 8,
    processes: 4,
    iterations: 3,
    disturbed: 0.0,
};

/// One of twelve uniform numbers' sums, which is normal enough, with standard deviation 1.
fn normal(random: &mut Random) -> f64 {
    (0..12).map(|_| random.unit()).sum::<f64>() - 6.0
}

fn observe(world: World, random: &mut Random) -> Vec<Observation> {
    let mut observations = Vec::new();
    for layout in 0..world.layouts {
        let of_layout = world.truth.ln() + normal(random) * world.layout;
        for process in 0..world.processes {
            let of_process = of_layout + normal(random) * world.process;
            for _ in 0..world.iterations {
                let mut log_ratio = of_process + normal(random) * world.iteration;
                for sign in [1.0, -1.0] {
                    if random.unit() < world.disturbed {
                        log_ratio += sign * (1.0 + random.unit()).ln();
                    }
                }
                observations.push(Observation {
                    layout: (world.layouts > 1).then_some(u64::from(layout)),
                    process: layout * world.processes + process,
                    log_ratio,
                });
            }
        }
    }
    observations
}

/// Share of 1,000 simulated measurements for which something holds.
fn share(world: World, seed: u64, holds: impl Fn(&Paired) -> bool) -> f64 {
    let mut random = Random::new(seed);
    let simulated = (0..1000).filter_map(|_| Paired::of(&observe(world, &mut random)));
    simulated.filter(|paired| holds(paired)).count() as f64 / 1000.0
}

#[test]
fn known_components_are_recovered() {
    let mut random = Random::new(1);
    let world = World { layouts: 300, ..WORLD };
    let paired = Paired::of(&observe(world, &mut random)).unwrap();
    let near = |found: Option<f64>, deviation: f64| {
        let found = found.unwrap().sqrt();
        assert!((found / deviation - 1.0).abs() < 0.15, "{found}, not {deviation}");
    };
    near(paired.components.layout, WORLD.layout);
    near(paired.components.process, WORLD.process);
    near(paired.components.iteration, WORLD.iteration);
    assert_eq!(paired.level, Level::Layout);
    assert!((paired.estimate().value - 1.25).abs() < 0.02);
}

#[test]
fn components_need_no_equal_numbers() {
    let mut random = Random::new(2);
    let world = World { layouts: 200, ..WORLD };
    let mut observations = observe(world, &mut random);
    // A third of the processes of every other layout has one run only.
    observations.retain(|observation| {
        observation.layout.unwrap_or(0) % 2 == 0 || observation.process % 3 != 0 || random.unit() < 0.4
    });
    let components = Paired::of(&observations).unwrap().components;
    for (found, deviation) in [
        (components.layout, 0.05),
        (components.process, 0.03),
        (components.iteration, 0.02),
    ] {
        let found = found.unwrap().sqrt();
        assert!((found / deviation - 1.0).abs() < 0.2, "{found}, not {deviation}");
    }
}

#[test]
fn intervals_hold_the_truth_as_often_as_they_say() {
    let processes = World {
        layouts: 1,
        layout: 0.0,
        processes: 15,
        ..WORLD
    };
    let disturbed = World {
        disturbed: 0.05,
        ..WORLD
    };
    for (what, world, seed) in [
        ("8 layouts", WORLD, 3),
        ("15 processes", processes, 4),
        ("2 layouts", World { layouts: 2, ..WORLD }, 5),
        ("8 layouts, disturbed", disturbed, 6),
    ] {
        let covered = share(world, seed, |paired| paired.estimate().contains(world.truth));
        assert!((0.925..=0.975).contains(&covered), "{what}: {covered}");
    }
}

#[test]
fn one_binary_says_too_little_and_intervals_over_its_processes_show_that() {
    // What is asked is the ratio over all layouts; one binary has one of them.
    let one = World {
        layouts: 1,
        processes: 30,
        ..WORLD
    };
    let covered = share(one, 7, |paired| paired.estimate().contains(one.truth));
    assert!(covered < 0.5, "{covered}");
}

#[test]
fn the_same_against_itself_is_seldom_found_to_differ() {
    let differs = |paired: &Paired| paired.estimate().verdict().differs();
    // The same code lies in the same place, so a control has no variance between layouts.
    let control = World {
        truth: 1.0,
        layout: 0.0,
        ..WORLD
    };
    let wrong = share(control, 8, differs);
    assert!(wrong < 0.05, "{wrong}");
    let equivalent = share(
        World {
            process: 0.01,
            ..control
        },
        9,
        |paired| paired.estimate().verdict() == Verdict::Equivalent,
    );
    assert!(equivalent > 0.95, "{equivalent}");
    // Two strategies that are equally fast on average do have it, and are found to differ as often as an interval of 95 % may err.
    let equals = World { truth: 1.0, ..WORLD };
    let wrong = share(equals, 10, differs);
    assert!(wrong < 0.065, "{wrong}");
}

#[test]
fn a_true_difference_of_five_percent_is_found() {
    let world = World {
        truth: 1.05,
        layout: 0.02,
        process: 0.02,
        ..WORLD
    };
    let found = share(world, 10, |paired| paired.estimate().verdict() == Verdict::Slower);
    assert!(found > 0.95, "{found}");
    let other_way = World {
        truth: 1.0 / 1.05,
        ..world
    };
    let found = share(other_way, 11, |paired| paired.estimate().verdict() == Verdict::Faster);
    assert!(found > 0.95, "{found}");
}

#[test]
fn an_unsure_verdict_says_about_how_many_more_it_takes() {
    let few = World {
        truth: 1.03,
        layouts: 3,
        ..WORLD
    };
    let mut random = Random::new(12);
    let mut told = Vec::new();
    for _ in 0..200 {
        if let Some(more) = Paired::of(&observe(few, &mut random)).unwrap().more(1.02) {
            told.push(more as f64);
        }
    }
    told.sort_by(f64::total_cmp);
    // A spread of 5.5 % between layouts and a difference of 3 % take about 15 of them.
    let middle = quantile(&told, 0.5).unwrap();
    assert!((4.0..40.0).contains(&middle), "{middle}");
}

#[test]
fn nothing_and_one_case_are_no_evidence() {
    assert_eq!(Paired::of(&[]), None);
    let one = Observation {
        layout: None,
        process: 0,
        log_ratio: 0.5,
    };
    let paired = Paired::of(&[one]).unwrap();
    assert_eq!(paired.level, Level::Iteration);
    assert!(paired.estimate().high.is_infinite());
    assert_eq!(
        (paired.estimate().verdict(), paired.more(1.02)),
        (Verdict::Unsure, Some(1))
    );
}
