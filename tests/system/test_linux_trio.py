# SPDX-License-Identifier: GPL-2.0-or-later
"""Three guests in 512 MiB: Debian on the board, Debian on the virtual machine with a virtio console, and a raw binary that works for ever."""

import re

import pytest

from test_duo import guests, show
from test_linux_duo import PATHS, start, who

VIRTIO_CONSOLE = [("/guest@1/devices/serial@10030000", "status", "disabled"), ("/guest@1/devices/console@10053000", "status", "okay"),
                  ("/guest@1", "bootargs", "console=hvc0")]


@pytest.fixture(scope="module")
def trio():
    with start("linux-trio", PATHS[0], PATHS[-1], "linux-trio", VIRTIO_CONSOLE) as board:
        yield board


def rounds(board):
    """How far the third one is."""
    show(board, "2")
    return int(board.expect(r"bare\.bin (\d+) rounds\r", 120).group(1))


def test_all_are_up(trio):
    """Each has its own machine and memory; the third goes on beside the others, with its cap."""
    before = rounds(trio)
    for name, machine in (("0", "ti,omap3-beagle-xm"), ("1", "linux,dummy-virt")):
        assert machine in who(trio, name)
        trio.run(f"ip addr add 10.0.0.{int(name) + 1}/24 dev eth0; ip link set eth0 up")
    assert "3 packets received" in trio.run("ping -c 3 10.0.0.1")
    assert rounds(trio) > before
    trio.open_monitor()
    rows = guests(trio)
    assert {name: row[:2] for name, row in rows.items()} == {name: ("running", 0) for name in "012"}
    assert rows["2"][2] < 25
    for name in "012":
        assert "0 violations" in trio.monitor_command(f"guest {name} audit", 120).splitlines(), name
        assert re.search(r"^unrewritten\s+0\b", trio.monitor_command(f"stats {name}"), re.M)
    trio.sendline("console 0")
    trio.expect(r"\[guest 0\]")
    assert "BAD" not in trio.log.read_text(encoding="latin1")


def test_virtio_console(trio):
    """The shell of guest 1 is on it, the kernel's log came when its driver did; long output and long lines come through whole."""
    show(trio, "1")
    assert "hvc0" in trio.run("cat /sys/class/tty/console/active; tty")
    assert "is up after" in trio.log.read_text(encoding="latin1")
    trio.run("seq 2000 >/tmp/numbers")
    assert trio.run("cat /tmp/numbers", 180).split() == [str(n) for n in range(1, 2001)]
    line = "x" * 900
    assert trio.run(f"echo {line} | md5sum") == trio.run("head -c 900 /dev/zero | tr '\\0' x | sed 's/$/\\n/' | head -n 1 | md5sum")
    assert re.search(r"virtio\d", trio.run("cat /proc/interrupts"))
