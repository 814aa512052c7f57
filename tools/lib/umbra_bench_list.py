# SPDX-License-Identifier: GPL-2.0-or-later
"""The benchmarks: one row each. What is run in the guest, what it needs there, and how its output is read."""

import dataclasses
import re

LMBENCH = "/bench/lmbench"
# One repetition, no warm-up: with counted instructions repetitions only repeat.
ONCE = "-N 1 -W 0"
NUMBER = r"([0-9.]+)"


@dataclasses.dataclass(frozen=True)
class Benchmark:
    """
    `kind`: "latency" prints the time of one operation, `scale` makes nanoseconds of it; the exits of one operation come
    from the longest stretch between two looks at the clock. "bandwidth" prints MB/s, one operation is 1 MB. "run" is
    measured from outside as a whole: its figure is the number of instructions. "time" is a run too, its figure is the
    guest's time, idle included.
    """

    name: str
    title: str
    command: str
    pattern: str = ""
    kind: str = "latency"
    overhead: str = ""  # pattern of a time that the program subtracts from what an operation takes in its loop
    per: str = ""  # cause of which an operation has exactly one exit, where the program does not say what it subtracts
    scale: float = 1000.0
    quick: bool = False
    prepare: str = ""
    needs: tuple = ()
    seconds: int = 30  # of the guest's time, then it is ended
    aim: float = 0.0  # ratio that path `trap` with strategy `flush` is to reach; 0: none
    boot: bool = False  # a boot of its own, of the guest's files without the benchmarks

    def read(self, output):
        """The figure that the program printed, in ns or MB/s; None if it did not."""
        return self.number(self.pattern, output)

    def number(self, pattern, output):
        match = re.search(pattern, output, re.M)
        return float(match.group(1)) * self.scale if match else None

    def loop_time(self, output):
        """ns that an operation takes in the program's loop: with what it subtracts to get its figure."""
        return self.read(output) + (self.number(self.overhead, output) or 0 if self.overhead else 0)


def lmbench(name, title, program, arguments, pattern, **rest):
    needs = (f"{LMBENCH}/{program}", *rest.pop("needs", ()))
    # Microseconds that a measurement lasts at least, where the usual 20 ms are too short to even out the scheduler's choices.
    enough = rest.pop("enough", None)
    environment = f"ENOUGH={enough} " if enough else ""
    return Benchmark(name, title, f"{environment}{LMBENCH}/{program} {ONCE} {arguments}", pattern, needs=needs, **rest)


def syscall(name, title, arguments, text, **rest):
    return lmbench(name, title, "lat_syscall", arguments, rf"^Simple {text}: {NUMBER} microseconds", **rest)


def own(name, title, arguments, **rest):
    """A program of tests/bench/guest: it prints what one of its steps takes."""
    program = f"/bench/{name}"
    return Benchmark(name, title, f"{program} {arguments}", rf"^{name}: .* {NUMBER} ns each", scale=1.0, needs=(program,), **rest)


FILE = "/bench/file"
MAPPED = "/tmp/mapped"
HELLO = "/var/tmp/lmbench/hello"
# lat_proc times an exec that fails as well: the program must be there and run.
HELLO_RUNS = f"{HELLO} | grep -qi hello"
MAKE_MAPPED = f"dd if=/dev/zero of={MAPPED} bs=1M count=4"
OVERHEAD = rf"ovr={NUMBER}"
ANY = r"^{} " + NUMBER + "$"

