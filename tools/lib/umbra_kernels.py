# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernels of configs/kernels.toml: read, fetched or built, and made ready to boot."""

import dataclasses
import lzma
import os
import re
import shutil
import struct
import tempfile
import urllib.parse
import zlib

import umbra_card
import umbra_debian
import umbra_guest
import umbra_kernel_build
import umbra_machine
import umbra_toml
from umbra_common import SOURCE, ToolError, build_dir, make, new_file, run, write_if_changed

FILE = SOURCE / "configs/kernels.toml"
CHECKS = ("shell", "utest", "modules", "reboot", "report", "selftests")
ORIGINS = ("package", "source", "of", "loader", "bare")
PATHS = ("trap", "inline", "interp")
FORMS = ("uImage", "Image", "appended")
BASE_LAYOUT = "linux"
# Where U-Boot's header says that a kernel goes: a zImage anywhere but where it unpacks itself to.
ZIMAGE_LOAD = 0x82000000
RAM_BASE = 0x80000000


@dataclasses.dataclass
class Kernel:
    """One kernel of the file."""
    kind: str
    what: str = ""
    package: str = ""
    suite: str = umbra_debian.RELEASE
    source: str = ""
    config: tuple = ()
    of: str = ""
    form: str = ""
    loader: str = ""
    bare: str = ""
    layout: str = BASE_LAYOUT
    bootargs: str = ""
    checks: tuple = ()
    native: str = "boots"
    guest: str = "boots"
    paths: tuple = ("trap", "inline")
    always: tuple = ()


@dataclasses.dataclass
class Ready:
    """What a kernel boots from."""
    kernel: Kernel
    files: dict		# {name in the layout: path}
    layout: object	# path of the compiled layout
    version: str	# as it is shown

    def only_direct(self, native):
        """Does boot.scr have no way to start it? It knows a zImage with a device tree, and no boot loader but the one that runs it."""
        return bool(self.kernel.loader or (native and (self.kernel.of or self.kernel.bare)))


def mistake(kind, text):
    return ToolError(f"{FILE.name}: {kind}: {text}")


def make_kernel(kind, words):
    one = Kernel(kind, **umbra_toml.values(Kernel, words, f"{FILE.name}: {kind}", ("kind",)))
    if sum(bool(getattr(one, origin)) for origin in ORIGINS) != 1:
        raise mistake(kind, f"needs one of {', '.join(ORIGINS)}")
    if bool(one.of) != bool(one.form) or (one.form and one.form not in FORMS):
        raise mistake(kind, f"`of` goes with a form: {', '.join(FORMS)}")
    if one.native not in ("boots", "silent") or not re.match(r"boots$|says: .", one.guest):
        raise mistake(kind, "native is boots or silent, guest is boots or says: TEXT")
    for check in one.checks:
        if check not in CHECKS:
            raise mistake(kind, f"no check '{check}'; there are: {', '.join(CHECKS)}")
    for path in one.paths:
        if path not in PATHS:
            raise mistake(kind, f"no path '{path}'; there are: {', '.join(PATHS)}")
    for world in one.always:
        if world not in ("native", *one.paths):
            raise mistake(kind, f"always: '{world}' is no world of it")
    for name in one.config:
        if not umbra_kernel_build.fragment(name).is_file():
            raise mistake(kind, f"there is no configs/kernels/{name}.config")
    if one.bare and not (SOURCE / f"tests/guests/{one.bare}.c").is_file():
        raise mistake(kind, f"there is no tests/guests/{one.bare}.c")
    umbra_card.check_layout(one.layout)
    return one


def load(path=FILE):
    """{kind: Kernel}"""
    kernels = {kind: make_kernel(kind, words) for kind, words in umbra_toml.tables(path, "kernels").items()}
    for one in kernels.values():
        other = one.of or one.loader
        if other and (other not in kernels or kernels[other].of or kernels[other].loader):
            raise mistake(one.kind, f"'{other}' is no kernel with a package or source")
    return kernels


def find(kind):
    kernels = load()
    if kind not in kernels:
        raise ToolError(f"no kernel '{kind}'; there are: {', '.join(kernels)}")
    return kernels[kind]


# --- Forms of a kernel ---

def unpacked(zimage):
    """The kernel in a zImage, which stands there as one gzip or xz stream."""
    for magic, unpack in ((b"\xfd7zXZ\0", lambda data: lzma.LZMADecompressor(lzma.FORMAT_XZ).decompress(data)),
                          (b"\x1f\x8b\x08", lambda data: zlib.decompressobj(31).decompress(data))):
        at = zimage.find(magic)
        while at >= 0:
            try:
                return unpack(zimage[at:])
            except (lzma.LZMAError, zlib.error):
                at = zimage.find(magic, at + 1)
    raise ToolError("no compressed kernel was found in the zImage")


def uimage(data, load, target):
    """`data` with U-Boot's header, to be loaded and entered at `load`."""
    with new_file(target) as scratch, tempfile.NamedTemporaryFile(dir=target.parent) as body:
        body.write(data)
        body.flush()
        run(["mkimage", "-A", "arm", "-O", "linux", "-T", "kernel", "-C", "none", "-a", f"{load:#x}", "-e", f"{load:#x}", "-n", target.parent.name,
             "-d", body.name, scratch], env=dict(os.environ, SOURCE_DATE_EPOCH="0"))


