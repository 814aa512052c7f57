# SPDX-License-Identifier: GPL-2.0-or-later
"""Takes a board's console, makes it a debugger's connection to the guest, and starts gdb-multiarch on it. Use it as tools/gdb."""

import argparse
import fcntl
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import termios
import threading
import time
import tty

from umbra_common import Arguments, ToolError, speaker, tool_main

GDB = "gdb-multiarch"
READY = b"[gdb: the guest stands"
PROMPT, GUEST = b"umbra> ", b"[guest]"
WAIT = 20  # seconds for the monitor's answer
PATIENCE = 5  # seconds for gdb to detach
# gdb's last packets, if it ends as it should: detach or kill, after which the console is the guest's.
GOODBYE = re.compile(rb"\$(D(;1)?|k)#")
# A serial line is slow, and a guest that is interpreted too. The core's watchpoints cannot be had, so that gdb steps and compares.
SETTINGS = ("set architecture armv7", "set remotetimeout 30", "set remote hardware-watchpoint-limit 0")
EPILOG = """CONSOLE is a serial device (/dev/ttyUSB0), a pty, a Unix socket, or HOST:PORT; nothing else may read it meanwhile.
Words behind it go to gdb, for example: tools/gdb /dev/ttyUSB0 vmlinux -ex 'break panic'
In gdb: `monitor COMMAND` is a command of Umbra's monitor; `detach` or `quit` let the guest go on; it does not see breakpoints.
If gdb dies, its breakpoints go and the guest goes on."""
say = speaker("gdb")


def control_key(text):
    """A number as Kconfig takes it."""
    try:
        number = int(text, 0)
    except ValueError:
        number = 0
    if not 1 <= number <= 0x1f:
        raise argparse.ArgumentTypeError(f"'{text}' is no control character, 0x01 to 0x1f")
    return number


def arguments_of(arguments):
    parser = Arguments("gdb", __doc__, epilog=EPILOG)
    parser.add_argument("--baud", type=int, default=115200, help="of a serial device (115200)")
    parser.add_argument("--key", type=control_key, default=0x1d, metavar="N", help="what opens the monitor, as CONFIG_MONITOR_ESCAPE has it (0x1d: Ctrl-])")
    parser.add_argument("console", metavar="CONSOLE")
    parser.add_argument("gdb", nargs=argparse.REMAINDER, metavar="WORD").required = False
    return parser.parse_args(arguments)


def open_socket(family, address):
    connection = socket.socket(family)
    connection.connect(address)
    return connection.detach()


