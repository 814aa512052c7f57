# SPDX-License-Identifier: GPL-2.0-or-later
"""tools/gdb on the console: a kernel function, a user program of either instruction set, Ctrl-C, resets, on every CPU path."""

import contextlib
import fcntl
import os
import re
import select
import signal
import socket
import subprocess
import time

import pytest

from board import PROMPT, SLOW, Board, built_paths, umbra_arguments
from umbra_common import SOURCE, run

CC = ("arm-linux-gnueabihf-gcc", "-nostdlib", "-static", "-O1", "-g", "-mcpu=cortex-a8", "-fno-pic", "-no-pie", "-Wl,--build-id=none")
# Sums up its own code all the time: a debugger that writes into it is seen.
PROGRAM = """
volatile unsigned int rounds, first_sum, changed;
struct { long s, ns; } pause = { 0, 1000000 };

__attribute__((noinline)) unsigned int collatz(unsigned int n)
{
	unsigned int steps = 0;

	while (n != 1) {
		n = n & 1 ? 3 * n + 1 : n / 2;
		steps++;
	}
	return steps;
}

static void nap(void)
{
	register long r0 __asm__("r0") = (long)&pause;
	register long r1 __asm__("r1") = 0;

	__asm__ volatile("push {r7}\\n mov r7, #162\\n svc 0\\n pop {r7}" : "+r"(r0) : "r"(r1) : "memory");
}

extern const unsigned int __executable_start[], etext[];

void _start(void)
{
	for (;;) {
		unsigned int sum = 0;

		for (const volatile unsigned int *p = __executable_start; p < etext; p++)
			sum = sum * 31 + *p;
		if (!rounds)
			first_sum = sum;
		changed += sum != first_sum;
		rounds += collatz(27) == 111;
		nap();
	}
}
"""


CONTINUES = re.compile(rb"\$(vCont;c|c)[^#]*#..")


class Debugger:
    """tools/gdb in batch mode on a board's console, which this test relays through a socket."""

    def __init__(self, board, words, folder):
        self.board = board
        self.server = socket.socket(socket.AF_UNIX)
        path = str(folder / f"console{time.monotonic_ns()}")
        self.server.bind(path)
        self.server.listen(1)
        self.process = subprocess.Popen([SOURCE / "tools/gdb", path, "--batch", "-nx", *words], stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, start_new_session=True)

    def interrupt(self, number):
        """All programs of the terminal, once gdb waits, and has had the time to begin with its way out before it gets an answer."""
        time.sleep(SLOW)
        os.killpg(self.process.pid, number)
        time.sleep(0.5)

    def finish(self, interrupt_after=None, timeout=120, send=signal.SIGINT, running=True):
        """
        Until gdb has ended; its output. Ctrl-C as a terminal sends it, or another signal, once, when gdb has said this and lets the guest go
        on; or, if that is not to be `running`, waits for the answer to what it sends next.
        """
        end = time.monotonic() + timeout * SLOW
        output = sent = b""
        connection = self.server.accept()[0]
        os.set_blocking(self.process.stdout.fileno(), False)
        while self.process.poll() is None:
            assert time.monotonic() < end, f"gdb did not end:\n{output.decode()}\n{self.board.tail()}"
            ready = select.select([self.board.child.child_fd, connection, self.process.stdout], [], [], 0.2)[0]
            if self.board.child.child_fd in ready:
                data = os.read(self.board.child.child_fd, 4096)
                self.board.handle.write(data.decode("latin1"))
                with contextlib.suppress(ConnectionError):  # tools/gdb has ended, with words of the console's unread
                    connection.sendall(data)
            if self.process.stdout in ready:
                output += os.read(self.process.stdout.fileno(), 65536)
            said = interrupt_after and interrupt_after.encode() in output
            if connection in ready:
                if said and not running:
                    self.interrupt(send)
                    interrupt_after = None
                data = b""
                with contextlib.suppress(ConnectionError):
                    data = connection.recv(4096)
                sent += data
                for start in range(0, len(data), 16):
                    os.write(self.board.child.child_fd, data[start:start + 16])
                    time.sleep(0.002)
            if said and running and CONTINUES.search(sent):
                self.interrupt(send)
                interrupt_after = None
        connection.close()
        self.server.close()
        os.set_blocking(self.process.stdout.fileno(), True)
        return (output + self.process.stdout.buffer.read()).decode()


