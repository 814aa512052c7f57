# SPDX-License-Identifier: GPL-2.0-or-later
"""The first look at a code page: the assembly finds what the C code of the host's tests finds, which the decoder's tests are about."""

import subprocess

from umbra_common import SOURCE, build_dir, run

COMPILER = ("arm-none-eabi-gcc", "-mcpu=cortex-a8", "-marm", "-mfloat-abi=soft", "-O2", "-ffreestanding", "-Wall", "-Werror",
            "-U__INT32_TYPE__", "-D__INT32_TYPE__=int", "-U__UINT32_TYPE__", "-D__UINT32_TYPE__=unsigned int", "-Icore/include", "-Iarch/arm/include", "-Iarch/arm/cpu")
SIEVE = "arch/arm/cpu/code_sieve.S"
RENAMED = ("-Dcode_sieve_sites=fake_sites", "-Dcode_sieve_pc=fake_pc", "-Dword_find=fake_word_find")


def build(folder, sieve):
    """The program with the sieve of file `sieve`."""
    for name, source, words in (("main", "tests/machine/sieve/main.c", ()), ("fake", "tests/host/fake/sieve.c", RENAMED)):
        run([*COMPILER, "--specs=picolibc.specs", *words, "-c", "-o", folder / f"{name}.o", source], cwd=SOURCE)
    run([*COMPILER, "-nostdlib", "-o", folder / "sieve.elf", "-T", "tests/machine/sieve/test.lds", "tests/machine/sieve/start.S", sieve,
         folder / "main.o", folder / "fake.o", "-lgcc"], cwd=SOURCE)
    return folder / "sieve.elf"


def what_it_says(program):
    done = subprocess.run([build_dir() / "qemu-system-arm", "-M", "none", "-cpu", "cortex-a8", "-m", "32", "-display", "none", "-semihosting-config",
                           "enable=on,target=native", "-device", f"loader,file={program},cpu-num=0"], capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


def test_sieves_are_equal(tmp_path):
    assert what_it_says(build(tmp_path, SIEVE)).splitlines() == ["all equal"]


def test_a_difference_is_seen(tmp_path):
    """One of the shifts is another one."""
    text = (SOURCE / SIEVE).read_text(encoding="utf-8")
    wrong = tmp_path / "wrong.S"
    wrong.write_text(text.replace("vshr.u8\tq0, q3, #3", "vshr.u8\tq0, q3, #4"), encoding="utf-8")
    assert wrong.read_text(encoding="utf-8") != text
    assert what_it_says(build(tmp_path, wrong)).splitlines()[-1] == "some differ"
