use super::*;

fn book(texts: &[&str]) -> Book {
    let prose = |text: &&str| Prose {
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
        loose(readme, &book(&[])),
        ["It takes 12 ns to call it.", "The other is faster."]
    );
    assert_eq!(
        loose(readme, &book(&["takes `12 ns` to call"])),
        ["The other is faster."]
    );
    assert!(loose(readme, &book(&["takes 12 ns", "The other is faster"])).is_empty());
}

#[test]
fn the_readme_says_nothing_that_is_not_a_claim_and_every_claim_of_its_prose_stands_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let Ok(book) = read(&root.join("reports/claims.toml")) else {
        panic!("no claims.toml")
    };
    assert_eq!(loose(&readme, &book), Vec::<String>::new());
    let text = flat(&readme);
    for claim in &book.claim {
        assert!(
            text.contains(&flat(&claim.text)),
            "the README does not say: {}",
            claim.text
        );
        assert!(!claim.check.is_empty());
    }
}
