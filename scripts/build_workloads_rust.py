"""The programs around published Rust crates: workloads/programs/rust, a cargo workspace of its own.

Debian's rustc 1.63 makes WebAssembly out of the box (libstd-rust-dev-wasm32). Its cargo is too old for today's registry,
so the newer cargo that this repository needs anyway fetches the crates (`cargo vendor`), and Debian's cargo builds them
offline. The lock file holds the newest versions that rustc 1.63 compiles; make another one with

  CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS=fallback cargo update
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

from build_workloads_common import fail, run

ROOT = Path(__file__).resolve().parent.parent
WORKSPACE = ROOT / "workloads" / "programs" / "rust"
# Names of symbols depend on the folder that a workspace is in: the same one everywhere makes the same bytes everywhere.
WORK = Path("/tmp/wasm-dispatch-workloads")
PACKAGES = ["rustc", "cargo", "libstd-rust-dev-wasm32", "lld-14"]
RUSTC, CARGO, LINKER, TARGET = "/usr/bin/rustc", "/usr/bin/cargo", "wasm-ld-14", "wasm32-wasi"


def is_rust(module):
    """Whether a module is made from a member of the workspace."""
    return module.suffix == ".wasm" and (WORKSPACE / module.stem / "Cargo.toml").exists()


def need_compiler():
    missing = [tool for tool in (RUSTC, CARGO, LINKER) if not shutil.which(tool)]
    if missing or not Path(f"/usr/lib/rustlib/{TARGET}").exists():
        fail(f"Debian's Rust is needed: `apt-get install {' '.join(PACKAGES)}` or `scripts/build-workloads --install`")


def build(modules, output):
    """Builds the programs of these modules into a folder."""
    need_compiler()
    sources, vendor, home = WORK / "rust", WORK / "vendor", WORK / "home"
    shutil.rmtree(sources, ignore_errors=True)
    shutil.copytree(WORKSPACE, sources, ignore=shutil.ignore_patterns("target", "vendor"))
    home.mkdir(parents=True, exist_ok=True)
    run(["cargo", "vendor", "--quiet", "--locked", vendor], cwd=sources, stdout=subprocess.DEVNULL)
    (home / "config.toml").write_text(
        f'[source.crates-io]\nreplace-with = "vendored"\n[source.vendored]\ndirectory = "{vendor}"\n'
    )
    # The same bytes wherever the repository is. The name section stays, for backtraces; debug information goes.
    flags = [
        "-Clink-arg=--strip-debug",
        f"--remap-path-prefix={vendor}=vendor",
        f"--remap-path-prefix={sources}=rust",
    ]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("CARGO")},
        "CARGO_HOME": str(home),
        "CARGO_TARGET_DIR": str(WORK / "wasm"),
        "CARGO_TARGET_WASM32_WASI_LINKER": LINKER,
        "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(flags),
        "RUSTC": RUSTC,
    }
    packages = [part for module in modules for part in ("--package", module.stem)]
    command = [CARGO, "build", "--quiet", "--offline", "--locked", "--release", "--target", TARGET, *packages]
    run(command, cwd=sources, env=environment)
    for module in modules:
        built = WORK / "wasm" / TARGET / "release" / module.name
        shutil.copyfile(built, output / module.name)


def build_native(modules):
    """Builds the same sources with this machine's own Rust; returns the folder of the programs."""
    target = ROOT / "target" / "workloads-rust"
    packages = [part for module in modules for part in ("--package", module.stem)]
    environment = {**os.environ, "CARGO_TARGET_DIR": str(target)}
    run(["cargo", "build", "--quiet", "--locked", "--release", *packages], cwd=WORKSPACE, env=environment)
    return target / "release"


def links(module):
    """Name, version and licence of every published package that ends up in a program."""
    # The target's newer name, because the newer cargo answers.
    command = ["cargo", "metadata", "--format-version=1", "--locked", "--filter-platform=wasm32-wasip1"]
    metadata = json.loads(run(command, cwd=WORKSPACE, stdout=subprocess.PIPE).stdout)
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    members = set(metadata["workspace_members"])
    todo = [id for id in members if packages[id]["name"] == module.stem]
    found = set()
    while todo:
        for dependency in nodes[todo.pop()]["deps"]:
            used = any(kind["kind"] is None for kind in dependency["dep_kinds"])
            # Procedural macros run in the compiler and are not linked.
            macro = any("proc-macro" in target["kind"] for target in packages[dependency["pkg"]]["targets"])
            if used and not macro and dependency["pkg"] not in found:
                found.add(dependency["pkg"])
                todo.append(dependency["pkg"])
    rows = ((packages[id]["name"], packages[id]["version"], packages[id]["license"]) for id in found - members)
    return sorted(rows)
