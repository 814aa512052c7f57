# SPDX-License-Identifier: GPL-2.0-or-later
"""Brings a card image, or its files, onto real cards. Use it as tools/card."""

import argparse
import itertools
import os
import pathlib
import re
import shutil
import stat
import sys
import tempfile

import umbra_card
from umbra_common import Arguments, ToolError, build_dir, run

SYS = pathlib.Path("/sys/dev/block")
MOUNTS = pathlib.Path("/proc/self/mountinfo")
MMC = re.compile(r"mmcblk\d+$")
IMAGE_HELP = "default: the build folder's sdcard.img"
EPILOG = """examples:
  make image && sudo tools/card write /dev/sdX    the whole card: everything on it is lost
  tools/card files /media/boot                    a mounted FAT partition that the board boots from already
  tools/card bmap                                 build/sdcard.img.bmap, for bmaptool"""


# --- Which disk ---

def device_number(path):
    """(major, minor) of a block device."""
    try:
        status = os.stat(path)
    except OSError as error:
        raise ToolError(f"{path}: {error.strerror}") from error
    if not stat.S_ISBLK(status.st_mode):
        raise ToolError(f"{path} is no block device; cards are called /dev/sdX or /dev/mmcblkN")
    return os.major(status.st_rdev), os.minor(status.st_rdev)


def read_word(path):
    return path.read_text(encoding="ascii", errors="replace").strip() if path.exists() else ""


def busy(numbers, mounts):
    """Where one of the devices (\"major:minor\") is mounted, or None."""
    for line in mounts.splitlines():
        words = line.split()
        if words[2] in numbers:
            return words[4]
    return None


def examine(name, folder, mounts, image_size):
    """Refuse a device that is no whole, removable, unused disk of enough size; `folder`: what sysfs says of it. Returns its size."""
    if (folder / "partition").exists():
        raise ToolError(f"{name} is a partition: name the whole card")
    if read_word(folder / "removable") != "1" and not MMC.match(folder.resolve().name):
        raise ToolError(f"{name} is no removable disk and no card: it is left alone")
    if read_word(folder / "ro") == "1":
        raise ToolError(f"{name} is write-protected")
    size = int(read_word(folder / "size") or "0") * 512
    if size == 0:
        raise ToolError(f"{name}: there is no card in it")
    if size < image_size:
        raise ToolError(f"{name} has {size >> 20} MiB; the image has {image_size >> 20}")
    numbers = {read_word(path) for path in (folder / "dev", *folder.glob("*/dev"))}
    place = busy(numbers, mounts)
    if place:
        raise ToolError(f"{name} is in use: mounted at {place}; unmount it first")
    if any(path.is_dir() and any(path.iterdir()) for path in (folder / "holders", *folder.glob("*/holders"))):
        raise ToolError(f"{name} is in use: another device is built on it")
    return size


# --- Writing ---

def show(what, done, total):
    if sys.stdout.isatty():
        print(f"\r{what}: {done >> 20} of {total >> 20} MiB", end="\n" if done == total else "", flush=True)
    elif done == total:
        print(f"{what}: {total >> 20} MiB", flush=True)


def copy_to(image, device):
    """Write the image's data and wait until the card has it."""
    with open(image, "rb") as source, open(device, "r+b", buffering=0) as target:
        todo = list(umbra_card.pieces(source, os.path.getsize(image)))
        total, done = sum(length for _, length in todo), 0
        for offset, length in todo:
            data = os.pread(source.fileno(), length, offset)
            while data:
                written = os.pwrite(target.fileno(), data, offset)
                data, offset = data[written:], offset + written
            done += length
            show("writing", done, total)
        os.fsync(target.fileno())


