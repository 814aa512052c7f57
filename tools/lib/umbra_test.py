# SPDX-License-Identifier: GPL-2.0-or-later
"""Prepares everything and runs the test suites. Use it as tools/test."""

import os
import pathlib
import re
import subprocess
import sys
import time

import umbra_card
import umbra_debian
import umbra_guest
import umbra_machine
from umbra_common import SOURCE, Arguments, ToolError, UsageError, build_dir, building, make, slowness, speaker, tool_main

PYTHON = "/usr/bin/python3"
PYTEST_USAGE_ERROR = 4
EPILOG = """suites (default: all, in this order):
  checks   source checks (tools/check_*)
  host     unit tests on this computer, with sanitizers (tests/host)
  fuzz     a minute of libFuzzer on what reads bytes from outside (tests/fuzz)
  machine  the machine's devices by themselves (tests/machine)
  system   Umbra, bare-metal guests and Linux on the machine (tests/system)
  matrix   some configurations, built and booted (tools/matrix --tag quick)
  bench    the measurement, and its figures against the baseline (tests/bench)
words from the first one with a dash or slash on go to pytest, for example: tools/test system -k card
(without a suite: to machine, system and bench)"""
PYTEST_SUITES = ("machine", "system", "bench")
say = speaker("test")


class Result:
    """What one suite had to say."""

    def __init__(self, passed, failed):
        self.passed, self.failed = passed, failed

def run_checks(_arguments):
    """Each tools/check_* is one test; it says itself what is wrong."""
    result = Result(0, 0)
    for check in sorted((SOURCE / "tools").glob("check_*")):
        if not os.access(check, os.X_OK):
            continue
        done = subprocess.run([check], cwd=SOURCE, check=False)
        print(f"{'FAIL' if done.returncode else 'PASS'} {check.name}", flush=True)
        if done.returncode:
            result.failed += 1
        else:
            result.passed += 1
    return result


def run_makefile(name):
    """The Makefile of tests/NAME counts and ends in `NAME: N passed, N failed`."""
    last = None
    with building(build_dir()) as environment:
        done = subprocess.Popen(["make", "--no-print-directory", "-k", f"-j{jobs()}", "-C", SOURCE / "tests" / name,
                                 f"O={build_dir()}"], env=environment, stdout=subprocess.PIPE, text=True, errors="replace")
        for line in done.stdout:
            print(line, end="", flush=True)
            last = re.match(rf"{name}: (\d+) passed, (\d+) failed", line) or last
        status = done.wait()
    if last is None:
        print(f"FAIL tests/{name} could not be built or did not end")
        return Result(0, 1)
    failed = int(last.group(2))
    return Result(int(last.group(1)), failed if failed or not status else 1)


def run_matrix(_arguments):
    """The quick rows of the configuration matrix; its last line counts."""
    done = subprocess.Popen([SOURCE / "tools/matrix", "--tag", "quick", f"-j{jobs()}"], stdout=subprocess.PIPE, text=True, errors="replace")
    last = None
    for line in done.stdout:
        print(line, end="", flush=True)
        last = re.match(r"(\d+) passed, (\d+) failed", line) or last
    done.wait()
    return Result(int(last.group(1)), int(last.group(2))) if last else Result(0, 1)


def run_pytest(folder, arguments):
    """pytest over one folder; a plug-in (umbra_pytest) leaves the figures in a file."""
    figures = build_dir() / f"test-{folder.name}.count"
    figures.unlink(missing_ok=True)
    library = SOURCE / "tools/lib"
    environment = dict(os.environ, UMBRA_TEST_COUNT=str(figures), PYTHONDONTWRITEBYTECODE="1",
                       PYTHONPATH=os.pathsep.join(filter(None, [str(library), os.environ.get("PYTHONPATH")])))
    # A machine keeps one core busy, but for waits of tests and guests by the clock: one worker more has the core meanwhile, and each may take
    # longer for that. Tests of one file may share a machine, so they stay together; those of the measurement are in groups.
    workers = jobs() + 1
    environment["UMBRA_TEST_SLOW"] = str(slowness() * workers / jobs())
    spread = {"system": ["-n", str(workers), "--dist", "loadfile"], "bench": ["-n", str(jobs()), "--dist", "loadgroup"]}.get(folder.name, [])
    done = subprocess.run([PYTHON, "-m", "pytest", *spread, "-p", "umbra_pytest", "-p", "no:cacheprovider", "--rootdir", folder,
                           "--durations=25", "--tb=short", "-v", "--no-header", folder, *arguments],
                          cwd=SOURCE, env=environment, check=False)
    if not figures.exists():
        print(f"FAIL {folder.name}: pytest did not come to an end (status {done.returncode})")
        return Result(0, 1)
    passed, failed = (int(word) for word in figures.read_text(encoding="utf-8").split())
    # Status 1: tests failed. 0: fine. 5: nothing was selected. All else is an error of its own.
    return Result(passed, failed if done.returncode in (0, 1, 5) else max(failed, 1))


