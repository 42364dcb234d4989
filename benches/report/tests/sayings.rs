//! What may be said: at which grade a winner is named, of how many programs a class is, and of which measurement a number speaks.

mod common;

use std::fs;
use std::path::Path;

use common::world::{World, good};
use wasm_dispatch_report::decision::{DECISION_FILE, Decision};
use wasm_dispatch_report::record::{Setup, Size, Writer};
use wasm_dispatch_report::summary::{Grade, Summary};
use wasm_dispatch_report::{Error, Report, record_decision, report};

/// A world whose strategies have names that are no words.
fn world() -> World {
    World {
        strategies: vec![("alpha", 1.0), ("beta", 1.5)],
        ..good()
    }
}

fn draw(folder: &Path, world: &World) -> Report {
    let run = world.measure(folder, 1);
    report(&run, &run).unwrap()
}

/// Titles and sentences that name a strategy; what it differs from itself by is no ranking.
fn naming(report: &Report) -> Vec<String> {
    let page = fs::read_to_string(&report.page).unwrap();
    let title = page
        .split("<h1>")
        .nth(1)
        .unwrap()
        .split("</h1>")
        .next()
        .unwrap()
        .to_owned();
    let markdown = fs::read_to_string(&report.markdown).unwrap();
    let markdown = markdown.lines().next().unwrap().to_owned();
    let titles = report.plots.iter().map(|plot| plot.description.clone());
    let all = titles.chain(report.summary.sentences()).chain([title, markdown]);
    let names = |text: &String| {
        let ours = text.contains("alpha") || text.contains("beta");
        ours && !text.contains(" against itself") && !text.starts_with("Intervals are taken")
    };
    all.filter(names).collect()
}

#[test]
fn no_title_and_no_sentence_names_a_winner_at_grade_d_or_e() {
    let folder = tempfile::tempdir().unwrap();
    let good = draw(folder.path(), &world());
    assert_eq!(good.summary.foundation.grade, Grade::A);
    assert!(naming(&good).len() > 6, "{:?}", naming(&good));
    for (id, grade, bad) in [
        (
            "20260103-030405-full",
            Grade::D,
            World {
                steal: |_| 0.2,
                ..world()
            },
        ),
        (
            "20260104-030405-full",
            Grade::D,
            World {
                workloads: 1,
                ..world()
            },
        ),
        (
            "20260105-030405-full",
            Grade::E,
            World {
                control: |_| 1.1,
                ..world()
            },
        ),
    ] {
        let bad = draw(
            folder.path(),
            &World {
                id: id.to_owned(),
                ..bad
            },
        );
        assert_eq!(bad.summary.foundation.grade, grade);
        let said: Vec<String> = naming(&bad)
            .into_iter()
            .filter(|text| !text.contains(&good.summary.run.id))
            .collect();
        assert_eq!(said, [""; 0]);
        let headline = bad.summary.headline();
        assert_eq!(headline, format!("No winner is named at grade {}", grade.letter()));
    }
}

#[test]
fn nothing_is_decided_at_grade_d() {
    let folder = tempfile::tempdir().unwrap();
    let reports = folder.path().join("reports");
    fs::create_dir(&reports).unwrap();
    let bad = World {
        steal: |_| 0.2,
        ..world()
    };
    let run = bad.measure(folder.path(), 1);
    let Err(Error::Refused(_, reasons)) = record_decision(&run, &reports, false) else {
        panic!("not refused")
    };
    assert!(
        reasons
            .iter()
            .any(|why| why.contains("the head default") && why.contains("at which nothing is decided")),
        "{reasons:?}"
    );
    assert!(!reports.join(DECISION_FILE).exists());
    let forced = record_decision(&run, &reports, true).unwrap().decision;
    assert_eq!(forced.heads[0].grade, Grade::D);
}

