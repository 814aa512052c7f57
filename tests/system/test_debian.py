# SPDX-License-Identifier: GPL-2.0-or-later
"""A full Debian with systemd on the card's second partition: the same units, failures and messages natively and under Umbra; and its daily work."""

import hashlib
import json
import math
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


# --- Its daily work ---

@nightly
def test_compiles_and_runs_a_program(debian):
    lines = ("#include <stdio.h>", "int main(void)", "{", "double x = 1;", "for (int i = 1; i < 20; i++)", "x *= i;", "printf(\"%.0f\\n\", x);", "return 0;", "}")
    debian.run("printf '%s\\n' " + " ".join(f"'{line}'" for line in lines) + " >/tmp/p.c")
    assert debian.run("gcc -O0 -g -Wall -o /tmp/p /tmp/p.c && /tmp/p", 900).strip() == "121645100408832000"


@nightly
def test_debugger_stops_at_a_breakpoint(debian):
    """One with a condition, which stops ten times and shows itself once, and one behind the loop."""
    text = debian.run("gdb -q -batch -ex 'break 6 if i == 10' -ex 'break 7' -ex run -ex 'print x' -ex continue -ex 'print x' -ex continue /tmp/p", 900)
    assert re.search(r"^\$1 = 362880$", text, re.M) and re.search(r"^\$2 = 1\.21645100408832e\+17$", text, re.M) and "exited normally" in text, text


@nightly
def test_python(debian):
    text = debian.run("python3 -c 'import ctypes, hashlib, json, math, threading; found = []; "
                      "all = [threading.Thread(target=lambda n=n: found.append(math.factorial(n))) for n in range(20)]; "
                      "[one.start() for one in all]; [one.join() for one in all]; "
                      "print(json.dumps([max(found), hashlib.sha256(b\"umbra\").hexdigest(), ctypes.CDLL(None).abs(-7)]))'", 600)
    assert json.loads(text) == [math.factorial(19), hashlib.sha256(b"umbra").hexdigest(), 7]


@nightly
def test_perl(debian):
    text = debian.run("perl -MDigest::SHA=sha256_hex -MList::Util=sum -e 'print sum(map { $_ ** 2 } 1..1000), \" \", sha256_hex(q(umbra)), \"\\n\"'", 300)
    assert text.split() == ["333833500", hashlib.sha256(b"umbra").hexdigest()]


@nightly
def test_database(debian):
    text = debian.run("sqlite3 /tmp/t.db 'create table t(a integer primary key, b text); "
                      "with recursive n(x) as (select 1 union all select x + 1 from n where x < 5000) insert into t select x, hex(x * x) from n; "
                      "create index i on t(b); pragma integrity_check; select count(*), sum(a), max(b) from t;'", 600)
    assert text.split() == ["ok", "5000|12502500|39393938323434"], text


@nightly
def test_openssl(debian):
    assert debian.run("printf umbra | openssl dgst -sha256 -r", 300).split()[0] == hashlib.sha256(b"umbra").hexdigest()
    assert re.search(r"^sha256 +[0-9.]+k", debian.run("openssl speed -seconds 1 -bytes 1024 -evp sha256 2>/dev/null", 600), re.M | re.I)
    debian.run("openssl req -x509 -newkey rsa:1024 -nodes -keyout /tmp/k -out /tmp/c -subj /CN=beagle -days 1 2>/dev/null && openssl verify -CAfile /tmp/c /tmp/c", 900)


@nightly
def test_300_processes(debian):
    assert debian.run("bash -c 'for i in $(seq 300); do sleep 1000 & done; jobs -r | wc -l; kill $(jobs -p)'", 900).split() == ["300"]


@nightly
def test_no_entry_grants_too_much(debian):
    """After everything above."""
    check_umbra(debian)
