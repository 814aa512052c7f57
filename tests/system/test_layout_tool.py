# SPDX-License-Identifier: GPL-2.0-or-later
"""tools/layout, and cards with layouts and guests from outside the tree."""

import re
import subprocess
import xml.etree.ElementTree

import pytest

import umbra_card
from umbra_common import SOURCE, build_dir

OWN = '#include "linux-small.dts"\n/ { guest { bootargs = "console=ttyO2,115200n8 own"; }; };\n'


def tool(name, *words, expect=0):
    """A tool's output; what it says of a mistake is one line."""
    done = subprocess.run([SOURCE / "tools" / name, *words], cwd=SOURCE, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    assert done.returncode == expect, done.stdout + done.stderr
    assert expect == 0 or len(done.stderr.splitlines()) == 1, done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("lines, place, message", [
    ("/ { guest {\n\tmemory = <0x80000000 0x1234>;\n}; };", 3, "/guest: memory: 0x80000000+0x1234 is not a multiple of 1 MiB"),
    ("&mmc1 {\n\tinterrupts = <86>;\n};\n&mmc2 {\n\tinterrupts = <86>;\n};", 6,
     "/guest/devices/l4-core@48000000/mmc2@480b4000: interrupts: line 86 is already given to mmc1@4809c000"),
    ("/ { guest {\n\n\tshadow = \"magic\";\n}; };", 4, '/guest: shadow: strategy "magic" is not built in (built: '),
    ("/ { guest {\n\tsurprise;\n}; };", 3, "/guest: surprise: unknown property"),
])
def test_mistakes_have_file_and_line(tmp_path, lines, place, message):
    path = tmp_path / "own.dts"
    path.write_text(f'#include "linux.dts"\n{lines}\n', encoding="utf-8")
    assert tool("layout", "check", path, expect=1).startswith(f"{path}:{place}: layout: {message}")


SHARED = """/ { guest { devices {
	shmem@52001000 { compatible = "umbra,shmem"; reg = <0x52001000 0x1000>; region = <0>; region-kib = <65536>; };
}; }; guest@1 { memory-mib = <400>; }; };"""


@pytest.mark.parametrize("lines, place, message", [
    ("/ { guest@1 {\n\tmemory-mib = <448>;\n}; };", 3, r"/guest@1: memory-mib: too much: 4\d\d MiB are left, and Umbra needs \d for one more guest"),
    ("/ { guest {\n\tmemory = <0x80000000 0x1f000000>;\n}; };", 3, "/guest: memory: too much: 0x[0-9a-f]+ bytes of files are kept between it and Umbra"),
    (SHARED, 3, "/guest/devices/shmem@52001000: region-kib: too much: no memory is left for region 0"),
], ids=["guest", "files", "region"])
def test_memory_that_does_not_suffice(tmp_path, lines, place, message):
    """It is divided as Umbra does it, with files of no size to speak of: what fits nowhere is said here."""
    path = tmp_path / "own.dts"
    path.write_text(f'#include "bare-duo.dts"\n{lines}\n', encoding="utf-8")
    assert re.match(rf"{path}:{place}: layout: {message}", tool("layout", "check", path, expect=1))
    path.write_text('#include "bare-duo.dts"\n/ { guest@1 { memory-mib = <400>; }; };\n', encoding="utf-8")
    assert tool("layout", "check", path) == ""


def test_shipped_layouts_are_good():
    assert tool("layout", "check", *sorted(path.stem for path in umbra_card.LAYOUTS.glob("*.dts"))) == ""


def test_show(tmp_path):
    text = tool("layout", "show", "linux-small")
    assert "128 MiB at 0x80000000" in text
    assert any(line.split()[:4] == ["0x48200000", "0x48200fff", "4", "KiB"] and "emulated" in line for line in text.splitlines())
    assert any(line.startswith("mmc2@480b4000") and "withheld" in line for line in text.splitlines())
    assert any(line.split()[:2] == ["83", "mmc1@4809c000"] for line in text.splitlines())
    assert any(line.split()[:5] == ["0x480b4000", "0x480b4fff", "4", "KiB", "withheld"] for line in text.splitlines()), "not just emulated"
    tool("layout", "show", "linux-duo", "--svg", tmp_path / "map.svg")
    groups = list(xml.etree.ElementTree.parse(tmp_path / "map.svg").getroot().iter("{http://www.w3.org/2000/svg}g"))
    texts = [[text.text for text in group.iter("{http://www.w3.org/2000/svg}text")] for group in groups]
    assert [words[0] for words in texts] == ["guest 0", "guest 1"]
    assert "l4-core@48000000, 16 KiB, passed through" in texts[0] and "l4-core" not in " ".join(texts[1])
    assert "Umbra, 16 MiB, Umbra" in texts[0] and "Umbra, 16 MiB, Umbra" not in texts[1], "the memory of guest 1 is anywhere"


def test_diff():
    assert tool("layout", "diff", "linux", "linux") == "no difference\n"
    text = tool("layout", "diff", "linux", "linux-uart3")
    assert text == "uart3@49020000: emulated (umbra,omap3-uart) becomes passed through\n"
    assert "sgx@50000000: passed through becomes not there" in tool("layout", "diff", "linux", "linux-small")


def test_own_guest_on_a_card(tmp_path):
    """A layout and a kernel from outside the tree, under the names that the layout gives."""
    layout, kernel, card = tmp_path / "own.dts", tmp_path / "my-kernel", tmp_path / "card.img"
    layout.write_text(OWN, encoding="utf-8")
    kernel.write_bytes(b"kernel" * 1000)
    tool("mkimage", "--layout", layout, "--kernel", kernel, "--output", card)
    assert umbra_card.get_bytes(card, "vmlinuz") == kernel.read_bytes()
    assert b"115200n8 own\0" in umbra_card.get_bytes(card, "layout.dtb")
    assert umbra_card.get_bytes(card, "umbra.img") == (build_dir() / "umbra.img").read_bytes()


OVERLAY = """/dts-v1/;
/plugin/;
&{/guest} {
	memory = <0x80000000 %s>;
};
&usb_otg { status = "disabled"; };
"""


def test_overlays(tmp_path):
    """A layout changed from outside by device tree overlays: checked, shown, compared, and on a card."""
    overlay, card = tmp_path / "mine.dtso", tmp_path / "card.img"
    overlay.write_text(OVERLAY % "0x05000000", encoding="utf-8")
    assert tool("layout", "check", "linux", "--overlay", overlay) == ""
    assert "80 MiB at 0x80000000" in tool("layout", "show", "linux", "--overlay", overlay)
    assert tool("layout", "diff", "linux", "linux", "--overlay", overlay) == \
        "size of memory: 0x1e000000 becomes 0x5000000\nusb-otg@480ab000: passed through becomes withheld\n"
    tool("mkimage", "--layout", "linux", "--overlay", overlay, "--output", card)
    (tmp_path / "got.dtb").write_bytes(umbra_card.get_bytes(card, "layout.dtb"))
    assert tool("layout", "diff", "linux-small", tmp_path / "got.dtb").startswith("size of memory: 0x8000000 becomes 0x5000000\n")


@pytest.mark.parametrize("text, message", [
    (OVERLAY % "0x1234", "mine.dtso:4: layout: /guest: memory: 0x80000000+0x1234 is not a multiple of 1 MiB"),
    (OVERLAY.replace("usb_otg", "usb_etc") % "0x05000000", "no node there has the label usb_etc"),
    ("/plugin/", "mine.dtso:1.1-9 syntax error"),
])
def test_mistakes_in_overlays(tmp_path, text, message):
    overlay = tmp_path / "mine.dtso"
    overlay.write_text(text, encoding="utf-8")
    assert message in tool("layout", "check", "linux", "--overlay", overlay, expect=1)


@pytest.mark.parametrize("words, message", [
    (["--layout", "bare-metal", "--initrd", "README.md"], "layout 'bare-metal' names no initrd: README.md would not be used"),
    (["--layout", "linux", "--kernel", "no-such-file"], "there is no file no-such-file (kernel)"),
])
def test_files_that_would_not_be_used(tmp_path, words, message):
    assert message in tool("mkimage", *words, "--output", tmp_path / "card.img", expect=1)


def test_the_run_boots_the_last_image(tmp_path, monkeypatch):
    """Own files stay on the card for as long as the layout does."""
    monkeypatch.setattr(umbra_card, "build_dir", lambda: tmp_path)
    umbra_card.remember("linux", {"vmlinuz": "elsewhere/kernel"})
    assert umbra_card.layout_on_card() == "linux"
    assert umbra_card.remembered("linux") == {"vmlinuz": "elsewhere/kernel"}
    assert umbra_card.remembered("linux-small") == {}
    umbra_card.remember("linux", {})
    assert umbra_card.remembered("linux") == {}
