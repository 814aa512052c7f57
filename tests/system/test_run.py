# SPDX-License-Identifier: GPL-2.0-or-later
"""tools/run as a user meets it: on a terminal, to the shell, and out again with the keys that it shows."""

import time

import pexpect
import pytest

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