def text_offset(zimage):
    """How far behind the start of RAM the kernel in a zImage belongs: its table says so (arch/arm/boot/compressed/vmlinux.lds.S)."""
    at = zimage.find(struct.pack("<I", 0x5A534C4B))
    if at < 0:
        raise ToolError("the zImage has no table that says where its kernel belongs")
    _size_at, _bss, offset, _heap = struct.unpack_from("<4I", zimage, at + 4)
    return offset


def put_form(form, files, folder):
    """The files of another form of a kernel; new ones go to `folder`."""
    zimage, target = files["vmlinuz"].read_bytes(), folder / "vmlinuz"
    if form == "appended":
        write_if_changed(target, zimage + files["guest.dtb"].read_bytes())
    elif form == "uImage":
        uimage(zimage, ZIMAGE_LOAD, target)
    else:
        uimage(unpacked(zimage), RAM_BASE + text_offset(zimage), target)
    return dict(files, vmlinuz=target)


# --- Making ready ---

def initrd(one, folder, modules):
    """The guest's root for a kernel; without modules, if it has none."""
    packages = umbra_debian.fetch_boot()
    target, stamp = folder / "initrd.gz", folder / "initrd.key"
    key = umbra_guest.initrd_key([packages["busybox"], modules or one.kind])
    if not target.exists() or not stamp.exists() or stamp.read_text(encoding="utf-8") != key:
        write_if_changed(target, umbra_guest.build_initrd(packages["busybox"], modules, folder))
        stamp.write_text(key, encoding="utf-8")
    return target


def fetched(one):
    """(package's folder, vmlinuz, device tree) of a kernel that is a package."""
    if one.suite == umbra_debian.RELEASE and one.package == umbra_debian.BINARY["kernel"]["via"]:
        package = umbra_debian.fetch_boot()["kernel"]
    else:
        flavour = re.escape(one.package.removeprefix("linux-image-"))
        package = umbra_debian.fetch_one(one.suite, via=one.package, pattern=rf"linux-image-[0-9][^ ]*[0-9]-{flavour}(?![\w-])|"
                                                                              rf"linux-image-[0-9][^ ]*\+deb[0-9]+-{flavour}(?![\w-])")
    return package, *umbra_guest.kernel_files(package)


def base_files(one, folder):
    """(files, version) of a kernel with a package or source."""
    if one.source:
        built = umbra_kernel_build.build(one)
        stock = umbra_guest.build_guest(for_tests=False)["guest.dtb"]
        return {"vmlinuz": built / "zImage", "guest.dtb": stock, "initrd.gz": initrd(one, folder, None)}, built.name
    package, vmlinuz, dtb = fetched(one)
    return {"vmlinuz": vmlinuz, "guest.dtb": dtb, "initrd.gz": initrd(one, folder, package)}, package.name.rsplit("_", 1)[0]


def with_bootargs(one, layout, folder):
    """The compiled layout's path, with the kernel's own arguments behind those that stand there."""
    if not one.bootargs:
        return layout
    target = folder / "layout.dtb"
    shutil.copyfile(layout, target)
    run(["fdtput", "-t", "s", target, "/guest", "bootargs", f"{umbra_machine.layout_bootargs(layout)} {one.bootargs}"])
    return target


def bare_files(one):
    """(files, version) of a kernel of tests/guests."""
    if make("-s", "guests").returncode:
        raise ToolError("the guests could not be built (see above)")
    return {"guest.bin": build_dir() / f"guests/{one.bare}.bin"}, f"tests/guests/{one.bare}.c"


def files_of(one, folder):
    """(files, version): fetched or built, new ones in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    if one.bare:
        return bare_files(one)
    if one.loader:
        uboot = umbra_debian.fetch_boot()["u-boot"]
        return {"u-boot.img": uboot / "usr/lib/u-boot/omap3_beagle/u-boot.img"}, uboot.name.rsplit("_", 1)[0]
    if one.of:
        files, version = base_files(find(one.of), folder)
        return put_form(one.form, files, folder), version
    return base_files(one, folder)


def folder_of(kind):
    return build_dir() / "kernels" / kind


def prepare(kind):
    """Fetch or build what a kernel boots from."""
    one = find(kind)
    files, version = files_of(one, folder_of(kind))
    return Ready(one, files, with_bootargs(one, umbra_card.layout_path(one.layout), folder_of(kind)), urllib.parse.unquote(version))


def boot_card(ready, image=None, native=False):
    """
    A card for the kernel: with Umbra on it as tools/mkimage makes it, or for a boot loader as guest without, so that boot.scr there goes on
    with that other kernel.
    """
    if ready.kernel.loader:
        inner = prepare(ready.kernel.loader)
        return umbra_card.build_card(str(inner.layout), image, native=True, own=inner.files)
    return umbra_card.build_card(str(ready.layout), image, native, own=ready.files)


def native_arguments(ready):
    """QEMU's words for a direct start without Umbra: a boot loader comes from its card, and an appended tree is the only one."""
    if ready.kernel.loader:
        return []
    if ready.kernel.bare:
        return ["-kernel", str(ready.files["guest.bin"].with_suffix(".uimg"))]
    files = {name: path for name, path in ready.files.items() if name != "guest.dtb" or ready.kernel.form != "appended"}
    return umbra_machine.native_boot(files, umbra_machine.layout_bootargs(ready.layout))
