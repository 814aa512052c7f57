# SPDX-License-Identifier: GPL-2.0-or-later
"""tools/card: it writes only to a card, says what it did, and reads it back."""

import os
import subprocess

import pytest

import umbra_card
import umbra_card_write
from umbra_common import SOURCE, ToolError


@pytest.fixture
def disk(tmp_path):
    """What sysfs says of a removable disk of 1 GiB with one partition."""
    folder = tmp_path / "sdx"
    (folder / "sdx1").mkdir(parents=True)
    (folder / "holders").mkdir()
    for name, text in {"removable": "1", "ro": "0", "size": str(1 << 21), "dev": "8:16", "sdx1/dev": "8:17"}.items():
        (folder / name).write_text(f"{text}\n")
    return folder


def examine(disk, mounts=""):
    return umbra_card_write.examine("/dev/sdx", disk, mounts, 256 << 20)


def test_card_is_taken(disk):
    assert examine(disk, "36 35 98:0 / / rw - ext4 /dev/root rw\n") == 1 << 30


REFUSED = {
    "fixed": ("removable", "0", "no removable disk"),
    "partition": ("partition", "1", "is a partition: name the whole card"),
    "protected": ("ro", "1", "write-protected"),
    "empty": ("size", "0", "no card in it"),
    "small": ("size", str(200 << 11), "has 200 MiB; the image has 256"),
    "built-on": ("holders/dm-0", "", "another device is built on it"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(disk, name):
    file, text, message = REFUSED[name]
    (disk / file).write_text(text)
    with pytest.raises(ToolError, match=message):
        examine(disk)


def test_mounted_partition_is_refused(disk):
    with pytest.raises(ToolError, match="mounted at /media/card"):
        examine(disk, "40 35 8:17 / /media/card rw - vfat /dev/sdx1 rw\n")


@pytest.fixture
def image(tmp_path):
    """Data, a hole, data."""
    path = tmp_path / "image"
    with open(path, "wb") as handle:
        handle.write(b"first" * 1000)
        handle.seek(8 << 20)
        handle.write(b"last" * 700000)
        handle.truncate(16 << 20)
    return path


def test_written_and_read_back(image, tmp_path, capsys):
    """Data arrives, holes leave what was there; a card that does not keep it is found."""
    card = tmp_path / "card"
    card.write_bytes(b"\xff" * (32 << 20))
    umbra_card_write.copy_to(image, card)
    umbra_card_write.compare(image, card)
    data = card.read_bytes()
    assert data[:5000] == b"first" * 1000 and data[8 << 20:][:2800000] == b"last" * 700000
    assert data[4 << 20:8 << 20] == b"\xff" * (4 << 20)
    assert "reading back: " in capsys.readouterr().out
    with open(card, "r+b") as handle:
        handle.seek((9 << 20) + 77)
        handle.write(b"?")
    with pytest.raises(ToolError, match=f"read back at {9 << 20} is not what was written"):
        umbra_card_write.compare(image, card)


def tool(*words, **options):
    return subprocess.run([SOURCE / "tools/card", *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **options)


@pytest.fixture
def blank_card(tmp_path):
    """What is taken for a card image: it begins as one, and has its size."""
    path = tmp_path / "card.img"
    path.write_bytes(umbra_card.partition_table())
    os.truncate(path, umbra_card.CARD_SIZE)
    return path


@pytest.mark.parametrize("verb", ["write", "files", "bmap"])
def test_only_a_card_image(tmp_path, verb):
    """What boots nothing is not written: other files, half of an image, a folder."""
    (tmp_path / "text").write_text("some words\n" * 100, encoding="ascii")
    (tmp_path / "empty").touch()
    (tmp_path / "zeros").write_bytes(bytes(1 << 20))
    (tmp_path / "half").write_bytes(umbra_card.partition_table() + bytes(1 << 20))
    where = [tmp_path] if verb == "files" else ["/dev/null"] if verb == "write" else []
    for name in ("text", "empty", "zeros", "half", "."):
        done = tool(verb, "--image", tmp_path / name, *where)
        assert done.returncode == 1 and "is no card image" in done.stdout and done.stdout.count("\n") == 1


def test_more_than_a_card_holds(tmp_path):
    (tmp_path / "kernel").touch()
    os.truncate(tmp_path / "kernel", 300 << 20)
    with pytest.raises(ToolError, match="the files have 300 MiB together, the card has room for 250; vmlinuz has 300"):
        umbra_card.create(tmp_path / "card.img", {"vmlinuz": tmp_path / "kernel"})
    os.truncate(tmp_path / "kernel", 250 << 20)
    umbra_card.create(tmp_path / "card.img", {"vmlinuz": tmp_path / "kernel"})
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["card.img", "kernel"]


def test_image_before_and_behind(blank_card):
    for words in (("--image", blank_card, "write"), ("write", "--image", blank_card)):
        assert "/dev/null is no block device" in tool(*words, "/dev/null").stdout


def test_only_a_block_device(tmp_path, blank_card):
    """A mistyped name gets one line, and no file of that name."""
    image = blank_card
    for place, message in ((image, "is no block device"), (tmp_path / "sdz", "No such file"), (tmp_path, "is no block device")):
        done = tool("--image", image, "write", "--yes", place)
        assert done.returncode == 1 and message in done.stdout and done.stdout.count("\n") == 1
    assert not (tmp_path / "sdz").exists()
    done = tool("--image", tmp_path / "none", "write", image)
    assert "make image" in done.stdout


def test_name_is_asked(monkeypatch):
    """Nothing happens unless the device's name is typed."""
    monkeypatch.setattr("sys.stdin", open(os.devnull, encoding="ascii"))
    with pytest.raises(ToolError, match="nothing was written"):
        umbra_card_write.confirm("/dev/sdx", 1 << 30, False)


def test_files_beside_others(card, tmp_path):
    """Umbra's files on a card that boots something: nothing of it is lost, the boot chain stays, twice changes nothing."""
    target = tmp_path / "boot"
    target.mkdir()
    (target / "boot.scr").write_text("somebody's")
    (target / "MLO").write_text("somebody's")
    done = tool("--image", card, "files", target)
    assert done.returncode == 0, done.stdout
    assert (target / "boot.scr").read_bytes() == umbra_card.get_bytes(card, "boot.scr")
    assert (target / "umbra.img").read_bytes() == umbra_card.get_bytes(card, "umbra.img")
    assert (target / "boot.scr.old").read_text() == "somebody's" and (target / "MLO").read_text() == "somebody's"
    before = sorted((path.name, path.stat().st_mtime_ns) for path in target.iterdir())
    assert tool("--image", card, "files", target).returncode == 0
    assert sorted((path.name, path.stat().st_mtime_ns) for path in target.iterdir()) == before
    for words in ("mine", "mine again"):  # what somebody puts in its place is kept as well, whenever it is replaced
        (target / "boot.scr").write_text(words)
        (target / "boot.scr.new").write_text("and this")
        assert tool("--image", card, "files", target).returncode == 0
    kept = {path.name: path.read_text() for path in target.glob("boot.scr.*")}
    assert kept == {"boot.scr.old": "somebody's", "boot.scr.old2": "mine", "boot.scr.old3": "mine again", "boot.scr.new": "and this"}


def test_block_map_replaces_block_maps(blank_card):
    """What is beside the image under the map's name, and is none, stays."""
    place = blank_card.with_name(blank_card.name + ".bmap")
    place.write_text("somebody's")
    done = tool("--image", blank_card, "bmap")
    assert done.returncode == 1 and f"{place} is there, and no block map" in done.stdout and place.read_text() == "somebody's"
    place.write_text('<?xml version="1.0" ?>\n<!-- what it is for -->\n<bmap version="2.0">\n')
    assert umbra_card_write.is_block_map(place)
