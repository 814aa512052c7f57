# SPDX-License-Identifier: GPL-2.0-or-later
"""Random programs on each CPU path, with and without fast exits, against the bare machine (tools/difftest), and that the tool finds
and shrinks what is planted."""

import pytest

import umbra_difftest as difftest
from umbra_difftest_run import FAST, Outcome, Program, Side, Umbra, cpu_paths
from umbra_difftest_shrink import Pair, differences, locate, report, shrink

PROGRAMS = [Program(seed=20240, first=0, count=1024), Program(seed=20241, first=0, count=1024)]
SIDES = [Umbra(path, fast) for path in cpu_paths() for fast in (True, False)]


@pytest.fixture(scope="module")
def prepared():
    difftest.prepare(SIDES)


@pytest.fixture(scope="module", params=PROGRAMS, ids=lambda program: f"seed{program.seed}")
def native(request, prepared):
    """A program, and what it does on the bare machine."""
    outcome = Side().run(request.param)
    assert outcome.complete, outcome.text[-2000:]
    return request.param, outcome


@pytest.mark.parametrize("side", SIDES, ids=[f"{side.path}-{'fast' if side.fast else 'general'}" for side in SIDES])
def test_states_equal(native, side):
    program, expected = native
    outcome = side.run(program)
    found = differences(expected, outcome)
    assert not found, "\n".join(difftest.explain(side, program, found[0]))
    assert (outcome.unrewritten, outcome.violations) == (0, 0)


class Planted(Side):
    """The bare machine with a fault: whenever a block has a certain unit, its digest is another one."""

    name = "planted"

    def __init__(self, block, unit):
        self.block, self.unit = block, unit

    def run(self, program, *quiet):
        outcome = super().run(program, *quiet)
        last = program.first + program.count - 1
        if self.block not in outcome.digests:
            groups = [block for block in outcome.digests if block >= self.block > block - program.group]
        elif last == self.block and not program.keep >> self.unit & 1:
            groups = []
        else:
            groups = [self.block]
        text = outcome.text
        for block in groups:
            text = text.replace(f"DIGEST {block} {outcome.digests[block]}", f"DIGEST {block} ffffffff")
        return Outcome(text, outcome.complete)


def test_difference_is_narrowed_down(prepared):
    """From a group of blocks to the one unit of one block, without the blocks before it."""
    pair = Pair(Planted(block=77, unit=2), lambda text: None)
    program = Program(seed=7, first=0, count=256)
    found = differences(*pair.run(program))
    assert found == [127]
    program = locate(pair, program, found[0])
    assert (program.first, program.count) == (64, 14)
    program = shrink(pair, program)
    assert (program.first, program.count, program.rounds, program.keep) == (77, 1, 1, 1 << 2)
    assert any("program" in line for line in report(pair, program))


def test_program_is_repeatable(prepared):
    """The same states whatever ran before, and others with another seed."""
    alone, among = Side().run(Program(3, 40, 1, group=1)), Side().run(Program(3, 32, 16, group=1))
    assert alone.digests[40] == among.digests[40]
    assert Side().run(Program(4, 40, 1, group=1)).digests[40] != alone.digests[40]


def test_no_fast_exits_is_another_image(prepared):
    images = [side.folder / "umbra.img" for side in SIDES[:2]]
    assert images[0].read_bytes() != images[1].read_bytes()
    assert [side.name.split(" ", 1)[1] for side in SIDES[:2]] == [FAST[True], FAST[False]]
