# SPDX-License-Identifier: GPL-2.0-or-later
"""What the monitor shows of a guest: registers, memory, translations, callers, the kernel's log; the trace of exits."""

import re
import time

import pytest

from board import MONITOR_KEY, Board, umbra_arguments
from test_paths import healthy


@pytest.fixture(scope="module")
def umbra():
    with Board("see", umbra_arguments("see")) as board:
        board.wait_for_shell(timeout=240)
        yield board
        healthy(board)


@pytest.fixture(scope="module")
def symbols(umbra):
    """A function that gives the address of a symbol of the guest's kernel, and one that gives the functions at addresses."""
    umbra.run("grep -i ' t [a-z_0-9]*$' /proc/kallsyms | sort >/tmp/symbols", timeout=300)

    def address_of(name):
        return int(umbra.run(f"grep -w '{name}$' /tmp/symbols").split()[0], 16)

    def functions_at(addresses):
        return [umbra.run(f"awk '\"x\"$1 > \"x{address}\" {{ print last; exit }} {{ last = $3 }}' /tmp/symbols").strip()
                for address in addresses]

    return address_of, functions_at


def test_registers(umbra):
    text = umbra.monitor("guest registers")
    assert re.search(r"^mode \w+, (A32|T32), IRQ (open|masked)", text, re.M)
    assert re.search(r"^r12 [0-9a-f]{8} ", text, re.M)
    for bank in ("usr", "fiq", "irq", "svc", "abt", "und"):
        assert re.search(rf"^{bank}  sp [0-9a-f]{{8}}  lr [0-9a-f]{{8}}", text, re.M), bank
    # What this kernel set: MMU and caches on, high vectors; and what the core is.
    sctlr = int(re.search(r"SCTLR +([0-9a-f]{8})", text).group(1), 16)
    assert sctlr & 0x2005 == 0x2005
    assert re.search(r"MIDR +413fc08\d", text)


def test_memory(umbra):
    """The kernel's banner in its virtual and its physical memory; what is mapped nowhere, and what is no memory."""
    banner = umbra.run("cat /proc/version").strip().encode()
    dump = umbra.folder / "memory"
    umbra.qmp("pmemsave", val=0x80000000, size=0x2000000, filename=str(dump))
    physical = 0x80000000 + dump.read_bytes().index(banner)
    dump.unlink()
    address = physical + 0x40000000  # the kernel's linear map

    def read(command):
        text = umbra.monitor(command)
        return bytes.fromhex("".join(re.findall(r"^[0-9a-f]{8}  ((?:[0-9a-f]{2} )+)", text, re.M)).replace(" ", ""))

    assert read(f"guest memory {address:#x} {len(banner)}") == banner
    assert read(f"guest memory phys {physical:#x} {len(banner)}") == banner
    assert f"at physical {physical:#010x} (memory)" in umbra.monitor(f"guest translate {address:#x}")
    assert len(read(f"guest memory {address & ~0xfff | 0xff9:#x} 20")) == 20  # across a page
    assert "the guest maps nothing here" in umbra.monitor("guest memory 0x8 4")
    assert "not memory" in umbra.monitor("guest memory phys 0x49020000 4")


def test_translate(umbra, symbols):
    text = umbra.monitor(f"guest translate {symbols[0]('schedule'):#x}")
    assert re.search(r"^guest   first level  at 0x\w+: 0x\w+, domain 0 \(client\)", text, re.M)
    assert re.search(r"kernel r-x, user ---, global", text)
    # The kernel sleeps in schedule() all the time, so it is executed: from a copy, because it has sites, or as it is.
    assert re.search(r"^shadow  root \d+, first level: 0x\w+, view K, host domain \d+ \(open\)", text, re.M)
    assert re.search(r"second level: 0x\w+, guest's r-x, host page 0x\w+: (a copy of the guest's page|the guest's own page, scanned)", text)
    assert re.search("leads nowhere: fault status 0x[57]: translation, (section|page)", umbra.monitor("guest translate 0x10"))


