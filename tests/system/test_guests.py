# SPDX-License-Identifier: GPL-2.0-or-later
"""The bare-metal guests of tests/guests: the same binary natively and under Umbra, with equal results and no failure."""

import re

import pytest

from board import built_paths, umbra_arguments
from guest_report import console_until_summary, parse
from umbra_common import SOURCE, build_dir

GUESTS = sorted(path.stem for path in (SOURCE / "tests/guests").glob("*.c") if path.stem != "registers")  # which test_registers.py runs


def results(board):
    """Of the guest that the board runs: (lines of its report, tests, how many failed)."""
    return parse(console_until_summary(board))


def check_health(board):
    """No sensitive word ran as it is, and no entry grants too much; what `stats` says."""
    stats = board.monitor("stats")
    assert re.search(r"^unrewritten\s+0\b", stats, re.M), stats
    assert "0 violations" in board.monitor("guest audit").splitlines()
    return stats


@pytest.mark.parametrize("path", built_paths())
@pytest.mark.parametrize("guest", GUESTS)
def test_guest(boot, native_reports, guest, path):
    folder = build_dir() / "guests"
    native, tests, failed = native_reports.results(guest)
    assert tests > 0, "the guest ran no test"
    assert failed == 0, "natively:\n" + "\n".join(line for line in native if line.startswith("FAIL"))
    board = boot(umbra_arguments(f"guest-{guest}-{path}", "bare-metal", {"guest.bin": folder / f"{guest}.bin"}, path))
    virtual, tests, failed = results(board)
    assert failed == 0, "under Umbra:\n" + "\n".join(line for line in virtual if line.startswith("FAIL"))
    assert virtual == native
    stats = check_health(board)
    if path == "inline" and guest.startswith("stubs"):
        dump = board.monitor("guest dump")
        assert re.search(r"^.*stubs: area 0x[0-9a-f]*[1-9a-f][0-9a-f]*, [1-9]\d* stubs", dump, re.M), f"it ran without stubs:\n{dump}"
    if path == "inline" and guest == "stubs":
        interpreted = re.search(r"^INTERP +(\d+)", stats, re.M)
        assert int(interpreted[1]) < 200000, f"it ran without stubs for the most part:\n{stats}"
    if path == "inline" and guest in ("gates", "stubs_irq"):
        dump = board.monitor("guest dump")
        assert re.search(r"stubs: area .*, [1-9]\d* gates", dump), f"it ran without gates:\n{dump}"
    if path == "inline" and guest == "patches":
        dump = board.monitor("guest dump")
        gates = re.search(r"stubs: area .*, (\d+) gates", dump)
        # each form has one of cleaning, one of invalidating, and one of all of the instruction cache or the branch predictor
        assert gates and int(gates[1]) >= 9, f"it ran without gates:\n{dump}"
    if path == "inline" and guest == "calls":
        count = {name: int(events) for name, events in re.findall(r"^([A-Z0-9_]+) +(\d+)", stats, re.M)}
        dump = board.monitor("guest dump")
        made = re.search(r"system calls: .* one line, which was made (\d+) times", dump)
        assert made and int(made[1]) > 100, f"it ran without call lines:\n{dump}"
        # the guest writes TPIDRURO before each call, and each that is no line writes it in an exit, too
        assert count["CP15_THREAD"] < 1.6 * count["SVC"], f"too few calls were lines:\n{stats}"
    if path == "inline" and guest == "entries":
        dump = board.monitor("guest dump")
        done = re.search(r"exceptions: .* lines, which were done (\d+) times, (\d+) times with the abort before, (\d+) of these in the window", dump)
        assert done and int(done[1]) > 4000 and int(done[2]) > 1600 and int(done[3]) > 700, f"too few exceptions were lines:\n{dump}"
    if path == "inline" and guest == "calls_t32":
        count = {name: int(events) for name, events in re.findall(r"^([A-Z0-9_]+) +(\d+)", stats, re.M)}
        dump = board.monitor("guest dump")
        made = re.search(r"system calls: .* one line, which was made (\d+) times; of returns (\d+) times", dump)
        assert made and int(made[1]) > 20 and int(made[2]) > 20, f"it ran without lines:\n{dump}"
        # a call and a return that are no lines read it three times
        assert count["SITE_MRS"] < count["SVC"], f"too few were lines:\n{stats}"


def test_guest_as_uimage(boot):
    """The same guest with U-Boot's header in front."""
    folder = build_dir() / "guests"
    board = boot(umbra_arguments("guest-uimage", "bare-metal", {"guest.bin": folder / "flat.uimg"}))
    _, tests, failed = results(board)
    assert tests > 0 and failed == 0


