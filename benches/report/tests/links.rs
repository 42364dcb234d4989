//! What the documents link to is there, headings included.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders without documents of ours.
const SKIPPED: [&str; 3] = ["target", "recorded", "node_modules"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// All Markdown files below a folder.
fn documents(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_skipped = name.starts_with('.') || name.starts_with("target-") || SKIPPED.contains(&name.as_str());
        if entry.path().is_dir() {
            if !is_skipped {
                documents(&entry.path(), found);
            }
        } else if name.ends_with(".md") {
            found.push(entry.path());
        }
    }
}

/// A document without fenced blocks and inline code, in which brackets are something else.
fn prose(text: &str) -> String {
    let mut prose = String::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            // Every second piece is code; a link's text may be code, too.
            let pieces = line.split('`').enumerate();
            let pieces = pieces.map(|(number, piece)| if number % 2 == 0 { piece } else { "code" });
            prose.extend(pieces);
            prose.push('\n');
        }
    }
    prose
}

/// The anchors that GitHub makes of a document's headings.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| -> String {
        let heading = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(anchor).collect()
}

#[test]
fn what_the_documents_link_to_is_there() {
    let mut files = Vec::new();
    documents(&root(), &mut files);
    let mut seen = 0;
    let mut broken = Vec::new();
    for file in &files {
        let text = fs::read_to_string(file).unwrap();
        let prose = prose(&text);
        let links = prose.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.contains("://") && !link.contains(' ')) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = match path {
                "" => file.clone(),
                path => file.parent().unwrap().join(path),
            };
            let is_there = target.exists()
                && (anchor.is_empty()
                    || fs::read_to_string(&target)
                        .is_ok_and(|text| anchors(&text).iter().any(|known| known == anchor)));
            if !is_there {
                broken.push(format!("{}: {link}", file.display()));
            }
            seen += 1;
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
    assert!(
        files.len() >= 8 && seen >= 40,
        "{seen} links in {} documents",
        files.len()
    );
}
