# SPDX-License-Identifier: GPL-2.0-or-later
"""What two Linux guests get done beside each other, measured in one boot of their own: work, network, disk, the switch from one to the other."""

import dataclasses
import re

import umbra_bench_guest
import umbra_bench_run
import umbra_card
from umbra_bench_machine import Hang
from umbra_bench_guest import BEGIN, DONE, END
from umbra_common import SOURCE, ToolError, run

LAYOUT = SOURCE / "tests/bench/pair.dts"
INITTAB = "::sysinit:/etc/rcS\n::wait:/bench/pair\n"
SIZE = 16 << 20  # of what is copied, and of the disk
# Numbers of the steps in tests/bench/guest/pair.
ALONE, BOTH = (0, 1), (2, 3)
FETCH_0, FETCH_1, READ, WRITE = 4, 5, 6, 7
STEPS = 8
SWITCHES = 32  # that are looked at one by one, when both are busy


@dataclasses.dataclass(frozen=True)
class Row:
    """`make(pair)`: the figure. With `limit` less is better, and that is the most."""

    name: str
    title: str
    unit: str
    make: object
    limit: float = 0.0


def speed(step):
    return lambda pair: SIZE * 1000 / pair.time(step)


def work(pair):
    """Per cent: the time that both take for their work one after the other, of the time that they take at once."""
    return 100 * sum(pair.time(step) for step in ALONE) / pair.time(*BOTH)


def switch(pair):
    return sum(pair.switches) / len(pair.switches)


ROWS = (
    Row("two_busy", "work of two busy guests, of one's", "%", work),
    Row("net_in", "16 MiB by HTTP from guest 1 to guest 0", "MB/s", speed(FETCH_0)),
    Row("net_out", "16 MiB by HTTP from guest 0 to guest 1", "MB/s", speed(FETCH_1)),
    Row("disk_read", "virtio disk, read 16 MiB", "MB/s", speed(READ)),
    Row("disk_write", "virtio disk, write 16 MiB", "MB/s", speed(WRITE)),
    Row("guest_switch", "switch of guests, from one's exit to the other's entry", "instr.", switch, 3000),
)
BY_NAME = {row.name: row for row in ROWS}


class Failure(Exception):
    """Both guests came to no result, and why."""


def initrd(guest, scratch):
    """The guest's root with the scripts, the same for both."""
    archive = umbra_bench_guest.Archive()
    archive.file("bin/mark", guest.programs["mark"].read_bytes(), 0o755)
    archive.file("etc/inittab", INITTAB)
    for name in ("pair", "step"):
        archive.file(f"bench/{name}", (umbra_bench_guest.SOURCES / name).read_bytes(), 0o755)
    data = guest.base["initrd.gz"].read_bytes()
    target = scratch / "initrd-pair"
    target.write_bytes(data + bytes(-len(data) % 4) + archive.pack())
    return target


def disk(scratch):
    path = scratch / "disk.img"
    with open(path, "wb") as handle:
        handle.truncate(SIZE)
    return path


class Pair:
    """The board with both guests."""

    def __init__(self, guest, program, umbra, scratch, edit):
        def edit_both(layout):
            for node in ("/guest", "/guest@1"):
                edit(layout, node)
            words = run(["fdtget", layout, "/guest@1", "bootargs"]).strip()
            run(["fdtput", "-t", "s", layout, "/guest@1", "bootargs", f"{words} norandmaps"])

        self.umbra = umbra
        self.side = umbra_bench_run.Side("guests", guest, program, umbra_card.layout_path(LAYOUT), scratch, umbra, edit_both)
        base = guest.base
        self.files = {"vmlinuz": base["vmlinuz"], "guest.dtb": base["guest.dtb"], "initrd.gz": initrd(guest, scratch), "disk.img": disk(scratch)}
        self.begun, self.ended, self.switches = {}, {}, []

    def measure(self, card):
        """{row name: figure}"""
        with self.side.machine(self.files, card) as machine:
            try:
                self.run(machine)
            except Hang as error:
                raise Failure(f"{error}\n{machine.tail()}") from error
            said = machine.console.read_bytes().decode("latin1")
        wrong = re.findall(r"@failed.*", said.replace("\r", ""))
        if wrong or sorted(self.ended) != list(range(STEPS)) or len(self.switches) != SWITCHES:
            raise Failure("; ".join(wrong) or f"steps {sorted(self.ended)} and {len(self.switches)} switches were seen\n{said[-1500:]}")
        return {row.name: row.make(self) for row in ROWS}

    def time(self, *steps):
        """ns from the begin of the first of these steps to the end of the last one."""
        ends = min(self.begun[step] for step in steps), max(self.ended[step] for step in steps)
        return umbra_bench_run.Stretch.between(*ends).time

    def run(self, machine):
        """From mark to mark to the last one."""
        mark = self.side.guest.mark
        machine.stop_at(mark)
        while True:
            step, meaning = divmod(machine.run(umbra_bench_run.BOOT_SECONDS)[0], 4)
            if meaning == DONE:
                return
            {BEGIN: self.begun, END: self.ended}[meaning][step] = machine.snapshot()
            machine.step_over(mark)
            if meaning == BEGIN and set(BOTH) <= set(self.begun) and not self.switches:
                self.sample(machine)

    def sample(self, machine):
        """Instructions from core's having the processor back to the entry of another guest than before."""
        done, enter = (self.umbra.value(f"(unsigned)&{name}") for name in ("sched_done", "arm_guest_enter"))
        loaded = self.umbra.value("(unsigned)&vcpu_loaded")
        machine.stop_at(self.side.guest.mark, False)
        while len(self.switches) < SWITCHES:
            before, after = (self.stop(machine, address, loaded) for address in (done, enter))
            if before[1] != after[1]:
                self.switches.append(after[0] - before[0])
        machine.stop_at(self.side.guest.mark)

    @staticmethod
    def stop(machine, address, loaded):
        """(instructions, vCPU that is loaded) where the machine comes to `address` next."""
        machine.stop_at(address)
        machine.run(umbra_bench_run.STOP_SECONDS)
        seen = machine.snapshot()[0], machine.word(loaded)
        machine.step_over(address)
        machine.stop_at(address, False)
        return seen


def measure(guest, program, umbra, scratch, card, edit, wanted):
    """(rows for results.json, failures); `edit(layout, node)` changes the layout's guests."""
    try:
        figures = Pair(guest, program, umbra, scratch, edit).measure(card)
    except (Failure, ToolError) as error:
        text, _, tail = str(error).partition("\n")
        return [], [{"name": name, "side": "guests", "error": text, "console": tail} for name in wanted]
    return [{"name": row.name, "title": row.title, "unit": row.unit, "figure": round(figures[row.name], 1), "limit": row.limit}
            for row in ROWS if row.name in wanted], []