def compare(image, device):
    """Read back from the card itself, not from what this computer remembers of it."""
    with open(image, "rb") as source, open(device, "rb", buffering=0) as target:
        os.posix_fadvise(target.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        todo = list(umbra_card.pieces(source, os.path.getsize(image)))
        total, done = sum(length for _, length in todo), 0
        for offset, length in todo:
            if os.pread(source.fileno(), length, offset) != os.pread(target.fileno(), length, offset):
                raise ToolError(f"{device}: what was read back at {offset} is not what was written: the card is bad, or was taken out")
            done += length
            show("reading back", done, total)


def confirm(name, size, yes):
    if yes:
        return
    print(f"Everything on {name} ({size / 1e9:.1f} GB) will be lost. Type its name to go on: ", end="", flush=True)
    if sys.stdin.readline().strip() != name:
        raise ToolError("nothing was written")


def write(options):
    image = image_of(options)
    major, minor = device_number(options.device)
    size = examine(options.device, SYS / f"{major}:{minor}", MOUNTS.read_text(encoding="utf-8"), os.path.getsize(image))
    confirm(options.device, size, options.yes)
    try:
        copy_to(image, options.device)
        compare(image, options.device)
    except OSError as error:
        raise ToolError(f"{options.device}: {error.strerror}") from error
    print(f"{options.device} boots {image}; it can be taken out")


# --- Single files ---

def files_of(image):
    """{name: contents} of the image's partition but for the boot chain, which a card that boots has."""
    with tempfile.TemporaryDirectory() as scratch:
        umbra_card.mtools("mcopy", image, "-s", "::*", scratch)
        folder = pathlib.Path(scratch)
        return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*"))
                if path.is_file() and path.name not in ("MLO", "u-boot.img")}


def unused(path):
    """This name, or with the first number behind it that nothing has."""
    names = itertools.chain([path], (path.with_name(f"{path.name}{number}") for number in itertools.count(2)))
    return next(name for name in names if not os.path.lexists(name))


def is_block_map(path):
    with open(path, "rb") as handle:
        return b"<bmap " in handle.read(4096)


def files(options):
    """Copies onto a mounted partition; what is replaced is kept beside it."""
    target = pathlib.Path(options.folder)
    if not target.is_dir():
        raise ToolError(f"{target} is no folder: mount the card's boot partition and name where")
    contents = files_of(image_of(options))
    free = shutil.disk_usage(target).free
    need = sum(len(data) for data in contents.values())
    if free < need:
        raise ToolError(f"{target} has {free >> 20} MiB free; the files need {(need >> 20) + 1}")
    for name, data in contents.items():
        place = target / name
        if place.exists() and place.read_bytes() == data:
            continue
        place.parent.mkdir(exist_ok=True)
        with tempfile.NamedTemporaryFile(prefix=place.name + ".", dir=place.parent, delete=False) as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        if place.exists():
            old = unused(place.with_name(place.name + ".old"))
            place.rename(old)
            print(f"{name}: what was there is {old.name} now")
        os.chmod(handle.name, 0o644)
        os.replace(handle.name, place)
        print(name)
    print(f"{target} has Umbra; unmount it before the card is taken out")


def bmap(options):
    image = image_of(options)
    place = pathlib.Path(f"{image}.bmap")
    if place.exists() and not (place.is_file() and is_block_map(place)):
        raise ToolError(f"{place} is there, and no block map")
    if not shutil.which("bmaptool"):
        raise ToolError("bmaptool is missing: install bmap-tools")
    run(["bmaptool", "create", "-o", place, image])
    print(f"{image}.bmap is ready: bmaptool copy {image} /dev/sdX")


def image_of(options):
    """The image's path; what is none would make a card that boots nothing."""
    image = pathlib.Path(options.image or build_dir() / "sdcard.img")
    if not image.exists():
        raise ToolError(f"there is no {image}: run make image")
    if not image.is_file() or not umbra_card.is_card(image):
        raise ToolError(f"{image} is no card image: make image and tools/mkimage make such ones")
    return image


def main(arguments):
    parser = Arguments("card", __doc__, epilog=EPILOG)
    parser.add_argument("--image", metavar="FILE", help=IMAGE_HELP)
    verbs = parser.add_subparsers(metavar="write|files|bmap", required=True)
    verb = verbs.add_parser("write", help="overwrite a card with the image, and read it back")
    verb.add_argument("device", metavar="DEVICE", help="the whole card, /dev/sdX or /dev/mmcblkN")
    verb.add_argument("--yes", action="store_true", help="do not ask")
    verb.set_defaults(run=write)
    verb = verbs.add_parser("files", help="put Umbra and the guest beside what is on a mounted card")
    verb.add_argument("folder", metavar="FOLDER", help="where the card's first (FAT) partition is mounted")
    verb.set_defaults(run=files)
    verb = verbs.add_parser("bmap", help="make a block map, with which bmaptool writes the image quickly")
    verb.set_defaults(run=bmap)
    for verb in verbs.choices.values():  # before or behind the verb
        verb.add_argument("--image", metavar="FILE", default=argparse.SUPPRESS, help=IMAGE_HELP)
    options = parser.parse_args(arguments)
    options.run(options)
