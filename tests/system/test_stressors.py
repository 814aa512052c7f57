# SPDX-License-Identifier: GPL-2.0-or-later
"""
Every stressor of stress-ng inside Debian, each for a moment, as an ordinary user and as root (nightly). Natively first: which of them come to their end
there, with which verdicts, and what the kernel says of it. A guest has the same verdicts.
"""

import collections
import hashlib
import json
import re

import pytest

import feature_guest
import umbra_debian
import umbra_guest
from board import BoardError
from umbra_common import SOURCE, build_dir, cache_dir, write_if_changed

pytestmark = pytest.mark.nightly
NOBODY = 65534
SLICES = 10	# A test is one of so many slices of them.
# Of the kernel's time, until a stressor is ended: natively, and as a guest if it came to its end natively.
SECONDS, GUEST_SECONDS = 3, 15
ENDED = ("124", "137", "143")	# by timeout; busybox's says what the program itself ended with
LOST = "lost"	# instead of a status: the console did not come back
SCRIPT = SOURCE / "tests/guest-features/stressor.sh"
COMPLAINTS = re.compile(r"Oops|BUG:|Internal error|panic|WARNING:")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    def add(archive):
        packages = umbra_debian.fetch_all()
        umbra_guest.add_linked(archive, packages["stress-ng"] / "usr/bin/stress-ng", "bin/stress-ng", packages["stress-ng-libs"])
        archive.file("etc/passwd", f"root:x:0:0::/root:/bin/sh\nnobody:x:{NOBODY}:{NOBODY}::/:/bin/sh\n")
        archive.file("etc/group", f"root:x:0:\nnobody:x:{NOBODY}:\n")
        archive.file("bin/stressor", SCRIPT.read_bytes(), 0o755)
    return feature_guest.guest_files(tmp_path_factory.mktemp("stressors"), add)


class World:
    """Boots when it is needed: at first, and after a stressor that took the console."""

    def __init__(self, name, files):
        self.name, self.files, self.running = name, files, None

    def board(self):
        if self.running is None:
            self.running = feature_guest.booted("stressors", self.name, self.files)
            self.running.wait_for_shell(timeout=300)
            self.running.run("dmesg -c >/dev/null")
        return self.running

    def close(self):
        if self.running is not None:
            self.running.close()
        self.running = None

    def stressors(self):
        return self.board().run("stress-ng --stressors").split()

    def verdict(self, user, name, seconds=SECONDS):
        """How it ended, and the kernel's complaints; what stress-ng said."""
        board = self.board()
        try:
            text = board.run(f"stressor {user} {name} {seconds}", timeout=60 + 20 * seconds, status=None)
            complaints = COMPLAINTS.findall(board.run("dmesg -c", timeout=120))
            status = re.search(r"^verdict (.*)", text, re.M).group(1)
        except (BoardError, AttributeError) as error:
            self.close()
            return LOST, str(error)
        return " ".join([status, *sorted(set(complaints))]), text


class Native:
    """What the stressors do natively, found once and kept in the cache: {"NAME USER": verdict}. It changes with what it was found with."""

    def __init__(self, files):
        inputs = [build_dir() / "qemu-system-arm", files["vmlinuz"], files["initrd.gz"], SCRIPT]
        key = hashlib.sha256(b"".join(hashlib.sha256(path.read_bytes()).digest() for path in inputs)).hexdigest()[:16]
        self.path = cache_dir() / f"stressors-{key}.json"
        self.verdicts = json.loads(self.path.read_text()) if self.path.exists() else {}

    def names(self, world):
        if "names" not in self.verdicts:
            self.keep("names", world.stressors())
        return self.verdicts["names"]

    def keep(self, key, value):
        self.verdicts[key] = value
        write_if_changed(self.path, json.dumps(self.verdicts, indent=0).encode())


@pytest.fixture(scope="module")
def native(files):
    return Native(files)


@pytest.fixture(scope="module", params=feature_guest.WORLDS)
def world(request, files):
    one = World(request.param, files)
    yield one
    one.close()


def find_natively(world, native, user, names):
    for name in names:
        if f"{name} {user}" not in native.verdicts:
            verdict = world.verdict(user, name)[0]
            native.keep(f"{name} {user}", world.verdict(user, name)[0] if verdict == LOST else verdict)	# once more: it could be a busy computer's
    assert [native.verdicts[f"{name} {user}"] for name in names].count("0") > len(names) / 2


def was_ended(verdict):
    return verdict.split()[0] in ENDED


def is_same(verdict, natively):
    """What had to be ended natively may come to its end as a guest."""
    if was_ended(natively):
        return verdict != LOST and verdict.split()[1:] == natively.split()[1:]
    return verdict == natively


@pytest.mark.parametrize("part", range(SLICES))
@pytest.mark.parametrize("user", [NOBODY, 0], ids=["user", "root"])
def test_stressors(world, native, user, part):
    """Those that natively take the console, or the board, are not tried as a guest."""
    names = native.names(world)[part::SLICES]
    if world.name == "native":
        find_natively(world, native, user, names)
        return
    wanted = {name: native.verdicts.get(f"{name} {user}") for name in names}
    assert None not in wanted.values(), "the native world comes first"
    different = {}
    for name in (name for name in names if wanted[name] != LOST):
        verdict, text = world.verdict(user, name, SECONDS if was_ended(wanted[name]) else GUEST_SECONDS)
        if not is_same(verdict, wanted[name]):
            different[name] = wanted[name], verdict, text
    print(f"{world.name}, user {user}: {len(names)} stressors, natively {dict(collections.Counter(wanted.values()))}")
    assert not different
    assert feature_guest.is_healthy(world.board())
