# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the file system of a system: its packages are unpacked here and configure themselves in the machine, which is booted once for that."""

import pathlib
import re
import subprocess
import tempfile
import time
import urllib.parse

import umbra_card
import umbra_debian
import umbra_guest
import umbra_machine
import umbra_system_unpack
from umbra_common import SOURCE, ToolError, cache_dir, run
from umbra_cpio import Archive

PARTS = SOURCE / "configs/system"
UUID = "554d4252-0000-4000-8000-000000000001"
MODULES = ("pbias-regulator", "omap_hsmmc", "ext4", "crc32c_generic")
# Its whole output is a few hundred lines: one that says nothing for so long has stopped.
SILENCE = 1800
# What its scripts say at the end.
DONE = ("mksystem: ended with status 0", "mksystem: unmounted")


def build_initrd(init):
    """An initial file system with the drivers of card and ext4, and one of configs/system as its /init."""
    packages = umbra_debian.fetch_all()
    archive = Archive()
    for name in ("proc", "sys", "dev", "tmp", "system"):
        archive.directory(name)
    archive.character_device("dev/console", 5, 1)
    archive.character_device("dev/null", 1, 3, 0o666)
    umbra_guest.add_busybox(archive, packages["busybox"])
    umbra_guest.add_modules(archive, packages["kernel"], MODULES)
    archive.file("init", (PARTS / init).read_bytes(), 0o755)
    return archive.pack_gzip()


def sources_list():
    """The package sources of this computer, for the system's own apt; none that holds a password."""
    lines = [f"deb {uri} {release} main" for uri, release in umbra_debian.system_repositories() if not urllib.parse.urlsplit(uri).username]
    return "".join(f"{line}\n" for line in lines)


def overlay(root, one, order):
    """What is in no package: configs/system/etc, and the script with its lists that makes the rest inside the machine."""
    for path in (PARTS / "etc").iterdir():
        (root / "etc" / path.name).write_bytes(path.read_bytes())
    (root / "etc/machine-id").write_text("", encoding="utf-8")
    (root / "etc/apt/sources.list").write_text(sources_list(), encoding="utf-8")
    first = [name for word in one.first for name in order if name.split(":")[0] == word]
    for name, names in (("configure.first", first), ("configure.order", order)):
        (root / name).write_text("".join(f"{word}\n" for word in names), encoding="utf-8")
    (root / "configure").write_bytes((PARTS / "configure").read_bytes())
    (root / "configure").chmod(0o755)


def unpack(one, debs, image):
    with tempfile.TemporaryDirectory(prefix="system-", dir=cache_dir()) as scratch:
        root = pathlib.Path(scratch)
        order, owners = umbra_system_unpack.unpack_all(debs, root, umbra_debian.ARCHITECTURE)
        overlay(root, one, order)
        umbra_system_unpack.make_image(root, owners, image, one.size * umbra_card.MIB, one.name, UUID)


def watch(machine, log):
    """Until the machine has ended, passing on what its scripts say of their progress; returns all of its console."""
    shown, changed, size = 0, time.monotonic(), 0
    while True:
        ended = machine.poll() is not None
        text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
        lines = re.findall(r"^(mksystem: .*)\n", text.replace("\r", ""), re.M)
        for line in lines[shown:]:
            print(line, flush=True)
        shown = len(lines)
        if ended:
            return text
        if len(text) != size:
            changed, size = time.monotonic(), len(text)
        if time.monotonic() - changed > SILENCE:
            machine.kill()
        time.sleep(0.5)


def configure(one, image, scratch):
    """Boot the machine once, natively, with the file system as its card: the packages configure themselves."""
    program, guest, log = umbra_machine.build_machine(), umbra_guest.build_guest(), scratch / "console.log"
    initrd = scratch / "initrd.gz"
    initrd.write_bytes(build_initrd("init-make"))
    with open(image, "r+b") as handle:
        handle.truncate(1 << (one.size * umbra_card.MIB - 1).bit_length())
    files = {"vmlinuz": guest["vmlinuz"], "guest.dtb": guest["guest.dtb"], "initrd.gz": initrd}
    command = [*umbra_machine.base_command(program), *umbra_machine.native_boot(files, "console=ttyO2,115200n8 quiet panic=1"), "-no-reboot",
               "-drive", f"if=sd,format=raw,cache=unsafe,file={umbra_machine.file_word(image)}", "-serial", f"file:{log}", "-monitor", "none"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as machine:
        try:
            text = watch(machine, log)
        finally:
            machine.kill()
    if not all(line in text for line in DONE):
        tail = "\n".join(text.replace("\r", "").strip().splitlines()[-20:])
        raise ToolError(f"the packages of system '{one.name}' did not configure themselves in the machine; the end of its console:\n{tail}")
    initrd.unlink()
    with open(image, "r+b") as handle:
        handle.truncate(one.size * umbra_card.MIB)
    run(["/sbin/e2fsck", "-fn", image])
