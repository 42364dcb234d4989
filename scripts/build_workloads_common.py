"""What the parts of scripts/build-workloads share."""

import subprocess
import sys


def fail(message):
    sys.exit(f"build-workloads: {message}")


def run(command, **options):
    try:
        return subprocess.run([str(part) for part in command], check=True, **options)
    except FileNotFoundError:
        fail(f"{command[0]} not found")
    except subprocess.CalledProcessError as error:
        fail(f"exit code {error.returncode} from: {' '.join(map(str, error.cmd))}")
