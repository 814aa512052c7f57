# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernels that are built from Debian's source package, once for each source, configuration and compiler, into the cache."""

import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import umbra_debian
from umbra_common import SOURCE, ToolError, cache_dir, lock, new_dir, run

COMPILER = "arm-linux-gnueabihf-"
# A build that is the same wherever and whenever it is done.
ENVIRONMENT = {"KBUILD_BUILD_TIMESTAMP": "@0", "KBUILD_BUILD_USER": "umbra", "KBUILD_BUILD_HOST": "umbra"}


def fragment(name):
    return SOURCE / f"configs/kernels/{name}.config"


def say(text):
    print(f"kernel: {text}", file=sys.stderr, flush=True)


def config_text(one):
    return "".join(fragment(name).read_text(encoding="utf-8") for name in one.config)


def settings(text):
    """{symbol: line} that a configuration asks for; the last one counts."""
    return {match[1] or match[2]: match[0] for match in re.finditer(r"^(?:(CONFIG_\w+)=.*|# (CONFIG_\w+) is not set)$", text, re.M)}


def check_config(one, text):
    """Each symbol has the value that was asked for: Kconfig drops without a word what it cannot do."""
    have = set(text.splitlines())
    lost = [line for line in settings(config_text(one)).values() if line not in have and not (line.startswith("#") and line.split()[1] not in text)]
    if lost:
        raise ToolError(f"kernel {one.kind}: the source does not take: {', '.join(lost)}")


def make(tree, out, *goals):
    command = ["make", "-s", "-C", str(tree), f"O={out}", "ARCH=arm", f"CROSS_COMPILE={COMPILER}", f"-j{os.cpu_count() or 1}", *goals]
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "KCONFIG_CONFIG")}
    done = subprocess.run(command, env=environment | ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", check=False)
    if done.returncode:
        raise ToolError(f"make {' '.join(goals)} of the kernel failed:\n" + "\n".join(done.stdout.strip().splitlines()[-20:]))


def unpack(package, target):
    archive = next(package.glob("usr/src/linux-source-*.tar.xz"))
    run(["tar", "-C", target, "-xf", archive, "--strip-components=1"])


def build(one):
    """The folder with zImage and config of a kernel with a source."""
    package = umbra_debian.fetch_one(umbra_debian.RELEASE, name=one.source)
    compiler = run([f"{COMPILER}gcc", "--version"]).splitlines()[0]
    key = hashlib.sha256("\n".join([package.name, compiler, config_text(one), *ENVIRONMENT.values()]).encode()).hexdigest()[:16]
    final = cache_dir() / "kernels" / f"{one.source}-{one.kind}-{key}"
    with lock(f"kernel-{one.kind}"):
        if not final.exists():
            build_into(one, package, final)
    return final


def build_into(one, package, final):
    say(f"building {one.what} (minutes the first time, nothing to do later)")
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kernel-", dir=cache_dir()) as scratch:
        tree, out = pathlib.Path(scratch) / "tree", pathlib.Path(scratch) / "out"
        tree.mkdir()
        out.mkdir()
        wanted = pathlib.Path(scratch) / "wanted"
        wanted.write_text(config_text(one), encoding="utf-8")
        unpack(package, tree)
        make(tree, out, f"KCONFIG_ALLCONFIG={wanted}", "allnoconfig")
        check_config(one, (out / ".config").read_text(encoding="utf-8"))
        make(tree, out, "zImage")
        with new_dir(final) as folder:
            shutil.copyfile(out / "arch/arm/boot/zImage", folder / "zImage")
            shutil.copyfile(out / "System.map", folder / "System.map")
            shutil.copyfile(out / ".config", folder / "config")
    say(f"built in {time.monotonic() - begin:.0f} s")
