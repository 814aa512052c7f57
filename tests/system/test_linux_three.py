# SPDX-License-Identifier: GPL-2.0-or-later
"""Three Linux guests (nightly): Debian on the board and twice on the virtual machine, on one switch: they talk, work hard, and one is reset again and again."""

import re

import pytest

import umbra_guest
from board import MONITOR_KEY, layout
from test_duo import guests, show
from test_linux_duo import HASH, PATHS, begin_hashes, check, end_hashes, start
from test_stress import STRESSORS
from umbra_card import LAYOUTS

NAMES = "012"
THREE = """#include "linux-duo.dts"
/ {
	guest@2 {
		memory-mib = <128>;
		kernel = <&kernel>;
		initrd = <&initrd>;
		bootargs = "console=ttyAMA0,115200n8";
		%s
	};
};
&net_c { status = "okay"; };
"""

pytestmark = pytest.mark.nightly


def second_machine():
    """The virtual machine once more, with labels of its own."""
    text = (LAYOUTS / "virt-guest.dtsi").read_text(encoding="utf-8")
    labels = "|".join(re.findall(r"^\s*(\w+): ", text, re.M))
    return re.sub(rf"^(\s*(?:{labels}))(?=: )|(&(?:{labels}))\b", r"\g<0>_c", text, flags=re.M)


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    """One board for the whole file, all guests at their shells, on the switch, each with a web server and 16 MiB of its own."""
    folder = tmp_path_factory.mktemp("three")
    (folder / "three.dts").write_text(THREE % second_machine())
    files = umbra_guest.build_guest()
    (folder / "initrd.gz").write_bytes(files["initrd.gz"].read_bytes() + files["stress.cpio.gz"].read_bytes())
    files = {**files, "initrd.gz": folder / "initrd.gz"}
    edits = [("/guest@2", "cpu-path", PATHS[-1])]
    with start("linux-three", PATHS[0], PATHS[-1], layout(folder / "three.dts"), edits, files) as board:
        for name in NAMES:
            show(board, name)
            if name == "2":
                board.wait_for_shell(600)
            board.run(f"ip addr add 10.0.0.{name}1/24 dev eth0; ip link set eth0 up; mkdir /www; httpd -p 80 -h /www; "
                      "dd if=/dev/urandom of=/www/noise bs=64k count=256 2>/dev/null", 240)
        yield board


def test_ping_and_copy(three):
    """Each pings and copies from the one before it; what comes is what was there."""
    sums = {}
    for name in NAMES:
        show(three, name)
        sums[name] = three.run("sha256sum </www/noise", 120)
    assert len(set(sums.values())) == len(NAMES)
    for name, other in zip(NAMES, NAMES[-1] + NAMES):
        show(three, name)
        assert "3 packets received" in three.run(f"ping -c 3 10.0.0.{other}1", 120)
        assert three.run(f"wget -q -O - http://10.0.0.{other}1/noise | sha256sum", 240) == sums[other]
    check(three)


def test_stress_beside_each_other(three):
    """All of them under stress-ng at once, each verifies what it did."""
    for name in NAMES:
        show(three, name)
        three.run(f"(stress-ng --verify {STRESSORS} --timeout 5 >/tmp/stress 2>&1; echo ended $? >>/tmp/stress) & true")
    for name in NAMES:
        show(three, name)
        three.run("wait", 1800)
        assert "ended 0" in three.run("tail -n 1 /tmp/stress"), three.run("cat /tmp/stress")
    check(three)


def test_fifty_resets(three):
    """Guest 2 is reset fifty times, wherever it is in its boot; the others' hashes go on and are right."""
    want = {}
    for name in "10":
        show(three, name)
        want[name] = begin_hashes(three)
    for _ in range(50):
        three.open_monitor()
        three.monitor_command("guest 2 reset")
        three.send(MONITOR_KEY)
        assert three.run(HASH, 120) == want["0"]
    for name in "01":
        show(three, name)
        end_hashes(three, want[name])
    show(three, "2")
    three.wait_for_shell(600)
    assert three.run(HASH, 120) == want["0"]
    check(three)
    three.open_monitor()
    assert guests(three)["2"][:2] == ("running", 50)
