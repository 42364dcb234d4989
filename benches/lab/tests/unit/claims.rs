use super::*;

fn book(texts: &[&str]) -> Book {
    let prose = |text: &&str| Prose {
        file: readme(),
        text: (*text).to_owned(),
        check: "true".to_owned(),
    };
    Book {
        claim: texts.iter().map(prose).collect(),
    }
}

#[test]
fn a_number_or_a_comparison_without_a_claim_is_found() {
    let readme = "# It\n\nIt takes 12 ns to call it. The other\nis faster. Nothing here.\n\n```sh\n5 % in code\n```\n\
                  <!-- summary: written by x -->\n3 % generated\n<!-- /summary -->\nIt has 6 strategies.\n";
    assert_eq!(
        loose::of_prose(readme, book(&[]).of("README.md")),
        ["It takes 12 ns to call it.", "The other is faster."]
    );
    assert_eq!(
        loose::of_prose(readme, book(&["takes `12 ns` to call"]).of("README.md")),
        ["The other is faster."]
    );
    let known = book(&["takes 12 ns", "The other is faster"]);
    assert!(loose::of_prose(readme, known.of("README.md")).is_empty());
    // What one file claims, another does not.
    assert_eq!(loose::of_prose(readme, known.of(BIAS)).len(), 2);
    assert_eq!(loose::of_generated(readme, &[]), ["3 % generated"]);
}

#[test]
fn what_is_generated_and_the_page_may_say_the_numbers_of_claims_and_no_others() {
    let claim = |says: &str, number: &str| Listed {
        says: says.to_owned(),
        record: String::new(),
        number: number.to_owned(),
        holds: String::new(),
        check: String::new(),
    };
    let listed = [
        claim(
            "match_loop takes less time than stack_loop",
            "2.15x (2.14 to 2.17); 295 µs",
        ),
        claim("There is no class on which another strategy is clearly better", ""),
    ];
    let page = |sentence: &str| {
        let html = format!("<h1>It</h1><p>9.99x</p><ul><li>{sentence}</li></ul><figure aria-label=\"{sentence}\">");
        loose::without_claim(loose::sentences_of_page(&html), &listed)
    };
    for carried in [
        "match_loop is 2.15x ahead (95 % interval 2.14 to 2.17)",
        "from 295 µs on",
        "There is no class on which another strategy is clearly better.",
        "match_loop is faster",
        "six strategies, 8 layouts",
    ] {
        assert_eq!(page(carried), [""; 0], "{carried}");
    }
    for loose in [
        "match_loop is 2.16x ahead",
        "match_loop is 2.15x ahead (2.14 to 2.18)",
        "from 296 µs on",
        "There is no workload on which another strategy is clearly better.",
        "closure_per_op is faster",
    ] {
        assert_eq!(page(loose), [loose, loose], "{loose}");
    }
}

#[test]
fn readme_and_page_say_nothing_that_is_not_a_claim_and_every_claim_of_the_prose_stands_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let files = ["README.md", BIAS].map(|name| (name, fs::read_to_string(root.join(name)).unwrap()));
    let Ok(book) = read(&root.join("reports/claims.toml")) else {
        panic!("no claims.toml")
    };
    for (name, text) in &files {
        assert_eq!(loose::of_prose(text, book.of(name)), [""; 0], "{name}");
        for claim in book.of(name) {
            let stands = flat(text).contains(&flat(&claim.text));
            assert!(stands, "{name} does not say: {}", claim.text);
            assert!(!claim.check.is_empty());
        }
    }
    let known = |claim: &Prose| files.iter().any(|(name, _)| *name == claim.file);
    assert!(book.claim.iter().all(known), "a claim of a file that is not looked at");
    let decision = Decision::read(&root.join("reports/decision.json")).unwrap();
    let recorded = root.join("reports/recorded");
    let mut listed = listed::of_decision(&decision);
    let Ok(of_records) = listed::of_records(&decision, &recorded) else {
        panic!("records that cannot be read")
    };
    listed.extend(of_records);
    for (name, text) in &files {
        assert_eq!(loose::of_generated(text, &listed), [""; 0], "{name}");
    }
    let page = fs::read_to_string(recorded.join(&decision.run).join("summary.md")).unwrap();
    let page = loose::sentences_of_summary(&page);
    assert!(page.len() > 10, "{page:?}");
    assert_eq!(loose::without_claim(page, &listed), [""; 0]);
}

#[test]
fn a_number_is_carried_as_the_page_has_it_and_as_the_decision_rounds_it() {
    let reports = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reports");
    let decision = Decision::read(&reports.join("decision.json")).unwrap();
    let own = reports.join(RECORDED).join(&decision.run).join("summary.json");
    let mut summary: serde_json::Value = serde_json::from_str(&fs::read_to_string(own).unwrap()).unwrap();
    // The page says 2.24; of six digits, 2.24500, the README makes 2.25.
    summary["recommendation"]["runner_up"]["times_as_long"]["value"] = serde_json::json!(2.244_999_9);
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join(&decision.run);
    fs::create_dir(&run).unwrap();
    fs::write(run.join("summary.json"), summary.to_string()).unwrap();
    let Ok(listed) = listed::of_records(&decision, folder.path()) else {
        panic!("a record that cannot be read")
    };
    for number in ["2.24x", "2.25x"] {
        let carried = listed.iter().any(|claim| claim.number.contains(number));
        assert!(carried, "{number}");
    }
}
