# SPDX-License-Identifier: GPL-2.0-or-later
"""Two Linux guests: Debian on the board, the same kernel on Umbra's virtual machine beside it. Shells, resets of one, the switch between both."""

import re
import shutil

import pytest

from board import MONITOR_KEY, Board, boot_folder, built_paths, layout, umbra_arguments
from test_duo import guests, show
from umbra_common import run

PATHS = [path for path in built_paths() if path != "interp"]
HASH = "dd if=/dev/zero bs=64k count=4 2>/dev/null | sha256sum"
MACHINES = {"0": "ti,omap3-beagle-xm", "1": "linux,dummy-virt"}


def start(name, first, second, base="linux-duo", edits=(), files=None):
    """A board with both Linux guests of the layout `base`, changed by `edits` of fdtput, at their shells, guest 0 shown."""
    edited = boot_folder(name) / "duo.dtb"
    shutil.copy(layout(base), edited)
    for words in (("/guest", "cpu-path", first), ("/guest@1", "cpu-path", second), *edits):
        run(["fdtput", "-t", "s", edited, *words])
    board = Board(name, umbra_arguments(name, edited, files))
    try:
        board.wait_for_shell(600)
        show(board, "1")
        board.wait_for_shell(600)
        show(board, "0")
    except BaseException:
        board.close()
        raise
    return board


def check(board):
    board.open_monitor()
    for name in MACHINES:
        assert "0 violations" in board.monitor_command(f"guest {name} audit", 120).splitlines(), name
        assert re.search(r"^unrewritten\s+0\b", board.monitor_command(f"stats {name}"), re.M)
    rows = guests(board)
    board.send(MONITOR_KEY)
    return rows


def who(board, name):
    show(board, name)
    return board.run("tr '\\0' '\\n' </proc/device-tree/compatible").split()


@pytest.fixture(scope="module")
def duo():
    """One board for the whole file: guest 0 on the path that is built in last, guest 1 on the first one."""
    with start("linux-duo", PATHS[-1], PATHS[0]) as board:
        yield board


def test_two_shells(duo):
    """What is typed goes to the guest that is shown, and each has its own machine."""
    for name in ("0", "1", "0"):
        assert MACHINES[name] in who(duo, name)
    assert {name: row[:2] for name, row in check(duo).items()} == {"0": ("running", 0), "1": ("running", 0)}


def begin_hashes(board):
    """The hash again and again in the background of the guest that is shown; what it has to be."""
    want = board.run(HASH)
    board.run(f"(while :; do {HASH}; done) >/tmp/sums 2>/dev/null & echo $! >/tmp/loop")
    return want


def end_hashes(board, want):
    """They went on and were all the same, and the kernel has nothing to complain of."""
    board.run("kill $(cat /tmp/loop); sleep 1")
    assert board.run("sort -u /tmp/sums") == want
    assert int(board.run("wc -l </tmp/sums")) > 8
    assert not board.run("dmesg | grep -i 'stall\\|BUG:\\|Oops\\|lockup'", status=None).strip()


def test_network(duo):
    """Guest 0 found its port in the board's own tree; both are on one switch: names and 2 MiB each way over TCP come across."""
    for name in MACHINES:
        show(duo, name)
        assert "virtio" in duo.run("readlink /sys/class/net/eth0/device/driver")
        duo.run(f"ip addr add 10.0.0.{int(name) + 1}/24 dev eth0; ip link set eth0 up; dd if=/dev/urandom of=/tmp/noise bs=64k count=32 2>/dev/null; "
                "httpd -p 80 -h /tmp")
    sums = {}
    for name in MACHINES:
        show(duo, name)
        sums[name] = duo.run("sha256sum </tmp/noise")
    for name, other in (("0", "1"), ("1", "0")):
        show(duo, name)
        assert "3 packets received" in duo.run(f"ping -c 3 10.0.0.{int(other) + 1}")
        assert duo.run(f"wget -q -O - http://10.0.0.{int(other) + 1}/noise | sha256sum") == sums[other]
    check(duo)


def test_resets_beside_a_hash(duo):
    """
    Guest 1 is reset while guest 0 copies from it, and again and again, wherever it is in its boot; guest 0 gets the same hash all the time, and
    guest 1 boots in the end.
    """
    show(duo, "0")
    want = begin_hashes(duo)
    duo.run("(while :; do wget -q -T 1 -O /dev/null http://10.0.0.2/noise; done) 2>/dev/null & echo $! >/tmp/pull")
    for _ in range(8):
        duo.open_monitor()
        duo.monitor_command("guest 1 reset")
        duo.send(MONITOR_KEY)
        assert duo.run(f"for i in 1 2 3 4; do {HASH}; done | sort -u") == want
    duo.run("kill $(cat /tmp/pull)")
    end_hashes(duo, want)
    show(duo, "1")
    duo.wait_for_shell(600)
    assert duo.run(HASH) == want
    assert "wants to be reset" not in duo.log.read_text(encoding="latin1")
    rows = check(duo)
    assert rows["0"][:2] == ("running", 0) and rows["1"][:2] == ("running", 8)


@pytest.mark.nightly
def test_board_restarts_beside_a_hash(duo):
    """Guest 0 reboots, with its memory cleared and its devices brought to rest; guest 1 goes on."""
    show(duo, "1")
    want = begin_hashes(duo)
    show(duo, "0")
    duo.sendline("reboot")
    duo.wait_for_shell(600)
    show(duo, "1")
    end_hashes(duo, want)
    assert check(duo)["0"][:2] == ("running", 1)


def work(board, name):
    """How much guest `name` gets done in two seconds."""
    show(board, name)
    return int(board.run("timeout 2 sh -c 'while :; do head -c 65536 /dev/zero | sha256sum; done' 2>/dev/null | wc -l", 300).split()[-1])


@pytest.mark.nightly
def test_sum_of_work(duo):
    """What two busy guests get done together is what one gets done alone."""
    alone = {name: work(duo, name) for name in MACHINES}
    both = {}
    for name, other in (("0", "1"), ("1", "0")):
        show(duo, other)
        duo.run("(while :; do head -c 65536 /dev/zero | sha256sum; done) >/dev/null & echo $! >/tmp/loop")
        both[name] = work(duo, name)
        show(duo, other)
        duo.run("kill $(cat /tmp/loop); sleep 1")
    shares = {name: both[name] / alone[name] for name in MACHINES}
    duo.open_monitor()
    switches = duo.monitor_command("stats")
    duo.send(MONITOR_KEY)
    print(alone, both, shares, re.search(r"^switches.*", switches, re.M)[0])
    assert sum(shares.values()) > 0.95, (alone, both)


@pytest.mark.nightly
@pytest.mark.parametrize("path", PATHS)
def test_one_path(path):
    with start(f"linux-duo-{path}", path, path) as board:
        for name in MACHINES:
            assert MACHINES[name] in who(board, name)
        check(board)
