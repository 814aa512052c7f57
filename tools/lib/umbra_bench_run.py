# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs benchmarks on one side, native or under Umbra, and reads what happened between its points of measurement."""

import dataclasses
import hashlib
import re
import shutil
import subprocess

import umbra_bench_fdt
import umbra_card
import umbra_machine
from umbra_bench_guest import BEGIN, CLOCK, DONE, END
from umbra_bench_machine import Hang, Machine
from umbra_common import ToolError, build_dir, run

CARD_FILE_SIZE = 4 << 20
UIMAGE_HEADER = 64
# What the shadow counts of itself, 64 bits each (struct shadow): operations that named a page, an ASID and everything, tables that were compared with
# the guest's, entries of them that changed, tables brought into step, tables let go, entries filled ahead.
SHADOW_COUNTERS = ("drops_mva", "drops_asid", "drops_all", "checks", "checked_away", "resyncs", "let_go", "filled_ahead")
BOOT_SECONDS = 400
STOP_SECONDS = 240


@dataclasses.dataclass
class Stretch:
    """
    What happened between two points: instructions executed, ns of the guest's clock, Umbra's counters: of each cause the events, and
    then of each cause the slow exits, those whose instructions were counted, and these instructions (struct slow_cost); then SHADOW_COUNTERS.
    """

    instructions: int
    time: int
    counters: tuple = ()

    def events(self, causes):
        """{cause: events}, of those that happened."""
        return {cause: number for cause, number in zip(causes, self.counters) if number}

    def slow(self, causes):
        """{cause: (slow exits, instructions spent on them)}, of those that happened."""
        costs = self.counters[len(causes):]
        return {cause: pair for cause, pair in zip(causes, zip(costs[::3], costs[2::3])) if pair[0]}

    def shadow(self, causes):
        """{name: number} of SHADOW_COUNTERS, of those that are not 0."""
        return {name: number for name, number in zip(SHADOW_COUNTERS, self.counters[4 * len(causes):]) if number}

    @staticmethod
    def between(first, second):
        ticks = (second[1] - first[1]) & 0xFFFFFFFF
        before = first[2] or (0,) * len(second[2])  # the machine had just been started: there were no counters yet
        return Stretch(second[0] - first[0], ticks * 1000000000 // 32768, tuple(b - a for a, b in zip(before, second[2])))


@dataclasses.dataclass
class Outcome:
    """One benchmark on one side. Without `error` there are a whole and, if it looked at the clock, its loop."""

    output: str = ""
    error: str = ""
    tail: str = ""
    whole: Stretch = None
    loop: Stretch = None


class Umbra:
    """The files of the Umbra under test, copied so that a build that goes on meanwhile changes nothing, and its counters."""

    def __init__(self, out):
        self.out = out
        for name in ("umbra.img", "umbra.elf"):
            if not (build_dir() / name).exists():
                raise ToolError(f"there is no {name}; run make")
            shutil.copyfile(build_dir() / name, out / name)
        run(["arm-none-eabi-objcopy", "-O", "binary", out / "umbra.elf", out / "umbra.bin"])
        if (out / "umbra.img").read_bytes()[UIMAGE_HEADER:] != (out / "umbra.bin").read_bytes():
            raise ToolError("umbra.elf and umbra.img are not of the same build; run make")
        self.number = self.value("sizeof(((struct vcpu *)0)->exits) / 4")
        self.entry = self.value("(unsigned)&arm_guest_enter")
        text = run(["gdb-multiarch", "-batch", "-ex", "ptype enum exit_cause", out / "umbra.elf"])
        match = re.search(r"type = enum exit_cause \{(.*)\}", text)
        if not match:
            raise ToolError(f"umbra.elf has no exit causes where they are looked for: {text}")
        self.shadow_offsets = [self.value(f"(unsigned)&((struct shadow *)0)->{name}") for name in SHADOW_COUNTERS]
        self.causes = [name.removeprefix("EXIT_") for name in re.split(r",\s*", match.group(1))][:self.number]

    def value(self, expression):
        """What gdb makes of a C expression about umbra.elf, as a number."""
        text = run(["gdb-multiarch", "-batch", "-ex", f"output/u {expression}", self.out / "umbra.elf"])
        if not text.strip().isdigit():
            raise ToolError(f"umbra.elf does not say what {expression} is: {text}")
        return int(text)

    def guest(self, machine):
        """Address of the first guest in the machine's memory; 0: Umbra has not made it yet."""
        return machine.word(self.value("(unsigned)&guests"))

    def field(self, machine, name):
        """Address of a field of the first guest's vCPU; 0: there is none yet."""
        guest = self.guest(machine)
        vcpu = guest and machine.word(guest + self.value("(unsigned)&((struct guest *)0)->vcpu"))
        return vcpu and vcpu + self.value(f"(unsigned)&((struct vcpu *)0)->{name}")

    def counters(self, machine):
        """
        Counters: 32-bit ones of events by cause, then the three 64-bit ones of struct slow_cost of each, then the shadow's; None: there are
        none yet.
        """
        if self.value("sizeof(struct slow_cost)") != 24:
            raise ToolError("umbra.elf counts other things of slow exits than three numbers")
        exits = self.field(machine, "exits")
        shadow = exits and machine.word(self.field(machine, "shadow"))
        if not shadow:
            return None
        return [(exits, "I", self.number), (self.field(machine, "slow"), "Q", 3 * self.number),
                *((shadow + offset, "Q", 1) for offset in self.shadow_offsets)]


class Side:
    """One of the two sides, at work in `folder`. `edit(layout)` may change the copy of the layout that is booted."""

    def __init__(self, name, guest, program, layout, folder, umbra=None, edit=None):
        self.name, self.guest, self.program, self.umbra = name, guest, program, umbra
        self.folder = folder / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.layout = self.folder / "edited.dtb"
        shutil.copyfile(layout, self.layout)
        words = subprocess.run(["fdtget", "-p", self.layout, "/guest"], capture_output=True, text=True, check=False)
        if words.returncode:
            raise ToolError(f"{layout} is no compiled layout with a node /guest")
        if "dtb" not in words.stdout.split():
            raise ToolError(f"layout {layout} gives its guest no device tree (dtb), and the measurement's kernel does not start without")
        self.bootargs = umbra_machine.layout_bootargs(self.layout) + " norandmaps"
        run(["fdtput", "-t", "s", self.layout, "/guest", "bootargs", self.bootargs])
        if edit:
            edit(self.layout)
        self.tree_edits = None

    def boot_words(self, files, card):
        words = umbra_machine.card_boot(card) + ["-snapshot"]
        if not self.umbra:
            return words + umbra_machine.native_boot(files, self.bootargs)
        words += umbra_machine.umbra_boot(self.layout, files, self.folder)
        words[words.index("-kernel") + 1] = str(self.umbra.out / "umbra.img")
        return words

    def machine(self, files, card):
        return Machine(self.folder, self.program, self.boot_words(files, card), self.umbra and self.umbra.counters)

    def check_layout(self, card):
        """Let Umbra look at the layout: it comes to its first guest entry, or says what it does not like (ToolError)."""
        with self.machine(self.guest.files(f"{self.name}-boot", None), card) as machine:
            machine.stop_at(self.umbra.entry)
            try:
                machine.run(STOP_SECONDS)
            except Hang as error:
                said = re.findall(r"^umbra: (.*)", machine.tail(), re.M)
                raise ToolError(f"Umbra does not start this guest: {said[-1] if said else error}\n{machine.tail()}") from error

    def note_tree(self, machine):
        """Remember how the device tree that the kernel got differs from the file."""
        address = umbra_bench_fdt.umbra_address(self.umbra, machine) if self.umbra else umbra_bench_fdt.NATIVE_ADDRESS
        self.tree_edits = umbra_bench_fdt.edits(self.guest.base["guest.dtb"].read_bytes(), umbra_bench_fdt.read(machine, address))

    def run_boot(self, card):
        """From power-on to where a user's guest starts its shell."""
        with self.machine(self.guest.files(f"{self.name}-boot", None), card) as machine:
            machine.stop_at(self.guest.mark)
            first = machine.snapshot()
            try:
                machine.run(BOOT_SECONDS)
            except Hang as error:
                return Outcome(error=str(error), tail=machine.tail())
            self.note_tree(machine)
            return Outcome(whole=Stretch.between(first, machine.snapshot()), output=machine.tail(5))

    def run(self, benchmarks, card, report, until=None):
        """
        {name: Outcome} of {number: Benchmark}, or of those up to the one of the name `until`. A benchmark that stops the run is left out of a
        second one, and so on.
        """
        done, todo = {}, dict(benchmarks)
        while todo:
            with self.machine(self.guest.files(f"{self.name}-bench", todo), card) as machine:
                more, stuck = Run(self, machine, todo, report, until).all()
            done.update(more)
            if stuck is None:
                break
            todo = {number: item for number, item in todo.items() if number > stuck}
        return done


def last_long(pieces):
    """
    The loop that a benchmark reports: the last stretch that is about as long as the longest. Some measure first what they
    subtract later, all make shorter loops until one is long enough.
    """
    longest = max((piece.instructions for piece in pieces), default=0)
    return next((piece for piece in reversed(pieces) if 2 * piece.instructions >= longest), None)


class Run:
    """One boot that runs benchmarks."""

    def __init__(self, side, machine, benchmarks, report, until=None):
        self.side, self.mark, self.machine, self.benchmarks, self.report = side, side.guest.mark, machine, benchmarks, report
        self.until = until
        self.clock = None
        self.outcomes, self.stretches = {}, {}

    def stop(self, seconds):
        """(meaning, number of the benchmark, second argument) of the next stop, which is left behind."""
        registers = self.machine.run(seconds)
        if registers[15] == self.mark:
            self.machine.step_over(self.mark)
            return registers[0] % 4, registers[0] // 4, registers[1]
        return CLOCK, None, 0

    def all(self):
        """({name: Outcome}, number of the benchmark that stopped the run or None)."""
        self.machine.stop_at(self.mark)
        number, seconds = None, BOOT_SECONDS
        try:
            while True:
                meaning, index, argument = self.stop(seconds)
                seconds = STOP_SECONDS
                if meaning == DONE:
                    break
                if meaning == CLOCK:
                    self.clock = argument
                    self.side.note_tree(self.machine)
                elif meaning == BEGIN:
                    if self.is_over():  # and by now its words are on the console
                        break
                    number = index
                    self.one(number)
                    number = None
        except Hang as error:
            if number is None:
                number = self.started() if self.clock else max(self.benchmarks)
            name = self.benchmarks[number].name
            self.collect()
            if self.clock is None:  # not even the boot came to an end
                return {item.name: Outcome(error=f"the guest {error}", tail=self.machine.tail())
                        for item in self.benchmarks.values()}, max(self.benchmarks)
            self.outcomes[name] = Outcome(error=str(error), tail=self.machine.tail())
            return self.outcomes, number
        self.collect()
        return self.outcomes, None

    def is_over(self):
        return any(self.benchmarks[number].name == self.until for number in self.stretches)

    def started(self):
        """The first benchmark that has no result yet."""
        return next((number for number in self.benchmarks if number not in self.stretches), max(self.benchmarks))

    def one(self, number):
        """From the begin of a benchmark to its end, looking at each reading of the clock."""
        self.report(self.benchmarks[number])
        first = last = self.machine.snapshot()
        pieces = []
        if self.clock:
            self.machine.stop_at(self.clock)
        while True:
            registers = self.machine.run(STOP_SECONDS)
            now = self.machine.snapshot()
            if registers[15] == self.mark and registers[0] == 4 * number + END:
                break
            if last is not first:
                pieces.append(Stretch.between(last, now))
            last = now
            self.machine.step_over(registers[15])
        if self.clock:
            self.machine.stop_at(self.clock, False)
        self.machine.step_over(self.mark)
        self.stretches[number] = Stretch.between(first, now), last_long(pieces)

    def collect(self):
        """Put the console's text and the stretches together."""
        text = self.machine.console.read_bytes().decode("latin1").replace("\r", "")
        for number, item in self.benchmarks.items():
            outcome = self.outcome(number, text)
            if outcome:
                self.outcomes[item.name] = outcome

    def outcome(self, number, text):
        missing = re.search(rf"^@missing {number} (.*)$", text, re.M)
        if missing:
            return Outcome(error=f"{missing.group(1)} is missing in the guest")
        if re.search(rf"^@unprepared {number}$", text, re.M):
            return Outcome(error="its preparation failed", tail=text.split(f"@unprepared {number}")[0][-1500:])
        match = re.search(rf"^@begin {number}\n(.*?)^@end {number} (\d+)$", text, re.M | re.S)
        if not match or number not in self.stretches:
            return None
        outcome = Outcome(output=match.group(1).strip("\n"))
        outcome.whole, outcome.loop = self.stretches[number]
        status = int(match.group(2))
        if status in (137, 143):
            outcome.error = f"did not end within {self.benchmarks[number].seconds} s of the guest's time"
        elif status:
            outcome.error = f"ended with status {status}"
        elif not outcome.output.strip():
            outcome.error = "printed nothing"
        elif self.benchmarks[number].read(outcome.output) is None:
            outcome.error = "printed no figure"
        if outcome.error:
            outcome.tail = outcome.output[-1500:]
        return outcome


def make_card(out):
    """A card with a file to read; the same on both sides."""
    data, block = bytearray(), b""
    while len(data) < CARD_FILE_SIZE:
        block = hashlib.sha512(block).digest()
        data += block
    path = out / "data.bin"
    path.write_bytes(data)
    return umbra_card.create(out / "card.img", {"data.bin": path})
