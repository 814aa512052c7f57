# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernels of configs/kernels.toml, natively and under Umbra on their CPU paths: the same checks, and what happens to those that cannot run."""

import re

import pytest

import umbra_kernel_report
import umbra_kernels
from board import Board, umbra_arguments, umbra_machine

KERNELS = umbra_kernels.load()
BOOT_TIMEOUT = 300
SILENCE = 60	# seconds of this computer's clock
LOADER_PROMPT = "BeagleBoard # "


def worlds():
    """Each kernel in each world."""
    for kernel in KERNELS.values():
        for world in ("native", *kernel.paths):
            yield pytest.param(kernel.kind, world, marks=[] if world in kernel.always else [pytest.mark.nightly], id=f"{kernel.kind}-{world}")


def arguments(ready, world, folder):
    """QEMU's words: the card is only a disk, but for a boot loader natively."""
    card = umbra_machine.card_boot(umbra_kernels.boot_card(ready, folder / "card.img")) if needs_card(ready) else []
    if world == "native":
        return umbra_kernels.native_arguments(ready) + card
    return umbra_arguments(f"kernel-{ready.kernel.kind}-{world}", ready.layout, ready.files, world) + card


def needs_card(ready):
    return bool(ready.kernel.loader)


def wait_until_up(board, ready):
    """Until the kernel's shell, if it has one. A boot loader is told at its prompt to go on: it counts seconds by reading a timer."""
    if ready.kernel.bare:
        return
    if needs_card(ready):
        board.expect("Hit any key", BOOT_TIMEOUT)
        board.send(" ")
        board.expect(LOADER_PROMPT, BOOT_TIMEOUT)
        board.sendline("boot")
    board.wait_for_shell(BOOT_TIMEOUT)


def check_shell(board, _ready):
    assert "armv7l" in board.run("uname -m")


def check_utest(board, _ready):
    for isa in ("arm", "thumb"):
        output = board.run(f"utest-{isa}", timeout=300, status=None)
        assert re.search(r"utest: (\d+) passed, 0 failed", output), output


def check_modules(board, _ready):
    for module in ("loop", "dummy", "ext4", "squashfs"):
        board.run(f"modprobe {module}", timeout=120)
    assert re.search(r"^squashfs\s", board.run("lsmod"), re.M)


def check_reboot(board, ready):
    board.sendline("reboot")
    wait_until_up(board, ready)


def check_report(board, _ready):
    summary = board.expect(r"SUMMARY: (\d+) tests, (\d+) failed", BOOT_TIMEOUT)
    assert int(summary[1]) > 0 and int(summary[2]) == 0, summary[0]


def check_selftests(board, _ready):
    log = board.run("dmesg", timeout=120)
    assert len(re.findall(r"^(?:.*: |)(?:\(.*\) |)PASSED", log, re.M)) > 5 and re.search(r"kprobes_test: pass:[1-9]\d* fail:0 ", log), log
    assert not re.search(r"FAILED|^\s*not ok|BUG:|WARNING:|Oops", log, re.M), log


CHECKS = {"shell": check_shell, "selftests": check_selftests, "utest": check_utest, "modules": check_modules, "reboot": check_reboot, "report": check_report}


def run_checks(board, ready):
    wait_until_up(board, ready)
    for check in ready.kernel.checks:
        CHECKS[check](board, ready)


def run_expected(board, ready, world, expected):
    if expected == "silent":
        board.expect_not(".", SILENCE)
    elif expected != "boots":
        board.expect(expected.partition(": ")[2], BOOT_TIMEOUT)
    else:
        run_checks(board, ready)
        if world != "native":
            assert "0 violations" in board.monitor("guest audit").splitlines()
            assert re.search(r"^unrewritten\s+0\b", board.monitor("stats"), re.M)


@pytest.mark.parametrize("kind, world", worlds())
def test_kernel(tmp_path, kind, world):
    ready = umbra_kernels.prepare(kind)
    expected = ready.kernel.native if world == "native" else ready.kernel.guest
    with umbra_kernel_report.recorded(ready, world, expected), Board(f"kernel-{kind}-{world}", arguments(ready, world, tmp_path)) as board:
        run_expected(board, ready, world, expected)
