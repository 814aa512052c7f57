# SPDX-License-Identifier: GPL-2.0-or-later
"""Several guests: two busy ones beside each other, on each CPU path, resets of one while the other goes on, sleep, pause, bad layouts."""

import re
import shutil

import pytest

from board import LOGS, MONITOR_KEY, MONITOR_PROMPT, boot_folder, built_paths, layout, umbra_arguments
from guest_report import console_until_summary, parse
from umbra_common import build_dir, run, write_if_changed


def busy(letter):
    """An image of tests/guests/duo/busy.c with an identity of its own."""
    data = (build_dir() / "guests/duo/busy.bin").read_bytes()
    assert data.count(b"IDENTITY") == 1
    path = LOGS / f"busy-{letter}.bin"
    write_if_changed(path, data.replace(b"IDENTITY", letter.encode() * 8))  # whole: another worker's board may read it
    return path


def arguments(name, edits=(), files=None):
    """Umbra with `bare-duo`, changed by `edits` of fdtput."""
    edited = boot_folder(name) / "duo.dtb"
    shutil.copy(layout("bare-duo"), edited)
    for words in edits:
        run(["fdtput", "-p", "-t", words[0], edited, *words[1:]])
    return umbra_arguments(name, edited, files or {"guest.bin": busy("A"), "guest1.bin": busy("B")})


def rounds(board, letter, timeout=120):
    return int(board.expect(rf"{letter * 8} (\d+) rounds\r", timeout).group(1))


def show(board, name):
    board.open_monitor()
    board.sendline(f"console {name}")
    board.expect(rf"\[guest {name}\]")


def guests(board):
    """{name: (state, restarts, processor)} of `guest list`, the monitor being open."""
    rows = re.findall(r"^(\w+) +(\w+) +0x\w+ \+ +\d+ MiB +(\d+) +([0-9.]+) %", board.monitor_command("guest list"), re.M)
    return {name: (state, int(restarts), float(share)) for name, state, restarts, share in rows}


def check(board):
    """Nothing of one guest was seen in the other one, and the shadow tables are right."""
    for name in "01":
        assert "0 violations" in board.monitor_command(f"guest {name} audit").splitlines(), name
        assert re.search(r"^unrewritten\s+0\b", board.monitor_command(f"stats {name}"), re.M)
    assert "BAD" not in board.log.read_text(encoding="latin1")


def work_a_while(board, letter, path):
    """Some hundred milliseconds, until it says how far it is. On a path that takes ninety times as long it is asked instead, a few times."""
    for _ in range(8 if path == "interp" else 3):
        if path == "interp":
            board.send("r")
        rounds(board, letter)


@pytest.mark.parametrize("first", built_paths())
@pytest.mark.parametrize("second", built_paths())
def test_two_busy_guests(boot, first, second):
    """Both get on with their work, and all that is switched between them is theirs whenever they look; half of the processor is each one's."""
    board = boot(arguments(f"duo-{first}-{second}", [("s", "/guest", "cpu-path", first), ("s", "/guest@1", "cpu-path", second)]))
    board.expect("AAAAAAAA begins", 60)
    work_a_while(board, "A", first)
    show(board, "1")
    work_a_while(board, "B", second)
    if {first, second} != {"interp"}:  # where neither says anything of its own accord for a long time
        shown, other = ("0", r"\[1\] BBBBBBBB") if first == "interp" else ("1", r"\[0\] AAAAAAAA")
        show(board, shown)
        board.open_monitor()
        board.monitor_command("console all")
        board.send(MONITOR_KEY)
        board.expect(rf"{other} \d+ rounds", 120)
    board.open_monitor()
    check(board)
    switches = re.search(r"switches from guest to guest: (\d+), of (\d+) instructions", board.monitor_command("stats"))
    assert int(switches[1]) > 10 and int(switches[2]) < 3000, switches[0]


def test_shares(boot):
    """A second of two busy guests is half and half."""
    board = boot(arguments("duo-shares"))
    board.expect("AAAAAAAA 786432 rounds", 180)  # more than two seconds, of which the last full one is shown
    board.open_monitor()
    shares = guests(board)
    assert all(49 <= shares[name][2] <= 51 for name in "01"), shares
    # What the monitor says of the pages of a guest whose memory is elsewhere: its code's pages are its own, or copies of them.
    pages = "".join(board.monitor_command(f"guest 1 translate 0x{0x80008000 + i * 0x1000:x}") for i in range(6))
    assert "the guest's own page" in pages and "a device's registers" not in pages, pages


def test_reset_beside_another(boot):
    """One is reset 50 times, the other one counts on."""
    board = boot(arguments("duo-reset"))
    before = rounds(board, "A")
    board.open_monitor()
    for _ in range(50):
        board.monitor_command("guest 1 reset")
    assert guests(board)["1"][:2] == ("running", 50)
    check(board)
    board.send(MONITOR_KEY)
    assert rounds(board, "A") > before
    assert board.log.read_text(encoding="latin1").count("AAAAAAAA begins") == 1


