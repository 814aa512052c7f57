# SPDX-License-Identifier: GPL-2.0-or-later
"""The beagle-xm machine: building it, and the QEMU command lines of the two ways to boot it."""

import os
import pathlib
import shutil
import socket
import subprocess

from umbra_common import SOURCE, ToolError, build_dir, run

# Where a direct boot puts things: as configs/boot.cmd does. QEMU places the device tree of -dtb by itself.
FIRST_FILE = 0x88100000
LAST_FILE = 0x9D000000
MIB = 1 << 20


def build_machine():
    """Build QEMU with our machine unless it is in the cache; returns the program's path. Shows its progress."""
    done = subprocess.run([SOURCE / "tools/qemu-beagle-xm/build"], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise ToolError("the machine could not be built (see above)")
    program = pathlib.Path(done.stdout.strip().splitlines()[-1])
    link = build_dir() / "qemu-system-arm"
    if not link.is_symlink() or link.readlink() != program:
        scratch = link.with_name(f"qemu-system-arm.{os.getpid()}")
        scratch.unlink(missing_ok=True)
        scratch.symlink_to(program)
        scratch.rename(link)
    return program


def base_command(program):
    return [str(program), "-M", "beagle-xm", "-nodefaults", "-display", "none"]


def console_here():
    """The board's serial port on this terminal, with QEMU's own escape key Ctrl-A."""
    return ["-chardev", "stdio,id=console,mux=on,signal=off", "-serial", "chardev:console", "-mon", "console,mode=readline"]


def file_word(path):
    """A file's name within a word of QEMU's command line: a comma ends it there unless there are two."""
    return str(path).replace(",", ",,")


SOCKET_MOST = 107  # bytes of a socket's name, sys/un.h


def listens(path):
    """Does some program listen on the Unix socket?"""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def check_socket(path):
    """Refuse what cannot become a socket of QEMU's: it removes whatever has that name."""
    path = pathlib.Path(path)
    if len(os.fsencode(path)) > SOCKET_MOST:
        raise ToolError(f"{path} is too long for a socket's name: {SOCKET_MOST} bytes are the most")
    if not path.parent.is_dir():
        raise ToolError(f"{path} cannot be a socket: there is no folder {path.parent}")
    if os.path.lexists(path) and not path.is_socket():
        raise ToolError(f"{path} is no socket and is left alone")
    if listens(path):
        raise ToolError(f"{path} is in use: a program listens on it")


def console_on_socket(path):
    """The board's serial port on a Unix socket, for one program at a time."""
    return ["-chardev", f"socket,id=console,path={file_word(path)},server=on,wait=off", "-serial", "chardev:console", "-monitor", "none"]


def console_for_program(breaks=False):
    """The board's serial port as plain stdin and stdout: no byte is taken by QEMU. But with `breaks` Ctrl-A b is a BREAK."""
    return ["-chardev", f"stdio,id=console,signal=off,mux={'on' if breaks else 'off'}", "-serial", "chardev:console", "-monitor", "none"]


def card_boot(image):
    return ["-drive", f"if=sd,format=raw,file={file_word(image)}"]


def native_boot(files, bootargs):
    """Linux directly, as U-Boot would start it: `files` has vmlinuz and perhaps guest.dtb (else there are ATAGs) and initrd.gz."""
    command = ["-kernel", str(files["vmlinuz"]), "-append", bootargs]
    for word, name in (("-dtb", "guest.dtb"), ("-initrd", "initrd.gz")):
        command += [word, str(files[name])] if name in files else []
    return command


def layout_modules(layout):
    """[(node, file name)] of the modules that a compiled layout names."""
    nodes = [f"/chosen/{name}" for name in run(["fdtget", "-l", layout, "/chosen"]).split()]
    return [(node, run(["fdtget", "-d", "", layout, node, "file"]).rstrip("\n")) for node in nodes]


def layout_bootargs(layout):
    return run(["fdtget", "-d", "", layout, "/guest", "bootargs"]).strip()


def umbra_boot(layout, files, scratch):
    """
    Umbra directly: does what boot.scr does, on this computer. `files` maps names of the layout to paths; a missing one
    gets no reg. The edited layout is written into the folder `scratch`.
    """
    edited = pathlib.Path(scratch) / "layout.dtb"
    shutil.copyfile(layout, edited)
    command, address = [], FIRST_FILE
    for node, name in layout_modules(edited):
        subprocess.run(["fdtput", "-d", edited, node, "reg"], stderr=subprocess.DEVNULL, check=False)
        path = files.get(name)
        if path is None or not pathlib.Path(path).exists():
            continue
        size = pathlib.Path(path).stat().st_size
        if address + size > LAST_FILE:
            continue
        run(["fdtput", "-t", "x", edited, node, "reg", f"{address:x}", f"{size:x}"])
        if size:
            command += ["-device", f"loader,file={file_word(path)},addr={address:#x},force-raw=on"]
        address = (address + size + MIB - 1) // MIB * MIB
    return ["-kernel", str(build_dir() / "umbra.img"), "-dtb", str(edited), *command]
