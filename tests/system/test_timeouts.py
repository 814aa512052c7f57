# SPDX-License-Identifier: GPL-2.0-or-later
"""Time-outs of boards end what hangs, and not what a busy computer does not let run. In place of a machine there is a program."""

import os
import subprocess
import sys

import pexpect
import pytest

from board import SLOW, BoardError, Console

BUSY = "import time\nwhile time.process_time() < {}: pass\n"
SECONDS = 4 * SLOW	# of a processor, for which something more important has it
TIMEOUT = 1


def words(number, text):
    """Python's for a program on that processor."""
    return ["-c", f"import os; os.sched_setaffinity(0, {{{number}}})\n{text}"]


@pytest.fixture
def busy_processor():
    """The number of a processor that another process keeps busy for a while."""
    number = min(os.sched_getaffinity(0))
    with subprocess.Popen([sys.executable, *words(number, BUSY.format(SECONDS))]) as process:
        yield number
        process.kill()


def program(name, number, text):
    """As a board, which gets next to nothing of the processor while others want it."""
    child = pexpect.spawn(sys.executable, words(number, f"os.nice(19)\n{text}"), encoding="latin1", echo=False, timeout=30)
    return Console(name, name, child)


def test_who_has_no_processor_is_waited_for(busy_processor):
    with program("timeouts-busy", busy_processor, BUSY.format(0.2) + "print('done')") as console:
        assert console.expect("done", TIMEOUT)


def test_who_does_nothing_is_not(busy_processor):
    with program("timeouts-idle", busy_processor, "import time\ntime.sleep(1000)") as console:
        with pytest.raises(BoardError, match="said nothing of the kind"):
            console.expect("done", TIMEOUT)
        console.child.close(force=True)
