# SPDX-License-Identifier: GPL-2.0-or-later
"""A full Debian with systemd on the card's second partition, booted and logged in: what the tests of it share."""

import umbra_system
from board import PROMPT, Board, native_arguments, umbra_arguments, umbra_machine

# Instructions take their virtual time, and idle time passes as this computer's does: the time-outs of login and systemd are the guest's.
CLOCK = ["-icount", "shift=0"]
LOGIN_TIMEOUT = 900


def start(name, world, system, card):
    """`world`: "native" or a CPU path of Umbra."""
    files = umbra_system.guest_files(system)
    arguments = native_arguments(files=files) if world == "native" else umbra_arguments(name, files=files, path=world)
    board = Board(name, arguments + umbra_machine.card_boot(card) + CLOCK, exact=False)
    board.world, board.card = world, card
    return board


def log_in(board, timeout=LOGIN_TIMEOUT):
    board.expect("beagle login: ", timeout)
    board.send("root\r")
    board.expect("Password: ", timeout)
    board.send("umbra\r")
    board.expect(PROMPT, timeout)
    board.sendline("bind 'set enable-bracketed-paste off'; dmesg -n 1; stty cols 240; export TERM=dumb SYSTEMD_COLORS=0 SYSTEMD_PAGER= LC_ALL=C")
    board.expect(PROMPT, timeout)
    board.run("systemctl is-system-running --wait", timeout, status=None)


def state(board):
    """What systemd says of the whole system."""
    return board.run("systemctl is-system-running", 120, status=None).strip()
