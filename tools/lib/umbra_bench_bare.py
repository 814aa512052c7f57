# SPDX-License-Identifier: GPL-2.0-or-later
"""A bare-metal guest that invalidates everything at each switch of address spaces (tests/guests/noasid.c), natively and under each shadow strategy:
what Linux does not do, and what strategies other than `flush` are for."""

import shutil
import subprocess

import umbra_bench_run
import umbra_card
import umbra_machine
from umbra_bench_machine import Hang, Machine
from umbra_common import ToolError, build_dir, make, run

GUEST = "noasid"
ROUNDS = 400  # of noasid.c
POINTS = ("measured_switches", "measured_changes", "measured_end")  # functions of it
ROWS = {"noasid_switch": "all invalidated at each switch", "noasid_change": "the same, and tables change meanwhile"}


def prepare():
    if make("guests", stdout=subprocess.DEVNULL).returncode:
        raise ToolError("the guests could not be built (see above)")


def addresses():
    """Where the guest's points of measurement are."""
    symbols = run(["arm-none-eabi-nm", build_dir() / f"guests/{GUEST}.elf"]).splitlines()
    found = {words[2]: int(words[0], 16) for words in map(str.split, symbols) if len(words) == 3}
    missing = [point for point in POINTS if point not in found]
    if missing:
        raise ToolError(f"{GUEST}.elf has no {missing[0]}")
    return [found[point] for point in POINTS]


class Side:
    """Natively, or on Umbra (with `edit(layout, node)` for its layout)."""

    def __init__(self, name, program, scratch, umbra=None, edit=None):
        self.name, self.program, self.umbra, self.edit = name, program, umbra, edit
        self.folder = scratch / name
        self.folder.mkdir()

    def boot_words(self):
        if not self.umbra:
            return ["-kernel", str(build_dir() / f"guests/{GUEST}.uimg")]
        layout = self.folder / "edited.dtb"
        shutil.copyfile(umbra_card.layout_path("bare-metal"), layout)
        self.edit(layout)
        words = umbra_machine.umbra_boot(layout, {"guest.bin": build_dir() / f"guests/{GUEST}.bin"}, self.folder)
        words[words.index("-kernel") + 1] = str(self.umbra.out / "umbra.img")
        return words

    def measure(self, points):
        """A Stretch for each of ROWS."""
        seen = []
        with Machine(self.folder, self.program, self.boot_words(), self.umbra and self.umbra.counters) as machine:
            for address in points:
                machine.stop_at(address)
                try:
                    machine.run(umbra_bench_run.STOP_SECONDS)
                except Hang as error:
                    raise ToolError(f"{self.name}: the guest {error}\n{machine.tail()}") from error
                seen.append(machine.snapshot())
                machine.step_over(address)
                machine.stop_at(address, False)
        return [umbra_bench_run.Stretch.between(*pair) for pair in zip(seen, seen[1:])]


def row_of(name, native, virtual, causes):
    """As a row of results.json, as far as report.side_by_side() looks at one: of one round."""
    counts = [{key: number / ROUNDS for key, number in found.items()} for found in (virtual.events(causes), virtual.shadow(causes))]
    return {"name": name, "title": ROWS[name], "unit": "instr.", "native": native.instructions / ROUNDS, "umbra": virtual.instructions / ROUNDS,
            "ratio": virtual.instructions / native.instructions, "exits": counts[0], "shadow": counts[1]}


def measure(program, umbra, scratch, edits):
    """A list of rows for each of `edits`: [(name, edit)], one a strategy."""
    points = addresses()
    native = Side("bare-native", program, scratch).measure(points)
    return [[row_of(*row, umbra.causes) for row in zip(ROWS, native, Side(f"bare-{name}", program, scratch, umbra, edit).measure(points))]
            for name, edit in edits]