def test_pause_sleep_and_typing(boot):
    """A guest that sleeps or is paused costs the other one nothing; each gets what is typed for it."""
    board = boot(arguments("duo-sleep"))
    rounds(board, "A")
    show(board, "1")
    rounds(board, "B")
    board.send("s")
    board.expect("BBBBBBBB sleeps", 60)
    show(board, "0")
    rounds(board, "A")
    rounds(board, "A")
    show(board, "1")
    board.send("x")
    board.expect("BBBBBBBB is awake", 60)
    board.open_monitor()
    board.monitor_command("guest 1 pause")
    assert guests(board)["1"][0] == "paused"
    board.send(MONITOR_KEY)
    board.expect_not("BBBBBBBB", 3)
    board.open_monitor()
    board.monitor_command("guest 1 resume")
    board.send(MONITOR_KEY)
    rounds(board, "B")
    board.open_monitor()
    board.monitor_command("guest 1 destroy")
    assert guests(board)["1"][0] == "off"
    assert re.search(r"^80008000 ( 00){16} ", board.monitor_command("guest 1 memory phys 0x80008000 16"), re.M)
    board.sendline("guest 1 start")
    board.expect("BBBBBBBB begins", 60)


SHARED = """#include "bare-duo.dts"
/ {
	guest { devices {
		shmem@52001000 { compatible = "umbra,shmem"; reg = <0x52001000 0x1000>; interrupts = <64>; region = <0>; region-kib = <64>; };
	}; };
	guest@1 { devices {
		shmem@52001000 { compatible = "umbra,shmem"; reg = <0x52001000 0x1000>; interrupts = <64>; region = <0>; region-kib = <64>; };
	}; };
};
"""


@pytest.mark.parametrize("path", built_paths())
def test_shared_memory(boot, tmp_path, path):
    """Two guests hand a page to and fro with the doorbell's interrupt; one is reset and finds the other one again."""
    (tmp_path / "shared.dts").write_text(SHARED)
    image = build_dir() / "guests/duo/peer.bin"
    board = boot(umbra_arguments(f"duo-shared-{path}", layout(tmp_path / "shared.dts"), {"guest.bin": image, "guest1.bin": image}, path=path))
    board.expect("member 0 of 3, 64 KiB", 60)
    board.expect("member 0: 256 rounds", 120)
    show(board, "1")
    board.expect("member 1: 256 rounds", 120)
    board.open_monitor()
    for name in "01":
        assert "shared" in board.monitor_command(f"guest {name} map")
    check(board)


@pytest.mark.parametrize("path", built_paths())
def test_a_ring_is_heard(boot, tmp_path, path):
    """A guest that sleeps runs soon after it was rung for, whatever the one that rang does then: it was a second where that left Umbra alone."""
    (tmp_path / "shared.dts").write_text(SHARED)
    image = build_dir() / "guests/duo/poll.bin"
    board = boot(umbra_arguments(f"duo-poll-{path}", layout(tmp_path / "shared.dts"), {"guest.bin": image, "guest1.bin": image}, path=path))
    longest = int(board.expect(r"64 answers, each within (\d+) ticks", 120).group(1))
    assert longest < 32768 // 20, longest


LATER = """/dts-v1/;
/ {
	compatible = "umbra,layout-v1"; #address-cells = <1>; #size-cells = <1>;
	chosen { kernel: module@0 { compatible = "multiboot,module"; file = "%s"; reg = <0 0>; }; };
	guest@late { memory-mib = <%d>; kernel = <&kernel>; load-offset = <0x8000>;
		#include "bare-guest.dtsi"
	};
};
"""


def later(folder, name, kernel, mib):
    """A compiled layout for `guest create`."""
    (folder / f"{name}.dts").write_text(LATER % (kernel, mib))
    return layout(folder / f"{name}.dts")


