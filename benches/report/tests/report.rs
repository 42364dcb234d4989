//! The finished report: every file opens, shows something, and needs nothing else.

mod common;

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use wasm_dispatch_report::{Plot, Report, report};

fn make(folder: &Path, broken: Option<&str>) -> Report {
    common::write_run(folder, &common::STRATEGIES, &common::WORKLOADS, broken);
    report(folder, &folder.join("report")).expect("a report")
}

/// Size of an SVG, its colours, and how many marks it has.
fn look(path: &Path) -> (f64, f64, usize, usize) {
    let text = fs::read_to_string(path).unwrap();
    let svg = roxmltree::Document::parse(&text).unwrap();
    let root = svg.root_element();
    assert_eq!(root.tag_name().name(), "svg");
    let number = |name| root.attribute(name).unwrap().parse::<f64>().unwrap();
    let marks: Vec<_> = svg
        .descendants()
        .filter(|node| node.is_element() && node.attribute("class").is_none())
        .collect();
    let colors = marks
        .iter()
        .flat_map(|node| [node.attribute("fill"), node.attribute("stroke")]);
    let colors: HashSet<&str> = colors.flatten().filter(|&color| color != "none").collect();
    (number("width"), number("height"), colors.len(), marks.len())
}

#[test]
fn every_plot_opens_and_is_not_blank() {
    let folder = tempfile::tempdir().unwrap();
    let report = make(folder.path(), None);
    let names: Vec<_> = report.plots.iter().map(|plot| plot.name).collect();
    assert_eq!(names, ["ranking", "heat-map", "run-length"]);
    for plot in &report.plots {
        let (width, height, colors, marks) = look(&plot.svg);
        assert!(width >= 900.0 && height >= 250.0, "{}: {width} x {height}", plot.name);
        assert!(colors >= common::STRATEGIES.len(), "{}: {colors} colours", plot.name);
        assert!(marks > 60, "{}: {marks} marks", plot.name);

        let text = fs::read_to_string(&plot.svg).unwrap();
        let svg = roxmltree::Document::parse(&text).unwrap();
        let words: String = svg.descendants().filter_map(|node| node.text()).collect();
        for (strategy, _, _) in common::STRATEGIES {
            // The heat map breaks long names into lines.
            let found = words.contains(strategy) || plot.name == "heat-map";
            assert!(found, "{}: {strategy} is missing", plot.name);
        }
        assert!(!plot.description.is_empty());
    }
}

/// All texts of an SVG lie inside it, as far as the font of this crate can tell from their anchors.
fn texts_lie_inside(plot: &Plot) {
    let text = fs::read_to_string(&plot.svg).unwrap();
    let svg = roxmltree::Document::parse(&text).unwrap();
    let number = |node: &roxmltree::Node<'_, '_>, name| -> f64 { node.attribute(name).unwrap().parse().unwrap() };
    let root = svg.root_element();
    let size = root
        .attribute("viewBox")
        .unwrap()
        .split(' ')
        .map(|n| n.parse::<f64>().unwrap());
    let [_, _, width, height] = size.collect::<Vec<_>>().try_into().unwrap();
    let texts = svg.descendants().filter(|node| node.tag_name().name() == "text");
    for node in texts {
        let (x, y, size) = (number(&node, "x"), number(&node, "y"), number(&node, "font-size"));
        let content = node.text().unwrap_or_default().trim();
        // Half an em a character is less than DejaVu takes on average, so this is a lower bound.
        let length = content.chars().count() as f64 * size * 0.5;
        let (from, to) = match node.attribute("text-anchor") {
            _ if node.attribute("transform").is_some() => (x, x),
            Some("end") => (x - length, x),
            Some("middle") => (x - length / 2.0, x + length / 2.0),
            _ => (x, x + length),
        };
        assert!(
            from >= 0.0 && to <= width && y >= size / 2.0 && y <= height - size / 2.0,
            "{}: {content}",
            plot.name
        );
    }
}

#[test]
fn no_text_begins_outside_its_picture() {
    let folder = tempfile::tempdir().unwrap();
    for plot in make(folder.path(), Some("closure_per_op")).plots {
        texts_lie_inside(&plot);
    }
}

#[test]
fn the_page_contains_everything_and_asks_the_network_for_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let report = make(folder.path(), Some("closure_per_op"));
    let page = fs::read_to_string(&report.page).unwrap();
    assert_eq!(page.matches("<svg").count(), 3);
    assert_eq!(page.matches("</svg>").count(), 3);
    assert!(
        !page.contains("<?xml") && !page.contains("<script src") && !page.contains("<link") && !page.contains("<img")
    );
    // The namespace of SVG is a name, not an address that is fetched.
    let addresses = page.replace("http://www.w3.org/2000/svg", "");
    assert!(
        !addresses.contains("http://") && !addresses.contains("https://"),
        "an address"
    );
    assert!(
        page.contains("Example CPU &lt;1&gt; &amp; Co"),
        "the fingerprint, escaped"
    );
    assert!(page.contains("samples.jsonl") && page.contains("expected 55, got 54"));
    assert!(page.contains(&report.summary.headline()));
}

