# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tools answer to words that are wrong, or that only ask: at once, in one message, and nothing is built."""

import os
import shutil
import socket
import subprocess

import pytest

import umbra_card
import umbra_common
import umbra_debian
import umbra_front
import umbra_guest
import umbra_machine
import umbra_run
from board import SLOW
from umbra_common import SOURCE, build_dir, building, claim_build


def run(words, expect, **options):
    done = subprocess.run([str(word) for word in words], check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, cwd=SOURCE, timeout=60 * SLOW, **options)
    assert done.returncode == expect, done.stdout
    assert "Traceback" not in done.stdout
    return done.stdout


def empty_build(tmp_path):
    """Environment with a build folder in which everything would have to be made."""
    return dict(os.environ, UMBRA_BUILD=str(claim_build(tmp_path / "build")))


# Of core/guest_owner.c: in a call, a difference, an argument, a comparison, an initializer.
MIXED = (("guest_map_gpa(&g->map, hpa)", "hpa"), ("hpa - g->cfg.own", "hpa - g->cfg.mem_base"),
         ("guest_of_ram(hpa)", "guest_of_ram(guest_map_gpa(&g->map, hpa))"), ("hpa >= m->umbra_base", "g->cfg.mem_base >= m->umbra_base"),
         ("hpa_t last = hpa +", "gpa_t last = hpa +"))


def test_address_spaces_are_not_mixed(tmp_path):
    """The check finds whatever takes one kind of physical address for the other, and nothing in what does not."""
    text = (SOURCE / "core/guest_owner.c").read_text(encoding="utf-8")
    paths = [tmp_path / name for name in ("plain.c", *(f"mixed{i}.c" for i in range(len(MIXED))))]
    for path, (old, new) in zip(paths, (("", ""), *MIXED)):
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
    found = run(["tools/check_spaces", *paths], 123)
    for path in paths:
        wrong = [line for line in found.splitlines() if line.startswith(f"{path}:") and "error:" in line and "'gpa_t'" in line]
        assert bool(wrong) == (path.name != "plain.c"), found


@pytest.mark.parametrize("layout, message", [
    ("nope", "no layout 'nope'; there are: bare-duo, bare-metal, linux, "),
    ("README.md", "README.md is no compiled layout"),
    ("Makefile", "Makefile is no compiled layout"),
    ("tests", "no layout 'tests'"),
    ("GUEST", "guest.dtb is no compiled layout"),
])
@pytest.mark.parametrize("tool", [["tools/run"], ["tools/run", "--native"], ["tools/mkimage"], ["tools/bench", "--quick"]])
def test_no_such_layout(tmp_path, tool, layout, message):
    layout = build_dir() / "guest/guest.dtb" if layout == "GUEST" else layout
    text = run([*tool, "--layout", layout], 1, env=empty_build(tmp_path))
    assert message in text and len(text.splitlines()) == 1


@pytest.mark.parametrize("words, message", [
    (["--layout", "bare-metal"], "run: layout bare-metal wants guest.bin, which is not on the card: `make image LAYOUT=bare-metal KERNEL=FILE` puts"),
    (["--layout", "bare-duo", "--direct"], "run: layout bare-duo wants guest.bin, guest1.bin, which is not on the card: "),
    (["--layout", "configs/layouts/bare-metal.dts"], "run: layout configs/layouts/bare-metal.dts wants guest.bin, "),
    (["--system", "debian", "--layout", "bare-metal"], "run: layout bare-metal is none of a system's: it wants guest.bin, which a system has not"),
])
def test_layout_without_its_files(tmp_path, words, message):
    """Found before anything is built."""
    text = run(["tools/run", *words], 1, env=empty_build(tmp_path))
    assert text.startswith(message) and len(text.splitlines()) == 1


