# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds the Linux guest's files from Debian packages: vmlinuz, guest.dtb, initrd.gz, stress.cpio.gz; and an empty disk for virtual ones."""

import hashlib
import lzma
import pathlib
import re
import shutil
import subprocess
import tempfile

import umbra_debian
from umbra_common import SOURCE, ToolError, build_dir, make, run, write_if_changed
from umbra_cpio import Archive

# Of the guest's files, those that only tests want.
TEST_FILES = ("stress.cpio.gz",)
LINUX_FILES = ("vmlinuz", "guest.dtb", "initrd.gz", "disk.img")
BARE_FILES = ("bare.bin",)
DTB = "omap3-beagle-xm.dtb"
# Modules of the guest's initramfs (with all they depend on): what the card needs, and a few of different kinds to load.
MODULES = ("pbias-regulator", "omap_hsmmc", "vfat", "nls_cp437", "nls_ascii", "nls_utf8", "ext4", "crc32c_generic", "loop", "dummy", "tun", "zram",
           "overlay", "squashfs", "omap_wdt", "md5", "crc-ccitt", "isofs",
           "virtio_mmio", "virtio_blk", "virtio_net", "virtio_console", "virtio-rng")
DISK_SIZE = 4 << 20
CC = ("arm-linux-gnueabihf-gcc", "-static", "-O1", "-g0", "-s", "-mcpu=cortex-a8", "-mfpu=neon", "-Wall", "-Wextra",
      "-Wno-unused-parameter", "-Werror")
# The names of busybox's programs that the guest's scripts and tests use before `busybox --install` could run.
BOOT_APPLETS = ("sh", "mount", "umount", "cttyhack", "mkdir", "hostname", "ip", "cut", "uname", "echo", "cat", "grep",
                "sleep", "ls", "ps", "sha256sum", "md5sum", "dd", "wc", "sort", "head", "tail", "seq", "sync", "dmesg",
                "free", "kill", "sed", "tr", "tee", "time", "test", "true", "false", "rm", "cp", "mv", "touch", "stty",
                "cpio", "gzip", "gunzip", "zcat", "tar", "find", "xargs", "awk", "date", "df", "du", "env", "expr", "id",
                "less", "ln", "more", "nice", "printf", "pwd", "setsid", "timeout", "top", "uptime", "vi", "which", "yes",
                "mknod", "chmod", "chroot", "hexdump", "cmp", "diff", "basename", "dirname", "readlink", "usleep", "nproc")
BOOT_ADMIN = ("init", "reboot", "poweroff", "halt", "modprobe", "insmod", "rmmod", "lsmod", "depmod", "ifconfig",
              "losetup", "mdev", "devmem", "sysctl", "swapon", "mke2fs", "modinfo", "switch_root", "blkid", "fdisk")


def kernel_version(kernel):
    versions = [path.name for path in (kernel / "lib/modules").iterdir()]
    if len(versions) != 1:
        raise ToolError(f"the kernel package holds {len(versions)} versions, expected one")
    return versions[0]


def kernel_files(kernel):
    """(vmlinuz, stock device tree) in the kernel package, by name."""
    version = kernel_version(kernel)
    found = kernel / f"boot/vmlinuz-{version}", kernel / f"usr/lib/linux-image-{version}/{DTB}"
    for path in found:
        if not path.exists():
            raise ToolError(f"the kernel package has no {path.relative_to(kernel)}")
    return found


def module_name(path):
    return path.name.partition(".ko")[0].replace("-", "_")


def module_bytes(path):
    """A module as it is loaded: newer packages have them compressed."""
    data = path.read_bytes()
    return lzma.decompress(data) if path.suffix == ".xz" else data


def module_closure(kernel, names):
    """{module name: path} of those named and what they need, by the modules' own headers."""
    folder = kernel / "lib/modules" / kernel_version(kernel)
    where = {module_name(path): path for path in (folder / "kernel").rglob("*.ko*")}
    built_in = {pathlib.Path(line).stem.replace("-", "_")
                for line in (folder / "modules.builtin").read_text(encoding="utf-8").split()}
    wanted, todo = {}, [name.replace("-", "_") for name in names]
    while todo:
        name = todo.pop()
        if name in wanted or name in built_in:
            continue
        if name not in where:
            raise ToolError(f"the kernel package has no module '{name}'")
        wanted[name] = where[name]
        fields = re.findall(rb"(?:^|\0)(depends|softdep)=([^\0]*)\0", module_bytes(where[name]))
        for _, value in (field for field in fields if field[0] == b"depends"):
            todo += [item.replace("-", "_") for item in value.decode().split(",") if item]
    return wanted


def add_modules(archive, kernel, names=MODULES):
    """The modules with what they need, and the indexes that modprobe wants, made by depmod over exactly these modules."""
    version = kernel_version(kernel)
    source = kernel / "lib/modules" / version
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch) / "lib/modules" / version
        for path in module_closure(kernel, names).values():
            target = (folder / path.relative_to(source)).with_name(path.name.partition(".ko")[0] + ".ko")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(module_bytes(path))
        for name in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
            shutil.copyfile(source / name, folder / name)
        run(["/sbin/depmod", "-b", scratch, version])
        for path in sorted(folder.rglob("*.ko")):
            archive.copy(f"lib/modules/{version}/{path.relative_to(folder).as_posix()}", path)
        for name in ("modules.dep", "modules.alias", "modules.softdep"):
            archive.copy(f"lib/modules/{version}/{name}", folder / name)


def add_busybox(archive, busybox):
    archive.copy("bin/busybox", busybox / "bin/busybox")
    for name in BOOT_APPLETS:
        archive.symlink(f"bin/{name}", "busybox")
    for name in BOOT_ADMIN:
        archive.symlink(f"sbin/{name}", "../bin/busybox")
    archive.symlink("init", "bin/busybox")


