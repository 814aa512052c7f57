# SPDX-License-Identifier: GPL-2.0-or-later
"""The benchmarks' part of the guest's root file system, and the script that runs them without anybody at the console."""

import hashlib
import pathlib
import re
import shlex

import umbra_debian
import umbra_guest
import umbra_kernels
from umbra_bench_list import HELLO, LMBENCH
from umbra_common import SOURCE, ToolError, build_dir, run, write_if_changed
from umbra_cpio import Archive

SOURCES = SOURCE / "tests/bench/guest"
CC = ("arm-linux-gnueabihf-gcc", "-static", "-O2", "-g0", "-s", "-mcpu=cortex-a8", "-marm")
# At an address where no program and no library of the guest has code: stopping there stops nothing else.
MARK_CC = ("arm-linux-gnueabihf-gcc", "-nostdlib", "-static", "-Wl,-Ttext=0x0b000000", "-Wl,--build-id=none")
LMBENCH_PROGRAMS = ("lat_syscall", "lat_select", "lat_sig", "lat_pagefault", "lat_mmap", "lat_pipe", "lat_unix", "lat_proc",
                    "lat_ctx", "lat_mem_rd", "bw_mem", "bw_pipe")
OWN = ("ring", "storm", "jit")  # programs of ours, a C file each
BEGIN, END, CLOCK, DONE = 0, 1, 2, 3  # what a mark means: number = 4 * benchmark + meaning

# lmbench calibrates itself: a shorter "long enough" keeps runs short, and its own guesses at the cost of loop and clock
# are off, because they would be measured anew on each side.
SCRIPT_HEAD = """#!/bin/sh
export PATH=/bin:/sbin:/usr/bin:/usr/sbin ENOUGH=20000 LOOP_O=0 TIMING_O=0 TMPDIR=/tmp
cd /tmp
dmesg -n 1

# bench NUMBER SECONDS PREPARE COMMAND FILE...
bench() {
	number=$1 seconds=$2 prepare=$3 command=$4
	shift 4
	for file in "$@"; do
		if ! [ -e "$file" ]; then
			echo "@missing $number $file"
			return
		fi
	done
	if [ -n "$prepare" ] && ! sh -c "$prepare" >/tmp/prepare.out 2>&1 </dev/null; then
		cat /tmp/prepare.out
		echo "@unprepared $number"
		return
	fi
	echo "@begin $number"
	usleep 100000	# until the console is quiet
	mark $((4 * number))
	timeout -s KILL "$seconds" sh -c "$command" >/tmp/bench.out 2>&1 </dev/null
	status=$?
	mark $((4 * number + 1))
	cat /tmp/bench.out
	echo
	echo "@end $number $status"
}

mark 2 "$(grep ' sys_clock_gettime$' /proc/kallsyms | cut -c1-8)"
"""
SCRIPT_TAIL = """echo "@done"
usleep 100000
mark 3
"""
INITTAB = "::sysinit:/etc/rcS\n::wait:/bench/run\n"
# After rcS, where a user's guest starts its shell.
BOOT_SCRIPT = "#!/bin/sh\n/bin/mark 1\n"


def script(benchmarks):
    """The shell script that runs `benchmarks`, {number: Benchmark}."""
    calls = []
    for number, item in benchmarks.items():
        words = [str(number), str(item.seconds), item.prepare, item.command, *item.needs]
        calls.append("bench " + " ".join(shlex.quote(word) for word in words))
    return SCRIPT_HEAD + "\n".join(calls) + "\n" + SCRIPT_TAIL


def libraries(paths):
    """{name: file} of all shared libraries in the packages."""
    found = {}
    for key in ("libtirpc-libs", "libtirpc", "libnuma-libs", "libnuma"):
        for folder in paths[key] if isinstance(paths[key], list) else [paths[key]]:
            for path in sorted(folder.rglob("*.so*")):
                if path.exists():
                    found.setdefault(path.name, path.resolve())
    return found


def add_program(archive, name, path, found):
    """A program of Debian with the libraries that it is linked against."""
    archive.file(name, path.read_bytes(), 0o755)
    todo, done = umbra_guest.needed_libraries(path), set()
    while todo:
        library = todo.pop()
        if library in done:
            continue
        done.add(library)
        if library not in found:
            raise ToolError(f"{path.name} needs {library}, which is in none of the packages it depends on")
        archive.file(f"lib/{library}", found[library].read_bytes(), 0o755)
        todo += umbra_guest.needed_libraries(found[library])


