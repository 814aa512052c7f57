# SPDX-License-Identifier: GPL-2.0-or-later
"""What only Umbra does: the monitor, restart and power-off of the guest, the host that stays up."""

import hashlib
import re
import time

import pytest

import umbra_card
import umbra_machine
from board import MONITOR_KEY, PROMPT, Board, umbra_arguments

PATTERN = b"umbra-test: this must not survive a restart of the guest;"


@pytest.fixture(scope="module")
def umbra(card_image, tmp_path_factory):
    """One board for the whole file; the tests leave the guest at its shell."""
    card = umbra_card.copy(card_image, tmp_path_factory.mktemp("umbra") / "card.img")
    with Board("umbra", umbra_arguments("umbra") + umbra_machine.card_boot(card), breaks=True) as board:
        board.started_after = int(board.expect(r"guest \S+ starts at 0x\w+ after (\d+) ms", 60).group(1))
        board.wait_for_shell(timeout=240)
        yield board


def test_ready_in_half_a_second(umbra):
    assert umbra.started_after <= 500


def test_memory_use(umbra):
    """At most 32 MiB beside a guest of 480 MiB."""
    text = umbra.log.read_bytes().decode("latin1")
    assert int(re.search(r"Umbra has (\d+) MiB", text).group(1)) <= 32
    assert "480 MiB" in umbra.monitor("guest list")


def test_monitor_commands(umbra):
    umbra.open_monitor()
    assert "list the commands" in umbra.monitor_command("help")
    assert re.search(r"\brunning\b", umbra.monitor_command("guest list"))
    assert re.search(r"TTBR0 \w+", umbra.monitor_command("guest dump"))
    assert re.search(r"^total\s+\d+\s+\d+", umbra.monitor_command("stats"), re.M)
    assert "Umbra" in umbra.monitor_command("log")
    assert "unknown command" in umbra.monitor_command("no-such-command")
    assert "usage" in umbra.monitor_command("guest no-such-verb")
    umbra.send(MONITOR_KEY)
    umbra.expect(r"\[guest\]")
    umbra.sendline()
    umbra.expect(PROMPT)


def test_escape_key_reaches_the_guest(umbra):
    umbra.sendline("stty -icanon -echo; echo go''ing; dd bs=1 count=1 2>/dev/null | hexdump -C | head -n 1; stty sane")
    umbra.expect("going")
    umbra.monitor("guest escape")
    umbra.expect(r"00000000  1d ")
    umbra.expect(PROMPT)


def test_break_is_sysrq(umbra):
    """From the line, and from the monitor for terminals that cannot send one."""
    umbra.send_break()
    umbra.send("h")
    umbra.expect(r"sysrq: HELP : ")
    umbra.open_monitor()
    umbra.send("guest break\rh")  # at once: the kernel waits five of its seconds, which idle ones pass in no time
    umbra.expect(r"sysrq: HELP : ")
    umbra.sendline()
    umbra.expect(PROMPT)


def test_long_paste_arrives(umbra):
    """100,000 characters at once: more than any buffer on the way holds."""
    text = "".join(f"{i:09}\n" for i in range(10000))
    umbra.sendline("stty raw -echo; echo rea''dy; head -c 100000 | sha256sum; stty sane")
    umbra.expect("ready")
    umbra.send(text)
    umbra.expect(hashlib.sha256(text.encode()).hexdigest(), 120)
    umbra.expect(PROMPT)


def exits(board):
    return int(re.search(r"^total\s+(\d+)", board.monitor_command("stats"), re.M).group(1))


def test_guest_runs_on_behind_the_monitor(umbra):
    umbra.run("(while :; do cat /proc/uptime >/tmp/now; done) & echo $! >/tmp/job")
    umbra.open_monitor()
    before = exits(umbra)
    time.sleep(1)
    assert exits(umbra) > before + 1000
    umbra.send(MONITOR_KEY)
    umbra.expect(r"\[guest\]")
    umbra.run("kill $(cat /tmp/job)")


def test_other_exits_are_rare(umbra):
    stats = dict(re.findall(r"^(\w+)\s+(\d+)\s", umbra.monitor("stats"), re.M))
    assert int(stats.get("OTHER", 0)) < 0.01 * int(stats["total"])


