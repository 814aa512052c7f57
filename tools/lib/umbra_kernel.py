# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernels of configs/kernels.toml. Use it as tools/kernel."""

import pathlib
import sys

import umbra_kernel_report
import umbra_kernels
from umbra_common import Arguments, tool_main

EPILOG = """commands:
  list          kinds, and what they are
  build KIND    fetch or build what it boots from; prints the files
  doc           docs/kernels.md, from the results of tools/test system -k test_kernels -m nightly"""


def show_list(_options):
    for one in umbra_kernels.load().values():
        print(f"{one.kind:16} {one.what}")


def build(options):
    ready = umbra_kernels.prepare(options.kind)
    for name, path in {**ready.files, "layout.dtb": ready.layout}.items():
        print(f"{name:12} {path}")


def write_page(_options):
    umbra_kernel_report.write()


COMMANDS = {"list": show_list, "build": build, "doc": write_page}


def main(arguments):
    parser = Arguments("kernel", __doc__, epilog=EPILOG)
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("kind", nargs="?", metavar="KIND")
    options = parser.parse_args(arguments)
    if (options.command == "build") != bool(options.kind):
        parser.error("build wants a KIND, the other commands none")
    COMMANDS[options.command](options)


if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
    tool_main("kernel", main)