def build_test_programs(out):
    """{name: file} of the user-space tests: the same sources as ARM and as Thumb-2 code."""
    folder = SOURCE / "tests/guest-user"
    sources = sorted(folder.glob("*.c"))
    key = hashlib.sha256(b"".join(path.read_bytes() for path in sources + sorted(folder.glob("*.h"))) +
                         " ".join(CC).encode()).hexdigest()
    programs = {}
    for isa in ("arm", "thumb"):
        program, stamp = out / f"utest-{isa}", out / f"utest-{isa}.key"
        if not (program.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == key):
            run([*CC, f"-m{isa}", f"-ffile-prefix-map={folder}=.", "-Wl,--build-id=none", "-o", program, *sources, "-lm", "-lpthread"])
            stamp.write_text(key, encoding="utf-8")
        programs[program.name] = program
    return programs


def build_initrd(busybox, kernel, out):
    """The guest's root, with modules of the package `kernel` if there is one."""
    archive = Archive()
    for name in ("proc", "sys", "dev", "tmp", "mnt", "root", "run", "usr/bin", "usr/sbin", "var"):
        archive.directory(name)
    archive.character_device("dev/console", 5, 1)
    archive.character_device("dev/null", 1, 3, 0o666)
    add_busybox(archive, busybox)
    archive.file("etc/passwd", "root::0:0:root:/root:/bin/sh\n")
    archive.file("etc/group", "root:x:0:\n")
    archive.copy_tree("etc", SOURCE / "configs/guest/etc")
    archive.copy_tree("bin", SOURCE / "configs/guest/bin")
    if kernel:
        add_modules(archive, kernel)
    for name, program in build_test_programs(out).items():
        archive.file(f"bin/{name}", program.read_bytes(), 0o755)
    return archive.pack_gzip()


def needed_libraries(path):
    text = run(["arm-linux-gnueabihf-readelf", "-d", path])
    return re.findall(r"\(NEEDED\)\s+Shared library: \[(.*?)\]", text)


def add_linked(archive, program, name, packages):
    """A program, and exactly the libraries that it is linked against, each under the name that the linker asks for."""
    libraries = {}
    for package in packages:
        for path in sorted(package.rglob("*.so*")):
            if path.exists():
                libraries.setdefault(path.name, path.resolve())
    archive.file(name, program.read_bytes(), 0o755)
    done, todo = set(), needed_libraries(program)
    while todo:
        library = todo.pop()
        if library in done:
            continue
        if library not in libraries:
            raise ToolError(f"{program.name} needs {library}, which is in none of the packages it depends on")
        done.add(library)
        archive.file(f"lib/{library}", libraries[library].read_bytes(), 0o755)
        todo += needed_libraries(libraries[library])


def build_stress(paths):
    """stress-ng with its libraries."""
    archive = Archive()
    add_linked(archive, paths["stress-ng"] / "usr/bin/stress-ng", "usr/bin/stress-ng", paths["stress-ng-libs"])
    return archive.pack_gzip()


def initrd_key(packages):
    """Changes with whatever an initrd is made of."""
    inputs = [pathlib.Path(__file__), *sorted((SOURCE / "configs/guest").rglob("*")), *sorted((SOURCE / "tests/guest-user").glob("*"))]
    return hashlib.sha256("\n".join(str(value) for value in packages).encode() +
                          b"".join(path.read_bytes() for path in inputs if path.is_file())).hexdigest()


def build_disk(path):
    """An empty FAT file system, the same each time."""
    with open(path, "wb") as handle:
        handle.truncate(DISK_SIZE)
    run(["/sbin/mkfs.fat", "-n", "VIRTUAL", "-i", "554d4256", "--invariant", path])


def build_bare(path):
    """A bare-metal guest that works and counts for ever, of tests/guests: the third one of the layout linux-trio."""
    program = build_dir() / "guests/duo/busy.bin"
    if make(program, where=SOURCE / "tests/guests", stdout=subprocess.DEVNULL).returncode:
        raise ToolError(f"{program.name} could not be built (see above)")
    write_if_changed(path, program.read_bytes().replace(b"IDENTITY", b"bare.bin"))


def stale(stamp, key, files):
    return not stamp.exists() or stamp.read_text(encoding="utf-8") != key or not all(path.exists() for path in files)


def build_guest(for_tests=True):
    """Make the guest's files in the build folder; returns {name on the card: path}, with or without what only tests want."""
    paths = umbra_debian.fetch_all() if for_tests else umbra_debian.fetch_boot()
    out = build_dir() / "guest"
    out.mkdir(parents=True, exist_ok=True)
    vmlinuz, dtb = kernel_files(paths["kernel"])
    write_if_changed(out / "vmlinuz", vmlinuz.read_bytes())
    write_if_changed(out / "guest.dtb", dtb.read_bytes())
    key = initrd_key(paths[key] for key in umbra_debian.BOOT)
    names = LINUX_FILES
    build_bare(out / "bare.bin")
    if stale(out / "key", key, [out / name for name in names]):
        write_if_changed(out / "initrd.gz", build_initrd(paths["busybox"], paths["kernel"], out))
        build_disk(out / "disk.img")
        (out / "key").write_text(key, encoding="utf-8")
    if for_tests:
        key = initrd_key([paths["stress-ng"], *paths["stress-ng-libs"]])
        if stale(out / "stress.key", key, [out / name for name in TEST_FILES]):
            write_if_changed(out / "stress.cpio.gz", build_stress(paths))
            (out / "stress.key").write_text(key, encoding="utf-8")
        names += TEST_FILES
    return {name: out / name for name in (*names, *BARE_FILES)}
