# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest that does random things of every kind (tests/guests/adversary), and each loop that a guest can run: host and monitor live."""

import struct
import time

import pexpect
import pytest

from board import MONITOR_KEY, MONITOR_PROMPT, SLOW, built_paths, umbra_arguments
from umbra_common import build_dir

STUCK = 10  # seconds without a sign of life, after which the guest is reset; its own watchdog bites after two
OPENS_IN = 3  # seconds: the monitor, whatever the guest does. A wire that waits for a guest that does not read gives up after two
SHORT = (0x12345678, 0x9E3779B9)
NATIVE_PATHS = [path for path in built_paths() if path != "interp"]
NIGHTLY = tuple(0x01000193 * (n + 1) & 0xFFFFFFFF for n in range(64))


class Attack:
    """The adversary on one board: the next seed after each READY, until it has made so many steps."""

    def __init__(self, board, seeds):
        self.board, self.seeds = board, seeds
        self.done = self.in_run = self.starts = 0

    def next_run(self):
        self.done += self.in_run
        self.in_run = 0
        turn, place = divmod(self.starts, len(self.seeds))
        self.board.send(f"{self.seeds[place] + turn & 0xFFFFFFFF:08x}")
        self.starts += 1

    def restart(self, command):
        """By hand: it is stuck, or it has powered itself off and the monitor is open."""
        if command == "guest reset":
            self.board.open_monitor()
        self.board.sendline(command)

    def run(self, steps):
        signs = [r"STEP (\d+)", "READY", "PANIC|BUG:", "powered off: |stopped: ", pexpect.TIMEOUT]
        while self.done + self.in_run < steps:
            sign = self.board.child.expect(signs, timeout=STUCK * SLOW)
            assert sign != 2, f"the host is down:\n{self.board.tail()}"
            if sign == 0:
                self.in_run = int(self.board.child.match.group(1))
            elif sign == 1:
                self.next_run()
            else:
                self.restart("guest start" if sign == 3 else "guest reset")


def survives(board):
    board.open_monitor()
    assert "0 violations" in board.monitor_command("guest audit").splitlines()
    assert "Umbra" in board.monitor_command("version")
    board.sendline("guest reset")
    board.expect("READY", 30)


def attack(boot, name, path, seeds, steps):
    board = boot(umbra_arguments(f"adversary-{name}-{path}", "bare-metal", {"guest.bin": build_dir() / "guests/adversary/adversary.bin"}, path),
                 exact=False)
    Attack(board, seeds).run(steps)
    survives(board)


@pytest.mark.parametrize("path", NATIVE_PATHS)
@pytest.mark.parametrize("seed", SHORT, ids="{:08x}".format)
def test_adversary(boot, seed, path):
    attack(boot, f"{seed:08x}", path, (seed,), 3000)


@pytest.mark.parametrize("steps", [150, pytest.param(1000, marks=pytest.mark.nightly)])
def test_adversary_interpreted(boot, steps):
    """A step takes some thirty times as long there: few of them each time."""
    if "interp" in built_paths():
        attack(boot, f"{steps}", "interp", SHORT, steps)


@pytest.mark.nightly
@pytest.mark.parametrize("path", NATIVE_PATHS)
def test_a_million_steps(boot, path):
    attack(boot, "million", path, NIGHTLY, 1_000_000)


# Loops of A32 words from 0x80008000 on; r0 = 0 at the start, r2 too.
BACK_1, BACK_2, BACK_3 = 0xEAFFFFFD, 0xEAFFFFFC, 0xEAFFFFFB
# What loops with the MMU on begin with: each MiB at its own address, but the first, which is nowhere; r4 = 0. A data abort is tried again.
MAPPED = [0xEA000003, 0xE320F000, 0xE320F000, 0xE320F000, 0xE25EF008, 0xE24F001C, 0xEE0C0F10, 0xE2401901, 0xE3002C02, 0xE3A04A01, 0xE1A05001,
          0xE4852004, 0xE2822601, 0xE2544001, 0x1AFFFFFB, 0xE5814000, 0xE3052555, 0xE3452555, 0xEE032F10, 0xEE021F10, 0xF57FF04F, 0xEE084F17,
          0xEE112F10, 0xE3822001, 0xEE012F10, 0xF57FF06F]
