# SPDX-License-Identifier: GPL-2.0-or-later
"""What the bare-metal guests of tests/guests say of themselves: lines of PASS, FAIL, SKIP and HASH, then a summary."""

import re

from board import Board
from umbra_common import build_dir, lock_file, new_file

TIMEOUT = 180  # stubs_irq.c is 7 x 10^9 instructions on `inline`
NATIVE_TIMEOUT = 300
SUMMARY = r"SUMMARY: (\d+) tests, (\d+) failed"
# INFO lines say what differs between worlds by right.
LINE = re.compile(r"^(PASS|FAIL|SKIP|HASH) .*$", re.M)


def console_until_summary(board, timeout=TIMEOUT):
    """Everything that the guest has said, its summary included."""
    summary = board.expect(SUMMARY, timeout)
    return board.child.before.replace("\r", "") + summary.group(0)


def parse(console):
    """(lines of the report, number of tests, how many of them failed)"""
    summary = re.search(SUMMARY, console)
    return [match.group(0) for match in LINE.finditer(console)], int(summary.group(1)), int(summary.group(2))


class NativeReports:
    """What guests say without Umbra. Each runs once for all tests of all workers, which share `folder`: it is the same whoever asks."""

    def __init__(self, folder):
        self.folder = folder

    def console(self, guest):
        path = self.folder / f"{guest}.report"
        with lock_file(self.folder / f"{guest}.lock"):
            if not path.exists():
                with Board(f"native-{guest}", ["-kernel", build_dir() / f"guests/{guest}.uimg"]) as board, new_file(path) as scratch:
                    scratch.write_text(console_until_summary(board, NATIVE_TIMEOUT), encoding="latin1")
        return path.read_text(encoding="latin1")

    def results(self, guest):
        return parse(self.console(guest))
