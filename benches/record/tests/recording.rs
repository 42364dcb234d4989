//! Raw data: what is written is what is read, and damage is reported where it is.

#[path = "../../report/tests/common/mod.rs"]
mod common;

use std::fs;
use std::io::Write;

use common::{header, sample};
use wasm_dispatch_record::{Hardware, Machine};
use wasm_dispatch_report::record::{
    self, FILE_NAME, Failure, Kind, PACKED_NAME, Phase, Plan, Row, Run, Sample, Size, Writer,
};
use wasm_dispatch_report::{Error, newest_run};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

#[test]
fn what_is_written_is_what_is_read() {
    let folder = folder();
    let mut measured = sample("fib", "calls", "threaded", Phase::Execute, 123.0);
    measured.cpu_nanoseconds = Some(120);
    measured.block = Some(3);
    let failure = Failure {
        workload: "fib".into(),
        class: "calls".into(),
        strategy: "match_loop".into(),
        error: "expected 55, got \"54\"\n".into(),
    };
    let size = Size {
        workload: "fib".into(),
        strategy: "threaded".into(),
        wasm_bytes: 100,
        code_bytes: 1000,
    };
    let mut writer = Writer::create(folder.path(), &header()).unwrap();
    writer.write(measured.clone()).unwrap();
    writer.write(failure.clone()).unwrap();
    drop(writer);
    let mut writer = Writer::append(folder.path()).unwrap();
    writer.write(size.clone()).unwrap();
    assert_eq!(writer.path(), folder.path().join(FILE_NAME));

    let recording = record::read(folder.path()).unwrap();
    assert_eq!(recording.run, header());
    assert_eq!(recording.samples, [measured]);
    assert_eq!(recording.failures, [failure]);
    assert_eq!(recording.sizes, [size]);
    assert!(recording.warnings.is_empty());
    assert_eq!(record::read(&folder.path().join(FILE_NAME)).unwrap(), recording);
}

/// The driver of other engines is built without optimisation, and starts what is.
#[test]
fn the_build_profile_is_that_of_the_processes_that_measured() {
    let profile = |of: [&str; 2]| {
        let folder = folder();
        let mut writer = Writer::create(folder.path(), &header()).unwrap();
        for (number, profile) in (0..).zip(of) {
            let process = record::Process {
                profile: profile.into(),
                ..common::process(number)
            };
            writer.write(process).unwrap();
        }
        record::read(folder.path()).unwrap().run.fingerprint.profile
    };
    assert_eq!(
        profile(["", ""]),
        header().fingerprint.profile,
        "older records do not say it"
    );
    assert_eq!(profile(["debug, opt-level 0"; 2]), "debug, opt-level 0");
    assert_eq!(profile(["release", "debug"]), "debug and release");
}

#[test]
fn every_line_is_a_json_object_that_says_what_it_is() {
    let folder = folder();
    common::write_run(
        folder.path(),
        &common::STRATEGIES,
        &common::WORKLOADS[..2],
        Some("threaded"),
    );
    let text = fs::read_to_string(folder.path().join(FILE_NAME)).unwrap();
    for line in text.lines() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(value["row"].is_string(), "{line}");
    }
    let first: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(first["schema"], record::SCHEMA);
}

#[test]
fn a_run_is_never_overwritten() {
    let folder = folder();
    Writer::create(folder.path(), &header()).unwrap();
    let error = Writer::create(folder.path(), &header()).unwrap_err();
    assert!(matches!(error, Error::RunExists { .. }), "{error}");
}

