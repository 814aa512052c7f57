# SPDX-License-Identifier: GPL-2.0-or-later
"""What the Python tools share: where things are, messages, running programs, files that appear whole or not at all."""

import argparse
import contextlib
import errno
import fcntl
import os
import pathlib
import re
import select
import shutil
import subprocess
import sys
import tempfile
import traceback

SOURCE = pathlib.Path(__file__).resolve().parents[2]
# The file that says of a folder: the build made it and may replace or remove it with all that is in it.
MARK = ".umbra-build"
LOCK = ".make.lock"  # held by the one make that works in a build folder
# First parts of paths in the source tree below which nothing is built.
SOURCE_FOLDERS = (".ci", ".git", ".reuse", "LICENSES", "arch", "configs", "core", "docs", "drivers", "emulators", "tests", "tools")
# What `make clean` removes of a build folder: no place for another one.
CLEANED = ("arch", "core", "drivers", "emulators", "guest", "guests", "host", "include", "layouts", "libfdt")
# Neither make nor a linker's option can quote these in a file's name.
UNUSABLE = re.compile(r"[\s:;#$%=*?\[\]'\"\\|&<>()`,]")


class ToolError(Exception):
    """A failure that a user can act on: shown as one message, without a traceback."""
    status = 1


class UsageError(ToolError):
    """Words on the command line that mean nothing."""
    status = 2


def cache_dir():
    """The folder for downloads and builds that outlive `make clean` (UMBRA_CACHE overrides it)."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    path = pathlib.Path(os.environ.get("UMBRA_CACHE") or os.path.join(base, "umbra")).absolute()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ToolError(f"the cache {path} cannot be made: {error.strerror}; UMBRA_CACHE=FOLDER takes another") from error
    return path


def slowness():
    """By how much UMBRA_TEST_SLOW stretches every time-out of a board."""
    text = os.environ.get("UMBRA_TEST_SLOW") or "1"
    if not re.fullmatch(r"\d+(\.\d+)?", text) or not float(text):
        raise ToolError(f"UMBRA_TEST_SLOW={text} is no factor: 3, for example, makes every time-out three times as long")
    return float(text)


class Arguments(argparse.ArgumentParser):
    """The words of tools/NAME. Help keeps the lines in which it was written; a mistake is one message, as all others of the tools."""

    def __init__(self, name=None, description=None, **options):
        options.setdefault("prog", f"tools/{name}")
        super().__init__(description=description, formatter_class=argparse.RawDescriptionHelpFormatter, **options)

    def error(self, message):
        raise UsageError(f"{message}; see {self.prog} --help")

    def parse_args(self, args=None, namespace=None):
        """An empty word, of a shell's variable that is not set say, is none of the names that a tool wants, and not what holds without it."""
        options = super().parse_args(args, namespace)
        for name, value in vars(options).items():
            if value == "" or (isinstance(value, list) and "" in value):
                self.error(f"{name.replace('_', '-')}: an empty word")
        return options

    def given(self, options, name):
        """Did the command line say the option? One that says what holds anyway did not."""
        return getattr(options, name.replace("-", "_")) != self.get_default(name.replace("-", "_"))

    def check_together(self, options, name, others=(), needs=()):
        """If --NAME is given: refuse `others`, which would say nothing beside it, and the want of all of `needs`, without which it says nothing."""
        if not self.given(options, name):
            return
        for other in others:
            if self.given(options, other):
                self.error(f"--{other} says nothing beside --{name}")
        if needs and not any(self.given(options, need) for need in needs):
            self.error(f"--{name} says nothing without {' or '.join(f'--{need}' for need in needs)}")


# --- Folders: only what the build made is replaced or removed ---

def mark(folder):
    (pathlib.Path(folder) / MARK).write_text("Made by Umbra's build, which may replace or remove all of it.\n", encoding="utf-8")


def check_ours(folder):
    """Refuse a folder that holds something and was not made here."""
    folder = pathlib.Path(folder)
    if not os.path.lexists(folder) or (folder / MARK).is_file():
        return
    if not folder.is_dir():
        raise ToolError(f"{folder} is there and is no folder")
    if any(folder.iterdir()):
        raise ToolError(f"{folder} is left alone: it holds files and no {MARK}, so Umbra's build did not make it. "
                        "Name a new or empty folder, or remove this one yourself")


def check_place(folder):
    """Refuse a place that cannot be a build folder, whatever is there."""
    for path in (SOURCE, folder):
        if UNUSABLE.search(str(path)):
            raise ToolError(f"make cannot build in a folder with blanks or special characters in its path: {path}")
    real, source = folder.resolve(), SOURCE.resolve()
    if real == source or real in source.parents:
        raise ToolError(f"{folder} is the source tree or holds it: the build needs a folder of its own")
    if source in real.parents and real.relative_to(source).parts[0] in SOURCE_FOLDERS:
        raise ToolError(f"{folder} is a part of the source tree: the build needs a folder of its own")
    for outer in real.parents:
        if (outer / MARK).is_file() and real.relative_to(outer).parts[0] in CLEANED:
            raise ToolError(f"{folder} is a part of the build folder {outer}, which `make clean` there removes: the build needs a folder of its own")


def check_build(folder):
    """Refuse what is neither a build folder nor can become one; changes nothing."""
    folder = pathlib.Path(folder).absolute()
    check_place(folder)
    check_ours(folder)
    return folder


def claim_build(folder):
    """The build folder, made and marked if it is not yet."""
    folder = check_build(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / MARK).is_file():
            mark(folder)
    except OSError as error:
        raise ToolError(f"{folder} cannot be made: {error.strerror}; UMBRA_BUILD=FOLDER, or O=FOLDER with make, builds elsewhere") from error
    return folder


