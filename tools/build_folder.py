#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What make does with its output folder as a whole: build_folder.py check|claim|remove FOLDER, build_folder.py hold FOLDER PID.

  check   refuse a folder that was not made by the build, and places where none can be; changes nothing
  claim   make the folder, with the mark that tells it from others
  remove  remove it, if it has the mark
  hold    wait until no other make works in it, and keep others from it for as long as process PID is there
"""

import fcntl
import os
import pathlib
import select
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
from umbra_common import LOCK, ToolError, check_build, claim_build, remove_build, tool_main  # noqa: E402

ACTIONS = {"check": check_build, "claim": claim_build, "remove": remove_build}


def keep_until_end(pid, lock):
    """In the background: the lock is held until the process has ended, and nothing else is kept open for so long."""
    if os.fork():
        return
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(null, stream)
    try:
        ended = os.pidfd_open(pid)
        os.closerange(3, min(lock, ended))
        select.select([ended], [], [])
    except ProcessLookupError:
        pass
    os._exit(0)


def hold(folder, pid):
    try:
        lock = os.open(claim_build(folder) / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except (ToolError, OSError):
        return  # what make does first in it says why
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print(f"build: another make works in {folder}; waiting for it", file=sys.stderr)
        fcntl.flock(lock, fcntl.LOCK_EX)
    keep_until_end(pid, lock)


def main(arguments):
    if arguments and arguments[0] in ("-h", "--help"):
        print(__doc__)
        return
    if len(arguments) == 2 and not arguments[1]:
        raise ToolError("O= names no folder: say O=FOLDER, or nothing for build/")
    if len(arguments) == 3 and arguments[0] == "hold" and arguments[2].isdigit():
        hold(arguments[1], int(arguments[2]))
        return
    if len(arguments) != 2 or arguments[0] not in ACTIONS:
        raise ToolError(f"usage: build_folder.py {'|'.join(ACTIONS)} FOLDER")
    ACTIONS[arguments[0]](arguments[1])


if __name__ == "__main__":
    tool_main("build", main)
