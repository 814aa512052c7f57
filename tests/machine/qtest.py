# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the machine without a processor (QEMU's qtest) so that a test can use its registers as a driver would."""

import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
QEMU = os.path.join(os.environ.get("UMBRA_BUILD") or os.path.join(ROOT, "build"), "qemu-system-arm")


class Machine:
    """One beagle-xm. Addresses are physical; time advances only in step()."""

    def __init__(self, *arguments, log=None):
        command = [QEMU, "-M", "beagle-xm", "-accel", "qtest", "-display", "none", "-nic", "none",
                   "-serial", "null", "-qtest", "stdio", "-qtest-log", "none"]
        if log:
            command += ["-d", "unimp,guest_errors", "-D", str(log)]
        self.process = subprocess.Popen(command + list(arguments), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.terminate()
        self.process.wait(timeout=10)

    def command(self, text):
        """Sends one qtest command and returns the words of its answer; interrupt reports in between are skipped."""
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()
        while True:
            line = self.process.stdout.readline()
            if not line:
                raise RuntimeError("the machine ended: " + self.process.stderr.read())
            words = line.split()
            if words[0] == "IRQ":
                continue
            if words[0] != "OK":
                raise RuntimeError(text + ": " + line)
            return words[1:]

    def read(self, address):
        return int(self.command(f"readl {address:#x}")[0], 0)

    def write(self, address, value):
        self.command(f"writel {address:#x} {value & 0xffffffff:#x}")

    def load(self, address, data):
        self.command(f"write {address:#x} {len(data)} 0x{data.hex()}")

    def dump(self, address, size):
        return bytes.fromhex(self.command(f"read {address:#x} {size}")[0][2:])

    def step(self, nanoseconds):
        self.command(f"clock_step {nanoseconds}")
