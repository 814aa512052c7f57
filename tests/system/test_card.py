# SPDX-License-Identifier: GPL-2.0-or-later
"""The whole boot chain from the SD card: ROM, MLO, U-Boot, boot.scr, then the kernel natively or Umbra with it."""

import hashlib
import re
import shutil

import pytest

import umbra_card
import umbra_machine
from board import MONITOR_PROMPT, UNHURRIED, layout
from umbra_common import SOURCE, build_dir, run


# As on the chip: U-Boot's SPL decides how much of the memory answers, and it takes 256 MiB.
CHIP_SIZE = ["-global", "omap3-sdrc.fitted-size=off"]


def boot_card(boot, image, words=()):
    """Counted time, because U-Boot gives the card a second to answer, which a busy computer may take from it."""
    return boot([*umbra_machine.card_boot(image), *UNHURRIED, *words], exact=False)


def skip_countdown(board):
    """Of two seconds: 500 million instructions that most tests can do without."""
    board.expect("Hit any key", 120)
    board.send(" ")
    board.expect(r"(=>|#) ", 30)
    board.sendline("boot")


def expect_u_boot(board, count=True):
    board.expect(r"U-Boot SPL 20", 60)
    board.expect(r"U-Boot 20", 60)
    board.expect(r"OMAP3630/3730", 60)
    board.expect(r"DRAM: +512 MiB", 60)
    board.expect(r"Beagle xM Rev C", 60)
    if not count:
        skip_countdown(board)
    board.expect(r"Executing script", 120)


def test_native(boot, card):
    """To a shell; a file written through the kernel's own driver is still there after a reboot of the board."""
    umbra_card.put_bytes(card, "native", b"x\n")
    board = boot_card(boot, card)
    expect_u_boot(board, count=False)
    board.expect("Starting kernel", 120)
    assert board.wait_for_shell(timeout=240) <= 12
    board.run("card", timeout=120)
    expected = board.run("seq 1 3000 | tee /mnt/written.txt | sha256sum && umount /mnt", timeout=120).split()[0]
    board.sendline("reboot")
    expect_u_boot(board, count=False)
    board.wait_for_shell(timeout=240)
    board.run("card", timeout=120)
    assert board.run("sha256sum /mnt/written.txt").split()[0] == expected
    board.run("umount /mnt")
    board.close()
    text = "".join(f"{i}\n" for i in range(1, 3001)).encode()
    assert umbra_card.get_bytes(card, "written.txt") == text
    assert hashlib.sha256(text).hexdigest() == expected


def readme_screen():
    """What README.md shows of a first start: its lines but for those left out."""
    text = (SOURCE / "README.md").read_text(encoding="utf-8").partition("What you see:\n\n```\n")[2].partition("```")[0]
    return [line.removesuffix(" ...") for line in text.splitlines() if line not in ("", "...")]


def like(line):
    """A pattern of such lines: numbers, the date and the version are another day's."""
    line = re.sub(r"\(\w{3} \d.*\)", "DATE", re.sub(r"Umbra \w+,", "Umbra VERSION,", line))
    line = re.escape(re.sub(r"0x[0-9a-f]+|\d+", "NUMBER", line))
    return line.replace("DATE", r"\(.*\)").replace("VERSION", r"\S+").replace("NUMBER", "[0-9a-fx]+")


def check_readme(board):
    """On the console of a board that has booted, and in what it says to the README's commands."""
    lines = readme_screen()
    command, monitor = (number for number, line in enumerate(lines) if line.endswith(("cpuinfo", "> stats")))
    boot, shell, stats = lines[:command], lines[command + 1:command + 3], lines[monitor + 1:]
    console = board.tail(100000)
    for line in boot:
        found = re.search(like(line), console)
        assert found, f"README.md shows {line!r}"
        console = console[found.end():]
    answer = board.run("cat /proc/cpuinfo").expandtabs()
    assert all(line.expandtabs() in answer for line in shell), answer
    answer = [re.split(r"\s{2,}", line) for line in board.monitor("stats").splitlines()]
    for line in stats:
        name, *_, meaning = re.split(r"\s{2,}", line)
        assert any(words[0] == name and words[-1] == meaning for words in answer), f"README.md shows {line!r}"


def test_umbra(boot, card):
    """U-Boot, Umbra's banner, the guest's kernel log, and its shell: what README.md shows."""
    board = boot_card(boot, card)
    expect_u_boot(board)
    board.expect(r"umbra: Umbra \S+", 120)
    board.expect(r"opens and closes the monitor", 10)
    board.expect(r"Linux version 6\.1", 120)
    board.wait_for_shell(timeout=400)
    assert "armv7l" in board.run("uname -m")
    assert "running" in board.monitor("guest list")
    check_readme(board)


