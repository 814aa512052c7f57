# SPDX-License-Identifier: GPL-2.0-or-later
"""CPU paths: one goes on where another stopped, and the slowest of them boots Debian (nightly)."""

import random
import re
import time

import pytest

from board import MONITOR_KEY, built_paths, umbra_arguments

# A boot under interp takes 11 minutes; it costs 88 instructions for each that is interpreted (docs/cpu-paths.md).
INTERP_BOOT = 3600
INTERP_COST = 100


def healthy(board):
    assert "0 violations" in board.monitor("guest audit", timeout=300).splitlines()
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
    for command, what in (("guest path magic", "path"), ("guest shadow magic", "strategy")):
        answer = board.monitor(command)
        assert len(re.findall(r'^.*"magic" is not built in \(built: ', answer, re.M)) == 1 and f'{what} "magic"' in answer, answer
    assert f"path {paths[0]}" in board.monitor("guest path")
    for path in [*paths[1:], paths[0]]:
        assert f"path {path}" in board.monitor(f"guest path {path}", timeout=300)
        if path == "interp":  # slow: the nightly boot does more
            assert board.run("uname -s", timeout=300).strip() == "Linux"
        else:
            use(board)
        healthy(board)


# Processes, pipes, signals, floating point, faults. Every round has the same result; what differs is kept.
LOAD = r"""
work() { seq 1 40 | sed s/7/x/ | sha256sum; ls /proc/self/fd | wc -l; sh -c "kill -9 \$\$" 2>/dev/null; echo $?; }
work >/tmp/want; : >/tmp/bad; : >/tmp/rounds
while [ ! -e /tmp/stop ]; do work >/tmp/got; cmp -s /tmp/got /tmp/want || cat /tmp/got >>/tmp/bad
echo >>/tmp/rounds; done &
while [ ! -e /tmp/stop ]; do utest-arm >/tmp/u 2>&1; grep -q " 0 failed" /tmp/u || cat /tmp/u >>/tmp/bad; done; wait
: >/tmp/done
"""
LINGER = 0.04  # at most so many seconds of this computer's clock on one path


def change_path(board, path):
    """Into the monitor wherever the guest is, over to @path and back, in one go."""
    board.send(f"{MONITOR_KEY}guest path {path}\r{MONITOR_KEY}")
    board.expect(rf"path {path}\s.*\[guest\]", 60)


def change_paths(board, times):
    """A busy guest on another path every few thousand instructions; what it computes must not notice."""
    choose = random.Random(1)
    paths = [path for path in built_paths() for _ in range(1 if path == "interp" else 5)]  # slow, nothing gets on with it
    for line in LOAD.strip().splitlines():
        board.run(f"echo '{line}' >>/tmp/load")
    board.run("(sh /tmp/load >/dev/null 2>&1 &)")
    for turn in range(times):
        change_path(board, choose.choice(paths))
        time.sleep(choose.random() * LINGER)
        if turn % 100 == 99:
            assert "0 violations" in board.monitor("guest audit").splitlines(), f"after {turn + 1} changes"
    change_path(board, "inline")
    board.run("touch /tmp/stop; while [ ! -e /tmp/done ]; do sleep 1; done", timeout=600)
    assert int(board.run("wc -l </tmp/rounds")) >= 1, "the load came to no end of a round"
    bad = board.run("cat /tmp/bad")
    assert not bad.strip(), bad
    log = board.run("dmesg")
    assert not re.search(r"Oops|BUG:|Internal error|Unhandled", log), log[-3000:]
    healthy(board)


@pytest.mark.parametrize("times", [200, pytest.param(1000, marks=pytest.mark.nightly)])
def test_busy_guest_changes_paths(boot, times):
    board = boot(umbra_arguments("busy-paths", "linux", path="inline"))
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
