# SPDX-License-Identifier: GPL-2.0-or-later
"""The boot ROM: what it says of a card that it cannot boot, and what it hands over to an MLO that it can."""

import os
import struct
import subprocess

import pytest

from qtest import QEMU, Machine

START = 1 << 20
PARTITION = 16 << 20
SRAM = 0x40200000

# A first-stage loader that reports on UART3: one letter per thing that is as it should be, then resets the machine.
LOADER = """
	.arch_extension sec
	.macro	report, letter, condition
	mov	r0, #\\letter
	mov\\condition r0, #'-'
	strb	r0, [r5]
	.endm
start:
	mov	r10, r0
	ldr	r5, =0x49020000
	mov	r1, #0
	str	r1, [r5, #0x20]
	ldrb	r1, [r10, #4]
	cmp	r1, #6
	report	'D', ne			@ boot device MMC1
	mrs	r1, cpsr
	and	r1, r1, #0xdf
	cmp	r1, #0xd3
	report	'S', ne			@ Supervisor mode, IRQ and FIQ masked
	mrc	p15, 0, r1, c1, c0, 0
	tst	r1, #5
	report	'C', ne			@ MMU and data cache off
	ldr	r1, =0x12345678
	mov	r12, #1
	smc	#0
	ldr	r2, =0x12345678
	cmp	r1, r2
	report	'M', ne			@ the monitor returned and kept registers
	ldr	r1, =0x4020ffe4
	adr	r2, undefined
	str	r2, [r1]
	mrc	p15, 0, r1, c1, c1, 0	@ SCR: undefined in Non-secure state
	mov	r0, #'-'
	strb	r0, [r5]
	b	end
undefined:
	mov	r0, #'N'
	strb	r0, [r5]
end:	ldr	r1, =0x48307250
	mov	r2, #2
	mov	r0, #'\\n'
	strb	r0, [r5]
	str	r2, [r1]
	b	.
"""


def build(path, source):
    """Assembles source for SRAM and returns the code."""
    (path / "mlo.S").write_text(source)
    subprocess.run(["arm-none-eabi-gcc", "-mcpu=cortex-a8", "-nostdlib", f"-Wl,-Ttext={SRAM:#x}", "-Wl,--build-id=none",
                    "-o", path / "mlo.elf", path / "mlo.S"], check=True, stderr=subprocess.DEVNULL)
    subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", path / "mlo.elf", path / "mlo.bin"], check=True)
    return (path / "mlo.bin").read_bytes()


def make_card(path, mlo, kind=0xc, active=True):
    """A card with one partition; mlo is the file's content or None. Returns the path of the image."""
    image = path / "card"
    entry = bytes([0x80 if active else 0, 0, 0, 0, kind, 0, 0, 0]) + struct.pack("<II", START // 512, PARTITION // 512)
    image.write_bytes(bytes(446) + entry + bytes(48) + b"\x55\xaa" + bytes((32 << 20) - 512))
    where = f"{image}@@{START}"
    subprocess.run(["mformat", "-i", where, "-T", str(PARTITION // 512), "::"], check=True)
    if mlo is not None:
        (path / "MLO").write_bytes(mlo)
        subprocess.run(["mcopy", "-i", where, path / "MLO", "::MLO"], check=True)
    return image


# A slow or busy computer may stretch it (UMBRA_TEST_SLOW).
SLOW = float(os.environ.get("UMBRA_TEST_SLOW") or 1)


def run(*arguments, timeout=20):
    """Runs the machine until it asks for a reset, or for timeout seconds if it never does. Returns (stdout, stderr)."""
    process = subprocess.Popen([QEMU, "-M", "beagle-xm", "-nographic", "-monitor", "none", "-serial", "stdio", "-nic", "none",
                                "-no-reboot", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    try:
        return process.communicate(timeout=timeout * SLOW)
    except subprocess.TimeoutExpired:
        process.terminate()
        return process.communicate()


def boot(image):
    return run("-drive", f"if=sd,format=raw,file={image}")


def header(code, load=SRAM, length=None):
    return struct.pack("<II", len(code) + 8 if length is None else length, load) + code


def with_settings(image, enabled=0):
    """Puts the table of settings sections in front, as the image of a real first-stage loader has it."""
    table = struct.pack("<II12s12s", 0x40, 0xc, b"", b"CHSETTINGS") + b"\xff" * 32
    return (table + struct.pack("<IBBH", 0xc0c0c0c1, enabled, 1, 0)).ljust(512, b"\0") + image


@pytest.mark.parametrize("settings", [False, True])
def test_hand_over(tmp_path, settings):
    mlo = header(build(tmp_path, LOADER))
    out, err = boot(make_card(tmp_path, with_settings(mlo) if settings else mlo))
    assert out.strip() == "DSCMN", err


def test_direct_boot_has_the_same_monitor(tmp_path):
    # entered with r0 = 0 as kernels are, so there is no parameter block to look at
    image = tmp_path / "image"
    image.write_bytes(build(tmp_path, LOADER.replace("ldrb\tr1, [r10, #4]", "mov\tr1, #6")))
    out, err = run("-kernel", str(image))
    assert out.strip() == "DSCMN", err


def failure(image=None):
    """The one message that the ROM, which runs at reset and so before the first register access, has for this card."""
    with Machine(*([] if image is None else ["-drive", f"if=sd,format=raw,file={image}"])) as machine:
        assert machine.read(SRAM) == 0, "nothing was loaded"
        machine.process.terminate()
        messages = [line for line in machine.process.stderr if "boot ROM:" in line]
    assert len(messages) == 1
    return messages[0]


def test_no_card():
    assert "no card in the slot" in failure()


@pytest.mark.parametrize("spoil, message", [
    (lambda data: data[:510] + b"\0\0" + data[512:], "no partition table"),
    (lambda data: data[:START] + bytes(512) + data[START + 512:], "no FAT file system"),
], ids=["mbr", "fat"])
def test_spoilt_card(tmp_path, spoil, message):
    image = make_card(tmp_path, header(b"code"))
    image.write_bytes(spoil(image.read_bytes()))
    assert message in failure(image)


@pytest.mark.parametrize("options, message", [
    ({"active": False}, "no partition of the card is marked active"),
    ({"kind": 0x83}, "the active partition 1 is not FAT (type 0x83)"),
], ids=["inactive", "linux"])
def test_wrong_partition(tmp_path, options, message):
    assert message in failure(make_card(tmp_path, header(b"code"), **options))


@pytest.mark.parametrize("mlo, message", [
    (None, "no file MLO"),
    (b"", "ends before its header"),
    (b"1234567", "ends before its header"),
    (header(b"code", length=100), "its header says 100 bytes, the file has 12"),
    (header(b"code", load=0x80000000), "not inside SRAM"),
    (header(b"code" * 4, load=0x4020eff8), "not inside SRAM"),
    (header(bytes(100000)), "MLO is too big"),
    (with_settings(header(b"code"), enabled=1), "settings sections"),
], ids=["none", "empty", "tiny", "truncated", "outside", "overlong", "big", "settings"])
def test_wrong_mlo(tmp_path, mlo, message):
    assert message in failure(make_card(tmp_path, mlo))
