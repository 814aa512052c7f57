# SPDX-License-Identifier: GPL-2.0-or-later
"""tools/layout, and cards with layouts and guests from outside the tree."""

import re
import subprocess
import xml.etree.ElementTree

import pytest

import umbra_card
import umbra_layout
from umbra_common import SOURCE, build_dir

OWN = '#include "linux-small.dts"\n/ { guest { bootargs = "console=ttyO2,115200n8 own"; }; };\n'


def tool(name, *words, expect=0, cwd=SOURCE):
    """A tool's output; what it says of a mistake is one line."""
    done = subprocess.run([SOURCE / "tools" / name, *words], cwd=cwd, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    assert done.returncode == expect, done.stdout + done.stderr
    assert expect == 0 or len(done.stderr.splitlines()) == 1, done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("lines, place, message", [
    ("/ { guest {\n\tmemory = <0x80000000 0x1234>;\n}; };", 3, "/guest: memory: 0x80000000+0x1234 is not a multiple of 1 MiB"),
    ("&mmc1 {\n\tinterrupts = <86>;\n};\n&mmc2 {\n\tinterrupts = <86>;\n};", 6,
     "/guest/devices/l4-core@48000000/mmc2@480b4000: interrupts: line 86 is already given to mmc1@4809c000"),
    ("/ { guest {\n\n\tshadow = \"magic\";\n}; };", 4, '/guest: shadow: strategy "magic" is not built in (built: '),
    ("/ { guest {\n\n\tcpu-path = \"mag\033ic\";\n}; };", 4, '/guest: cpu-path: path "mag?ic" is not built in (built: '),
    ("/ { guest {\n\tsurprise;\n}; };", 3, "/guest: surprise: unknown property"),
])
def test_mistakes_have_file_and_line(tmp_path, lines, place, message):
    path = tmp_path / "own.dts"
    path.write_text(f'#include "linux.dts"\n{lines}\n', encoding="utf-8")
    assert tool("layout", "check", path, expect=1).startswith(f"{path}:{place}: layout: {message}")


@pytest.mark.parametrize("text, shown", [
    ("a\\nmap\\tx\\x1b[2J", r"a\x0amap\x09x\x1b[2J"),
    ('a\\"b; };', 'a"b; };'),
    ("files\\t{", r"files\x09{"),
])
def test_whatever_a_layout_says(tmp_path, text, shown):
    """Arguments, names of files and nodes may hold anything: no word of theirs is taken for one of the checker's, or acts on a terminal."""
    path = tmp_path / "own.dts"
    path.write_text(f'#include "linux.dts"\n/ {{ guest {{ bootargs = "{text}"; }}; }};\n&kernel {{ file = "{text}"; }};\n', encoding="utf-8")
    said = tool("layout", "show", path)
    assert f"\nbootargs: {shown}\n" in said and f"\nfiles: {shown} guest.dtb initrd.gz\n" in said
    assert f"bootargs: `console=ttyO2,115200n8` becomes `{shown}`" in tool("layout", "diff", "linux", path)
    assert len(umbra_layout.wanted_files(path)) == 3


def test_files_with_odd_names(tmp_path):
    path = tmp_path / "own.dts"
    path.write_text('#include "bare-metal.dts"\n&kernel { file = "my \\"guest\\".bin"; };\n', encoding="utf-8")
    assert umbra_layout.wanted_files(path) == {'my "guest".bin'}


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
    tool("layout", "show", "linux", "--svg", tmp_path / "map.svg")
    tool("layout", "show", "linux-duo", "--svg", tmp_path / "map.svg")
    own = tmp_path / "own.dts"
    own.write_text(OWN, encoding="utf-8")
    assert tool("layout", "show", "linux", "--svg", own, expect=1) == f"layout: {own} is no SVG picture and is left alone\n"
    assert own.read_text(encoding="utf-8") == OWN
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


@pytest.mark.parametrize("base, lines, said", [
    ("linux-duo", "/ { guest { weight = <200>; }; };", "weight: not there becomes 200"),
    ("linux-duo", "/ { guest { /delete-property/ latency; }; };", "latency: there becomes not there"),
    ("linux-duo", "/ { guest@1 { cap = <20>; }; };", "guest 1: cap: not there becomes 20"),
    ("linux-duo", "/ { guest@1 { memory-mib = <64>; }; };", "guest 1: size of memory: 0x8000000 becomes 0x4000000\nguest 1: memory-mib: 128 becomes 64"),
    ("linux-duo", "&net { switch = <3>; };", "guest 1: net@10052000: switch: not there becomes 3"),
    ("linux-virt", "&disk { read-only; };", "disk@10051000: read-only: not there becomes there"),
    ("linux-virt", '/ { chosen { other: module@9 { compatible = "multiboot,module"; file = "b.img"; reg = <0 0>; }; }; };\n&disk { file = <&other>; };',
     "disk@10051000: file: disk.img becomes b.img\nfile b.img: not named becomes named"),
    ("linux-duo", "/ { /delete-node/ guest@1; };", "guest 1: 128 MiB at 0x80000000 of its own (anywhere in the board's), path trap, shadow flush, boots with made device tree "
     "becomes not there"),
    ("linux-duo", "/ { chosen { module@9 { compatible = \"multiboot,module\"; file = \"more\"; reg = <0 0>; }; }; };", "file more: not named becomes named"),
])
def test_diff_misses_nothing(tmp_path, base, lines, said):
    """Each property of a layout is something that can be otherwise."""
    path = tmp_path / "own.dts"
    path.write_text(f'#include "{base}.dts"\n{lines}\n', encoding="utf-8")
    text = "\n".join(line for line in tool("layout", "diff", base, path).splitlines() if not line.startswith("size of memory"))
    assert text == said


def test_shared_memory_in_the_picture(tmp_path):
    path = tmp_path / "own.dts"
    path.write_text('#include "bare-duo.dts"\n/ { guest { devices { shmem@52001000 { compatible = "umbra,shmem"; reg = <0x52001000 0x1000>; '
                    "region = <0>; region-kib = <64>; }; }; }; };\n", encoding="utf-8")
    tool("layout", "show", path, "--svg", tmp_path / "map.svg")
    assert "64 KiB, shared" in (tmp_path / "map.svg").read_text(encoding="utf-8")


def test_sources_in_the_current_folder(tmp_path):
    """What a user in a folder of his own calls by its name there."""
    (tmp_path / "part.dtsi").write_text('#include "linux-small.dts"\n', encoding="utf-8")
    (tmp_path / "own.dts").write_text('#include "part.dtsi"\n/ { guest { weight = <200>; }; };\n', encoding="utf-8")
    (tmp_path / "mine.dtso").write_text(OVERLAY % "0x05000000", encoding="utf-8")
    assert tool("layout", "diff", "linux-small", "own.dts", cwd=tmp_path) == "weight: not there becomes 200\n"
    assert "size of memory: 0x8000000 becomes 0x5000000" in tool("layout", "diff", "linux-small", "linux-small", "--overlay", "mine.dtso", cwd=tmp_path)
    tool("mkimage", "--layout", "own.dts", "--overlay", "mine.dtso", "--output", "card.img", cwd=tmp_path)
    assert (tmp_path / "card.img").stat().st_size == umbra_card.CARD_SIZE


def test_names_of_ours(tmp_path):
    """Are those of configs/layouts wherever one stands; what only looks like one is a file, and none there."""
    (tmp_path / "linux").mkdir()
    (tmp_path / "linux-small").write_text("a file", encoding="ascii")
    (tmp_path / "own.dts").write_text('#include "linux-small.dts"\n', encoding="utf-8")
    assert "480 MiB at" in tool("layout", "show", "linux", cwd=tmp_path)
    assert tool("layout", "diff", "linux-small", "own.dts", cwd=tmp_path) == "no difference\n"
    for name in (tmp_path / "own", f"../{tmp_path.name}/own"):
        assert f"no layout {name}: neither a file nor one of " in tool("layout", "show", name, cwd=tmp_path, expect=1)
        assert f"no layout '{name}'; there are: bare-duo, " in tool("mkimage", "--check", "--layout", name, cwd=tmp_path, expect=1)


NO_LAYOUTS = {
    "empty.dts": (b"", r"{}:0\.\S* syntax error"),
    "binary.dts": (b"\x01\xff" * 100000, r"{}:1\.\S* syntax error"),
    "include.dts": (b'#include "nope.dtsi"\n', r"{}:1:10: fatal error: nope.dtsi: No such file or directory"),
    "bare.dts": (b"/dts-v1/;\n/ { };\n", r"{}:2: layout: /: compatible: is not"),
    "empty.dtb": (b"", r"{}: layout: it is too short for a device tree"),
    "text.dtb": (b"x" * 1000, r"{}: layout: nothing that looks like a device tree"),
    "folder": (None, r"no layout {}: neither a file nor one of bare-duo, "),
}


@pytest.mark.parametrize("name", NO_LAYOUTS)
def test_what_is_no_layout(tmp_path, name):
    """One line that names the file, as the only one and as one of several."""
    path, (content, message) = tmp_path / name, NO_LAYOUTS[name]
    path.mkdir() if content is None else path.write_bytes(content)
    for words in (["show", path], ["check", path]):
        assert re.search(message.format(path), tool("layout", *words, expect=1))


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


@pytest.mark.parametrize("word", ["OVERLAY", "KERNEL", "DTB", "INITRD"])
def test_files_that_are_not_there(tmp_path, word):
    """Said before anything is built."""
    done = subprocess.run(["make", "--no-print-directory", "image", "LAYOUT=linux", f"{word}=nope", f"O={tmp_path / 'build'}"], cwd=SOURCE, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    assert done.returncode and done.stderr.startswith(f"mkimage: there is no file nope ({word.lower()})") and "CC " not in done.stdout


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
