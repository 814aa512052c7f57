# SPDX-License-Identifier: GPL-2.0-or-later
"""Bad layouts and files: one message that names node and property or file, then the monitor prompt, and no guest."""

import pathlib
import re
import shutil
import subprocess

import pytest

import umbra_guest
from board import MONITOR_PROMPT, layout, umbra_arguments
from umbra_common import build_dir

# As on the chip: only as much memory answers as the boot loader has set up.
CHIP_SIZE = ["-global", "omap3-sdrc.fitted-size=off"]
# A message is one line of Umbra's that says what is wrong.
ERROR_LINE = re.compile(r"^umbra: (?:error: )?((?:layout|guest)[ :].*)$", re.M)


def put(*arguments):
    """An edit of the layout by fdtput; {layout} stands for the file."""
    return lambda path: subprocess.run(["fdtput", *[word.replace("{layout}", str(path)) for word in arguments]], check=True)


def set_cells(node, prop, *cells):
    return put("-t", "x", "{layout}", node, prop, *[f"{cell:x}" for cell in cells])


def set_text(node, prop, *texts):
    return put("-t", "s", "{layout}", node, prop, *texts)


def overwrite(offset, data):
    def edit(path):
        content = bytearray(path.read_bytes())
        content[offset:offset + len(data)] = data
        path.write_bytes(content)
    return edit


def pad(path, size):
    """The file made longer, and its header says so."""
    content = path.read_bytes()
    path.write_bytes(content[:4] + size.to_bytes(4, "big") + content[8:] + bytes(size - len(content)))


# name: (edit of the layout, what the message must hold)
LAYOUTS = {
    "not-a-tree": (overwrite(0, bytes(16)), r"layout\.dtb"),
    "size-zero": (overwrite(4, bytes(4)), r"layout\.dtb: its header is damaged: it says 0 bytes"),
    "size-huge": (overwrite(4, b"\xff" * 4), r"layout\.dtb: its header says 4294967295 bytes, a layout has 262144 at most"),
    "too-large": (lambda path: pad(path, 0x40004), r"layout\.dtb: its header says 262148 bytes, a layout has 262144 at most"),
    "old-format": (overwrite(20, bytes((0, 0, 0, 1))), r"layout\.dtb: its format is version 1 "),
    "damaged-structure": (overwrite(0x60, b"\xff" * 16), r"layout"),
    "compatible": (set_text("/", "compatible", "umbra,layout-v9"), r"/: compatible"),
    "unknown-property": (set_cells("/guest", "memorie", 1), r"/guest: memorie: unknown property"),
    "no-memory": (put("-d", "{layout}", "/guest", "memory"), r"/guest: memory: missing"),
    "empty-memory": (set_cells("/guest", "memory", 0x80000000, 0), r"/guest: memory:"),
    "odd-memory": (set_cells("/guest", "memory", 0x80000800, 0x1000000), r"/guest: memory:.*1 MiB"),
    "too-little-memory": (set_cells("/guest", "memory", 0x80000000, 0x00400000), r"memory|does not fit"),
    "memory-over-umbra": (set_cells("/guest", "memory", 0x80000000, 0x20000000), r"/guest: memory:.*overlaps Umbra"),
    "memory-nowhere": (set_cells("/guest", "memory", 0x10000000, 0x01000000), r"/guest: memory:"),
    "memory-wraps": (set_cells("/guest", "memory", 0x80000000, 0xfff00000), r"/guest: memory:"),
    "cpu-path": (set_text("/guest", "cpu-path", "warp"), r'cpu-path.*"warp"'),
    "shadow": (set_text("/guest", "shadow", "none-such"), r'shadow.*"none-such"'),
    "no-kernel": (put("-d", "{layout}", "/guest", "kernel"), r"/guest: kernel: missing"),
    "dangling-kernel": (set_cells("/guest", "kernel", 0x7777), r"/guest: kernel:"),
    "kernel-used-twice": (lambda path: set_cells("/guest", "initrd", kernel_phandle(path))(path), r'/guest:.*"vmlinuz" is used twice'),
    "bootargs-empty": (set_cells("/guest", "bootargs"), r"/guest: bootargs:"),
    "unknown-device": (lambda path: add_device(path, "warp@1000", "umbra,warp-drive", (0x1000, 0x1000)),
                       r'warp@1000: compatible: "umbra,warp-drive"'),
    "device-without-reg": (lambda path: add_device(path, "bare", "umbra,passthrough"), r"bare: reg: missing"),
    "device-twice": (lambda path: add_device(path, "twin@49058000", "umbra,passthrough", (0x49058000, 0x1000)),
                     r"overlaps"),
    "device-over-ram": (lambda path: add_device(path, "ram@90000000", "umbra,passthrough", (0x90000000, 0x1000)),
                        r"ram@90000000: reg:.*overlaps"),
    "device-wraps": (lambda path: add_device(path, "wrap@fffff000", "umbra,passthrough", (0xfffff000, 0x2000)),
                     r"wrap@fffff000: reg:.*wraps"),
    "file-name-with-escape": (set_text("/chosen/module@0", "file", "\x1b[2Jvm\rlinuz"), r'/chosen/module@0: reg: file "\?\[2Jvm\?linuz" was not loaded'),
    "long-file-name": (set_text("/chosen/module@0", "file", "vm" + "l" * 300), r'/chosen/module@0: reg: file "vml+\.\.\." was not loaded'),
    "module-without-file": (put("-d", "{layout}", "/chosen/module@0", "file"), r"/chosen/module@0: file: missing"),
}

