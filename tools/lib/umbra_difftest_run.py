# SPDX-License-Identifier: GPL-2.0-or-later
"""What tools/difftest runs: the guest tests/guests/diff with given parameters, natively or under an Umbra of some configuration."""

import functools
import os
import pathlib
import re
import select
import shutil
import struct
import subprocess
import tempfile
import time

import umbra_card
import umbra_machine
from umbra_common import SOURCE, ToolError, build_dir, building, claim_build, run

MAGIC = b"DiffPara"
MAX_UNITS = 40
KEEP_ALL = (1 << MAX_UNITS) - 1
GROUP = 64
# One instruction a nanosecond: both sides are the same run every time.
EXACT = ["-icount", "shift=0,sleep=off"]
# A board that says nothing for so long hangs. Only ends what hangs; UMBRA_TEST_SLOW=3 stretches it.
QUIET = 60 * float(os.environ.get("UMBRA_TEST_SLOW", "1"))
QUIET_SHRINKING = QUIET / 4  # few blocks then, but many runs
MONITOR_KEY = b"\x1d"
TAIL = 65536  # bytes of the console in which an answer is looked for
FAST = {True: "with fast exits", False: "without fast exits"}


def cpu_paths():
    """The CPU paths that Umbra can be built with: the Kconfig symbols CPU_PATH_*, or the one there was before them."""
    text = (SOURCE / "arch/arm/cpu/Kconfig").read_text(encoding="utf-8")
    names = re.findall(r"^config CPU_PATH_(\w+)\n\s+bool", text, re.M)
    return [name.lower() for name in names if not name.startswith("DEFAULT")] or ["trap"]


def path_symbols():
    text = (SOURCE / "arch/arm/cpu/Kconfig").read_text(encoding="utf-8")
    return [f"CPU_PATH_{name.upper()}" for name in cpu_paths() if f"config CPU_PATH_{name.upper()}" in text]


@functools.cache
def guest_image():
    """Read once: a build meanwhile must not give two sides different guests."""
    return (build_dir() / "guests/diff/diff.bin").read_bytes()


class Program:
    """What is run: blocks first..first + count - 1 of a seed. `keep`: bit mask of the units of the last block."""

    def __init__(self, seed, first, count, group=GROUP, rounds=2, keep=KEEP_ALL, detail=False):
        self.seed, self.first, self.count, self.group = seed, first, count, group
        self.rounds, self.keep, self.detail = rounds, keep, detail

    def but(self, **changes):
        return Program(**{**vars(self), **changes})

    def image(self, data):
        """The guest's binary with these parameters in it."""
        at = data.find(MAGIC)
        if at < 0 or data.find(MAGIC, at + 1) >= 0:
            raise ToolError("the guest's image has no place for parameters")
        packed = struct.pack("<8I", self.seed, self.first, self.count, self.group, self.rounds, self.detail,
                             self.keep & 0xFFFFFFFF, self.keep >> 32)
        return data[:at + 8] + packed + data[at + 8 + len(packed):]


class Outcome:
    """What one run printed."""

    def __init__(self, text, complete, unrewritten=0, violations=0):
        self.text, self.complete, self.unrewritten, self.violations = text, complete, unrewritten, violations
        self.digests = {int(block): value for block, value in re.findall(r"^DIGEST (\d+) ([0-9a-f]{8})$", text, re.M)}

    def states(self):
        """{(round, when, name): value} of a run with details."""
        return {(int(number), when, name): value
                for number, when, name, value in re.findall(r"^STATE (\d+) (\w+) (\S+) ([0-9a-f]{8})$", self.text, re.M)}

    def lines(self, kind):
        return re.findall(rf"^{kind} (.*)$", self.text, re.M)


