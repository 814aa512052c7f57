# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes SD card images: one FAT32 partition with plain files, and where a system is wanted a second one that holds it."""

import fcntl
import hashlib
import json
import os
import pathlib
import re
import shutil
import struct
import tempfile

import umbra_debian
import umbra_guest
import umbra_layout
from umbra_common import SOURCE, ToolError, build_dir, lock_file, new_file, run, write_if_changed

MIB = 1 << 20
CARD_SIZE = 256 * MIB  # QEMU wants a power of two
PARTITION_START = 1 * MIB
SECTOR = 512
LABEL = "UMBRA"
LAYOUTS = SOURCE / "configs/layouts"
DEFAULT_LAYOUT = "linux"
LAYOUT_NAME = "sdcard.layout"  # in the build folder; one line a layout, the first is what the card boots by itself
MENU_SECONDS = 3
OWN_NAME = "sdcard.own"  # the user's own files on that card: {name on the card: path}


def partition_table(root_size=0):
    """A boot sector with one active FAT32 (LBA) partition: what the boot ROM looks for. Behind it one of Linux's with `root_size` bytes."""
    chs = b"\xfe\xff\xff"  # "use the LBA fields"

    def entry(active, kind, start, size):
        return struct.pack("<B3sB3sII", active, chs, kind, chs, start // SECTOR, size // SECTOR)

    entries = entry(0x80, 0x0C, PARTITION_START, CARD_SIZE - PARTITION_START)
    if root_size:
        entries += entry(0, 0x83, CARD_SIZE, root_size)
    return bytes(440) + struct.pack("<IH", 0x584D4245, 0) + entries.ljust(64, b"\0") + b"\x55\xaa"


def is_card(image):
    """Does the file begin as create() makes them?"""
    with open(image, "rb") as handle:
        return handle.read(SECTOR)[:462] == partition_table()[:462] and os.path.getsize(image) >= CARD_SIZE


def check_image(image):
    """Refuse a user's name for an image that has something else."""
    image = pathlib.Path(image)
    if image.is_file() and image.stat().st_size and not is_card(image):
        raise ToolError(f"{image} is no card image and is left alone")


def pieces(handle, size):
    """(offset, length) of what holds data; holes of the image are skipped."""
    offset = 0
    while offset < size:
        try:
            begin = os.lseek(handle.fileno(), offset, os.SEEK_DATA)
            end = os.lseek(handle.fileno(), begin, os.SEEK_HOLE)
        except OSError:  # nothing but a hole is left
            return
        while begin < end:
            yield begin, min(MIB, end - begin)
            begin += MIB
        offset = end


def at_partition(image):
    return f"{image}@@{PARTITION_START}"


def mtools(program, image, *arguments):
    environment = dict(os.environ, MTOOLS_SKIP_CHECK="1", TZ="UTC")
    return run([program, "-i", at_partition(image), *arguments], env=environment)


def check_sizes(files):
    """Refuse what is not there, or too much for the card, before the card is made of it."""
    for name, path in files.items():
        if not pathlib.Path(path).exists():
            raise ToolError(f"{name} cannot be put on the card: there is no {path}")
    sizes = {name: os.path.getsize(path) for name, path in files.items()}
    room = CARD_SIZE - PARTITION_START - 5 * MIB  # but for tables: two times four bytes for each sector
    if sum(sizes.values()) > room:
        biggest = max(sizes, key=sizes.get)
        raise ToolError(f"the files have {sum(sizes.values()) // MIB} MiB together, the card has room for {room // MIB}; {biggest} has {sizes[biggest] // MIB}")


def create(image, files):
    """Write a card image with `files` ({name: path}), in that order, so that MLO lies first and in one piece."""
    check_sizes(files)
    with new_file(image) as scratch:
        with open(scratch, "wb") as handle:
            handle.truncate(CARD_SIZE)
            handle.write(partition_table())
        # mkfs.fat counts blocks of 1 KiB; the sizes leave the partition its full length.
        run(["/sbin/mkfs.fat", "-F", "32", "-n", LABEL, "-i", "554d4252", "--invariant", "--offset", PARTITION_START // SECTOR,
             scratch, (CARD_SIZE - PARTITION_START) // 1024])
        folders = set()
        for name, path in files.items():
            folder = name.rpartition("/")[0]
            if folder and folder not in folders:
                mtools("mmd", scratch, f"::{folder}")
                folders.add(folder)
            mtools("mcopy", scratch, "-m", str(path), f"::{name}")
    return pathlib.Path(image)


def write_part(source, image, offset):
    """Write an image into another one; what was never written to the first is left out, as it may lie on a card."""
    with open(source, "rb") as data, open(image, "r+b") as target:
        for begin, length in pieces(data, os.path.getsize(source)):
            data.seek(begin)
            target.seek(offset + begin)
            target.write(data.read(length))


def create_with_root(image, files, root):
    """A card as create() makes it, with the file system image `root` on its second partition."""
    with new_file(image) as scratch:
        create(scratch, files)
        with open(scratch, "r+b") as handle:
            handle.write(partition_table(os.path.getsize(root)))
            handle.truncate(CARD_SIZE + os.path.getsize(root))
        write_part(root, scratch, CARD_SIZE)
    return pathlib.Path(image)


def claim(handle, image):
    """No machine has the open image, nor can have it until it is closed: QEMU locks these bytes of a file that it works with."""
    try:
        fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB, 200, 100)
    except OSError as error:
        raise ToolError(f"{image} is in use: a machine runs with it") from error


def renew_first(image, files):
    """Make the first partition of such a card again; the second one, which its system has written to, stays as it is."""
    with open(image, "r+b") as target, tempfile.TemporaryDirectory(dir=pathlib.Path(image).parent) as scratch:
        claim(target, image)
        first = create(pathlib.Path(scratch) / "first.img", files)
        with open(first, "rb") as data:
            data.seek(PARTITION_START)
            target.seek(PARTITION_START)
            shutil.copyfileobj(data, target, MIB)


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


def is_layout(path):
    """Is the file a device tree that says it is a layout?"""
    with open(path, "rb") as handle:
        head = handle.read(4)
    return head == b"\xd0\x0d\xfe\xed" and "umbra,layout-v1" in run(["fdtget", "-d", "", path, "/", "compatible"]).split()


def check_layout(layout):
    """Refuse what will be no layout when everything is built: to be called before that takes its time."""
    if umbra_layout.ours(layout):
        return layout
    if not pathlib.Path(layout).is_file():
        known = sorted(item.stem for item in LAYOUTS.glob("*.dts"))
        raise ToolError(f"no layout '{layout}'; there are: {', '.join(known)}, or name a .dts or .dtb file")
    if pathlib.Path(layout).suffix == ".dts":
        return layout
    if not is_layout(layout):
        raise ToolError(f"{layout} is no compiled layout: not a device tree blob with compatible = \"umbra,layout-v1\" (dtc makes one from a .dts)")
    return layout


def layout_path(layout):
    """The compiled layout of that name, or of that file name."""
    check_layout(layout)
    if pathlib.Path(layout).suffix == ".dts":
        return compiled(pathlib.Path(layout))
    if not umbra_layout.ours(layout):
        return pathlib.Path(layout)
    path = build_dir() / "layouts" / f"{layout}.dtb"
    if not path.exists():
        raise ToolError(f"layout '{layout}' is not compiled: run make layouts")
    return path


def compiled(source):
    """A layout from outside the tree, compiled for the build folder's configuration and checked."""
    umbra_layout.examine(source, build_dir())
    target = build_dir() / "own" / f"{source.stem}.dtb"
    target.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        blob = pathlib.Path(scratch) / "layout.dtb"
        umbra_layout.compile_source(source, build_dir(), blob)
        write_if_changed(target, blob.read_bytes())
    return target


def with_overlays(layout, overlays):
    """The layout, or a compiled one in the build folder with the overlays applied, which is called after all of them."""
    if not overlays:
        return layout
    umbra_layout.examine(layout, build_dir(), overlays)
    target = build_dir() / "own" / f"{'+'.join(pathlib.Path(path).stem for path in (layout, *overlays))}.dtb"
    target.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        blob = pathlib.Path(scratch) / "layout.dtb"
        umbra_layout.merge(layout, overlays, build_dir(), blob)
        write_if_changed(target, blob.read_bytes())
    return str(target)


def check_files(**files):
    """Refuse files that are not there, by what they are for: before everything else takes its time."""
    for what, path in files.items():
        if path and not pathlib.Path(path).is_file():
            raise ToolError(f"there is no file {path} ({what})")


def own_files(layout, kernel=None, dtb=None, initrd=None):
    """{name on the card: path} for files of the user's own, by what the layout calls them."""
    own = {}
    check_files(kernel=kernel, dtb=dtb, initrd=initrd)
    if not (kernel or dtb or initrd):
        return own
    for what, path, name in zip(("kernel", "dtb", "initrd"), (kernel, dtb, initrd), umbra_layout.examine(layout_path(layout), build_dir()).files):
        if path and not name:
            raise ToolError(f"layout '{layout}' names no {what}: {path} would not be used")
        if path:
            own[name] = str(pathlib.Path(path).absolute())
    return own


def lasting_name(layout):
    """What a later run, in another folder, still finds it by."""
    return layout if umbra_layout.ours(layout) else str(pathlib.Path(layout).absolute())


def remember(layout, own, others=()):
    """What `make run` boots."""
    write_if_changed(build_dir() / LAYOUT_NAME, "".join(f"{lasting_name(name)}\n" for name in (layout, *others)))
    write_if_changed(build_dir() / OWN_NAME, json.dumps({name: str(path) for name, path in own.items()}) + "\n")


def remembered(layout):
    """The user's own files on the build folder's card, if it has that layout."""
    path = build_dir() / OWN_NAME
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() and layout == layout_on_card() else {}


def layouts_on_card():
    """The layouts that `make image` or the last run put on the build folder's card."""
    path = build_dir() / LAYOUT_NAME
    return (path.read_text(encoding="utf-8").splitlines() if path.exists() else None) or [DEFAULT_LAYOUT]


def layout_on_card():
    """The one that the card boots by itself: what a run without --layout boots."""
    return layouts_on_card()[0]


def check_layouts(layouts):
    """Refuse what will be no card; the layouts."""
    for layout in layouts:
        check_layout(layout)
    names = [pathlib.Path(layout).stem for layout in layouts]
    for name in names:
        if names.count(name) > 1:
            raise ToolError(f"two layouts of one card are called '{name}'")
        # What U-Boot's shell and FAT take for one word.
        if len(names) > 1 and not re.fullmatch(r"[A-Za-z0-9_.-]+", name):
            raise ToolError(f"'{name}' cannot be one of several layouts: letters, digits, dots, dashes only")
    return layouts


def menu_files(layouts):
    """{name on the card: path} of what boot.scr offers a choice from: only for several layouts."""
    if len(layouts) < 2:
        return {}
    names = [pathlib.Path(layout).stem for layout in layouts]
    menu = build_dir() / "layouts.conf"
    entries = "".join(f"label {name}\n\tlocalboot 1\n\tappend {name}\n" for name in names)
    write_if_changed(menu, f"menu title Layouts on this card\nprompt 1\ntimeout {round(10 * MENU_SECONDS)}\ndefault {names[0]}\n{entries}")
    return {"layouts.conf": menu, **{f"layouts/{name}.dtb": layout_path(layout) for name, layout in zip(names, layouts)}}


def test_bytes():
    """8 MiB without a pattern, the same each time."""
    return b"".join(hashlib.sha512(offset.to_bytes(8, "little")).digest() for offset in range(0, 8 << 20, 64))


def test_data(folder):
    """{name on the card: path} of what tests read."""
    data = pathlib.Path(folder) / "data.bin"
    data.write_bytes(test_bytes())
    return {data.name: data}


BOOT_FILES = ("MLO", "u-boot.img", "boot.scr", "umbra.img", "layout.dtb")


def not_on_card(layout, own=None):
    """Files that a layout's guests want and its card has not, sorted. `own`: names of the user's files; None: as on the last card."""
    own = remembered(layout) if own is None else own
    return sorted(umbra_layout.wanted_files(layout) - {*BOOT_FILES, *umbra_guest.LINUX_FILES, *umbra_guest.BARE_FILES, *own})


def card_files(layout, for_tests=False):
    """{name on the card: path} of a complete card; `for_tests` with what only tests want."""
    boot = umbra_debian.fetch_boot()["u-boot"] / "usr/lib/u-boot/omap3_beagle"
    files = {"MLO": boot / "MLO", "u-boot.img": boot / "u-boot.img", "boot.scr": boot_script(),
             "umbra.img": build_dir() / "umbra.img", "layout.dtb": layout_path(layout)}
    files.update(umbra_guest.build_guest(for_tests))
    return files


def native_file():
    """{name on the card: path} of what lets boot.scr skip Umbra."""
    marker = build_dir() / "native"
    write_if_changed(marker, "Umbra is skipped while this file is on the card.\n")
    return {marker.name: marker}


def listing(files):
    return "\n".join(f"{name} {path}" for name, path in files.items())


def stamp_of(image):
    return image.with_name(f"{image.name}.key")


def is_current(image, files):
    """Does a card of the build folder hold these files, as they are now?"""
    stamp = stamp_of(image)
    newest = max(pathlib.Path(path).stat().st_mtime for path in files.values() if pathlib.Path(path).exists())
    return image.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == listing(files) and stamp.stat().st_mtime > newest


def note(image, files):
    stamp_of(image).write_text(listing(files), encoding="utf-8")


def build_card(layout, image=None, native=False, extra=None, own=None, others=None):
    """A card; one of the build folder is made again only if something on it changed.

    `own`: files for the guest's, `others`: layouts that boot.scr offers too; None: as last time, if that had the same layout.
    """
    if others is None:
        others = layouts_on_card()[1:] if not image and layout == layout_on_card() else []
    files = card_files(layout, for_tests=bool(image))  # a card elsewhere is a test's
    files.update(menu_files(check_layouts([layout, *others])))
    if own is None:
        own = {} if image else remembered(layout)
    files.update(own)
    files.update(native_file() if native else {})
    files.update(extra or {})
    if image:
        return create(image, files)
    remember(layout, own, others)
    image = build_dir() / ("sdcard-native.img" if native else "sdcard.img")
    with lock_file(image.with_name(f"{image.name}.lock")):
        if not is_current(image, files):
            create(image, files)
            note(image, files)
    return image
