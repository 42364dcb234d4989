"""Programs in Go and in AssemblyScript: folders workloads/programs/go/MODULE, and files
workloads/programs/assemblyscript/MODULE.ts. Programs in Go are built natively too; what those in AssemblyScript compute,
reference.py says."""

from pathlib import Path

import guest_compilers
from build_workloads_common import fail

PROGRAMS = Path(__file__).resolve().parent.parent / "workloads" / "programs"
# A failed assertion is a trap, and no call of the host.
ASC_OPTIONS = ["-O3", "--use", "abort="]


def is_go(module):
    """Whether a module is made from a folder of programs/go."""
    return module.suffix == ".wasm" and go_folder(module).is_dir()


def is_assemblyscript(module):
    """Whether a module is made from a file of programs/assemblyscript."""
    return module.suffix == ".wasm" and (PROGRAMS / "assemblyscript" / f"{module.stem}.ts").exists()


def go_folder(module):
    return PROGRAMS / "go" / module.stem


def links(module):
    """Name, version and licence of what ends up in a module besides its source."""
    return guest_compilers.GO_LINKS if is_go(module) else guest_compilers.ASC_LINKS


def need_compilers():
    if missing := guest_compilers.missing():
        fail(f"{' and '.join(missing)} not found. `scripts/build-workloads --install` installs what is needed")


def build(modules, output):
    """Builds these modules into a folder."""
    need_compilers()
    for module in modules:
        built = output / module.name
        if is_go(module):
            guest_compilers.go(go_folder(module), built)
        else:
            guest_compilers.asc(PROGRAMS / "assemblyscript" / f"{module.stem}.ts", built, *ASC_OPTIONS)
        built.chmod(0o644)


def build_native(module, folder):
    """Builds a program in Go for this machine; returns it."""
    program = folder / module.stem
    guest_compilers.go(go_folder(module), program, native=True)
    return program