def debug(board, tmp_path, *commands, program=None, **options):
    """Let gdb execute commands, then detach; its output. The guest is at its prompt before and after it."""
    words = [str(program)] if program else []
    for command in ("set pagination off", *commands, "delete", "detach"):
        words += ["-ex", command]
    output = Debugger(board, words, tmp_path).finish(**options)
    board.sendline()
    board.expect(PROMPT)
    return output


@pytest.fixture(scope="module")
def umbra():
    # Idle time is real time: it would run away while the guest stands.
    with Board("gdb", umbra_arguments("gdb") + ["-icount", "shift=0"], exact=False) as board:
        board.wait_for_shell(timeout=240)
        board.run("echo 1 >/proc/sys/kernel/printk; sysctl -w kernel.watchdog=0", status=None)
        yield board


def address_of(board, symbol):
    return int(board.run(f"grep -w '{symbol}$' /proc/kallsyms").split()[0], 16)


@pytest.fixture(scope="module")
def kernel(umbra):
    return {name: address_of(umbra, name) for name in ("sys_sethostname", "start_kernel")}


def words(output, label):
    """Values that gdb printed as `label 0x...`."""
    return [int(word, 16) for word in re.findall(rf"^{label} (0x[0-9a-f]+)", output, re.M)]


@pytest.mark.parametrize("path", built_paths())
def test_kernel_function(umbra, kernel, tmp_path, path):
    """A breakpoint on sethostname(): its arguments, the caller's memory, steps, and again."""
    board, address = umbra, kernel["sys_sethostname"]
    board.run("(while :; do hostname beagle; usleep 20000; done) >/dev/null 2>&1 & echo $! >/tmp/job")
    output = debug(board, tmp_path, f"monitor guest path {path}", f"break *{address:#x}", "continue", 'printf "stop 0x%x\\n", $pc', "x/s $r0", 'printf "len 0x%x\\n", $r1',
                   "stepi", 'printf "step 0x%x\\n", $pc', "stepi", 'printf "step 0x%x\\n", $pc', "continue", 'printf "stop 0x%x\\n", $pc', "monitor guest audit",
                   f"monitor guest path {built_paths()[0]}")
    board.run("kill $(cat /tmp/job)")
    assert words(output, "stop") == [address, address], output
    assert words(output, "step") == [address + 4, address + 8], output
    assert words(output, "len") == [6] and '"beagle"' in output, output
    assert re.search(r"^0 violations\r?$", output, re.M) and f"path {path}" in output, output


def install(board, tmp_path, *flags):
    """The test program, running in the guest; its file with symbols."""
    source, program, bare = tmp_path / "program.c", tmp_path / "program", tmp_path / "bare"
    source.write_text(PROGRAM)
    run([*CC, *flags, "-o", program, source])
    run(["arm-linux-gnueabihf-objcopy", "--strip-all", program, bare])
    data = bare.read_bytes().rstrip(b"\0")
    board.run(": >/tmp/program")
    for start in range(0, len(data), 64):
        piece = data[start:start + 64]
        if piece.strip(b"\0"):
            text = "".join(f"\\{byte:03o}" for byte in piece)
            board.run(f"printf '{text}' | dd of=/tmp/program bs=1 seek={start} conv=notrunc 2>/dev/null")
    board.run("chmod +x /tmp/program; cp /tmp/program /tmp/running; /tmp/running & echo $! >/tmp/job; sleep 1; kill -0 $!")
    return program


@pytest.mark.parametrize("flag", ["-marm", "-mthumb"])
def test_user_program(umbra, tmp_path, flag):
    program = install(umbra, tmp_path, flag)
    output = debug(umbra, tmp_path, "break collatz", "continue", 'printf "n 0x%x\\n", n', "finish", "next", "next", "info breakpoints",
                   "continue", 'printf "n 0x%x\\n", n', "set var n = 1", "finish", 'printf "changed 0x%x\\n", changed', program=program)
    umbra.run("kill $(cat /tmp/job)")
    assert words(output, "n") == [27, 27], output
    assert re.findall(r"Value returned is \$\d+ = (\d+)", output) == ["111", "0"], output
    assert words(output, "changed") == [0], output
    assert "breakpoint already hit 1 time" in output, output