# name: (file on the card, how it is spoilt (None: missing), what the message must hold)
FILES = {
    "kernel-missing": ("vmlinuz", None, r'file "vmlinuz" was not loaded'),
    "kernel-empty": ("vmlinuz", lambda data: b"", r'file "vmlinuz" is empty'),
    "kernel-truncated": ("vmlinuz", lambda data: data[:len(data) // 2], r'file "vmlinuz" is truncated'),
    "kernel-oversized": ("vmlinuz", lambda data: data + bytes(0x1000000), r"vmlinuz|files are kept"),
    "kernel-elf": ("vmlinuz", lambda data: b"\x7fELF" + data[4:], r'file "vmlinuz" is an ELF file'),
    "dtb-missing": ("guest.dtb", None, r'file "guest.dtb" was not loaded'),
    "dtb-truncated": ("guest.dtb", lambda data: data[:1000], r'file "guest.dtb" is not a sound device tree'),
    "dtb-garbage": ("guest.dtb", lambda data: bytes(len(data)), r'file "guest.dtb" is not a sound device tree'),
    "initrd-missing": ("initrd.gz", None, r'file "initrd.gz" was not loaded'),
}


def kernel_phandle(path):
    return int(subprocess.run(["fdtget", path, "/guest", "kernel"], check=True, capture_output=True, text=True).stdout)


def add_device(path, name, compatible, reg=None):
    node = f"/guest/devices/{name}"
    subprocess.run(["fdtput", "-c", path, node], check=True)
    set_text(node, "compatible", compatible)(path)
    if reg:
        set_cells(node, "reg", *reg)(path)


def expect_refusal(board, message):
    """Exactly one message, then the prompt, and a monitor that answers."""
    board.expect(MONITOR_PROMPT, 60)
    console = board.child.before.replace("\r", "")
    errors = ERROR_LINE.findall(console)
    assert len(errors) == 1, f"{len(errors)} messages instead of one:\n{console}"
    assert re.search(message, errors[0]), f"the message does not say {message!r}:\n{errors[0]}"
    assert "list the commands" in board.monitor_command("help")
    board.monitor_command("guest list")


def spoilt_layout(tmp_path, edit):
    path = tmp_path / "layout.dtb"
    shutil.copyfile(layout("linux"), path)
    edit(path)
    return path


@pytest.mark.parametrize("name", LAYOUTS)
def test_bad_layout(boot, tmp_path, name):
    edit, message = LAYOUTS[name]
    path = spoilt_layout(tmp_path, edit)
    if name in ("not-a-tree", "size-zero", "size-huge", "too-large", "old-format", "damaged-structure"):
        # Tools on this computer refuse it as well: hand it over as a plain file where U-Boot would have put it.
        arguments = ["-kernel", build_dir() / "umbra.img", *raw_layout(path)]
    else:
        arguments = umbra_arguments(f"bad-{name}", path)
    expect_refusal(boot(arguments), message)


def raw_layout(path):
    """Without -dtb QEMU passes ATAGs at the address in r2; the file is put exactly there."""
    return ["-device", f"loader,file={path},addr={0x80000100:#x},force-raw=on"]


@pytest.mark.parametrize("name", FILES)
def test_bad_file(boot, tmp_path, name):
    file, spoil, message = FILES[name]
    files = dict(umbra_guest.build_guest())
    if spoil is None:
        del files[file]
    else:
        data = spoil(pathlib.Path(files[file]).read_bytes())
        files[file] = tmp_path / file
        files[file].write_bytes(data)
    expect_refusal(boot(umbra_arguments(f"bad-{name}", "linux", files)), message)


def test_no_layout(boot):
    """bootm without a device tree: r2 points to ATAGs."""
    expect_refusal(boot(["-kernel", build_dir() / "umbra.img"]), r"layout\.dtb")


def test_half_of_the_memory(boot):
    """A board whose boot loader set up 256 MiB and says so: everything moves down."""
    board = boot(umbra_arguments("half-memory", "bare-metal", {"guest.bin": build_dir() / "guests/flat.bin"}) + CHIP_SIZE)
    board.expect(r"umbra: RAM 256 MiB at 0x80000000; Umbra has 16 MiB from 0x8f000000", 30)
    board.expect(r"SUMMARY: \d+ tests, 0 failed", 60)


def test_home_does_not_answer(boot):
    """No device tree, so nobody says that there are 256 MiB only: one line instead of silence."""
    board = boot(["-kernel", build_dir() / "umbra.img", *CHIP_SIZE])
    board.expect(r"umbra: PANIC: Umbra belongs at 0x9f000000, the top of 512 MiB of RAM \(the boot loader does not say\): nothing answers", 30)