SUITES = {
    "checks": run_checks,
    "host": lambda _arguments: run_makefile("host"),
    "fuzz": lambda _arguments: run_makefile("fuzz"),
    "machine": lambda arguments: run_pytest(SOURCE / "tests/machine", arguments),
    "system": lambda arguments: run_pytest(SOURCE / "tests/system", arguments),
    "matrix": run_matrix,
    "bench": lambda arguments: run_pytest(SOURCE / "tests/bench", arguments),
}


def jobs():
    return os.cpu_count() or 1


def prepare(suites):
    """Build what the chosen suites need; a failure here is a failure of the run."""
    if not set(PYTEST_SUITES) & set(suites):
        return
    umbra_debian.fetch_all()
    say("building the machine (minutes the first time, nothing to do later)")
    umbra_machine.build_machine()
    if {"system", "bench"} & set(suites):
        say("building Umbra, guests and the SD card")
        if make("all", "guests").returncode:
            raise ToolError("make all guests failed (see above)")
        umbra_guest.build_guest()
        umbra_card.build_card("linux")


def check_pytest_words(words):
    """What pytest does not understand is said now, not after everything was built."""
    done = subprocess.run([PYTHON, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", SOURCE / "tests", "--collect-only", "-q",
                           "-c", "/dev/null", "/dev/null", *words], cwd=SOURCE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1"), check=False)
    if done.returncode == PYTEST_USAGE_ERROR:
        lines = [line.strip() for line in done.stdout.splitlines() if "error:" in line.lower() and "usage:" not in line]
        raise UsageError(f"pytest does not understand `{' '.join(words)}`: {lines[-1] if lines else done.stdout.strip()}")


def parse(arguments):
    """(suites, words for pytest)"""
    parser = Arguments("test", __doc__, epilog=EPILOG)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help="suites to run")
    first = next((i for i, word in enumerate(arguments) if (word[:1] == "-" or "/" in word) and word not in ("-h", "--help")), len(arguments))
    suites, rest = parser.parse_args(arguments[:first]).suites, arguments[first:]
    for name in suites:
        if name not in SUITES:
            raise UsageError(f"no suite '{name}'; there are: {' '.join(SUITES)} (words for pytest come last, from one with a dash or slash on)")
    if suites and rest and not set(PYTEST_SUITES) & set(suites):
        raise UsageError(f"`{' '.join(rest)}` is for pytest, but no suite of pytest is named ({', '.join(PYTEST_SUITES)})")
    if rest:
        check_pytest_words(rest)
    return suites or (list(PYTEST_SUITES) if rest else list(SUITES)), rest


def main(arguments):
    suites, rest = parse(arguments)
    build_dir()
    slowness()
    start = time.monotonic()
    total = Result(0, 0)
    try:
        prepare(suites)
    except ToolError as error:
        print(f"test: {error}", file=sys.stderr)
        total.failed += 1
        suites = [suite for suite in suites if suite in ("checks", "host", "fuzz")]
    for name in suites:
        say(f"suite {name}")
        begin = time.monotonic()
        result = SUITES[name](rest)
        say(f"suite {name}: {result.passed} passed, {result.failed} failed, {time.monotonic() - begin:.0f} s")
        total.passed += result.passed
        total.failed += result.failed
    say(f"{time.monotonic() - start:.0f} s; logs of the boards are in {build_dir() / 'test-logs'}")
    print(f"{total.passed} passed, {total.failed} failed", flush=True)
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
    tool_main("test", main)