#[test]
fn a_module_of_ones_own_stands_for_itself_and_is_decided_unless_the_measurement_was_bad() {
    let folder = tempfile::tempdir().unwrap();
    let own = |world: World| {
        let run = World { workloads: 1, ..world }.measure(folder.path(), 1);
        let setup = Setup {
            own: true,
            size: "full".to_owned(),
            ..Setup::default()
        };
        let mut writer = Writer::append(&run).unwrap();
        writer.write(setup).unwrap();
        for (strategy, code_bytes) in [("alpha", 1500), ("beta", 1000)] {
            let size = Size {
                workload: "w0".to_owned(),
                strategy: strategy.to_owned(),
                wasm_bytes: 500,
                code_bytes,
            };
            writer.write(size).unwrap();
        }
        let summary = report(&run, &run).unwrap().summary;
        (summary, record_decision(&run, folder.path(), false).unwrap())
    };
    let (summary, recorded) = own(world());
    assert_eq!(
        (summary.foundation.grade, recorded.decision.heads[0].grade),
        (Grade::A, Grade::A)
    );
    assert!(
        summary.headline().starts_with("alpha is fastest: 1.5"),
        "{}",
        summary.headline()
    );
    // The bytes of one program are counted: that is no tie.
    let small = recorded.decision.head("small").unwrap();
    assert_eq!(
        (small.strategy.as_str(), small.ties.len(), small.grade),
        ("beta", 0, Grade::A)
    );
    let (summary, recorded) = own(World {
        id: "20260103-030405-full".to_owned(),
        steal: |_| 0.2,
        ..world()
    });
    assert_eq!(summary.headline(), "No winner is named at grade D");
    let decision = Decision::read(&recorded.path).unwrap();
    let heads: Vec<&str> = decision.heads.iter().map(|head| head.head.as_str()).collect();
    assert_eq!((heads, recorded.stays.len()), (vec!["small"], 2));
}

fn grade_of(summary: &Summary, class: &str) -> (Grade, String, bool) {
    let id = format!("class {class} alpha beta");
    let claim = summary.claims.iter().find(|claim| claim.id == id).unwrap();
    (claim.grade, claim.reasons.join("; "), claim.is_made())
}

#[test]
fn a_class_is_graded_by_the_number_of_its_workloads() {
    // Two classes take turns.
    for (workloads, even, why, is_made) in [
        (20, Grade::A, "", true),
        (
            18,
            Grade::B,
            "the class has 9 workloads, and it takes 10 to speak of others",
            true,
        ),
        (
            4,
            Grade::C,
            "the class has 2 workloads, and it takes 10 to speak of others",
            true,
        ),
        (
            2,
            Grade::D,
            "the class has one workload, which says nothing about others",
            false,
        ),
    ] {
        let summary = World { workloads, ..world() }.summary(1);
        let (grade, reasons, made) = grade_of(&summary, "even");
        assert_eq!((grade, made), (even, is_made), "{workloads}: {reasons}");
        assert!(reasons.ends_with(why), "{workloads}: {reasons}");
    }
}

#[test]
fn with_metering_there_is_a_winner_of_each_kind_and_none_of_both() {
    let folder = tempfile::tempdir().unwrap();
    let metered = World {
        id: "metered-20260103-030405-full".to_owned(),
        strategies: vec![
            ("alpha+Interrupts", 1.0),
            ("beta+Interrupts", 1.5),
            ("alpha+Fuel", 1.0005),
            ("beta+Fuel", 1.8),
        ],
        ..good()
    };
    draw(folder.path(), &world());
    let report = draw(folder.path(), &metered);
    let headline = report.summary.headline();
    assert!(
        headline.starts_with("With interrupts alpha is fastest: 1.5")
            && headline.contains("; with fuel alpha is fastest: 1.8"),
        "{headline}"
    );
    for said in naming(&report).iter().filter(|said| !said.starts_with("In short")) {
        let both = ["+Interrupts", "+Fuel"].iter().all(|kind| said.contains(kind));
        assert!(!both && !said.contains("+Fuel"), "{said}");
    }
    // The grade is that of what is said, and not of what fuel costs by interrupts, which here is nothing that a control could show.
    assert_eq!(report.summary.foundation.grade, Grade::A);
    // Nor is metered code of one machine compared with code without metering of another.
    assert_eq!(report.summary.machines, []);
}
