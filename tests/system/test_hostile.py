# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest that attacks through all that guests share (tests/guests/duo/attacker.c), beside one that works: that one goes on, audits are clean."""

import re
import shutil

import pytest

from board import MONITOR_KEY, boot_folder, built_paths, layout, umbra_arguments
from test_duo import busy, check, guests, rounds, show
from test_guests import results
from umbra_common import build_dir, run
import test_linux_duo
import umbra_guest

BASES = {"1": "bare-duo", "2": "linux-trio"}  # by the attacker's number
HOSTILE = """#include "%s.dts"
/ {
	chosen { image: module@9 { compatible = "multiboot,module"; file = "disk.img"; reg = <0 0>; }; };
	guest@%s { weight = <100>; /delete-property/ cap; devices {
		power@10010000 { compatible = "umbra,power"; reg = <0x10010000 0x1000>; };
		timer@10020000 { compatible = "umbra,sp804"; reg = <0x10020000 0x1000>; interrupts = <2>; };
		rtc@10021000 { compatible = "umbra,pl031"; reg = <0x10021000 0x1000>; interrupts = <6>; };
		entropy@10050000 { compatible = "umbra,virtio-rng"; reg = <0x10050000 0x1000>; interrupts = <3>; };
		disk@10051000 { compatible = "umbra,virtio-blk"; reg = <0x10051000 0x1000>; interrupts = <4>; file = <&image>; forget; };
		net@10052000 { compatible = "umbra,virtio-net"; reg = <0x10052000 0x1000>; interrupts = <5>; };
	}; };
};
"""
# What a typed character does, and whether it comes to an end.
SHORT = "itpavbdf"
ENDLESS = {"F": "faults without end", "M": "everything masked", "L": "long requests"}
PATHS = [path for path in built_paths() if path != "interp"]
FIRST_IN_EVERY_RUN = [path if path == PATHS[0] else pytest.param(path, marks=pytest.mark.nightly) for path in PATHS]


def hostile_layout(folder, number):
    """The layout in which guest `number` is the attacker."""
    (folder / "hostile.dts").write_text(HOSTILE % (BASES[number], number))
    return layout(folder / "hostile.dts")


def start_guest(boot, folder, path, program):
    """Guest 1 is `program`, beside one that works; its console is shown."""
    edited = boot_folder(f"{program}-{path}") / "hostile.dtb"
    shutil.copy(hostile_layout(folder, "1"), edited)
    run(["fdtput", "-t", "s", edited, "/guest@1", "cpu-path", path])
    board = boot(umbra_arguments(f"{program}-{path}", edited, {
        "guest.bin": busy("A"), "guest1.bin": build_dir() / f"guests/duo/{program}.bin", "disk.img": umbra_guest.build_guest()["disk.img"]}))
    rounds(board, "A")
    return board


def start(boot, folder, path):
    board = start_guest(boot, folder, path, "attacker")
    show(board, "1")
    board.expect("READY", 60)
    return board


@pytest.mark.parametrize("path", FIRST_IN_EVERY_RUN)
def test_virtio_by_the_book(boot, tmp_path, path):
    """A bare-metal driver for what virtio devices must do, and for what breaks their rules."""
    board = start_guest(boot, tmp_path, path, "virtio")
    board.open_monitor()
    board.sendline("console 1 history")
    lines, tests, failed = results(board)
    assert tests == 9 and failed == 0, "\n".join(lines)
    board.open_monitor()
    if path == "inline":
        dump = board.monitor_command("guest 1 dump")
        made = re.search(r"system calls: .* one line, which was made (\d+) times", dump)
        assert made and int(made[1]) > 3, f"no system call was a line:\n{dump}"
    check(board)


def end(board, before):
    """The other guest went on all the time, and nothing of what Umbra made is wrong."""
    show(board, "0")
    assert rounds(board, "A") > before
    board.open_monitor()
    check(board)
    assert guests(board)["0"][:2] == ("running", 0)
    assert board.log.read_text(encoding="latin1").count("AAAAAAAA begins") == 1


def share(board):
    """The guest that works has its half of the processor all the time."""
    show(board, "0")
    for _ in range(24):  # more than two seconds, of which the last full one is shown
        rounds(board, "A")
    board.open_monitor()
    assert guests(board)["0"][2] > 48
    board.sendline("console 1")
    board.expect(r"\[guest 1\]")


def attack(board, number, resets, meanwhile):
    """All attacks of guest `number`, which is shown; `meanwhile[letter](board)` looks while one is on that has no end."""
    for letter in SHORT:
        board.send(letter)
        board.expect(r"\w+: \d+ times\r", 240)
    for _ in range(resets):
        board.send("R")
        board.expect("READY", 60)
    for letter, words in ENDLESS.items():
        board.send(letter)
        board.expect(f"{words} begins", 60)
        meanwhile.get(letter, lambda board: None)(board)
        board.open_monitor()
        assert "0 violations" in board.monitor_command(f"guest {number} audit", 120).splitlines()
        board.sendline(f"guest {number} reset")
        board.expect("READY", 60)
    board.open_monitor()
    board.send(MONITOR_KEY)


@pytest.mark.parametrize("path", FIRST_IN_EVERY_RUN)
def test_attacks(boot, tmp_path, path):
    """Each attack comes to its end; those that have none are ended by a reset."""
    board = start(boot, tmp_path, path)
    show(board, "0")
    before = rounds(board, "A")
    show(board, "1")
    attack(board, "1", 10, {"L": share})
    end(board, before)


@pytest.mark.nightly
@pytest.mark.parametrize("path", PATHS)
def test_many_accesses(boot, tmp_path, path):
    """A million accesses to devices, at random."""
    board = start(boot, tmp_path, path)
    board.send("D")
    board.expect(r"device accesses: 1000000 times\r", 1800)
    end(board, 0)


@pytest.mark.nightly
@pytest.mark.parametrize("path", PATHS)
def test_beside_linux(tmp_path, path):
    """All attacks and a million accesses to devices, on the switch that two Linux guests are on: their hashes are right all the time, and they talk."""
    files = {**umbra_guest.build_guest(), "bare.bin": build_dir() / "guests/duo/attacker.bin"}
    edited = [("/guest@2", "cpu-path", path)]
    with test_linux_duo.start(f"hostile-linux-{path}", PATHS[0], PATHS[-1], hostile_layout(tmp_path, "2"), edited, files) as board:
        for name in "01":
            show(board, name)
            board.run(f"ip addr add 10.0.0.{int(name) + 1}/24 dev eth0; ip link set eth0 up")
            want = test_linux_duo.begin_hashes(board)
        show(board, "2")
        board.expect("READY", 60)
        attack(board, "2", 50, {})
        board.send("D")
        board.expect(r"device accesses: 1000000 times\r", 3600)
        for name in "01":
            show(board, name)
            test_linux_duo.end_hashes(board, want)
            assert "3 packets received" in board.run(f"ping -c 3 10.0.0.{2 - int(name)}", 120)
        rows = test_linux_duo.check(board)
        assert [rows[name][:2] for name in "01"] == [("running", 0)] * 2
