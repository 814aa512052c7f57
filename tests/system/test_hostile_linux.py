# SPDX-License-Identifier: GPL-2.0-or-later
"""
Programs and modules that do harm inside Debian, as an ordinary user and as root (nightly). Where the kernel survives it natively, it does so as a
guest, with the same words; what kills a guest leaves host and monitor well, and a reset brings it back.
"""

import re
import struct

import pexpect
import pytest

import feature_guest
import umbra_debian
from board import SLOW

pytestmark = pytest.mark.nightly
CALLS = 20000
SEEDS = (1, 1001)
NOBODY = 65534
MAGIC = b"~Module signature appended~\n"
# The first words of the init function that stay: its frame, and the call that ftrace knows of.
KEPT = 2
# What instead of the rest: nothing in the guest, or all of it, survives those of HANGS.
SPOILED = {
    "jumps-into-nothing": (0xe3a03207, 0xe12fff13),			# mov r3, #0x70000000; bx r3
    "jumps-into-the-fixmap": (0xe3a034ff, 0xe12fff13),			# mov r3, #0xff000000; bx r3
    "writes-over-text": (0xe3a03103, 0xe3833603, 0xe5833000),		# str r3, [#0xc0300000]
    "writes-over-vectors": (0xe3a03000, 0xe2433801, 0xe5833000),		# str r3, [#0xffff0000]
    "noise": (0xe7f000f0, 0xec2d3a17, 0xf57ff05f, 0xe8fd6fff),
    "undefined-coprocessor": (0xee17ff36, 0xee1e0e15, 0xee100e10),
}
HANGS = {
    "loops-with-interrupts-masked": (0xf10c00c0, 0xeafffffe),
    "writes-over-everything": (0xe3a03103, 0xe2833501, 0xe4833004, 0xe4833004, 0xeafffffc),	# from 0xc0400000 on
    "loses-its-page-table": (0xe3a03000, 0xee023f10, 0xee083f17, 0xf57ff04f, 0xeafffffe),	# TTBR0 = 0, TLBIALL
    "switches-the-mmu-off": (0xe3a03000, 0xee013f10, 0xf57ff06f, 0xeafffffe),
}
said = {}


def section(data, name):
    """(offset, size) of a section of an ELF file of 32 bits."""
    table, = struct.unpack_from("<I", data, 32)
    entry, number, names = struct.unpack_from("<3H", data, 46)
    headers = [struct.unpack_from("<10I", data, table + entry * i) for i in range(number)]
    strings = headers[names][4]
    for header in headers:
        at = strings + header[0]
        if data[at:data.index(b"\0", at)] == name:
            return header[4], header[5]
    raise AssertionError(f"the module has no {name}")


def spoiled(data, words, number):
    """nls_utf8.ko under another name, whose init function does something else, without its signature."""
    data = bytearray(data.removesuffix(MAGIC).replace(b"nls_utf8", b"spoiled%d" % number))
    text, size = section(data, b".init.text")
    assert 4 * (KEPT + len(words)) <= size
    struct.pack_into(f"<{len(words)}I", data, text + 4 * KEPT, *words)
    relocations, size = section(data, b".rel.init.text")
    for at in range(relocations, relocations + size, 8):
        offset, = struct.unpack_from("<I", data, at)
        if offset >= 4 * KEPT:
            struct.pack_into("<I", data, at + 4, 0)	# R_ARM_NONE
    return bytes(data)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    module = feature_guest.module_path(umbra_debian.fetch_all()["kernel"], "nls_utf8").read_bytes()

    def add(archive):
        feature_guest.add_program(archive, folder, "fuzz")
        feature_guest.add_program(archive, folder, "scribble", "-D_FILE_OFFSET_BITS=64")
        for number, (name, words) in enumerate((SPOILED | HANGS).items()):
            archive.file(f"extra/{name}.ko", spoiled(module, words, number))
    return feature_guest.guest_files(folder, add)