def test_slow_exits_have_a_cost(umbra):
    """Each slow exit has one cause, which counted at least one event, and took hundreds of instructions."""
    rows = re.findall(r"^(\w+) +(\d+) +\d+ +(\d+) +(\d+) +(\d+)  ", umbra.monitor("stats"), re.M)
    costs = {name: [int(word) for word in words] for name, *words in rows}
    total = costs.pop("total")
    assert total == [sum(words[0] for words in costs.values()), *(sum(words[i] for words in costs.values()) for i in (1, 2)), total[3]]
    for events, exits, instructions, mean in costs.values():
        assert exits <= events and mean == (instructions // exits if exits else 0)
    # An interrupt that comes while a page is interpreted is an event of that exit; those of the paste above bring a hundred characters each.
    assert costs["IRQ"][1] > 100 and costs["IRQ"][0] - costs["IRQ"][1] < 0.05 * costs["IRQ"][0] and 100 < costs["IRQ"][3] < 20000
    assert 100 < total[3] < 10000


def find_pattern(board):
    """How often the pattern stands in the board's RAM."""
    dump = board.folder / "memory"
    board.qmp("pmemsave", val=0x80000000, size=0x1F000000, filename=str(dump))
    count = dump.read_bytes().count(PATTERN)
    dump.unlink()
    return count


def restart(board, command):
    """Start the restart and wait for the new shell."""
    command(board)
    board.expect(r"guest \S+: reset: ", 60)
    board.wait_for_shell(timeout=240)


def test_reboot_clears_memory(umbra):
    word = PATTERN.decode()
    umbra.run(f"A='{word[:30]}'; B='{word[30:]}'; i=0; while [ $i -lt 2000 ]; do echo \"$A$B\"; i=$((i+1)); done >/tmp/pattern", timeout=120)
    assert find_pattern(umbra) > 1000
    restart(umbra, lambda board: board.sendline("reboot"))
    assert find_pattern(umbra) == 0
    assert "tmp/pattern" not in umbra.run("ls /tmp/pattern 2>&1", status=None).replace("ls: /tmp/pattern", "")


def test_reboot_under_dma(umbra):
    """The card's DMA is running when the guest goes down at once; the new guest is not hurt by it."""
    umbra.run("card", timeout=120)
    umbra.sendline("while :; do dd if=/dev/mmcblk0 of=/dev/null bs=1M count=64 iflag=direct 2>/dev/null || break; done & sleep 1; reboot -f")
    umbra.expect(r"guest \S+: reset: ", 120)
    umbra.wait_for_shell(timeout=240)
    umbra.run("utest-arm", timeout=300)
    umbra.run("card && sha256sum /mnt/data.bin && umount /mnt", timeout=300)


def test_monitor_reset(umbra):
    umbra.open_monitor()
    umbra.sendline("guest reset")
    umbra.wait_for_shell(timeout=240)
    assert umbra.run("echo alive").strip() == "alive"


def test_kernel_panic_restarts_or_stops(umbra):
    """A guest that panics hurts nobody: with panic=1 it asks for a reset after a second."""
    umbra.sendline("echo 1 >/proc/sys/kernel/panic; echo c >/proc/sysrq-trigger")
    umbra.expect("Kernel panic", 60)
    umbra.expect(r"guest \S+: reset: ", 120)
    umbra.wait_for_shell(timeout=240)


def test_poweroff_and_start(umbra):
    umbra.sendline("poweroff")
    umbra.expect(r"guest \S+: powered off", 120)
    umbra.expect("umbra> ", 60)
    assert re.search(r"\boff\b|\bstopped\b", umbra.monitor_command("guest list"))
    umbra.sendline("guest start")
    umbra.wait_for_shell(timeout=240)
    assert umbra.run("echo alive").strip() == "alive"


def test_still_exact(umbra):
    """After all of the above."""
    assert re.search(r"^unrewritten\s+0\b", umbra.monitor("stats"), re.M)
    assert "0 violations" in umbra.monitor("guest audit").splitlines()
