# SPDX-License-Identifier: GPL-2.0-or-later
"""Other configurations: what they change still works."""

import os
import re
import subprocess

import pytest

from board import umbra_arguments
from test_guests import results
from umbra_common import SOURCE, build_dir


def make(folder, *arguments, **environment):
    """make with its output in @folder; everything it said on failure."""
    done = subprocess.run(["make", "-j2", f"O={folder}", *arguments], cwd=SOURCE, env=dict(os.environ, **environment),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


@pytest.fixture(scope="module")
def slow_image(tmp_path_factory):
    """Umbra without fast exits: every exit takes the one general way."""
    folder = tmp_path_factory.mktemp("slow")
    assert make(folder, "beagle-xm_defconfig")[0] == 0
    config = (folder / ".config").read_text(encoding="ascii")
    assert "CONFIG_FAST_EXITS=y" in config
    (folder / ".config").write_text(config.replace("CONFIG_FAST_EXITS=y", "# CONFIG_FAST_EXITS is not set"), encoding="ascii")
    status, text = make(folder, "all")
    assert status == 0, text
    return folder / "umbra.img"


@pytest.mark.parametrize("guest", ["modes", "user", "vectors"])
def test_general_way(boot, slow_image, guest):
    """The same reports as natively, so fast exits and the general way mean the same (test_guests.py runs the fast ones; see
    test_difftest.py for random programs)."""
    folder = build_dir() / "guests"
    native, _, failed = results(boot(["-kernel", folder / f"{guest}.uimg"]))
    assert failed == 0
    arguments = umbra_arguments(f"slow-{guest}", "bare-metal", {"guest.bin": folder / f"{guest}.bin"})
    arguments[arguments.index("-kernel") + 1] = slow_image
    board = boot(arguments)
    virtual, _, failed = results(board)
    assert failed == 0 and virtual == native
    assert re.search(r"^unrewritten\s+0\b", board.monitor("stats"), re.M)


PATHS = ("trap", "inline", "interp")


def only_path(folder, path):
    """The smallest configuration with that CPU path: allnoconfig, the path, and what a bare-metal guest's layout names."""
    wanted = [f"CONFIG_CPU_PATH_{path.upper()}=y", *re.findall(r"^CONFIG_EMU\w+=y$", (build_dir() / ".config").read_text(), re.M)]
    status, text = make(folder, "allnoconfig")
    assert status == 0, text
    config = (folder / ".config").read_text(encoding="ascii")
    for line in wanted:
        config = config.replace(f"# {line.removesuffix('=y')} is not set", line)
    (folder / ".config").write_text(config, encoding="ascii")
    status, text = make(folder, "olddefconfig")
    assert status == 0, text
    config = (folder / ".config").read_text(encoding="ascii")
    assert [name for name in PATHS if f"CONFIG_CPU_PATH_{name.upper()}=y" in config] == [path], config
    status, text = make(folder, "all")
    assert status == 0, text
    return folder / "umbra.img"


@pytest.mark.parametrize("path", PATHS)
def test_one_path_alone(boot, tmp_path, path):
    """Each path is enough by itself; a layout that names another one is told what there is and what would build it."""
    image = only_path(tmp_path, path)
    folder = build_dir() / "guests"
    files = {"guest.bin": folder / "user.bin"}
    native, _, failed = results(boot(["-kernel", folder / "user.uimg"]))
    assert failed == 0
    arguments = umbra_arguments(f"alone-{path}", "bare-metal", files)
    arguments[arguments.index("-kernel") + 1] = image
    board = boot(arguments)
    virtual, _, failed = results(board)
    assert failed == 0 and virtual == native
    board.open_monitor()
    assert f"path {path}" in board.monitor_command("guest path")
    other = PATHS[PATHS.index(path) - 1]
    refusal = rf'"{other}" is not built in \(built: {path}; CPU_PATH_{other.upper()} in menuconfig'
    assert re.search(refusal, board.monitor_command(f"guest path {other}").replace("\n", ""))
    arguments = umbra_arguments(f"alone-{path}-{other}", "bare-metal", files, other)
    arguments[arguments.index("-kernel") + 1] = image
    boot(arguments).expect(refusal)
