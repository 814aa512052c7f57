# SPDX-License-Identifier: GPL-2.0-or-later
"""A full Debian with systemd on the card's second partition: the same units, failures and messages natively and under Umbra."""

import re

import pytest

import umbra_card
import umbra_system
from board import PROMPT, Board, native_arguments, umbra_arguments, umbra_machine
from umbra_common import build_dir

# Instructions take their virtual time, and idle time passes as this computer's does: the time-outs of login and systemd are the guest's.
CLOCK = ["-icount", "shift=0"]
LOGIN_TIMEOUT = 900
nightly = pytest.mark.nightly


@pytest.fixture(scope="session")
def system():
    return umbra_system.prepare("debian")


@pytest.fixture(scope="session")
def system_card(system, tmp_path_factory):
    return umbra_system.boot_card(system, "linux", tmp_path_factory.mktemp("system") / "card.img")


def start(name, world, system, card):
    files = umbra_system.guest_files(system)
    arguments = native_arguments(files=files) if world == "native" else umbra_arguments(name, files=files, path=world)
    return Board(name, arguments + umbra_machine.card_boot(card) + CLOCK, exact=False)


def log_in(board, timeout=LOGIN_TIMEOUT):
    board.expect("beagle login: ", timeout)
    board.send("root\r")
    board.expect("Password: ", timeout)
    board.send("umbra\r")
    board.expect(PROMPT, timeout)
    board.sendline("bind 'set enable-bracketed-paste off'; dmesg -n 1; stty cols 240; export TERM=dumb SYSTEMD_COLORS=0 SYSTEMD_PAGER= LC_ALL=C")
    board.expect(PROMPT, timeout)
    board.run("systemctl is-system-running --wait", timeout, status=None)


@pytest.fixture(scope="module", params=[pytest.param("native", marks=nightly), pytest.param("trap", marks=nightly), "inline"])
def debian(request, system, system_card, tmp_path_factory):
    """A booted system, one for all tests of this file in each world."""
    card = umbra_card.copy(system_card, tmp_path_factory.mktemp("debian") / "card.img")
    with start(f"debian-{request.param}", request.param, system, card) as board:
        board.world, board.card = request.param, card
        log_in(board)
        yield board


# --- What runs, and what was said ---

def test_comes_up(debian):
    """The login, every unit up, and nothing that failed."""
    assert debian.run("systemctl --failed --plain --no-legend", 120).strip() == ""
    assert debian.run("systemctl is-system-running", 60, status=None).strip() == "running"
    check_umbra(debian)


def check_umbra(board):
    if board.world != "native":
        assert "0 violations" in board.monitor("guest audit", timeout=300).splitlines()
        assert re.search(r"^unrewritten\s+0\b", board.monitor("stats"), re.M)


def units(board):
    """{unit: "load active sub"}"""
    lines = board.run("systemctl list-units --all --plain --no-legend --no-pager --full", 300).splitlines()
    return {words[0]: " ".join(words[1:4]) for words in (line.split(None, 4) for line in lines) if len(words) >= 4}


def messages(board):
    """Warnings and worse of this boot, without what differs from one boot to the next."""
    text = board.run("journalctl -b -p warning -o short --no-hostname --no-pager -q", 300)
    lines = (re.sub(r"^\w+ +\d+ [\d:]+ ", "", line) for line in text.splitlines())
    return sorted({re.sub(r"\[\d+\]|\d+\.\d+|0x[0-9a-f]+|\b[0-9a-f]{8}\b", "N", line) for line in lines})


@pytest.fixture(scope="session")
def seen():
    """{world: (units, messages)} of the worlds that were looked at."""
    return {}


@nightly
def test_units_and_messages(debian, seen):
    """After the native boot: the others have the same, without an exception."""
    state = [f"{name}: {words}" for name, words in units(debian).items()]
    said = messages(debian)
    (build_dir() / f"debian-{debian.world}.txt").write_text("\n".join([*state, "", *said]) + "\n", encoding="utf-8")
    seen[debian.world] = state, said
    assert "native" in seen, "the native boot comes first"
    for have, want in zip((state, said), seen["native"]):
        assert not sorted(set(have) ^ set(want))
