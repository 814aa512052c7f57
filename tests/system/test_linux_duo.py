# SPDX-License-Identifier: GPL-2.0-or-later
"""Two Linux guests: Debian on the board, the same kernel on Umbra's virtual machine beside it. Shells, resets of one, the switch between both."""

import re
import shutil

import pytest

from board import LOGS, MONITOR_KEY, Board, built_paths, layout, umbra_arguments
from test_duo import guests, show
from umbra_common import run

PATHS = [path for path in built_paths() if path != "interp"]
HASH = "dd if=/dev/zero bs=64k count=4 2>/dev/null | sha256sum"
MACHINES = {"0": "ti,omap3-beagle-xm", "1": "linux,dummy-virt"}


def start(name, first, second):
    """A board with both guests at their shells, guest 0 shown."""
    folder = LOGS / f"{name}.boot"
    folder.mkdir(parents=True, exist_ok=True)
    edited = folder / "duo.dtb"
    shutil.copy(layout("linux-duo"), edited)
    for guest, path in (("/guest", first), ("/guest@1", second)):
        run(["fdtput", "-t", "s", edited, guest, "cpu-path", path])
    board = Board(name, umbra_arguments(name, edited))
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
        assert "0 violations" in board.monitor_command(f"guest {name} audit", 120), name
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


def test_resets_beside_a_hash(duo):
    """Guest 1 is reset again and again, wherever it is in its boot; guest 0 gets the same hash all the time, and guest 1 boots in the end."""
    show(duo, "0")
    want = duo.run(HASH)
    duo.run(f"(while :; do {HASH}; done) >/tmp/sums 2>/dev/null & echo $! >/tmp/loop")
    for _ in range(8):
        duo.open_monitor()
        duo.monitor_command("guest 1 reset")
        duo.send(MONITOR_KEY)
        assert duo.run(HASH) == want
    show(duo, "1")
    duo.wait_for_shell(600)
    assert duo.run(HASH) == want
    show(duo, "0")
    duo.run("kill $(cat /tmp/loop); sleep 1")
    assert duo.run("sort -u /tmp/sums") == want
    assert int(duo.run("wc -l </tmp/sums")) > 16
    assert not duo.run("dmesg | grep -i 'stall\\|BUG:\\|Oops\\|lockup'", status=None).strip()
    rows = check(duo)
    assert rows["0"][:2] == ("running", 0) and rows["1"][:2] == ("running", 8)


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
