# SPDX-License-Identifier: GPL-2.0-or-later
"""What tools/umbra says itself: which tools there are, and which of them a misspelt name may have meant."""

import argparse
import difflib
import os
import re

from umbra_common import SOURCE, Arguments, UsageError, tool_main

TOOLS = SOURCE / "tools"
# A tool's first line of text says what it is for: a shell script's first comment, a Python file's docstring.
ABOUT = re.compile(r'^(?:"""\s*|# )(?!SPDX)(.+?)(?:"""|[:;] see --help\.|$)', re.M)
EPILOG = """`tools/umbra help NAME` is `tools/NAME --help`. In bash, `complete -W "$(tools/umbra --names)" umbra` completes names.
Exit status of every tool: 0 fine, 1 it could not be done or found a fault, 2 words that mean nothing, 130 interrupted."""


def about(path):
    found = ABOUT.search(path.read_text(encoding="utf-8"))
    return found[1].rstrip(".,") if found else ""


def tools():
    """{name: what it is for}; names in plain letters are tools, others are parts of the build and of the tests."""
    return {path.name: about(path) for path in sorted(TOOLS.iterdir())
            if path.is_file() and os.access(path, os.X_OK) and re.fullmatch("[a-z]+", path.name) and path.name != "umbra"}


def no_such_tool(name):
    near = difflib.get_close_matches(name, tools(), 1, 0.5)
    raise UsageError(f"no tool '{name}'" + (f"; did you mean '{near[0]}'?" if near else "; tools/umbra --help lists them"))


def main(arguments):
    lines = "\n".join(f"  {name:12} {text}" for name, text in tools().items())
    parser = Arguments("umbra", f"The tools of Umbra: `tools/umbra NAME ...` is `tools/NAME ...`.\n\n{lines}", epilog=EPILOG,
                       usage="tools/umbra NAME ...")
    parser.add_argument("--names", action="store_true", help="print the names of the tools")
    parser.add_argument("name", nargs=argparse.REMAINDER, metavar="NAME ...", help="a tool and its own words, or `help` and a tool")
    options = parser.parse_args(arguments)
    name, *rest = options.name or ["help"]
    if options.names:
        print("\n".join(tools()))
    elif name != "help":
        no_such_tool(name)
    elif not rest:
        parser.print_help()
    elif rest[0] in tools():
        os.execv(TOOLS / rest[0], [rest[0], "--help"])
    else:
        no_such_tool(rest[0])


if __name__ == "__main__":
    tool_main("umbra", main)