def test_layout_with_its_files(tmp_path, monkeypatch):
    """Those that the user named, which a start without the card has, too."""
    monkeypatch.setenv("UMBRA_BUILD", str(claim_build(tmp_path / "build")))
    own = {"guest.bin": tmp_path / "mine"}
    umbra_card.remember("bare-metal", own)
    options = umbra_run.arguments_of(["--direct"])
    assert options.layout == "bare-metal"
    monkeypatch.setattr(umbra_card, "card_files", lambda layout: {"vmlinuz": "x"})
    options.ready = options.root = None
    assert umbra_run.files_of(options) == {"vmlinuz": "x", "guest.bin": str(own["guest.bin"])}
    for layout in ("linux", "linux-small", "linux-uart3", "linux-atags", "linux-virt", "linux-duo", "linux-trio", "u-boot"):
        assert not umbra_card.not_on_card(layout, {})


def test_image_without_its_files(tmp_path):
    text = run(["tools/mkimage", "--layout", "bare-metal", "--output", tmp_path / "card"], 0)
    assert "mkimage: layout bare-metal wants guest.bin, which is not there yet: put it on the card, or name a file with --kernel" in text
    text = run(["tools/mkimage", "--layout", "bare-metal", "--kernel", "README.md", "--output", tmp_path / "card"], 0)
    assert "wants" not in text


@pytest.mark.parametrize("goal", ["image", "run", "run-native", "debug"])
def test_make_with_no_such_layout(tmp_path, goal):
    folder = claim_build(tmp_path / "build")
    text = run(["make", "--no-print-directory", goal, "LAYOUT=nope", f"O={folder}"], 2)
    assert "no layout 'nope'" in text and "CC " not in text and "building" not in text


def test_run_boots_what_is_on_the_card(tmp_path, monkeypatch):
    """`make image LAYOUT=x`, then `make run`: x. A run with another layout puts that one on the card."""
    folder = claim_build(tmp_path / "build")
    for name in ("layouts", "guest"):
        shutil.copytree(build_dir() / name, folder / name)
    shutil.copyfile(build_dir() / "umbra.img", folder / "umbra.img")
    own = tmp_path / "own.dtb"
    shutil.copyfile(folder / "layouts/linux.dtb", own)
    monkeypatch.setenv("UMBRA_BUILD", str(folder))
    assert umbra_run.arguments_of([]).layout == "linux"
    for layout in ("linux-small", str(own), "linux"):
        run(["tools/mkimage", "--layout", layout], 0)
        assert umbra_run.arguments_of([]).layout == layout
        assert umbra_card.get_bytes(folder / "sdcard.img", "layout.dtb") == umbra_card.layout_path(layout).read_bytes()
        before = (folder / "sdcard.img").stat().st_ino
        umbra_card.build_card(umbra_run.arguments_of([]).layout)
        assert (folder / "sdcard.img").stat().st_ino == before, "the card is made again"
    assert umbra_run.arguments_of(["--layout", "linux-small"]).layout == "linux-small"


def test_two_cards_at_once(tmp_path, monkeypatch):
    """Each ends well, and so does the card, in the build folder and elsewhere."""
    folder = claim_build(tmp_path / "build")
    for name in ("layouts", "guest"):
        shutil.copytree(build_dir() / name, folder / name)
    shutil.copyfile(build_dir() / "umbra.img", folder / "umbra.img")
    monkeypatch.setenv("UMBRA_BUILD", str(folder))
    for words in ([], ["--output", tmp_path / "card.img"]):
        both = [subprocess.Popen([SOURCE / "tools/mkimage", *words], stdout=subprocess.DEVNULL) for _ in range(2)]
        assert [one.wait(120) for one in both] == [0, 0]
        image = tmp_path / "card.img" if words else folder / "sdcard.img"
        assert umbra_card.get_bytes(image, "umbra.img") == (folder / "umbra.img").read_bytes()
    assert not [path for path in (*folder.iterdir(), *tmp_path.iterdir()) if path.name.startswith(("sdcard.img.", "card.img."))
                and path.suffix not in (".key", ".lock")]


