# SPDX-License-Identifier: GPL-2.0-or-later
"""The system DMA controller: each way of moving data, driven through its registers."""

import struct

import pytest

from qtest import Machine

SDMA = 0x48056000
IRQSTATUS_L0 = SDMA + 0x08
IRQENABLE_L0 = SDMA + 0x18
INTC_ITR0 = 0x48200080

CCR, CLNK, CICR, CSR, CSDP, CEN, CFN, CSSA, CDSA = range(0x00, 0x24, 4)
CSEI, CSFI, CDEI, CDFI, CSAC, CDAC, CCEN, CCFN, COLOR = range(0x24, 0x48, 4)
CDP, CNDP, CCDN = range(0x50, 0x5c, 4)

EN = 1 << 7
SRC_POST, SRC_SINGLE, SRC_DOUBLE = 1 << 12, 2 << 12, 3 << 12
DST_POST, DST_SINGLE, DST_DOUBLE = 1 << 14, 2 << 14, 3 << 14
CONST_FILL, TRANSPARENT = 1 << 16, 1 << 17
HALF, FRAME, LAST, BLOCK, TRANS_ERR, MISALIGNED, SUPER_BLOCK = 4, 8, 16, 32, 1 << 8, 1 << 11, 1 << 14
ALL = HALF | FRAME | LAST | BLOCK | TRANS_ERR | MISALIGNED | SUPER_BLOCK

