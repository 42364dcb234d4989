//! The estimator against data whose truth is known.

use super::paired::{Level, Observation, Paired};
use super::{Verdict, quantile};
use crate::random::Random;

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

/// A measurement as real ones are: layouts are in one of four states, by where the loop lies modulo 64; a few processes are slow;
/// pairs drift a little.
#[derive(Clone, Copy)]
struct Mixture {
    states: [f64; 4],
    /// Chance of a process to be slow, and by how much on a logarithmic scale.
    slow: (f64, f64),
    drift: f64,
    layouts: u32,
    processes: u32,
}

/// The states of the strategies with loops in the recorded run, as ratios to the best state.
const REAL: [[f64; 4]; 3] = [[0.0, 0.03, 0.05, 0.08], [0.0, 0.0, 0.06, 0.20], [0.0, 0.12, 0.12, 0.30]];

impl Mixture {
    /// The estimand: the mean over layouts of what a layout's undisturbed processes take.
    fn truth(&self) -> f64 {
        self.states.iter().sum::<f64>() / 4.0
    }

    fn of_layout(&self, random: &mut Random) -> f64 {
        self.states[random.below(4)] + 0.004 * normal(random)
    }

    fn observe(&self, random: &mut Random) -> Vec<Observation> {
        let of_layouts: Vec<f64> = (0..self.layouts).map(|_| self.of_layout(random)).collect();
        let count = self.layouts * self.processes;
        let one = |process: u32| {
            let layout = process % self.layouts;
            let slow = if random.unit() < self.slow.0 { self.slow.1 } else { 0.0 };
            let drift = self.drift * (f64::from(process) / f64::from(count) - 0.5);
            Observation {
                layout: Some(layout.into()),
                process,
                log_ratio: of_layouts[layout as usize] + slow + drift + 0.005 * normal(random),
            }
        };
        (0..count).map(one).collect()
    }

    /// Student's interval over layouts whose means are known exactly: the best that anyone could do.
    fn oracle(&self, random: &mut Random) -> f64 {
        let exact = (0..self.layouts).map(|layout| Observation {
            layout: Some(layout.into()),
            process: layout,
            log_ratio: self.of_layout(random),
        });
        let paired = Paired::of(&exact.collect::<Vec<_>>()).unwrap();
        (paired.estimate().high / paired.estimate().low).ln()
    }
}

fn mixtures() -> impl Iterator<Item = Mixture> {
    REAL.into_iter().flat_map(|states| {
        [(0.0, 0.0), (0.04, 0.5)].map(|slow| Mixture {
            states,
            slow,
            drift: 0.005,
            layouts: 24,
            processes: 2,
        })
    })
}

fn median_of(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    quantile(&values, 0.5).unwrap()
}

#[test]
fn over_real_mixtures_of_layouts_intervals_hold_the_mean_as_often_as_they_say_and_are_no_wider_than_they_must_be() {
    for (number, mixture) in mixtures().enumerate() {
        let mut random = Random::new(20 + number as u64);
        let (mut covered, mut widths, mut oracles) = (0, Vec::new(), Vec::new());
        for _ in 0..1000 {
            let estimate = Paired::of(&mixture.observe(&mut random)).unwrap().estimate();
            covered += usize::from(estimate.contains(mixture.truth().exp()));
            widths.push((estimate.high / estimate.low).ln());
            oracles.push(mixture.oracle(&mut random));
        }
        let (width, oracle) = (median_of(widths), median_of(oracles));
        assert!((930..=980).contains(&covered), "{number}: {covered} of 1000");
        assert!(width <= 1.3 * oracle, "{number}: {width}, {oracle}");
    }
}

#[test]
fn one_binary_is_where_it_is_said_to_be() {
    for (number, mixture) in mixtures().enumerate() {
        let mut random = Random::new(30 + number as u64);
        let mut held = 0;
        for _ in 0..1000 {
            let range = Paired::of(&mixture.observe(&mut random)).unwrap().one_more().unwrap();
            held += usize::from(range.contains(mixture.of_layout(&mut random).exp()));
        }
        assert!((930..=995).contains(&held), "{number}: {held} of 1000");
    }
}

#[test]
fn a_new_program_is_where_it_is_said_to_be() {
    let mut random = Random::new(40);
    let program = |random: &mut Random| 0.8 + 0.3 * normal(random);
    let held = (0..1000).filter(|_| {
        let known: Vec<f64> = (0..37).map(|_| program(&mut random)).collect();
        let range = super::paired::one_more_of(&known).unwrap();
        range.contains(program(&mut random).exp())
    });
    let held = held.count();
    assert!((930..=980).contains(&held), "{held} of 1000");
}

#[test]
fn another_machine_is_where_it_is_said_to_be_from_three_on() {
    let mut random = Random::new(41);
    for machines in [3, 5] {
        let machine = |random: &mut Random| 0.8 + 0.1 * normal(random);
        let held = (0..1000).filter(|_| {
            let known: Vec<f64> = (0..machines).map(|_| machine(&mut random)).collect();
            let range = super::paired::one_more_of(&known).unwrap();
            range.contains(machine(&mut random).exp())
        });
        let held = held.count();
        assert!((930..=980).contains(&held), "{machines}: {held} of 1000");
    }
}

#[test]
fn a_drift_is_found_and_none_is_not() {
    let still = Mixture {
        drift: 0.0,
        ..mixtures().next().unwrap()
    };
    let share = |mixture: Mixture, seed| {
        let mut random = Random::new(seed);
        let found =
            (0..300).filter(|_| Paired::of(&mixture.observe(&mut random)).unwrap().drift.abs() > super::paired::DRIFT);
        found.count() as f64 / 300.0
    };
    assert!(share(still, 50) < 0.02, "{}", share(still, 50));
    let drifting = Mixture { drift: 0.05, ..still };
    assert!(share(drifting, 51) > 0.9, "{}", share(drifting, 51));
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