def test_downloads_have_a_size(tmp_path, monkeypatch):
    """What is in the cache already does not count."""
    umbra_debian.fetch_boot()
    known, apt = umbra_debian.chosen(umbra_debian.load_resolved(), ["busybox"]), umbra_debian.Apt(umbra_common.cache_dir() / "debian")
    (item,) = known["binary"]["busybox"]
    monkeypatch.setattr(umbra_debian, "packages_dir", lambda: tmp_path)
    assert 0.3 < umbra_debian.download_size(apt, [item], []) < 5
    (tmp_path / umbra_debian.folder_name(*item, umbra_debian.ARCHITECTURE)).mkdir()
    assert umbra_debian.download_size(apt, [item], []) == 0


def test_one_make_at_a_time(tmp_path, monkeypatch):
    """A tool waits while another makes in its build folder; a tool that such a make runs does not."""
    folder = claim_build(tmp_path / "build")
    monkeypatch.setenv("UMBRA_BUILD", str(folder))
    command = ["/usr/bin/python3", "-c", "import umbra_common; print(umbra_common.make('-n', 'clean', '-s').returncode)"]

    def start(environment):
        return subprocess.Popen(command, cwd=SOURCE / "tools/lib", env=environment, stdout=subprocess.PIPE, text=True)

    with building(folder) as environment:
        outside = start(dict(os.environ))
        inside = start(environment)
        assert inside.communicate(timeout=60 * SLOW)[0].splitlines()[-1] == "0"
        with pytest.raises(subprocess.TimeoutExpired):
            outside.wait(1)
    assert outside.communicate(timeout=60 * SLOW)[0].splitlines()[-1] == "0"


@pytest.mark.parametrize("words, message", [
    (["nosuite"], "no suite 'nosuite'; there are: checks host fuzz machine system matrix bench"),
    (["checks", "nosuite"], "no suite 'nosuite'"),
    (["--bogus", "checks"], "pytest does not understand `--bogus checks`"),
    (["system", "--bogus"], "pytest does not understand `--bogus`"),
    (["system", "-k"], "pytest does not understand `-k`"),
    (["system", "tests/nope.py"], "pytest does not understand `tests/nope.py`"),
    (["checks", "--bogus"], "`--bogus` is for pytest, but no suite of pytest is named"),
    (["host", "-k", "alloc"], "`-k alloc` is for pytest"),
])
def test_no_such_suite(tmp_path, words, message):
    text = run(["tools/test", *words], 2, env=empty_build(tmp_path))
    assert message in text and len(text.splitlines()) == 1


@pytest.mark.parametrize("tool", [*umbra_front.tools(), "umbra", "qemu-beagle-xm/build"])
@pytest.mark.parametrize("word, status", [("--help", 0), ("--bogus", None)])
def test_help_and_unknown_words(tmp_path, tool, word, status):
    """--help explains and does nothing else; an unknown word is named."""
    folder = claim_build(tmp_path / "build")
    before = sorted(folder.iterdir())
    done = subprocess.run([SOURCE / "tools" / tool, word], check=False, text=True, capture_output=True, cwd=tmp_path, timeout=60 * SLOW,
                          env=dict(os.environ, UMBRA_BUILD=str(folder), UMBRA_CACHE=str(tmp_path / "cache")))
    if status == 0:
        assert done.returncode == 0 and len(done.stdout) > 100 and not done.stderr
    else:
        assert done.returncode in (1, 2) and (word in done.stderr or "--help" in done.stderr)
        assert tool.startswith("qemu") or len(done.stderr.splitlines()) == 1, "one message"
    assert "Traceback" not in done.stderr
    assert sorted(folder.iterdir()) == before and not (tmp_path / "cache/packages").exists()


PARTS = sorted(path.name for path in (SOURCE / "tools").iterdir()
               if path.is_file() and os.access(path, os.X_OK) and path.name not in (*umbra_front.tools(), "umbra"))


