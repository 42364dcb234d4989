"""What the parts of scripts/build-workloads share."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


def fail(message):
    sys.exit(f"build-workloads: {message}")


def run(command, **options):
    try:
        return subprocess.run([str(part) for part in command], check=True, **options)
    except FileNotFoundError:
        fail(f"{command[0]} not found")
    except subprocess.CalledProcessError as error:
        fail(f"exit code {error.returncode} from: {' '.join(map(str, error.cmd))}")


def native_stdout(workload, size, program):
    """SHA-256 of what a native program prints, given what the manifest says."""
    wasi = workload.manifest[size]["wasi"]
    beside = workload.file.parent
    with tempfile.TemporaryDirectory() as folder:
        for file in wasi.get("files", []):
            guest = Path(folder) / file["guest"]
            guest.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(beside / file["file"], guest)
        given = (beside / wasi["stdin"]).read_bytes() if "stdin" in wasi else b""
        environment = {**os.environ, **wasi.get("env", {})}
        command = [program, *wasi["args"][1:]]
        printed = run(command, cwd=folder, env=environment, input=given, stdout=subprocess.PIPE).stdout
    return hashlib.sha256(printed).hexdigest()


def refresh_links(workload, links):
    """Writes what is linked into a module into its manifest: names, versions and licences."""
    rows = [f'    {{ name = "{name}", version = "{version}", licence = "{licence}" }},\n' for name, version, licence in links]
    text = workload.file.read_text()
    changed, times = re.subn(r"(?ms)^links = \[.*?^\]\n", f"links = [\n{''.join(rows)}]\n", text)
    if times != 1:
        fail(f"{workload.file}: add lines `links = [` and `]`, and they will be filled in")
    if changed != text:
        workload.file.write_text(changed)
        print(f"{workload.name}: linked packages (changed)")


def refresh_inputs(workload):
    """Writes the checksums of inputs into a manifest."""
    text = workload.file.read_text()

    def checksum(match):
        sha = hashlib.sha256((workload.file.parent / match[2]).read_bytes()).hexdigest()
        return f'{match[1]}{sha}"'

    changed = re.sub(r'((?:file|stdin) = "([^"]*)"(?:, |\nstdin_)sha256 = ")[^"]*"', checksum, text)
    if changed != text:
        workload.file.write_text(changed)
        print(f"{workload.name}: checksums of inputs (changed)")
