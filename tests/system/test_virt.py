# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's kernel on Umbra's own virtual machine, with nothing of the board: its devices by the kernel's own drivers, restart, power-off."""

import hashlib
import re

import pytest

import umbra_guest
from board import Board, built_paths, layout, umbra_arguments

TWO_PORTS = """#include "linux-virt.dts"
/ { guest { devices { net@10054000 { compatible = "umbra,virtio-net"; reg = <0x10054000 0x1000>; interrupts = <7>; }; }; }; };
&net { status = "okay"; };
"""


@pytest.fixture(scope="module")
def virt(tmp_path_factory):
    """One board for the whole file; the tests leave the guest at its shell, the last one ends it."""
    folder = tmp_path_factory.mktemp("virt")
    (folder / "nets.dts").write_text(TWO_PORTS)
    with Board("virt", umbra_arguments("virt", layout(folder / "nets.dts"))) as board:
        board.wait_for_shell(timeout=240)
        yield board


def test_it_is_the_virtual_machine(virt):
    assert virt.run("tr '\\0' '\\n' </proc/device-tree/compatible").strip() == "linux,dummy-virt"
    text = virt.run("cat /proc/interrupts")
    assert int(re.search(r"(\d+)\s+GIC-0\s+32 Level\s+timer", text).group(1)) > 100
    assert int(re.search(r"(\d+)\s+GIC-0\s+33 Level\s+uart-pl011", text).group(1)) > 0
    assert "sp804" in virt.run("cat /sys/devices/system/clocksource/clocksource0/current_clocksource")
    assert not virt.run("grep -c omap /proc/interrupts", status=1).strip("0\n")


def test_time_goes_on(virt):
    """Sleeps take their time by the clock of the UART's other end: the timer and the RTC are two devices."""
    # In one go: between two commands the guest idles, and its idle time is skipped.
    before = virt.run("date -u -s '2026-05-06 07:08:09' >/dev/null && hwclock -u -w; hwclock -u; cut -d' ' -f1 /proc/uptime; sleep 5; "
                      "cut -d' ' -f1 /proc/uptime; hwclock -u").splitlines()
    up = [int(line.replace(".", "")) for line in before if re.fullmatch(r"\d+\.\d\d", line)]  # hundredths, rounded down
    assert 499 <= up[1] - up[0] < 530
    clock = [int(match.group(1)) for match in (re.search(r"07:08:(\d\d) 2026", line) for line in before) if match]
    assert 5 <= clock[1] - clock[0] <= 6


def test_entropy(virt):
    """Bytes that no compression gets hold of, and others the next time."""
    first, second = (virt.run("dd if=/dev/hwrng bs=64 count=64 2>/dev/null | sha256sum") for _ in range(2))
    assert first != second
    assert "virtio" in virt.run("cat /sys/class/misc/hw_random/rng_current")
    assert int(virt.run("dd if=/dev/hwrng bs=64 count=64 2>/dev/null | gzip | wc -c")) > 4096


def test_disk(virt):
    """The file of the card, all of it; a file system on it, and what the host kept of that over a restart of the guest (below)."""
    image = umbra_guest.build_guest()["disk.img"].read_bytes()
    assert hashlib.sha256(image).hexdigest() in virt.run("sha256sum /dev/vda")
    virt.run("mount -t vfat /dev/vda /mnt && dd if=/dev/urandom of=/mnt/noise bs=64k count=30 2>/dev/null")
    virt.digest = virt.run("sha256sum /mnt/noise").split()[0]
    virt.run("umount /mnt")
    assert virt.run("cat /sys/block/vda/serial").strip() == "disk.img"
    assert "disk.img at 0x" in virt.monitor("layout")


def test_network(virt):
    """Two ports of one switch, the second one in a network of its own: names and 4 MiB over TCP come across."""
    virt.run("unshare -n sleep 100000 & sleep 1; ip link set eth1 netns $!; echo \"nsenter --net=/proc/$!/ns/net\" >/tmp/other")
    virt.run("ip addr add 10.0.0.1/24 dev eth0; ip link set eth0 up; $(cat /tmp/other) ip addr add 10.0.0.2/24 dev eth1; "
             "$(cat /tmp/other) ip link set eth1 up")
    assert "3 packets received" in virt.run("ping -c 3 10.0.0.2")
    virt.run("dd if=/dev/urandom of=/tmp/noise bs=64k count=64 2>/dev/null; $(cat /tmp/other) httpd -p 80 -h /tmp")
    sent = virt.run("sha256sum </tmp/noise")
    assert virt.run("wget -q -O - http://10.0.0.2/noise | sha256sum") == sent


def test_restart(virt):
    """`reboot` in the guest: the same again, the clock went on, the disk is as it was left."""
    virt.sendline("reboot")
    virt.wait_for_shell(timeout=240)
    assert "2026" in virt.run("date")
    assert virt.digest in virt.run("mount -t vfat /dev/vda /mnt && sha256sum /mnt/noise; umount /mnt")
    assert "0 violations" in virt.monitor("guest audit").splitlines()
    assert re.search(r"^unrewritten\s+0\s", virt.monitor("stats"), re.M)


def test_monitor_shows_it(virt):
    assert re.search(r"serial@10030000\s+umbra,pl011 0x10030000\+0x1000 irq 1", virt.monitor("layout"))


def test_power_off(virt):
    virt.sendline("poweroff")
    virt.expect(r"guest 0: powered off: by the guest", 60)
    virt.sendline("guest list")
    virt.expect(r"stopped", 30)


@pytest.mark.nightly
@pytest.mark.parametrize("path", [path for path in built_paths() if path != "inline"])
def test_other_paths(boot, path):
    board = boot(umbra_arguments(f"virt-{path}", "linux-virt", path=path))
    board.wait_for_shell(timeout=2400)
    assert "linux,dummy-virt" in board.run("tr '\\0' '\\n' </proc/device-tree/compatible")
