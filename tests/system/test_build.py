# SPDX-License-Identifier: GPL-2.0-or-later
"""Configuration and build: warnings are errors, changes rebuild what they must, output can be elsewhere."""

import os
import re
import shutil
import subprocess

import kconfiglib
import pytest

import umbra_common
from board import Board, umbra_arguments
from test_guests import results
from umbra_common import SOURCE, build_dir


def make(folder, *words, expect=0, **environment):
    """Run make with O=folder; returns everything that it printed."""
    done = subprocess.run(["make", "--no-print-directory", "-C", SOURCE, f"O={folder}", *words], check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                          env=dict(os.environ, **environment))
    assert (done.returncode == 0) == (expect == 0), done.stdout
    return done.stdout


def configure(folder, *lines):
    make(folder, "beagle-xm_defconfig")
    with open(folder / ".config", "a", encoding="utf-8") as handle:
        handle.write("".join(line + "\n" for line in lines))


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """One complete build in a folder of its own."""
    folder = tmp_path_factory.mktemp("build")
    make(folder, f"-j{os.cpu_count()}")
    return folder


def test_outputs(built):
    for name in ("umbra.elf", "umbra.bin", "umbra.img", "layouts/linux.dtb"):
        assert (built / name).stat().st_size > 0


def test_second_build_does_nothing(built):
    assert "CC" not in make(built)


def test_same_sources_same_image(built, tmp_path):
    """Also in another folder: no path and no time gets into the binary. The build under test is one, if it is of this configuration."""
    other = build_dir()
    if (other / ".config").read_bytes() == (built / ".config").read_bytes():
        assert umbra_common.make("all", stdout=subprocess.DEVNULL).returncode == 0
    else:
        other = tmp_path
        make(other, f"-j{os.cpu_count()}")
    assert (other / "umbra.bin").read_bytes() == (built / "umbra.bin").read_bytes()


def test_flags_rebuild(built):
    text = make(built, "-n", "CROSS_COMPILE=arm-none-eabi-", "machine_flags=-mcpu=cortex-a8 -marm -mfloat-abi=soft")
    assert "core/layout.o" in text and "libfdt/fdt.o" in text


@pytest.mark.parametrize("word", ["CC=clang", "LLVM=1"])
def test_clang(built, word):
    """C for the target by clang, the rest by GCC (tools/matrix builds and boots it); without the word it is GCC's turn again."""
    text = make(built, "-n", word)
    lines = [line for line in text.splitlines() if " -c -o " in line]
    with_clang = [line for line in lines if line.startswith("clang --target=arm-none-eabi ")]
    assert any("core/layout.c" in line for line in with_clang) and any("libfdt/fdt.o" in line for line in with_clang)
    assert all(line.rpartition(" ")[2].endswith(".S") for line in lines if line not in with_clang)
    assert "picolibc" in with_clang[0] and "-word-relocations" not in with_clang[0]
    assert "clang" not in make(built, "-n")


def test_value_rebuilds(built):
    """One object stands for all; the configuration is left as the image has it."""
    configuration = (built / ".config").read_text(encoding="utf-8")
    assert "CONFIG_LOG_RING_SIZE=16384" in configuration
    (built / ".config").write_text(configuration.replace("LOG_RING_SIZE=16384", "LOG_RING_SIZE=32768"), encoding="utf-8")
    text = make(built, f"{built}/core/log.o")
    assert len(re.findall(r"CC .*core/log\.o", text)) == 1
    assert "CONFIG_LOG_RING_SIZE 32768" in (built / "include/autoconf.h").read_text(encoding="utf-8")
    assert "core/console.o" in make(built, "-n")
    (built / ".config").write_text(configuration, encoding="utf-8")


@pytest.mark.parametrize("line, message", [
    ("CONFIG_NO_SUCH_OPTION=y", "NO_SUCH_OPTION"),
    ("CONFIG_LOG_RING_SIZE=many", "LOG_RING_SIZE"),
    ("CONFIG_MACHINE_BEAGLE_XM=n", "MACHINE_BEAGLE_XM"),
])
def test_configuration_warnings_are_errors(tmp_path, line, message):
    configure(tmp_path, line)
    text = make(tmp_path, "layouts", expect=1)
    assert message in text
    make(tmp_path, "olddefconfig")
    make(tmp_path, "layouts")