@pytest.mark.parametrize("path", [path for path in built_paths() if path != "interp"])
def test_pages_are_handed_to_interp(boot, path):
    """Pages where code and changing data stand together are scanned a few times and interpreted otherwise; the dump names them."""
    board = boot(umbra_arguments(f"churn-{path}", "bare-metal", {"guest.bin": build_dir() / "guests/churn.bin"}, path))
    results(board)
    stats = dict(re.findall(r"^([A-Z]\w+) +(\d+)", board.monitor("stats"), re.M))
    assert int(stats["INTERP"]) > 1000 and int(stats["SCAN"]) < 50, stats
    assert re.search(r"^umbra: code page 0x[0-9a-f]{8} is interpreted", board.monitor("guest dump"), re.M)


@pytest.mark.parametrize("path", [path for path in built_paths() if path != "interp"])
def test_pages_of_all_modes_are_rewritten(boot, path):
    """Many pages in doubt because User mode may execute them: each is interpreted for a while, and none is scanned again and again."""
    board = boot(umbra_arguments(f"common-{path}", "bare-metal", {"guest.bin": build_dir() / "guests/common.bin"}, path))
    results(board)
    stats = board.monitor("stats")
    count = {name: int(events) for name, events in re.findall(r"^([A-Z]\w+) +(\d+)", stats, re.M)}
    assert count["INTERP"] < 100000 and count["SCAN"] < 500, stats


@pytest.mark.parametrize("path", [path for path in built_paths() if path != "interp"])
def test_stores_beside_code_change_a_word(boot, path):
    """What changes beside code and matters to nothing keeps the page code: some 2000 such stores cost few scans, though between them more of it runs than is interpreted at a time."""
    board = boot(umbra_arguments(f"inplace-{path}", "bare-metal", {"guest.bin": build_dir() / "guests/inplace.bin"}, path))
    results(board)
    stats, dump = board.monitor("stats"), board.monitor("guest dump")
    changed = re.search(r"^.*stores beside code: (\d+) changed a word", dump, re.M)
    scans = re.search(r"^SCAN +(\d+)", stats, re.M)
    assert int(changed[1]) > 1800 and int(scans[1]) < 150, f"{stats}\n{dump}"


@pytest.mark.parametrize("path", [path for path in built_paths() if path != "interp"])
def test_old_habits_stay_fast(boot, path):
    """System calls while User mode calls helpers beside the vectors, SCTLR written at each, address spaces by way of ASID 0: few leave the window."""
    board = boot(umbra_arguments(f"oldkernel-{path}", "bare-metal", {"guest.bin": build_dir() / "guests/oldkernel.bin"}, path))
    results(board)
    slow = {name: int(slow) for name, slow in re.findall(r"^(SVC|CP15_CTX|CP15_SCTLR) +\d+ +\d+ +(\d+)", board.monitor("stats"), re.M)}
    assert slow.get("SVC", 0) < 20 and slow.get("CP15_CTX", 0) < 200 and slow.get("CP15_SCTLR", 0) < 20, slow


@pytest.mark.parametrize("path", [path for path in built_paths() if path != "interp"])
def test_thumb_code_is_rewritten(boot, path):
    """Privileged T32 code runs from copies: its sites are executed as such, and what became known only when it ran is counted."""
    board = boot(umbra_arguments(f"thumb-{path}", "bare-metal", {"guest.bin": build_dir() / "guests/thumb_sites.bin"}, path))
    results(board)
    stats = {name: int(count) for name, count in re.findall(r"^([A-Z0-9_]+) +(\d+)", board.monitor("stats"), re.M)}
    slow = {name: int(count) for name, count in re.findall(r"^([A-Z0-9_]+) +\d+ +\d+ +(\d+)", board.monitor("stats"), re.M)}
    assert slow.get("CP15_THREAD", 0) < 10 and slow.get("SITE_MRS", 0) < 40 and slow["DABT"] < 60 and slow["PABT"] < 20, slow  # IT blocks stay in the window, aborts are short
    scan = re.search(r"^SCAN +\d+ +\d+ +\d+ +\d+ +(\d+)", board.monitor("stats"), re.M)
    assert int(scan[1]) < 60000, scan[0]
    assert stats["SITE_MRS"] > 200 and stats["SITE_MSR"] > 100 and stats["SITE_USER_LS"] > 40, stats
    dump = board.monitor("guest dump")
    assert re.search(r"^umbra: T32 code of the kernel: [1-9]\d* times more became known", dump, re.M), dump
    assert len(re.findall(r"^umbra: code page 0x817\w+ is interpreted", dump, re.M)) <= 2, dump  # those with A32 code, too
