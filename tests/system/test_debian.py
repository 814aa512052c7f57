# SPDX-License-Identifier: GPL-2.0-or-later
"""A full Debian with systemd on the card's second partition: the same units, failures and messages natively and under Umbra; and its daily work."""

import hashlib
import json
import math
import re
import subprocess

import pytest

import debian_guest
import feature_guest
import umbra_card
from umbra_common import build_dir, run

nightly = pytest.mark.nightly


@pytest.fixture(scope="module", params=[pytest.param("native", marks=nightly), pytest.param("trap", marks=nightly), "inline"])
def debian(request, system, system_card, tmp_path_factory):
    """A booted system, one for all tests of this file in each world."""
    card = umbra_card.copy(system_card, tmp_path_factory.mktemp("debian") / "card.img")
    with debian_guest.start(f"debian-{request.param}", request.param, system, card) as board:
        debian_guest.log_in(board)
        yield board


# --- What runs, and what was said ---

def test_comes_up(debian):
    """The login, every unit up, and nothing that failed."""
    assert debian.run("systemctl --failed --plain --no-legend", 120).strip() == ""
    assert debian_guest.state(debian) == "running"
    assert feature_guest.is_healthy(debian)


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
def counted():
    """What `perf stat` counts natively."""
    return {}


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


EVENTS = "cycles,instructions,branches,cache-misses,branch-misses"
WORK = "sha256sum /usr/bin/gdb"


@nightly
def test_perf_stat(debian, counted):
    """What counts natively does, about as much; what does not says so or stays 0: no number that is not true."""
    text = debian.run(f"perf stat -x , -o /tmp/stat -e {EVENTS} {WORK} >/dev/null; cat /tmp/stat", 900)
    found = {line.split(",")[2]: line.split(",")[0] for line in text.splitlines() if line.count(",") > 4}
    print(f"{debian.world}: {found}")
    wanted = counted.setdefault("native", found) if debian.world == "native" else counted["native"]
    assert set(found) == set(EVENTS.split(",")) and int(found["cycles"]) > 10e6 and int(found["instructions"]) > 10e6
    for event, number in found.items():
        if number.isdigit() and int(number) > 10e6:
            assert abs(int(number) / int(wanted[event]) - 1) < 0.2, (event, number, wanted[event])
        else:
            assert number == wanted[event], (event, number, wanted[event])


@nightly
def test_perf_record(debian):
    """Samples by the interrupt of the cycle counter: nearly all of them in the program that worked."""
    debian.run(f"perf record -q -o /tmp/perf.data -e cycles -c 5000000 {WORK} >/dev/null 2>&1", 900)
    text = debian.run("perf report -i /tmp/perf.data --stdio --sort comm,dso 2>/dev/null | cat", 900)
    samples = re.search(r"^# Samples: ([0-9.]+)(K?) +of event 'cycles", text, re.M)
    print(f"{debian.world}: {samples.group(0)}")
    assert float(samples.group(1)) * (1000 if samples.group(2) else 1) > 20
    assert sum(float(share) for share in re.findall(r"^ +([0-9.]+)% +sha256sum ", text, re.M)) > 90, text


@nightly
def test_perf_probe(debian):
    """A probe by name: listed, hit and counted, removed."""
    debian.run("perf probe -q --add do_sys_openat2", 900)
    assert "probe:do_sys_openat2" in debian.run("perf probe --list | cat", 900)
    text = debian.run("perf stat -x , -o /tmp/stat -e probe:do_sys_openat2 cat /etc/hostname /etc/hosts /etc/fstab >/dev/null; cat /tmp/stat", 300)
    assert 5 <= int(re.search(r"^(\d+),", text, re.M).group(1)) < 30, text
    debian.run("perf probe -q --del do_sys_openat2", 300)
    assert "do_sys_openat2" not in debian.run("perf probe --list 2>&1 | cat", 900, status=None)


@nightly
def test_300_processes(debian):
    assert debian.run("bash -c 'for i in $(seq 300); do sleep 1000 & done; jobs -r | wc -l; kill $(jobs -p)'", 900).split() == ["300"]


@nightly
def test_swap_on_zram(debian):
    """More than the memory holds."""
    debian.run("modprobe zram && echo 512M >/sys/block/zram0/disksize && mkswap /dev/zram0 && swapon /dev/zram0", 300)
    text = debian.run("python3 -c 'a = [bytearray(b\"umbra\" * 200000) for _ in range(560)]; print(all(x[-5:] == b\"umbra\" for x in a)); "
                      "print(int(open(\"/proc/swaps\").read().split()[8]) > 10000)'", 1800)
    assert text.split() == ["True", "True"], text
    debian.run("swapoff /dev/zram0 && rmmod zram", 600)


@nightly
def test_out_of_memory(debian):
    """The kernel ends the program that wants all memory, and nothing else."""
    debian.run("! systemd-run --quiet --wait --collect python3 -c 'a = [bytearray(b\"umbra\" * 200000) for _ in range(2000)]'", 1800)
    assert re.search(r"Out of memory: Killed process \d+ \(python3\)", debian.run("journalctl -k -b -q --no-pager | grep 'Out of memory'", 300))
    assert debian_guest.state(debian) == "running"


@nightly
def test_no_entry_grants_too_much(debian):
    """After everything above."""
    assert feature_guest.is_healthy(debian)


# --- Starting again ---

@nightly
def test_five_reboots(debian):
    for _ in range(5):
        debian.sendline("reboot")
        debian_guest.log_in(debian)
        assert debian_guest.state(debian) == "running"


def run_fsck(how, image):
    return subprocess.run(["/sbin/e2fsck", how, image], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


@nightly
def test_reset_while_the_card_is_written(debian, tmp_path):
    """A reset by the monitor leaves what a power cut leaves: a journal to replay, and nothing else that is wrong. Natively it is the cut. The last test."""
    debian.sendline("while :; do cp -r /usr/include /var/tmp/copy; sync; echo cop''ied; rm -r /var/tmp/copy; sync; done")
    debian.expect("copied", 900)
    debian.expect_not("nothing", 5)
    if debian.world != "native":
        debian.open_monitor()
        debian.sendline("guest reset")
        debian.expect("Booting Linux", 120)
    debian.close()
    root = tmp_path / "root.ext4"
    run(["dd", f"if={debian.card}", f"of={root}", "bs=1M", f"skip={umbra_card.CARD_SIZE >> 20}", "conv=sparse"])
    assert "needs_recovery" in run(["/sbin/dumpe2fs", "-h", root])
    replay = run_fsck("-p", root)
    assert replay.returncode in (0, 1), replay.stdout
    check = run_fsck("-fn", root)
    assert check.returncode == 0, check.stdout
