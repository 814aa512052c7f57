# SPDX-License-Identifier: GPL-2.0-or-later
"""What Umbra keeps of a guest comes back: over resets and over processes that begin and end, counted in the monitor and audited."""

import re

import pytest

from board import built_strategies, umbra_arguments
from test_guests import results
from umbra_common import build_dir

pytestmark = pytest.mark.nightly

RESETS, FORKS = 100, 1000
FORK = "i=0; while [ $i -lt {} ]; do /bin/busybox true; i=$((i + 1)); done"


def in_use(board):
    """Roots, nodes, tables and copies of code that the guest has, and what is allocated of Umbra's memory."""
    dump, mem = board.monitor("guest dump"), board.monitor("mem")
    assert "0 violations" in board.monitor("guest audit", timeout=120).splitlines()
    return {"roots": int(re.search(r"(\d+) roots", dump).group(1)), "nodes": int(re.search(r"(\d+) nodes", dump).group(1)),
            "tables": int(re.search(r"(\d+) tables, window", dump).group(1)), "copies": int(re.search(r"(\d+) of \d+ copies", dump).group(1)),
            "allocated": int(re.search(r"allocated (\d+) KiB", mem).group(1))}


@pytest.mark.parametrize("strategy", built_strategies())
def test_resets(boot, strategy):
    board = boot(umbra_arguments(f"leaks-{strategy}", "bare-metal", {"guest.bin": build_dir() / "guests/fuzz_mmu.bin"}, strategy=strategy))
    first, before = results(board), in_use(board)
    for _ in range(RESETS):
        board.open_monitor()
        board.sendline("guest reset")
        assert results(board) == first
    assert in_use(board) == before


@pytest.mark.parametrize("path", ["trap", "inline"])
@pytest.mark.parametrize("strategy", built_strategies())
def test_processes(boot, strategy, path):
    """The guest's kernel uses its memory differently each time, so the counts are alike, not equal; what is lost the audit finds."""
    board = boot(umbra_arguments(f"forks-{strategy}-{path}", "linux", path=path, strategy=strategy))
    board.wait_for_shell(timeout=600)
    board.run(FORK.format(100), timeout=600)
    before = in_use(board)
    board.run(FORK.format(FORKS), timeout=1800)
    after = in_use(board)
    assert after["allocated"] == before["allocated"]
    for what in ("roots", "nodes", "tables", "copies"):
        assert after[what] <= before[what] * 1.1 + 16, f"{what}: {before} -> {after}"
