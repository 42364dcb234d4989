use super::*;

#[test]
fn the_break_even_point_is_where_the_lines_cross() {
    // 100 + 10 n = 400 + 4 n at n = 50; 1000 + n is below 400 + 4 n from 200 on.
    let found = envelope(&[(100.0, 10.0), (400.0, 4.0), (1000.0, 1.0), (900.0, 9.0)]);
    assert_eq!(found, [(0, 0.0), (1, 50.0), (2, 200.0)]);
    // What is better in everything has no break-even point.
    assert_eq!(envelope(&[(20.0, 2.0), (10.0, 1.0)]), [(1, 0.0)]);
    assert_eq!(envelope(&[]), []);
}

fn program(name: &str, quick: (f64, f64), thorough: (f64, f64)) -> OfProgram {
    let lines = [quick, thorough];
    let names = ["quick", "thorough"];
    let segments = envelope(&lines).into_iter().map(|(at, from_runs)| Segment {
        strategy: names[at].to_owned(),
        from_runs,
        from_ns: Estimate::exact(lines[at].0 + from_runs * lines[at].1),
    });
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

#[test]
fn a_break_even_point_is_said_of_the_share_of_programs_that_it_is_true_of() {
    let length = RunLength {
        lazily: true,
        programs: vec![
            program("kernel", (10.0, 10.0), (40.0, 4.0)),
            program("kernel 2", (10.0, 10.0), (40.0, 4.0)),
            program("large", (10_000.0, 10.0), (400_000.0, 4.0)),
        ],
    };
    // 10 + 5 * 10 = 60, and 10,000 + 65,000 * 10 = 660,000: no mean of these is true of any program.
    assert_eq!(length.from("thorough", 0.5), Some(60.0));
    assert_eq!(length.from("thorough", 0.9), Some(660_000.0));
    assert_eq!(length.from("quick", 0.5), None);
    assert_eq!((length.share("thorough", 1_000.0) * 3.0).round(), 2.0);
    assert_eq!(length.shortest(), Some("quick"));
}

#[test]
fn a_title_says_of_few_programs_how_many_and_of_no_run_length_a_time() {
    let of = |programs: &[OfProgram]| {
        let mut programs = programs.to_vec();
        // The title is about the first of the ranking.
        programs.iter_mut().for_each(|program| program.lines.reverse());
        let length = RunLength { lazily: true, programs };
        length.headline()
    };
    let kernel = program("kernel", (10.0, 10.0), (40.0, 4.0));
    let large = program("large", (10_000.0, 10.0), (400_000.0, 4.0));
    let always = program("always", (10.0, 10.0), (5.0, 4.0));
    for (programs, said) in [
        (
            vec![&kernel, &kernel, &large],
            "thorough is fastest on 2 of 3 programs from 60.0 ns on, on all 3 from 660 µs on",
        ),
        (
            vec![&always, &large],
            "thorough is fastest on 1 of 2 programs at every run length, on both from 660 µs on",
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

#[test]
fn a_break_even_point_has_an_interval_over_layouts() {
    let layout = |slow: f64| vec![(100.0, 10.0), (400.0 * slow, 4.0)];
    let found = crossing_over_layouts(&[layout(1.0), layout(1.1), layout(0.95)], 0, 1).unwrap();
    assert!(
        found.contains(600.0) && found.low > 300.0 && found.high < 1200.0,
        "{found:?}"
    );
    assert_eq!(crossing_over_layouts(&[layout(1.0)], 0, 1), None);
}