@pytest.mark.parametrize("value, reason", [
    ("MONITOR_ESCAPE=0x0d", "MONITOR_ESCAPE is a key that every shell needs: Ctrl-C, Ctrl-D, Backspace, Tab, line feed, Enter,"),
    ("MONITOR_ESCAPE=0x1b", "Ctrl-Z or Esc. Take another one"),
    ("MONITOR_ESCAPE=0x41", "MONITOR_ESCAPE"),
    ("CODE_PAGES=7936", "[64, 1792]"),
    ("CODE_PAGES=16", "[64, 1792]"),
    ("SHADOW_L2=8192", "[128, 1024]"),
    ("SHADOW_L2=8192", "leave no room for the rest in Umbra's memory"),
    ("CODE_PAGES=16", "Limits: with fewer than 64 a kernel that does nothing scans again and again"),
    ("SHADOW_ROOTS=4", "[8, 62]"),
    ("SHADOW_ROOTS=63", "which roots use a table is kept in 64 bits"),
    ("STUB_PAGES=16", "[32, 88]"),
    ("STUB_PAGES=89", "do not fit beside the vCPU's open pages in the one megabyte"),
    ("TEXT_BASE=0x9f012345", "TEXT_BASE was set to '0x9f012345' but is '0x9f000000'"),
])
def test_values_that_cannot_work_are_refused(tmp_path, value, reason):
    """Where they are chosen, with the reason; nothing is compiled."""
    make(tmp_path, "beagle-xm_defconfig")
    config = tmp_path / ".config"
    name = value.partition("=")[0]
    config.write_text(re.sub(f"^CONFIG_{name}=.*", f"CONFIG_{value}", config.read_text(encoding="utf-8"), flags=re.M), encoding="utf-8")
    assert reason in make(tmp_path, expect=2)
    assert not list(tmp_path.glob("**/*.o"))


@pytest.mark.parametrize("path", sorted(SOURCE.glob("configs/*_defconfig")), ids=lambda path: path.name)
def test_defconfigs_say_the_difference_only(tmp_path, path):
    """Each loads, and is what savedefconfig makes of it."""
    make(tmp_path, path.name)
    make(tmp_path, "savedefconfig")
    saved = (tmp_path / "defconfig").read_text(encoding="utf-8")
    assert lines_of(saved) == lines_of(path.read_text(encoding="utf-8")) - {"CONFIG_MACHINE_BEAGLE_XM=y"}


def lines_of(text):
    return {line for line in text.splitlines() if re.match(r"(# )?CONFIG_", line)}


def test_fragments(tmp_path):
    """In the order of the command line, also with several jobs; each alone goes with the board's configuration."""
    for path in SOURCE.glob("configs/fragments/*.config"):
        make(tmp_path, "-j4", "beagle-xm_defconfig", path.name)
        assert lines_of(path.read_text(encoding="utf-8")) <= lines_of((tmp_path / ".config").read_text(encoding="utf-8"))
    make(tmp_path, "-j4", "beagle-xm_defconfig", "small.config", "debug.config", "trap.config")
    config = (tmp_path / ".config").read_text(encoding="utf-8")
    for word in ("CONFIG_HYPERVISOR_12M=y", "CONFIG_CONSOLE_LOG_LEVEL=3", "# CONFIG_CPU_PATH_INLINE is not set"):
        assert word in config


def test_fragment_that_does_not_survive(tmp_path):
    """Path interp makes no copies of code; one message says what was lost, and why."""
    make(tmp_path, "beagle-xm_defconfig", "interp.config")
    fragment = tmp_path / "pages.config"
    fragment.write_text("CONFIG_CODE_PAGES=1024\n", encoding="utf-8")
    text = merge(tmp_path, fragment)
    assert "does not go with" in text and "CODE_PAGES was set to '1024'" in text and "CODE_COPIES" in text
    fragment.write_text("CONFIG_NO_SUCH_OPTION=y\n", encoding="utf-8")
    assert "NO_SUCH_OPTION" in merge(tmp_path, fragment)


def test_fragments_over_each_other(tmp_path):
    """A later one may set a value anew, which is said; what it takes away from an earlier one by the way is an error, in each order."""
    said = make(tmp_path, "beagle-xm_defconfig", "trap.config", "interp.config")
    assert "CPU_PATH_INTERP of configs/fragments/trap.config was 'n' and becomes 'y'" in said
    assert "CONFIG_CPU_PATH_INTERP=y" in (tmp_path / ".config").read_text(encoding="utf-8")
    assert "was '" not in make(tmp_path, "beagle-xm_defconfig", "small.config", "debug.config", "headless.config")
    said = make(tmp_path, "beagle-xm_defconfig", "small.config", "interp.config", expect=2)
    assert "CODE_PAGES, which configs/fragments/small.config sets to '1024', would be ''" in said and "CODE_COPIES" in said
    assert "CODE_PAGES was set to '1024'" in make(tmp_path, "beagle-xm_defconfig", "interp.config", "small.config", expect=2)


