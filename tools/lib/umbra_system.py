# SPDX-License-Identifier: GPL-2.0-or-later
"""The systems of configs/systems.toml: resolved, fetched, made inside the machine, and put onto a card's second partition."""

import dataclasses
import hashlib
import json
import pathlib
import time

import umbra_card
import umbra_debian
import umbra_guest
import umbra_system_make
import umbra_system_unpack
import umbra_toml
from umbra_common import SOURCE, ToolError, build_dir, cache_dir, lock, lock_file, new_dir, write_if_changed

FILE = SOURCE / "configs/systems.toml"
ROOT_NAME = "root.ext4"
LOGIN = "log in as root, or as umbra, with the password umbra"


@dataclasses.dataclass
class System:
    """One system of the file."""
    name: str
    what: str = ""
    priorities: tuple = ()
    packages: tuple = ()
    first: tuple = ()
    size: int = 0


@dataclasses.dataclass
class Ready:
    """What a system boots from."""
    system: System
    root: pathlib.Path		# image of its file system
    initrd: pathlib.Path	# finds it on the card


def say(text):
    print(f"mksystem: {text}", flush=True)


def make_one(name, words):
    fields = {field.name for field in dataclasses.fields(System)} - {"name"}
    values = umbra_toml.values(System, words, f"{FILE.name}: {name}", ("name",))
    for word in fields:
        if word not in words:
            raise ToolError(f"{FILE.name}: {name}: '{word}' is missing")
    one = System(name, **values)
    card = umbra_card.CARD_SIZE // umbra_card.MIB + one.size
    if card & (card - 1):
        raise ToolError(f"{FILE.name}: {name}: a card of {card} MiB is no power of two")
    return one


def load(path=FILE):
    """{name: System}"""
    return {name: make_one(name, words) for name, words in umbra_toml.tables(path, "systems").items()}


def find(name):
    systems = load()
    if name not in systems:
        raise ToolError(f"no system '{name}'; there are: {', '.join(systems)}")
    return systems[name]


# --- Packages ---

def wanted(one):
    return [*(f"?priority({word})" for word in one.priorities), *one.packages]


def deb_in(folder, name, version):
    """The package's file, or None."""
    return next(folder.glob(f"{name}_{version.replace(':', '%3a')}_*.deb"), None)


def fetch_debs(one):
    """The files of all packages of a system, in the order in which apt installs them. What was resolved once stays, as in tools/fetch."""
    umbra_debian.fetch_all()
    folder = cache_dir() / "system-debs"
    request = hashlib.sha256(json.dumps([umbra_debian.ARCHITECTURE, umbra_debian.RELEASE, wanted(one)]).encode()).hexdigest()[:16]
    pinned = umbra_debian.packages_dir() / f"resolved-system-{request}.json"
    with lock("fetch"):
        known = json.loads(pinned.read_text(encoding="utf-8")) if pinned.exists() else None
        if known is None or not all(deb_in(folder, *item) for item in known):
            folder.mkdir(exist_ok=True)
            apt = umbra_debian.Apt(cache_dir() / "debian")
            try:
                if known is None:
                    apt.update()
                    known = apt.closure(*wanted(one))
                download(apt, folder, [item for item in known if not deb_in(folder, *item)])
            except ToolError as error:
                raise ToolError(umbra_debian.explain(str(error), f"a package of system '{one.name}' cannot be fetched")) from error
            pinned.write_text(json.dumps(known) + "\n", encoding="utf-8")
    return [deb_in(folder, *item) for item in known]


def download(apt, folder, items):
    say(f"fetching {len(items)} packages")
    with umbra_debian.scratch_in(folder) as scratch:
        apt.call("apt-get", "download", *(f"{name}={version}" for name, version in items), cwd=scratch)
        for path in scratch.glob("*.deb"):
            path.rename(folder / path.name)
    for name, version in items:
        if not deb_in(folder, name, version):
            raise ToolError(f"downloading {name} {version} gave no file")


# --- Making it ---

def key_of(one, debs):
    """Changes with whatever a system is made of."""
    packages = umbra_debian.fetch_all()
    parts = umbra_system_make.PARTS
    ours = [pathlib.Path(umbra_system_make.__file__), pathlib.Path(umbra_system_unpack.__file__), parts / "configure", parts / "init-make",
            *sorted((parts / "etc").iterdir())]
    words = [json.dumps(dataclasses.asdict(one)), *(path.name for path in debs), packages["kernel"].name, packages["busybox"].name]
    return hashlib.sha256("\n".join(words).encode() + b"".join(path.read_bytes() for path in ours)).hexdigest()[:16]


def make_root(one):
    """The image of the system's file system: from the cache, or made."""
    debs = fetch_debs(one)
    final = cache_dir() / f"system-{one.name}-{key_of(one, debs)}"
    with lock(f"system-{one.name}"):
        if not (final / ROOT_NAME).exists():
            start = time.monotonic()
            say(f"unpacking {len(debs)} packages, {sum(path.stat().st_size for path in debs) >> 20} MiB")
            with new_dir(final) as folder:
                umbra_system_make.unpack(one, debs, folder / ROOT_NAME)
                say("configuring them in the machine (some minutes, once)")
                umbra_system_make.configure(one, folder / ROOT_NAME, folder)
            used = (final / ROOT_NAME).stat().st_blocks * 512 >> 20
            say(f"system '{one.name}' is in the cache: {used} MiB in {time.monotonic() - start:.0f} s")
    return final / ROOT_NAME


def prepare(name):
    """Everything that a boot of the system needs besides what every boot needs."""
    one = find(name)
    root = make_root(one)
    initrd = build_dir() / "systems" / "initrd.gz"
    initrd.parent.mkdir(exist_ok=True)
    write_if_changed(initrd, umbra_system_make.build_initrd("init"))
    return Ready(one, root, initrd)


def guest_files(ready):
    """{name in a layout: path}"""
    return umbra_guest.build_guest() | {"initrd.gz": ready.initrd}


def boot_card(ready, layout, image=None, native=False):
    """A card with the system. The one of the build folder keeps what the system wrote, until the system is another one."""
    files = umbra_card.card_files(layout) | {"initrd.gz": ready.initrd} | (umbra_card.native_file() if native else {})
    if image:
        return umbra_card.create_with_root(image, files, ready.root)
    image = build_dir() / f"sdcard-{ready.system.name}{'-native' if native else ''}.img"
    made_of = image.with_name(f"{image.name}.root")
    with lock_file(image.with_name(f"{image.name}.lock")):
        if not image.exists() or not made_of.exists() or made_of.read_text(encoding="utf-8") != str(ready.root):
            umbra_card.create_with_root(image, files, ready.root)
            made_of.write_text(str(ready.root), encoding="utf-8")
        elif not umbra_card.is_current(image, files):
            umbra_card.renew_first(image, files)
        umbra_card.note(image, files)
    return image
