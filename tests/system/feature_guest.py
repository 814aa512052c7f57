# SPDX-License-Identifier: GPL-2.0-or-later
"""What the guests of the tests of kernel features have beside the usual files, and where their kernel has sensitive instructions."""

import functools
import pathlib
import re
import struct

import umbra_debian
import umbra_guest
import umbra_kernels
from board import Board, native_arguments, umbra_arguments
from umbra_common import SOURCE, run
from umbra_cpio import Archive

WORLDS = ("native", "trap", "inline")
TRACING = "/sys/kernel/tracing"
LOAD = "(while :; do seq 1 200 | sort -n | sha256sum; ls -l /bin /proc/self >/dev/null; done) >/dev/null 2>&1 & echo $! >/tmp/job"
# Where the kernel's code is (_stext): the first MiB behind its start, for the sake of its rights.
TEXT = 0xc0300000
TEXT_BYTES = 10 << 20
# Sensitive A32 instructions that data hardly looks like: CPSIE and CPSID, MRS, MSR of control bits, TPIDRPRW, DACR. (mask, value)
SENSITIVE = ((0xfffffe3f, 0xf1080000), (0xfffffe3f, 0xf10c0000), (0xffff0fff, 0xe10f0000), (0xfffffff0, 0xe121f000),
             (0xffff0fff, 0xee1d0f90), (0xffff0fff, 0xee030f10))
# Whatever else may be replaced: coprocessor instructions, MRS and MSR, LDRT and STRT, LDM and STM of User mode, and MOVS pc.
REPLACED = ((0x0f000000, 0x0e000000), (0x0fb000f0, 0x01000000), (0x0fb0fff0, 0x0120f000), (0x0d200000, 0x04200000), (0x0e400000, 0x08400000),
            (0x0ffff000, 0x01b0f000))


def guest_files(folder, add):
    """The guest's files with an initramfs that has more, by `add(archive)`: the kernel unpacks archives one behind the other."""
    files = dict(umbra_guest.build_guest())
    archive = Archive()
    archive.directory("extra")
    add(archive)
    files["initrd.gz"] = pathlib.Path(folder) / "initrd.gz"
    files["initrd.gz"].write_bytes(umbra_guest.build_guest()["initrd.gz"].read_bytes() + archive.pack_gzip())
    return files


def add_modules(archive, names):
    """Kernel modules as files of /extra, with nothing that would load them."""
    kernel = umbra_debian.fetch_all()["kernel"]
    for name in names:
        archive.copy(f"extra/{name}.ko", module_path(kernel, name))


def module_path(kernel, name):
    return next((kernel / "lib/modules" / umbra_guest.kernel_version(kernel)).rglob(f"{name}.ko"))


def add_program(archive, folder, name, *flags):
    """tests/guest-features/NAME.c, compiled."""
    program = pathlib.Path(folder) / name
    run([*umbra_guest.CC, "-marm", "-o", program, SOURCE / f"tests/guest-features/{name}.c", *flags])
    archive.file(f"bin/{name}", program.read_bytes(), 0o755)


def add_package(archive, name, program):
    """A program of a Debian package, with the libraries that it is linked against."""
    folders = umbra_debian.fetch_closure(name)
    umbra_guest.add_linked(archive, folders[0] / program, program, folders)


def add_kernel(archive, kind="debian"):
    """A kernel of configs/kernels.toml with the plain initramfs, as files of /extra for kexec."""
    ready = umbra_kernels.prepare(kind)
    archive.copy(f"extra/{kind}.vmlinuz", ready.files["vmlinuz"])
    archive.copy(f"extra/{kind}.initrd.gz", ready.files["initrd.gz"])


def world_arguments(name, world, files, bootargs=None, layout_file="linux"):
    """QEMU's words for the board natively, or under Umbra on a CPU path."""
    if world == "native":
        return native_arguments(bootargs, files)
    return umbra_arguments(f"{name}-{world}", layout_file, files=files, path=world, bootargs=bootargs)


def booted(name, world, files, bootargs=None, layout_file="linux", **options):
    board = Board(f"{name}-{world}", world_arguments(name, world, files, bootargs, layout_file), **options)
    board.world = world
    return board


@functools.cache
def text_words():
    """The words of the kernel's code at TEXT."""
    vmlinuz = umbra_guest.build_guest()["vmlinuz"].read_bytes()
    start = TEXT - 0xc0000000 - umbra_kernels.text_offset(vmlinuz)
    return struct.unpack_from(f"<{TEXT_BYTES // 4}I", umbra_kernels.unpacked(vmlinuz), start)


def probe_addresses(number):
    """Addresses in Debian's kernel: sensitive instructions, spread evenly over it, and the instructions before and behind each."""
    sites = [i for i, word in enumerate(text_words()) if matches(word, SENSITIVE)]
    near = {i + step for i in sites[::max(1, 3 * len(sites) // number)] for step in (-1, 0, 1)}
    return [TEXT + 4 * i for i in sorted(near) if i >= 0][:number]


def matches(word, patterns):
    return any(word & mask == value for mask, value in patterns)


def is_replaced(address):
    """May something else stand at this address where it is executed?"""
    return matches(text_words()[(address - TEXT) // 4], SENSITIVE + REPLACED)


def is_healthy(board):
    """Of a guest: its audit is clean and nothing sensitive ran unrewritten."""
    if board.world == "native":
        return True
    return "0 violations" in board.monitor("guest audit", 120).splitlines() and bool(re.search(r"^unrewritten\s+0\b", board.monitor("stats"), re.M))
