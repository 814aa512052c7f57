# SPDX-License-Identifier: GPL-2.0-or-later
"""What became of the guest's device tree on its way to the kernel: read from the running machine's memory, compared with the file."""

import re
import struct

from umbra_common import ToolError

MAGIC = 0xD00DFEED
# Where QEMU's direct boot puts the tree (DTB_ADDRESS in tools/qemu-beagle-xm/beagle_xm.c).
NATIVE_ADDRESS = 0x87F00000


def properties(blob):
    """{path: {property: bytes}} of a flattened device tree (Devicetree Specification, chapter 5)."""
    magic, _, structure, strings = struct.unpack(">4I", blob[:16])
    if magic != MAGIC:
        raise ToolError("there is no device tree where the guest's is looked for")
    tree, path, at = {}, [], structure
    while True:
        token, = struct.unpack(">I", blob[at:at + 4])
        at += 4
        if token == 1:
            end = blob.index(b"\0", at)
            path.append(blob[at:end].decode())
            tree["/".join(path) or "/"] = {}
            at = (end + 4) & ~3
        elif token == 2:
            path.pop()
        elif token == 3:
            size, name = struct.unpack(">2I", blob[at:at + 8])
            key = blob[strings + name:blob.index(b"\0", strings + name)].decode()
            tree["/".join(path) or "/"][key] = blob[at + 8:at + 8 + size]
            at = (at + 8 + size + 3) & ~3
        elif token == 9:
            return tree


def value_text(value):
    """A property's value as in a source file."""
    if value is None:
        return "(absent)"
    if re.fullmatch(rb"[\x20-\x7e]+(\0[\x20-\x7e]+)*\0", value):
        return ", ".join(f'"{part}"' for part in value[:-1].decode().split("\0"))
    if value and len(value) % 4 == 0:
        return "<" + " ".join(f"{cell:#x}" for cell in struct.unpack(f">{len(value) // 4}I", value)) + ">"
    return "[" + value.hex(" ") + "]"


def edits(stock, blob):
    """What differs, one line a property: `path: property: old -> new`."""
    old, new = properties(stock), properties(blob)
    lines = []
    for path in list(old) + [path for path in new if path not in old]:
        before, after = old.get(path, {}), new.get(path, {})
        if path not in new:
            lines.append(f"{path}: removed")
        for name in sorted(set(before) | set(after)):
            if path in new and before.get(name) != after.get(name):
                lines.append(f"{path}: {name}: {value_text(before.get(name))} -> {value_text(after.get(name))}")
    return lines


def umbra_address(umbra, machine):
    """Where Umbra put the guest's tree: what it gave the kernel in r2."""
    return machine.word(umbra.guest(machine) + umbra.value("(unsigned)&((struct guest *)0)->r2"))


def read(machine, address):
    """The device tree in the machine's memory."""
    magic, size = struct.unpack(">2I", machine.gdb.memory(address, 8))
    if magic != MAGIC or size > 1 << 20:
        raise ToolError(f"there is no device tree at {address:#x}")
    return machine.gdb.memory(address, size)