def remove_build(folder):
    """Remove a build folder; where a link leads to it, only all that is in it."""
    folder = check_build(folder)
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir(), key=lambda path: path.name == MARK):  # the mark goes last
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    if not folder.is_symlink():
        folder.rmdir()


def build_dir():
    """The build output folder: O= of make, or build/ in the source tree."""
    return claim_build(os.environ.get("UMBRA_BUILD") or SOURCE / "build")


def tool_main(name, function):
    """
    Run `function(argv)` as a program. Exit status 0: fine; 1: it could not be done, or found a fault; 2: words that mean nothing;
    130: interrupted. What a user can cause is one message, `name: message`.
    """
    try:
        status = function(sys.argv[1:]) or 0
        sys.stdout.flush()
    except ToolError as error:
        print(f"{name}: {error}", file=sys.stderr)
        status = error.status
    except KeyboardInterrupt:
        print(f"{name}: interrupted", file=sys.stderr)
        status = 130
    except OSError as error:
        status = 1
        if missing_program(error):
            print(f"{name}: program '{error.filename}' is missing; run tools/setup", file=sys.stderr)
        elif not reader_left(error):
            where = error.filename or (full_folders() if error.errno == errno.ENOSPC else None)
            print(f"{name}: {': '.join(str(word) for word in (where, error.strerror or error) if word)}", file=sys.stderr)
    sys.exit(status)


def full_folders():
    """Which of the folders that tools write to have no room: a write that finds none does not say where."""
    folders = {os.environ.get("UMBRA_BUILD") or str(SOURCE / "build"), str(cache_dir()), tempfile.gettempdir()}
    return " and ".join(sorted(folder for folder in folders if os.path.isdir(folder) and shutil.disk_usage(folder).free < 1 << 20))


def missing_program(error):
    """Is it a program that was to be started, and not a file, which is not there?"""
    frames = traceback.extract_tb(error.__traceback__)
    return isinstance(error, FileNotFoundError) and frames and frames[-1].filename == subprocess.__file__ and "/" not in str(error.filename)


def reader_left(error):
    """What printed to `| head` when that had enough is no failure to tell of; Python would, at its end."""
    if not isinstance(error, BrokenPipeError):
        return False
    output = select.poll()
    output.register(sys.stdout.fileno(), 0)
    if not output.poll(0):
        return False
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return True


def speaker(name):
    """A function that says what a tool is doing."""
    def say(text):
        print(f"{name}: {text}", flush=True)
    return say


def run(command, **options):
    """Run a program, return its stdout as text; a failure raises ToolError with the end of its output."""
    command = [str(word) for word in command]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
                              check=False, **options)
    except FileNotFoundError as error:
        raise ToolError(f"program '{command[0]}' is missing; run tools/setup") from error
    if done.returncode and os.strerror(errno.ENOSPC) in done.stderr:
        raise ToolError(f"the disk is full ('{command[0]}' found no space left): {full_folders() or 'see df'}")
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-20:])
        raise ToolError(f"'{' '.join(command)}' failed with status {done.returncode}:\n{tail}")
    return done.stdout


@contextlib.contextmanager
def lock_file(path):
    """Hold a lock file, so that two tools do not prepare the same thing at once."""
    with open(path, "a", encoding="utf-8") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def lock(name):
    """A lock on something in the cache."""
    return lock_file(cache_dir() / f"{name}.lock")


@contextlib.contextmanager
def building(folder):
    """
    Hold a build folder while make works in it, and yield make's environment. Two makes at once would read what the other has half
    written. UMBRA_BUILDING tells the tools that such a make runs, and through them its makes, that they need not wait for themselves.
    """
    with contextlib.ExitStack() as held:
        if os.environ.get("UMBRA_BUILDING") != str(folder):
            held.enter_context(lock_file(folder / LOCK))
        yield dict(os.environ, UMBRA_BUILDING=str(folder))


def make(*goals, where=SOURCE, **options):
    """Make goals in the build folder, alone; the finished process (see subprocess.run)."""
    folder = build_dir()
    with building(folder) as environment:
        return subprocess.run(["make", "--no-print-directory", f"-j{os.cpu_count() or 1}", "-C", where, f"O={folder}", *goals],
                              env=environment, check=False, **options)


@contextlib.contextmanager
def new_dir(final):
    """Yield a scratch folder that becomes `final` if the block ends well, and vanishes if it does not."""
    final = pathlib.Path(final).resolve()
    check_ours(final)
    final.parent.mkdir(parents=True, exist_ok=True)
    scratch = pathlib.Path(tempfile.mkdtemp(prefix=final.name + ".", dir=final.parent))
    try:
        yield scratch
        scratch.chmod(0o755)
        mark(scratch)
        if final.exists():
            shutil.rmtree(final)
        scratch.rename(final)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


@contextlib.contextmanager
def new_file(final):
    """Yield a scratch file's path that becomes `final` if the block ends well; its name is no other program's."""
    final = pathlib.Path(final)
    if os.path.lexists(final) and not final.is_file():
        raise ToolError(f"{final} is no regular file and is left alone")
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=final.name + ".", dir=final.parent)
    except OSError as error:
        raise ToolError(f"{final} cannot be written: {error.strerror}") from error
    os.close(handle)
    scratch = pathlib.Path(name)
    try:
        yield scratch
        scratch.chmod(0o644)
        scratch.rename(final)
    finally:
        scratch.unlink(missing_ok=True)


def write_if_changed(path, data):
    """Write bytes or text to `path` unless it holds them already; True if written. Keeps make from rebuilding."""
    path = pathlib.Path(path)
    data = data.encode() if isinstance(data, str) else data
    if path.exists() and path.read_bytes() == data:
        return False
    with new_file(path) as scratch:
        scratch.write_bytes(data)
    return True