#[test]
fn a_killed_run_loses_its_last_line_and_nothing_else() {
    let folder = folder();
    common::write_run(folder.path(), &common::STRATEGIES[..1], &common::WORKLOADS[..1], None);
    let path = folder.path().join(FILE_NAME);
    let whole = fs::read(&path).unwrap();
    let before = record::read(folder.path()).unwrap().samples.len();
    let last = whole[..whole.len() - 1]
        .iter()
        .rposition(|&byte| byte == b'\n')
        .unwrap()
        + 1;
    // Cut at every byte of the last line.
    for length in last..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        let recording = record::read(folder.path()).unwrap();
        let complete = length == last || length == whole.len() - 1;
        assert_eq!(recording.warnings.is_empty(), complete, "cut at {length}");
        let missing = usize::from(length != whole.len() - 1);
        assert_eq!(recording.samples.len(), before - missing, "cut at {length}");
    }
    // Going on after that does not glue the new row to the half one.
    fs::write(&path, &whole[..last + 20]).unwrap();
    let mut writer = Writer::append(folder.path()).unwrap();
    writer.write(sample("a", "b", "c", Phase::Execute, 1.0)).unwrap();
    let recording = record::read(folder.path()).unwrap();
    assert!(recording.warnings.is_empty());
    assert_eq!(recording.samples.len(), before);
    assert_eq!(recording.samples.last().unwrap().workload, "a");
}

#[test]
fn a_bad_line_is_reported_with_file_and_line() {
    let folder = folder();
    common::write_run(folder.path(), &common::STRATEGIES[..1], &common::WORKLOADS[..1], None);
    let path = folder.path().join(FILE_NAME);
    let lines = fs::read_to_string(&path).unwrap().lines().count();
    let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"{\"row\":\"sample\",\"workload\":7}\n{}\n").unwrap();
    let error = record::read(folder.path()).unwrap_err();
    assert!(
        matches!(&error, Error::Line(_, line, _) if *line == lines + 1),
        "{error}"
    );
    let text = error.to_string();
    assert!(text.contains(&format!("{FILE_NAME}:{}", lines + 1)), "{text}");
}

#[test]
fn files_that_are_no_runs_are_refused_and_say_why() {
    let folder = folder();
    let path = folder.path().join("x.jsonl");
    let cases = [
        ("", "empty"),
        ("hello\n", "expected value"),
        ("{\"row\":\"sample\"}\n", "no run header"),
        ("{\"row\":\"run\",\"schema\":4}\n", "schema 4"),
        ("{\"row\":\"run\",\"schema\":1}\n", "missing field"),
    ];
    for (text, reason) in cases {
        fs::write(&path, text).unwrap();
        let error = record::read(&path).unwrap_err().to_string();
        assert!(error.contains(reason), "{text:?}: {error}");
    }
    let error = record::read(&folder.path().join("nothing")).unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error}");
}

#[test]
fn the_newest_run_is_found_by_its_name() {
    let folder = folder();
    assert!(matches!(newest_run(folder.path()), Err(Error::NoRun { .. })));
    assert!(matches!(
        newest_run(&folder.path().join("none")),
        Err(Error::NoRun { .. })
    ));
    for id in ["20260102-000000-full", "20260103-000000-quick", "20251231-000000-quick"] {
        Writer::create(&folder.path().join(id), &header()).unwrap();
    }
    fs::create_dir(folder.path().join("20990101-000000-quick")).unwrap();
    // Another program's run, which compares something else.
    Writer::create(&folder.path().join("peers-20990101-000000-quick"), &header()).unwrap();
    let newest = newest_run(folder.path()).unwrap();
    assert!(newest.ends_with("20260103-000000-quick"), "{}", newest.display());
    // One with metering, or with machine code, is a run of strategies like the others.
    for (id, is_newer) in [
        ("metered-20260102-120000-quick", false),
        ("metered-20260103-000001-quick", true),
        ("executable-20260102-120000-full", false),
        ("executable-20260103-000002-full", true),
        ("metered-executable-20260103-000003-quick", true),
    ] {
        Writer::create(&folder.path().join(id), &header()).unwrap();
        let newest = newest_run(folder.path()).unwrap();
        assert_eq!(newest.ends_with(id), is_newer, "{newest:?}");
    }
}

