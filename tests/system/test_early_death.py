# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests that die before they can say so: Umbra says what happened, its console stays usable, and only the user closes the monitor."""

import struct

import pytest

from board import umbra_arguments

SELF = 0xEAFFFFFE  # b .
# name: (A32 words, what Umbra says, in this order)
DEATHS = {
    "no-vectors": ([0xE7F000F0],  # udf #0
                   [r"prefetch abort in the handler of the exception before", r"pc 0x0000000c, .*MMU off, vectors at 0x00000000",
                    r"last exception: prefetch abort at 0x0000000c, address 0x0000000c",
                    r"last exception outside of a handler: undefined instruction at 0x80008000"]),
    # movw r0, #0; movt r0, #0x6000; mcr p15, 0, r0, c2, c0, 0; mrc p15, 0, r1, c1, c0, 0; orr r1, r1, #1; mcr p15, 0, r1, c1, c0, 0; isb
    "tables-in-nothing": ([0xE3000000, 0xE3460000, 0xEE020F10, 0xEE111F10, 0xE3811001, 0xEE011F10, 0xF57FF06F, SELF],
                          [r"pc 0x0000000c, cpsr \w+, MMU on", r"its page table, TTBR0, is at physical 0x60000000, where it has no memory",
                           r"last exception outside of a handler: prefetch abort at 0x800080\w\w"]),
    # movw r0, #0; movt r0, #0x4902; bx r0: into the registers of a device
    "device-executed": ([0xE3000000, 0xE3440902, 0xE12FFF10],
                        [r"nothing at physical 0x49020000 \(pc 0x49020000\)", r"cannot go on",
                         r"last exception outside of a handler: prefetch abort at 0x49020000"]),
    "unknown-register": ([0xEE1F0FFF, SELF],  # mrc p15, 0, r0, c15, c15, 7
                         [r"unknown register p15, 0, c15, c15, 7", r"cannot go on", r"last unknown register: p15, 0, c15, c15, 7 at 0x80008000 \(1 "]),
    "umbras-ram": ([0xE3490F80, 0xE5901000, SELF],  # movt r0, #0x9f80; ldr r1, [r0]
                   [r"physical 0x9f80\w{4} is Umbra's RAM \(pc 0x80008004\)", r"cannot go on", r"last access to what is not there: "]),
    "silence": ([0xF1080080, SELF],  # cpsie i
                [r"not a word on its console since its start, and no sign of life for 30 s", r"pc 0x80008004, cpsr"]),
    "standstill": ([SELF], [r"not a word on its console, and it loops in one place with interrupts masked", r"pc 0x80008000, cpsr"]),
    # add r0, pc, #24; mcr p15, 0, r0, c12, c0, 0; udf #0; at 0x24: b 0x40; at 0x40: cps #19; udf #0
    "storm": ([0xE28F0018, 0xEE0C0F10, 0xE7F000F0, *[SELF] * 6, 0xEA000005, *[SELF] * 6, 0xF1020013, 0xE7F000F0],
              [r"nothing but exceptions for 4 s, \d{4,} in the last one", r"pc 0x800080\w\w, cpsr", r"last exception: undefined instruction at 0x80008044"]),
    # mrc p15, 0, r3, c0, c1, 4; and r3, r3, #15; cmp r3, #5: what a kernel for long descriptors does first
    "lpae": ([0xEE103F91, 0xE203300F, 0xE3530005, 0x3AFFFFFE, SELF],
             [r"loops in one place", r"long-descriptor page tables \(LPAE\) at 0x80008000, and this processor has none"]),
}
# Silent on purpose: a guest that waits.
IDLE = [0xE320F003, 0xEAFFFFFD]
# So are those that do nothing but read a register and count to 0x40000, 300 times, 40 s in all; then they write a tilde to UART3.
COUNT = [0xE3A02701, 0xE2522001, 0x1AFFFFFD, 0xE2533001, 0x1AFFFFF9, 0xE3000000, 0xE3440902, 0xE3B0107E, 0xE5801000, SELF]
POLLS = {
    "emulated": [0xE3000000, 0xE3440820, 0xE300312C, 0xE5901000, *COUNT],  # INTC_REVISION
    "passed-through": [0xE3000000, 0xE3440832, 0xE300312C, 0xE5901010, *COUNT],  # the 32 kHz counter
    "passed-through-thumb": [0xE28F1001, 0xE12FFF11, 0x0000F240, 0x0032F6C4, 0x132CF240, 0xF44F6901, 0x3A012280, 0x3B01D1FD, 0xF240D1F8,
                             0xF6C40000, 0x217E1002, 0xE7FE6001],
}
HURRY = ["-icount", "shift=8,sleep=off"]  # a quarter of a microsecond is one instruction: half a minute is soon over
# movw r0, #0x7250; movt r0, #0x4830; mov r1, #4; str r1, [r0]: reset by PRM_RSTCTRL
RESET = [0xE3070250, 0xE3440830, 0xE3A01004, 0xE5801000, SELF]


def start(boot, tmp_path, words, machine=()):
    code = tmp_path / "guest.bin"
    code.write_bytes(struct.pack(f"<{len(words)}I", *words))
    return boot(umbra_arguments(f"early-{tmp_path.name}", "bare-metal", {"guest.bin": code}) + [*machine], exact=False)


@pytest.mark.parametrize("name", DEATHS)
def test_death_is_reported(boot, tmp_path, name):
    words, lines = DEATHS[name]
    board = start(boot, tmp_path, words, HURRY)
    for line in lines:
        board.expect(line, 60)
    board.open_monitor()
    assert "running" in board.monitor_command("guest list")


def test_silence_on_purpose_is_not_reported(boot, tmp_path):
    board = start(boot, tmp_path, IDLE, HURRY)
    board.expect("guest 0 starts at", 30)
    board.expect_not("not a word on its console", 5)
    board.open_monitor()
    assert "running" in board.monitor_command("guest list")


@pytest.mark.parametrize("name", POLLS)
def test_who_asks_a_device_lives(boot, tmp_path, name):
    """With interrupts masked, in one place, and for longer than any silence is allowed."""
    board = start(boot, tmp_path, POLLS[name], HURRY)
    board.expect("guest 0 starts at", 30)
    assert board.expect("not a word on its console|~", 60).group(0) == "~"


def test_reset_loop(boot, tmp_path):
    """The monitor that the user opened stays open, so that the guest can be stopped; and the console is not flooded."""
    board = start(boot, tmp_path, RESET)
    board.expect(r"reset: guest wrote 0x4 to PRM_RSTCTRL", 30)
    board.expect(r"\(\d+ resets since the last such message\)", 30)
    board.open_monitor()
    board.expect(r"resets since the last such message", 30)
    assert "stopped" in board.monitor_command("guest stop")
    board.expect_not(r"reset:", 3)
    assert "stopped" in board.monitor_command("guest list")