@pytest.mark.parametrize("part", PARTS)
def test_help_of_parts(tmp_path, part):
    """What the build and the tests call explains itself, too, and does nothing else."""
    folder = claim_build(tmp_path / "build")
    before = sorted(folder.iterdir())
    options = {"env": dict(os.environ, UMBRA_BUILD=str(folder))}
    assert len(run([f"tools/{part}", "--help"], 0, **options)) > 60
    said = run([f"tools/{part}", "--bogus"], 1 if part.endswith(".py") else 2, **options)
    assert "usage: " in said if part.endswith(".py") else "--bogus" in said and f"see tools/{part} --help" in said
    assert sorted(folder.iterdir()) == before


def test_front_knows_all_tools():
    """What documentation calls a tool is one, and says what it is for."""
    known = umbra_front.tools()
    assert {"run", "test", "bench", "matrix", "layout", "card", "kernel", "gdb", "difftest", "setup", "fetch"} <= set(known)
    assert all(len(text) > 20 for text in known.values()), known
    shown = run(["tools/umbra", "--help"], 0)
    assert all(f"  {name:12} {text}" in shown for name, text in known.items())
    assert run(["tools/umbra"], 0) == shown == run(["tools/umbra", "help"], 0)
    assert run(["tools/umbra", "--names"], 0).split() == list(known)


@pytest.mark.parametrize("words, status", [
    (["matrix", "--list", "--only", "minimal/modes/*"], 0),
    (["layout", "show", "nope"], 1),
    (["run", "--bogus"], 2),
    (["setup", "--list"], 0),
    (["test", "nosuite"], 2),
])
def test_front_is_the_same_door(words, status):
    assert run(["tools/umbra", *words], status) == run([f"tools/{words[0]}", *words[1:]], status)


@pytest.mark.parametrize("words, message", [
    (["rum"], "umbra: no tool 'rum'; did you mean 'run'?"),
    (["Matrix", "--list"], "umbra: no tool 'Matrix'; did you mean 'matrix'?"),
    (["check_spdx"], "umbra: no tool 'check_spdx'; tools/umbra --help lists them"),
    (["lib"], "umbra: no tool 'lib'"),
    (["../run"], "umbra: no tool '../run'"),
    (["help", "layot"], "umbra: no tool 'layot'; did you mean 'layout'?"),
    (["--bogus"], "umbra: unrecognized arguments: --bogus; see tools/umbra --help"),
])
def test_front_with_wrong_words(words, message):
    text = run(["tools/umbra", *words], 2)
    assert text.startswith(message) and len(text.splitlines()) == 1


def test_front_helps_with_a_tool():
    assert run(["tools/umbra", "help", "card"], 0) == run(["tools/card", "--help"], 0)


@pytest.mark.parametrize("error, status, message", [
    (PermissionError(13, "Permission denied", "build/x"), 1, "x: build/x: Permission denied"),
    (OSError(28, "No space left on device"), 1, "x: No space left on device"),
    (umbra_common.ToolError("no"), 1, "x: no"),
    (umbra_common.UsageError("no such word"), 2, "x: no such word"),
    (KeyboardInterrupt(), 130, "x: interrupted"),
])
def test_one_message_and_a_status(capsys, error, status, message):
    def tool(_arguments):
        raise error
    with pytest.raises(SystemExit) as ended:
        umbra_common.tool_main("x", tool)
    assert ended.value.code == status
    assert capsys.readouterr().err == message + "\n"


def test_a_full_disk_is_named(tmp_path, monkeypatch, capsys):
    """A write does not say where it found no room."""
    def tool(_arguments):
        raise OSError(28, "No space left on device")
    for name in ("UMBRA_BUILD", "UMBRA_CACHE"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(9, 9, 0 if str(path).endswith("CACHE") else 1 << 30))
    with pytest.raises(SystemExit):
        umbra_common.tool_main("x", tool)
    assert capsys.readouterr().err == f"x: {tmp_path / 'UMBRA_CACHE'}: No space left on device\n"
    with pytest.raises(umbra_common.ToolError) as error:
        umbra_common.run(["sh", "-c", "echo mcopy: 1; echo 'plain_io: No space left on device' >&2; echo short write >&2; exit 1"])
    assert str(error.value) == f"the disk is full ('sh' found no space left): {tmp_path / 'UMBRA_CACHE'}"


