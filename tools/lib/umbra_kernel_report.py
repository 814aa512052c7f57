# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests found of the kernels of configs/kernels.toml, and docs/kernels.md, which is made of it."""

import contextlib
import json
import re
import time

import umbra_kernels
from umbra_kernels import PATHS
from umbra_common import SOURCE, build_dir, lock_file, write_if_changed

PAGE = SOURCE / "docs/kernels.md"
HEAD = """<!-- SPDX-License-Identifier: GPL-2.0-or-later -->
<!-- Made by `tools/kernel doc` from the results of tests/system/test_kernels.py. -->
# Kernels

Each row was booted on the machine as a whole, natively and under Umbra, with the same checks: *shell* (a command), *utest* (`tests/guest-user`, as ARM and
as Thumb-2 code), *modules* (the kernel's own), *reboot* (up again), *report* (of a bare-metal kernel: no test failed), *selftests* (those that the
kernel makes of its tracers and kprobes while it boots). `tools/run --kernel KIND` starts one; `configs/kernels.toml` describes them.

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


def in_cell(text):
    return text.replace(": ", " ").replace("|", "\\|")


def shown(results):
    """One cell of {world: result}: the result of all worlds, or each."""
    if list(results) == ["native"]:
        return results["native"]
    if len(set(results.values())) == 1:
        return f"{next(iter(results.values()))} ({', '.join(results)})"
    return ", ".join(f"{world}: {text}" for world, text in results.items())


def read_cell(cell, worlds):
    """The other way round: {world: result}."""
    if worlds == ["native"]:
        return {"native": cell}
    same = re.fullmatch(rf"(.*) \(({'|'.join(PATHS)})(, ({'|'.join(PATHS)}))*\)", cell)
    if same:
        return dict.fromkeys(cell[len(same[1]) + 2:-1].split(", "), same[1])
    return dict(re.findall(rf"({'|'.join(PATHS)}): (.*?)(?=, (?:{'|'.join(PATHS)}): |$)", cell))


def read_page(text):
    """{kind: what record() has of it}, of rows as page() makes them."""
    found = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)][1:-1]
        if len(cells) == 6 and re.fullmatch("`.*`", cells[0]):
            found[cells[0].strip("`")] = {"version": cells[2], "checks": cells[3], "worlds": read_cell(cells[4], ["native"]) | read_cell(cells[5], list(PATHS))}
    return found


def checks_of(kernel):
    return ", ".join(kernel.checks) or "-"


def merged(old, results, kernels):
    """What the page says and what was found since. Another version of a kernel begins anew, and so do other checks."""
    new = {kind: {"version": one["version"], "worlds": {world: in_cell(found["result"]) for world, found in one["worlds"].items()}}
           for kind, one in results.items()}
    for kind, one in old.items():
        same = kind in kernels and one["checks"] == checks_of(kernels[kind])
        if same and (kind not in new or new[kind]["version"] == one["version"]):
            new[kind] = {"version": one["version"], "worlds": one["worlds"] | new.get(kind, one)["worlds"]}
    return new


def page(found, kernels):
    rows = []
    for kernel in kernels.values():
        one = found.get(kernel.kind, {"version": "-", "worlds": {}})
        native, guest = ({world: one["worlds"].get(world, "-") for world in worlds} for worlds in (["native"], kernel.paths))
        rows.append(f"| `{kernel.kind}` | {kernel.what} | {one['version']} | {checks_of(kernel)} | {shown(native)} | {shown(guest)} |")
    return HEAD + "\n".join(rows) + "\n" + TAIL


def write():
    """The page: what was not tried since it was made last stays."""
    kernels = umbra_kernels.load()
    return write_if_changed(PAGE, page(merged(read_page(PAGE.read_text(encoding="utf-8")), load(), kernels), kernels))
