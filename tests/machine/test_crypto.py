# SPDX-License-Identifier: GPL-2.0-or-later
"""The accelerators of SHA-1, MD5 and AES, by register and by sDMA, against this computer's own digests and the standards' examples."""

import hashlib
import struct

import pytest

from qtest import Machine

SHAM, AES1, AES2 = 0x480C3000, 0x480A6000, 0x480C5000
DIGCNT, CTRL, DIN, MASK = 0x14, 0x18, 0x1C, 0x60
OUTPUT_READY, INPUT_READY, SHA1, CONSTANT, CLOSE = 1, 2, 4, 8, 16
IRQ_EN, DMA_EN = 4, 8
SHAM_LINE = 49
KEY, IV, AES_CTRL, DATA, AES_MASK = 0x00, 0x20, 0x30, 0x34, 0x48
ENCRYPT, CBC, CTR, WIDTH_128 = 0x04, 0x20, 0x40, 0x180
DMA_IN, DMA_OUT, START = 0x04, 0x08, 0x20
SDMA = 0x48056080
SOURCE, RESULT = 0x80100000, 0x80200000
TEXT = bytes((11 * i + i // 256) & 0xFF for i in range(1000))


@pytest.fixture
def machine(tmp_path):
    with Machine(log=tmp_path / "log") as it:
        yield it
        assert "not modelled" not in (tmp_path / "log").read_text(encoding="utf-8")


def words(data):
    return struct.unpack(f"<{len(data) // 4}I", data)


def line(machine, number):
    return machine.read(0x48200080 + number // 32 * 0x20) >> number % 32 & 1


def sham_part(machine, data, flags):
    machine.write(SHAM + CTRL, len(data) << 5 | flags)
    for i, word in enumerate(words(data + bytes(-len(data) % 4))):
        assert machine.read(SHAM + CTRL) & INPUT_READY
        machine.write(SHAM + DIN + 4 * (i % 16), word)
    assert machine.read(SHAM + CTRL) & (OUTPUT_READY | INPUT_READY) == OUTPUT_READY


def digest(machine, name):
    state = [machine.read(SHAM + 4 * i) for i in range(5 if name == "sha1" else 4)]
    return struct.pack(f"{'>' if name == 'sha1' else '<'}{len(state)}I", *state)


@pytest.mark.parametrize("name, algorithm", [("sha1", SHA1), ("md5", 0)])
@pytest.mark.parametrize("length", [1, 3, 4, 55, 56, 63, 64, 65, 1000])
def test_digest(machine, name, algorithm, length):
    sham_part(machine, TEXT[:length], algorithm | CONSTANT | CLOSE)
    assert digest(machine, name) == hashlib.new(name, TEXT[:length]).digest()


@pytest.mark.parametrize("name, algorithm", [("sha1", SHA1), ("md5", 0)])
def test_digest_in_parts(machine, name, algorithm):
    """The state is taken away between two parts, as a driver does that has two messages."""
    sham_part(machine, TEXT[:128], algorithm | CONSTANT)
    state = [machine.read(SHAM + 4 * i) for i in range(5)]
    assert machine.read(SHAM + DIGCNT) == 128
    sham_part(machine, TEXT[500:600], algorithm | CONSTANT | CLOSE)
    for i, word in enumerate(state):
        machine.write(SHAM + 4 * i, word)
    machine.write(SHAM + DIGCNT, 128)
    sham_part(machine, TEXT[128:500], algorithm | CLOSE)
    assert digest(machine, name) == hashlib.new(name, TEXT[:500]).digest()


def start_dma(machine, channel, request, to_device, address, elements, frames):
    """Frames of elements of 32 bits, one frame a request."""
    base = SDMA + 0x60 * channel
    source, destination = (SOURCE, address) if to_device else (address, RESULT)
    for offset, value in ((0x10, 2), (0x14, elements), (0x18, frames), (0x1C, source), (0x20, destination)):
        machine.write(base + offset, value)
    mode = 1 << 12 if to_device else 1 << 14 | 1 << 24  # the memory's side moves; the device is the source
    machine.write(base, mode | 1 << 5 | 1 << 7 | (request & 0x1F) | request >> 5 << 19)


def test_digest_by_dma(machine):
    """Whole blocks come; what is behind the message's end is not part of it. The interrupt follows its enable."""
    machine.load(SOURCE, TEXT[:704])
    start_dma(machine, 0, 69, True, SHAM + DIN, 16, 11)
    machine.write(SHAM + CTRL, 700 << 5 | SHA1 | CONSTANT | CLOSE)
    assert not line(machine, SHAM_LINE)
    machine.write(SHAM + MASK, IRQ_EN | DMA_EN)
    machine.step(1_000_000)
    assert line(machine, SHAM_LINE)
    assert digest(machine, "sha1") == hashlib.sha1(TEXT[:700]).digest()
    machine.write(SHAM + CTRL, SHA1 | OUTPUT_READY)
    assert not line(machine, SHAM_LINE)


# FIPS 197, appendix C; NIST SP 800-38A, F.2.1 and F.5.1.
KEY_128 = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
PLAIN = bytes.fromhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")
FIRST_IV, COUNTER = bytes(range(16)), bytes(range(0xF0, 0x100))
EXAMPLES = {
    "ecb-128": (bytes(range(16)), 0, None, bytes(17 * i for i in range(16)), "69c4e0d86a7b0430d8cdb78070b4c55a"),
    "ecb-192": (bytes(range(24)), 0, None, bytes(17 * i for i in range(16)), "dda97ca4864cdfe06eaf70a0ec0d7191"),
    "ecb-256": (bytes(range(32)), 0, None, bytes(17 * i for i in range(16)), "8ea2b7ca516745bfeafc49904b496089"),
    "cbc-128": (KEY_128, CBC, FIRST_IV, PLAIN, "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"),
    "ctr-128": (KEY_128, CTR | WIDTH_128, COUNTER, PLAIN, "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"),
}


def aes_set_up(machine, base, key, mode, vector):
    for i, word in enumerate(words(key)):
        machine.write(base + 0x1C - 4 * (i ^ 1), word)
    for i, word in enumerate(words(vector or b"")):
        machine.write(base + IV + 4 * i, word)
    machine.write(base + AES_CTRL, mode | (len(key) // 8 - 1) << 3)


def aes_by_hand(machine, base, data):
    result = b""
    for block in range(0, len(data), 16):
        assert machine.read(base + AES_CTRL) & 3 == 2
        for i, word in enumerate(words(data[block:block + 16])):
            machine.write(base + DATA + 4 * i, word)
        assert machine.read(base + AES_CTRL) & 3 == 1
        result += struct.pack("<4I", *(machine.read(base + DATA + 4 * i) for i in range(4)))
    return result


@pytest.mark.parametrize("base", [AES1, AES2])
@pytest.mark.parametrize("name", EXAMPLES)
def test_aes(machine, name, base):
    key, mode, vector, plain, cipher = EXAMPLES[name]
    aes_set_up(machine, base, key, mode | ENCRYPT, vector)
    assert aes_by_hand(machine, base, plain).hex() == cipher
    if mode & CBC:  # the next request goes on from here
        assert struct.pack("<4I", *(machine.read(base + IV + 4 * i) for i in range(4))).hex() == cipher[-32:]
    aes_set_up(machine, base, key, mode, vector)
    assert aes_by_hand(machine, base, bytes.fromhex(cipher)) == plain


@pytest.mark.parametrize("base, request_in, request_out", [(AES1, 10, 9), (AES2, 66, 65)])
def test_aes_by_dma(machine, base, request_in, request_out):
    key, mode, vector, plain, cipher = EXAMPLES["cbc-128"]
    machine.load(SOURCE, plain)
    aes_set_up(machine, base, key, mode | ENCRYPT, vector)
    start_dma(machine, 0, request_in, True, base + DATA, 4, 2)
    start_dma(machine, 1, request_out, False, base + DATA, 4, 2)
    machine.step(1_000_000)
    assert machine.dump(RESULT, 32) == bytes(32)
    machine.write(base + AES_MASK, START | DMA_IN | DMA_OUT)
    machine.step(1_000_000)
    assert machine.dump(RESULT, 32).hex() == cipher
