# SPDX-License-Identifier: GPL-2.0-or-later
"""Every encoding of p14 and p15 (tests/guests/registers.c), natively and under Umbra: what differs stands in DIFFERENCES, with the reason."""

import re

import pytest

from board import built_paths, umbra_arguments
from guest_report import console_until_summary, parse
from test_guests import check_health
from umbra_common import build_dir

TIMEOUT = 300
LINE = re.compile(r"^REGISTER (p\d+, \d+, c\d+, c\d+, \d): (.*)$", re.M)
RW = "read yes, write yes, user read und, user write und"
R = "read yes, write und, user read und, user write und"
W = "read und, write yes, user read und, user write und"
NOTHING = "Undefined"

# Encodings as a regular expression, what they do natively and under Umbra (the value, if it follows, as well), and why.
DIFFERENCES = [
    (r"p14, 0, c0, c[0-7], [24567]|p14, 0, c0, c7, 0|p14, 0, c1, c3, 4", RW, NOTHING, "no hardware debug for guests: cp14_regs.c"),
    (r"p14, 0, c0, c2, 0", RW, NOTHING, "no hardware debug for guests: cp14_regs.c"),
    (r"p14, 0, c1, c0, 4", W, NOTHING, "no hardware debug for guests: cp14_regs.c"),
    (r"p14, 0, c1, c1, 4", R, NOTHING, "no hardware debug for guests: cp14_regs.c"),
    (r"p14, 6, c0, c0, 0", RW, NOTHING, "ThumbEE is hidden: TEECR"),
    (r"p14, 6, c1, c0, 0", "read yes, write yes, user read yes, user write yes", NOTHING, "ThumbEE is hidden: TEEHBR"),
    (r"p15, 0, c0, c1, 0", f"{R}, value 00001031", f"{R}, value 00000031", "ThumbEE is hidden: ID_PFR0"),
    (r"p15, 0, c0, c1, 2", f"{R}, value 00000400", f"{R}, value 00000000", "no hardware debug for guests: ID_DFR0"),
    (r"p15, 0, c1, c1, 2", f"{R}, value 00073fff", f"{R}, value 00070c00", "NSACR as the board's ROM leaves it; the machine starts a guest in its stead"),
    (r"p15, 0, c10, c2, 0", f"{RW}, value 00000000", f"{RW}, value 00098aa4", "PRRR after reset: Cortex-A8 TRM; the model has none"),
    (r"p15, 0, c10, c2, 1", f"{RW}, value 00000000", f"{RW}, value 44e048e0", "NMRR after reset: Cortex-A8 TRM; the model has none"),
    (r"p15, 0, c10, c1, [01]", RW, W, "TLB preload is write-only: Cortex-A8 TRM; the model has any register of c10"),
    (r"p15, 0, c11, c[038], \d", NOTHING, R, "the preload engine, no channel of which is present: Cortex-A8 TRM; the model has none"),
    (r"p15, 0, c11, c3, \d", NOTHING, W, "the preload engine"),
    (r"p15, 0, c11, c\d+, 0", NOTHING, RW, "the preload engine"),
    (r"p15, [0-7], c3, .*", RW, NOTHING, "the model takes all of c3 for DACR"),
    (r"p15, [0-7], c10, .*", RW, NOTHING, "the model has any register of c10"),
    (r"p15, [0-7], c15, .*", RW, NOTHING, "the model has any register of c15; those of a Cortex-A8 are the secure side's"),
    (r"p15, 0, c7, .*", W, NOTHING, "the model ignores any operation of c7"),
    (r"p15, 0, c6, c0, 1", RW, NOTHING, "the model has WFAR of ARMv6"),
    (r"p15, 0, c8, c7, 3", W, NOTHING, "the model has TLBIMVAA of the Multiprocessing Extensions"),
    (r"p15, 0, c14, c(8|12|15), \d", RW, NOTHING, "the model has the counters of ARMv8"),
]


def registers(console):
    """What the guest said of each encoding, without those that are Undefined in all ways."""
    assert parse(console)[2] == 0
    return dict(LINE.findall(console))


def reason(name, native, virtual):
    """The number of the row that allows this difference, or None."""
    for number, (pattern, natively, under, _) in enumerate(DIFFERENCES):
        if re.fullmatch(pattern, name) and native.startswith(natively) and virtual.startswith(under):
            return number
    return None


@pytest.mark.parametrize("path", built_paths())
def test_every_encoding(boot, native_reports, path):
    folder = build_dir() / "guests"
    natively = native_reports.console("registers")
    board = boot(umbra_arguments(f"registers-{path}", "bare-metal", {"guest.bin": folder / "registers.bin"}, path))
    console = console_until_summary(board, TIMEOUT)
    assert parse(console) == parse(natively)
    check_health(board)
    native, virtual = registers(natively), registers(console)
    differ = {name: (native.get(name, NOTHING), virtual.get(name, NOTHING)) for name in native | virtual}
    rows = {name: reason(name, *both) for name, both in differ.items() if both[0] != both[1]}
    unexpected = [f"{name}: natively {differ[name][0]}; under Umbra {differ[name][1]}" for name, row in rows.items() if row is None]
    assert not unexpected, "\n".join(unexpected)
    unused = set(range(len(DIFFERENCES))) - set(rows.values())
    assert not unused, "rows that nothing needs: " + "; ".join(DIFFERENCES[row][0] for row in unused)
