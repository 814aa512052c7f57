# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian packages of another architecture, through a private apt configuration, unpacked into the cache."""

import contextlib
import hashlib
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse

from umbra_common import ToolError, cache_dir, lock, new_dir, run

ARCHITECTURE = "armhf"
RELEASE = "bookworm"

# Name used by our tools -> how to find the binary package. "via" is a metapackage whose dependency of that pattern is meant.
BINARY = {
    "kernel": {"via": "linux-image-armmp", "pattern": r"linux-image-[0-9][^ ]*-armmp"},
    "u-boot": {"package": "u-boot-omap"},
    "busybox": {"package": "busybox-static"},
    # Benchmarks. What else they depend on (a compiler, Perl, Python) serves their scripts, which are not used.
    "lmbench": {"package": "lmbench"},
    "rt-tests": {"package": "rt-tests"},
}
# Programs that need libraries: unpacked with everything apt says they depend on, each package in its own folder.
CLOSURE = {"stress-ng": "stress-ng", "libtirpc": "libtirpc3", "libnuma": "libnuma1"}
# Source packages, and the folders that are kept of them (the rest is big and of no use here).
SOURCES = {"u-boot-source": {"package": "u-boot", "keep": ["scripts/dtc/libfdt", "lib/dhry", "Licenses"]}}
# What a boot needs: nothing of benchmarks, of stress-ng and of the libraries that it is linked against.
BOOT = ("kernel", "u-boot", "busybox", "u-boot-source")


def say(text):
    print(f"fetch: {text}", file=sys.stderr, flush=True)


