# SPDX-License-Identifier: GPL-2.0-or-later
"""Drivers of the board that a full Debian loads by itself: they find their blocks, natively and under Umbra, and the kernel's self-tests pass."""

import re

import pytest

import umbra_debian
import umbra_guest
from board import Board, native_arguments, umbra_arguments
from test_linux import BAD_MESSAGES
from test_paths import healthy
from umbra_cpio import Archive

pytestmark = pytest.mark.nightly
MODULES = ("omap-sham", "omap-aes-driver", "omap_hdq", "ti-abb-regulator", "twl4030-madc", "cpufreq-dt", "cpufreq_userspace", "hmac", "ecb", "cbc", "ctr")
CIPHERS = ("omap-sha1", "omap-md5", "omap-hmac-sha1", "omap-hmac-md5", "ecb-aes-omap", "cbc-aes-omap", "ctr-aes-omap")
CPUFREQ = "/sys/devices/system/cpu/cpu0/cpufreq"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The guest's files with more modules: the kernel unpacks archives one behind the other."""
    files = dict(umbra_guest.build_guest())
    archive = Archive()
    umbra_guest.add_modules(archive, umbra_debian.fetch_all()["kernel"], umbra_guest.MODULES + MODULES)
    initrd = tmp_path_factory.mktemp("drivers") / "initrd.gz"
    initrd.write_bytes(files["initrd.gz"].read_bytes() + archive.pack_gzip())
    return files | {"initrd.gz": initrd}


@pytest.fixture(scope="module", params=["native", "inline"])
def linux(request, files):
    arguments = native_arguments(files=files) if request.param == "native" else \
        umbra_arguments(f"drivers-{request.param}", files=files, path=request.param)
    with Board(f"drivers-{request.param}", arguments) as board:
        board.wait_for_shell(timeout=300)
        yield board
        messages = board.run("dmesg")
        assert not BAD_MESSAGES.search(messages), messages
        assert not re.search(r"alg: .*failed", messages), messages
        if request.param != "native":
            healthy(board)


def test_accelerators_pass_their_self_tests(linux):
    linux.run("modprobe omap-sham && modprobe omap-aes-driver", timeout=300)
    text = linux.run("cat /proc/crypto")
    passed = dict(re.findall(r"^driver +: (\S+)\nmodule +: \S+\npriority +: \d+\nrefcnt +: \d+\nselftest +: (\w+)", text, re.M))
    assert {name: passed.get(name) for name in CIPHERS} == {name: "passed" for name in CIPHERS}, text


def test_one_wire_master_finds_nobody(linux):
    linux.run("modprobe omap_hdq", timeout=60)
    assert "w1_bus_master1" in linux.run("ls /sys/bus/w1/devices")


def test_adc_reads_the_supply(linux):
    linux.run("modprobe twl4030-madc", timeout=60)
    value = int(linux.run("cat /sys/bus/iio/devices/iio:device0/in_voltage12_input").split()[-1])
    assert 4100 < value < 4300


def test_frequency_changes(linux):
    """With the voltage, and from 1 GHz on with the body bias."""
    linux.run("modprobe ti-abb-regulator && modprobe cpufreq-dt && modprobe cpufreq_userspace", timeout=60)
    assert "abb_mpu_iva" in linux.run("cat /sys/class/regulator/*/name")
    linux.run(f"echo userspace >{CPUFREQ}/scaling_governor")
    for frequency in linux.run(f"cat {CPUFREQ}/scaling_available_frequencies").split():
        linux.run(f"echo {frequency} >{CPUFREQ}/scaling_setspeed")
        assert linux.run(f"cat {CPUFREQ}/cpuinfo_cur_freq").split() == [frequency]