BENCHMARKS = (
    Benchmark("boot", "boot to shell", "", kind="run", quick=True, boot=True, aim=2.2),
    syscall("null", "null call", "null", "syscall", quick=True, aim=4.5),
    syscall("read", "read 1 byte", "read", "read", quick=True, needs=("/dev/zero",), aim=3.5),
    syscall("write", "write 1 byte", "write", "write", quick=True, needs=("/dev/null",)),
    syscall("stat", "stat", f"stat {FILE}", "stat", needs=(FILE,)),
    syscall("fstat", "fstat", f"fstat {FILE}", "fstat", needs=(FILE,)),
    syscall("open", "open/close", f"open {FILE}", "open/close", quick=True, needs=(FILE,)),
    lmbench("select", "select, 100 files", "lat_select", "-n 100 file", rf"^Select on 100 fd's: {NUMBER} microseconds"),
    lmbench("sig_install", "signal install", "lat_sig", "install", rf"^Signal handler installation: {NUMBER} microseconds"),
    lmbench("sig_catch", "signal catch", "lat_sig", "catch", rf"^Signal handler overhead: {NUMBER} microseconds", quick=True),
    lmbench("prot_fault", "protection fault", "lat_sig", f"prot {FILE}", rf"^Protection fault: {NUMBER} microseconds",
            quick=True, needs=(FILE,), per="DABT"),
    lmbench("page_fault", "page fault", "lat_pagefault", MAPPED, rf"^Pagefaults on {MAPPED}: {NUMBER} microseconds",
            quick=True, prepare=MAKE_MAPPED, aim=3.5),
    lmbench("mmap", "mmap 4 MB", "lat_mmap", f"4m {MAPPED}", rf"^[0-9.]+ {NUMBER}$", prepare=MAKE_MAPPED),
    lmbench("pipe", "pipe", "lat_pipe", "", rf"^Pipe latency: {NUMBER} microseconds", quick=True, enough=200000, aim=3.0),
    lmbench("unix", "AF_UNIX", "lat_unix", "", rf"^AF_UNIX sock stream latency: {NUMBER} microseconds", enough=200000),
    lmbench("fork", "fork + exit", "lat_proc", "fork", rf"^Process fork\+exit: {NUMBER} microseconds", quick=True, enough=200000, aim=2.5),
    lmbench("exec", "fork + exec", "lat_proc", "exec", rf"^Process fork\+execve: {NUMBER} microseconds", quick=True,
            enough=200000, needs=(HELLO,), prepare=HELLO_RUNS, aim=2.5),
    lmbench("sh", "fork + sh -c", "lat_proc", "shell", rf"^Process fork\+/bin/sh -c: {NUMBER} microseconds",
            enough=200000, needs=(HELLO, "/bin/sh"), prepare=HELLO_RUNS),
    lmbench("ctx_2p_0k", "context switch 2p/0k", "lat_ctx", "-s 0 2", ANY.format("2"), quick=True, overhead=OVERHEAD, enough=300000, aim=3.0),
    lmbench("ctx_8p_16k", "context switch 8p/16k", "lat_ctx", "-s 16 8", ANY.format("8"), overhead=OVERHEAD, enough=300000, aim=3.0),
    lmbench("ctx_16p_64k", "context switch 16p/64k", "lat_ctx", "-s 64 16", ANY.format("16"), overhead=OVERHEAD, enough=300000, aim=3.0),
    lmbench("mem_rd", "memory read latency 1 MB", "lat_mem_rd", "1 128", rf"^1\.00000 {NUMBER}$", scale=1.0, seconds=60),
    lmbench("bw_mem_rd", "memory read 4 MB", "bw_mem", "4m rd", rf"^[0-9.]+ {NUMBER}$", kind="bandwidth", scale=1.0),
    lmbench("bw_mem_cp", "memory copy 4 MB", "bw_mem", "4m bcopy", rf"^[0-9.]+ {NUMBER}$", kind="bandwidth", scale=1.0),
    lmbench("bw_pipe", "pipe bandwidth", "bw_pipe", "-M 4m", rf"^Pipe bandwidth: {NUMBER} MB/sec", kind="bandwidth", scale=1.0),
    own("ring", "token round 300 processes", "300 10", seconds=120),
    own("storm", "mmap storm against a model", "2000"),
    own("jit", "function of a run-time compiler", "7500"),
    Benchmark("dhrystone", "Dhrystone 2.1, one run", "/bench/dhry 1000001", rf"{NUMBER} ns each", scale=1.0, quick=True, aim=1.01,
              needs=("/bench/dhry",)),
    Benchmark("hackbench", "hackbench", "/bench/hackbench -g 1 -l 100 -s 100", rf"^Time: {NUMBER}", kind="run",
              needs=("/bench/hackbench",)),
    Benchmark("mix", "many short processes", "/bench/mix 10", r"^(10)$", kind="run", needs=("/bench/mix",), seconds=60),
    Benchmark("modprobe", "load module ext4", "modprobe ext4 && grep -c ^ext4 /proc/modules", r"^(1)$", kind="run"),
    Benchmark("card_read", "SD card read 4 MB (DMA)", "dd if=/mnt/data.bin of=/dev/null bs=64k", r"^(64)\+0 records out", kind="time", prepare="card",
              needs=("/bin/card",), seconds=60),
)

BY_NAME = {benchmark.name: benchmark for benchmark in BENCHMARKS}
