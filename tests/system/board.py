# SPDX-License-Identifier: GPL-2.0-or-later
"""A beagle-xm board under test: QEMU with the console on pexpect, and a log of every byte in build/test-logs/."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import sys
import termios
import time
import tty

import pexpect
import pexpect.fdpexpect

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools/lib"))
import umbra_card  # noqa: E402
import umbra_guest  # noqa: E402
import umbra_machine  # noqa: E402
from umbra_common import build_dir, run, slowness  # noqa: E402

LOGS = build_dir() / "test-logs"
PROMPT = r"root@beagle:[^ \r\n]*# "
MONITOR_PROMPT = "umbra> "
MONITOR_KEY = "\x1d"
PROMPT_PATIENCE = 10  # seconds after which a prompt is asked for again
# A slow computer may stretch every time-out with UMBRA_TEST_SLOW=3 or so; on a busy one they stand (Deadline). None decides what
# passes: they only end what hangs.
SLOW = slowness()
# Of pytest-xdist: each worker has files of its own where tests of several may choose the same name.
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
# A real board instead of QEMU, where tests can do with that (docs/board.md): its serial line, and a command that switches it off and on.
SERIAL = os.environ.get("UMBRA_BOARD")
SERIAL_RESET = os.environ.get("UMBRA_BOARD_RESET")
# One instruction a nanosecond, idle time skipped: the same run every time, whatever else this computer does.
EXACT = ["-icount", "shift=0,sleep=off"]
# Four nanoseconds an instruction, in place of that: for U-Boot, which spends what it waits for on polling a clock.
UNHURRIED = ["-icount", "shift=2,sleep=off"]

boards = []


class BoardError(AssertionError):
    """The board did not do what was expected; the message carries the end of its console."""


def waited(pid):
    """{thread: seconds for which it could have run, but others had the processor}, of a process on this computer, or none."""
    found = {}
    for path in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            found[path.parent.name] = int(path.read_text(encoding="ascii").split()[1]) / 1e9
    return found


class Deadline:
    """Some seconds from now on. They stand while the machine waits for a processor, so that a busy computer does not look like a board that hangs."""

    def __init__(self, seconds, pid):
        self.end, self.pid, self.before = time.monotonic() + seconds, pid, waited(pid)

    def left(self):
        lost = (seconds - self.before.get(thread, 0) for thread, seconds in waited(self.pid).items())
        return self.end + max(lost, default=0) - time.monotonic()


class Console:
    """What a test does with a board's console, whatever the board is: expect, the guest's shell, the monitor. A context manager."""

    def __init__(self, name, first_line, child):
        LOGS.mkdir(parents=True, exist_ok=True)
        self.name = re.sub(r"[^\w.-]+", "-", name).strip("-")
        self.log = LOGS / f"{self.name}.log"
        self.lost = False  # True while a command's end has not been seen
        self.handle = open(self.log, "w", encoding="latin1", newline="")
        self.handle.write(first_line + "\n")
        self.child = child
        self.child.delaybeforesend = None
        self.child.logfile_read = self.handle
        boards.append(self)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.handle.close()

    def tail(self, lines=40):
        if not self.handle.closed:
            self.handle.flush()
        return "\n".join(self.log.read_bytes().decode("latin1").replace("\r", "").split("\n")[-lines:])

    def deadline(self, timeout):
        return Deadline(timeout * SLOW, self.child.pid)

    def wait_for(self, pattern, timeout):
        deadline = self.deadline(timeout)
        while True:
            try:
                return self.child.expect(pattern, timeout=max(deadline.left(), 1))
            except pexpect.TIMEOUT:
                if deadline.left() <= 0:
                    raise

    def expect(self, pattern, timeout=30):
        """Wait for a regular expression (or the first of a list); returns the match."""
        try:
            self.wait_for(pattern, timeout)
        except (pexpect.TIMEOUT, pexpect.EOF) as error:
            why = "ended" if isinstance(error, pexpect.EOF) else f"said nothing of the kind within {timeout * SLOW:.0f} s"
            raise BoardError(f"waiting for {pattern!r}: the board {why}; console {self.log}, its end:\n{self.tail()}") from None
        return self.child.match

    def expect_not(self, pattern, seconds):
        """Nothing that matches may come in that time (of this computer's clock)."""
        if self.child.expect([pattern, pexpect.TIMEOUT], timeout=seconds) == 0:
            raise BoardError(f"{pattern!r} came; console {self.log}, its end:\n{self.tail()}")

    def send(self, text):
        self.child.send(text)

    def sendline(self, text=""):
        """A line as a terminal sends it, in pieces that any receive FIFO holds."""
        for start in range(0, len(text), 16):
            self.child.send(text[start:start + 16])
            time.sleep(0.01)
        self.child.send("\r")

    # --- The Linux guest's shell ---

    def expect_prompt(self, timeout):
        """The shell's prompt. Messages of the kernel and of Umbra may stand in the middle of one: Enter gets another."""
        deadline = self.deadline(timeout)
        while deadline.left() > PROMPT_PATIENCE * SLOW:
            found = self.child.expect([PROMPT, pexpect.EOF, pexpect.TIMEOUT], timeout=PROMPT_PATIENCE * SLOW)
            if found == 0:
                return
            if found == 1:
                break
            self.send("\r")
        self.expect(PROMPT, PROMPT_PATIENCE)

    def wait_for_shell(self, timeout=240):
        """Until the first prompt; returns the seconds that the guest says its boot took."""
        seconds = float(self.expect(r"is up after ([0-9.]+) s", timeout).group(1))
        self.expect_prompt(timeout)
        self.run("dmesg -n 1; stty cols 240")  # kernel messages stay in dmesg and out of the answers
        return seconds

    def run(self, command, timeout=60, status=0):
        """Run a shell command in the guest; returns its output. `status` None accepts any exit status."""
        if self.lost:
            self.recover()
        self.lost = True
        # The quotes keep the echo of the command line from looking like the answer.
        self.sendline(f"echo @B''@; {command}; echo @E''$?@")
        self.expect(r"@B@\r*\n", timeout)
        match = self.expect(r"@E(\d+)@\r*\n", timeout)
        output = self.child.before.replace("\r", "")
        self.expect_prompt(timeout)
        self.lost = False
        if status is not None and int(match.group(1)) != status:
            raise BoardError(f"`{command}` in the guest ended with status {match.group(1)}, expected {status}:\n{output}")
        return output

    def recover(self):
        """After a test that did not come to its end: back to a prompt, or fail at once instead of after a long wait."""
        self.send("\x03\r")
        self.expect(PROMPT, 5)
        self.sendline("echo recov''ered")
        self.expect("recovered", 5)
        self.expect(PROMPT, 5)
        self.lost = False

    # --- Umbra's monitor ---

    def monitor(self, command, timeout=30):
        """Run a monitor command, from the guest's console; returns its output without the command itself."""
        self.open_monitor(timeout)
        output = self.monitor_command(command, timeout)
        self.send(MONITOR_KEY)
        self.expect(r"\[guest\]", timeout)
        return output

    def open_monitor(self, timeout=30):
        self.send(MONITOR_KEY)
        self.expect(MONITOR_PROMPT, timeout)

    def monitor_command(self, command, timeout=30):
        # Not waiting for the echo: what the guest prints meanwhile may stand in the middle of it.
        self.sendline(command)
        self.expect(MONITOR_PROMPT, timeout)
        return self.child.before.replace("\r", "").removeprefix(f"{command}\n")


class Board(Console):
    """One running machine, which ends with it whatever happens."""

    def __init__(self, name, arguments, exact=True, record=False, breaks=False, console=True):
        folder = re.sub(r"[^\w.-]+", "-", name).strip("-")
        self.folder = LOGS / f"{folder}.files"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.qmp_path = self.folder / "qmp"
        self.qmp_path.unlink(missing_ok=True)
        self.unimplemented = self.folder / "unimplemented.log"
        command = umbra_machine.base_command(build_dir() / "qemu-system-arm")
        if console:
            command += umbra_machine.console_for_program(breaks)
        command += ["-qmp", f"unix:{os.path.relpath(self.qmp_path)},server=on,wait=off",
                    "-d", "unimp,guest_errors", "-D", str(self.unimplemented)]
        if record:
            command += ["-icount", f"shift=0,rr=record,rrfile={self.folder / 'record'}"]
        elif exact:
            command += EXACT
        command += [str(word) for word in arguments]
        super().__init__(name, " ".join(command), pexpect.spawn(command[0], command[1:], encoding="latin1", echo=False, timeout=30))

    def close(self):
        """End QEMU and wait for it."""
        if not self.child.closed:
            self.child.kill(signal.SIGTERM)
            end = time.monotonic() + SLOW
            while self.child.isalive() and time.monotonic() < end:
                time.sleep(0.005)
            self.child.ptyproc.delayafterclose = 0
            self.child.ptyproc.delayafterterminate = 0.1 * SLOW  # how long it may take to die of another signal
            self.child.close(force=True)
        super().close()
        self.qmp_path.unlink(missing_ok=True)
        (self.folder / "record").unlink(missing_ok=True)

    def send_break(self):
        """BREAK on the serial line, of a board with `breaks`."""
        self.child.send("\x01b")

    # --- QEMU ---

    def qmp(self, command, **arguments):
        """One QMP command on a connection of its own."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(30 * SLOW)
            connection.connect(os.path.relpath(self.qmp_path))
            stream = connection.makefile("rw", encoding="utf-8")
            stream.readline()  # the greeting
            for request in ({"execute": "qmp_capabilities"}, {"execute": command, "arguments": arguments}):
                stream.write(json.dumps(request) + "\n")
                stream.flush()
                answer = json.loads(stream.readline())
                while "event" in answer:
                    answer = json.loads(stream.readline())
            if "error" in answer:
                raise BoardError(f"QMP {command}: {answer['error']}")
            return answer["return"]

    def instructions(self):
        """Instructions executed since power-on (only with record=True)."""
        return self.qmp("query-replay")["icount"]


class SerialBoard(Console):
    """A real board on a serial line, with a card of `make image` (tests: with their data on it, see docs/board.md) in its slot.

    `reset`: a shell command that switches the board off and on, or none: then a person is asked to.
    """

    def __init__(self, name, device, reset=None):
        self.line = os.open(device, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.line)
        settings = termios.tcgetattr(self.line)
        settings[2] = settings[2] & ~(termios.CRTSCTS | termios.CSTOPB) | termios.CLOCAL | termios.CREAD
        settings[4] = settings[5] = termios.B115200
        termios.tcsetattr(self.line, termios.TCSAFLUSH, settings)
        super().__init__(name, device, pexpect.fdpexpect.fdspawn(self.line, encoding="latin1", timeout=30))
        if reset:
            run(["sh", "-c", reset])
        else:
            print(f"\n{name}: switch the board off and on now", file=sys.__stderr__, flush=True)

    def send_break(self):
        termios.tcsendbreak(self.line, 0)

    def close(self):
        super().close()
        os.close(self.line)


def boot_folder(name):
    """For what a board is started with: layouts and images that are edited for it."""
    folder = LOGS / f"{re.sub(r'[^a-zA-Z0-9_.-]+', '-', name)}{WORKER and f'-{WORKER}'}.boot"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def layout(name):
    return umbra_card.layout_path(name)


def native_arguments(bootargs=None, files=None):
    """Debian's kernel on the bare board, as U-Boot would start it."""
    return umbra_machine.native_boot(files or umbra_guest.build_guest(),
                                     umbra_machine.layout_bootargs(layout("linux")) if bootargs is None else bootargs)


def built_paths():
    """The CPU paths of the build under test."""
    return [word.lower() for word in re.findall(r"^CONFIG_CPU_PATH_([A-Z]+) := y$", (build_dir() / "auto.conf").read_text(), re.M)]


def built_strategies():
    """The shadow strategies of the build under test, the default one first."""
    text = (build_dir() / "auto.conf").read_text()
    default = re.search(r"^CONFIG_SHADOW_DEFAULT := (\S+)$", text, re.M).group(1).strip('"')
    names = [word.lower() for word in re.findall(r"^CONFIG_SHADOW_(FLUSH|SYNC|OOS) := y$", text, re.M)]
    return [default] + [name for name in names if name != default]


def umbra_arguments(name, layout_file="linux", files=None, path=None, strategy=None, bootargs=None):
    """Umbra with a layout and its files, as boot.scr would start it; `path`, `strategy` and `bootargs` instead of the layout's."""
    folder = boot_folder(name)
    source = layout(layout_file) if isinstance(layout_file, str) else layout_file
    for name, value in (("cpu-path", path), ("shadow", strategy), ("bootargs", bootargs)):
        if value:
            target = folder / f"{name}.dtb"
            shutil.copy(source, target)
            run(["fdtput", "-t", "s", target, "/guest", name, value])
            source = target
    return umbra_machine.umbra_boot(source, umbra_guest.build_guest() if files is None else files, folder)