def test_256_mib(boot, card):
    """The same card where U-Boot sets up half of the memory, as on the real board: Umbra and its guest are content with that."""
    board = boot_card(boot, card, CHIP_SIZE)
    board.expect(r"DRAM: +256 MiB", 120)
    skip_countdown(board)
    board.expect(r"umbra: RAM 256 MiB at 0x80000000; Umbra has 16 MiB from 0x8f000000", 240)
    board.expect(r"umbra: guest 0: 2\d\d MiB of memory, the layout's 480 are more than this board has", 30)
    board.wait_for_shell(timeout=400)
    assert 200 << 10 < int(re.search(r"MemTotal:\s+(\d+) kB", board.run("cat /proc/meminfo")).group(1)) < 240 << 10
    assert "0 violations" in board.monitor("guest audit").splitlines()


def test_swapped_layout(boot, card):
    """Another guest is another layout.dtb on the card, nothing else."""
    umbra_card.put(card, "layout.dtb", layout("linux-small"))
    board = boot_card(boot, card)
    skip_countdown(board)
    board.expect(r"umbra: Umbra \S+", 240)
    board.wait_for_shell(timeout=400)
    total = int(re.search(r"MemTotal:\s+(\d+) kB", board.run("cat /proc/meminfo")).group(1))
    assert total < 300 << 10

# name: (what is typed before `boot`, the choice from the menu, what U-Boot then says, the guest's memory)
CHOICES = {
    "number": (None, "2", "2:.linux-small", "0x80000000-0x87ffffff"),
    "none": (None, None, "1:.linux", "0x80000000-0x9dffffff"),
    "variable": ("setenv layout huge", None, r"boot\.scr: layouts/huge\.dtb is missing", None),
}


@pytest.mark.parametrize("name", CHOICES)
def test_several_layouts(boot, several_layouts, name):
    """The card's first layout starts by itself after a while; another one by its number, or as U-Boot's variable `layout`."""
    before, choice, message, memory = CHOICES[name]
    board = boot_card(boot, several_layouts)
    board.expect("Hit any key", 120)
    board.send(" ")
    board.expect(r"(=>|#) ", 30)
    board.sendline(f"{before}; boot" if before else "boot")
    if not before:
        board.expect(r"1:\s+linux\r*\n2:\s+linux-small\r*\nEnter choice:", 120)
    if choice:
        board.sendline(choice)
    board.expect(message, 120)
    if memory:
        board.expect(r"umbra: guest 0 starts", 240)
        assert memory in board.monitor("guest map")


def test_any_module_names(boot, card, tmp_path):
    """More than eight modules, numbers in sixteens and with gaps, and a blank in the name of a file."""
    edited = tmp_path / "layout.dtb"
    shutil.copyfile(layout("bare-metal"), edited)
    run(["fdtput", "-r", edited, "/chosen/module@0"])
    for number in ("0", "2", "3", "5", "9", "a", "b", "1f", "20", "100", "module"):
        node = f"/chosen/module@{number}"
        run(["fdtput", "-c", edited, node])
        run(["fdtput", "-t", "s", edited, node, "compatible", "multiboot,module"])
        run(["fdtput", "-t", "s", edited, node, "file", "my guest.bin" if number == "a" else "boot.scr"])
        if number == "a":
            run(["fdtput", "-t", "x", edited, node, "phandle", "77"])
    run(["fdtput", "-t", "x", edited, "/guest", "kernel", "77"])
    umbra_card.put(card, "layout.dtb", edited)
    umbra_card.put(card, "my guest.bin", build_dir() / "guests/flat.bin")
    board = boot_card(boot, card)
    skip_countdown(board)
    board.expect(r"SUMMARY: \d+ tests, 0 failed", 240)


# name: (file on the card, its new content or None to remove it, Umbra's message)
BAD_CARDS = {
    "no-layout": ("layout.dtb", None, r"umbra: .*layout"),
    "broken-layout": ("layout.dtb", bytes(4096), r"umbra: .*layout"),
    "no-initrd": ("initrd.gz", None, r'umbra: .*file "initrd\.gz" was not loaded'),
    "short-kernel": ("vmlinuz", bytes(64), r"umbra: .*vmlinuz"),
}


@pytest.mark.parametrize("name", BAD_CARDS)
def test_bad_card(boot, card, name):
    """What U-Boot cannot load reaches Umbra as such; Umbra names it and answers at its prompt."""
    file, data, message = BAD_CARDS[name]
    if data is None:
        umbra_card.delete(card, file)
    else:
        umbra_card.put_bytes(card, file, data)
    board = boot_card(boot, card)
    skip_countdown(board)
    board.expect(message, 240)
    board.expect(MONITOR_PROMPT, 30)
    assert "list the commands" in board.monitor_command("help")


def test_no_umbra_image(boot, card):
    """U-Boot says so and gives its own prompt or goes on searching; nothing hangs silently."""
    umbra_card.delete(card, "umbra.img")
    board = boot_card(boot, card)
    skip_countdown(board)
    board.expect(r"boot\.scr: umbra\.img cannot be started", 240)
