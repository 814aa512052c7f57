# SPDX-License-Identifier: GPL-2.0-or-later
"""
Features of Debian's kernel that write, patch or emulate code, natively and under Umbra on the paths that rewrite code: ftrace under load, eBPF,
SWP, unaligned accesses, NEON crypto.
"""

import re

import pytest

import feature_guest
from feature_guest import LOAD, TRACING
from test_linux import BAD_MESSAGES

# Beside the modules of the guest: ciphers in NEON, which the kernel tests when they are registered; in the order of their needs.
CIPHERS = ("sha1-arm", "sha1-arm-neon", "sha512-arm", "cryptd", "crypto_simd", "aes-arm", "aes-arm-bs", "chacha-neon", "poly1305-arm")
# The kernel's own tests of jump labels and of the eBPF compiler.
TESTS = ("test_static_key_base", "test_static_keys", "test_bpf")
PROBES = 500
TRACE_KB = 64	# of the ring: thousands of lines, which a guest takes a while to print
FEW = 10	# of them: the interpreter takes its time
taken, bpf = {}, {}	# by the worlds before: native is the first
pytestmark = pytest.mark.nightly


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("features")

    def add(archive):
        feature_guest.add_program(archive, folder, "features")
        feature_guest.add_modules(archive, CIPHERS + TESTS)
        archive.file("extra/probes", "".join(f"{address:x}\n" for address in feature_guest.probe_addresses(PROBES)))
    return feature_guest.guest_files(folder, add)


@pytest.fixture(scope="module", params=feature_guest.WORLDS)
def linux(request, files):
    with feature_guest.booted("features", request.param, files) as board:
        board.wait_for_shell(timeout=300)
        board.run(f"mount -t tracefs none {TRACING}; mount -t debugfs none /sys/kernel/debug; echo {TRACE_KB} >{TRACING}/buffer_size_kb")
        yield board


@pytest.fixture
def load(linux):
    linux.run(LOAD)
    yield linux
    linux.run("kill $(cat /tmp/job)")
    messages = linux.run("dmesg -c")
    assert not BAD_MESSAGES.search(messages), messages


def trace_lines(board):
    """How many lines the trace has; it stands meanwhile, or reading might never come to its end."""
    return int(board.run(f"echo 0 >{TRACING}/tracing_on; grep -vc '^#' {TRACING}/trace; echo 1 >{TRACING}/tracing_on", timeout=300).strip())


def test_function_tracer(load):
    """Every function of the kernel is patched and patched back, under load."""
    for tracer in ("function", "nop", "function_graph", "nop", "function"):
        load.run(f"echo {tracer} >{TRACING}/current_tracer; usleep 50000", timeout=300)
        if tracer != "nop":
            assert trace_lines(load) > 100
    load.run(f"echo nop >{TRACING}/current_tracer")


def test_emulation(load):
    """eBPF compiled and interpreted has one result; SWP is emulated or not; unaligned LDM by mode of /proc/cpu/alignment."""
    output = load.run("echo 1 >/proc/sys/net/core/bpf_jit_enable; features; echo 2 >/proc/cpu/alignment; features; echo 4 >/proc/cpu/alignment; features; "
                      "cat /proc/cpu/alignment | grep -v 'System\\|Skipped'; echo 2 >/proc/cpu/alignment")
    rows = [line for line in output.splitlines() if re.match(r"bpf|swp|ldm", line)]
    assert len(rows) == 9 and len({row for row in rows if row.startswith("bpf: 0x")}) == 1, output
    assert rows[4] == "swp: signal 0, old 0x12345678, new 0x9abcdef0", output
    assert rows[5] == "ldm: signal 0, 0x4030201 0x8070605", output
    assert rows[8] == "ldm: signal 7, 0x0 0x0", output


def test_neon_crypto(load):
    """The kernel tests a cipher when it is registered; what fails is not there, or says so."""
    load.run(f"for m in {' '.join(CIPHERS)}; do insmod /extra/$m.ko; done", status=None, timeout=300)
    text = load.run("cat /proc/crypto")
    passed = dict(re.findall(r"^driver +: (\S+)\nmodule +: \S+\npriority +: \d+\nrefcnt +: \d+\nselftest +: (\w+)", text, re.M))
    for driver in ("sha1-neon", "sha512-neon", "xts-aes-neonbs", "chacha20-neon", "poly1305-neon"):
        assert passed.get(driver) == "passed", (driver, passed)


def text_of(board):
    """The kernel's code as it is in memory."""
    dump = board.folder / "text"
    board.qmp("pmemsave", val=feature_guest.TEXT - 0x40000000, size=feature_guest.TEXT_BYTES, filename=str(dump))
    data = dump.read_bytes()
    dump.unlink()
    return data


