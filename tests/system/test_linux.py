# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's unmodified kernel, natively and under Umbra: the same tests of its shell, devices and user space in both."""

import hashlib
import re

import pytest

import feature_guest
import umbra_card
import umbra_debian
import umbra_guest
from board import PROMPT, SERIAL, SERIAL_RESET, Board, SerialBoard, native_arguments, umbra_arguments, umbra_machine
from feature_guest import TRACING

# What the kernel must not say on a healthy board. `failed` alone is too wide: SmartReflex has no voltage table anywhere.
BAD_MESSAGES = re.compile(r"timed? ?out|reset failed|failed to reset|[Ss]purious|_wait_target_ready|Unhandled|Oops|BUG:|"
                          r"WARNING:|panic|Internal error|nobody cared|softlockup|rcu.*stall|I/O error", re.I)

PROBES = 30


@pytest.fixture(scope="module", params=["board"] if SERIAL else ["native", "trap", "inline"])
def linux(request, card_image, tmp_path_factory):
    """A booted guest with the card in its slot, one for all tests of this file in each world."""
    if SERIAL:
        with SerialBoard("linux-board", SERIAL, SERIAL_RESET) as board:
            board.world = "board"
            board.seconds = board.wait_for_shell(timeout=600)
            yield board
        return
    card = umbra_card.copy(card_image, tmp_path_factory.mktemp("linux") / "card.img")
    arguments = native_arguments() if request.param == "native" else umbra_arguments(f"linux-{request.param}", path=request.param)
    with Board(f"linux-{request.param}", arguments + umbra_machine.card_boot(card)) as board:
        board.world = request.param
        board.seconds = board.wait_for_shell(timeout=240)
        yield board


def test_kernel_is_the_packages():
    """Nobody may improve the guest: it is byte for byte what Debian ships."""
    kernel, _ = umbra_guest.kernel_files(umbra_debian.fetch_all()["kernel"])
    ours = umbra_guest.build_guest()["vmlinuz"]
    assert hashlib.sha256(ours.read_bytes()).digest() == hashlib.sha256(kernel.read_bytes()).digest()


def test_boots(linux):
    assert "6.1" in linux.run("uname -a") and "armv7l" in linux.run("uname -m")
    if linux.world == "native":
        assert linux.seconds <= 6


def test_cpuinfo(linux):
    text = linux.run("cat /proc/cpuinfo")
    assert re.search(r"CPU part\s*: 0xc08", text) and re.search(r"CPU variant\s*: 0x3", text), text
    assert re.search(r"Features\s*:.*\bneon\b", text), text
    assert "OMAP36xx" in text


def test_pipeline(linux):
    assert linux.run("seq 1 2000 | grep 7 | sort -n | tail -n 1").strip() == "1997"
    assert linux.run("seq 1 1000 | sha256sum").split()[0] == \
        hashlib.sha256("".join(f"{i}\n" for i in range(1, 1001)).encode()).hexdigest()


def test_fork_exec_loop(linux):
    assert linux.run("i=0; while [ $i -lt 60 ]; do /bin/true && i=$((i+1)); done; echo $i", timeout=120).strip() == "60"


def test_job_control(linux):
    """Ctrl-C and Ctrl-Z reach the program in the foreground. It waits for input, not for time, which is skipped here."""
    for key, answer in (("\x03", r"\^C"), ("\x1a", r"\[1\]\+\s+Stopped")):
        # The answer comes from the program's own process: it is in the foreground by then, or the key would hit the shell.
        linux.sendline("sh -c 'expr 40 + 2; exec cat >/dev/null'")
        linux.expect(r"\n42\r*\n")
        linux.sendline("not a command")
        linux.expect(r"not a command\r*\n")
        linux.send(key)
        linux.expect(answer)
        linux.expect(PROMPT)
    assert "cat" in linux.run("jobs")
    linux.run("kill %1; wait %1", status=None)


@pytest.mark.parametrize("isa", ["arm", "thumb"])
def test_user_space(linux, isa):
    """Floating point, NEON, signals, faults, fork and exec, threads, written code: see tests/guest-user."""
    output = linux.run(f"utest-{isa}", timeout=300, status=None)
    assert re.search(r"utest: (\d+) passed, 0 failed", output), output
    assert f"instruction set: {'ARM' if isa == 'arm' else 'Thumb-2'}" in output


def test_modules(linux):
    modules = ["omap_hsmmc", "loop", "dummy", "ext4", "tun", "zram", "squashfs"]
    for module in modules:
        linux.run(f"modprobe {module}", timeout=120)
    loaded = linux.run("lsmod")
    assert all(re.search(rf"^{module}\s", loaded, re.M) for module in modules), loaded
    linux.run("ip link add dummy9 type dummy && ip link set dummy9 up && ip addr add 10.9.9.9/24 dev dummy9")
    linux.run("ping -c 1 10.9.9.9 >/dev/null || busybox ping -c 1 10.9.9.9")
    linux.run("ip link del dummy9; rmmod dummy")


