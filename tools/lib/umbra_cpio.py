# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes cpio archives ("newc", what the kernel unpacks as initramfs) that depend on nothing but their content."""

import gzip
import pathlib
import stat


class Archive:
    """Collects entries; parents are made as needed; `pack()` gives the same bytes for the same entries."""

    def __init__(self):
        self.entries = {}

    def add(self, name, mode, data=b"", device=(0, 0)):
        parent = pathlib.PurePosixPath(name).parent
        if str(parent) != "." and str(parent) not in self.entries:
            self.directory(str(parent))
        self.entries[name] = (mode, data, device)

    def directory(self, name, mode=0o755):
        self.add(name, stat.S_IFDIR | mode)

    def file(self, name, data, mode=0o644):
        self.add(name, stat.S_IFREG | mode, data.encode() if isinstance(data, str) else data)

    def symlink(self, name, target):
        self.add(name, stat.S_IFLNK | 0o777, target.encode())

    def character_device(self, name, major, minor, mode=0o600):
        self.add(name, stat.S_IFCHR | mode, device=(major, minor))

    def copy(self, name, source):
        """A file or symbolic link of the build host, with its execute permission, owned by root."""
        source = pathlib.Path(source)
        if source.is_symlink():
            self.symlink(name, str(source.readlink()))
        else:
            self.file(name, source.read_bytes(), 0o755 if source.stat().st_mode & 0o100 else 0o644)

    def copy_tree(self, name, folder):
        folder = pathlib.Path(folder)
        for path in sorted(folder.rglob("*")):
            target = (pathlib.PurePosixPath(name) / path.relative_to(folder)).as_posix()
            if path.is_symlink() or path.is_file():
                self.copy(target, path)

    def pack(self):
        out = bytearray()
        for number, name in enumerate(sorted(self.entries), start=1):
            mode, data, device = self.entries[name]
            out += entry(number, name, mode, data, device)
        out += entry(0, "TRAILER!!!", 0, b"", (0, 0))
        return bytes(out)

    def pack_gzip(self):
        return gzip.compress(self.pack(), compresslevel=9, mtime=0)


def entry(number, name, mode, data, device):
    """One header with name and data, each padded to four bytes."""
    links = 2 if stat.S_ISDIR(mode) else 1
    words = (number, mode, 0, 0, links, 0, len(data), 0, 0, device[0], device[1], len(name) + 1, 0)
    head = b"070701" + b"".join(b"%08X" % word for word in words) + name.encode() + b"\0"
    return pad(head) + pad(bytes(data))


def pad(data):
    return data + bytes(-len(data) % 4)
