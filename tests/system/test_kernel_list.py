# SPDX-License-Identifier: GPL-2.0-or-later
"""configs/kernels.toml and what is made of it, without booting: mistakes, the forms of a kernel, docs/kernels.md. The kernels: test_kernels.py."""

import struct
import subprocess

import pytest

import umbra_guest
import umbra_kernel_build
import umbra_kernel_report
import umbra_kernels
from board import SLOW
from umbra_common import SOURCE, ToolError, run


@pytest.mark.parametrize("tool", [["tools/run", "--kernel", "nope"], ["tools/kernel", "build", "nope"]])
def test_no_such_kernel(tool):
    done = subprocess.run(tool, cwd=SOURCE, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60 * SLOW)
    assert done.returncode == 1 and "no kernel 'nope'; there are: debian, debian-rt, debian-6.12, " in done.stdout
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.parametrize("text, message", [
    ("[kernels.x]\nwhat = 'a'", "x: needs one of package, source, of, loader, bare"),
    ("[kernels.x]\npackage = 'a'\nsource = 'b'", "x: needs one of"),
    ("[kernels.x]\nbare = 'nope'", "x: there is no tests/guests/nope.c"),
    ("[kernels.x]\npackage = 'a'\nsuit = 'b'", "x: unknown word 'suit'"),
    ("[kernels.x]\npackage = 'a'\nchecks = ['shel']", "x: no check 'shel'; there are: shell, utest"),
    ("[kernels.x]\npackage = 'a'\nlayout = 'nope'", "no layout 'nope'"),
    ("[kernels.x]\npackage = 'a'\nguest = 'dies'", "x: native is boots or silent, guest is"),
    ("[kernels.x]\npackage = 'a'\npaths = ['fast']", "x: no path 'fast'"),
    ("[kernels.x]\npackage = 'a'\nalways = ['interp']", "x: always: 'interp' is no world of it"),
    ("[kernels.x]\nsource = 'a'\nconfig = ['nope']", "x: there is no configs/kernels/nope.config"),
    ("[kernels.x]\nof = 'y'\nform = 'uImage'", "x: 'y' is no kernel with a package or source"),
    ("[kernels.x]\nof = 'x'", "x: `of` goes with a form: uImage, Image, appended"),
    ("[kernels.x]\npackage = ['a']", "kernels.toml: x: package is a text"),
    ("[kernels.x]\npackage = 'a'\nchecks = 'shell'", "x: checks is a list of texts"),
    ("[kernels]\nx = 3", "kernels.toml: kernels.x is no table"),
    ("kernels = 3", "kernels.toml: kernels is no table"),
    ("[kernels", "kernels.toml: "),
])
def test_mistakes_in_the_file(tmp_path, text, message):
    path = tmp_path / "kernels.toml"
    path.write_text(text)
    with pytest.raises(ToolError, match=".") as error:
        umbra_kernels.load(path)
    assert message in str(error.value)


def test_forms(tmp_path):
    """What U-Boot's header says of each, and what is in them."""
    files = umbra_guest.build_guest()
    zimage = files["vmlinuz"].read_bytes()
    for form, load in (("uImage", 0x82000000), ("Image", 0x80208000)):
        data = umbra_kernels.put_form(form, files, tmp_path)["vmlinuz"].read_bytes()
        magic, size = struct.unpack_from(">I8xI", data)
        assert magic == 0x27051956 and size == len(data) - 64 and struct.unpack_from(">II", data, 16) == (load, load)
        assert (data[64:] == zimage) == (form == "uImage")
    assert data[64:].count(b"Linux version 6.1.") >= 1
    appended = umbra_kernels.put_form("appended", files, tmp_path)["vmlinuz"].read_bytes()
    assert appended == zimage + files["guest.dtb"].read_bytes()


def test_own_arguments(tmp_path):
    """They stand behind those of the layout."""
    layout = umbra_kernels.with_bootargs(umbra_kernels.find("debian-6.12"), umbra_kernels.umbra_card.layout_path("linux"), tmp_path)
    assert run(["fdtget", layout, "/guest", "bootargs"]).strip() == "console=ttyO2,115200n8 nohlt"


def test_configuration_that_is_not_taken():
    """Kconfig drops what it cannot do; nobody may believe that it was tested."""
    one = umbra_kernels.Kernel("x", source="y", config=("small",))
    good = "\n".join(umbra_kernel_build.settings(umbra_kernel_build.config_text(one)).values())
    umbra_kernel_build.check_config(one, good)
    with pytest.raises(ToolError, match="kernel x: the source does not take: CONFIG_VFP=y"):
        umbra_kernel_build.check_config(one, good.replace("CONFIG_VFP=y", "# CONFIG_VFP is not set"))


def test_page_names_each_kernel():
    """docs/kernels.md was made of the file that there is: tools/kernel doc."""
    rows = [line.split("|")[1:3] for line in umbra_kernel_report.PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert rows == [[f" `{one.kind}` ", f" {one.what} "] for one in umbra_kernels.load().values()]


def test_page_is_kept():
    """What was not tried since docs/kernels.md was made stays, but for other versions and other checks; what was found since is new."""
    kernels = {name: umbra_kernels.Kernel(name, what=name, package="p", checks=("shell",)) for name in ("a", "b", "c")}
    kernels["d"] = umbra_kernels.Kernel("d", what="d", package="p", guest="says: no (LPAE|x)", paths=("trap",))
    first = {kind: {"version": "1", "worlds": {world: {"result": text} for world, text in worlds.items()}} for kind, worlds in {
        "a": {"native": "boots", "trap": "boots", "inline": "FAILS"}, "b": {"native": "boots", "trap": "boots", "inline": "boots"},
        "c": {"trap": "boots"}, "d": {"native": "silent", "trap": "says: no (LPAE|x)"}}.items()}
    page = umbra_kernel_report.page(umbra_kernel_report.merged({}, first, kernels), kernels)
    old = umbra_kernel_report.read_page(page)
    assert umbra_kernel_report.page(umbra_kernel_report.merged(old, {}, kernels), kernels) == page
    kernels["b"].checks = ("shell", "utest")
    now = {"a": {"version": "1", "worlds": {"inline": {"result": "boots"}}}, "c": {"version": "2", "worlds": {"native": {"result": "boots"}}}}
    found = umbra_kernel_report.merged(old, now, kernels)
    assert found["a"]["worlds"] == {"native": "boots", "trap": "boots", "inline": "boots"}
    assert "b" not in found and found["c"]["worlds"] == {"native": "boots"}
    assert "| boots | boots (trap, inline) |" in umbra_kernel_report.page(found, kernels)
