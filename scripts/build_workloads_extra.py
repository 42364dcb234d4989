"""The extra workloads: programs around other people's C, built on demand and never committed.

`scripts/build-workloads --extra` builds them; workloads/README.md says what comes out. A program is a folder
workloads/extra/src/NAME with

  NAME.toml    its manifest, complete except for the sha256 of the module, which depends on the compiler
  recipe.toml  how to build it: see RECIPE
  main.c       the driver, and the inputs that the manifest names, all of them ours

The C around which the driver is written comes from published crates, at the versions given in the manifest's `[[links]]`.
Cargo downloads them; the checksum in the recipe says whether it is the right file.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from build_workloads_common import fail, run

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "workloads" / "extra" / "src"
PACKAGES = ["clang-19", "lld-19", "wasi-libc", "libclang-rt-19-dev-wasm32"]
CLANG, NATIVE = "clang-19", "gcc"

# What a recipe may say, and what holds if it does not.
RECIPE = {
    "crate_sha256": {},  # of each crate's file, by the crate's name
    "sources": [],  # C files to compile, as patterns below the folder of unpacked crates
    "exclude": [],  # those of them to leave out
    "include": [],  # folders of headers, likewise
    "flags": [],  # for every C file, ours included
    "wasm_flags": [],  # for every C file, in the WebAssembly build alone
    "wasm_link": [],  # for its linker
    "stack": 65536,  # bytes of stack in linear memory
    "inputs": {},  # input files that are elsewhere in this repository, by the name in the manifest
}

# Strict about floats and signed arithmetic, because two compilers have to agree.
COMMON = ["-std=gnu11", "-ffp-contract=off", "-fno-strict-aliasing", "-fwrapv", "-DNDEBUG"]
# What baseline of WebAssembly the committed programs use, too.
WASM = ["--target=wasm32-wasi", "-O2", "-mcpu=generic", "-mbulk-memory", "-mnontrapping-fptoint"]
OURS, THEIRS = ["-Wall", "-Wextra", "-Werror"], ["-w"]


def output_folder():
    """Where built programs go, and where the crate `wasm-dispatch-workloads` looks for them."""
    # A relative path counts from the project's root, as in the crate.
    if folder := os.environ.get("WASM_DISPATCH_EXTRA"):
        return ROOT / folder
    return ROOT / (os.environ.get("CARGO_TARGET_DIR") or "target") / "workloads-extra"


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Program:
    """One folder of workloads/extra/src."""

    def __init__(self, folder):
        self.folder, self.name = folder, folder.name
        self.manifest_file, recipe_file = folder / f"{self.name}.toml", folder / "recipe.toml"
        try:
            self.manifest = tomllib.loads(self.manifest_file.read_text())
            recipe = tomllib.loads(recipe_file.read_text())
            self.crates = [(link["name"], link["version"]) for link in self.manifest["links"]]
        except (OSError, tomllib.TOMLDecodeError, KeyError) as error:
            fail(f"{folder}: {type(error).__name__}: {error}")
        if unknown := set(recipe) - set(RECIPE):
            fail(f"{recipe_file}: unknown {', '.join(sorted(unknown))}")
        self.recipe = RECIPE | recipe
        if set(self.recipe["crate_sha256"]) != {name for name, _version in self.crates}:
            fail(f"{recipe_file}: crate_sha256 needs one checksum for every package of [[links]]")

    def inputs(self, size):
        """What a run reads: names in the manifest's folder, names in the program's (None for stdin), the originals."""
        wasi = self.manifest[size]["wasi"]
        named = [(file["file"], file["guest"], file["sha256"]) for file in wasi.get("files", [])]
        if "stdin" in wasi:
            named.append((wasi["stdin"], None, wasi["stdin_sha256"]))
        for name, guest, expected in named:
            elsewhere = self.recipe["inputs"].get(name)
            original = ROOT / elsewhere if elsewhere else self.folder / name
            if not original.is_file():
                fail(f"{self.manifest_file} names {name}, but there is no {original}")
            if (actual := sha256(original)) != expected:
                fail(f"{original} has sha256 {actual}, not {expected} as in {self.manifest_file}")
            yield name, guest, original

    def theirs(self, crates):
        """The C files of other people."""

        def matching(patterns):
            found = []
            for pattern in patterns:
                some = sorted(crates.glob(pattern))
                if not some:
                    fail(f"{self.name}: nothing matches {pattern} in {crates}")
                found += some
            return found

        left_out = set(matching(self.recipe["exclude"]))
        return [file for file in dict.fromkeys(matching(self.recipe["sources"])) if file not in left_out]

    def compile(self, compiler, flags, link, crates, folder, output):
        """Compiles the driver and the C of the crates with one compiler, then links them."""
        include = [f"-I{SOURCES}", f"-I{self.folder}"]
        include += [f"-isystem{crates / path}" for path in self.recipe["include"]]
        jobs = [(file, THEIRS) for file in self.theirs(crates)]
        jobs += [(file, OURS) for file in sorted(self.folder.glob("*.c"))]

        def one(index, file, warnings):
            part = folder / f"{index}_{file.stem}.o"
            run([compiler, *flags, *COMMON, *warnings, *self.recipe["flags"], *include, "-c", file, "-o", part])
            return part

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            parts = list(pool.map(one, range(len(jobs)), *zip(*jobs)))
        run([compiler, *flags, *parts, *link, "-lm", "-o", output])

    def build(self, output):
        """Builds the WebAssembly module and writes it with its manifest and inputs into `output`."""
        module = output / self.manifest["module"]
        # The name section stays (traps show names from it), debug information goes.
        link = ["-Wl,--strip-debug", "-Wl,--stack-first", f"-Wl,-z,stack-size={self.recipe['stack']}"]
        with tempfile.TemporaryDirectory() as folder:
            flags = [*WASM, *self.recipe["wasm_flags"]]
            link += self.recipe["wasm_link"]
            self.compile(CLANG, flags, link, unpacked(self, output), Path(folder), module)
        module.chmod(0o644)  # the linker makes it executable, which nothing here can use
        for size in ("quick", "full"):
            for name, _guest, original in self.inputs(size):
                shutil.copyfile(original, output / name)
        empty = r'(?m)\A((?:(?!\[).*\n)*?sha256 = )""'
        text, times = re.subn(empty, rf'\g<1>"{sha256(module)}"', self.manifest_file.read_text())
        if times != 1:
            fail(f"{self.manifest_file}: a line `sha256 = \"\"` is needed before its first section")
        # Last, so that a manifest is only there when all that it names is.
        (output / self.manifest_file.name).write_text(text)
        print(f"built {module}: {module.stat().st_size} bytes", flush=True)

    def check(self, output):
        """Compares what a native build prints with what the manifest expects. Returns the number of differences."""
        wrong = 0
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder) / self.name
            self.compile(NATIVE, ["-O1"], [], unpacked(self, output), Path(folder), program)
            for size in ("quick", "full"):
                wasi = self.manifest[size]["wasi"]
                problems = []
                with tempfile.TemporaryDirectory() as place:
                    stdin = b""
                    for _name, guest, original in self.inputs(size):
                        if guest is None:
                            stdin = original.read_bytes()
                        else:
                            shutil.copyfile(original, Path(place) / guest)
                    ran = subprocess.run([program, *wasi["args"][1:]], input=stdin, cwd=place, capture_output=True)
                if ran.returncode != wasi.get("exit_code", 0):
                    problems.append(f"exit code {ran.returncode}")
                if ran.stderr:
                    problems.append(f"on stderr: {ran.stderr.decode(errors='replace').strip()}")
                actual = hashlib.sha256(ran.stdout).hexdigest()
                if actual != wasi["stdout_sha256"]:
                    problems.append(f"stdout has sha256 {actual}, not {wasi['stdout_sha256']}:")
                    problems.append(ran.stdout.decode(errors="replace"))
                wrong += bool(problems)
                print(f"{self.name}: {size}, native: {'; '.join(problems) or 'ok'}", flush=True)
        return wrong


def unpacked(program, output):
    """The folder that holds the unpacked crates of a program, each in a folder NAME-VERSION."""
    crates = output / "src"
    for name, version in program.crates:
        folder = crates / f"{name}-{version}"
        if folder.is_dir():
            continue
        crates.mkdir(parents=True, exist_ok=True)
        file = download(name, version)
        actual, expected = sha256(file), program.recipe["crate_sha256"][name]
        if actual != expected:
            fail(f"{file} has sha256 {actual}, not {expected} as {program.name}'s recipe says")
        with tempfile.TemporaryDirectory(dir=crates) as place, tarfile.open(file) as archive:
            archive.extractall(place, filter="data")
            # Renamed when complete, so that an interrupted run leaves no half of a crate.
            (Path(place) / folder.name).rename(folder)
    return crates


def download(name, version):
    """The file of a crate, brought by cargo, which knows about mirrors, proxies and its own cache."""
    with tempfile.TemporaryDirectory() as place:
        place = Path(place)
        (place / "src").mkdir()
        (place / "src" / "lib.rs").touch()
        # What follows a `+` names a version's build and is no part of a requirement.
        requirement = f'"={version.split("+")[0]}"'
        (place / "Cargo.toml").write_text(
            '[package]\nname = "download"\nversion = "0.0.0"\nedition = "2021"\n\n[workspace]\n\n'
            f"[dependencies.{name}]\nversion = {requirement}\ndefault-features = false\n"
        )
        run(["cargo", "fetch", "--quiet", "--manifest-path", place / "Cargo.toml"])
    home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    found = sorted(home.glob(f"registry/cache/*/{name}-{version}.crate"))
    if not found:
        fail(f"cargo did not bring {name} {version} (looked below {home / 'registry' / 'cache'})")
    return found[0]


def main(names, check):
    """Builds the programs of these names, all if there are none; or compares them with native builds."""
    folders = {file.parent.name: file.parent for file in sorted(SOURCES.glob("*/recipe.toml"))}
    if unknown := set(names) - set(folders):
        fail(f"no extra workload named {', '.join(sorted(unknown))}; there are {', '.join(folders)}")
    programs = [Program(folder) for name, folder in folders.items() if not names or name in names]
    output = output_folder().resolve()
    output.mkdir(parents=True, exist_ok=True)
    if check:
        wrong = sum(program.check(output) for program in programs)
        if wrong:
            fail(f"{wrong} of {2 * len(programs)} runs differ")
        return
    if not shutil.which(CLANG):
        fail(f"{CLANG} not found. Install with `apt-get install {' '.join(PACKAGES)}` or add `--install`")
    for program in programs:
        program.build(output)
