# SPDX-License-Identifier: GPL-2.0-or-later
"""Shadow strategies: guests that are about their MMU under each of them, with the audit of what each promises; Debian on each, and changing."""

import os
import random
import re
import struct
import subprocess
import time

import pytest

import umbra_difftest_run as difftest_run
from board import MONITOR_KEY, Board, built_paths, built_strategies, umbra_arguments
from guest_report import console_until_summary, parse
from test_guests import results
from test_paths import LINGER, LOAD, healthy, use
from umbra_common import SOURCE, build_dir

# The layout's default strategy is what all other tests run on.
OTHERS = built_strategies()[1:]
MMU_GUESTS = ("again", "domains", "fuzz_mmu", "mem", "mmu_perm", "oldkernel", "tables", "tlb")


@pytest.mark.parametrize("guest", MMU_GUESTS)
@pytest.mark.parametrize("strategy", OTHERS)
def test_guest(boot, native_reports, strategy, guest):
    folder = build_dir() / "guests"
    native = native_reports.results(guest)
    board = boot(umbra_arguments(f"guest-{guest}-{strategy}", "bare-metal", {"guest.bin": folder / f"{guest}.bin"}, strategy=strategy))
    virtual = results(board)
    assert virtual == native and virtual[2] == 0
    assert f"shadow {strategy}" in board.monitor("guest shadow")
    assert "0 violations" in board.monitor("guest audit").splitlines()


@pytest.mark.parametrize("strategy", built_strategies())
def test_invalidating_everything_is_cheap(boot, strategy):
    """800 switches of spaces by a guest without ASIDs, sixteen pages touched after each: what holds is not filled again."""
    board = boot(umbra_arguments(f"noasid-{strategy}", "bare-metal", {"guest.bin": build_dir() / "guests/noasid.bin"}, strategy=strategy))
    results(board)
    stats = board.monitor("stats")
    print(stats, board.monitor("guest dump"), sep="\n")
    assert int(re.search(r"^SHADOW_FILL +(\d+)", stats, re.M).group(1)) < 800, stats
    assert "0 violations" in board.monitor("guest audit").splitlines()


def change_strategy(board, strategy):
    """Into the monitor wherever the guest is, over to @strategy and back, in one go."""
    board.send(f"{MONITOR_KEY}guest shadow {strategy}\r{MONITOR_KEY}")
    board.expect(rf"shadow {strategy}\s.*\[guest\]", 60)


@pytest.mark.parametrize("times", [100, pytest.param(1000, marks=pytest.mark.nightly)])
def test_busy_guest_changes_strategies(boot, times):
    choose = random.Random(1)
    board = boot(umbra_arguments("busy-strategies", "linux", path="inline"))
    board.wait_for_shell(timeout=240)
    for line in LOAD.strip().splitlines():
        board.run(f"echo '{line}' >>/tmp/load")
    board.run("(sh /tmp/load >/dev/null 2>&1 &)")
    for turn in range(times):
        change_strategy(board, choose.choice(built_strategies()))
        time.sleep(choose.random() * 10 * LINGER)
        if turn % 20 == 19:
            assert "0 violations" in board.monitor("guest audit").splitlines(), f"after {turn + 1} changes"
    change_strategy(board, built_strategies()[0])
    board.run("touch /tmp/stop; while [ ! -e /tmp/done ]; do sleep 1; done", timeout=600)
    assert int(board.run("wc -l </tmp/rounds")) >= 1, "the load came to no end of a round"
    bad = board.run("cat /tmp/bad")
    assert not bad.strip(), bad
    log = board.run("dmesg")
    assert not re.search(r"Oops|BUG:|Internal error|Unhandled", log), log[-3000:]
    healthy(board)


@pytest.mark.nightly
@pytest.mark.parametrize("strategy", OTHERS)
def test_debian_boots(boot, strategy):
    board = boot(umbra_arguments(f"linux-{strategy}", "linux", path="inline", strategy=strategy))
    board.wait_for_shell(timeout=240)
    use(board)
    healthy(board)


FUZZ_MAGIC = b"FuzzMMuu"
FUZZ_LINES = 2500  # of 400 steps
FUZZ_TIMEOUT = 3600


@pytest.fixture(scope="module")
def random_mappings(tmp_path_factory):
    """tests/guests/fuzz_mmu.c with a seed of the day and a million steps, and what it says natively."""
    folder = tmp_path_factory.mktemp("fuzz")
    seed = int(time.strftime("%y%m%d"))
    image = (build_dir() / "guests/fuzz_mmu.bin").read_bytes()
    assert image.count(FUZZ_MAGIC) == 1
    at = image.index(FUZZ_MAGIC) + len(FUZZ_MAGIC)
    (folder / "guest.bin").write_bytes(image[:at] + struct.pack("<2I", seed, FUZZ_LINES) + image[at + 8:])
    arguments = difftest_run.Side().arguments(folder / "guest.bin", folder)
    with Board(f"native-random-mappings-{seed}", arguments) as board:
        native = parse(console_until_summary(board, FUZZ_TIMEOUT))
    assert native[1] == FUZZ_LINES and native[2] == 0
    return folder / "guest.bin", native


@pytest.mark.nightly
@pytest.mark.parametrize("path", [path for path in built_paths() if path != "interp"])
@pytest.mark.parametrize("strategy", built_strategies())
def test_random_mappings(boot, random_mappings, strategy, path):
    """A million random changes of tables, domains and spaces, and accesses, with the maintenance they need: as natively on each strategy and path."""
    image, native = random_mappings
    board = boot(umbra_arguments(f"random-mappings-{strategy}-{path}", "bare-metal", {"guest.bin": image}, path, strategy=strategy))
    virtual = parse(console_until_summary(board, FUZZ_TIMEOUT))
    different = [pair for pair in zip(native[0], virtual[0]) if pair[0] != pair[1]]
    assert virtual[1:] == native[1:] and not different, different[:1]
    assert "0 violations" in board.monitor("guest audit").splitlines()


@pytest.mark.nightly
def test_random_worlds(tmp_path):
    """2 x 10^7 steps of random guests in the model of tests/host/t_shadow.c, others each day. One that fails says what it takes, and how to see it again."""
    worlds = time.strftime("%y%m%d00 250")
    subprocess.run(["make", "-s", "-C", str(SOURCE / "tests/host"), "all", "TESTS=t_shadow", f"O={build_dir()}"], check=True)
    done = subprocess.run([str(build_dir() / "host/t_shadow")], cwd=SOURCE, env={**os.environ, "SHADOW_WORLDS": worlds, "ASAN_OPTIONS": "detect_leaks=0"},
                          capture_output=True, text=True, check=False)
    print(f'SHADOW_WORLDS="{worlds}"', done.stdout, done.stderr, sep="\n")
    assert done.returncode == 0 and "[  PASSED  ] 2 test(s)" in done.stdout + done.stderr
