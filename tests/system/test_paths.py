# SPDX-License-Identifier: GPL-2.0-or-later
"""CPU paths: one goes on where another stopped, and the slowest of them boots Debian (nightly)."""

import hashlib
import re

import pytest

from board import MONITOR_KEY, built_paths, umbra_arguments

# What interp takes is the boot's instructions times its cost of each: see docs/cpu-paths.md.
INTERP_BOOT = 4 * 3600
INTERP_COST = 120
NATIVE_PATHS = ("inline", "trap")


def healthy(board):
    assert "0 violations" in board.monitor("guest audit", timeout=300)
    assert re.search(r"^unrewritten\s+0\b", board.monitor("stats", timeout=300), re.M)


def use(board):
    """A little of everything: processes, pipes, files, floating point, memory."""
    assert board.run("uname -s", timeout=300).strip() == "Linux"
    assert board.run("seq 100 | wc -l", timeout=300).strip() == "100"
    assert board.run("awk 'BEGIN { printf \"%.6f\\n\", 1 / 3 }'", timeout=300).strip() == "0.333333"
    board.run("dd if=/dev/urandom of=/tmp/x bs=4k count=2 2>/dev/null && cp /tmp/x /tmp/y && cmp /tmp/x /tmp/y && rm /tmp/x /tmp/y",
              timeout=300)


def test_paths_take_over_from_each_other(boot):
    """At any exit, to and fro: the vCPU's state is the same for all."""
    paths = built_paths()
    board = boot(umbra_arguments("paths", "linux", path=paths[0]))
    board.wait_for_shell(timeout=240)
    for path in [*paths[1:], paths[0]]:
        assert f"path {path}" in board.monitor(f"guest path {path}", timeout=300)
        if path == "interp":  # slow: the nightly boot does more
            assert board.run("uname -s", timeout=300).strip() == "Linux"
        else:
            use(board)
        healthy(board)


def change_paths(board, times):
    """A busy guest on another path every few thousand instructions; what it computes must not notice."""
    numbers = 3000
    board.run(f"(i=0; while [ $i -lt {numbers} ]; do echo $i; i=$((i+1)); done | md5sum >/tmp/sum) & true")
    board.open_monitor()
    for turn in range(times):
        path = NATIVE_PATHS[turn % 2]
        assert f"path {path}" in board.monitor_command(f"guest path {path}", timeout=60)
    assert "0 violations" in board.monitor_command("guest audit", timeout=60)
    board.send(MONITOR_KEY)
    board.expect(r"\[guest\]")
    expected = hashlib.md5("".join(f"{i}\n" for i in range(numbers)).encode()).hexdigest()
    assert board.run("wait; cut -c1-32 /tmp/sum", timeout=600).strip() == expected
    healthy(board)


@pytest.mark.parametrize("times", [40, pytest.param(1000, marks=pytest.mark.nightly)])
def test_busy_guest_changes_paths(boot, times):
    board = boot(umbra_arguments("busy-paths", "linux", path="trap"))
    board.wait_for_shell(timeout=240)
    change_paths(board, times)


@pytest.mark.nightly
def test_debian_boots_under_interp(boot):
    board = boot(umbra_arguments("interp-linux", "linux", path="interp"))
    board.wait_for_shell(timeout=INTERP_BOOT)
    use(board)
    stats = board.monitor("stats", timeout=300)
    events, _, exits, instructions = map(int, re.search(r"^INTERP +(\d+) +(\d+) +(\d+) +(\d+)", stats, re.M).groups())
    print(f"interp: {events} guest instructions, {instructions / events:.1f} instructions each, {exits} stretches")
    assert instructions / events < INTERP_COST
    healthy(board)