#[test]
fn raw_numbers_are_told_without_a_script() {
    let folder = tempfile::tempdir().unwrap();
    let report = make(folder.path(), None);
    let page = fs::read_to_string(&report.page).unwrap();
    let told = |what: &str| page.matches(what).count();
    // Of each cell of the table.
    let cells = common::STRATEGIES.len() * common::WORKLOADS.len();
    assert_eq!(told("<td title=") + told("<td class=\"best\" title="), cells);
    // Of each cell of the heat map, and of each ring and dot of the ranking.
    let others = common::STRATEGIES.len() - 1;
    let lengths = fs::read_to_string(folder.path().join("report/run-length.svg")).unwrap();
    let of_lengths = lengths.matches("class=\"hint\"").count();
    assert!(
        of_lengths > common::WORKLOADS.len(),
        "of each program, and of each column"
    );
    let marks = cells + common::STRATEGIES.len() + others * common::WORKLOADS.len() + of_lengths;
    assert_eq!(told("<rect class=\"hint\""), marks);
    assert!(page.contains(" a run, median of "), "{page}");
    // The figure is named; a title of the whole picture would hide those of its marks.
    assert_eq!(told("<figure role=\"img\" aria-label="), 3);
    assert_eq!(told("<title>"), marks + 1);
    let alone = fs::read_to_string(&report.plots[0].svg).unwrap();
    assert_eq!(alone.matches("<title>threaded is fastest").count(), 1, "{alone}");
}

#[test]
fn json_markdown_and_terminal_say_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let report = make(folder.path(), None);
    let json: serde_json::Value = serde_json::from_slice(&fs::read(&report.json).unwrap()).unwrap();
    let markdown = fs::read_to_string(&report.markdown).unwrap();
    let text = report.text();
    assert_eq!(json["recommendation"]["best"], "threaded");
    assert!(markdown.starts_with("# threaded is fastest"), "{markdown}");
    assert!(
        text.contains("threaded is fastest") && text.contains("geometric mean"),
        "{text}"
    );
    assert!(text.trim_end().ends_with("index.html"), "the page is named last");
    assert!(markdown.contains("](ranking.svg)"));
}

#[test]
fn a_report_can_be_made_from_little() {
    // One strategy on one workload; nothing at all; and a report over a report.
    let folder = tempfile::tempdir().unwrap();
    let (one, none) = (folder.path().join("one"), folder.path().join("none"));
    common::write_run(&one, &common::STRATEGIES[..1], &common::WORKLOADS[..1], None);
    let first = report(&one, &one).unwrap();
    assert_eq!(first.plots.len(), 2);
    report(&one, &one).unwrap();
    common::write_run(&none, &[], &[], None);
    let empty = report(&none, &none).unwrap();
    assert!(empty.plots.is_empty());
    assert!(empty.text().contains("No ranking"), "{}", empty.text());
}

