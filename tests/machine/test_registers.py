# SPDX-License-Identifier: GPL-2.0-or-later
"""Registers of the machine's blocks: what system software relies on, and that no access can hurt the machine."""

import random

import pytest

from qtest import Machine

INTC = 0x48200000
CM, PRM, SCM, TAP = 0x48004000, 0x48306000, 0x48002000, 0x4830A000
GPTIMER1, GPTIMER2, SYNC32K = 0x48318000, 0x49032000, 0x48320000
UART3, I2C1, I2C2, GPIO1, GPIO6, WDT2 = 0x49020000, 0x48070000, 0x48072000, 0x48310000, 0x49058000, 0x48314000
WDT3 = 0x49030000
SDRC, GPMC = 0x6D000000, 0x6E000000
SECOND = 10**9


@pytest.fixture
def machine(tmp_path):
    with Machine(log=tmp_path / "log") as it:
        it.log = tmp_path / "log"
        yield it


# Interrupt controller

SIR, CONTROL, THRESHOLD = INTC + 0x40, INTC + 0x48, INTC + 0x68


def bank(line, offset):
    return INTC + offset + 0x20 * (line // 32)


def unmask(machine, *lines):
    for line in lines:
        machine.write(bank(line, 0x88), 1 << (line % 32))


def raise_line(machine, line, level=1):
    machine.write(bank(line, 0x90 if level else 0x94), 1 << (line % 32))


def test_intc_is_spurious_when_nothing_is_pending(machine):
    assert machine.read(SIR) == 0xFFFFFF80


def test_intc_masked_line_is_raw_only(machine):
    raise_line(machine, 40)
    assert machine.read(bank(40, 0x80)) & (1 << 8)
    assert machine.read(bank(40, 0x98)) == 0
    assert machine.read(SIR) == 0xFFFFFF80


def test_intc_priority_then_number(machine):
    unmask(machine, 5, 40, 70)
    machine.write(INTC + 0x100 + 4 * 5, 3 << 2)
    for line in (5, 40, 70):
        raise_line(machine, line)
    assert machine.read(SIR) == 40
    raise_line(machine, 40, 0)
    assert machine.read(SIR) == 40, "the choice stands until the new-interrupt agreement"
    machine.write(CONTROL, 1)
    assert machine.read(SIR) == 70
    raise_line(machine, 70, 0)
    machine.write(CONTROL, 1)
    assert machine.read(SIR) == 5


def test_intc_threshold(machine):
    unmask(machine, 5)
    machine.write(INTC + 0x100 + 4 * 5, 10 << 2)
    raise_line(machine, 5)
    machine.write(THRESHOLD, 10)
    assert machine.read(SIR) == 0xFFFFFF80
    machine.write(THRESHOLD, 11)
    assert machine.read(SIR) == 5


def test_intc_fiq(machine):
    unmask(machine, 9)
    machine.write(INTC + 0x100 + 4 * 9, 1)
    raise_line(machine, 9)
    assert machine.read(SIR) == 0xFFFFFF80
    assert machine.read(INTC + 0x44) == 9
    assert machine.read(bank(9, 0x9C)) == 1 << 9


# Timers

def test_sync32k_counts_seconds(machine):
    before = machine.read(SYNC32K + 0x10)
    machine.step(2 * SECOND)
    assert machine.read(SYNC32K + 0x10) - before == 65536


@pytest.mark.parametrize("divider, rate", [(1, 26000000), (2, 13000000)])
def test_gptimer_follows_the_clock_tree(machine, divider, rate):
    machine.write(PRM + 0x1270, divider << 6)
    machine.write(CM + 0x1040, 0xFF)
    machine.write(GPTIMER2 + 0x24, 1)
    machine.step(SECOND)
    assert machine.read(GPTIMER2 + 0x28) == rate
    machine.write(CM + 0x1040, 0)
    machine.step(SECOND)
    assert machine.read(GPTIMER2 + 0x28) == rate + 32768


def test_gptimer_overflow_reload_and_interrupt(machine):
    machine.write(CM + 0xC40, 0)
    machine.write(GPTIMER1 + 0x2C, 0x100000000 - 32768)
    machine.write(GPTIMER1 + 0x30, 0)
    machine.write(GPTIMER1 + 0x1C, 2)
    machine.write(GPTIMER1 + 0x24, 3)
    machine.step(SECOND - 1000000)
    assert machine.read(GPTIMER1 + 0x18) == 0
    machine.step(2000000)
    assert machine.read(GPTIMER1 + 0x18) == 2
    assert machine.read(bank(37, 0x80)) & (1 << 5), "line 37 is up"
    machine.write(GPTIMER1 + 0x18, 2)
    assert not machine.read(bank(37, 0x80)) & (1 << 5)
    machine.step(SECOND)
    assert machine.read(GPTIMER1 + 0x18) == 2, "it went on from the reload value"


def test_gptimer_one_shot_stops(machine):
    machine.write(CM + 0xC40, 0)
    machine.write(GPTIMER1 + 0x28, 0xFFFFFFF0)
    machine.write(GPTIMER1 + 0x24, 1)
    machine.step(SECOND)
    assert machine.read(GPTIMER1 + 0x24) == 0
    assert machine.read(GPTIMER1 + 0x18) & 2


def test_gptimer_match(machine):
    machine.write(CM + 0xC40, 0)
    machine.write(GPTIMER1 + 0x38, 32768)
    machine.write(GPTIMER1 + 0x1C, 1)
    machine.write(GPTIMER1 + 0x24, 0x41)
    machine.step(SECOND // 2)
    assert machine.read(GPTIMER1 + 0x18) == 0
    machine.step(SECOND)
    assert machine.read(GPTIMER1 + 0x18) == 1


def test_watchdog_is_stopped_by_its_sequence(machine):
    first = machine.read(WDT2 + 0x28)
    machine.step(SECOND // 2)
    assert machine.read(WDT2 + 0x28) > first, "the ROM leaves it running"
    machine.write(WDT2 + 0x48, 0xAAAA)
    machine.write(WDT2 + 0x48, 0x5555)
    first = machine.read(WDT2 + 0x28)
    machine.step(SECOND // 2)
    assert machine.read(WDT2 + 0x28) == first
    assert machine.read(WDT2 + 0x34) == 0


def test_iva2_watchdog_only_interrupts(machine):
    """WDT3's overflow is line 36 of the interrupt controller; it does not reset the board."""
    machine.write(WDT3 + 0x1C, 1)
    machine.write(WDT3 + 0x28, 0xFFFFFF00)
    for key in (0xBBBB, 0x4444):
        machine.write(WDT3 + 0x48, key)
    machine.step(20_000_000)
    assert machine.read(WDT3 + 0x18) == 1
    assert machine.read(INTC + 0xA0) & 1 << 36 - 32
    machine.write(WDT3 + 0x18, 1)
    assert not machine.read(INTC + 0xA0) & 1 << 36 - 32
    assert machine.read(WDT3 + 0x1C) == 1, "the board was reset"


# Clocks, identification, memory controller

@pytest.mark.parametrize("enable, shift, status, bit", [
    (0xD00, 0, 0xD20, 0), (0xD00, 16, 0xD20, 1), (0xD04, 0, 0xD24, 0), (0x904, 0, 0x924, 0), (0x004, 0, 0x024, 0)])
def test_dpll_lock_follows_the_mode(machine, enable, shift, status, bit):
    for mode, locked in ((7, 1), (5, 0), (7, 1), (1, 0)):
        machine.write(CM + enable, mode << shift)
        assert machine.read(CM + status) >> bit & 1 == locked


def test_idle_status_follows_the_interface_clock(machine):
    machine.write(CM + 0xA10, 0x40)
    assert machine.read(CM + 0xA20) & 2, "SDRC idle with its clock off"
    machine.write(CM + 0xA10, 0x42)
    assert not machine.read(CM + 0xA20) & 2
    machine.write(CM + 0xC10, 0x3F)
    assert machine.read(CM + 0xC20) & 0x3F == 0


def test_wakeup_status_is_cleared_by_writing_one(machine):
    machine.write(PRM + 0xCA0, 1 << 16)
    assert machine.read(PRM + 0xCB0) == 1 << 16, "the IO chain answers"
    machine.write(PRM + 0xCB0, 1 << 16)
    assert machine.read(PRM + 0xCB0) == 0


def test_pads_are_saved_and_of_any_width(machine):
    assert machine.read(SCM + 0x2F4) & 1 == 0
    machine.write(SCM + 0x270, 2)
    assert machine.read(SCM + 0x2F4) & 1 == 1
    machine.command(f"writew {SCM + 0x32:#x} 0x1234")
    machine.command(f"writeb {SCM + 0x30:#x} 0x56")
    assert machine.read(SCM + 0x30) == 0x12340056


def test_identity(machine):
    assert machine.read(TAP + 0x204) == 0x2B89102F
    assert machine.read(SCM + 0x2F0) >> 8 & 7 == 3
    assert machine.read(SCM + 0x44C) == 0x0E00


def test_delay_line_locks_with_its_enable(machine):
    for control, status in ((0xA, 4), (0x2, 0)):
        machine.write(SDRC + 0x60, control)
        assert machine.read(SDRC + 0x64) == status


def test_nand_is_ready_but_nobody(machine):
    machine.write(GPMC + 0x7C, 0x70)
    assert machine.read(GPMC + 0x84) & 0x40
    machine.write(GPMC + 0x7C, 0x90)
    assert machine.read(GPMC + 0x84) == 0


# UART

def test_uart_views_do_not_leak(machine):
    machine.write(UART3 + 0x0C, 0xBF)
    machine.write(UART3 + 0x10, 0x11)
    machine.write(UART3 + 0x08, 0x10)
    machine.write(UART3 + 0x0C, 0x03)
    assert machine.read(UART3 + 0x10) == 0, "XON1 is not MCR"
    machine.write(UART3 + 0x0C, 0xBF)
    assert machine.read(UART3 + 0x10) == 0x11
    assert machine.read(UART3 + 0x08) == 0x10
    machine.write(UART3 + 0x0C, 0x83)
    machine.write(UART3 + 0x00, 26)
    machine.write(UART3 + 0x0C, 0x03)
    machine.write(UART3 + 0x04, 0x05)
    machine.write(UART3 + 0x0C, 0x83)
    assert machine.read(UART3 + 0x00) == 26
    assert machine.read(UART3 + 0x04) == 0


def test_uart_loopback_and_interrupts(machine):
    machine.write(UART3 + 0x20, 0)
    machine.write(UART3 + 0x08, 1)
    machine.write(UART3 + 0x10, 0x10)
    machine.write(UART3 + 0x04, 1)
    assert machine.read(UART3 + 0x08) & 0x3F == 0x01
    machine.write(UART3 + 0x00, 0x55)
    assert machine.read(UART3 + 0x08) & 0x3F == 0x0C, "fewer than the trigger: time-out"
    assert machine.read(bank(74, 0x80)) & (1 << 10)
    for byte in range(7):
        machine.write(UART3 + 0x00, byte)
    assert machine.read(UART3 + 0x08) & 0x3F == 0x04
    assert [machine.read(UART3) for _ in range(8)] == [0x55, 0, 1, 2, 3, 4, 5, 6]
    assert machine.read(UART3 + 0x14) & 0x61 == 0x60
    assert not machine.read(bank(74, 0x80)) & (1 << 10)


def test_uart_transmitter_interrupt_is_a_level(machine):
    machine.write(UART3 + 0x20, 0)
    machine.write(UART3 + 0x04, 2)
    for _ in range(2):
        assert machine.read(UART3 + 0x08) & 0x3F == 0x02
    machine.write(UART3 + 0x04, 0)
    assert machine.read(UART3 + 0x08) & 0x3F == 0x01


# I2C and the companion chip

NACK, ARDY, RRDY, XRDY, RDR, XDR = 0x0002, 0x0004, 0x0008, 0x0010, 0x2000, 0x4000


def i2c_start(machine, base, slave, count, con):
    machine.write(base + 0x08, 0xFFFF)
    machine.write(base + 0x2C, slave)
    machine.write(base + 0x18, count)
    machine.write(base + 0x24, 0x8000 | con)


def twl_write(machine, slave, register, *values):
    i2c_start(machine, I2C1, slave, 1 + len(values), 0x603)
    for value in (register, *values):
        assert machine.read(I2C1 + 0x08) & (XRDY | XDR)
        machine.write(I2C1 + 0x1C, value)
    assert machine.read(I2C1 + 0x08) & ARDY


def twl_read(machine, slave, register, count=1):
    twl_write(machine, slave, register)
    i2c_start(machine, I2C1, slave, count, 0x403)
    values = []
    while machine.read(I2C1 + 0x08) & (RRDY | RDR):
        values.append(machine.read(I2C1 + 0x1C) & 0xFF)
    assert machine.read(I2C1 + 0x08) & ARDY
    return values


def test_i2c_absent_slave_is_not_acknowledged(machine):
    machine.write(I2C2 + 0x04, 0x601F)
    i2c_start(machine, I2C2, 0x50, 1, 0x403)
    assert machine.read(I2C2 + 0x08) & (NACK | ARDY) == NACK
    assert machine.read(bank(57, 0x80)) & (1 << 25)
    assert machine.read(I2C2 + 0x08) & 0x1000 == 0, "the bus is free again"


def test_i2c_threshold_or_rest(machine):
    machine.write(I2C1 + 0x14, 3 << 8)
    twl_write(machine, 0x49, 0x98)
    i2c_start(machine, I2C1, 0x49, 6, 0x403)
    assert machine.read(I2C1 + 0x08) & (RRDY | RDR) == RRDY
    for _ in range(3):
        machine.read(I2C1 + 0x1C)
    assert machine.read(I2C1 + 0x08) & (RRDY | RDR) == RDR, "three left: below the threshold of four"
    assert machine.read(I2C1 + 0x40) >> 8 & 0x3F == 3


def test_twl_registers_by_address_and_number(machine):
    twl_write(machine, 0x4B, 0x14, 1, 2, 3)
    twl_write(machine, 0x49, 0xA0, 9)
    assert twl_read(machine, 0x4B, 0x14, 3) == [1, 2, 3]
    assert twl_read(machine, 0x49, 0xA0) == [9]


def test_rtc_runs_on_machine_time(machine):
    assert twl_read(machine, 0x4B, 0x1C, 6) == [0, 0, 0, 1, 1, 0], "2000-01-01, as without a battery"
    twl_write(machine, 0x4B, 0x1C, 0x58, 0x59, 0x23, 0x28, 0x02, 0x24)
    twl_write(machine, 0x4B, 0x29, 1)
    machine.step(3 * SECOND)
    assert twl_read(machine, 0x4B, 0x1C, 6) == [0x01, 0x00, 0x00, 0x29, 0x02, 0x24]


def test_rtc_alarm_interrupts_through_the_companion(machine):
    twl_write(machine, 0x4B, 0x23, 0x02, 0, 0, 1, 1, 0)
    twl_write(machine, 0x4B, 0x2B, 0x08)
    twl_write(machine, 0x4B, 0x29, 1)
    twl_write(machine, 0x4B, 0x2F, 0xF7)
    machine.step(SECOND)
    assert not machine.read(bank(7, 0x80)) & (1 << 7)
    machine.step(2 * SECOND)
    assert machine.read(bank(7, 0x80)) & (1 << 7)
    assert twl_read(machine, 0x49, 0x81) == [0x20]
    twl_write(machine, 0x4B, 0x2E, 0x08)
    assert not machine.read(bank(7, 0x80)) & (1 << 7)


# GPIO

def test_adc_converts_the_channels_asked_for(machine):
    """By software; the interrupt through the companion follows its mask."""
    machine.write(I2C1 + 0x24, 0x8000)
    twl_write(machine, 0x4A, 0x06, 0x00, 0x11)  # channels 8 and 12
    twl_write(machine, 0x4A, 0x12, 0x20)
    assert twl_read(machine, 0x4A, 0x12) == [0x20], "it is off"
    twl_write(machine, 0x4A, 0x00, 0x01)
    twl_write(machine, 0x4A, 0x12, 0x20)
    assert twl_read(machine, 0x4A, 0x12) == [0x02]
    low, high = twl_read(machine, 0x4A, 0x37 + 24, 2)
    assert 4100 < (high << 2 | low >> 6) * 4 * 1500 / 1023 < 4300, "mV of the supply"
    assert twl_read(machine, 0x4A, 0x37 + 16, 2) == [0, 0], "nothing on USB"
    assert twl_read(machine, 0x49, 0x81) == [0]
    twl_write(machine, 0x4A, 0x62, 0xFD)
    assert twl_read(machine, 0x49, 0x81) == [0x08]
    twl_write(machine, 0x4A, 0x61, 0x02)
    assert twl_read(machine, 0x49, 0x81) == [0]


def test_body_bias_changes_at_once(machine):
    machine.write(0x48306818, 1 << 26)
    machine.write(0x483072F0, 0x1)
    assert not machine.read(0x48306818) & 1 << 26
    machine.write(0x483072F0, 0x5)
    assert machine.read(0x48306818) & 1 << 26
    assert machine.read(0x483072F0) == 1
    machine.write(0x48306818, 1 << 26)
    assert not machine.read(0x48306818) & 1 << 26


def test_nobody_on_the_one_wire_bus(machine):
    """Reset pulse, write, read in both modes: each ends at once, with an interrupt that reading the status takes away."""
    hdq = 0x480B2000
    for control, status in ((0x54, 1), (0x50, 4), (0x52, 1), (0x55, 1), (0x51, 4), (0x53, 2)):
        machine.write(hdq + 0x04, 0x33)
        machine.write(hdq + 0x0C, 0x20 | control)
        assert machine.read(hdq + 0x0C) & 0x1C == 0, "done, nobody is present"
        assert machine.read(bank(58, 0x80)) & 1 << 58 % 32
        assert machine.read(hdq + 0x10) == status
        assert not machine.read(bank(58, 0x80)) & 1 << 58 % 32
    assert machine.read(hdq + 0x08) == 0xFF


def test_board_id_is_revision_c(machine):
    assert machine.read(GPIO6 + 0x38) >> 11 & 7 == 0b010


def test_gpio_output_reads_back_and_raises_edges(machine):
    machine.write(GPIO1 + 0x48, 1 << 20)
    machine.write(GPIO1 + 0x64, 1 << 20)
    machine.write(GPIO1 + 0x34, ~(1 << 20))
    machine.write(GPIO1 + 0x94, 1 << 20)
    assert machine.read(GPIO1 + 0x38) & (1 << 20)
    assert machine.read(GPIO1 + 0x18) == 1 << 20
    assert machine.read(bank(29, 0x80)) & (1 << 29)
    machine.write(GPIO1 + 0x18, 1 << 20)
    assert not machine.read(bank(29, 0x80)) & (1 << 29)


# Robustness

# Accesses that are meant to end or reset the machine.
FORBIDDEN = [range(PRM + 0x1250, PRM + 0x1254), range(WDT2, WDT2 + 0x1000), range(0x49030000, 0x49031000)]


KNOWN = [
    (0x48002000, 0x1000), (0x48004000, 0x2000), (0x4804FC00, 0x400), (0x48050000, 0x1000), (0x48056000, 0x1000),
    (0x48058000, 0x4000), (0x48060000, 0x1000), (0x48062000, 0x1000), (0x48064000, 0xC00), (0x4806A000, 0x1000),
    (0x48070000, 0x1000), (0x48072000, 0x1000), (0x48086000, 0x1000), (0x48094000, 0x1000), (0x48098000, 0x1000),
    (0x4809C000, 0x1000), (0x480A0000, 0x1000), (0x480AB000, 0x1000), (0x480B2000, 0x1000), (0x480BC000, 0x2000),
    (0x48200000, 0x1000), (0x48304000, 0x1000), (0x48306000, 0x2000), (0x4830A000, 0x1000), (0x48310000, 0x1000),
    (0x48314000, 0x1000), (0x48318000, 0x1000), (0x48320000, 0x1000), (0x49020000, 0x1000), (0x49032000, 0x1000),
    (0x50000000, 0x10000), (0x54000000, 0x800000), (0x5D000000, 0x1000), (0x68000000, 0x20000), (0x6C000000, 0x1000),
    (0x6D000000, 0x1000), (0x6E000000, 0x1000)]


@pytest.mark.parametrize("seed", range(3))
def test_no_access_hurts_the_machine(machine, seed):
    """Random accesses of every width to every block. Anything that ends QEMU ends the test with its message."""
    chance = random.Random(seed)
    for _ in range(4000):
        base, size = chance.choice(KNOWN)
        width = chance.choice((1, 2, 4))
        address = base + chance.randrange(min(size, chance.choice((0x100, 0x1000, size)))) // width * width
        if any(address in span for span in FORBIDDEN):
            continue
        letter = {1: "b", 2: "w", 4: "l"}[width]
        if chance.random() < 0.5:
            machine.command(f"read{letter} {address:#x}")
        else:
            value = chance.choice((0, 1, (1 << 8 * width) - 1, chance.getrandbits(8 * width)))
            machine.command(f"write{letter} {address:#x} {value:#x}")
        if chance.random() < 0.01:
            machine.step(chance.randrange(10**7))
    assert machine.read(TAP + 0x204) == 0x2B89102F


@pytest.mark.parametrize("address, name", [
    (CM + 0x7F0, "cm.0x7f0"), (PRM + 0x10, "prm.0x010"), (SCM + 0x20, "scm.0x020"), (INTC + 0x20, "intc.0x020"),
    (UART3 + 0x200, "uart3.0x200"), (0x48098000 + 0x34, "mcspi1.0x034"), (0x54011234, "l4-emu.0x11234")])
def test_what_is_not_modelled_is_logged(machine, address, name):
    machine.read(address)
    machine.write(address, 0x1234)
    log = machine.log.read_text()
    assert f"{name} read: not modelled" in log
    assert f"{name} write 0x00001234: not modelled" in log
