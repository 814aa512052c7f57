# SPDX-License-Identifier: GPL-2.0-or-later
"""The schema of layouts finds mistakes in layouts, and the check of the schema finds what is missing in it. All layouts: tools/check_layouts."""

import re
import subprocess

import pytest

import umbra_schema
from umbra_common import SOURCE, build_dir

DISK = 'net@52000000 { compatible = "umbra,virtio-net"; reg = <0x52000000 0x1000>; interrupts = <64>;'


# Of linux-duo: (what stands there, what shall, what dt-validate says of it)
MISTAKES = [
    ("", "", ""),
    ("latency;", "latenzy;", "guest: 'latenzy' does not match"),
    ("latency;", "latency = <1>;", "guest: latency"),
    ("latency;", "cap = <101>;", "guest: cap:0:0: 101 is greater than the maximum of 100"),
    ("latency;", "weight = <0>;", "guest: weight:0:0: 0 is less than the minimum of 1"),
    ("latency;", 'cpu-path = "fast";', "guest: cpu-path:0: 'fast' is not one of"),
    ("latency;", "machine = <5>;", "guest: 'atags' is a dependency of 'machine'"),
    ("latency;", "atags;", "guest: dtb"),
    ("latency;", "memory-base = <0>;", "guest: 'memory-mib' is a dependency of 'memory-base'"),
    ("latency;", "memory-mib = <1>;", "guest: "),
    ("memory-mib = <128>;", "", "guest@1: 'oneOf' conditional failed"),
    ("memory-mib = <128>;", "memory-mib = <128 2>;", "guest@1: memory-mib:0: [128, 2] is too long"),
    ("memory = <0x80000000 0x1e000000>;", "memory = <0x80000000>;", "[2147483648] is too short"),
    ("kernel = <&kernel>;", "", "guest: 'kernel' is a required property"),
    (DISK, DISK + "swidge = <1>;", "'swidge' does not match"),
    (DISK, DISK + "switch = <256>;", "switch:0:0: 256 is greater than the maximum of 255"),
    (DISK, DISK + "read-only;", "'file' is a dependency of 'read-only'"),
    (DISK, DISK.replace("-net", "-blk"), "'file' is a required property"),
    (DISK, DISK.replace("-net", "-blk") + "file = <&kernel>; read-only; forget;", "forget"),
    (DISK, DISK.replace("-net", "-nets"), "'umbra,virtio-nets' is not one of"),
    ('"umbra,omap3-prcm";', '"umbra,omap3-prcm"; switch = <1>;', "prcm@48004000:switch"),
    ('file = "vmlinuz"', 'fil = "vmlinuz"', "module@0: 'file' is a required property"),
    ('"umbra,layout-v1"', '"umbra,layout-v2"', "/: compatible:0: 'umbra,layout-v1' was expected"),
    ('"umbra,sram";', '"umbra,sram"; interrupts = <8>;', "sram@40200000:interrupts"),
    (DISK, DISK.replace("<64>", "<64>, <66>"), "net@52000000:interrupts"),
    ("guest@1 {", "guest@all {", "guest@all: $nodename:0: "),
    ("guest@1 {", "guest@allow {", ""),
    ("#address-cells = <1>;", "#address-cells = <2>;", "#address-cells"),
    ("#size-cells = <1>;", "#size-cells = <0>;", "#size-cells"),
    ("#interrupt-cells = <1>;", "#interrupt-cells = <3>;", "#interrupt-cells"),
    ('"umbra,guest"', '"umbra,gast"', "/: guest:compatible:0: 'umbra,guest' was expected"),
]


@pytest.fixture(scope="module", name="found")
def fixture_found(tmp_path_factory):
    """What is said of each; dt-validate takes longest to start, so it starts once."""
    folder = tmp_path_factory.mktemp("schema")
    subprocess.run(["make", "-s", "--no-print-directory", "-C", SOURCE, f"O={build_dir()}", "layouts"], check=True)
    source = (build_dir() / "layouts/linux-duo.dtb.tmp").read_text(encoding="utf-8")
    blobs = [folder / f"{number}.dtb" for number in range(len(MISTAKES))]
    for blob, (old, new, _) in zip(blobs, MISTAKES):
        assert old in source
        subprocess.run(["dtc", "-q", "-@", "-I", "dts", "-O", "dtb", "-o", blob], input=source.replace(old, new, 1), text=True, check=True)
    parts = re.split(rf"^{folder}/(\d+)\.dtb: ", umbra_schema.faults(blobs), flags=re.M)
    found = ["" for _ in blobs]
    for number, text in zip(parts[1::2], parts[2::2]):
        found[int(number)] += text
    return found


@pytest.mark.parametrize("number", range(len(MISTAKES)), ids=[f"{old}-{new}" for old, new, _ in MISTAKES])
def test_mistakes_in_a_layout(found, number):
    fault = MISTAKES[number][2]
    assert fault in found[number] and bool(found[number]) == bool(fault)


def one_text(found, text):
    found = list(found)
    assert len(found) == 1 and text in found[0], found


def test_properties_of_the_parser():
    parser = (SOURCE / "core/layout.c").read_text(encoding="utf-8")
    assert not list(umbra_schema.against_parser(parser))
    row = 'FIELD_OF(raw_guest, "cap", PROP_U32, cap)'
    one_text(umbra_schema.against_parser(parser.replace(row, "")), "`cap` is none of the parser's")
    one_text(umbra_schema.against_parser(parser.replace(row, row + ', FIELD_OF(raw_guest, "nice", PROP_U32, nice)')), "the parser's `nice` is missing")
    one_text(umbra_schema.against_parser(parser.replace(row, row.replace("PROP_U32", "PROP_FLAG"))), "`cap` is uint32, for the parser PROP_FLAG")


def test_device_types():
    types = [path.read_text(encoding="utf-8") for path in (SOURCE / "emulators").glob("*.c")]
    assert not list(umbra_schema.against_devices(types))
    one_text(umbra_schema.against_devices([*types, '\t.compatible = "umbra,fan",\n']), "umbra,fan is missing")
    one_text(umbra_schema.against_devices([text for text in types if "umbra,pl031" not in text]), "no device type umbra,pl031")


def test_words_of_the_monitor():
    texts, parser = [path.read_text(encoding="utf-8") for path in (SOURCE / "core").glob("cmd_*.c")], (SOURCE / "core/layout.c").read_text(encoding="utf-8")
    assert not list(umbra_schema.against_monitor(texts, parser))
    found = list(umbra_schema.against_monitor(texts, parser.replace('"one", ', "")))
    assert len(found) == 2 and "core/layout.c: the monitor's word one can be" in found[0] and "guest.yaml: $nodename: one" in found[1]
    one_text(umbra_schema.against_monitor([*texts, 'MONITOR_CMD(x, "x", "GUEST kick|hold", "y", x);\n'.replace("|hold", "")], parser), "word kick can be")


def test_documentation():
    text = (SOURCE / "docs/layouts.md").read_text(encoding="utf-8")
    assert not list(umbra_schema.against_documentation(text))
    one_text(umbra_schema.against_documentation(text.replace("`cap = <n>`", "`cup = <n>`") + "`cap`"), "`cup` is no property")
    one_text(umbra_schema.against_documentation(text.replace("`cap = <n>`", "")), "nothing about `cap`")