@pytest.mark.parametrize("command", ["tools/matrix --list --full", "tools/umbra --help", "tools/layout show linux", "tools/setup --list"])
def test_a_reader_that_leaves(command):
    """`| head` is no failure to tell of."""
    done = subprocess.run(["bash", "-c", f"{command} | true; exit ${{PIPESTATUS[1]}}"], check=False, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, cwd=SOURCE, timeout=60 * SLOW)
    assert done.stdout == ""


@pytest.mark.parametrize("command", ["tools/run", "tools/layout show linux", "tools/test host", "make"])
def test_where_nothing_can_be_made(command):
    """A checkout that is read-only, and no other folder named: one message says how (make adds two lines)."""
    text = run(command.split(), 2 if command == "make" else 1, env=dict(os.environ, UMBRA_BUILD="/proc/umbra", MAKEFLAGS="O=/proc/umbra"))
    assert "/proc/umbra cannot be made: " in text and "UMBRA_BUILD=FOLDER, or O=FOLDER with make, builds elsewhere" in text
    assert len(text.splitlines()) == (3 if command == "make" else 1)


@pytest.mark.parametrize("words", [["--list", "--run"], ["--run", "--list"]])
def test_setup_takes_its_words_in_any_order(words):
    assert run(["tools/setup", *words], 0) == run(["tools/setup", "--run", "--list"], 0) != run(["tools/setup", "--list"], 0)
    assert run(["tools/setup", *words, "nope"], 2) == "setup: unknown word 'nope'; see tools/setup --help\n"


@pytest.mark.parametrize("words, message", [
    (["bench", "--compare", "README.md", "README.md"], "bench: README.md: is no result of tools/bench: not JSON"),
    (["bench", "--compare", "nope", "nope"], "bench: nope: No such file or directory"),
    (["bench", "--compare", "docs", "docs"], "bench: docs: Is a directory"),
    (["bench", "--path", "nope"], "bench: no CPU path 'nope'; there are: inline interp trap"),
    (["bench", "--strategy", "nope"], "bench: no shadow strategy 'nope'; there are: flush oos sync"),
    (["gdb", "/dev/null"], "gdb: /dev/null: Inappropriate ioctl for device"),
    (["gdb", "README.md"], "gdb: README.md: neither a serial device nor a socket"),
    (["gdb"], "gdb: the following arguments are required: CONSOLE; see tools/gdb --help"),
    (["gdb", "--key", "13x", "/dev/null"], "gdb: argument --key: '13x' is no control character, 0x01 to 0x1f; see tools/gdb --help"),
    (["run", "--debug", "--console", "x"], "run: with --debug the console goes to a file: --console does not go with it; see tools/run --help"),
    (["bench", "--explain", "null", "--only", "fork"], "bench: --only says nothing beside --explain; see tools/bench --help"),
    (["bench", "--explain", "null", "--quick"], "bench: --quick says nothing beside --explain; see tools/bench --help"),
    (["bench", "--compare", "a", "b", "--only", "fork"], "bench: --only says nothing beside --compare; see tools/bench --help"),
    (["bench", "--quick", "--only", "fork"], "bench: --quick says nothing beside --only; see tools/bench --help"),
    (["matrix", "--seed", "3"], "matrix: --seed says nothing without --random; see tools/matrix --help"),
    (["matrix", "--export-lava", "x", "--only", "minimal/*"], "matrix: --only says nothing beside --export-lava; see tools/matrix --help"),
    (["matrix", "--lava-url", "x"], "matrix: --lava-url says nothing without --export-lava; see tools/matrix --help"),
    (["matrix", "--failed", "--full"], "matrix: --full says nothing beside --failed; see tools/matrix --help"),
    (["difftest", "--nightly", "--blocks", "3"], "difftest: --blocks says nothing beside --nightly; see tools/difftest --help"),
    (["run", "--layout", ""], "run: layout: an empty word; see tools/run --help"),
    (["run", "--system", ""], "run: system: an empty word; see tools/run --help"),
    (["mkimage", "--layout", "linux", ""], "mkimage: layout: an empty word; see tools/mkimage --help"),
    (["mkimage", "--output", ""], "mkimage: output: an empty word; see tools/mkimage --help"),
    (["bench", "--only", ""], "bench: only: an empty word; see tools/bench --help"),
    (["layout", "show", ""], "layout: file: an empty word; see tools/layout --help"),
    (["fetch", "--path", "nope"], "fetch: no package 'nope'; there are: "),
    (["layout", "--build", "nope", "show", "linux"], "layout: --build nope: no build folder; make O=nope makes one"),
    (["layout", "show", "--build", "docs", "linux"], "layout: --build docs: no build folder"),
    (["run", "--layout", "README.dts"], "run: no layout 'README.dts'; there are: "),
])
def test_words_that_name_the_wrong_thing(tmp_path, words, message):
    """Before anything is fetched or made."""
    text = run([f"tools/{words[0]}", *words[1:]], 2 if "see tools/" in message else 1, env=dict(os.environ, UMBRA_CACHE=str(tmp_path / "cache")))
    assert text.startswith(message) and len(text.splitlines()) == 1


