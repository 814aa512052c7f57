# SPDX-License-Identifier: GPL-2.0-or-later
"""tools/run as a user meets it: on a terminal, to the shell, and out again with the keys that it shows."""

import os
import time

import pexpect
import pytest

import umbra_card
from board import LOGS, PROMPT, SLOW
from umbra_common import SOURCE


@pytest.mark.parametrize("options, timeout", [(["--direct"], 300), (["--native", "--direct"], 200)])
def test_run(options, timeout):
    LOGS.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    child = pexpect.spawn(str(SOURCE / "tools/run"), options, encoding="latin1", timeout=timeout * SLOW, cwd=SOURCE)
    with open(LOGS / f"run{'-'.join(options)}.log", "w", encoding="latin1") as child.logfile_read:
        try:
            child.expect("To leave, type Ctrl-A and then X")
            assert time.monotonic() - start < 20 * SLOW, "everything was built before: the second start takes seconds"
            if "--native" not in options:
                child.expect("umbra: Umbra")
            child.expect(PROMPT)
            child.send("uname -m\r")
            child.expect("armv7l")
            child.expect(PROMPT)
            if "--native" not in options:
                child.send("\x1d")
                child.expect("umbra> ")
                child.send("stats\r")
                child.expect("nothing counts instructions here")  # a user's machine runs in real time
            child.send("\x01x")
            child.expect(pexpect.EOF, timeout=20 * SLOW)
            child.close()
            assert child.exitstatus == 0
        finally:
            child.close(force=True)


def test_run_a_kernel(tmp_path):
    """A kernel of configs/kernels.toml from a card, in a build folder of its own: what `make run` boots then is that card."""
    environment = dict(os.environ, UMBRA_BUILD=str(tmp_path / "build"))
    child = pexpect.spawn(str(SOURCE / "tools/run"), ["--kernel", "bare-rtos"], encoding="latin1", timeout=200 * SLOW, cwd=SOURCE, env=environment)
    with open(LOGS / "run-kernel.log", "w", encoding="latin1") as child.logfile_read:
        try:
            child.expect(r"SUMMARY: \d+ tests, 0 failed")
            child.send("\x01x")
            child.expect(pexpect.EOF, timeout=20 * SLOW)
        finally:
            child.close(force=True)
    assert "guest.bin" in (tmp_path / "build" / umbra_card.OWN_NAME).read_text(encoding="utf-8")
