//! The pieces that the plots are made of.

use super::curves::spread;
use super::heat_map::{VIRIDIS, viridis};
use super::palette::{Palette, darker, readable_on};
use super::run_length::time_tick;
use super::scale::LogScale;
use super::svg::{PAPER, Text};

#[test]
fn texts_are_cut_or_wrapped_to_a_width() {
    let look = Text::new(10.0);
    assert_eq!(look.fit("short", 100.0), "short");
    let cut = look.fit("a very long name of a workload", 60.0);
    assert!(cut.ends_with('…') && look.width(&cut) <= 60.0, "{cut}");
    let lines = look.wrap("one two three four five six seven", 60.0);
    assert!(lines.len() > 1);
    assert!(lines.iter().all(|line| look.width(line) <= 60.0), "{lines:?}");
}

#[test]
fn labels_are_moved_apart_and_keep_their_order() {
    let places = spread(&[50.0, 52.0, 51.0, 5.0], 10.0, 0.0, 60.0);
    assert_eq!(places, [40.0, 60.0, 50.0, 5.0]);
    assert_eq!(spread(&[], 10.0, 0.0, 60.0), Vec::<f64>::new());
}

#[test]
fn the_colours_run_from_bright_to_dark_and_are_readable() {
    assert_eq!(viridis(0.0), VIRIDIS[0]);
    assert_eq!(viridis(1.0), VIRIDIS[8]);
    assert_eq!(viridis(7.0), VIRIDIS[8]);
    assert_eq!(readable_on(VIRIDIS[0]), (0, 0, 0));
    assert_eq!(readable_on(VIRIDIS[8]), PAPER);
}

#[test]
fn ticks_are_written_short() {
    assert_eq!(time_tick(10_000.0), "10 µs");
    assert_eq!(time_tick(1e8), "100 ms");
}

fn scale(low: f64, high: f64) -> LogScale {
    LogScale {
        low,
        high,
        begin: 0.0,
        end: 100.0,
    }
}

#[test]
fn positions_are_logarithmic_and_stay_inside() {
    let scale = scale(1.0, 100.0);
    assert!((scale.at(10.0) - 50.0).abs() < 1e-9);
    assert_eq!(scale.at(0.5), 0.0);
    assert_eq!(scale.at(1e9), 100.0);
}

#[test]
fn ticks_are_round_and_few() {
    assert_eq!(scale(0.8, 20.0).ticks(), [1.0, 2.0, 5.0, 10.0, 20.0]);
    assert_eq!(scale(1e-3, 1e3).ticks().len(), 7);
    for (low, high) in [(0.99, 1.01), (0.9, 1.6), (1.0, 3.9), (1e-9, 1e12)] {
        let ticks = scale(low, high).ticks();
        assert!((2..=11).contains(&ticks.len()), "{low} to {high}: {ticks:?}");
    }
}

#[test]
fn characters_that_the_plots_use_have_a_width_and_bold_is_wider() {
    let regular = Text::new(10.0);
    assert_eq!(regular.width(""), 0.0);
    assert!(
        (40.0..60.0).contains(&regular.width("threaded")),
        "{}",
        regular.width("threaded")
    );
    assert!(regular.bold().width("threaded") > regular.width("threaded"));
}

#[test]
fn a_strategy_has_one_colour_whichever_list_it_is_in() {
    let names = |names: &[&str]| Palette::new(names.iter().map(|&name| name.to_owned()).collect());
    // All strategies that there are, ranked or not: the crates that implement the contract, alone and among others.
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../strategies");
    let is_one = |path: &std::path::PathBuf| {
        let page = std::fs::read_to_string(path.join("src/lib.rs")).unwrap_or_default();
        page.lines()
            .any(|line| line.trim_start().starts_with("impl Backend for "))
    };
    let folders = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let ours: Vec<String> = folders
        .filter(is_one)
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    assert!(ours.len() >= 7, "{ours:?}");
    let ours: Vec<&str> = ours.iter().map(String::as_str).collect();
    let all = names(&ours);
    let colors: std::collections::HashSet<_> = ours.iter().map(|name| all.color(name)).collect();
    assert_eq!(colors.len(), ours.len());
    for (count, name) in ours.iter().enumerate() {
        assert_eq!(names(&[name]).get(name), all.get(name), "{name} alone");
        assert_eq!(names(&ours[count..]).get(name), all.get(name), "{name} among some");
        let more = [&ours[..], &["wasmi", "zebra"]].concat();
        assert_eq!(names(&more).get(name), all.get(name), "{name} among more");
    }
    let one = names(&["b", "a", "c"]);
    let other = names(&["c", "b", "a", "b"]);
    for name in ["a", "b", "c"] {
        assert_eq!(one.get(name), other.get(name));
    }
    let all: std::collections::HashSet<_> = ["a", "b", "c"].map(|name| one.color(name)).into();
    assert_eq!(all.len(), 3);
    assert_eq!(one.get("no strategy"), None);
}

#[test]
fn after_eight_strategies_colours_come_again_in_dashes() {
    let names: Vec<String> = (0..12).map(|number| format!("s{number:02}")).collect();
    let colors = Palette::new(names.clone());
    let looks: std::collections::HashSet<_> = names.iter().map(|name| colors.get(name)).collect();
    assert_eq!(looks.len(), 12);
    assert_ne!(darker(colors.color("s00")), colors.color("s00"));
}