def test_interrupt_and_monitor(umbra, tmp_path):
    """Ctrl-C stops the guest wherever it is; the monitor's commands work through gdb; memory can be written."""
    # Not gdb's `set`: that looks for the caller first, and fails where gdb's guess of the frame, made without symbols, is wrong.
    sp, memory = 'int(gdb.parse_and_eval("(unsigned int)$sp"))', "gdb.selected_inferior()"
    output = debug(umbra, tmp_path, "echo going\\n", "continue", 'printf "stop 0x%x\\n", $cpsr', "monitor guest list", "monitor guest registers",
                   f"python sp = {sp}; old = bytes({memory}.read_memory(sp, 4))", f"python {memory}.write_memory(sp, bytes.fromhex('78563412'))",
                   "x/wx $sp", f"python {memory}.write_memory(sp, old); print('old', bytes({memory}.read_memory(sp, 4)) == old)",
                   interrupt_after="going")
    assert "SIGINT" in output and len(words(output, "stop")) == 1, output
    assert re.search(r"running +0x80000000", output) and re.search(r"^svc  sp ", output, re.M), output
    assert re.search(r"^0x[0-9a-f]{8}:\s+0x12345678$", output, re.M) and "old True" in output, output
    assert umbra.run("echo alive").strip() == "alive"


def test_watch(umbra, tmp_path):
    """gdb steps and compares: there is no watchpoint that the core would have to give."""
    program = install(umbra, tmp_path, "-marm")
    output = debug(umbra, tmp_path, "break collatz", "continue", "delete", "watch rounds", "continue", 'printf "in 0x%x\\n", $pc', "awatch rounds", "info breakpoints",
                   program=program)
    umbra.run("kill $(cat /tmp/job)")
    old, new = re.search(r"^Old value = (\d+)\nNew value = (\d+)$", output, re.M).groups()
    assert int(new) == int(old) + 1 and len(words(output, "in")) == 1, output
    assert "Target does not support this type of hardware watchpoint." in output, output


@pytest.mark.parametrize("running", [False, True])
def test_ended_debugger_lets_the_guest_go_on(umbra, kernel, tmp_path, running):
    """A computer that shuts down. gdb comes to detach while the guest stands; while it runs gdb may not, and tools/gdb does it in its stead."""
    output = Debugger(umbra, ["-ex", f"break *{kernel['start_kernel']:#x}", "-ex", "echo going\\n", "-ex", "continue"],
                      tmp_path).finish("going", send=signal.SIGTERM, running=running)
    assert running or "without detaching" not in output, output
    umbra.sendline()
    umbra.expect(PROMPT)
    assert umbra.run("echo alive").strip() == "alive"


def test_killed_debugger_lets_the_guest_go_on(umbra, kernel, tmp_path):
    """It could not say that it goes: its breakpoints are gone, and the next one finds a guest that runs."""
    board, address = umbra, kernel["sys_sethostname"]
    output = Debugger(board, ["-ex", f"break *{address:#x}", "-ex", "stepi", "-ex", "shell kill -9 $PPID"], tmp_path).finish()
    assert "has ended without detaching: its breakpoints are gone, and the guest goes on" in output, output
    board.sendline()
    board.expect(PROMPT)
    board.run("hostname beagle")
    output = debug(board, tmp_path, "info breakpoints", "monitor guest list")
    assert "No breakpoints" in output and "running" in output, output


def test_one_debugger_at_a_time():
    """A serial line that another program has."""
    master, slave = os.openpty()
    try:
        fcntl.flock(slave, fcntl.LOCK_EX)
        name = os.ttyname(slave)
        done = subprocess.run([SOURCE / "tools/gdb", name], check=False, capture_output=True, text=True)
        assert done.returncode == 1 and done.stderr == f"gdb: {name}: a terminal program has it, or another debugger\n"
    finally:
        os.close(slave)
        os.close(master)


def test_across_a_reset(umbra, kernel, tmp_path):
    """The guest restarts under the debugger, and stops in its new life where it was told to in the old one."""
    umbra.run(f"(sleep {8 * SLOW:.0f}; reboot -f) >/dev/null 2>&1 & true")
    output = Debugger(umbra, ["-ex", f"break *{kernel['start_kernel']:#x}", "-ex", "continue", "-ex", 'printf "stop 0x%x\\n", $pc', "-ex", "delete",
                              "-ex", "detach"], tmp_path).finish()
    assert words(output, "stop") == [kernel["start_kernel"]], output
    assert "reset: " in output, output
    umbra.wait_for_shell(timeout=240)
    assert umbra.run("echo alive").strip() == "alive"


@pytest.mark.parametrize("words_, message", [
    (["/nowhere/console"], "gdb: /nowhere/console: no such device, and not HOST:PORT"),
    (["/etc/passwd"], "gdb: /etc/passwd: neither a serial device nor a socket"),
    ([], "see tools/gdb --help"),
])
def test_bad_words(words_, message):
    done = subprocess.run([SOURCE / "tools/gdb", *words_], check=False, capture_output=True, text=True)
    assert done.returncode and message in done.stderr