class Side:
    """Something that runs programs."""

    name = "native"

    def arguments(self, image, folder):
        """QEMU's words for the raw guest image."""
        boot = folder / "diff.uimg"
        run(["mkimage", "-A", "arm", "-O", "linux", "-T", "kernel", "-C", "none", "-a", "0x80008000", "-e", "0x80008000",
             "-n", "diff", "-d", image, boot])
        return ["-kernel", str(boot)]

    def run(self, program, quiet=QUIET):
        with tempfile.TemporaryDirectory(prefix="difftest.", dir=build_dir()) as scratch:
            folder = pathlib.Path(scratch)
            image = folder / "guest.bin"
            image.write_bytes(program.image(guest_image()))
            command = umbra_machine.base_command(build_dir() / "qemu-system-arm") + umbra_machine.console_for_program() + EXACT
            command += self.arguments(image, folder)
            with Console([str(word) for word in command], quiet) as console:
                complete = console.wait_for(rb"SUMMARY: .*\n")
                return Outcome(console.lines(), complete, *(self.counts(console) if complete else (0, 0)))

    def counts(self, console):
        """How many sensitive words were executed as they are, by Umbra's count, and how many violations its audit finds."""
        return 0, 0


class Umbra(Side):
    """Umbra on one CPU path, with or without fast exits."""

    def __init__(self, path, fast):
        self.path, self.fast = path, fast
        self.name = f"{path} {FAST[fast]}"
        self.folder = build_dir() / "difftest" / ("fast" if fast else "general")

    def build(self):
        """Umbra with all paths, and silent but for the guest. Nothing to do the second time."""
        claim_build(self.folder)
        with building(self.folder) as environment:
            self.build_alone(environment)

    def build_alone(self, environment):
        wanted = self.folder / "wanted_defconfig"
        lines = (SOURCE / "configs/beagle-xm_defconfig").read_text(encoding="utf-8").splitlines()
        lines += ["CONFIG_CONSOLE_LOG_LEVEL=0", "CONFIG_FAST_EXITS=y" if self.fast else "# CONFIG_FAST_EXITS is not set"]
        lines += [f"CONFIG_{symbol}=y" for symbol in path_symbols()]
        wanted.write_text("\n".join(lines) + "\n", encoding="utf-8")
        words = {"srctree": str(SOURCE), "KCONFIG_CONFIG": str(self.folder / ".config"), "UMBRA_BUILD": str(self.folder)}
        run([SOURCE / "tools/kconfig.py", "defconfig", wanted], cwd=SOURCE, env={**environment, **words})
        run(["make", f"-j{os.cpu_count() or 1}", f"O={self.folder}", "all"], cwd=SOURCE, env=environment)

    def counts(self, console):
        start = len(console.text)
        console.send(MONITOR_KEY)
        if not console.wait_for(b"umbra> ", start):
            raise ToolError(f"{self.name}: no monitor prompt")
        return self.number(console, "stats", rb"unrewritten +(\d+) "), self.number(console, "guest audit", rb"(\d+) violations")

    def number(self, console, command, pattern):
        """What the monitor says to @command."""
        start = len(console.text)
        console.send(command.encode() + b"\r")
        console.wait_for(pattern, start)
        found = re.search(pattern, console.text[start:])
        if not found:
            raise ToolError(f"{self.name}: the monitor's answer to `{command}` has no {pattern.decode()}")
        return int(found.group(1))

    def arguments(self, image, folder):
        layout = folder / "diff.dtb"
        shutil.copyfile(umbra_card.layout_path("bare-metal"), layout)
        run(["fdtput", "-t", "s", layout, "/guest", "cpu-path", self.path])
        words = umbra_machine.umbra_boot(layout, {"guest.bin": image}, folder)
        words[words.index("-kernel") + 1] = str(self.folder / "umbra.img")
        return words


class Console:
    """A running machine and what it has said."""

    def __init__(self, command, quiet):
        self.quiet = quiet
        # Should this program be killed, its machines end with it.
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "--", *command], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.text = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def send(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def wait_for(self, pattern, start=0):
        """Until it says @pattern after @start, or says nothing more for so many seconds (False). No guest can end the machine itself."""
        deadline = time.monotonic() + self.quiet
        while not re.search(pattern, self.text[max(start, len(self.text) - TAIL):]):
            if time.monotonic() > deadline:
                return False
            if not select.select([self.process.stdout], [], [], 1)[0]:
                continue
            more = os.read(self.process.stdout.fileno(), TAIL // 2)
            if not more:
                raise ToolError(f"QEMU ended with status {self.process.wait()}")
            self.text += more
            deadline = time.monotonic() + self.quiet
        return True

    def lines(self):
        return self.text.decode("latin1").replace("\r", "")
