# SPDX-License-Identifier: GPL-2.0-or-later
"""From "these blocks end in different states" to the few units of one block that do: for tools/difftest."""

import concurrent.futures
import re
import subprocess
import tempfile

from umbra_difftest_run import KEEP_ALL, MAX_UNITS, QUIET_SHRINKING, Side

SHOWN = 40  # registers and words of memory in a report


class Pair:
    """The bare machine and an Umbra, asked whether they differ."""

    def __init__(self, umbra, say):
        self.native, self.umbra, self.say, self.runs = Side(), umbra, say, 0

    def run(self, program):
        self.runs += 1
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            return list(pool.map(lambda side: side.run(program, QUIET_SHRINKING), (self.native, self.umbra)))

    def first_difference(self, program):
        """The last block of the first group that differs, or None."""
        return next(iter(differences(*self.run(program))), None)

    def differs(self, program):
        """Do the states after the last block of @program differ?"""
        native, umbra = self.run(program.but(group=1))
        last = program.first + program.count - 1
        return native.digests.get(last) is not None and native.digests.get(last) != umbra.digests.get(last)


def differences(native, umbra):
    """The last blocks of the groups that differ; of those that one side did not come to, the first."""
    found = []
    for block in sorted(native.digests):
        if umbra.digests.get(block) != native.digests[block]:
            found.append(block)
        if block not in umbra.digests:
            break
    return found


def locate(pair, program, last):
    """The program that ends in the block that differs, in the group that ends in block @last."""
    distance = program.group
    while True:
        first = max(program.first, last + 1 - distance)
        block = pair.first_difference(program.but(first=first, count=last + 1 - first, group=1))
        if block is not None:
            return program.but(first=first, count=block + 1 - first)
        if first == program.first:
            return None
        distance *= 8


def shrink_history(pair, program):
    """Without as many as possible of the blocks before it."""
    block, count = program.first + program.count - 1, 1
    while count < program.count:
        candidate = program.but(first=block + 1 - count, count=count)
        if pair.differs(candidate):
            return candidate
        count *= 2
    return program


def shrink_units(pair, program, units):
    """Without as many units of the last block as possible: leave out halves, quarters, .., single ones."""
    kept = [unit for unit in range(min(units, MAX_UNITS))]
    size = (len(kept) + 1) // 2
    while size:
        start = 0
        while start < len(kept):
            rest = kept[:start] + kept[start + size:]
            candidate = program.but(keep=mask_of(rest))
            if pair.differs(candidate):
                kept, program = rest, candidate
            else:
                start += size
        size = size // 2
    return program


def mask_of(units):
    return sum(1 << unit for unit in units)


def units_of(pair, program):
    text = pair.native.run(program.but(first=program.first + program.count - 1, count=1, detail=True, keep=KEEP_ALL))
    return int(text.lines("BLOCK")[0].split()[2])


def shrink(pair, program):
    program = shrink_history(pair, program)
    pair.say(f"block {program.first + program.count - 1}: needs {program.count - 1} blocks before it")
    if program.rounds > 1 and pair.differs(program.but(rounds=1)):
        program = program.but(rounds=1)
    program = shrink_units(pair, program, units_of(pair, program))
    pair.say(f"block {program.first + program.count - 1}: {bin(program.keep).count('1')} units, {pair.runs} runs")
    return program


# --- What to show of it ---

def disassemble(words):
    """[(address, word)] as text; no-operations that stand for units left out are counted, not shown."""
    lines, skipped = [], 0
    for address, word in words:
        if word == 0xE320F000:
            skipped += 1
            continue
        if skipped:
            lines.append(f"          ({skipped} nop)")
        skipped = 0
        lines.append(objdump(address, word))
    return lines


def objdump_lines(address, data, options=()):
    with tempfile.NamedTemporaryFile() as handle:
        handle.write(data)
        handle.flush()
        text = subprocess.run(["arm-none-eabi-objdump", "-D", "-b", "binary", "-m", "arm", *options, f"--adjust-vma={address:#x}", handle.name],
                              stdout=subprocess.PIPE, text=True, check=False).stdout
    return ["  " + line.expandtabs() for line in text.strip().splitlines() if re.match(r" *[0-9a-f]+:\t", line)]


def objdump(address, word):
    return objdump_lines(address, word.to_bytes(4, "little"))[-1]


def disassemble_t32(halves):
    """The page of T32 code: [(address, halfword)]."""
    if not halves:
        return []
    return objdump_lines(halves[0][0], b"".join(half.to_bytes(2, "little") for _address, half in halves), ["-Mforce-thumb"])


def words_of(outcome, kind):
    return [tuple(int(word, 16) for word in line.split()) for line in outcome.lines(kind)]


def report(pair, program):
    """Lines that show the block, its exceptions and what differs afterwards."""
    native, umbra = pair.run(program.but(detail=True, group=1))
    lines = ["program:", *disassemble(words_of(native, "WORD"))]
    stub = disassemble(words_of(native, "STUB"))
    lines += (["User mode part:", *stub] if len(stub) > 1 else [])
    t32 = disassemble_t32(words_of(native, "T32"))
    lines += (["T32 part:", *t32] if t32 else [])
    before, after = native.states(), umbra.states()
    start = [f"{name} {value}" for (number, when, name), value in before.items() if when == "before" and number == program.rounds - 1]
    lines += ["before:"] + ["  " + "  ".join(f"{item:17}" for item in start[at:at + 6]) for at in range(0, len(start), 6)]
    exceptions = native.lines("EXC"), umbra.lines("EXC")
    if exceptions[0] != exceptions[1]:
        lines += ["exceptions natively:", *(f"  {line}" for line in exceptions[0])]
        lines += [f"exceptions on {pair.umbra.name}:", *(f"  {line}" for line in exceptions[1])]
    unequal = [f"  {number} {name:12} {value} {after.get((number, when, name), 'nothing')}"
               for (number, when, name), value in before.items() if after.get((number, when, name)) != value]
    lines += ["after (round, register, natively, Umbra):", *unequal[:SHOWN]]
    lines += [f"  and {len(unequal) - SHOWN} more"] if len(unequal) > SHOWN else []
    if not umbra.complete:
        lines += ["Umbra's guest did not come to its end; its console ends with:",
                  *(f"  {line}" for line in umbra.text.strip().splitlines()[-8:])]
    return lines
