# SPDX-License-Identifier: GPL-2.0-or-later
"""
Features of Debian's kernel that write, patch or emulate code, natively and under Umbra on the paths that rewrite code: ftrace under load, eBPF,
SWP, unaligned accesses, NEON crypto.
"""

import re

import pytest

import umbra_debian
import umbra_guest
from board import Board, native_arguments, umbra_arguments
from test_linux import BAD_MESSAGES
from umbra_common import SOURCE, run
from umbra_cpio import Archive

# Beside the modules of the guest: ciphers in NEON, which the kernel tests when they are registered; in the order of their needs.
MODULES = ("sha1-arm", "sha1-arm-neon", "sha512-arm", "cryptd", "crypto_simd", "aes-arm", "aes-arm-bs", "chacha-neon", "poly1305-arm")
pytestmark = pytest.mark.nightly
TRACING = "/sys/kernel/tracing"
LOAD = "(while :; do seq 1 200 | sort -n | sha256sum; ls -l /bin /proc/self >/dev/null; done) >/dev/null 2>&1 & echo $! >/tmp/job"


def extra_files(folder):
    """The guest's files with an initramfs that has more: the kernel unpacks archives one behind the other."""
    kernel = umbra_debian.fetch_all()["kernel"]
    version = umbra_guest.kernel_version(kernel)
    files = dict(umbra_guest.build_guest())
    program = folder / "features"
    run([*umbra_guest.CC, "-marm", "-o", program, SOURCE / "tests/guest-features/features.c"])
    archive = Archive()
    archive.file("bin/features", program.read_bytes(), 0o755)
    archive.directory("extra")
    for name in MODULES:
        path = next((kernel / "lib/modules" / version).rglob(f"{name}.ko"))
        archive.copy(f"extra/{name}.ko", path)
    files["initrd.gz"] = folder / "initrd.gz"
    files["initrd.gz"].write_bytes(umbra_guest.build_guest()["initrd.gz"].read_bytes() + archive.pack_gzip())
    return files


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return extra_files(tmp_path_factory.mktemp("features"))


@pytest.fixture(scope="module", params=["native", "trap", "inline"])
def linux(request, files):
    arguments = native_arguments(files=files) if request.param == "native" else \
        umbra_arguments(f"features-{request.param}", files=files, path=request.param)
    with Board(f"features-{request.param}", arguments) as board:
        board.wait_for_shell(timeout=300)
        board.run(f"mount -t tracefs none {TRACING}")
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
    load.run(f"for m in {' '.join(MODULES)}; do insmod /extra/$m.ko; done", status=None, timeout=300)
    text = load.run("cat /proc/crypto")
    passed = dict(re.findall(r"^driver +: (\S+)\nmodule +: \S+\npriority +: \d+\nrefcnt +: \d+\nselftest +: (\w+)", text, re.M))
    for driver in ("sha1-neon", "sha512-neon", "xts-aes-neonbs", "chacha20-neon", "poly1305-neon"):
        assert passed.get(driver) == "passed", (driver, passed)


def test_unpredictable_counter_is_zero(linux, request):
    if request.node.callspec.id != "native":
        assert re.search(r"^unrewritten\s+0\b", linux.monitor("stats"), re.M)
        assert "0 violations" in linux.monitor("guest audit")
