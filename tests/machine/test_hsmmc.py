# SPDX-License-Identifier: GPL-2.0-or-later
"""The MMC controller: commands, both ways of moving data, errors, resets, driven through its registers."""

import struct

import pytest

from qtest import Machine

MMC1, MMC2 = 0x4809c000, 0x480b4000
SDMA_CHANNEL0 = 0x48056080
INTC_ITR2 = 0x482000c0
RAM = 0x80100000

SYSCONFIG, SYSSTATUS, CON = 0x10, 0x14, 0x2c
BLK, ARG, CMD, RSP10, RSP76, DATA, PSTATE, HCTL, SYSCTL, STAT, IE, ISE = \
    0x104, 0x108, 0x10c, 0x110, 0x11c, 0x120, 0x124, 0x128, 0x12c, 0x130, 0x134, 0x138

CC, TC, BWR, BRR, ERRI, CTO, DTO = 1, 2, 1 << 4, 1 << 5, 1 << 15, 1 << 16, 1 << 20
CMDI, DATI = 1, 2
R2, R1, R1B = 1 << 16, 2 << 16, 3 << 16
DMA, COUNT, AUTO12, READ, MULTI, DP = 1, 2, 4, 16, 32, 1 << 21

CARD_SIZE = 4 << 20
CONTENT = b"".join(struct.pack("<I", i * 2654435761 & 0xffffffff) for i in range(CARD_SIZE // 4))


class Host:
    """A driver of one controller, no more than the tests need."""

    def __init__(self, machine, base):
        self.machine, self.base = machine, base
        self.write(SYSCTL, 1 << 26)
        self.write(SYSCTL, 0x5 | 2 << 6)
        self.write(IE, 0xffffffff)

    def read(self, offset):
        return self.machine.read(self.base + offset)

    def write(self, offset, value):
        self.machine.write(self.base + offset, value)

    def command(self, index, argument=0, flags=0):
        """Returns STAT when the command, but not its data, is done."""
        self.write(STAT, 0xffffffff)
        self.write(ARG, argument)
        self.write(CMD, index << 24 | flags)
        assert self.read(PSTATE) & CMDI
        assert self.read(STAT) == 0, "a command takes time"
        self.machine.step(2500)
        assert not self.read(PSTATE) & CMDI
        return self.read(STAT)

    def select_card(self):
        self.command(0)
        assert self.command(8, 0x1aa, R1) == CC
        ready = 0
        while not ready & 1 << 31:
            self.command(55, 0, R1)
            self.command(41, 0x40ff8000, R1)
            ready = self.read(RSP10)
            self.machine.step(1000000)
        self.command(2, 0, R2)
        self.command(3, 0, R1)
        self.address = self.read(RSP10) & 0xffff0000
        assert self.command(7, self.address, R1B) == CC | TC, "the end of busy is reported like the end of data"


@pytest.fixture
def card(tmp_path):
    image = tmp_path / "card"
    image.write_bytes(CONTENT)
    return image


@pytest.fixture
def host(card, tmp_path):
    with Machine("-drive", f"if=sd,format=raw,file={card}", log=tmp_path / "log") as machine:
        machine.log = tmp_path / "log"
        it = Host(machine, MMC1)
        it.select_card()
        yield it


@pytest.fixture
def empty(tmp_path):
    with Machine(log=tmp_path / "log") as machine:
        machine.log = tmp_path / "log"
        yield Host(machine, MMC2)


def test_reset_values(empty):
    assert empty.read(SYSSTATUS) & 1
    assert empty.read(SYSCTL) & 7 == 7, "internal clock stable"
    assert empty.read(PSTATE) & (CMDI | DATI) == 0
    assert empty.read(0x140) & 7 << 24, "some voltage"


def test_no_card_times_out(empty):
    assert empty.command(8, 0x1aa, R1) == CTO | ERRI
    empty.write(SYSCTL, empty.read(SYSCTL) | 1 << 25)
    assert empty.read(SYSCTL) & 1 << 25 == 0


def test_initialization_stream(empty):
    empty.write(CON, 2)
    assert empty.command(0) == CC
    empty.write(CON, 0)


def test_long_response(host):
    host.command(7, 0, R1B)
    assert host.command(9, host.address, R2) == CC
    csd = b"".join(struct.pack(">I", host.read(RSP76 - 4 * i)) for i in range(4))
    # CSD version 1: capacity in BLOCK_LEN units from C_SIZE, C_SIZE_MULT, READ_BL_LEN
    c_size = (csd[6] & 3) << 10 | csd[7] << 2 | csd[8] >> 6
    multiplier = (csd[9] & 3) << 1 | csd[10] >> 7
    assert (c_size + 1) << (multiplier + 2) << (csd[5] & 15) == CARD_SIZE


def test_events_need_enable(host):
    host.write(IE, 0)
    assert host.command(13, host.address, R1) == 0


def test_interrupt_line(host):
    host.write(ISE, CC)
    host.command(13, host.address, R1)
    assert host.machine.read(INTC_ITR2) & 1 << (83 - 64)
    host.write(STAT, CC)
    assert not host.machine.read(INTC_ITR2) & 1 << (83 - 64)


def read_blocks(host, count):
    """Reads by BRR; returns the data."""
    data = b""
    for _ in range(count):
        for _ in range(20):
            if host.read(STAT) & (BRR | ERRI):
                break
            host.machine.step(50000)
        assert host.read(STAT) & (BRR | ERRI) == BRR
        host.write(STAT, BRR)
        data += b"".join(struct.pack("<I", host.read(DATA)) for _ in range(128))
    return data


def test_read_single_block(host):
    host.write(BLK, 512)
    assert host.command(17, 512 * 5, R1 | DP | READ) == CC
    assert host.read(PSTATE) & DATI
    assert host.read(STAT) & BRR == 0, "the card takes time"
    assert read_blocks(host, 1) == CONTENT[512 * 5:512 * 6]
    assert host.read(STAT) & TC
    assert not host.read(PSTATE) & DATI


def test_read_many_blocks(host):
    count = 40
    host.write(BLK, 512 | count << 16)
    host.command(18, 0, R1 | DP | READ | MULTI | COUNT | AUTO12)
    assert read_blocks(host, count) == CONTENT[:512 * count]
    assert host.read(STAT) & TC
    assert host.command(13, host.address, R1) == CC
    assert host.read(RSP10) >> 9 & 15 == 4, "auto CMD12 has brought the card back to the transfer state"


def test_open_ended_read_is_stopped(host):
    host.write(BLK, 512)
    host.command(18, 0, R1 | DP | READ | MULTI)
    assert read_blocks(host, 20) == CONTENT[:512 * 20]
    assert host.read(PSTATE) & DATI
    assert host.command(12, 0, R1B | 3 << 22) & (CC | TC) == CC | TC
    assert not host.read(PSTATE) & DATI


def test_write(host, card):
    new = bytes(range(256)) * 4
    host.write(BLK, 512 | 2 << 16)
    assert host.command(25, 512 * 100, R1 | DP | MULTI | COUNT | AUTO12) == CC
    host.machine.step(100000)
    for block in range(2):
        assert host.read(STAT) & BWR
        host.write(STAT, BWR)
        for word in struct.unpack("<128I", new[512 * block:512 * (block + 1)]):
            host.write(DATA, word)
    assert host.read(STAT) & TC
    assert card.read_bytes() == CONTENT[:51200] + new + CONTENT[51200 + 1024:]


def dma(host, to_memory, blocks, request):
    """Channel 0 moves blocks in frames of one block, synchronized to the controller's request."""
    post = 1 << (14 if to_memory else 12)
    port = host.base + DATA
    registers = {0x10: 2, 0x14: 128, 0x18: blocks, 0x08: 1 << 5, 0x1c: port if to_memory else RAM,
                 0x20: RAM if to_memory else port}
    for offset, value in registers.items():
        host.machine.write(SDMA_CHANNEL0 + offset, value)
    source_synchronized = 1 << 24 if to_memory else 0
    host.machine.write(SDMA_CHANNEL0, post | source_synchronized | 1 << 5 | 1 << 7 | request & 31 | request >> 5 << 19)


def test_dma_read(host):
    dma(host, True, 64, 62)
    host.write(BLK, 512 | 64 << 16)
    host.command(18, 0, R1 | DP | READ | MULTI | COUNT | AUTO12 | DMA)
    host.machine.step(100000)
    assert 0 < host.machine.read(SDMA_CHANNEL0 + 0x40) < 64, "under way"
    host.machine.step(1000000)
    assert host.machine.dump(RAM, 512 * 64) == CONTENT[:512 * 64]
    assert host.read(STAT) == CC | TC
    assert host.machine.read(SDMA_CHANNEL0 + 0x0c) == 1 << 5


def test_dma_write(host, card):
    new = CONTENT[::-1][:512 * 64]
    host.machine.load(RAM, new)
    dma(host, False, 64, 61)
    host.write(BLK, 512 | 64 << 16)
    host.command(25, 0, R1 | DP | MULTI | COUNT | AUTO12 | DMA)
    host.machine.step(2000000)
    assert host.read(STAT) == CC | TC
    assert card.read_bytes() == new + CONTENT[len(new):]


def test_data_reset_stops_dma(host):
    dma(host, True, 64, 62)
    host.write(BLK, 512 | 64 << 16)
    host.command(18, 0, R1 | DP | READ | MULTI | COUNT | AUTO12 | DMA)
    host.machine.step(100000)
    host.write(SYSCTL, host.read(SYSCTL) | 1 << 26)
    moved = host.machine.read(SDMA_CHANNEL0 + 0x40)
    host.machine.step(1000000)
    assert host.machine.read(SDMA_CHANNEL0 + 0x40) == moved
    assert not host.read(PSTATE) & DATI


def test_read_beyond_the_card_times_out(host):
    host.write(BLK, 512)
    host.command(17, CARD_SIZE, R1 | DP | READ)
    host.machine.step(100000)
    assert host.read(STAT) & (DTO | ERRI) == DTO | ERRI


def test_soft_reset(host):
    host.write(BLK, 512)
    host.command(17, 0, R1 | DP | READ)
    host.write(SYSCONFIG, 2)
    assert host.read(SYSCONFIG) & 2 == 0
    assert host.read(BLK) == 0
    host.machine.step(1000000)
    assert host.read(STAT) == 0
    assert host.read(PSTATE) & (CMDI | DATI) == 0


def test_unmodelled_register_is_logged(empty):
    assert empty.read(0x150) == 0
    empty.write(0x158, 1)
    log = empty.machine.log.read_text()
    assert "mmc2.0x150 read: not modelled" in log
    assert "mmc2.0x158 write 0x00000001: not modelled" in log