@pytest.mark.parametrize("name, value, command, message", [
    ("UMBRA_CACHE", "/proc/x", "tools/fetch --path busybox", "fetch: the cache /proc/x cannot be made: No such file or directory; UMBRA_CACHE=FOLDER takes another"),
    ("UMBRA_CACHE", "/dev/null", "tools/run", "run: the cache /dev/null cannot be made: File exists; UMBRA_CACHE=FOLDER takes another"),
    ("UMBRA_TEST_SLOW", "x", "tools/test system", "test: UMBRA_TEST_SLOW=x is no factor"),
    ("UMBRA_TEST_SLOW", "0", "tools/matrix --tag quick", "matrix: UMBRA_TEST_SLOW=0 is no factor"),
    ("KCONFIG_SEED", "abc", "tools/kconfig.py randconfig", "kconfig: KCONFIG_SEED=abc is no number"),
])
def test_words_of_the_environment(tmp_path, name, value, command, message):
    text = run(command.split(), 1, env=dict(empty_build(tmp_path), KCONFIG_CONFIG=str(tmp_path / ".config"), **{name: value}))
    assert text.splitlines()[-1].startswith(message)


@pytest.mark.parametrize("target", ["olddefconfig", "savedefconfig", "sync", "merge", "oldconfig"])
def test_a_configuration_that_is_no_text(tmp_path, target):
    (tmp_path / ".config").write_bytes(b"\xff\xfe" * 100)
    words = {"sync": [tmp_path], "merge": ["configs/fragments/debug.config"]}.get(target, [])
    text = run(["tools/kconfig.py", target, *words], 1, env=dict(os.environ, KCONFIG_CONFIG=str(tmp_path / ".config")))
    assert f"kconfig: Malformed utf-8 in '{tmp_path / '.config'}'" in text


def test_two_runs_at_once(tmp_path, monkeypatch):
    """Of one card: the second one says so, before it makes anything. Natively and with Umbra are two cards."""
    environment = empty_build(tmp_path)
    monkeypatch.setenv("UMBRA_BUILD", environment["UMBRA_BUILD"])
    with umbra_run.alone(umbra_run.arguments_of([])):
        for words in (["--layout", "linux-small"], ["--debug"]):
            text = run(["tools/run", *words], 1, env=environment)
            assert text.startswith("run: another tools/run has this card in its machine: ") and len(text.splitlines()) == 1
        with umbra_run.alone(umbra_run.arguments_of(["--native"])), umbra_run.alone(umbra_run.arguments_of(["--kernel", "debian"])):
            pass
    with umbra_run.alone(umbra_run.arguments_of([])):
        pass


