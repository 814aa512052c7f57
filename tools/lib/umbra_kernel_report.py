# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests found of the kernels of configs/kernels.toml, and docs/kernels.md, which is made of it."""

import contextlib
import json
import time

import umbra_kernels
from umbra_common import SOURCE, build_dir, lock_file, write_if_changed

PAGE = SOURCE / "docs/kernels.md"
HEAD = """<!-- SPDX-License-Identifier: GPL-2.0-or-later -->
<!-- Made by `tools/kernel doc` from the results of tests/system/test_kernels.py. -->
# Kernels

Each row was booted on the machine as a whole, natively and under Umbra, with the same checks: *shell* (a command), *utest* (`tests/guest-user`, as ARM and
as Thumb-2 code), *modules* (the kernel's own), *reboot* (up again). `tools/run --kernel KIND` starts one; `configs/kernels.toml` describes them.

| kind | kernel | version | checks | native | guest |
|---|---|---|---|---|---|
"""
TAIL = """
`boots`: all checks passed; `says ...`: that line of Umbra's came, as it should; `silent`: it says nothing, as expected; `-`: was not run. Packages are
Debian's; a suite is named in `configs/kernels.toml`, and the version that was found there is kept until `tools/fetch --update`. Kernels with a
source are built once by `tools/kernel build KIND`, from Debian's source package with `configs/kernels/*.config`, and kept outside the tree.

- **6.12.** Its `omap3_pm_idle()` (where 6.1 calls `omap_sram_idle()`) ends in a jump to `omap3_do_wfi()`, which restores nine registers from the stack that only
  its other caller saves there: the first idle that finds no interrupt waiting returns to an address out of somebody else's frame. That kills the
  kernel natively and as guest alike, whatever the board does. With `nohlt`, which the file gives it, the kernel runs a loop instead of sleeping.
"""


def path():
    return build_dir() / "kernels/results.json"


def load():
    return json.loads(path().read_text(encoding="utf-8")) if path().exists() else {}


def record(ready, world, text, seconds):
    path().parent.mkdir(exist_ok=True)
    with lock_file(path().with_suffix(".lock")):
        results = load()
        one = results.setdefault(ready.kernel.kind, {"version": "", "worlds": {}})
        one["version"] = ready.version
        one["worlds"][world] = {"result": text, "seconds": round(seconds)}
        write_if_changed(path(), json.dumps(results, indent=1) + "\n")


@contextlib.contextmanager
def recorded(ready, world, expected):
    """Around a test: what was expected came, or it failed."""
    begin, text = time.monotonic(), "FAILS"
    try:
        yield
        text = expected
    finally:
        record(ready, world, text, time.monotonic() - begin)


def shown(one, worlds):
    """One cell: the result of all worlds, or each."""
    results = {world: one["worlds"].get(world, {}).get("result", "-").replace(": ", " ").replace("|", "\\|") for world in worlds}
    if len(set(results.values())) == 1:
        return f"{next(iter(results.values()))} ({', '.join(results)})" if list(results) != ["native"] else next(iter(results.values()))
    return ", ".join(f"{world}: {text}" for world, text in results.items())


def page():
    results = load()
    rows = []
    for kernel in umbra_kernels.load().values():
        one = results.get(kernel.kind, {"version": "-", "worlds": {}})
        rows.append(f"| `{kernel.kind}` | {kernel.what} | {one['version']} | {', '.join(kernel.checks) or '-'} | {shown(one, ['native'])} | {shown(one, kernel.paths)} |")
    return HEAD + "\n".join(rows) + "\n" + TAIL


def write():
    return write_if_changed(PAGE, page())
