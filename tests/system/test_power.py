# SPDX-License-Identifier: GPL-2.0-or-later
"""Sleep, alarm, watchdog, clocks and SysRq of Debian's kernel: the same natively and under Umbra (nightly)."""

import re

import pytest

import feature_guest
from test_linux import BAD_MESSAGES

pytestmark = pytest.mark.nightly
SLEEP = 5	# seconds of the guest
results = {}


@pytest.fixture(scope="module", params=feature_guest.WORLDS)
def linux(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("power")
    files = feature_guest.guest_files(folder, lambda archive: feature_guest.add_program(archive, folder, "clock", "-D_FILE_OFFSET_BITS=64"))
    with feature_guest.booted("power", request.param, files, breaks=True) as board:
        board.wait_for_shell(timeout=300)
        yield board


def same(board, what, value):
    """As natively, which comes first."""
    assert results.setdefault(what, value) == value, f"{board.world}: {what}"


def messages(board):
    """The kernel's, since the last time, without their times."""
    return [re.sub(r"^\[ *[0-9.]+\] ", "", line) for line in board.run("dmesg -c").splitlines()]


def test_hwclock(linux):
    """What is written into the power chip's clock is there, and goes on."""
    linux.run("date -s '2026-05-04 03:02:01' && hwclock -u -w")
    assert linux.run("sleep 2; hwclock -u").startswith("Mon May  4 03:02:0")


def test_suspend_until_the_alarm(linux):
    messages(linux)
    slept = linux.run(f"cd /sys/class/rtc/rtc0; echo 0 >wakealarm; a=$(cat since_epoch); echo +{SLEEP} >wakealarm; echo mem >/sys/power/state; "
                      "b=$(cat since_epoch); cd /root; echo $((b-a))", status=None)
    assert SLEEP - 1 <= int(slept.split()[-1]) <= SLEEP + 1
    said = messages(linux)
    assert said[0] == "PM: suspend entry (deep)" and said[-1] == "PM: suspend exit"
    assert not [line for line in said if BAD_MESSAGES.search(line)]
    same(linux, "messages of a suspend", [re.sub(r"[0-9.]+ seconds", "", line) for line in said])


def test_suspend_to_idle(linux):
    linux.run(f"cd /sys/class/rtc/rtc0; echo 0 >wakealarm; echo +{SLEEP} >wakealarm; echo freeze >/sys/power/state; cd /root", timeout=120)
    assert messages(linux)[-1] == "PM: suspend exit"


def test_console_does_not_sleep_by_itself(linux):
    """Its driver has it in use for ever, so it sleeps with the system only (above), whatever it is told."""
    text = linux.run("cd /sys/class/tty/ttyO2/device/power; echo auto >control; echo 100 >autosuspend_delay_ms; sleep 2; cat runtime_status runtime_suspended_time; "
                     "echo on >control; cd /root", status=None)
    same(linux, "the console at rest", [line for line in text.splitlines() if line])


def test_sysrq(linux):
    """BREAK on the console's line and a key. The monitor's way is in test_umbra.py."""
    linux.send_break()
    linux.send("h")
    linux.sendline()
    assert linux.run("dmesg -c | grep -c 'sysrq: HELP'").strip() == "1"


def clock(board):
    nanoseconds, ticks = map(int, re.search(r"clock: (\d+) (\d+)", board.run("clock")).groups())
    return nanoseconds, ticks


def test_clock_of_ten_minutes(linux):
    """CLOCK_MONOTONIC against the board's 32 kHz counter, busy for three seconds of ten minutes."""
    start = clock(linux)
    linux.run("timeout 3 sh -c 'while :; do :; done'; sleep 597", timeout=900, status=None)
    end = clock(linux)
    by_counter = ((end[1] - start[1]) % (1 << 32)) * 1e9 / 32768
    drift = (end[0] - start[0] - by_counter) / 1e6
    print(f"{linux.world}: {by_counter / 1e9:.3f} s, CLOCK_MONOTONIC {drift:+.3f} ms")
    assert by_counter >= 599e9 and abs(drift) < 1


IDLE = 10	# seconds
IDLE_SLOW = 200	# exits in a second that leave the window, at most


def test_idle_guest_leaves_the_processor(linux):
    """Its kernel has nothing to do and waits by WFI, and a wait lasts: if it came back at once there would be thousands in a second."""
    before = exits(linux)
    text = linux.run(f"cat /proc/uptime; sleep {IDLE}; cat /proc/uptime")
    after = exits(linux)
    (up, idle), (up_then, idle_then) = (map(float, line.split()) for line in text.splitlines())
    share = (idle_then - idle) / (up_then - up)
    print(f"{linux.world}: {100 * share:.1f} % idle")
    assert share > 0.9
    if linux.world == "native":
        return
    events, slow = ((after["total"][i] - before["total"][i]) / IDLE for i in (0, 1))
    waits = (after["SITE_WFI"][0] - before["SITE_WFI"][0]) / IDLE
    print(f"{linux.world}: {events:.0f} exits in a second of an idle guest, {slow:.0f} of them slow, {waits:.0f} waits")
    assert slow < IDLE_SLOW and waits >= 1


def exits(board):
    """{cause: (events, those that left the window)}"""
    if board.world == "native":
        return {}
    rows = re.findall(r"^(\w+) +(\d+) +\d+ +(\d+)", board.monitor("stats"), re.M)
    return {name: (int(events), int(slow)) for name, events, slow in rows}


def test_watchdog_resets_the_guest(linux):
    """Opened and left alone: the whole board natively, of Umbra's guests that one."""
    assert feature_guest.is_healthy(linux)
    linux.run("modprobe omap_wdt")
    linux.sendline("exec 3>/dev/watchdog; sleep 1000")
    linux.wait_for_shell(timeout=400)
    assert float(linux.run("cat /proc/uptime").split()[0]) < 30
    if linux.world != "native":
        assert re.search(r"^\S+ +running .* 1 .*watchdog", linux.monitor("guest list"), re.M)
    assert feature_guest.is_healthy(linux)