def word_at(text, address):
    return text[address - feature_guest.TEXT:][:4]


def set_probes(board, which):
    """The addresses where the kernel takes a probe."""
    words = board.run(f"for a in $({which}); do echo p:u/p_$a 0x$a 2>/dev/null >>{TRACING}/kprobe_events && echo $a; done", timeout=1200,
                      status=None)
    return {int(word, 16) for word in words.split()}


def listed(board):
    """The addresses that the kernel's own list of probes has."""
    return {int(line.split()[0], 16) for line in board.run("cat /sys/kernel/debug/kprobes/list", timeout=120).splitlines()}


def remove_probes(board):
    board.run(f"echo 0 >{TRACING}/events/u/enable; echo >{TRACING}/kprobe_events", timeout=300)
    assert not listed(board)


def test_probes(linux):
    """Hundreds of probes at, before and behind sensitive instructions, while the kernel works; the words there are as before when they are gone."""
    before = text_of(linux)
    found = taken[linux.world] = set_probes(linux, "cat /extra/probes")
    assert len(found) > PROBES // 3 and listed(linux) <= found
    linux.run(LOAD)
    linux.run(f"echo 1 >{TRACING}/events/u/enable", timeout=300)
    linux.run("for i in 1 2 3; do ls -lR /bin /proc/self >/dev/null 2>&1; seq 1 200 | sort -n >/dev/null; done; kill $(cat /tmp/job)", timeout=300)
    hits = {int(name, 16): int(n) for name, n in re.findall(r"p_(\w+) +(\d+)", linux.run(f"cat {TRACING}/kprobe_profile", timeout=120))}
    assert sum(1 for n in hits.values() if n) > 10 and sum(hits.values()) > 500
    # A sensitive word reads as what stands for it (docs/caveats.md); all others are taken or refused as they are natively.
    different = found ^ taken.get("native", found)
    assert not [hex(address) for address in different if not feature_guest.is_replaced(address)]
    print(f"{linux.world}: {len(found)} of {PROBES} probes, {sum(hits.values())} hits, {len(different)} other than natively")
    remove_probes(linux)
    linux.run("ls -lR /bin /proc/self >/dev/null 2>&1; seq 1 200 | sort -n >/dev/null")
    after = text_of(linux)
    # What the kernel has put back in the place of a sensitive word is put right when it runs next.
    changed = [address for address in found if word_at(before, address) != word_at(after, address) and
               (linux.world == "native" or not feature_guest.is_replaced(address))]
    assert not changed, [hex(address) for address in changed]


def test_probes_set_by_the_interpreter(linux):
    """While the guest is interpreted the kernel reads its own words: the same probes as natively; and they go on on any path."""
    if linux.world == "native":
        return
    few = f"awk 'NR % {PROBES // FEW} == 0' /extra/probes"
    asked = {int(word, 16) for word in linux.run(few).split()}
    linux.monitor("guest path interp")
    found = set_probes(linux, few)
    linux.monitor(f"guest path {linux.world}")
    assert found == taken.get("native", found) & asked
    linux.run(f"echo 1 >{TRACING}/events/u/enable; ls -lR /bin >/dev/null", timeout=300)
    remove_probes(linux)


def test_hundred_modules(load):
    """Jump labels among them; nothing of theirs is left."""
    in_use = "grep -c 'load_module\\|module_alloc' /proc/vmallocinfo"
    before = load.run(in_use, status=None)
    load.run("i=0; while [ $i -lt 50 ]; do insmod /extra/test_static_key_base.ko && insmod /extra/test_static_keys.ko && "
             "rmmod test_static_keys && rmmod test_static_key_base || break; i=$((i+1)); done; [ $i = 50 ]", timeout=300)
    assert load.run(in_use, status=None) == before


def test_bpf_compiler(linux):
    """The kernel's own tests of it. Some need what this kernel has not: so many as natively."""
    linux.run("echo 1 >/proc/sys/net/core/bpf_jit_enable; insmod /extra/test_bpf.ko test_suite=test_bpf test_range=0,340", timeout=600, status=None)
    summary = re.search(r"test_bpf: Summary: (\d+) PASSED, (\d+) FAILED, \[(\d+)/(\d+) JIT'ed\]", linux.run("dmesg"))
    print(f"{linux.world}: {summary.group(0)}")
    assert int(summary.group(1)) > 300
    assert bpf.setdefault("summary", summary.groups()) == summary.groups()


def test_unpredictable_counter_is_zero(linux):
    assert feature_guest.is_healthy(linux)
