# SPDX-License-Identifier: GPL-2.0-or-later
"""A Debian kernel that starts another one by kexec, natively and under Umbra (nightly), on purpose and after a panic: each comes up, and so does the next."""

import shutil

import pytest

import feature_guest
from board import layout, umbra_machine
from umbra_common import run

pytestmark = pytest.mark.nightly
MEMORY = 440 << 20
BOOTARGS = "crashkernel=128M"
CONSOLE = "console=ttyO2,115200n8"
# From the kernel's start to what is put behind it: a zImage moves itself behind where it unpacks to, farther than kexec believes.
IMAGE_SIZE = 64 << 20
# What else a kernel wants on its command line (configs/kernels.toml says why).
KERNELS = {"debian": "", "debian-6.12": "nohlt"}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    def add(archive):
        feature_guest.add_package(archive, "kexec-tools", "sbin/kexec")
        for kind in KERNELS:
            feature_guest.add_kernel(archive, kind)
    return feature_guest.guest_files(tmp_path_factory.mktemp("kexec"), add)


def small_layout(folder):
    """With less memory: Umbra keeps the guest's files for restarts, and these are many."""
    target = folder / "linux.dtb"
    shutil.copy(layout("linux"), target)
    run(["fdtput", "-t", "x", target, "/guest", "memory", "80000000", f"{MEMORY:x}"])
    return target


@pytest.fixture(scope="module", params=feature_guest.WORLDS)
def linux(request, files, tmp_path_factory):
    bootargs = f"{umbra_machine.layout_bootargs(layout('linux'))} {BOOTARGS}"
    with feature_guest.booted("kexec", request.param, files, bootargs, small_layout(tmp_path_factory.mktemp("kexec"))) as board:
        board.wait_for_shell(timeout=400)
        yield board


def start_over(board):
    """Back to the kernel that has the others in its files."""
    board.sendline("reboot")
    board.wait_for_shell(timeout=400)
    board.run("ls /extra")


def load(board, kind, how, more=""):
    board.run(f"kexec {how} /extra/{kind}.vmlinuz --initrd=/extra/{kind}.initrd.gz --image-size={IMAGE_SIZE:#x} "
              f"--command-line='{CONSOLE} started=by-kexec {more}'", timeout=300)


@pytest.mark.parametrize("kind", KERNELS)
def test_another_kernel(linux, kind):
    load(linux, kind, "-l", KERNELS[kind])
    linux.sendline("kexec -e")
    linux.wait_for_shell(timeout=400)
    assert "started=by-kexec" in linux.run("cat /proc/cmdline")
    assert linux.run("uname -r").startswith("6.12" if kind == "debian-6.12" else "6.1.")
    assert linux.run("seq 1 2000 | sort -n | tail -n 1", timeout=120).strip() == "2000"
    assert feature_guest.is_healthy(linux)
    start_over(linux)


@pytest.mark.parametrize("kind", KERNELS)
def test_panic_starts_the_crash_kernel(linux, kind):
    """It sees the memory of the one that died."""
    load(linux, kind, "-p", f"maxcpus=1 reset_devices {KERNELS[kind]}")
    assert linux.run("cat /sys/kernel/kexec_crash_loaded").strip() == "1"
    linux.sendline("echo c >/proc/sysrq-trigger")
    linux.wait_for_shell(timeout=400)
    assert "elfcorehdr=" in linux.run("cat /proc/cmdline")
    assert linux.run("dd if=/proc/vmcore bs=4 count=1 2>/dev/null | tail -c 3").strip() == "ELF"
    assert int(linux.run("stat -c %s /proc/vmcore")) > 256 << 20
    assert feature_guest.is_healthy(linux)
    start_over(linux)