@pytest.fixture(scope="module", params=feature_guest.WORLDS)
def linux(request, files):
    with feature_guest.booted("hostile", request.param, files) as board:
        board.wait_for_shell(timeout=300)
        yield board


@pytest.mark.parametrize("user", [NOBODY, 0], ids=["user", "root"])
def test_random_system_calls(linux, user):
    for seed in SEEDS:
        output = linux.run(f"cd /tmp; touch fuzz; chmod 666 fuzz; fuzz {seed} {CALLS // len(SEEDS)} {user or ''}; cd /root", timeout=1200)
        assert int(re.search(r"(\d+) calls returned", output).group(1)) > CALLS / len(SEEDS) / 20, output
        print(f"{linux.world}: {output.strip()}")
    assert linux.run("seq 1 2000 | sort -n | tail -n 1", timeout=120).strip() == "2000"
    bad = [line for line in linux.run("dmesg -c", timeout=120).splitlines() if re.search(r"Oops|BUG:|Internal error|panic|WARNING:", line)]
    assert not bad, bad
    assert feature_guest.is_healthy(linux)


@pytest.mark.parametrize("what", SPOILED)
def test_spoiled_module(linux, what):
    """An Oops of the kernel's, with the same cause in each world; the rest goes on."""
    linux.run(f"dmesg -c >/dev/null; insmod /extra/{what}.ko", status=None, timeout=120)
    log = linux.run("dmesg -c", timeout=120)
    verdict = re.findall(r"Unable to handle kernel [^\n]*|Internal error: [^\n]*|undefined instruction[^\n]*", re.sub(r"\[#\d+\]", "", log))
    assert verdict, log
    assert said.setdefault(what, verdict) == verdict
    assert linux.run("seq 1 2000 | sort -n | tail -n 1", timeout=120).strip() == "2000"
    assert feature_guest.is_healthy(linux)


# Pages that no test of a program may write: bus masters (docs/security.md), by which a guest that owns them reaches all memory.
MASTERS = "48056000 48050000 48051000 48064000 48058000 48059000 4805a000 4805b000 480ab000 480bc000 480bd000 5d000000 50000000"
# All that a guest of the layout has, and what lies between: RAM (which the kernel refuses to root), the interconnects, memory controllers, the debug
# bus, every peripheral; last the SRAM that the kernel idles in.
RANGES = ("80000000 9e000000", "68000000 68030000", "6c000000 6c010000", "6d000000 6d010000", "6e000000 6e001000", "54000000 54800000",
          "48000000 4a000000", "40200000 40210000")


def is_reset(board):
    board.open_monitor()
    board.monitor_command("guest list")
    assert "0 violations" in board.monitor_command("guest audit", timeout=120).splitlines()
    board.sendline("guest reset")
    board.wait_for_shell(timeout=400)
    assert feature_guest.is_healthy(board)


@pytest.mark.parametrize("what", HANGS)
def test_module_that_kills_its_guest(linux, what):
    if linux.world == "native":
        return
    linux.sendline(f"echo ki''lled; insmod /extra/{what}.ko")
    linux.expect("killed", 60)
    linux.lost = False
    linux.expect_not("is up after", 3)
    is_reset(linux)


def test_device_memory(linux):
    """Random words into all that the guest has, as far as the kernel lets root have it; whatever the guest looks like then."""
    if linux.world == "native":
        return
    linux.sendline(f"for r in {' '.join(repr(r) for r in RANGES)}; do scribble 1 $r {MASTERS}; done; echo do''ne")
    # Below the kernel there are two MiB that it does not count among its memory.
    linux.expect(r"scribble: 512 pages, 8192 words, 122368 pages refused", 300)
    linux.child.expect([r"done", r"is up after", pexpect.TIMEOUT], timeout=120 * SLOW)
    linux.lost = False
    is_reset(linux)
