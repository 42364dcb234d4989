//! The second build of the handlers, to an object.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

const THREADED: &str = "wasm-dispatch-threaded";

/// Levels of optimisation: the first gives short code, the second makes vectors of what is written lane by lane. It also has branches
/// choose among addresses and jump to what they chose, of which no copy can be made.
const LEVELS: [&str; 2] = ["s", "3"];

/// The bytes of objects with the same handlers. Those of the first are the ones that are wanted.
pub fn build() -> Result<Vec<Vec<u8>>, String> {
    println!("cargo::rerun-if-env-changed=RUSTC");
    let place = PathBuf::from(env::var_os("OUT_DIR").ok_or("no OUT_DIR")?).join("second");
    write_package(&place)?;
    LEVELS.iter().map(|level| object(&place, level)).collect()
}

/// The object of a level.
fn object(place: &Path, level: &str) -> Result<Vec<u8>, String> {
    let object = place.join(format!("handlers-{level}.o"));
    let cargo = env::var_os("CARGO").ok_or("no CARGO")?;
    let mut command = Command::new(cargo);
    command
        .current_dir(place)
        .args([
            "rustc",
            "--quiet",
            "--release",
            "--offline",
            "--lib",
            "--package",
            THREADED,
        ])
        .arg("--manifest-path")
        .arg(place.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(place.join("target"))
        // Operands become symbols, whose addresses the code model makes 32 bits wide and the relocation model known.
        .args([
            "--",
            "--cfg",
            "stencil",
            "-Crelocation-model=static",
            "-Ccode-model=small",
        ])
        .arg(format!("-Copt-level={level}"))
        // Names are read from symbols.
        .args(["-Csymbol-mangling-version=v0", "-Awarnings"])
        .arg(format!("--emit=obj={}", object.display()));
    // The flags of the build around this one are not for it, and neither is what checks or wraps its compiler.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        let foreign = [
            "CARGO_FEATURE_",
            "CARGO_CFG_",
            "CARGO_PROFILE_",
            "CARGO_TARGET_",
            "CARGO_BUILD_",
            "DEP_",
        ];
        let names = [
            "RUSTFLAGS",
            "CARGO_ENCODED_RUSTFLAGS",
            "RUSTC_WRAPPER",
            "RUSTC_WORKSPACE_WRAPPER",
            "CLIPPY_ARGS",
        ];
        if foreign.iter().any(|prefix| text.starts_with(prefix)) || names.contains(&&*text) {
            command.env_remove(&name);
        }
    }
    let ran = command
        .output()
        .map_err(|error| format!("cargo cannot be run: {error}"))?;
    if !ran.status.success() {
        let said = String::from_utf8_lossy(&ran.stderr);
        let line = said
            .lines()
            .find(|line| line.starts_with("error"))
            .unwrap_or("the build failed");
        return Err(format!("the handlers cannot be compiled a second time: {line}"));
    }
    std::fs::read(&object).map_err(|error| format!("{}: {error}", object.display()))
}

/// A package of which the handlers' crate is the only dependency, with the versions that the build around this one has.
fn write_package(place: &Path) -> Result<(), String> {
    let version = env::var("CARGO_PKG_VERSION").map_err(|error| error.to_string())?;
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or("no CARGO_MANIFEST_DIR")?);
    let mut manifest = format!(
        "[package]\nname = \"second\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[lib]\npath = \"lib.rs\"\n\n[workspace]\n\n\
         [profile.release]\nopt-level = 3\nlto = false\ncodegen-units = 1\npanic = \"abort\"\ndebug = false\n\n\
         [dependencies]\n{THREADED} = {{ version = \"={version}\", features = [\"copies\"] }}\n\n[patch.crates-io]\n"
    );
    for name in ["ir", "machine", "threaded"] {
        if let Some(folder) = sibling(&here, name, &version) {
            manifest += &format!(
                "wasm-dispatch-{name} = {{ path = {:?} }}\n",
                folder.display().to_string()
            );
            println!("cargo::rerun-if-changed={}", folder.join("src").display());
            println!("cargo::rerun-if-changed={}", folder.join("Cargo.toml").display());
        }
    }
    let write = |file: &str, text: &str| {
        // Written only if it is another: cargo would build again.
        let path = place.join(file);
        if std::fs::read_to_string(&path).is_ok_and(|there| there == text) {
            return Ok(());
        }
        std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
    };
    std::fs::create_dir_all(place).map_err(|error| format!("{}: {error}", place.display()))?;
    write("Cargo.toml", &manifest)?;
    write("lib.rs", "")?;
    let locked = here
        .ancestors()
        .find_map(|folder| std::fs::read_to_string(folder.join("Cargo.lock")).ok());
    match locked {
        Some(lock) => write("Cargo.lock", &lock),
        None => Ok(()),
    }
}

/// Where another crate of this repository is: beside this one, here as in a registry's folder.
fn sibling(here: &Path, name: &str, version: &str) -> Option<PathBuf> {
    let folders = [
        name.to_owned(),
        format!("wasm-dispatch-{name}-{version}"),
        format!("wasm-dispatch-{name}"),
    ];
    let folder = folders.iter().map(|folder| here.with_file_name(folder));
    folder.into_iter().find(|folder| folder.join("Cargo.toml").exists())
}