#[test]
fn what_is_kept_is_compressed_and_reads_the_same() {
    let (run, kept) = (folder(), folder());
    let mut writer = Writer::create(run.path(), &header()).unwrap();
    writer
        .write(sample("fib", "calls", "threaded", Phase::Execute, 123.0))
        .unwrap();
    record::pack(&run.path().join(FILE_NAME), kept.path()).unwrap();
    let packed = kept.path().join(PACKED_NAME);
    assert_eq!(record::file_in(kept.path()), packed);
    let [before, mut after] = [run.path(), kept.path()].map(|folder| record::read(folder).unwrap());
    after.path.clone_from(&before.path);
    assert_eq!(before, after);
    // Packing it again, from what is packed already, changes nothing.
    let bytes = fs::read(&packed).unwrap();
    record::pack(&packed, kept.path()).unwrap();
    assert_eq!(fs::read(&packed).unwrap(), bytes);
    // Damaged, it is no shorter run: it cannot be read.
    fs::write(&packed, &bytes[..bytes.len() - 9]).unwrap();
    assert!(matches!(record::read(kept.path()), Err(Error::Io(path, _)) if path == packed));
}

/// Two processors of one vendor are two machines, and are called so.
#[test]
fn a_machine_is_called_by_its_vendor_where_that_tells_it_from_others() {
    let machine = |vendor: &str, model: &str| Machine {
        cpu: "Some EPYC".to_owned(),
        threads: 2,
        hardware: Hardware {
            vendor: vendor.to_owned(),
            model: model.to_owned(),
            ..Hardware::default()
        },
    };
    let (old, new, other) = (
        machine("AMD", "25/17/1"),
        machine("AMD", "26/2/1"),
        machine("Intel", "6/1/1"),
    );
    assert_eq!(new.name_among([new.clone(), other.clone()]), "AMD");
    assert_eq!(new.name_among([new.clone(), other.clone(), old]), "AMD 26/2/1");
    assert_eq!(other.name_among([new, other.clone()]), "Intel");
}

#[test]
fn a_run_that_starts_now_knows_when_and_on_what() {
    let run = Run::start(Kind::Full);
    assert_eq!(run.schema, record::SCHEMA);
    assert!(run.id.ends_with("-full") && run.id.starts_with("20"), "{}", run.id);
    assert!(run.fingerprint.cores >= 1);
}

#[test]
fn a_block_is_written_in_few_bytes_and_read_as_the_samples_that_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let mut rows = Vec::new();
    for (workload, strategy, iterations, nanoseconds, cpu) in [
        ("fib", "threaded", 1, 24_100, Some(24_000)),
        ("fib", "threaded", 1, 24_300, Some(24_200)),
        ("fib", "match_loop", 3, 99_000, None),
        ("sort", "threaded", 1, 5, Some(4)),
    ] {
        rows.push(Row::Sample(Sample {
            workload: workload.to_owned(),
            class: "calls".to_owned(),
            strategy: strategy.to_owned(),
            phase: Phase::Execute,
            iterations,
            nanoseconds,
            cpu_nanoseconds: cpu,
            block: Some(0),
            layout: Some(3),
            process: Some(0),
            verified: strategy != "match_loop",
        }));
    }
    let mut writer = Writer::create(folder.path(), &Run::start(Kind::Quick)).unwrap();
    writer.write(Plan { blocks: 1 }).unwrap();
    writer.block(&rows, 0).unwrap();
    let text = std::fs::read_to_string(writer.path()).unwrap();
    assert_eq!(text.matches("threaded").count(), 2, "{text}");
    assert!(
        text.contains(r#"["threaded",[[1,24100,24000],[1,24300,24200]]]"#),
        "{text}"
    );

    let mut read = record::read(folder.path()).unwrap().samples;
    let order = |sample: &Sample| (sample.workload.clone(), sample.strategy.clone(), sample.nanoseconds);
    read.sort_by_key(order);
    let mut written: Vec<Sample> = rows
        .into_iter()
        .filter_map(|row| match row {
            Row::Sample(sample) => Some(sample),
            _ => None,
        })
        .collect();
    written.sort_by_key(order);
    assert_eq!(read, written, "what was not verified, too");
}
