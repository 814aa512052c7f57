# SPDX-License-Identifier: GPL-2.0-or-later
"""A beagle-xm that is measured from outside: stopped at given instructions, looked into, continued. The guest executes
nothing for it and cannot tell: the machine's clock counts instructions and stands while the machine does."""

import json
import os
import pathlib
import re
import select
import socket
import struct
import subprocess
import time

import umbra_machine
from umbra_common import ToolError, slowness

SYNC_32K = 0x48320010  # the board's 32768 Hz counter: the guest's clock
# The same on both sides: every instruction one nanosecond, a fixed date that runs with it, no entropy from this computer.
PINNED = ["-icount", "shift=0", "-rtc", "base=2023-06-10T12:00:00,clock=vm", "-seed", "1"]

PACKET = 1024
LOOK_SECONDS = 5
# A console that ends like this has nobody left who would come to a point of measurement.
LOST = re.compile(r"umbra> $|.*end Kernel panic.*")


class Hang(Exception):
    """The machine did not reach the next stop in time, or its process ended."""


class Quiet(Hang):
    """Nothing came from the machine in the time given."""


class Gdb:
    """The few packets of the remote serial protocol that are needed (GDB manual, appendix E)."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(os.path.relpath(path))
        self.data = b""

    def send(self, text):
        body = text.encode()
        self.socket.sendall(b"$%s#%02x" % (body, sum(body) & 0xFF))

    def receive(self, deadline):
        """The next packet; acknowledgements are dropped, ours is sent."""
        while True:
            start, end = self.data.find(b"$"), self.data.find(b"#")
            if 0 <= start < end and len(self.data) >= end + 3:
                body, self.data = self.data[start + 1:end], self.data[end + 3:]
                self.socket.sendall(b"+")
                return body.decode()
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                raise Quiet("did not come to the next point of measurement in time")
            more = self.socket.recv(65536)
            if not more:
                raise Hang("the machine's process ended")
            self.data += more

    def ask(self, text):
        self.send(text)
        answer = self.receive(time.monotonic() + 60)
        if answer.startswith("E"):
            raise ToolError(f"the machine's debugger interface refused {text}: {answer}")
        return answer

    def registers(self):
        return struct.unpack("<16I", bytes.fromhex(self.ask("g")[:128]))

    def memory(self, address, size):
        """Bytes at a physical address, as many at a time as a packet holds."""
        return b"".join(bytes.fromhex(self.ask(f"m{address + at:x},{min(PACKET, size - at):x}")) for at in range(0, size, PACKET))


class Qmp:
    """One connection to QEMU's monitor."""

    def __init__(self, path):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(os.path.relpath(path))
        self.stream = connection.makefile("rw", encoding="utf-8")
        self.stream.readline()
        self.ask("qmp_capabilities")

    def ask(self, command, **arguments):
        self.stream.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.stream.flush()
        while True:
            line = self.stream.readline()
            if not line:
                raise Hang("the machine's process ended")
            answer = json.loads(line)
            if "return" in answer:
                return answer["return"]
            if "event" not in answer:
                raise ToolError(f"the machine's monitor refused {command}: {answer}")


class Machine:
    """
    One run. `folder` gets console.log; `counters(machine)`: [(physical address, format letter, number)] of counters of Umbra, None
    while there are none.
    """

    def __init__(self, folder, program, boot, counters=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.console = self.folder / "console.log"
        self.find_counters, self.counters = counters, None
        self.breakpoints = set()
        paths = [self.folder / name for name in ("qmp", "gdb", "console.log")]
        for path in paths:
            path.unlink(missing_ok=True)
        qmp, gdb = (os.path.relpath(path) for path in paths[:2])
        command = umbra_machine.base_command(program) + PINNED + [
            "-chardev", f"file,id=console,path={umbra_machine.file_word(self.console)}", "-serial", "chardev:console", "-monitor", "none",
            "-qmp", f"unix:{umbra_machine.file_word(qmp)},server=on,wait=off", "-chardev", f"socket,id=gdb,path={umbra_machine.file_word(gdb)},server=on,wait=off",
            "-gdb", "chardev:gdb", "-S", *[str(word) for word in boot]]
        self.command = command
        # Should this program be killed, its machines end with it (setpriv is part of util-linux).
        command = ["setpriv", "--pdeathsig", "KILL", "--", *command]
        self.errors = open(self.folder / "qemu.log", "w+", encoding="utf-8")
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.errors, stderr=self.errors)
        try:
            self.qmp = Qmp(self.wait_for(paths[0]))
            self.gdb = Gdb(self.wait_for(paths[1]))
            self.gdb.ask("?")
            self.gdb.ask("Qqemu.PhyMemMode:1")
        except BaseException:
            self.close()
            raise

    def wait_for(self, path):
        for _ in range(200):
            if path.exists():
                return path
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        self.errors.flush()
        raise ToolError(f"QEMU did not start: {(self.folder / 'qemu.log').read_text(encoding='utf-8').strip()}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.errors.close()

    def stop_at(self, address, wanted=True):
        if wanted != (address in self.breakpoints):
            self.gdb.ask(f"{'Z' if wanted else 'z'}0,{address:x},4")
            (self.breakpoints.add if wanted else self.breakpoints.discard)(address)

    def run(self, seconds):
        """Continue to the next stop; returns the registers. `seconds` of this computer's time at most, if it is neither slow nor busy."""
        deadline = time.monotonic() + seconds * slowness()
        self.gdb.send("c")
        while True:
            try:
                self.gdb.receive(min(deadline, time.monotonic() + LOOK_SECONDS))
                return self.gdb.registers()
            except Quiet:
                if time.monotonic() >= deadline:
                    raise
            end = LOST.search(self.tail(3))
            if end:
                raise Hang(f"gave up: {end.group(0).strip()}")

    def step_over(self, address):
        """Leave a stop: QEMU would stop at the same instruction again. All stops are at instructions that do not branch."""
        self.stop_at(address, False)
        self.stop_at(address + 4)
        registers = self.run(60)
        self.stop_at(address + 4, False)
        self.stop_at(address)
        return registers

    def snapshot(self):
        """(instructions so far, ticks of the 32 kHz clock, Umbra's counters)."""
        counters = ()
        if self.find_counters and not self.counters:
            self.counters = self.find_counters(self)
        if self.counters:
            counters = tuple(number for address, letter, count in self.counters for number in
                             struct.unpack(f"<{count}{letter}", self.gdb.memory(address, struct.calcsize(f"<{count}{letter}"))))
        ticks = self.word(SYNC_32K)
        return self.qmp.ask("qom-get", path="/machine", property="instructions"), ticks, counters

    def word(self, address):
        """32 bits of the machine's physical memory."""
        return struct.unpack("<I", self.gdb.memory(address, 4))[0]

    def tail(self, lines=25):
        text = self.console.read_bytes().decode("latin1") if self.console.exists() else ""
        return "\n".join(text.replace("\r", "").split("\n")[-lines:])