@pytest.mark.parametrize("goals, message", [
    (["nope.config"], "there is no configs/fragments/nope.config; there are: audit.config debug.config "),
    (["beagle-xm_defconfig", "nope.config"], "there is no configs/fragments/nope.config"),
    (["nope_defconfig"], "there is no configuration file configs/nope_defconfig; there are: beagle-xm-256m_defconfig "),
])
def test_no_such_configuration(tmp_path, goals, message):
    assert message in make(tmp_path, *goals, expect=2)


def test_every_option_explains_itself(monkeypatch):
    """But the members of a choice, which explains them."""
    monkeypatch.setenv("srctree", str(SOURCE))
    kconf = kconfiglib.Kconfig("Kconfig", warn_to_stderr=False)
    silent = [node.prompt[0] for node in kconf.node_iter()
              if isinstance(node.item, (kconfiglib.Symbol, kconfiglib.Choice)) and node.prompt and not node.help and not getattr(node.item, "choice", None)]
    assert not silent


def merge(folder, fragment):
    done = subprocess.run(["/usr/bin/python3", SOURCE / "tools/kconfig.py", "merge", fragment], check=False, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, env=dict(os.environ, srctree=str(SOURCE), KCONFIG_CONFIG=str(folder / ".config")), cwd=SOURCE)
    assert done.returncode == 1
    return done.stdout


def test_image_carries_its_configuration(built, tmp_path):
    """What the tool reads out of the image is a .config that builds the same."""
    text = subprocess.run([SOURCE / "tools/imageconfig", built / "umbra.img"], check=True, text=True, stdout=subprocess.PIPE).stdout
    assert lines_of(text) == lines_of((built / ".config").read_text(encoding="utf-8"))
    (tmp_path / "other").write_bytes(b"UMBRA CONFIGURATION\n")
    done = subprocess.run([SOURCE / "tools/imageconfig", tmp_path / "other"], check=False, text=True, stderr=subprocess.PIPE)
    assert done.returncode == 1 and "holds no configuration" in done.stderr and len(done.stderr.splitlines()) == 1


def test_configuration_round_trip(tmp_path):
    configure(tmp_path)
    make(tmp_path, "savedefconfig")
    before = (tmp_path / ".config").read_text(encoding="utf-8")
    (tmp_path / ".config").unlink()
    make(tmp_path, "beagle-xm_defconfig")
    assert (tmp_path / ".config").read_text(encoding="utf-8") == before
    assert "CONFIG_" not in make(tmp_path, "listnewconfig")


@pytest.mark.parametrize("target", ["allyesconfig", "alldefconfig", "randconfig"])
def test_other_configurations_build(tmp_path, target):
    make(tmp_path, target, KCONFIG_SEED="1")
    make(tmp_path, f"-j{os.cpu_count()}")


def test_contradiction_is_refused_with_its_reason(tmp_path):
    """Nothing chosen at all: no CPU path either, which the build says before it compiles anything."""
    make(tmp_path, "allnoconfig")
    text = make(tmp_path, expect=2)
    assert "No CPU path is chosen" in text and "CPU_PATH_" in text
    assert not list(tmp_path.glob("**/*.o"))


def test_random_configurations_are_valid(tmp_path):
    """The target loads what it wrote and fails if anything did not take; the seed repeats it. What every Linux needs is in all."""
    seen = set()
    for seed in range(8):
        make(tmp_path, "randconfig", KCONFIG_SEED=str(seed))
        seen.add((tmp_path / ".config").read_text(encoding="utf-8"))
    for text in seen:
        for name in ("EMU_OMAP3_INTC", "EMU_OMAP3_UART", "EMU_NULL", "EMU_OMAP3_L3", "PASSTHROUGH_GPTIMER", "PASSTHROUGH_GPIO", "PASSTHROUGH_GPMC"):
            assert f"CONFIG_{name}=y" in text
    make(tmp_path, "randconfig", KCONFIG_SEED="0")
    assert (tmp_path / ".config").read_text(encoding="utf-8") in seen
    assert len(seen) > 1


def test_layout_warning_is_error(tmp_path):
    """A warning of dtc stops the build."""
    (tmp_path / "bad.dts").write_text("/dts-v1/;\n/ { node { reg = <1>; }; };\n", encoding="utf-8")
    text = make(tmp_path / "out", f"layout_dir={tmp_path}", "layouts", expect=1)
    assert "reg_format" in text and "error" in text


@pytest.mark.parametrize("folder, words, missing", [
    (".", ["CROSS_COMPILE=nope-"], "nope-gcc nope-objcopy nope-ar"),
    (".", ["layouts", "CPP=nope-cpp -P"], "nope-cpp"),
    (".", ["CC=nope-clang"], "nope-clang"),
    ("tests/guests", ["CROSS_COMPILE=nope-"], "nope-gcc nope-objcopy"),
    ("tests/host", ["HOSTCC=nope -m32"], "nope"),
])
def test_missing_programs(tmp_path, folder, words, missing):
    """One message says which, and what installs them."""
    text = make(tmp_path, "-C", folder, *words, expect=1)
    assert f"{missing}: not found; run tools/setup" in text and len(text.splitlines()) == 1
    assert not any(tmp_path.iterdir())


