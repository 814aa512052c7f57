# SPDX-License-Identifier: GPL-2.0-or-later
"""Random programs (tests/guests/diff) natively and under Umbra, on each CPU path, with and without fast exits: after every block
the complete architectural state must be equal. A difference is narrowed down to one block and its fewest units. Use it as
tools/difftest; docs/testing.md says what is generated."""

import argparse
import concurrent.futures
import os
import pathlib
import subprocess
import sys
import time

import umbra_difftest_shrink as shrinking
import umbra_machine
from umbra_common import Arguments, ToolError, make, speaker, tool_main
from umbra_difftest_run import Program, Side, Umbra, cpu_paths

NIGHTLY = 1000000
CHUNK = 16384  # blocks of one boot
SHOWN = 3  # differences that are shrunk, of each path
EPILOG = """Exit status: 0 if all states are equal, else 1. A difference is printed with the command that repeats it."""
say = speaker("difftest")


def number(text):
    return int(text, 0)


def parse(arguments):
    parser = Arguments("difftest", __doc__, epilog=EPILOG)
    parser.add_argument("--path", metavar="NAME", action="append", help=f"only this CPU path; may be repeated ({' '.join(cpu_paths())})")
    parser.add_argument("--fast-exits", action=argparse.BooleanOptionalAction, default=None, help="only with, or only without them")
    parser.add_argument("--seed", type=number, action="append", metavar="N",
                        help="what is generated follows from seed and block number; odd ones keep code of User mode apart; may be repeated (1 and 2)")
    parser.add_argument("--first", type=number, default=0, metavar="N", help="first block (0)")
    parser.add_argument("--blocks", type=number, default=4096, metavar="N", help="number of blocks of each seed (4096)")
    parser.add_argument("--nightly", action="store_true", help=f"{NIGHTLY} blocks in all, and seeds of today's date unless --seed says them")
    parser.add_argument("--rounds", type=number, default=2, metavar="N", help="executions of each block, from different states (2)")
    parser.add_argument("--keep", type=number, metavar="MASK", help="show the last block, with these units of it only")
    options = parser.parse_args(arguments)
    parser.check_together(options, "nightly", ("blocks",))
    for name in options.path or []:
        if name not in cpu_paths():
            raise ToolError(f"--path {name}: there are: {' '.join(cpu_paths())}")
    for name in ("blocks", "rounds"):
        if getattr(options, name) < 1:
            raise ToolError(f"--{name} must be at least 1")
    if options.nightly:
        today = 10 * int(time.strftime("%Y%m%d"))
        options.seed = options.seed or [today + 1, today + 2]
        options.blocks = NIGHTLY // len(options.seed)
    options.seed = options.seed or [1, 2]
    if not 0 <= options.first < 1 << 31 or options.blocks >= 1 << 31 or not all(0 <= seed < 1 << 32 for seed in options.seed):
        raise ToolError("--seed is a number of 32 bits, --first and --blocks of 31")
    return options


def sides_of(options):
    fast = (True, False) if options.fast_exits is None else (options.fast_exits,)
    return [Umbra(path, one) for path in options.path or cpu_paths() for one in fast]


def prepare(sides):
    """Build what is missing."""
    umbra_machine.build_machine()
    done = make("layouts", "guests", stdout=subprocess.DEVNULL)
    if done.returncode:
        raise ToolError("the guests could not be built (see above)")
    for side in {side.folder: side for side in sides}.values():
        side.build()


def chunks(program):
    end = program.first + program.count
    return [program.but(first=first, count=min(CHUNK, end - first)) for first in range(program.first, end, CHUNK)]


def compare(programs, sides, progress=lambda text: None):
    """[(side, part of a program, last block of a group in it that differs)] and [(side, part, what Umbra itself found wrong)]."""
    everyone = [Side(), *sides]
    found, wrong = [], []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        parts = [(part, [pool.submit(side.run, part) for side in everyone]) for program in programs for part in chunks(program)]
        for part, futures in parts:
            native, *others = [future.result() for future in futures]
            if not native.complete:
                raise ToolError(f"natively: the guest did not come to its end; its console ends with:\n{native.text[-500:]}")
            for side, outcome in zip(sides, others):
                found += [(side, part, block) for block in shrinking.differences(native, outcome)]
                wrong += [(side, part, f"{outcome.unrewritten} unrewritten words trapped")] if outcome.unrewritten else []
                wrong += [(side, part, f"{outcome.violations} violations in the audit")] if outcome.violations else []
            progress(f"seed {part.seed}, up to block {part.first + part.count - 1}: {len(found)} groups differ so far")
    return found, wrong


def explain(side, part, last):
    """Narrow one difference down; lines that show it."""
    pair = shrinking.Pair(side, say)
    program = shrinking.locate(pair, part, last)
    if program is None:
        return [f"{side.name}: the group that ends in block {last} of seed {part.seed} differs, but not when its blocks are looked at one by one"]
    program = shrinking.shrink(pair, program)
    repeat = f"tools/difftest --path {side.path} --{'' if side.fast else 'no-'}fast-exits --seed {program.seed} --first {program.first} " \
             f"--blocks {program.count} --rounds {program.rounds} --keep {program.keep:#x}"
    return [f"{side.name}: seed {program.seed}, block {program.first + program.count - 1} differs", f"repeat: {repeat}",
            *shrinking.report(pair, program)]


def show(options, sides):
    status = 0
    for seed, side in ((seed, side) for seed in options.seed for side in sides):
        program = Program(seed, options.first, options.blocks, rounds=options.rounds, keep=options.keep)
        pair = shrinking.Pair(side, say)
        differs = pair.differs(program)
        say(f"{side.name}, seed {seed}: {'different' if differs else 'equal'}")
        print("\n".join(shrinking.report(pair, program)))
        status |= differs
    return int(status)


def main(arguments):
    options = parse(arguments)
    sides = sides_of(options)
    begin = time.monotonic()
    prepare(sides)
    if options.keep is not None:
        return show(options, sides)
    programs = [Program(seed, options.first, options.blocks, rounds=options.rounds) for seed in options.seed]
    say(f"seeds {' '.join(map(str, options.seed))}, {options.blocks} blocks from {options.first} on: natively; {'; '.join(side.name for side in sides)}")
    found, wrong = compare(programs, sides, lambda text: say(f"{time.monotonic() - begin:5.0f} s  {text}"))
    for side, part, what in wrong:
        say(f"{side.name}: {what} in blocks {part.first} to {part.first + part.count - 1} of seed {part.seed}")
    for side in sides:
        for item in [item for item in found if item[0] is side][:SHOWN]:
            print("\n".join(explain(*item)), flush=True)
    say(f"{time.monotonic() - begin:.0f} s; {f'{len(found)} groups differ' if found else 'all states equal'}")
    return 1 if found or wrong else 0


if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
    tool_main("difftest", main)
