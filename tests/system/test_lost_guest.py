# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest that loses itself for good, in many ways: the monitor answers, and `guest reset` starts the guest again."""

import re

import pytest

from board import MONITOR_KEY, built_paths, umbra_arguments
from umbra_common import build_dir

WAYS = {
    "a": "an empty page table", "b": "a page table where nothing is", "c": "no access to any domain", "d": "vectors where nothing is",
    "e": "a jump into nothing", "f": "sleep with interrupts masked", "g": "an endless loop", "h": "all its memory overwritten",
    "i": "noise executed", "j": "page tables of noise", "k": "aborts without end",
}
# What path inline keeps where the guest's kernel can reach it.
STUB_WAYS = {
    "l": "state of stubs overwritten", "m": "state of stubs overwritten in a storm", "n": "jumps into the middle of stubs",
    "o": "addresses of stubs taken and overwritten",
}
# A word that does not answer, of the blocks that the machine has stand-ins for: the guest's BLOCK_HOLE.
HOLE = ["-global", "omap3-stub.hole=0x40"]
LINGER = 2  # seconds of this computer's clock that the guest is left alone in its trouble


@pytest.fixture(scope="module")
def lost():
    return {"guest.bin": build_dir() / "guests/lost/lost.bin"}


def lose(boot, lost, way, path=None, machine=()):
    board = boot([*umbra_arguments(f"lost-{way}-{path}", "bare-metal", lost, path), *machine], exact=False)
    board.expect("READY", 60)
    board.send(way)
    board.expect(f"LOST {way}", 30)
    return board


def stays_up(board):
    board.expect_not(r"BACK|panic|BUG", LINGER)
    board.open_monitor()
    assert re.search(r"guest", board.monitor_command("guest list"))
    stats = board.monitor_command("stats")
    assert re.search(r"^unrewritten\s+0\b", stats, re.M), stats
    assert "0 violations" in board.monitor_command("guest audit").splitlines()
    board.sendline("guest reset")
    board.expect("READY", 60)
    board.send(MONITOR_KEY)


def name(way):
    return (WAYS | STUB_WAYS)[way].replace(" ", "-")


@pytest.mark.parametrize("way", WAYS, ids=name)
def test_host_stays_up(boot, lost, way):
    stays_up(lose(boot, lost, way))


@pytest.mark.parametrize("path", [path for path in built_paths() if path == "inline"])
@pytest.mark.parametrize("way", ["h", "i", "j", *STUB_WAYS], ids=name)
def test_host_stays_up_with_stubs(boot, lost, way, path):
    board = lose(boot, lost, way, path)
    if way in STUB_WAYS:
        board.expect("FOUND something", 60)
    stays_up(board)


@pytest.mark.parametrize("path", built_paths())
def test_frame_that_does_not_answer(boot, lost, path):
    """A kernel goes to User mode by a frame that answers at its ends and not between: each time it gets an external abort, if it may."""
    board = lose(boot, lost, "p", path, HOLE)
    assert board.expect(r"ABORTS (\d+) (\d+)\r", 60).groups() == ("64", "64")
    board.expect("SURVIVED", 60)
    stays_up(board)


@pytest.mark.parametrize("path", built_paths())
def test_call_into_a_frame_that_does_not_answer(boot, lost, path):
    """The same of a system call that stores its frame there."""
    board = lose(boot, lost, "q", path, HOLE)
    assert board.expect(r"ABORTS (\d+)\r", 60).group(1) == "64"
    board.expect("SURVIVED", 60)
    stays_up(board)
