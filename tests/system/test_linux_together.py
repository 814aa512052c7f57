# SPDX-License-Identifier: GPL-2.0-or-later
"""What two Linux guests do for each other, as docs/guests.md has it (nightly): a disk of the card by NBD, shared memory by /dev/mem."""

import hashlib

import pytest

import feature_guest
import umbra_card
import umbra_guest
import umbra_machine
from board import LOGS, Board, layout, umbra_arguments
from test_duo import show
from test_linux_duo import check
from umbra_common import run

LAYOUT = """#include "linux-duo.dts"
/ {
	guest { devices {
		shmem@52001000 { compatible = "umbra,shmem"; reg = <0x52001000 0x1000>; region = <0>; region-kib = <64>; };
	}; };
	guest@1 { devices {
		shmem@10060000 { compatible = "umbra,shmem"; reg = <0x10060000 0x1000>; interrupts = <7>; region = <0>; region-kib = <64>; };
	}; };
};
"""
pytestmark = pytest.mark.nightly
REGISTERS = {"0": "52001000", "1": "10060000"}
SERVER = "/tmp/nbd.conf"
EXPORT = "[generic]\\n[disk]\\nexportname = /mnt/guest1.img\\nflush = true\\nfua = true\\n"


def add(archive):
    feature_guest.add_program(archive, LOGS, "shmem")
    feature_guest.add_package(archive, "nbd-server", "bin/nbd-server")
    feature_guest.add_package(archive, "nbd-client", "sbin/nbd-client")
    feature_guest.add_modules(archive, ("nbd",))


@pytest.fixture(scope="module")
def card_with_disk(tmp_path_factory):
    """A card that has guest 1's disk on it as a file."""
    folder = tmp_path_factory.mktemp("nbd")
    umbra_guest.build_disk(folder / "guest1.img")
    return umbra_card.create(folder / "card.img", {"guest1.img": folder / "guest1.img"})


@pytest.fixture(scope="module")
def pair(card_with_disk, tmp_path_factory):
    """One board for the whole file, both guests at their shells and on the switch; its last test switches it off."""
    folder = tmp_path_factory.mktemp("pair")
    (folder / "together.dts").write_text(LAYOUT)
    LOGS.mkdir(parents=True, exist_ok=True)
    arguments = umbra_arguments("linux-together", layout(folder / "together.dts"), feature_guest.guest_files(folder, add))
    with Board("linux-together", arguments + umbra_machine.card_boot(card_with_disk)) as board:
        board.wait_for_shell(600)
        show(board, "1")
        join(board, "1")
        show(board, "0")
        join(board, "0")
        yield board


def join(board, name):
    """Guest `name`, which is shown, comes up and has its address on the switch."""
    if name == "1":
        board.wait_for_shell(600)
    board.run(f"ip addr add 10.0.0.{int(name) + 1}/24 dev eth0; ip link set eth0 up")


def test_shared_memory(pair):
    """A file goes through it, each way."""
    for sender, receiver in (("0", "1"), ("1", "0")):
        show(pair, receiver)
        pair.run(f"shmem {REGISTERS[receiver]} receive /tmp/received & sleep 1")
        show(pair, sender)
        pair.run("dd if=/dev/urandom of=/tmp/sent bs=1000 count=999 2>/dev/null")
        pair.run(f"shmem {REGISTERS[sender]} send /tmp/sent", 120)
        sent = pair.run("sha256sum </tmp/sent")
        show(pair, receiver)
        pair.run("wait")
        assert pair.run("sha256sum </tmp/received") == sent
    show(pair, "0")
    assert "not permitted" in pair.run("shmem 52000000 send /tmp/sent", status=1), "a driver has the registers there"
    check(pair)


def connect(board):
    board.run("insmod /extra/nbd.ko && nbd-client 10.0.0.1 /dev/nbd0 -N disk && mount -t vfat /dev/nbd0 /mnt", 120)


def test_disk_of_the_card(pair, card_with_disk, tmp_path):
    """Guest 1 has a file of the card as its disk, from guest 0; what it wrote outlives its reset, and the board when it is switched off."""
    show(pair, "0")
    pair.run("card", 120)
    pair.run(f"printf '{EXPORT}' >{SERVER} && nbd-server -C {SERVER} -p /tmp/nbd.pid")
    show(pair, "1")
    connect(pair)
    pair.run("dd if=/dev/urandom of=/mnt/kept bs=64k count=24 2>/dev/null; sync")
    kept = pair.run("sha256sum </mnt/kept").split()[0]
    pair.open_monitor()
    pair.sendline("guest 1 reset")
    join(pair, "1")
    connect(pair)
    assert pair.run("sha256sum </mnt/kept").split()[0] == kept
    pair.run("echo more >/mnt/more; umount /mnt; nbd-client -d /dev/nbd0")
    show(pair, "0")
    pair.run("kill $(cat /tmp/nbd.pid); sleep 1; umount /mnt", 120)
    check(pair)
    pair.close()
    disk = tmp_path / "guest1.img"
    disk.write_bytes(umbra_card.get_bytes(card_with_disk, "guest1.img"))
    run(["mcopy", "-i", disk, "::kept", "::more", tmp_path])
    assert hashlib.sha256((tmp_path / "kept").read_bytes()).hexdigest() == kept
    assert (tmp_path / "more").read_text() == "more\n"