class Apt:
    """apt with its own sources, lists and (empty) package state, for ARCHITECTURE."""

    def __init__(self, folder, suite=None):
        """`suite`: of that one alone instead of RELEASE and its updates."""
        self.folder, self.suite = folder, suite
        self.options = []
        for option in (f"Dir::Etc::SourceList={folder}/sources.list", "Dir::Etc::SourceParts=/dev/null",
                       f"Dir::State::Lists={folder}/lists", f"Dir::Cache={folder}/cache",
                       "Dir::State::status=/dev/null", f"APT::Architecture={ARCHITECTURE}",
                       f"APT::Architectures={ARCHITECTURE}", "APT::Sandbox::User=root", "Acquire::Retries=3"):
            self.options += ["-o", option]

    def call(self, program, *arguments, **options):
        return run([program, "-q", *self.options, *arguments], **options)

    def update(self):
        """Write sources.list from the system's repositories and read the package lists."""
        for part in ("lists/partial", "cache/archives/partial"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        lines = []
        for uri, release in system_repositories() if self.suite is None else suite_repositories(self.suite):
            lines += [f"deb {uri} {release} main non-free", f"deb-src {uri} {release} main"]
        (self.folder / "sources.list").write_text("\n".join(lines) + "\n", encoding="utf-8")
        say("reading package lists")
        done = subprocess.run(["apt-get", "-q", *self.options, "update"], capture_output=True, text=True, check=False)
        # What may be passing, as a network that is not there, apt only warns of, and ends with 0.
        errors = [line for line in (done.stderr + done.stdout).splitlines() if line.startswith(("E:", "W:", "Err"))]
        if not list((self.folder / "lists").glob("*_Packages*")):
            raise ToolError(explain("\n".join(errors) or done.stderr, "no package list can be read"))
        if done.returncode:
            # One index that cannot be had is no failure as long as the packages are found in the others.
            say("warning: not every package list could be read:\n  " + "\n  ".join(errors[:5]))

    def show(self, package, source=False):
        """The fields of the newest version of a package."""
        text = self.call("apt-cache", *(["showsrc", "--only-source"] if source else ["show", "--no-all-versions"]), package)
        records = [dict(re.findall(r"^([A-Z][\w-]*): (.*)$", block, re.M)) for block in text.strip().split("\n\n")]
        records = [record for record in records if record.get("Package", package) == package and "Version" in record]
        if not records:
            raise ToolError(f"package '{package}' ({ARCHITECTURE}) is in no package list of this system's repositories")
        return max(records, key=lambda record: version_key(record["Version"]))

    def closure(self, *packages):
        """[(name, version)] of packages with all they depend on, in the order in which apt installs them."""
        text = self.call("apt-get", "-s", "--no-install-recommends", "install", *packages)
        found = re.findall(r"^Inst (\S+) \((\S+) ", text, re.M)
        if not found:
            raise ToolError(f"apt cannot resolve the dependencies of '{' '.join(packages)}'")
        return [(name.split(":")[0], version) for name, version in found]


# What apt and dpkg say, and what is the matter.
REASONS = (
    (r"No space left on device|not enough free space|ENOSPC", "the disk is full"),
    (r"Could not resolve|Temporary failure|Could not connect|Unable to connect|Connection (?:failed|refused|timed out)|Cannot initiate|Network is unreachable",
     "no network, or the Debian mirror does not answer"),
    (r"404 +Not Found|was not found|Unable to find a source|Can't find a source", "the version is gone from the mirror: tools/fetch --update looks for a newer one"),
)


def explain(text, what):
    """One line of what is the matter and the line that says so, instead of a page."""
    for pattern, reason in REASONS:
        line = next((line for line in text.splitlines() if re.search(pattern, line)), None)
        if line:
            return f"{what}: {reason}\n({line.strip('() ')[:160]})"  # the line may be of such a text itself
    return f"{what}:\n{text.strip()}"


def version_key(version):
    """A sort key that is good enough among versions of one package in one release."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.findall(r"\d+|[^\d]+", version)]


def system_repositories():
    """[(URI, release)] of Debian on this system: never written down in our tree, mirrors are honoured."""
    text = run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(ORIGIN)", "Created-By: Packages"])
    found = {(line.split()[0], line.split()[1]) for line in text.splitlines()
             if len(line.split()) == 3 and line.split()[2] == "Debian" and line.split()[1].startswith(RELEASE)}
    if not found:  # the system's package lists are empty (a fresh container): ask apt what it would download
        text = run(["apt-get", "--print-uris", "update"])
        found = set(re.findall(rf"^'(\S+/)dists/({RELEASE}[^/]*)/InRelease'", text, re.M))
    if not found:
        raise ToolError(f"no Debian {RELEASE} repository in this system's apt configuration")
    # Without Signed-By apt takes the system's trusted keys, which hold Debian's.
    return sorted(found)


def suite_repositories(suite):
    """[(URI, suite)] of another suite: it stands on the mirror that has RELEASE itself."""
    return [(uri, suite) for uri, release in system_repositories() if release == RELEASE]


def folder_name(name, version, kind):
    return f"{name}_{urllib.parse.quote(version, safe='+~.')}_{kind}"


def followed(apt, via, pattern):
    """The name of the package that a metapackage stands for."""
    depends = apt.show(via)["Depends"]
    match = re.search(pattern, depends)
    if not match:
        raise ToolError(f"package '{via}' depends on nothing like {pattern}: {depends}")
    return match.group(0)


def resolve(apt):
    """What to fetch: {"binary": {key: [[name, version], ...]}, "source": {key: [name, version]}}."""
    binary, source = {}, {}
    for key, how in BINARY.items():
        name = how.get("package") or followed(apt, how["via"], how["pattern"])
        binary[key] = [[name, apt.show(name)["Version"]]]
    for key, name in CLOSURE.items():
        # The program first, then its libraries.
        binary[key] = sorted(apt.closure(name), key=lambda item: (item[0] != name, item))
    for key, how in SOURCES.items():
        source[key] = [how["package"], apt.show(how["package"], source=True)["Version"]]
    return {"request": request_key(), "binary": binary, "source": source}


def request_key():
    text = json.dumps([BINARY, CLOSURE, SOURCES, ARCHITECTURE, RELEASE], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


UNPACK_SAID = 20 << 20  # bytes of a package that takes noticeable time to unpack


def packages_dir():
    return cache_dir() / "packages"


@contextlib.contextmanager
def scratch_in(folder):
    """A new folder for one download."""
    with tempfile.TemporaryDirectory(prefix="download-", dir=folder) as scratch:
        yield pathlib.Path(scratch)


def download_binary(apt, name, version, progress):
    final = packages_dir() / folder_name(name, version, ARCHITECTURE)
    if final.exists():
        return
    say(f"{progress} {name} {version}")
    with scratch_in(apt.folder) as scratch:
        apt.call("apt-get", "download", f"{name}={version}", cwd=scratch)
        files = list(scratch.glob("*.deb"))
        if len(files) != 1:
            raise ToolError(f"downloading {name} {version} gave {len(files)} files instead of one")
        if files[0].stat().st_size > UNPACK_SAID:
            say(f"unpacking {files[0].stat().st_size >> 20} MB")
        with new_dir(final) as folder:
            run(["dpkg-deb", "-x", files[0], folder])


def download_source(apt, key, name, version, progress):
    final = packages_dir() / folder_name(name, version, "source")
    if final.exists():
        return
    say(f"{progress} source of {name} {version} (for {', '.join(SOURCES[key]['keep'])})")
    with scratch_in(apt.folder) as scratch:
        apt.call("apt-get", "source", "--download-only", f"{name}={version}", cwd=scratch)
        run(["dpkg-source", "--no-check", "-x", next(scratch.glob("*.dsc")), scratch / "tree"])
        with new_dir(final) as folder:
            for part in SOURCES[key]["keep"]:
                if not (scratch / "tree" / part).exists():
                    raise ToolError(f"the source of {name} {version} has no {part}")
                shutil.copytree(scratch / "tree" / part, folder / part, symlinks=True)


def chosen(resolved, only):
    """What was resolved, of these keys alone (None: all)."""
    return {kind: {key: what for key, what in resolved[kind].items() if only is None or key in only} for kind in ("binary", "source")}


def download_size(apt, binary, source):
    """Megabytes of [(name, version)] that are still to be downloaded, as the package lists have it."""
    words = [(["download"], binary, ARCHITECTURE), (["source", "--download-only"], source, "source")]
    missing = [(command, [f"{name}={version}" for name, version in items if not (packages_dir() / folder_name(name, version, kind)).exists()])
               for command, items, kind in words]
    text = "".join(apt.call("apt-get", *command, "--print-uris", *names) for command, names in missing if names)
    return sum(int(size) for size in re.findall(r"^'\S+' \S+ (\d+)\b", text, re.M)) / 1e6


def download_all(apt, resolved):
    binary = [item for items in resolved["binary"].values() for item in items]
    total = len(binary) + len(resolved["source"])
    size = download_size(apt, binary, resolved["source"].values())
    if size:
        say(f"{size:.0f} MB of packages to download")
    for number, (name, version) in enumerate(binary, start=1):
        download_binary(apt, name, version, f"[{number}/{total}]")
    for number, (key, (name, version)) in enumerate(resolved["source"].items(), start=len(binary) + 1):
        download_source(apt, key, name, version, f"[{number}/{total}]")


def folders(resolved):
    """{key: folder} and, for a closure, {key + '-libs': [folders of the libraries]}."""
    paths = {}
    for key, items in resolved["binary"].items():
        all_of_them = [packages_dir() / folder_name(name, version, ARCHITECTURE) for name, version in items]
        paths[key] = all_of_them[0]
        if key in CLOSURE:
            paths[key + "-libs"] = all_of_them[1:]
    for key, (name, version) in resolved["source"].items():
        paths[key] = packages_dir() / folder_name(name, version, "source")
    return paths


def flatten(paths):
    for value in paths.values():
        yield from value if isinstance(value, list) else [value]


def load_resolved():
    """What an earlier run resolved, or None if there is nothing, or it answers another request."""
    try:
        resolved = json.loads((packages_dir() / "resolved.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return resolved if resolved.get("request") == request_key() else None


def fetch_boot():
    """What a boot needs."""
    return fetch_all(only=BOOT)


def fetch_all(update=False, only=None):
    """Make sure that everything (or what `only` names) is in the cache; returns its `folders()`. Offline and quick when it is."""
    resolved = None if update else load_resolved()
    if resolved and all(path.exists() for path in flatten(folders(chosen(resolved, only)))):
        return folders(chosen(resolved, only))
    with lock("fetch"):
        resolved = None if update else load_resolved()
        if update:
            for path in packages_dir().glob("resolved-*.json"):
                path.unlink()
        apt = Apt(cache_dir() / "debian")
        if not resolved or not (apt.folder / "sources.list").exists():
            apt.update()
            resolved = resolve(apt)
        try:
            download_all(apt, chosen(resolved, only))
        except ToolError as error:
            raise ToolError(explain(str(error), "a package cannot be fetched")) from error
        packages_dir().mkdir(parents=True, exist_ok=True)
        (packages_dir() / "resolved.json").write_text(json.dumps(resolved, indent=1) + "\n", encoding="utf-8")
    say("all packages are in the cache")
    return folders(chosen(resolved, only))


def fetch_one(suite, via=None, pattern=None, name=None):
    """
    The folder of one more package, `name` or what the metapackage `via` stands for in `suite`: fetched when it is first wanted, and that
    version from then on, until `tools/fetch --update`.
    """
    request = "\n".join([suite, name or "", via or "", pattern or "", ARCHITECTURE])
    pinned = packages_dir() / f"resolved-{hashlib.sha256(request.encode()).hexdigest()[:16]}.json"
    with lock("fetch"):
        known = json.loads(pinned.read_text(encoding="utf-8")) if pinned.exists() else None
        if known is None or not (packages_dir() / folder_name(*known, ARCHITECTURE)).exists():
            apt = Apt(cache_dir() / (f"debian-{suite}" if suite != RELEASE else "debian"), suite if suite != RELEASE else None)
            try:
                apt.update()
                if known is None:
                    found = name or followed(apt, via, pattern)
                    known = [found, apt.show(found)["Version"]]
                packages_dir().mkdir(parents=True, exist_ok=True)
                download_binary(apt, *known, f"from {suite}:")
            except ToolError as error:
                raise ToolError(explain(str(error), f"a package of {suite} cannot be fetched")) from error
            pinned.write_text(json.dumps(known) + "\n", encoding="utf-8")
    return packages_dir() / folder_name(*known, ARCHITECTURE)


def fetch_closure(name):
    """The folders of a package of RELEASE and of all it depends on, itself first: fetched and pinned as by `fetch_one()`."""
    pinned = packages_dir() / f"resolved-{hashlib.sha256(f'closure {name} {ARCHITECTURE} {RELEASE}'.encode()).hexdigest()[:16]}.json"
    with lock("fetch"):
        known = json.loads(pinned.read_text(encoding="utf-8")) if pinned.exists() else None
        if known is None or not all((packages_dir() / folder_name(*item, ARCHITECTURE)).exists() for item in known):
            apt = Apt(cache_dir() / "debian")
            try:
                apt.update()
                known = known or sorted(apt.closure(name), key=lambda item: (item[0] != name, item))
                packages_dir().mkdir(parents=True, exist_ok=True)
                for number, item in enumerate(known, start=1):
                    download_binary(apt, *item, f"{name} [{number}/{len(known)}]")
            except ToolError as error:
                raise ToolError(explain(str(error), f"{name} cannot be fetched")) from error
            pinned.write_text(json.dumps(known) + "\n", encoding="utf-8")
    return [packages_dir() / folder_name(*item, ARCHITECTURE) for item in known]