SOURCE, DESTINATION = 0x80100000, 0x80200000
PATTERN = bytes((7 * i + i // 256) & 0xff for i in range(65536))


@pytest.fixture
def machine(tmp_path):
    with Machine(log=tmp_path / "log") as it:
        it.log = tmp_path / "log"
        it.load(SOURCE, PATTERN)
        yield it


def channel(number, offset):
    return SDMA + 0x80 + 0x60 * number + offset


def start(machine, number=0, **registers):
    """Writes the named registers, CCR last."""
    for name, value in registers.items():
        if name != "CCR":
            machine.write(channel(number, globals()[name]), value)
    if "CCR" in registers:
        machine.write(channel(number, CCR), registers["CCR"])


def test_identity(machine):
    assert machine.read(SDMA) == 0x40
    assert machine.read(SDMA + 0x28) & 1
    assert machine.read(SDMA + 0x64) & (1 << 20), "linked lists of types 1 to 3"


@pytest.mark.parametrize("data_type", [0, 1, 2])
def test_copy(machine, data_type):
    size = 1 << data_type
    start(machine, CSDP=data_type, CEN=1000, CFN=3, CSSA=SOURCE, CDSA=DESTINATION, CICR=ALL,
          CCR=SRC_POST | DST_POST | EN)
    assert machine.read(channel(0, CCR)) & EN, "moves in time, not in the register write"
    machine.step(1000000)
    assert not machine.read(channel(0, CCR)) & EN
    assert machine.dump(DESTINATION, 3000 * size + 4) == PATTERN[:3000 * size] + bytes(4)
    assert machine.read(channel(0, CSR)) == HALF | FRAME | LAST | BLOCK
    assert machine.read(channel(0, CSAC)) == SOURCE + 3000 * size
    assert machine.read(channel(0, CDAC)) == DESTINATION + 3000 * size
    assert machine.read(channel(0, CCFN)) == 3


def test_progress(machine):
    start(machine, CSDP=2, CEN=16384, CFN=1, CSSA=SOURCE, CDSA=DESTINATION, CDAC=0, CCR=SRC_POST | DST_POST | EN)
    assert machine.read(channel(0, CDAC)) == 0, "software tells from this that nothing has moved"
    machine.step(10000)
    elements = machine.read(channel(0, CCEN))
    assert 0 < elements < 16384
    assert machine.read(channel(0, CDAC)) == DESTINATION + 4 * elements
    assert machine.read(channel(0, CCR)) & EN


def test_stop(machine):
    start(machine, CSDP=2, CEN=16384, CFN=1, CSSA=SOURCE, CDSA=DESTINATION, CCR=SRC_POST | DST_POST | EN)
    machine.step(10000)
    machine.write(channel(0, CCR), SRC_POST | DST_POST)
    moved = machine.read(channel(0, CDAC)) - DESTINATION
    machine.step(1000000)
    assert machine.read(channel(0, CCR)) & (EN | 3 << 9) == 0
    assert machine.dump(DESTINATION + moved, 64) == bytes(64)


def test_interrupt_lines(machine):
    machine.write(IRQENABLE_L0 + 4, 1 << 5)
    start(machine, 5, CSDP=2, CEN=4, CFN=1, CSSA=SOURCE, CDSA=DESTINATION, CICR=BLOCK, CCR=SRC_POST | DST_POST | EN)
    machine.step(100000)
    assert machine.read(INTC_ITR0) >> 12 & 0xf == 2, "line L1 only"
    assert machine.read(IRQSTATUS_L0 + 4) == 1 << 5
    machine.write(channel(5, CSR), BLOCK)
    assert machine.read(channel(5, CSR)) == 0
    machine.write(IRQSTATUS_L0 + 4, 1 << 5)
    assert machine.read(INTC_ITR0) >> 12 & 0xf == 0


def test_no_status_without_enable(machine):
    start(machine, CSDP=2, CEN=4, CFN=1, CSSA=SOURCE, CDSA=DESTINATION, CICR=0, CCR=SRC_POST | DST_POST | EN)
    machine.step(100000)
    assert machine.read(channel(0, CSR)) == 0
    assert machine.read(IRQSTATUS_L0) == 0


def test_single_index(machine):
    # every second 32-bit word: 4 bytes on, plus EI - 1 = 4
    start(machine, CSDP=2, CEN=8, CFN=2, CSSA=SOURCE, CDSA=DESTINATION, CSEI=5, CCR=SRC_SINGLE | DST_POST | EN)
    machine.step(100000)
    expected = b"".join(PATTERN[8 * i:8 * i + 4] for i in range(16))
    assert machine.dump(DESTINATION, 64) == expected


def test_double_index_transposes(machine):
    # an 8 x 4 matrix of 16-bit elements, by columns: down a row is 16 bytes, to the next column back up
    start(machine, CSDP=1, CEN=4, CFN=8, CSSA=SOURCE, CDSA=DESTINATION, CSEI=15, CSFI=-(3 * 16 - 1) & 0xffffffff,
          CCR=SRC_DOUBLE | DST_POST | EN)
    machine.step(100000)
    words = struct.unpack("<32H", PATTERN[:64])
    assert struct.unpack("<32H", machine.dump(DESTINATION, 64)) == \
        tuple(words[8 * row + column] for column in range(8) for row in range(4))


def test_constant_destination(machine):
    start(machine, CSDP=2, CEN=16, CFN=1, CSSA=SOURCE, CDSA=DESTINATION, CCR=SRC_POST | EN)
    machine.step(100000)
    assert machine.dump(DESTINATION, 8) == PATTERN[60:64] + bytes(4)


def test_constant_fill(machine):
    start(machine, CSDP=2, CEN=4, CFN=1, CDSA=DESTINATION, COLOR=0x12345678, CCR=DST_POST | CONST_FILL | EN)
    machine.step(100000)
    assert machine.dump(DESTINATION, 20) == struct.pack("<I", 0x12345678) * 4 + bytes(4)


def test_link(machine):
    start(machine, 7, CSDP=2, CEN=4, CFN=1, CSSA=SOURCE + 16, CDSA=DESTINATION + 16, CICR=BLOCK, CCR=SRC_POST | DST_POST)
    start(machine, 3, CSDP=2, CEN=4, CFN=1, CSSA=SOURCE, CDSA=DESTINATION, CLNK=1 << 15 | 7, CCR=SRC_POST | DST_POST | EN)
    machine.step(100000)
    assert machine.dump(DESTINATION, 36) == PATTERN[:32] + bytes(4)
    assert machine.read(channel(7, CSR)) == BLOCK


def test_link_to_itself_goes_on(machine):
    start(machine, CSDP=2, CEN=4, CFN=1, CSSA=SOURCE, CDSA=DESTINATION, CICR=BLOCK, CLNK=1 << 15,
          CCR=SRC_POST | DST_POST | EN)
    for _ in range(3):
        machine.step(100000)
        assert machine.read(channel(0, CSR)) == BLOCK
        machine.write(channel(0, CSR), BLOCK)
    machine.write(channel(0, CLNK), 0)
    machine.step(100000)
    assert not machine.read(channel(0, CCR)) & EN


def descriptor(following, elements, address, cicr):
    reload_source, reuse_destination, type2 = 1 << 24, 2 << 26, 2 << 29
    return struct.pack("<IIIHHHHII", following, elements | reload_source | reuse_destination | type2,
                       address, 1, cicr, 0, 0, 0, 0)


def test_linked_list(machine):
    lists = 0x80300000
    machine.load(lists, descriptor(lists + 0x20, 4, SOURCE + 0x1000, 0))
    machine.load(lists + 0x20, descriptor(0xfffffffc, 8, SOURCE + 0x2000, BLOCK | SUPER_BLOCK))
    start(machine, CSDP=2, CDSA=DESTINATION, CDP=1 << 8 | 2 << 4 | 1 << 10 | 1 << 2 | 2, CNDP=lists, CCDN=0,
          CCR=SRC_POST | EN)
    machine.step(100000)
    assert not machine.read(channel(0, CCR)) & EN
    assert machine.dump(DESTINATION, 4) == PATTERN[0x2000 + 28:0x2000 + 32], "last word of the second piece"
    assert machine.read(channel(0, CSR)) == BLOCK | SUPER_BLOCK
    assert machine.read(channel(0, CCDN)) == 2


def test_request_without_device_waits(machine):
    start(machine, CSDP=2, CEN=4, CFN=1, CSSA=SOURCE, CDSA=DESTINATION, CCR=SRC_POST | DST_POST | EN | 10)
    machine.step(1000000)
    assert machine.read(channel(0, CCR)) & EN
    assert machine.dump(DESTINATION, 16) == bytes(16)


def test_misaligned(machine):
    start(machine, CSDP=2, CEN=4, CFN=1, CSSA=SOURCE + 2, CDSA=DESTINATION, CICR=ALL, CCR=SRC_POST | DST_POST | EN)
    machine.step(100000)
    assert machine.read(channel(0, CSR)) == MISALIGNED
    assert not machine.read(channel(0, CCR)) & EN


def test_bus_error(machine):
    start(machine, CSDP=2, CEN=4, CFN=1, CSSA=0x40000000, CDSA=DESTINATION, CICR=ALL, CCR=SRC_POST | DST_POST | EN)
    machine.step(100000)
    assert machine.read(channel(0, CSR)) == TRANS_ERR


def test_transparent_copy_is_refused_and_logged(machine):
    start(machine, CSDP=2, CEN=4, CFN=1, CSSA=SOURCE, CDSA=DESTINATION, CICR=ALL,
          CCR=SRC_POST | DST_POST | TRANSPARENT | EN)
    machine.step(100000)
    assert machine.read(channel(0, CSR)) == TRANS_ERR
    assert "sdma.channel0: CCR" in machine.log.read_text()


def test_soft_reset(machine):
    start(machine, CSDP=2, CEN=16384, CFN=1, CSSA=SOURCE, CDSA=DESTINATION, CCR=SRC_POST | DST_POST | EN)
    machine.step(5000)
    machine.write(SDMA + 0x2c, 2)
    assert machine.read(SDMA + 0x2c) & 2 == 0
    assert machine.read(channel(0, CCR)) == 0
    machine.step(1000000)
    assert machine.dump(DESTINATION + 65532, 4) == bytes(4)


def test_unmodelled_register_is_logged(machine):
    assert machine.read(SDMA + 0x50) == 0
    machine.write(channel(2, 0x48), 1)
    log = machine.log.read_text()
    assert "sdma.0x050 read: not modelled" in log
    assert "sdma.channel2.0x048 write 0x00000001: not modelled" in log