def test_console_takes_no_file(tmp_path):
    """QEMU removes what has the name of its socket: nothing but a socket that nobody listens on may have it."""
    own, taken, left = (tmp_path / name for name in ("own", "taken", "left"))
    own.write_text("mine", encoding="ascii")
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as gone:
        listener.bind(str(taken))
        listener.listen()
        gone.bind(str(left))
        gone.close()
        for path, message in ((own, "is no socket and is left alone"), (taken, "is in use: a program listens on it"),
                              (tmp_path, "is no socket and is left alone"), (tmp_path / ("x" * 107), "is too long for a socket's name: 107"),
                              (tmp_path / "none" / "x", "cannot be a socket: there is no folder ")):
            text = run(["tools/run", "--console", path], 1)
            assert text.startswith(f"run: {path} {message}") and len(text.splitlines()) == 1
    assert own.read_text(encoding="ascii") == "mine"
    assert umbra_run.arguments_of(["--console", str(left)]).console == str(left)
    assert umbra_run.arguments_of(["--console", str(tmp_path / "new")])


def test_commas_in_names():
    """A word of QEMU's ends at a comma, a folder's name need not."""
    assert umbra_machine.card_boot("/a,b/card") == ["-drive", "if=sd,format=raw,file=/a,,b/card"]
    assert "path=/a,,b/x,server=on" in umbra_machine.console_on_socket("/a,b/x")[1]


def test_words_for_qemu():
    assert umbra_run.arguments_of(["--qemu", "-global", "--qemu", "omap3-sdrc.fitted-size=off"]).qemu == ["-global", "omap3-sdrc.fitted-size=off"]
    assert umbra_run.arguments_of(["--qemu=-s"]).qemu == ["-s"]


