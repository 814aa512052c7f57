# SPDX-License-Identifier: GPL-2.0-or-later
"""Other configurations: what they change still works."""

import os
import re
import subprocess

import pytest

from board import PROMPT, built_strategies, umbra_arguments
from test_guests import results
from test_paths import healthy, use
from umbra_common import SOURCE, build_dir
from umbra_difftest_run import Umbra


def make(folder, *arguments, **environment):
    """make with its output in @folder; everything it said on failure."""
    done = subprocess.run(["make", "-j2", f"O={folder}", *arguments], cwd=SOURCE, env=dict(os.environ, **environment),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


def image_with(folder, was, wanted):
    """An umbra.img made in @folder with one line of its configuration another one."""
    assert make(folder, "beagle-xm_defconfig")[0] == 0
    config = (folder / ".config").read_text(encoding="ascii")
    assert was in config
    (folder / ".config").write_text(config.replace(was, wanted), encoding="ascii")
    status, text = make(folder, "all")
    assert status == 0, text
    return folder / "umbra.img"


@pytest.fixture(scope="module")
def slow_image():
    """Umbra without fast exits: every exit takes the one general way. It is the image of test_difftest.py."""
    side = Umbra("trap", fast=False)
    side.build()
    return side.folder / "umbra.img"


@pytest.mark.parametrize("guest", ["modes", "user", "vectors", "exclusive"])
def test_general_way(boot, native_reports, slow_image, guest):
    """The same reports as natively, so fast exits and the general way mean the same (test_guests.py runs the fast ones; see
    test_difftest.py for random programs)."""
    folder = build_dir() / "guests"
    native, _, failed = native_reports.results(guest)
    assert failed == 0
    arguments = umbra_arguments(f"slow-{guest}", "bare-metal", {"guest.bin": folder / f"{guest}.bin"})
    arguments[arguments.index("-kernel") + 1] = slow_image
    board = boot(arguments)
    virtual, _, failed = results(board)
    assert failed == 0 and virtual == native
    assert re.search(r"^unrewritten\s+0\b", board.monitor("stats"), re.M)


@pytest.mark.nightly
def test_fewest_code_pages(boot, tmp_path):
    """Debian boots with the fewest copies of code pages that can be configured. Most copies that had to make room are made again without a scan, so
    that scans are not what it does."""
    arguments = umbra_arguments("fewest-code-pages")
    arguments[arguments.index("-kernel") + 1] = image_with(tmp_path / "fewest", "CONFIG_CODE_PAGES=1792", "CONFIG_CODE_PAGES=64")
    board = boot(arguments)
    board.expect(PROMPT, 400)
    board.sendline("while :; do ls -lR /bin /proc/self >/dev/null; done 2>/dev/null")
    board.expect_not(PROMPT, 5)
    assert "most of the last second is scanning" not in board.monitor("stats")
    scanned, again = map(int, re.search(r"code pages: (\d+) scanned.* (\d+) made again", board.monitor("guest dump")).groups())
    assert again > 10 * scanned
    assert "0 violations" in board.monitor("guest audit")


@pytest.fixture(scope="module")
def least_image(tmp_path_factory):
    """Umbra with the least of everything: copies, stubs, roots, tables."""
    folder = tmp_path_factory.mktemp("least")
    assert make(folder, "beagle-xm_defconfig", "least-pools.config")[0] == 0
    status, text = make(folder, "all")
    assert status == 0, text
    return folder / "umbra.img"


@pytest.mark.nightly
@pytest.mark.parametrize("path", ["trap", "inline"])
@pytest.mark.parametrize("strategy", built_strategies())
def test_least_pools(boot, least_image, strategy, path):
    """Debian boots and passes its tests when every pool is at its minimum, and all of them had to make room."""
    arguments = umbra_arguments(f"least-{strategy}-{path}", path=path, strategy=strategy)
    arguments[arguments.index("-kernel") + 1] = least_image
    board = boot(arguments)
    board.wait_for_shell(timeout=900)
    use(board)
    for isa in ("arm", "thumb"):
        assert ", 0 failed" in board.run(f"utest-{isa}", timeout=900, status=None)
    assert board.run("i=0; while [ $i -lt 40 ]; do (ls -lR /bin /sbin | sha256sum) >/dev/null & i=$((i + 1)); done; wait; echo $i", timeout=900).strip() == "40"
    log = board.run("dmesg")
    assert not re.search(r"Oops|BUG:|Internal error|Unhandled", log), log[-3000:]
    dump = board.monitor("guest dump")
    reclaims, taken = map(int, re.search(r"reclaims (\d+), roots taken (\d+)", dump).groups())
    again = int(re.search(r" (\d+) made again", dump).group(1))
    assert reclaims > 100 and taken > 100 and again > 100, dump
    healthy(board)


@pytest.fixture(scope="module")
def interp_image(tmp_path_factory):
    """Umbra with the path that rewrites nothing, alone: no code pages, no copies."""
    folder = tmp_path_factory.mktemp("interp")
    assert make(folder, "beagle-xm_defconfig", "interp.config")[0] == 0
    status, text = make(folder, "all")
    assert status == 0, text
    return folder / "umbra.img"


def test_interpreter_alone(boot, interp_image):
    """What User mode executes is the guest's own memory, also where that is elsewhere in the host's."""
    folder = build_dir() / "guests"
    files = {"guest.bin": folder / "modes.bin", "guest1.bin": folder / "oldkernel.bin"}  # which has helpers for User mode beside its vectors
    arguments = umbra_arguments("interp-alone", "bare-duo", files, "interp")
    arguments[arguments.index("-kernel") + 1] = interp_image
    board = boot(arguments)
    lines, tests, failed = results(board)
    assert tests > 0 and failed == 0, lines
    board.open_monitor()
    board.sendline("console 1 history")
    lines, tests, failed = results(board)
    assert tests > 0 and failed == 0, lines
    board.open_monitor()
    assert all("0 violations" in board.monitor_command(f"guest {name} audit").splitlines() for name in "01")
