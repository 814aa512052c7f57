# SPDX-License-Identifier: GPL-2.0-or-later
"""Device families that Kconfig leaves out: Linux runs without them, and a layout that wants them is refused."""

import subprocess

import pytest

from board import umbra_arguments
from umbra_common import SOURCE

LEFT_OUT = ("USB_HOST", "DSS", "SGX", "L4_EMU", "UART")


@pytest.fixture(scope="module")
def lean(tmp_path_factory):
    """The folder of a build without LEFT_OUT."""
    folder = tmp_path_factory.mktemp("lean")
    make(folder, "beagle-xm_defconfig")
    config = (folder / ".config").read_text(encoding="ascii")
    for name in LEFT_OUT:
        config = config.replace(f"CONFIG_PASSTHROUGH_{name}=y", f"# CONFIG_PASSTHROUGH_{name} is not set")
    (folder / ".config").write_text(config, encoding="ascii")
    make(folder, "all")
    return folder


def make(folder, target):
    done = subprocess.run(["make", "-j2", f"O={folder}", target], cwd=SOURCE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, done.stdout


def with_image(folder, arguments):
    arguments[arguments.index("-kernel") + 1] = folder / "umbra.img"
    return arguments


def test_left_out_families_are_withheld(boot, lean):
    """The same layout source, compiled for this configuration; the restart does without their code."""
    board = boot(with_image(lean, umbra_arguments("lean", lean / "layouts/linux.dtb")))
    board.wait_for_shell()
    assert "48064000" not in board.run("cat /proc/iomem")
    board.open_monitor()
    board.sendline("guest reset")
    board.wait_for_shell()
    assert "quiesce" not in board.monitor("log")


def test_layout_that_wants_one_is_refused(boot, lean):
    board = boot(with_image(lean, umbra_arguments("lean-refused", "linux")))
    line = board.expect(r"umbra: layout: ([^\r\n]*)\r").group(1)
    assert line == "/guest/devices/l4-core@48000000/dss@4804f000: reg: passes 0x4804f000, but CONFIG_PASSTHROUGH_DSS is not in this Umbra"
    board.expect("umbra> ")
