//! Relinking moves functions. On a program of a few functions that says where they lie, because the lab takes long to
//! compile.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use wasm_dispatch_measure::layouts::LinkCommand;

const PROGRAM: &str = r#"
macro_rules! functions {
    ($($name:ident $number:literal)*) => {
        $(#[inline(never)] fn $name(x: u64) -> u64 { std::hint::black_box(x).wrapping_mul($number) ^ (x >> $number) })*
        fn main() {
            let functions: &[(&str, fn(u64) -> u64)] = &[$((stringify!($name), $name)),*];
            let mut functions: Vec<(usize, &str)> = functions.iter().map(|f| (f.1 as usize, f.0)).collect();
            functions.sort();
            println!("{}", functions.iter().map(|f| f.1).collect::<Vec<_>>().join(" "));
        }
    };
}
functions!(a 3 b 5 c 7 d 11 e 13 f 17 g 19 h 23);
"#;

/// Compiles the program for relinking.
fn compile(folder: &Path) -> Option<LinkCommand> {
    std::fs::write(folder.join("program.rs"), PROGRAM).unwrap();
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let outcome = Command::new(compiler)
        .args(["--edition=2024", "-Copt-level=2", "-Ccodegen-units=1", "-Csave-temps"])
        .args(["--print", "link-args", "program.rs"])
        .current_dir(folder)
        .output()
        .ok()?;
    assert!(outcome.status.success(), "{}", String::from_utf8_lossy(&outcome.stderr));
    LinkCommand::find(&String::from_utf8_lossy(&outcome.stdout), folder)
}

fn order(program: &Path) -> String {
    let outcome = Command::new(program).output().unwrap();
    assert!(outcome.status.success());
    String::from_utf8(outcome.stdout).unwrap()
}

#[test]
fn another_seed_is_another_order_of_the_same_functions() {
    let folder = tempfile::tempdir().unwrap();
    let Some(command) = compile(folder.path()) else {
        eprintln!("skipped: there is no rustc that prints how it links");
        return;
    };
    let seeds = [1, 2, 3];
    let binaries = match command.link_all(&seeds, &folder.path().join("binaries")) {
        Ok(binaries) => binaries,
        Err(why) if !cfg!(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu")) => {
            eprintln!("skipped: {why}");
            return;
        }
        // There, Rust brings a linker that can.
        Err(why) => panic!("{why}"),
    };
    let mut orders: Vec<String> = binaries.iter().map(|binary| order(binary)).collect();
    orders.push(order(&folder.path().join("binaries/as-compiled")));
    let different: BTreeSet<&String> = orders.iter().collect();
    assert_eq!(different.len(), 4, "{orders:?}");
    for order in &orders {
        let functions: BTreeSet<&str> = order.split_whitespace().collect();
        assert_eq!(functions.len(), 8, "{order}");
    }

    // The same seed is the same binary: a run can go on with it.
    let again = command.link_all(&seeds, &folder.path().join("again")).unwrap();
    for (one, other) in binaries.iter().zip(&again) {
        assert_eq!(std::fs::read(one).unwrap(), std::fs::read(other).unwrap());
    }
    // The same layout twice is not two layouts.
    let error = command.link_all(&[1, 1], &folder.path().join("twice")).unwrap_err();
    assert!(error.contains("the same"), "{error}");
}

#[test]
fn what_the_compiler_prints_without_a_link_command_is_none() {
    let folder = Path::new("/");
    assert_eq!(LinkCommand::find("", folder), None);
    assert_eq!(LinkCommand::find("warning: \"-o\n", folder), None);
    let found = LinkCommand::find("hello\nLC_ALL=\"C\" \"cc\" \"-o\" \"x\"\n", folder).unwrap();
    assert!(found.link(None, Path::new("/nowhere/at/all")).is_err());
}
