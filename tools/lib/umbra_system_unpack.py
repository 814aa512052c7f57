# SPDX-License-Identifier: GPL-2.0-or-later
"""Unpacks packages into a file system image, as dpkg leaves them before it configures them: no program of theirs runs, and root is not needed."""

import hashlib
import os
import pathlib
import re
import shutil
import tarfile
import tempfile

from umbra_common import run

# The links of merged /usr, which have to be there before the first package is unpacked.
MERGED = ("bin", "sbin", "lib")
CONTROL = "var/lib/dpkg"
# Who owns what, and the places of directories' entries, are then the same each time.
FEATURES = "root_owner=0:0,hash_seed={uuid}"


def unpack_files(deb, root, owners):
    """The files of a package, which belong to whoever runs this; who they are for goes to `owners`. Returns their names as dpkg lists them."""
    with tempfile.TemporaryDirectory() as scratch:
        plain = pathlib.Path(scratch) / "data.tar"
        run(["sh", "-c", 'dpkg-deb --fsys-tarfile "$1" >"$2"', "unpack", deb, plain])
        run(["tar", "-xpf", plain, "--no-same-owner", "--keep-directory-symlink", "-C", root])
        with tarfile.open(plain) as archive:
            members = [(member.name.removeprefix(".").rstrip("/"), member.uid, member.gid) for member in archive]
    for name, uid, gid in members:
        if (uid, gid) != (0, 0):
            owners[name] = (uid, gid)
    return [name or "/." for name, _, _ in members]


def conffiles(text, root):
    """The field of the status file for a package's list of configuration files, with what they hold now."""
    lines = []
    for line in text.splitlines():
        name = line.split()[-1]
        path = root / name.lstrip("/")
        if path.is_file():
            lines.append(f" {name} {hashlib.md5(path.read_bytes()).hexdigest()}\n")
    return "Conffiles:\n" + "".join(lines) if lines else ""


def unpack_control(deb, root, names):
    """The package's scripts and lists for dpkg; returns (name of its scripts, record for the status file)."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch) / "control"
        run(["dpkg-deb", "-e", deb, folder])
        control = (folder / "control").read_text(encoding="utf-8").strip() + "\n"
        fields = dict(re.findall(r"^([A-Z][\w-]*): (.*)$", control, re.M))
        name = fields["Package"]
        if fields.get("Multi-Arch") == "same":
            name += f":{fields['Architecture']}"
        info = root / CONTROL / "info"
        for path in folder.iterdir():
            if path.name != "control":
                shutil.copy(path, info / f"{name}.{path.name}")
        (info / f"{name}.list").write_text("".join(f"{line}\n" for line in names), encoding="utf-8")
        listed = folder / "conffiles"
        record = re.sub(r"^(Package: .*\n)", r"\1Status: install ok unpacked\n", control, count=1, flags=re.M)
        return name, record + (conffiles(listed.read_text(encoding="utf-8"), root) if listed.exists() else "")


def unpack_all(debs, root, architecture):
    """Returns (names of all packages' scripts in order, {path: (user, group)} of what is not root's)."""
    for name in MERGED:
        (root / "usr" / name).mkdir(parents=True)
        (root / name).symlink_to(f"usr/{name}")
    for name in ("info", "updates", "triggers", "parts"):
        (root / CONTROL / name).mkdir(parents=True, exist_ok=True)
    (root / CONTROL / "info/format").write_text("1\n", encoding="utf-8")
    (root / CONTROL / "arch").write_text(f"{architecture}\n", encoding="utf-8")
    (root / CONTROL / "available").touch()
    order, records, owners = [], [], {}
    for deb in debs:
        name, record = unpack_control(deb, root, unpack_files(deb, root, owners))
        order.append(name)
        records.append(record)
    (root / CONTROL / "status").write_text("\n".join(records), encoding="utf-8")
    return order, owners


def give_away(root, owners, image):
    """Let the files in the image belong to whom they are for, instead of to whoever made it."""
    lines = []
    for folder, folders, files in os.walk(root):
        for path in (pathlib.Path(folder) / name for name in folders + files):
            status, name = path.lstat(), f"/{path.relative_to(root)}"
            for field, have, want in zip(("uid", "gid"), (status.st_uid, status.st_gid), owners.get(name, (0, 0))):
                if have != want:
                    lines.append(f'set_inode_field "{name}" {field} {want}\n')
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as script:
        script.writelines(lines)
        script.flush()
        run(["/sbin/debugfs", "-w", "-f", script.name, image])


def make_image(root, owners, image, size, label, uuid):
    with open(image, "wb") as handle:
        handle.truncate(size)
    run(["/sbin/mke2fs", "-q", "-t", "ext4", "-F", "-L", label, "-U", uuid, "-E", FEATURES.format(uuid=uuid), "-d", root, image])
    give_away(root, owners, image)
