# SPDX-License-Identifier: GPL-2.0-or-later
"""The schema of layouts (configs/schema): layouts held against it by Debian's dt-schema, and itself against the parser and the documentation."""

import re
import subprocess

from umbra_common import SOURCE, ToolError

SCHEMA = SOURCE / "configs/schema"
# The parser's tables of properties, and the schema of the same nodes.
TABLES = {"raw_module": "module", "raw_guest": "guest", "raw_dev": "device"}
FIELD = re.compile(r'FIELD_OF\((raw_\w+), "([^"]+)", (PROP_\w+)')
# What a property is for the parser, and for the schema; "reg", "interrupts" and "compatible" have their type from dt-schema.
TYPES = {"PROP_STRING": {"string", None}, "PROP_U32": {"uint32", "phandle"}, "PROP_RANGE": {"uint32-array", None}, "PROP_FLAG": {"flag"},
         "PROP_DEV_REG": {None}, "PROP_DEV_IRQ": {None}}
# Known to every node, of no interest to Umbra.
COMMON = {"compatible", "phandle", "linux,phandle", "#address-cells", "#size-cells", "interrupt-parent", "interrupt-controller", "#interrupt-cells"}
GUEST_NAME_MAX = 8  # as in core/layout.c
# `name = <value>`, `name;` or `name` in the documentation.
SPELLED = re.compile(r"`([a-z][a-z-]*)( = [^`]*|;)?`")


def command(words):
    try:
        return subprocess.run([str(word) for word in words], check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except FileNotFoundError as error:
        raise ToolError(f"{words[0]} is missing; run tools/setup") from error


def sound():
    """What dt-schema has to say of the schema itself."""
    done = command(["dt-doc-validate", "-u", SCHEMA, SCHEMA])
    return done.stdout.strip() or (f"dt-doc-validate ended with status {done.returncode}" if done.returncode else "")


def faults(blobs):
    """What is wrong with compiled layouts. dt-validate ends with 0 all the same."""
    done = command(["dt-validate", "-s", SCHEMA, "-u", SCHEMA, "-l", SCHEMA, *blobs])
    return done.stdout.strip() or (f"dt-validate ended with status {done.returncode}" if done.returncode else "")


def load(name):
    try:
        import ruamel.yaml  # of dt-schema
    except ImportError as error:
        raise ToolError("dt-schema is missing; run tools/setup") from error
    with open(SCHEMA / f"umbra/{name}.yaml", encoding="utf-8") as handle:
        return ruamel.yaml.YAML(typ="safe").load(handle)


def properties(name):
    """{property: type or None} of one schema, without those of every node and without child nodes."""
    return {key: value.get("$ref", "").rpartition("/")[2] or None for key, value in load(name)["properties"].items()
            if key not in COMMON and not key.startswith("$") and isinstance(value, dict) and value.get("type") != "object"}


def against_parser(text):
    """Differences to the tables of core/layout.c."""
    for table, name in TABLES.items():
        known = properties(name)
        read = {prop: kind for of, prop, kind in FIELD.findall(text) if of == table and prop not in COMMON}
        yield from (f"{name}.yaml: `{prop}` is none of the parser's ({table})" for prop in known.keys() - read.keys())
        yield from (f"{name}.yaml: the parser's `{prop}` is missing ({table})" for prop in read.keys() - known.keys())
        yield from (f"{name}.yaml: `{prop}` is {known[prop]}, for the parser {kind}" for prop, kind in read.items()
                    if prop in known and known[prop] not in TYPES[kind])


def against_devices(texts):
    """Differences to the device types: `compatible` of the emulators, and those that the parser knows by itself."""
    listed = set(load("device")["properties"]["compatible"]["enum"])
    there = {"umbra,passthrough", "umbra,sram"} | {word for text in texts for word in re.findall(r'^\t\.compatible = "([^"]+)"', text, re.M)}
    yield from (f"device.yaml: there is no device type {word}" for word in sorted(listed - there))
    yield from (f"device.yaml: device type {word} is missing" for word in sorted(there - listed))


def against_monitor(texts, parser):
    """Words of the monitor's that stand where a guest's name may stand, and that guests are called by all the same."""
    usages = [usage for text in texts for usage in re.findall(r'^MONITOR_CMD\(\w+, "\w+", ((?:"[^"]*"\s*)+),', text, re.M)]
    words = {word for usage in usages if "GUEST" in usage for word in re.findall(r"\b[a-z]+\b", usage) if len(word) <= GUEST_NAME_MAX}
    taken = set(re.findall(r'"(\w+)"', parser.partition("taken_names[] = {")[2].partition("};")[0]))
    schema = set(re.findall(r"\w+", load("guest")["properties"]["$nodename"]["pattern"].partition("?!")[2].partition(")")[0]))
    yield from (f"core/layout.c: the monitor's word {word} can be a guest's name (taken_names)" for word in sorted(words - taken))
    yield from (f"core/layout.c: {word} is no word of the monitor's (taken_names)" for word in sorted(taken - words))
    yield from (f"guest.yaml: $nodename: {word} is a name for the schema or for the parser, not for both" for word in sorted(schema ^ taken))


def against_documentation(text):
    """Differences to docs/layouts.md: everything that it gives a value or a semicolon is a property, and every property is in it."""
    known = {prop for name in TABLES.values() for prop in properties(name)}
    found = SPELLED.findall(text)
    # The rows of the table of properties name several at once.
    words = {word for word, _ in found}
    yield from (f"docs/layouts.md: nothing about `{prop}`" for prop in sorted(known - words))
    yield from (f"docs/layouts.md: `{word}` is no property" for word in sorted({word for word, value in found if value} - known - COMMON))


def differences():
    yield from against_parser((SOURCE / "core/layout.c").read_text(encoding="utf-8"))
    yield from against_devices(path.read_text(encoding="utf-8") for path in sorted((SOURCE / "emulators").glob("*.c")))
    yield from against_monitor((path.read_text(encoding="utf-8") for path in sorted((SOURCE / "core").glob("*.c"))),
                               (SOURCE / "core/layout.c").read_text(encoding="utf-8"))
    yield from against_documentation((SOURCE / "docs/layouts.md").read_text(encoding="utf-8"))