def test_filesystem_on_loop(linux):
    linux.run("dd if=/dev/zero of=/tmp/disk bs=1M count=8 2>/dev/null && mke2fs -F /tmp/disk >/dev/null", timeout=120)
    linux.run("mkdir -p /tmp/m && mount -o loop /tmp/disk /tmp/m && echo works >/tmp/m/file && umount /tmp/m", timeout=120)
    assert linux.run("mount -o loop /tmp/disk /tmp/m && cat /tmp/m/file; umount /tmp/m; rm /tmp/disk").strip() == "works"


def test_card_by_dma(linux, card_image):
    """The package's own omap_hsmmc reads 8 MiB from the passed-through card, and what it writes can be read back."""
    linux.run("card", timeout=120)
    expected = hashlib.sha256(umbra_card.get_bytes(card_image, "data.bin")).hexdigest()
    assert linux.run("sha256sum /mnt/data.bin", timeout=300).split()[0] == expected
    linux.run("cp /mnt/data.bin /mnt/copy.bin && sync && echo 3 >/proc/sys/vm/drop_caches", timeout=300)
    assert linux.run("sha256sum /mnt/copy.bin", timeout=300).split()[0] == expected
    dma = linux.run("grep -i dma /proc/interrupts")
    assert re.search(r"\s[1-9]\d*\s.*dma", dma, re.I), f"no DMA interrupt was counted: {dma}"
    linux.run("umount /mnt")


def test_gpio_board_id(linux):
    """GPIO 171 to 173 say xM revision C."""
    linux.run("mount -t debugfs none /sys/kernel/debug 2>/dev/null; true")
    assert "gpiochip" in linux.run("ls /sys/class/gpio /sys/bus/gpio/devices")


def test_idle(linux):
    """An idle guest sleeps instead of spinning: the idle counter goes up with the time."""
    up, idle = (float(word) for word in linux.run("cat /proc/uptime").split())
    linux.run("sleep 5")
    up2, idle2 = (float(word) for word in linux.run("cat /proc/uptime").split())
    assert idle2 - idle > 0.6 * (up2 - up)


def test_suspend_until_the_alarm(linux):
    """By the power chip's clock; the console is down meanwhile. test_power.py (nightly) has more of that kind."""
    # In one go: while nothing is typed the guest's idle time is skipped, and the alarm would be over before the sleep begins.
    slept = linux.run("cd /sys/class/rtc/rtc0; echo 0 >wakealarm; a=$(cat since_epoch); echo +3 >wakealarm; echo mem >/sys/power/state; "
                      "b=$(cat since_epoch); cd /root; echo $((b-a))", status=None)
    assert 2 <= int(slept.split()[-1]) <= 4
    assert "PM: suspend exit" in linux.run("dmesg | tail -n 1")


def test_probes(linux):
    """Probes around sensitive instructions of the kernel while it works; test_features.py (nightly) sets hundreds."""
    linux.run(f"mount -t tracefs none {TRACING}")
    addresses = " ".join(f"{address:x}" for address in feature_guest.probe_addresses(PROBES))
    taken = linux.run(f"for a in {addresses}; do echo p:u/p_$a 0x$a 2>/dev/null >>{TRACING}/kprobe_events && echo $a; done", status=None)
    assert len(taken.split()) > PROBES / 4
    linux.run(f"echo 1 >{TRACING}/events/u/enable; seq 1 200 | sort -n >/dev/null; ls -lR /bin /proc/self >/dev/null 2>&1", status=None)
    linux.run(f"echo 0 >{TRACING}/events/u/enable; echo >{TRACING}/kprobe_events; umount {TRACING}")
    assert linux.run("seq 1 2000 | sort -n | tail -n 1").strip() == "2000"


def test_kernel_log_is_clean(linux):
    """After everything above."""
    log = linux.run("dmesg", timeout=60)
    bad = [line for line in log.splitlines() if BAD_MESSAGES.search(line)]
    assert not bad, "\n".join(bad)


def test_unpredictable_counter_is_zero(linux):
    """Invariants 2 and 3, after everything above: no unrewritten UNPREDICTABLE instruction, no entry that grants too much."""
    if linux.world != "native":
        stats = linux.monitor("stats")
        match = re.search(r"^unrewritten\s+(\d+)", stats, re.M)
        assert match and int(match.group(1)) == 0, stats
        assert "0 violations" in linux.monitor("guest audit").splitlines(), stats