def test_create_and_destroy(boot, tmp_path):
    """Guests come while another one works, from files that were loaded for them, and go; what is wrong with one is said, and the others go on."""
    files = {"guest.bin": busy("A"), "guest1.bin": busy("B"), "guest2.bin": busy("C"),
             "late.dtb": later(tmp_path, "late", "guest2.bin", 64), "big.dtb": later(tmp_path, "big", "guest.bin", 400),
             "lost.dtb": later(tmp_path, "lost", "nowhere.bin", 64)}
    edits = [("s", f"/chosen/module@{i + 2}", word, value) for i, name in enumerate(("guest2.bin", "late.dtb", "big.dtb", "lost.dtb"))
             for word, value in (("compatible", "multiboot,module"), ("file", name))]
    board = boot(arguments("duo-create", edits, files))
    before = rounds(board, "A")
    board.open_monitor()
    for _ in range(3):
        board.sendline("guest create late.dtb")
        board.expect("guest late starts at 0x80008000", 60)
        board.expect(MONITOR_PROMPT)
        assert {name: row[0] for name, row in guests(board).items()} == {"0": "running", "1": "running", "late": "running"}
        board.sendline("console late")
        rounds(board, "C")
        board.open_monitor()
        assert "there is a guest late already" in board.monitor_command("guest create big.dtb")
        assert "0 violations" in board.monitor_command("guest late audit").splitlines()
        assert "is no more" in board.monitor_command("guest late destroy")
        assert list(guests(board)) == ["0", "1"]
    assert "memory-mib: too much" in board.monitor_command("guest create big.dtb")
    assert 'file "nowhere.bin" was not loaded' in board.monitor_command("guest create lost.dtb")
    assert 'no file "guest.bin"' in board.monitor_command("guest create guest.bin")
    check(board)
    board.monitor_command("guest 1 destroy")
    board.sendline("console 0")
    assert rounds(board, "A") > before
    assert board.log.read_text(encoding="latin1").count("AAAAAAAA begins") == 1


@pytest.mark.parametrize("edits, message", [
    ([("x", "/guest@1", "memory-mib", "1f0")], "/guest@1: memory-mib: too much"),
    ([("s", "/guest@1", "cpu-path", "warp")], 'cpu-path.*"warp"'),
    ([("x", "/guest@1/devices/uart@49020000", "reg", "48200000", "1000")], "/guest@1/devices/uart@49020000: reg:.*overlaps"),
], ids=["memory", "path", "device"])
def test_a_bad_guest_beside_a_good_one(boot, edits, message):
    """One message, and the other guest starts."""
    board = boot(arguments("duo-bad", edits))
    board.expect(message, 30)
    board.expect("AAAAAAAA begins", 60)
    board.open_monitor()
    assert list(guests(board)) == ["0"]


# All that the monitor does with a guest, and what a debugger does: its packets, with what they are answered.
VERBS = ("dump", "map", "audit", "registers", "backtrace", "log", "translate 0x80008000", "memory 0x80008000 16", "memory phys 0x80008000 16",
         "pause", "resume", "path trap", "path", "shadow sync", "shadow", "start", "reset", "stop", "backtrace", "destroy", "backtrace", "escape")
PACKETS = (("g", "[0-9a-f]{136}"), ("P10=d2000000", "OK"), ("P10=10000000", "OK"), ("Z0,80008000,4", "OK"), ("s", "T05"), ("z0,80008000,4", "OK"),
           ("D", "OK"))


def test_a_guest_that_never_started(boot):
    """One whose files do not do is there to be looked at, and whatever is done to it, the other one goes on."""
    board = boot(arguments("duo-never", [("x", "/guest@1", "load-offset", "03fffff0")]))
    board.expect('guest 1: file "guest1.bin" does not fit', 30)
    before = rounds(board, "A")
    board.open_monitor()
    for verb in VERBS:
        board.monitor_command(f"guest 1 {verb}")
    for command in ("stats 1", "trace dump", "console 1 history", "console 1", "console"):
        board.monitor_command(command)
    board.sendline("gdb")
    board.expect("until the debugger detaches")
    for packet, answer in PACKETS:
        board.send(f"${packet}#{sum(packet.encode()) % 256:02x}")
        board.expect(rf"\$({answer})[^#]*#", 30)
    board.expect(MONITOR_PROMPT)
    assert guests(board)["1"][0] == "off"
    board.sendline("console 0")
    assert rounds(board, "A") > before


# Guests of tests/guests that use nothing of the board but interrupt controller and UART.
ELSEWHERE = ("boot", "churn", "doubt", "exclusive", "mem", "mmu_perm", "selfmod", "tlb")


@pytest.mark.parametrize("path", built_paths())
@pytest.mark.parametrize("guest", ELSEWHERE)
def test_guests_in_memory_elsewhere(boot, native_reports, guest, path):
    """Reports are the same in memory that is somewhere else than the guest sees it, beside a guest that is busy."""
    folder = build_dir() / "guests"
    want, _, failed = native_reports.results(guest)
    assert failed == 0
    board = boot(arguments(f"elsewhere-{guest}-{path}", [("s", "/guest@1", "cpu-path", path)],
                           {"guest.bin": busy("A"), "guest1.bin": folder / f"{guest}.bin"}))
    board.expect("AAAAAAAA begins", 60)
    show(board, "1")
    got, _, failed = parse(console_until_summary(board, 120))
    assert failed == 0
    assert want[-len(got):] == got and len(got) > min(5, len(want) - 1)
