use super::*;
use crate::random::Random;

/// Strategies and from how many runs on each is ahead, where all cases are alike.
fn points(lines: &[(f64, f64)]) -> Vec<(usize, f64)> {
    let found = envelope(&[lines.to_vec()]);
    found.into_iter().map(|(at, runs, _)| (at, runs)).collect()
}

#[test]
fn the_break_even_point_is_where_the_lines_cross() {
    // 100 + 10 n = 400 + 4 n at n = 50; 1000 + n is below 400 + 4 n from 200 on.
    let found = points(&[(100.0, 10.0), (400.0, 4.0), (1000.0, 1.0), (900.0, 9.0)]);
    assert_eq!(found, [(0, 0.0), (1, 50.0), (2, 200.0)]);
    // What is better in everything has no break-even point.
    assert_eq!(points(&[(20.0, 2.0), (10.0, 1.0)]), [(1, 0.0)]);
    assert_eq!(points(&[]), []);
    // What is overtaken before it overtakes is never ahead.
    assert_eq!(
        points(&[(100.0, 10.0), (800.0, 9.0), (400.0, 4.0)]),
        [(0, 0.0), (2, 50.0)]
    );
}

/// A program whose points were found in eight cases that are alike.
fn program(name: &str, quick: (f64, f64), thorough: (f64, f64)) -> OfProgram {
    in_cases(name, &[[quick, thorough]; 8])
}

fn in_cases(name: &str, cases: &[[(f64, f64); 2]]) -> OfProgram {
    let by_case: Vec<Lines> = cases.iter().map(|lines| lines.to_vec()).collect();
    let names = ["quick", "thorough"];
    let segments = envelope(&by_case).into_iter().map(|(at, from_runs, from_ns)| Segment {
        strategy: names[at].to_owned(),
        from_runs,
        from_ns,
    });
    let lines = typical(&by_case).unwrap().into_iter();
    OfProgram {
        workload: name.to_owned(),
        wasm_bytes: None,
        lines: names
            .iter()
            .zip(lines)
            .map(|(name, (before, each))| ((*name).to_owned(), before, each))
            .collect(),
        segments: segments.collect(),
    }
}

fn length(programs: Vec<OfProgram>) -> RunLength {
    RunLength {
        lazily: true,
        cases: 8,
        programs,
    }
}

#[test]
fn a_break_even_point_is_said_of_the_share_of_programs_that_it_is_true_of() {
    let length = length(vec![
        program("kernel", (10.0, 10.0), (40.0, 4.0)),
        program("kernel 2", (10.0, 10.0), (40.0, 4.0)),
        program("large", (10_000.0, 10.0), (400_000.0, 4.0)),
    ]);
    // 10 + 5 * 10 = 60, and 10,000 + 65,000 * 10 = 660,000: no mean of these is true of any program.
    assert_eq!(length.from("thorough", 0.5), From::Time(Estimate::exact(60.0)));
    assert_eq!(length.from("thorough", 0.9), From::Time(Estimate::exact(660_000.0)));
    assert_eq!(length.from("quick", 0.5), From::Never);
    assert_eq!((length.share("thorough", 1_000.0) * 3.0).round(), 2.0);
    assert_eq!(length.shortest(), Some("quick"));
}

#[test]
fn a_title_says_of_few_programs_how_many_and_of_no_run_length_a_time() {
    let of = |programs: &[OfProgram]| {
        let mut programs = programs.to_vec();
        // The title is about the first of the ranking.
        programs.iter_mut().for_each(|program| program.lines.reverse());
        length(programs).headline()
    };
    let kernel = program("kernel", (10.0, 10.0), (40.0, 4.0));
    let large = program("large", (10_000.0, 10.0), (400_000.0, 4.0));
    let always = program("always", (10.0, 10.0), (5.0, 4.0));
    for (programs, said) in [
        (
            vec![&kernel, &kernel, &large],
            "thorough is fastest on 2 of 3 programs from 60.0 ns (60.0 ns to 60.0 ns) on, on all 3 from 660 µs (660 µs to 660 µs) on",
        ),
        (
            vec![&always, &large],
            "thorough is fastest on 1 of 2 programs at every run length, on both from 660 µs (660 µs to 660 µs) on",
        ),
        (
            vec![&always; 3],
            "thorough is fastest on all 3 programs at every run length",
        ),
        (
            vec![&always; 12],
            "thorough is fastest on nine of ten programs at every run length",
        ),
        (vec![&always], "thorough is fastest at every run length"),
    ] {
        let programs: Vec<OfProgram> = programs.into_iter().cloned().collect();
        assert_eq!(of(&programs), said);
    }
}

/// A program that was started in a number of cases, in which compiling takes about 40 or 10 and a run 4 or 10: the lines cross
/// at 60.
fn noisy(random: &mut Random, cases: usize) -> OfProgram {
    let cases = (0..cases).map(|_| {
        let mut noise = || 1.0 + 0.3 * (random.unit() - 0.5);
        [(10.0 * noise(), 10.0), (40.0 * noise(), 4.0)]
    });
    in_cases("noisy", &cases.collect::<Vec<_>>())
}

#[test]
fn a_break_even_point_lies_in_its_interval_and_so_does_the_truth() {
    let mut random = Random::new(3);
    let (mut within, mut of_half) = (0, 0);
    for _ in 0..400 {
        let From::Time(time) = noisy(&mut random, 8).from("thorough") else {
            panic!("not known")
        };
        assert!(time.contains(time.value) && time.low < time.high, "{time:?}");
        within += usize::from(time.contains(60.0));
        // The same of a share of programs.
        let programs = (0..10).map(|_| noisy(&mut random, 8)).collect();
        let From::Time(half) = length(programs).from("thorough", 0.5) else {
            panic!("not known")
        };
        assert!(half.contains(half.value), "{half:?}");
        of_half += usize::from(half.contains(60.0));
    }
    assert!(within >= 380 && of_half >= 380, "{within}, {of_half} of 400");
}

#[test]
fn of_a_strategy_that_is_ahead_in_some_layouts_alone_no_time_is_known() {
    // In three of eight layouts it is slower than the other and never comes first.
    let (ahead, behind) = ([(10.0, 10.0), (40.0, 4.0)], [(10.0, 10.0), (40.0, 11.0)]);
    let cases = [ahead, ahead, ahead, ahead, ahead, behind, behind, behind];
    assert_eq!(in_cases("some", &cases).from("thorough"), From::Unknown);
    assert_eq!(in_cases("none", &[behind; 8]).from("thorough"), From::Never);
}

#[test]
fn with_few_starts_nothing_is_said_of_run_lengths() {
    let mut random = Random::new(1);
    let mut few = noisy(&mut random, 5);
    assert_eq!(few.from("thorough"), From::Unknown);
    few.lines.reverse();
    for programs in [vec![few.clone()], vec![few; 12]] {
        let length = RunLength {
            cases: 5,
            ..length(programs)
        };
        assert_eq!(
            length.headline(),
            "5 starts do not say from when on thorough is fastest"
        );
        assert_eq!(length.shortest(), None);
    }
}
