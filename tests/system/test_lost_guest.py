# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest that loses itself for good, in many ways: the monitor answers, and `guest reset` starts the guest again."""

import re

import pytest

from board import MONITOR_KEY, umbra_arguments
from umbra_common import build_dir

WAYS = {
    "a": "an empty page table", "b": "a page table where nothing is", "c": "no access to any domain", "d": "vectors where nothing is",
    "e": "a jump into nothing", "f": "sleep with interrupts masked", "g": "an endless loop", "h": "all its memory overwritten",
    "i": "noise executed", "j": "page tables of noise", "k": "aborts without end",
}
LINGER = 2  # seconds of this computer's clock that the guest is left alone in its trouble


@pytest.fixture(scope="module")
def lost():
    return {"guest.bin": build_dir() / "guests/lost/lost.bin"}


@pytest.mark.parametrize("way", WAYS, ids=lambda way: WAYS[way].replace(" ", "-"))
def test_host_stays_up(boot, lost, way):
    board = boot(umbra_arguments(f"lost-{way}", "bare-metal", lost), exact=False)
    board.expect("READY", 60)
    board.send(way)
    board.expect(f"LOST {way}", 30)
    board.expect_not(r"BACK|panic|BUG", LINGER)
    board.open_monitor()
    assert re.search(r"guest", board.monitor_command("guest list"))
    stats = board.monitor_command("stats")
    assert re.search(r"^unrewritten\s+0\b", stats, re.M), stats
    board.sendline("guest reset")
    board.expect("READY", 60)
    board.send(MONITOR_KEY)