def open_terminal(path, baud):
    handle = os.open(path, os.O_RDWR | os.O_NOCTTY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # as terminal programs do
    except BlockingIOError:
        os.close(handle)
        raise ToolError(f"{path}: a terminal program has it, or another debugger") from None
    tty.setraw(handle)
    speed = getattr(termios, f"B{baud}", None)
    if speed is None:
        os.close(handle)
        raise ToolError(f"--baud {baud}: not a speed of serial devices")
    attributes = termios.tcgetattr(handle)
    attributes[4] = attributes[5] = speed
    termios.tcsetattr(handle, termios.TCSANOW, attributes)
    return handle


def open_console(name, baud):
    """A file descriptor of the console."""
    path = pathlib.Path(name)
    try:
        if path.exists():
            if stat.S_ISSOCK(path.stat().st_mode):
                return open_socket(socket.AF_UNIX, name)
            if stat.S_ISCHR(path.stat().st_mode):
                return open_terminal(name, baud)
            raise ToolError(f"{name}: neither a serial device nor a socket")
        host, colon, port = name.rpartition(":")
        if not colon or not port.isdigit():
            raise ToolError(f"{name}: no such device, and not HOST:PORT")
        return open_socket(socket.AF_INET, (host, int(port)))
    except (OSError, termios.error) as error:
        raise ToolError(f"{name}: {error.args[-1]}") from None


def read_until(console, wanted, seconds):
    """What the console says up to one of the byte strings; (all of it, which one), or None after that time, or when the console is gone."""
    said, end = b"", time.monotonic() + seconds
    while time.monotonic() < end:
        if not select.select([console], [], [], 0.2)[0]:
            continue
        data = os.read(console, 4096)
        if not data:
            break
        said += data
        for one in wanted:
            if one in said:
                return said, one
    return None


def enter(console, key):
    """From wherever the console is, guest or monitor, into the remote protocol."""
    for _ in range(2):  # the escape key goes the other way when the monitor was open
        os.write(console, bytes([key]))
        answer = read_until(console, [PROMPT, GUEST], WAIT)
        if answer and answer[1] == PROMPT:
            break
    else:
        raise ToolError(f"the console does not answer to Ctrl-{chr(key + 0x40)}: is it Umbra's, is that its monitor's key, and does nobody else read it?")
    os.write(console, b"gdb\r")
    answer = read_until(console, [READY, b"unknown command", b"there is no guest"], WAIT)
    if not answer or answer[1] != READY:
        raise ToolError("the monitor has no debugger (CONFIG_GDB), or there is no guest")
    read_until(console, [b"\n"], 1)  # the rest of the line


def leave(console, key):
    """From the remote protocol back to the guest; its breakpoints go."""
    try:
        os.write(console, bytes([key]))
        if not read_until(console, [PROMPT], WAIT):
            raise ToolError(f"{GDB} has ended without detaching, and the console does not answer to Ctrl-{chr(key + 0x40)}")
        os.write(console, bytes([key]))
        read_until(console, [GUEST, b"no guest is running"], WAIT)
    except OSError:
        raise ToolError("the console is gone") from None
    say(f"{GDB} has ended without detaching: its breakpoints are gone, and the guest goes on")


class Link(threading.Thread):
    """Between the console and the gdb that connects to a socket: bytes both ways until one of them hangs up."""

    def __init__(self, console, server):
        super().__init__(daemon=True)
        self.console, self.server, self.last = console, server, b""
        self.start()

    def detached(self):
        return bool(GOODBYE.search(self.last))

    def run(self):
        try:
            with self.server.accept()[0] as connection:
                while self.relay(connection):
                    pass
        except OSError:
            pass  # one side is gone

    def relay(self, connection):
        """False: one side has hung up."""
        for ready in select.select([self.console, connection], [], [])[0]:
            data = os.read(self.console, 4096) if ready == self.console else connection.recv(4096)
            if not data:
                return False
            if ready == self.console:
                connection.sendall(data)
            else:
                self.last = (self.last + data)[-64:]
                os.write(self.console, data)
        return True


def pass_on(gdb, number):
    """Tell gdb of a signal that it may have got itself, with all programs of a terminal: later, because a second one interrupts its detaching."""
    def tell():
        if gdb.poll() is None:
            gdb.send_signal(number)
    timer = threading.Timer(PATIENCE, tell)
    timer.daemon = True
    timer.start()


def run_gdb(console, words, key):
    with tempfile.TemporaryDirectory(prefix="umbra-gdb-") as folder:
        path = os.path.join(folder, "socket")
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path)
            server.listen(1)
            link = Link(console, server)
            settings = [word for setting in (*SETTINGS, f"target remote {path}") for word in ("-ex", setting)]
            with subprocess.Popen([GDB, "-q", *settings, *words]) as gdb:
                signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for gdb
                for number in (signal.SIGTERM, signal.SIGHUP):  # gdb detaches, unless it is not to hear of them
                    if signal.getsignal(number) != signal.SIG_IGN:
                        signal.signal(number, lambda number, _: pass_on(gdb, number))
                status = gdb.wait()
            link.join(2)
    if not link.detached():
        leave(console, key)
    return status if status >= 0 else 128 - status


def main(arguments):
    options = arguments_of(arguments)
    if not shutil.which(GDB):
        raise ToolError(f"{GDB} is not installed: run tools/setup")
    console = open_console(options.console, options.baud)
    try:
        enter(console, options.key)
        return run_gdb(console, options.gdb, options.key)
    finally:
        os.close(console)


if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
    tool_main("gdb", main)