def backtrace_at_rest(board):
    """Of a guest whose shell waits for input, which it may not have come to yet when it has written its prompt."""
    for _ in range(20):
        text = board.monitor("guest backtrace")
        if len(text.splitlines()) > 4:
            break
        time.sleep(0.2)
    return text


def test_backtrace(umbra, symbols):
    """An idle guest is in its idle loop, called by what the first function of all has called: every caller in turn, by the kernel's tables, from behind code that has none."""
    for _ in range(5):  # it is stopped anywhere, and a thread of the kernel may be at work there
        text = backtrace_at_rest(umbra)
        callers = symbols[1](re.findall(r"^    ([0-9a-f]{8})  by its unwind table, ", text, re.M))
        if "do_idle" in callers:
            break
    assert callers[-3:] == ["do_idle", "cpu_startup_entry", "rest_init"], (callers, text)  # and, most of the time, what do_idle() calls


def test_log(umbra):
    """Every message that the guest's own dmesg knows, in the same order."""
    wanted = [re.sub(r"^\[ *\d+\.\d+\] ", "", line) for line in umbra.run("dmesg -r | sed 's/^<[0-9]*>//'").splitlines()]
    text = umbra.monitor("guest log", timeout=120)
    found = [line.split("] ", 1)[1] for line in text.splitlines() if re.match(r"\[ *\d+\.\d+\] ", line)]
    assert len(wanted) > 100
    assert [line.rstrip() for line in found[:len(wanted)]] == [line.rstrip() for line in wanted]


@pytest.mark.parametrize("command, message", [
    ("guest memory nowhere 4", 'guest memory: "nowhere" is not an address'),
    ("guest memory 0x80000000 many", 'guest memory: "many" is not a length'),
    ("guest memory 0x80000000 0", "guest memory: LEN must be 1 to 4096"),
    ("guest memory 0xfffffffe 4", "guest memory: LEN must be 1 to 4096, and not reach beyond 0xffffffff"),
    ("guest memory virt 0x80000000 4", 'guest memory: "virt" is not `phys`'),
    ("guest memory 0x80000000", "usage: guest "),
    ("guest translate 12x", 'guest translate: "12x" is not an address'),
    ("guest translate", "usage: guest "),
    ("guest registers all", "usage: guest "),
    ("peek 99999999999", "usage: peek "),
    ("peek 0x", "usage: peek "),
])
def test_bad_words(umbra, command, message):
    answer = umbra.monitor(command)
    assert answer.count("\n") <= 3 and message in answer


def test_trace(umbra, symbols):
    """Exits in order of time, of known causes, and none any more once it is off."""
    umbra.monitor("trace on")
    umbra.run("cat /proc/interrupts >/dev/null; sleep 1")
    umbra.open_monitor()
    umbra.monitor_command("trace off")
    text = umbra.monitor_command("trace dump")
    again = umbra.monitor_command("trace dump")
    causes = set(re.findall(r"^(\w+) +\d", umbra.monitor_command("stats"), re.M))
    umbra.send(MONITOR_KEY)
    umbra.expect(r"\[guest\]")
    rows = re.findall(r"^ *(\d+\.\d{6}) ([0-9a-f]{8}) ([uk]) (\w+) +([0-9a-f-]{8}) +(\d+) (\w+|-)$", text, re.M)
    assert len(rows) == 256 and text == again
    assert [row[0] for row in rows] == sorted((row[0] for row in rows), key=float)
    assert {row[6] for row in rows} - {"-"} <= causes
    assert "IRQ" in {row[6] for row in rows} and "k" in {row[2] for row in rows}
    # A store to the console's UART is an abort, at an address where the kernel has mapped it.
    assert all(int(row[4], 16) >= 0xc0000000 for row in rows if row[6] == "MMIO" and row[3] == "dabt" and row[2] == "k")
    assert "usage: trace" in umbra.monitor("trace maybe")


def test_no_hint_after_a_boot(umbra):
    """A boot scans, and is over: what `stats` says of scans is about what goes on (test_configurations.py has a guest that goes on scanning)."""
    umbra.run("sleep 2")
    assert "scanning" not in umbra.monitor("stats")
