# SPDX-License-Identifier: GPL-2.0-or-later
"""What the Python tools share: where things are, messages, running programs, files that appear whole or not at all."""

import contextlib
import fcntl
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parents[2]


def cache_dir():
    """The folder for downloads and builds that outlive `make clean` (UMBRA_CACHE overrides it)."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    path = pathlib.Path(os.environ.get("UMBRA_CACHE") or os.path.join(base, "umbra")).absolute()
    path.mkdir(parents=True, exist_ok=True)
    return path


def build_dir():
    """The build output folder: O= of make, or build/ in the source tree."""
    path = pathlib.Path(os.environ.get("UMBRA_BUILD") or SOURCE / "build").absolute()
    path.mkdir(parents=True, exist_ok=True)
    return path


class ToolError(Exception):
    """A failure that a user can act on: shown as one message, without a traceback."""


def tool_main(name, function):
    """Run `function(argv)` as a program: ToolError becomes `name: message` and exit status 1."""
    try:
        sys.exit(function(sys.argv[1:]) or 0)
    except ToolError as error:
        print(f"{name}: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print(f"{name}: interrupted", file=sys.stderr)
        sys.exit(130)


def run(command, **options):
    """Run a program, return its stdout as text; a failure raises ToolError with the end of its output."""
    command = [str(word) for word in command]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
                              check=False, **options)
    except FileNotFoundError as error:
        raise ToolError(f"program '{command[0]}' is missing; run tools/setup") from error
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-20:])
        raise ToolError(f"'{' '.join(command)}' failed with status {done.returncode}:\n{tail}")
    return done.stdout


@contextlib.contextmanager
def lock(name):
    """Hold a lock file in the cache, so that two tools do not prepare the same thing at once."""
    with open(cache_dir() / f"{name}.lock", "w", encoding="utf-8") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def new_dir(final):
    """Yield a scratch folder that becomes `final` if the block ends well, and vanishes if it does not."""
    final = pathlib.Path(final)
    final.parent.mkdir(parents=True, exist_ok=True)
    scratch = pathlib.Path(tempfile.mkdtemp(prefix=final.name + ".", dir=final.parent))
    try:
        yield scratch
        scratch.chmod(0o755)
        if final.exists():
            shutil.rmtree(final)
        scratch.rename(final)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def write_if_changed(path, data):
    """Write bytes or text to `path` unless it holds them already; True if written. Keeps make from rebuilding."""
    path = pathlib.Path(path)
    data = data.encode() if isinstance(data, str) else data
    if path.exists() and path.read_bytes() == data:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(path.name + ".new")
    scratch.write_bytes(data)
    scratch.rename(path)
    return True
