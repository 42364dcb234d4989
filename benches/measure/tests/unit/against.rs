use super::*;

#[test]
fn a_revision_is_checked_out_once_and_changes_to_it_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let repository = folder.path().join("repository");
    fs::create_dir(&repository).unwrap();
    let git = |arguments: &[&str]| {
        let who = ["-c", "user.name=A", "-c", "user.email=a@example.com"];
        git(&repository, &[&who[..], arguments].concat()).unwrap()
    };
    let commit = |text: &str| {
        fs::write(repository.join("file"), text).unwrap();
        git(&["add", "file"]);
        git(&["commit", "-q", "-m", text]);
        git(&["rev-parse", "HEAD"])
    };
    git(&["init", "-q"]);
    let (old, new) = (commit("old"), commit("new"));
    assert_eq!(head(&repository), new);
    fs::write(repository.join("file"), "newer").unwrap();
    assert_eq!(head(&repository), format!("{new}+changes"));

    let of_old = folder.path().join("of-old");
    for _ in 0..2 {
        let sources = checkout(&repository, &old, &of_old).unwrap();
        assert_eq!(fs::read_to_string(sources.root.join("file")).unwrap(), "old");
    }
    let left: Vec<_> = fs::read_dir(&of_old).unwrap().flatten().collect();
    assert_eq!(left.len(), 1, "{left:?}");
    let nothing = checkout(&repository, "0000000", &folder.path().join("of-nothing"));
    assert!(nothing.is_err_and(|error| error.to_string().contains("0000000")));
}

#[test]
fn layouts_are_said_by_their_seeds() {
    assert_eq!(in_layouts(&layouts_of(8)), "linked with seeds 1 to 8");
    assert_eq!(in_layouts(&[Some(3)]), "linked with seed 3");
    assert_eq!(in_layouts(&layouts_of(1)), "as it was compiled");
}
