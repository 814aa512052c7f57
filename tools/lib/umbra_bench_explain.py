# SPDX-License-Identifier: GPL-2.0-or-later
"""What the exits of a benchmark cost: the machine is stopped at each exit and at each return to the guest, from outside,
and the instructions in between are put down to the causes that Umbra counted meanwhile."""

import collections
import struct

from umbra_bench_guest import BEGIN, CLOCK, DONE, END
from umbra_bench_run import Stretch
from umbra_common import ToolError, run

SAMPLE = 2000  # exits
BASE = 0x100  # room for the vectors, which are no returns
RETURN = 0xE1B0F00E  # movs pc, lr: the window's only way to the guest
TABLES = ("__window_vectors", "__window_vectors_inline")  # one by path
VECTORS = (4, 8, 12, 16, 24)  # Undefined, SVC, prefetch and data abort, IRQ


PAGE = 0x1000
GATES, GATE_ALIGN, GATE_WORDS = 0x10000, 64, 96  # arm/vcpu.h, cpu/gate.h


def returns_in(words, base):
    return [base + 4 * index for index, word in enumerate(words) if word == RETURN]


class Window:
    """Where the vectors and the returns of the window and of gates are, as the guest's address space has them."""

    def __init__(self, umbra, machine):
        self.umbra, self.machine = umbra, machine
        self.base = machine.word(umbra.field(machine, "window_base"))
        start, end = umbra.value("(unsigned)&__window_start"), umbra.value("(unsigned)&__window_end")
        tables = [umbra.value(f"(unsigned)&{name}") - start for name in TABLES if name in run(["nm", umbra.out / "umbra.elf"]).split()]
        words = struct.unpack(f"<{(end - start) // 4}I", machine.gdb.memory(start, end - start))
        self.window_returns = [address for address in returns_in(words, self.base) if address >= self.base + BASE]
        self.vectors = [self.base + table + offset for table in tables for offset in VECTORS]


    def member(self, name):
        """A word of the stub area (cpu/stub_area.c) of the first guest; 0 where there is no such area."""
        stubs = self.machine.word(self.umbra.field(self.machine, "stubs"))
        return stubs and self.machine.word(stubs + self.umbra.value(f"(unsigned)&((struct stub_area *)0)->{name}"))

    def gate_returns(self, lr):
        """The returns of the gate that goes on at @lr, if it is one: gates return by themselves. Each of their pages stands behind one of another kind."""
        area, gates = self.member("base"), self.machine.word(self.umbra.field(self.machine, "gates"))
        if not area or not 0 <= lr - gates < GATES or lr % GATE_ALIGN:
            return []
        page, at = self.member("pages") + (lr - area) // (2 * PAGE) * PAGE, lr % PAGE
        size = min(4 * GATE_WORDS, PAGE - at)
        return returns_in(struct.unpack(f"<{size // 4}I", self.machine.gdb.memory(page + at, size)), lr)


class Sampler:
    """Collects exits of one benchmark: {label: [instructions]}."""

    def __init__(self, side, machine, window, clock):
        self.side, self.machine, self.window, self.clock = side, machine, window, clock
        self.exits = collections.defaultdict(list)
        self.slow = collections.Counter()
        self.first = self.last = None
        self.returns = []

    def arm(self, at_exit, lr=0):
        for address in self.window.vectors:
            self.machine.stop_at(address, at_exit)
        if not at_exit:
            self.returns = self.window.window_returns + self.window.gate_returns(lr)
        for address in self.returns:
            self.machine.stop_at(address, not at_exit)

    def disarm(self):
        for address in list(self.machine.breakpoints):
            self.machine.stop_at(address, address in (self.side.guest.mark, self.clock))

    def interval(self, number):
        """Sample until the next reading of the clock (False), SAMPLE exits (True), or the end of the benchmark (None)."""
        self.exits.clear()
        self.slow.clear()
        self.arm(True)
        self.first = None
        entry = None
        while sum(len(items) for items in self.exits.values()) < SAMPLE:
            registers = self.machine.run(120)
            address = registers[15]
            if address in (self.side.guest.mark, self.clock):
                self.disarm()
                if address == self.side.guest.mark and registers[0] == 4 * number + END:
                    return None
                self.machine.step_over(address)
                return False
            if address in self.window.vectors:
                entry = self.machine.snapshot()
                self.first = self.first or entry
                self.arm(False, registers[14])
            else:
                self.put(entry, self.machine.snapshot())
                self.arm(True)
        self.disarm()
        return True

    def put(self, entry, now):
        self.last = now
        causes = self.side.umbra.causes
        exit_ = Stretch.between(entry, now)
        label = " + ".join(name if times == 1 else f"{times} {name}" for name, times in exit_.events(causes).items()) or "(no cause counted)"
        # The return itself belongs to the exit.
        self.exits[label].append(now[0] - entry[0] + 1)
        self.slow[label] += sum(number for number, _ in exit_.slow(causes).values())

    def text(self):
        total = sum(len(items) for items in self.exits.values())
        spent = sum(sum(items) for items in self.exits.values())
        whole = self.last[0] - self.first[0]
        lines = [f"{total} exits in {whole} instructions, {100 * spent / whole:.0f} % of them Umbra's.", "",
                 "| exit | share of exits | slow | instructions, mean | least | most | share of time |", "|---|--:|--:|--:|--:|--:|--:|"]
        for label, items in sorted(self.exits.items(), key=lambda pair: -sum(pair[1])):
            lines.append(f"| {label} | {100 * len(items) / total:.1f} % | {100 * self.slow[label] / len(items):.0f} % | {sum(items) / len(items):.0f} | "
                         f"{min(items)} | {max(items)} | {100 * sum(items) / whole:.1f} % |")
        return "\n".join(lines) + "\n"


def explain(side, number, item, card):
    """Markdown about the exits in the last stretch of the benchmark that has SAMPLE of them."""
    with side.machine(side.guest.files("explain", {number: item}), card) as machine:
        machine.stop_at(side.guest.mark)
        clock = None
        while True:
            registers = machine.run(400)
            machine.step_over(side.guest.mark)
            meaning = registers[0] % 4
            if meaning == CLOCK:
                clock = registers[1]
            elif meaning == DONE:
                raise ToolError(f"{item.name} did not run: {machine.tail(5)}")
            elif meaning == BEGIN:
                break
        if clock and item.kind not in ("run", "time"):
            machine.stop_at(clock)
        sampler, found = Sampler(side, machine, Window(side.umbra, machine), clock), []
        while True:
            start = machine.snapshot()
            enough = sampler.interval(number)
            text = sampler.text() if sampler.exits else ""
            if item.kind in ("run", "time"):
                return text
            over = enough is None or (enough and skip_to_clock(sampler, number))
            if text:
                found.append((machine.snapshot()[0] - start[0], text))
            if over:
                return last_long(found)


def last_long(found):
    """The text of the loop: the last stretch that is about as long as the longest."""
    longest = max((length for length, _ in found), default=0)
    return next((text for length, text in reversed(found) if 2 * length >= longest), "no exit was seen\n")


def skip_to_clock(sampler, number):
    """Go on without sampling to the next reading of the clock; True at the end of the benchmark."""
    registers = sampler.machine.run(240)
    if registers[15] == sampler.side.guest.mark and registers[0] == 4 * number + END:
        return True
    sampler.machine.step_over(registers[15])
    return False