def test_missing_library(tmp_path):
    compiler = tmp_path / "gcc"
    for script in ("exit 1", "echo picolibc.specs"):
        compiler.write_text(f"#!/bin/sh\n{script}\n", encoding="ascii")
        compiler.chmod(0o755)
        assert "has no picolibc, or does not run: run tools/setup" in make(tmp_path / "out", f"CC={compiler}", expect=1)


def test_first_configuration(tmp_path):
    """Bringing up to date what is not there yet gives the defaults."""
    make(tmp_path, "olddefconfig")
    make(tmp_path, "listnewconfig")


def test_help():
    text = make("build", "help")
    for word in ("menuconfig", "image", "run-native", "debug", "test", "check"):
        assert word in text


def set_key(folder, key):
    make(folder, "beagle-xm_defconfig")
    configuration = (folder / ".config").read_text(encoding="utf-8")
    assert "MONITOR_ESCAPE=0x1d" in configuration
    (folder / ".config").write_text(configuration.replace("MONITOR_ESCAPE=0x1d", f"MONITOR_ESCAPE={key}"), encoding="utf-8")


@pytest.mark.parametrize("key", ["0x0d", "0x03", "0x1b"])
def test_key_that_lines_need(tmp_path, key):
    """The monitor's key cannot be one of those that its own lines are typed with."""
    set_key(tmp_path, key)
    assert "MONITOR_ESCAPE is a key that every shell needs" in make(tmp_path, f"{tmp_path}/core/monitor.o", expect=2)


def test_key_is_called_by_its_name(tmp_path):
    set_key(tmp_path, "0x14")
    make(tmp_path, f"-j{os.cpu_count()}")
    board = Board("key", ["-kernel", tmp_path / "umbra.img"])
    with board:
        board.expect("umbra: Ctrl-T opens and closes the monitor", 30)


# What docs/cpu-paths.md and docs/shadow-mmu.md say is all that one more of them takes: a file, a Kconfig symbol, a line of a Makefile.
PLUGINS = (("arch/arm/cpu", "path", "trap", "CPU_PATH"), ("arch/arm/mmu", "strategy", "flush", "SHADOW"))


def add_plugin(tree, folder, kind, like, symbol):
    """One called `fourth`, which does what `like` does."""
    text = (SOURCE / folder / f"{kind}_{like}.c").read_text(encoding="utf-8")
    (tree / folder / f"{kind}_fourth.c").write_text(re.sub(rf'(?<!<arm/){like}(?!\.h)', "fourth", text), encoding="utf-8")
    with open(tree / folder / "Kconfig", "a", encoding="utf-8") as handle:
        handle.write(f"\nconfig {symbol}_FOURTH\n\tbool \"fourth\"\n\tdefault y\n")
    with open(tree / folder / "Makefile", "a", encoding="utf-8") as handle:
        handle.write(f"obj-$(CONFIG_{symbol}_FOURTH) += {kind}_fourth.o\n")


@pytest.mark.nightly
def test_one_more_path_and_strategy(boot, tmp_path):
    """In a copy of the sources; the layout tool, the monitor and a guest know them."""
    tree, out = tmp_path / "tree", tmp_path / "out"
    shutil.copytree(SOURCE, tree, symlinks=True, ignore=shutil.ignore_patterns(".git", "build", "__pycache__"))
    for plugin in PLUGINS:
        add_plugin(tree, *plugin)
    environment = {name: value for name, value in os.environ.items() if name != "UMBRA_BUILD"}
    for words in (["beagle-xm_defconfig"], [f"-j{os.cpu_count()}", "all", "layouts"]):
        done = subprocess.run(["make", "-C", tree, f"O={out}", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, env=environment)
        assert done.returncode == 0, done.stdout
    arguments = umbra_arguments("fourth", "bare-metal", {"guest.bin": build_dir() / "guests/modes.bin"}, path="fourth", strategy="fourth")
    checked = subprocess.run([tree / "tools/layout", "check", "--build", out, arguments[arguments.index("-dtb") + 1]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             text=True, check=False, env=environment)
    assert checked.returncode == 0, checked.stdout
    arguments[arguments.index("-kernel") + 1] = out / "umbra.img"
    board = boot(arguments)
    _, tests, failed = results(board)
    assert tests > 0 and failed == 0
    assert "path fourth" in board.monitor("guest path") and "shadow fourth" in board.monitor("guest shadow")
    assert "0 violations" in board.monitor("guest audit").splitlines()
