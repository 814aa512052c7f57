#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What make does with its output folder as a whole: build_folder.py check|claim|remove FOLDER.

  check   refuse a folder that was not made by the build, and places where none can be; changes nothing
  claim   make the folder, with the mark that tells it from others
  remove  remove it, if it has the mark
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
from umbra_common import ToolError, check_build, claim_build, remove_build, tool_main  # noqa: E402

ACTIONS = {"check": check_build, "claim": claim_build, "remove": remove_build}


def main(arguments):
    if arguments and arguments[0] in ("-h", "--help"):
        print(__doc__)
        return
    if len(arguments) == 2 and not arguments[1]:
        raise ToolError("O= names no folder: say O=FOLDER, or nothing for build/")
    if len(arguments) != 2 or arguments[0] not in ACTIONS:
        raise ToolError(f"usage: build_folder.py {'|'.join(ACTIONS)} FOLDER")
    ACTIONS[arguments[0]](arguments[1])


if __name__ == "__main__":
    tool_main("build", main)
