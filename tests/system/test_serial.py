# SPDX-License-Identifier: GPL-2.0-or-later
"""The way to a real board's console: here the serial line is a pseudo terminal, and the board behind it a machine."""

import os
import re

from board import Board, SerialBoard, umbra_arguments


def test_serial_board(tmp_path):
    """Shell and monitor over a serial line; the reset command starts the board once the line is open."""
    with Board("serial-machine", umbra_arguments("serial", path="inline") + ["-S", "-chardev", "pty,id=line", "-serial", "chardev:line"],
               console=False) as machine:
        device = re.search(r"/dev/pts/\d+", machine.expect(r"char device redirected to \S+").group(0)).group(0)
        started = tmp_path / "started"
        with SerialBoard("serial-board", device, f"touch {started}") as board:
            assert started.exists()
            machine.qmp("cont")
            board.wait_for_shell(timeout=240)
            assert "armv7l" in board.run("uname -m")
            assert "running" in board.monitor("guest list")
        assert os.path.exists(device)
