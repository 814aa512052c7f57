# SPDX-License-Identifier: GPL-2.0-or-later
"""What Umbra costs, counted in instructions of the machine: the same figures on every computer and every run."""

import re

import pytest

from board import Board, PROMPT, native_arguments, umbra_arguments


def boot_instructions(name, arguments):
    """Instructions from power-on (direct boot) to the first prompt, without idle time; exact to about 0.1 %, because
    the machine is asked only when this computer has seen the prompt."""
    with Board(name, arguments, record=True) as board:
        board.expect(r"is up after ([0-9.]+) s", 400)
        board.expect(PROMPT, 60)
        return board.instructions()


# Natively the first row of the measurement is this (tests/bench), as is the ratio below.
@pytest.mark.parametrize("world", [pytest.param("native", marks=pytest.mark.nightly), "umbra"])
def test_boot_repeats(boot, world):
    """One instruction is one nanosecond: two boots print the same log, time stamps in microseconds included."""
    logs = []
    for _ in range(2):
        board = boot(native_arguments() if world == "native" else umbra_arguments(f"repeats-{world}"))
        board.expect("Run /init as init process", 240)
        logs.append(board.child.before)
        board.close()
    assert "[    1." in logs[0]
    assert logs[0] == logs[1]


# What a scan of a page costs in the mean of Debian's boot (docs/performance.md has its parts), and 15 % for other kernels and compilers.
@pytest.mark.parametrize("path,most", [("inline", 17150), pytest.param("trap", 13300, marks=pytest.mark.nightly)])
def test_scan_cost(boot, path, most):
    board = boot(umbra_arguments(f"scan-{path}", path=path))
    board.wait_for_shell()
    row = re.search(r"^SCAN +(\d+) +\d+ +(\d+) +\d+ +(\d+) ", board.monitor("stats"), re.M)
    events, slow, mean = (int(word) for word in row.groups())
    assert events == slow > 1000
    assert mean <= most


@pytest.mark.nightly
def test_boot_ratio(capsys):
    native = boot_instructions("cost-native", native_arguments())
    umbra = boot_instructions("cost-umbra", umbra_arguments("cost-umbra"))
    with capsys.disabled():
        print(f"\nboot to shell: native {native} instructions, Umbra {umbra}, ratio {umbra / native:.2f}")
    assert umbra <= 4 * native
