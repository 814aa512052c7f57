#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes of drivers/passthrough/*.dtsi what layouts and Umbra need to know of device families, built in or not.

Usage: passthrough.py layout|missing FILE [AUTO_CONF]

  layout   FILE is the device tree source that beagle-xm.dtsi includes: all families; what is not built in is disabled
  missing  FILE is the table for drivers/passthrough/missing.c: registers of what is not built in
Without AUTO_CONF (make's form of .config) all families are built in.
"""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
from umbra_common import SOURCE, ToolError, tool_main, write_if_changed  # noqa: E402

FAMILIES = SOURCE / "drivers/passthrough"
NODE = re.compile(r"^\s*(\w+):\s*([\w-]+)@[0-9a-f]+\s*\{(.*?)\};", re.M | re.S)
REG = re.compile(r"reg\s*=\s*<([^>]*)>")


def symbol(family):
    return f"CONFIG_PASSTHROUGH_{family.stem.upper()}"


def nodes(family):
    """[(label, name, [(base, size)])] of a family's .dtsi file."""
    found = []
    for label, name, body in NODE.findall(family.read_text(encoding="utf-8")):
        reg = REG.search(body)
        if not reg:
            raise ToolError(f"{family}: node {label} has no reg that can be read")
        words = [int(word, 0) for word in reg.group(1).split()]
        found.append((label, name, list(zip(words[::2], words[1::2]))))
    if not found:
        raise ToolError(f"{family}: no node with a label")
    return found


def families(auto_conf):
    """[(path, built in)], sorted by name."""
    chosen = None if auto_conf is None else set(re.findall(r"^(\w+) := y$", pathlib.Path(auto_conf).read_text(encoding="utf-8"), re.M))
    return [(path, chosen is None or symbol(path) in chosen) for path in sorted(FAMILIES.glob("*.dtsi"))]


def layout_text(all_families):
    lines = ["/* Made by tools/passthrough.py from drivers/passthrough and the configuration. */"]
    for path, built_in in all_families:
        lines.append(f'#include "{path.name}"')
        if not built_in:
            lines += [f'&{label} {{ status = "disabled"; }};\t/* no {symbol(path)} */' for label, _name, _reg in nodes(path)]
    return "\n".join(lines) + "\n"


def missing_text(all_families):
    lines = ["/* Made by tools/passthrough.py from drivers/passthrough and the configuration. */"]
    for path, built_in in all_families:
        if built_in:
            continue
        lines += [f'\t{{ "{symbol(path)}", {base:#010x}, {size:#x} }},' for _label, _name, reg in nodes(path) for base, size in reg]
    return "\n".join(lines) + "\n"


MADE = {"layout": layout_text, "missing": missing_text}


def main(arguments):
    if arguments and arguments[0] in ("-h", "--help"):
        print(__doc__)
        return
    if len(arguments) not in (2, 3) or arguments[0] not in MADE:
        raise ToolError(f"usage: passthrough.py {'|'.join(MADE)} FILE [AUTO_CONF]")
    write_if_changed(arguments[1], MADE[arguments[0]](families(arguments[2] if len(arguments) == 3 else None)))


if __name__ == "__main__":
    tool_main("passthrough", main)