#[test]
fn twelve_strategies_and_forty_workloads_fit() {
    let names: Vec<String> = (0..12)
        .map(|index| format!("a_strategy_with_a_long_name_{index}"))
        .collect();
    let strategies: Vec<_> = (names.iter().enumerate())
        .map(|(index, name)| (name.as_str(), 1.0 + index as f64, 10.0 * (index + 1) as f64))
        .collect();
    let names: Vec<String> = (0..40)
        .map(|index| format!("a workload with a name that is far too long to fit {index}"))
        .collect();
    let workloads: Vec<_> = (names.iter().enumerate())
        .map(|(index, name)| {
            (
                name.as_str(),
                ["calls", "a class with a long name", "x"][index % 3],
                1e6,
                1000,
            )
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    common::write_run(folder.path(), &strategies, &workloads, None);
    let report = report(folder.path(), folder.path()).unwrap();
    for plot in &report.plots {
        let (width, height, ..) = look(&plot.svg);
        assert!(width < 3000.0 && height < 3000.0, "{}: {width} x {height}", plot.name);
    }
}

#[test]
fn the_newest_ladder_beside_a_run_is_shown() {
    let runs = tempfile::tempdir().unwrap();
    let ladder = |run: &str, engine: &str, ratio: f64| {
        let folder = runs.path().join(run);
        fs::create_dir(&folder).unwrap();
        let run = wasm_dispatch_report::record::Run {
            id: run.to_owned(),
            ..common::header()
        };
        let run = serde_json::to_string(&run).unwrap();
        let mean = format!("{{\"value\":{ratio},\"low\":{ratio},\"high\":{ratio}}}");
        let text = format!(
            "{{\"run\":{run},\"reference\":\"threaded\",\"engines\":[{{\"engine\":\"{engine}\",\"version\":\"2.0.0\",\
             \"mean\":{mean},\"workloads\":28,\"fastest\":null,\"slowest\":{{\"workload\":\"a<b\",\"ratio\":2.5}},\
             \"load_ns_per_byte\":17.25}}]}}"
        );
        fs::write(folder.join("ladder.json"), text).unwrap();
    };
    ladder("peers-20260101-000000-quick", "wasmi", 1.5);
    ladder("peers-20260102-000000-quick", "wasmi", 1.25);
    // Of our own strategies alone, and cut short.
    ladder("peers-20260103-000000-quick", "without-pairs", 1.75);
    fs::create_dir(runs.path().join("peers-20260104-000000-quick")).unwrap();
    fs::write(runs.path().join("peers-20260104-000000-quick/ladder.json"), "{").unwrap();
    let report = make(&runs.path().join("run"), None);
    let page = fs::read_to_string(&report.page).unwrap();
    let markdown = fs::read_to_string(&report.markdown).unwrap();
    for text in [&page, &markdown] {
        assert!(
            text.contains("wasmi 2.0.0") && text.contains("1.25") && text.contains("peers-20260102"),
            "{text}"
        );
        assert!(!text.contains("without-pairs"));
    }
    assert!(page.contains("2.50 (a&lt;b)"));
    // One engine alone is no ladder to draw.
    assert!(report.plots.iter().all(|plot| plot.name != "ladder"));
    let second = "{\"engine\":\"threaded\",\"version\":\"0.1.0\",\"mean\":{\"value\":1,\"low\":1,\"high\":1},\"workloads\":28,\
                  \"fastest\":null,\"slowest\":null,\"load_ns_per_byte\":20}";
    let path = runs.path().join("peers-20260102-000000-quick/ladder.json");
    let text = fs::read_to_string(&path).unwrap();
    // One that ran other workloads than the rest, which its row says.
    let partial = second
        .replace("threaded", "native")
        .replace("\"workloads\"", "\"partial\":true,\"workloads\"");
    let more = ["tinywasm", "stitch"].map(|name| second.replace("threaded", name));
    let tied = more[0].replace(
        "{\"value\":1,\"low\":1,\"high\":1}",
        "{\"value\":1.01,\"low\":0.97,\"high\":1.04}",
    );
    let ahead = more[1].replace(
        "{\"value\":1,\"low\":1,\"high\":1}",
        "{\"value\":0.9,\"low\":0.8,\"high\":0.99}",
    );
    let more = format!("\"engines\":[{ahead},{second},{tied},{partial},");
    fs::write(&path, text.replace("\"engines\":[", &more)).unwrap();
    let report = wasm_dispatch_report::report(&runs.path().join("run"), &runs.path().join("run")).unwrap();
    let plot = report
        .plots
        .iter()
        .find(|plot| plot.name == "ladder")
        .expect("a ladder");
    // What the interval does not tell from ours is no win and no loss: in the title, at the dot, in the table.
    assert_eq!(
        plot.description,
        "threaded is faster than 1 of 3 others; slower than stitch; a tie with tinywasm"
    );
    let svg = fs::read_to_string(&plot.svg).unwrap().replace('\n', "");
    assert!(svg.contains(">1.01x, a tie<") && svg.contains(">0.90x<"), "{svg}");
    let markdown = fs::read_to_string(&report.markdown).unwrap();
    let row = |engine: &str| markdown.lines().find(|line| line.contains(engine)).unwrap().to_owned();
    assert!(
        row("| tinywasm").starts_with("| 2= |") && row("| tinywasm").contains("| 1.01 (a tie) |"),
        "{markdown}"
    );
    assert!(
        row("| threaded 0.1.0").starts_with("| 2= |") && row("| threaded 0.1.0").contains("| 1.00 |"),
        "{markdown}"
    );
    assert!(
        row("| stitch").starts_with("| 1 |") && !row("| stitch").contains("tie"),
        "{markdown}"
    );
    // A mean over other workloads stands in no column with means over the common ones.
    assert!(
        row("| native").starts_with("| - |") && row("| native").contains("| - | - | 28 (others"),
        "{markdown}"
    );
    assert!(
        markdown.contains("native ran too few of these; over the 28 that it ran, it took 1.00x as long (1.00 to 1.00)")
    );
    texts_lie_inside(plot);
    let (width, height, colors, marks) = look(&plot.svg);
    assert!(
        width >= 1000.0 && height >= 150.0 && colors > 5 && marks > 15,
        "{width} x {height}, {colors}, {marks}"
    );
    let alone = tempfile::tempdir().unwrap();
    let report = make(&alone.path().join("run"), None);
    assert!(!fs::read_to_string(&report.page).unwrap().contains("other engines"));
}