@pytest.mark.parametrize("words, missing", [
    (["tools/run"], "run: program 'cpp' is missing; run tools/setup"),
    (["tools/mkimage"], "mkimage: program 'mkimage' is missing; run tools/setup"),
    (["tools/layout", "check", "linux"], "arm-none-eabi-gcc arm-none-eabi-objcopy arm-none-eabi-ar cpp dtc mkimage: not found; run tools/setup"),
    (["tools/qemu-beagle-xm/build"], "qemu-beagle-xm: error: program 'flock' is missing; run tools/setup"),
    (["make"], "arm-none-eabi-gcc arm-none-eabi-objcopy arm-none-eabi-ar cpp dtc mkimage: not found; run tools/setup"),
    (["tools/gdb", "/dev/null"], "gdb: gdb-multiarch is not installed: run tools/setup"),
])
def test_programs_that_are_missing(tmp_path, words, missing):
    """Whatever a tool needs first, it is named, and so is what installs it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "bash", "make", "env", "dpkg-query", "grep", "sed", "dirname", "printf", "id", "mkdir", "cmp", "touch", "test", "cat", "nproc"):
        (folder / name).symlink_to(shutil.which(name))
    status = 2 if words == ["make"] else 1
    text = run(words, status, env=dict(empty_build(tmp_path), PATH=str(folder), UMBRA_CACHE=str(umbra_common.cache_dir())))
    assert missing in text and len(text.splitlines()) <= 2


@pytest.mark.parametrize("said, reason", [
    ("E: Failed to fetch x  Could not resolve 'mirror'", "no network, or the Debian mirror does not answer"),
    ("E: Write error - write (28: No space left on device)", "the disk is full"),
    ("Err:1 x\n  404  Not Found", "tools/fetch --update"),
])
def test_why_nothing_was_fetched(said, reason):
    """A page of apt becomes what is the matter, and the advice is about that."""
    text = umbra_debian.explain("x\n" * 30 + said, "a package cannot be fetched")
    assert reason in text.splitlines()[0] and len(text.splitlines()) == 2
    assert ("--update" in text) == ("--update" in reason)


@pytest.mark.parametrize("status", [0, 100])
def test_no_network(tmp_path, monkeypatch, status):
    """apt ends with 0 where the network may come back; without a list there is nothing to go on with all the same. Old lists do."""
    apt_get = tmp_path / "bin/apt-get"
    apt_get.parent.mkdir()
    apt_get.write_text(f"#!/bin/sh\necho \"W: Failed to fetch http://mirror/InRelease  Temporary failure resolving 'mirror'\" >&2\nexit {status}\n", encoding="ascii")
    apt_get.chmod(0o755)
    monkeypatch.setenv("PATH", f"{apt_get.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(umbra_debian, "system_repositories", lambda: [("http://mirror/", umbra_debian.RELEASE)])
    apt = umbra_debian.Apt(tmp_path / "apt")
    with pytest.raises(umbra_common.ToolError) as error:
        apt.update()
    assert str(error.value).startswith("no package list can be read: no network, or the Debian mirror does not answer\n(W: Failed")
    (tmp_path / "apt/lists/mirror_Packages").touch()
    apt.update()


class NoApt:
    def __init__(self, folder):
        self.folder = folder

    def update(self):
        pass


@pytest.mark.parametrize("fetch, extra", [
    (umbra_debian.fetch_boot, []),
    (umbra_debian.fetch_all, ["libnuma", "libtirpc", "lmbench", "rt-tests", "stress-ng"]),
])
def test_a_boot_fetches_what_it_needs(tmp_path, monkeypatch, fetch, extra):
    """No benchmarks, and nothing of the libraries of stress-ng, Mesa and X11 among them."""
    fetched = []
    everything = {"request": umbra_debian.request_key(), "source": {key: [key, "1"] for key in umbra_debian.SOURCES},
                  "binary": {key: [[key, "1"]] for key in (*umbra_debian.BINARY, *umbra_debian.CLOSURE)}}
    monkeypatch.setenv("UMBRA_CACHE", str(tmp_path))
    monkeypatch.setattr(umbra_debian, "Apt", NoApt)
    monkeypatch.setattr(umbra_debian, "resolve", lambda _apt: everything)
    monkeypatch.setattr(umbra_debian, "download_all", lambda _apt, resolved: fetched.extend([*resolved["binary"], *resolved["source"]]))
    paths = fetch()
    assert sorted(fetched) == sorted(["kernel", "u-boot", "busybox", "u-boot-source", *extra])
    assert {key for key in paths if not key.endswith("-libs")} == set(fetched)
    assert umbra_debian.load_resolved() == everything, "what was resolved is kept whole"


def test_run_fetches_for_a_boot(monkeypatch):
    """A card and the guest's files, with everything there: not even asked for is the rest."""
    real = umbra_debian.fetch_all
    monkeypatch.setattr(umbra_debian, "fetch_all", lambda update=False, only=None: real(update, only) if only else pytest.fail("asked for all"))
    umbra_card.card_files("linux")
    umbra_guest.build_guest(for_tests=False)


def test_a_run_installs_what_it_needs():
    everything, to_run = (set(run(["tools/setup", *words, "--list"], 0).split()) for words in ([], ["--run"]))
    assert to_run < everything and {"gcc-arm-none-eabi", "ninja-build", "gdb-multiarch"} <= to_run
    assert {"cppcheck", "clang", "dt-schema", "reuse", "libcmocka-dev", "python3-pytest"} <= everything - to_run
    assert "tools/setup\" --run" in (SOURCE / "tools/run").read_text(encoding="utf-8")


def test_card_has_what_its_user_wants(monkeypatch):
    assert "stress.cpio.gz" not in umbra_card.card_files("linux")
    assert "initrd.gz" in umbra_card.card_files("linux")