def build_programs(paths, out):
    """mark, dhry and those of ours; returns {name: file}."""
    dhry = paths["u-boot-source"] / "lib/dhry"
    run([*MARK_CC, "-o", out / "mark", SOURCES / "mark.S"])
    # -w: the source is as old as it looks, and not ours. It is what is measured, so no cleverness across its files.
    run([*CC, "-w", f"-I{SOURCES / 'include'}", f"-I{dhry}", f"-ffile-prefix-map={dhry}=.", "-Wl,--build-id=none", "-o", out / "dhry",
         SOURCES / "dhry_main.c", dhry / "dhry_1.c", dhry / "dhry_2.c"])
    for name in OWN:
        run([*CC, "-Wall", "-Wextra", "-Werror", f"-I{SOURCES / 'include'}", "-Wl,--build-id=none", "-o", out / name, SOURCES / f"{name}.c"])
    return {name: out / name for name in ("mark", "dhry", *OWN)}


def mark_address(program):
    """Where `mark` stops."""
    match = re.search(r"^([0-9a-f]+) [Tt] mark$", run(["arm-linux-gnueabihf-nm", program]), re.M)
    if not match:
        raise ToolError(f"{program} has no symbol mark")
    return int(match.group(1), 16)


def build_archive(paths, programs):
    """Everything but the script. Not compressed: the boot is measured too, and should not measure gunzip."""
    archive, found = Archive(), libraries(paths)
    folder = next((paths["lmbench"] / "usr/lib/lmbench/bin").iterdir())
    for name in LMBENCH_PROGRAMS:
        add_program(archive, f"{LMBENCH}/{name}".lstrip("/"), folder / name, found)
    add_program(archive, HELLO.lstrip("/"), folder / "hello", found)
    add_program(archive, "bench/hackbench", paths["rt-tests"] / "usr/bin/hackbench", found)
    archive.file("lib/ld-linux-armhf.so.3", found["ld-linux-armhf.so.3"].read_bytes(), 0o755)
    for name in ("dhry", *OWN):
        archive.file(f"bench/{name}", programs[name].read_bytes(), 0o755)
    archive.file("bench/mix", (SOURCES / "mix").read_bytes(), 0o755)
    archive.file("bench/file", bytes(range(256)) * 256)
    return archive.pack()


def small_archive(programs, run_script):
    archive = Archive()
    archive.file("bin/mark", programs["mark"].read_bytes(), 0o755)
    archive.file("etc/inittab", INITTAB)
    archive.file("bench/run", run_script, 0o755)
    return archive.pack()


class GuestFiles:
    """The guest's files with the benchmarks in them: what is always the same in `out`, what one run needs in `scratch`."""

    def __init__(self, out, scratch, kernel=None):
        self.out, self.scratch = pathlib.Path(out), pathlib.Path(scratch)
        self.out.mkdir(parents=True, exist_ok=True)
        self.paths = umbra_debian.fetch_all()
        self.base = umbra_guest.build_guest()
        if kernel:
            self.base = {**self.base, "vmlinuz": umbra_kernels.prepare(kernel).files["vmlinuz"]}
        self.programs = build_programs(self.paths, self.scratch)
        self.mark = mark_address(self.programs["mark"])
        key = hashlib.sha256("\n".join(str(value) for value in self.paths.values()).encode() +
                             b"".join(path.read_bytes() for path in [pathlib.Path(__file__), *sorted(SOURCES.rglob("*"))] if path.is_file()))
        stamp, self.archive = self.out / "bench.key", self.out / "bench.cpio"
        if not self.archive.exists() or not stamp.exists() or stamp.read_text(encoding="utf-8") != key.hexdigest():
            write_if_changed(self.archive, build_archive(self.paths, self.programs))
            stamp.write_text(key.hexdigest(), encoding="utf-8")

    def files(self, name, benchmarks):
        """{name on the card: path} for a boot that runs `benchmarks`; None: only the boot is measured."""
        initrd = self.base["initrd.gz"].read_bytes()
        initrd += bytes(-len(initrd) % 4)
        if benchmarks is None:
            initrd += small_archive(self.programs, BOOT_SCRIPT)
        else:
            initrd += self.archive.read_bytes() + small_archive(self.programs, script(benchmarks))
        target = self.scratch / f"initrd-{name}"
        write_if_changed(target, initrd)
        return {"vmlinuz": self.base["vmlinuz"], "guest.dtb": self.base["guest.dtb"], "initrd.gz": target}


def bench_dir():
    return build_dir() / "bench"
