# SPDX-License-Identifier: GPL-2.0-or-later
"""configs/systems.toml, and the cards with a second partition: everything but making a system, which takes minutes."""

import fcntl
import hashlib
import os
import struct
import subprocess

import pytest

import umbra_card
import umbra_system
import umbra_system_make
import umbra_system_unpack
from board import SLOW
from umbra_common import SOURCE, ToolError, run

GOOD = 'what = "x"\npriorities = []\npackages = ["hello"]\nfirst = []\nsize = 256\n'
MIB = umbra_card.MIB


@pytest.mark.parametrize("words, message", [
    (["tools/run", "--system", "nope"], "run: no system 'nope'; there are: debian"),
    (["tools/run", "--system", "debian", "--kernel", "debian-6.12"], "a system has its own kernel"),
    (["tools/mksystem", "nope"], "mksystem: no system 'nope'; there are: debian"),
    (["tools/mkimage", "--system", "debian", "--layout", "linux", "linux-small"], "--system goes with one layout"),
])
def test_wrong_words(words, message):
    done = subprocess.run(words, cwd=SOURCE, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60 * SLOW)
    assert done.returncode in (1, 2) and message in done.stdout and "building" not in done.stdout, done.stdout


@pytest.mark.parametrize("text, message", [
    ("[systems.a]\n" + GOOD + "colour = 1\n", "a: unknown word 'colour'"),
    ("[systems.a]\n" + GOOD.replace("first = []\n", ""), "a: 'first' is missing"),
    ("[systems.a]\n" + GOOD.replace("256", "257"), "a: a card of 513 MiB is no power of two"),
    ("[systems.a]\n" + GOOD.replace("256", "'256'"), "a: size is a number"),
    ("[systems.a]\n" + GOOD.replace('["hello"]', '"hello"'), "a: packages is a list of texts"),
    ("[systems]\na = 3\n", "systems.toml: systems.a is no table"),
    ("[systems.a\n", "systems.toml: "),
])
def test_mistakes(tmp_path, text, message):
    path = tmp_path / "systems.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ToolError, match=message):
        umbra_system.load(path)


def test_list_is_well_formed():
    assert all(one.what and one.packages for one in umbra_system.load().values())
    with pytest.raises(ToolError, match="no system 'nope'; there are: debian"):
        umbra_system.find("nope")


def test_card_keeps_what_the_system_wrote(tmp_path):
    """A new first partition leaves the second one as it is, and that one lies where the table says."""
    root, one, two = (tmp_path / name for name in ("root", "one", "two"))
    with open(root, "wb") as handle:
        handle.truncate(64 * MIB)
        handle.seek(3 * MIB)
        handle.write(b"made with the system")
    one.write_text("first", encoding="utf-8")
    two.write_text("second", encoding="utf-8")
    card = umbra_card.create_with_root(tmp_path / "card", {"file": one}, root)
    start, sectors = struct.unpack_from("<II", card.read_bytes()[:512], 446 + 16 + 8)
    assert (start * 512, sectors * 512) == (umbra_card.CARD_SIZE, 64 * MIB)
    with open(card, "r+b") as handle:
        handle.seek(start * 512 + 5 * MIB)
        handle.write(b"written by the system")
    umbra_card.renew_first(card, {"file": two})
    assert umbra_card.get_bytes(card, "file") == b"second"
    data = card.read_bytes()[start * 512:]
    assert len(data) == 64 * MIB and data[3 * MIB:].startswith(b"made with") and data[5 * MIB:].startswith(b"written by")


def test_card_in_use(tmp_path):
    """Nothing is changed below a machine that runs. Its lock is one that an open file has, shared by all that read."""
    (tmp_path / "file").write_text("new", encoding="utf-8")
    card = tmp_path / "card"
    card.write_bytes(bytes(MIB))
    with open(card, "r+b") as machine:
        fcntl.fcntl(machine, fcntl.F_OFD_SETLK, struct.pack("hhqqi", fcntl.F_RDLCK, os.SEEK_SET, 101, 1, 0))
        with pytest.raises(ToolError, match="card is in use: a machine runs with it"):
            umbra_card.renew_first(card, {"file": tmp_path / "file"})
    assert card.read_bytes() == bytes(MIB)


def test_files_belong_to_whom_they_are_for(tmp_path):
    """Whoever makes the image: what packages say, and root for all else."""
    folder, image = tmp_path / "root", tmp_path / "image"
    (folder / "var/with blank").mkdir(parents=True)
    for name in ("var/with blank/file", "etc-file"):
        (folder / name).write_text("x", encoding="utf-8")
    umbra_system_unpack.make_image(folder, {"/var/with blank/file": (8, 1000), "/var": (0, 12)}, image, 8 * MIB, "test", umbra_system_make.UUID)
    for name, owner in (("/var/with blank/file", "User:     8   Group:  1000"), ("/var", "User:     0   Group:    12"),
                        ("/etc-file", "User:     0   Group:     0"), ("/var/with blank", "User:     0   Group:     0")):
        assert owner in run(["/sbin/debugfs", "-R", f'stat "{name}"', image])
    run(["/sbin/e2fsck", "-fn", image])


def small_package(folder):
    """A package with all that its unpacking has to see to."""
    tree = folder / "tree"
    for name, text in (("etc/small.conf", "colour = red\n"), ("bin/small", "#!/bin/sh\n"),
                       ("DEBIAN/control", "Package: libsmall\nVersion: 1:2-3\nArchitecture: armhf\nMulti-Arch: same\nMaintainer: nobody\nDescription: small\n"),
                       ("DEBIAN/conffiles", "/etc/small.conf\n"), ("DEBIAN/preinst", "#!/bin/sh\n")):
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o4755 if path.parent.name == "bin" else 0o755 if path.name == "preinst" else 0o644)
    run(["dpkg-deb", "--root-owner-group", "-b", tree, folder / "small.deb"])
    return folder / "small.deb"


def test_unpacked_as_dpkg_leaves_it(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    order, owners = umbra_system_unpack.unpack_all([small_package(tmp_path)], root, "armhf")
    assert order == ["libsmall:armhf"] and not owners
    assert (root / "bin").is_symlink() and (root / "usr/bin/small").stat().st_mode & 0o7777 == 0o4755
    database = root / "var/lib/dpkg"
    query = ["dpkg-query", f"--admindir={database}", "-f", "${binary:Package} ${Version} ${db:Status-Status}${Conffiles}", "-W"]
    assert run(query).split() == ["libsmall:armhf", "1:2-3", "unpacked", "/etc/small.conf", hashlib.md5(b"colour = red\n").hexdigest()]
    assert {path.name for path in (database / "info").iterdir()} == {"format", *(f"libsmall:armhf.{what}" for what in ("conffiles", "list", "preinst"))}
    assert (database / "info/libsmall:armhf.list").read_text(encoding="utf-8").split() == ["/.", "/bin", "/bin/small", "/etc", "/etc/small.conf"]
