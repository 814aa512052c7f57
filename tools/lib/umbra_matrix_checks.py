# SPDX-License-Identifier: GPL-2.0-or-later
"""What a row of the configuration matrix has checked once it has booted: one function a check, by its name in the file."""

import hashlib
import json
import os
import re
import subprocess
import sys

from umbra_common import SOURCE

sys.path.insert(0, str(SOURCE / "tests/system"))
import board  # noqa: E402
import umbra_card  # noqa: E402
import umbra_guest  # noqa: E402

BOOT_TIMEOUT = 240
# What works on files of a card: their contents are the same each time.
NEED_CARD = {"card", "stress"}
STRESSORS = "--cpu 1 --vm 1 --vm-bytes 16m --fork 1 --pipe 1 --switch 1 --mmap 1 --mmap-bytes 8m"
STRESS_SECONDS = 2  # of the board's clock, which counts its instructions: a minute of this computer's


class Failure(Exception):
    """What was expected did not happen."""


def make_card(row, folder):
    """A card with what the row's checks read from it."""
    folder.mkdir(parents=True, exist_ok=True)
    files = umbra_card.test_data(folder)
    if "stress" in row.checks:
        files["stress.cpio.gz"] = umbra_guest.build_guest()["stress.cpio.gz"]
    return umbra_card.create(folder / "card.img", files)


def config_value(folder, name):
    match = re.search(rf"^{name} := (.*)$", (folder / "auto.conf").read_text(encoding="utf-8"), re.M)
    return match[1].strip('"') if match else ""


def monitor_key(folder):
    return chr(int(config_value(folder, "CONFIG_MONITOR_ESCAPE"), 0))


def monitor(one, folder, command):
    """A monitor command's output, with the key of this configuration."""
    one.send(monitor_key(folder))
    one.expect(board.MONITOR_PROMPT)
    output = one.monitor_command(command)
    one.send(monitor_key(folder))
    one.expect(r"\[guest\]")
    return output


def check_shell(one, _folder):
    one.wait_for_shell(BOOT_TIMEOUT)
    if "armv7l" not in one.run("uname -m"):
        raise Failure("the shell does not answer `uname -m`")


def check_restart(one, folder):
    one.send(monitor_key(folder))
    one.expect(board.MONITOR_PROMPT)
    one.sendline("guest reset")
    one.wait_for_shell(BOOT_TIMEOUT)


def check_audit(one, folder):
    if "0 violations" not in monitor(one, folder, "guest audit").splitlines():
        raise Failure("the audit of the shadow found violations")
    if not re.search(r"^unrewritten\s+0\b", monitor(one, folder, "stats"), re.M):
        raise Failure("words trapped unrewritten")


def check_report(one, _folder):
    summary = one.expect(r"SUMMARY: (\d+) tests, (\d+) failed", BOOT_TIMEOUT)
    if int(summary[2]) or not int(summary[1]):
        raise Failure(f"the guest's report: {summary[0]}")


def check_utest(one, _folder):
    """Floating point, signals, faults, processes, threads, written code: tests/guest-user, as ARM and as Thumb code."""
    for isa in ("arm", "thumb"):
        output = one.run(f"utest-{isa}", timeout=600, status=None)
        if not re.search(r"utest: [1-9]\d* passed, 0 failed", output):
            raise Failure(f"utest-{isa}: {(output.strip().splitlines() or ['no output'])[-1]}")


def check_card(one, _folder):
    """8 MiB of the card by DMA, and the same 8 MiB after they were written to it."""
    wanted = hashlib.sha256(umbra_card.test_bytes()).hexdigest()
    one.run("card", timeout=120)
    for name in ("data.bin", "copy.bin"):
        if name != "data.bin":
            one.run(f"cp /mnt/data.bin /mnt/{name} && sync && echo 3 >/proc/sys/vm/drop_caches", timeout=300)
        if one.run(f"sha256sum /mnt/{name}", timeout=300).split()[0] != wanted:
            raise Failure(f"{name} on the card has another hash")
    one.run("umount /mnt")


def check_stress(one, _folder):
    """Debian's stress-ng, which verifies what it does, and nothing bad in the kernel's log."""
    one.run("card && mkdir /tmp/s && cd /tmp/s && zcat /mnt/stress.cpio.gz | cpio -id 2>/dev/null && umount /mnt", timeout=400)
    one.run("ln -s /tmp/s/lib/* /lib/ && cd /root")
    output = one.run(f"/tmp/s/usr/bin/stress-ng --verify {STRESSORS} --timeout {STRESS_SECONDS} 2>&1", timeout=600, status=None)
    if "successful run completed" not in output:
        raise Failure(f"stress-ng: {(output.strip().splitlines() or ['no output'])[-1]}")
    if re.search(r"Oops|BUG:|Internal error|Unhandled", one.run("dmesg")):
        raise Failure("stress-ng left a complaint in the kernel's log")


CHECKS = {"shell": check_shell, "restart": check_restart, "audit": check_audit, "report": check_report, "utest": check_utest, "card": check_card,
          "stress": check_stress}


def figures(row, folder, layout):
    """Measures the row's benchmarks on its image, natively beside it; one line of their slowdowns."""
    out = folder / "bench"
    words = [SOURCE / "tools/bench", "--no-build", "--layout", layout, "--output", out, *(word for name in row.bench for word in ("--only", name))]
    words += ["--path", row.path] if row.path else []
    words += ["--strategy", row.strategy] if row.strategy else []
    done = subprocess.run(words, env=dict(os.environ, UMBRA_BUILD=str(folder)), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          errors="replace", check=False)
    if done.returncode:
        raise Failure("tools/bench: " + " | ".join(done.stdout.strip().splitlines()[-3:]))
    measured = json.loads((out / "results.json").read_text(encoding="utf-8"))["benchmarks"]
    return ", ".join(f"{one['name']} {one['ratio']:.2f}" for one in measured)