LOOPS = {
    "branch": [0xEAFFFFFE],
    "masked-wfi": [0xF10C01C0, 0xE320F003, BACK_1],  # cpsid aif; wfi
    "wfe": [0xE320F002, BACK_1],
    "no-vectors": [0xE7F000F0],
    "vectors-on-undefined": [0xE59F0004, 0xEE0C0F10, 0xE7F000F0, 0x80008000],  # VBAR = here: udf for ever
    "svc-at-itself": [0xE28F0000, 0xE3C0001F, 0xEE0C0F10, 0xEF000000],  # VBAR = here: SVC vector is the third word
    "nothing-there": [0xE3A00201, 0xE5901000, BACK_1],  # ldr r1, [0x10000000]
    "unknown-register": [0xEE1F0FFF, BACK_1],
    "tlb-all": [0xEE080F17, BACK_1],
    "mmu-on-and-off": [0xEE110F10, 0xE2200002, 0xEE010F10, 0xEAFFFFFB],  # alignment checks, really: SCTLR writes
    "cps": [0xF10C0080, 0xF1080080, BACK_2],
    "cache-set-way": [0xEE070F5E, BACK_1],
    "device": [0xE3A00312, 0xE2800602, 0xE5901040, BACK_1],  # INTC_SIR
    "uart-storm": [0xE3A00449, 0xE2800802, 0xE3A01041, 0xE5801000, BACK_1],  # 'A' to UART3
    "exclusive": [0xE28F0040, 0xE1901F9F, 0xE1802F91, BACK_2],
    "self-modifying": [0xE59F1000, 0xE50F1004, BACK_2, 0xE1A00000],
    "reset": [0xE3070250, 0xE3440830, 0xE3A01004, 0xE5801000, 0xEAFFFFFE],
    "thumb": [0xE28F0001, 0xE12FFF10, 0xE7FEE7FE],
    "thumb-cps": [0xE28F0001, 0xE12FFF10, 0xB662B672, 0xBF00E7FC],  # cpsid i; cpsie i
    "counter": [0xEE191F1D, BACK_1],  # PMCCNTR
    "wfi-pending": [0xE3A00312, 0xE2800602, 0xE3E01000, 0xE5801088, 0xE5801090, 0xE320F003, BACK_1],  # every line raised, and masked by CPSR
    "clean-everything": [0xEE070F3A, 0xE2800040, 0xE1500001, 0x3AFFFFFB, 0xE3E01000, 0xEAFFFFF9],  # by address, as one long loop
    "tlb-everything": [0xEE080F37, 0xE2800A01, 0xE1500001, 0x3AFFFFFB, 0xE3E01000, 0xEAFFFFF9],
    "aborts": [*MAPPED, 0xE5941000, BACK_1],  # ldr r1, [r4]
    "device-mapped": [*MAPPED, 0xE3A00312, 0xE2800602, 0xE5901040, BACK_1],
    "tlb-by-address": [*MAPPED, 0xEE084F37, BACK_1],
}


@pytest.mark.parametrize("path", NATIVE_PATHS)
@pytest.mark.parametrize("name", LOOPS)
def test_monitor_opens_in_every_loop(boot, tmp_path, name, path):
    code = tmp_path / "guest.bin"
    code.write_bytes(struct.pack(f"<{len(LOOPS[name])}I", *LOOPS[name]).ljust(4096, b"\0"))
    board = boot(umbra_arguments(f"loop-{name}-{path}", "bare-metal", {"guest.bin": code}, path), exact=False)
    board.expect(r"guest 0 starts at 0x80008000", 30)
    time.sleep(0.5)
    board.send(MONITOR_KEY)
    board.expect(MONITOR_PROMPT, OPENS_IN)
    assert "stopped" in board.monitor_command("guest stop")


def test_monitor_opens_behind_a_paste(boot, tmp_path):
    """The guest reads nothing, and more was typed than its backlog holds."""
    code = tmp_path / "guest.bin"
    code.write_bytes(struct.pack("<I", LOOPS["branch"][0]))
    board = boot(umbra_arguments("loop-paste", "bare-metal", {"guest.bin": code}), exact=False)
    board.expect(r"guest 0 starts at 0x80008000", 30)
    board.send("x" * 6000)
    time.sleep(0.5)
    board.send(MONITOR_KEY)
    board.expect(MONITOR_PROMPT, 2 * OPENS_IN)
