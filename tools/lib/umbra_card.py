# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes SD card images: one partition table entry, one FAT32 file system with plain files."""

import os
import pathlib
import shutil
import struct
import tempfile

import umbra_debian
import umbra_guest
from umbra_common import SOURCE, ToolError, build_dir, lock_file, new_file, run, write_if_changed

MIB = 1 << 20
CARD_SIZE = 256 * MIB  # QEMU wants a power of two
PARTITION_START = 1 * MIB
SECTOR = 512
LABEL = "UMBRA"


def partition_table():
    """A boot sector with one active FAT32 (LBA) partition: what the boot ROM looks for."""
    start, count = PARTITION_START // SECTOR, (CARD_SIZE - PARTITION_START) // SECTOR
    chs = b"\xfe\xff\xff"  # "use the LBA fields"
    entry = struct.pack("<B3sB3sII", 0x80, chs, 0x0C, chs, start, count)
    return bytes(440) + struct.pack("<IH", 0x584D4245, 0) + entry + bytes(48) + b"\x55\xaa"


def at_partition(image):
    return f"{image}@@{PARTITION_START}"


def mtools(program, image, *arguments):
    environment = dict(os.environ, MTOOLS_SKIP_CHECK="1", TZ="UTC")
    return run([program, "-i", at_partition(image), *arguments], env=environment)


def create(image, files):
    """Write a card image with `files` ({name: path}), in that order, so that MLO lies first and in one piece."""
    with new_file(image) as scratch:
        with open(scratch, "wb") as handle:
            handle.truncate(CARD_SIZE)
            handle.write(partition_table())
        # mkfs.fat counts blocks of 1 KiB; the sizes leave the partition its full length.
        run(["/sbin/mkfs.fat", "-F", "32", "-n", LABEL, "-i", "554d4252", "--invariant", "--offset", PARTITION_START // SECTOR,
             scratch, (CARD_SIZE - PARTITION_START) // 1024])
        for name, path in files.items():
            if not pathlib.Path(path).exists():
                raise ToolError(f"{name} cannot be put on the card: there is no {path}")
            mtools("mcopy", scratch, "-m", str(path), f"::{name}")
    return pathlib.Path(image)


def copy(image, target):
    """A copy of an image that a run may write to; holes stay holes."""
    run(["cp", "--sparse=always", image, target])
    return pathlib.Path(target)


def put(image, name, path):
    mtools("mcopy", image, "-o", str(path), f"::{name}")


def put_bytes(image, name, data):
    with tempfile.TemporaryDirectory() as scratch:
        path = pathlib.Path(scratch) / "put"
        path.write_bytes(data)
        put(image, name, path)


def get_bytes(image, name):
    with tempfile.TemporaryDirectory() as scratch:
        path = pathlib.Path(scratch) / "got"
        mtools("mcopy", image, f"::{name}", str(path))
        return path.read_bytes()


def delete(image, name):
    mtools("mdel", image, f"::{name}")


def boot_script():
    """boot.scr from configs/boot.cmd."""
    target = build_dir() / "boot.scr"
    source = SOURCE / "configs/boot.cmd"
    if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
        with new_file(target) as scratch:
            run(["mkimage", "-A", "arm", "-O", "linux", "-T", "script", "-C", "none", "-n", "Umbra", "-d", source, scratch],
                env=dict(os.environ, SOURCE_DATE_EPOCH="0"))
    return target


def layout_path(layout):
    """The compiled layout of that name, or of that file name."""
    path = build_dir() / "layouts" / f"{layout}.dtb"
    if path.exists():
        return path
    if pathlib.Path(layout).is_file():
        return pathlib.Path(layout)
    known = sorted(item.stem for item in (build_dir() / "layouts").glob("*.dtb"))
    raise ToolError(f"no layout '{layout}'; there are: {', '.join(known) or 'none (run make layouts)'}")


def card_files(layout):
    """{name on the card: path} of a complete card."""
    boot = umbra_debian.fetch_all()["u-boot"] / "usr/lib/u-boot/omap3_beagle"
    files = {"MLO": boot / "MLO", "u-boot.img": boot / "u-boot.img", "boot.scr": boot_script(),
             "umbra.img": build_dir() / "umbra.img", "layout.dtb": layout_path(layout)}
    files.update(umbra_guest.build_guest())
    return files


def build_card(layout, image=None, native=False, extra=None):
    """A card; one of the build folder is made again only if something on it changed."""
    files = card_files(layout)
    if native:
        marker = build_dir() / "native"
        write_if_changed(marker, "Umbra is skipped while this file is on the card.\n")
        files["native"] = marker
    files.update(extra or {})
    if image:
        return create(image, files)
    image = build_dir() / ("sdcard-native.img" if native else "sdcard.img")
    newest = max(pathlib.Path(path).stat().st_mtime for path in files.values() if pathlib.Path(path).exists())
    key = "\n".join(f"{name} {path}" for name, path in files.items())
    stamp = image.with_name(f"{image.name}.key")
    with lock_file(image.with_name(f"{image.name}.lock")):
        if not (image.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == key and stamp.stat().st_mtime > newest):
            create(image, files)
            stamp.write_text(key, encoding="utf-8")
    return image
