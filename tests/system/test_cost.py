# SPDX-License-Identifier: GPL-2.0-or-later
"""What Umbra costs, counted in instructions of the machine: the same figures on every computer and every run."""

from board import Board, PROMPT, native_arguments, umbra_arguments


def boot_instructions(name, arguments):
    """Instructions from power-on (direct boot) to the first prompt. Idle time is none."""
    with Board(name, arguments, record=True) as board:
        board.expect(r"is up after ([0-9.]+) s", 400)
        board.expect(PROMPT, 60)
        return board.instructions()


def test_native_count_repeats():
    first = boot_instructions("cost-native", native_arguments())
    assert boot_instructions("cost-native-again", native_arguments()) == first


def test_boot_ratio(capsys):
    native = boot_instructions("cost-native", native_arguments())
    umbra = boot_instructions("cost-umbra", umbra_arguments("cost-umbra"))
    with capsys.disabled():
        print(f"\nboot to shell: native {native} instructions, Umbra {umbra}, ratio {umbra / native:.2f}")
    assert umbra <= 4 * native
