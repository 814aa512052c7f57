# SPDX-License-Identifier: GPL-2.0-or-later
"""Nothing is removed, replaced or filled that the build and its tools did not make."""

import os
import pathlib
import shutil
import subprocess

import pytest

import umbra_card
import umbra_common
from umbra_common import MARK, SOURCE, SOURCE_FOLDERS, ToolError

WRITING = ["all", "clean", "distclean", "layouts", "beagle-xm_defconfig", "olddefconfig", "savedefconfig", "guests", "check-host"]


def run(command, expect=0, **options):
    """A command's output, with its status checked."""
    done = subprocess.run([str(word) for word in command], check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, **options)
    assert (done.returncode == 0) == (expect == 0), done.stdout
    return done.stdout


def make(source, *words, expect=0):
    return run(["make", "--no-print-directory", "-C", source, *words], expect)


def state(folder):
    """{path: content} of all that is in a folder."""
    return {path.relative_to(folder): path.read_bytes() if path.is_file() else None
            for path in sorted(folder.rglob("*")) if "__pycache__" not in path.parts}


@pytest.fixture(name="tree")
def copied_tree(tmp_path):
    """A copy of the sources, which a test may lose, in a folder with something of the user's."""
    tree = tmp_path / "around" / "tree"
    shutil.copytree(SOURCE, tree, ignore=shutil.ignore_patterns("build", ".git", "__pycache__", ".config*"))
    (tree / ".git").mkdir()
    (tree / ".git/HEAD").write_text("ref: refs/heads/x\n", encoding="ascii")
    (tree.parent / "letter.txt").write_text("dear", encoding="ascii")
    return tree


@pytest.fixture(name="own")
def own_folder(tmp_path):
    """A user's folder with names of the kind that the build uses."""
    folder = tmp_path / "own"
    for name in ("core", "host", "libfdt", "guests"):
        (folder / name).mkdir(parents=True)
        (folder / name / "work.c").write_text("int x;\n", encoding="ascii")
    (folder / "umbra.txt").write_text("mine", encoding="ascii")
    (folder / ".config").write_text("mine", encoding="ascii")
    return folder


def refused(source, folder, goals, reason):
    """Each goal says why, in one message, and changes nothing. First without doing it: a fault stops here before it removes anything."""
    before = state(source.parent)
    for goal in goals:
        for words in (["-n", goal], [goal]):
            text = make(source, f"O={folder}", *words, expect=1)
            assert reason in text and len(text.splitlines()) == 1, text
        assert state(source.parent) == before


@pytest.mark.parametrize("place", [".", "..", "/", "../tree", "./arch/..", "../../around", "link", "build/../.", "../link-up"])
def test_source_tree_is_no_build_folder(tree, place):
    (tree / "build").mkdir()
    (tree / "link").symlink_to(tree)
    (tree.parent / "link-up").symlink_to(tree.parent)
    (tree.parent / MARK).touch()  # not even where the mark is
    refused(tree, place, WRITING, "is the source tree or holds it")


@pytest.mark.parametrize("place", [*SOURCE_FOLDERS, "core/new", "tests/guests/lib"])
def test_source_folder_is_no_build_folder(tree, place):
    refused(tree, place, ["all", "clean", "distclean"], "is a part of the source tree")


@pytest.mark.parametrize("check", ["check_headers", "check_window"])
def test_checks_in_a_new_tree(tree, check):
    """They make what they need."""
    environment = {name: value for name, value in os.environ.items() if name != "UMBRA_BUILD"}
    run([tree / "tools" / check], env=environment)


def test_tree_without_git(tree):
    """A tarball: the check of licences sees all its files and nothing that was made."""
    make(tree, "layouts")
    run([tree / "tools/check_spdx"])  # its .git is not one that git would take
    shutil.rmtree(tree / ".git")
    run([tree / "tools/check_spdx"])
    (tree / "core/new.c").write_text("int x;\n", encoding="ascii")
    assert "core/new.c:1: no `SPDX" in run([tree / "tools/check_spdx"], 1)


def test_all_source_folders_are_known():
    names = run(["git", "-C", SOURCE, "ls-tree", "-d", "--name-only", "HEAD"]).split() if (SOURCE / ".git").exists() else []
    assert set(names) <= set(SOURCE_FOLDERS)


def test_users_folder_is_left_alone(tree, own):
    before = state(own)
    refused(tree, own, WRITING, f"no {MARK}")
    for part in ("tests/guests", "tests/host"):
        assert f"no {MARK}" in run(["make", "-C", tree / part, f"O={own}"], 1)
    assert state(own) == before


def test_users_file_is_left_alone(tree, own):
    refused(tree, own / "umbra.txt", WRITING, "is no folder")


@pytest.mark.parametrize("place", ["", "a b", "a:b", "a$$b", "a;b", "a'b", "a,b"])
def test_impossible_names(tree, place):
    reason = "O= names no folder" if not place else "blanks or special characters"
    refused(tree, place, ["all", "distclean"], reason)


def test_build_folder_within_another(tree):
    """Not where the outer one's `make clean` would take it away; elsewhere it is as good as any."""
    make(tree, "beagle-xm_defconfig")
    for name in umbra_common.CLEANED:
        refused(tree, f"build/{name}", ["all", "clean", "distclean"], "is a part of the build folder")
    refused(tree, "build/core/deeper", ["all"], "is a part of the build folder")
    make(tree, "O=build/mine", "beagle-xm_defconfig")
    make(tree, "clean")
    assert (tree / "build/mine/.config").exists()
    cleaned = {word.partition("/")[2] for word in make(tree, "-n", "clean").split() if word.startswith("build/")}
    assert {name for name in cleaned if "." not in name} - {"flags", "objects"} == set(umbra_common.CLEANED)


def test_two_makes_at_once(tree):
    """The second one waits, and says so; both end well, and nobody holds the folder afterwards."""
    words = ["make", "--no-print-directory", "-C", str(tree), "layouts"]
    first, second = (subprocess.Popen(words, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL) for _ in range(2))
    said = [one.communicate()[0] for one in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0], said
    assert sum("another make works in" in text for text in said) == 1 and sum("DTC" in text for text in said) == 1, said
    run(["timeout", "20", "flock", tree / "build" / umbra_common.LOCK, "true"])


def test_version_of_a_tree_without_git(tree):
    """It is not that of the git that it happens to lie in."""
    shutil.rmtree(tree / ".git")
    for words in (["init", "-q"], ["-c", "user.name=x", "-c", "user.email=x@x", "commit", "-q", "--allow-empty", "-m", "x"]):
        run(["git", "-C", tree.parent, *words])
    make(tree, "build/version")
    assert (tree / "build/version").read_text(encoding="ascii") == "0.1\n"


def test_source_in_a_path_with_blanks(tree):
    moved = tree.rename(tree.parent / "a tree")
    refused(moved, "build", ["all", "distclean"], "blanks or special characters")


def test_distclean_removes_what_was_built(tree):
    for folder in (tree / "build", tree.parent / "elsewhere"):
        make(tree, f"O={folder}", "distclean")  # nothing there
        assert not folder.exists()
        make(tree, f"O={folder}", "beagle-xm_defconfig", "layouts")
        assert (folder / MARK).exists() and (folder / "layouts/linux.dtb").exists()
        make(tree, f"O={folder}", "clean")
        assert (folder / ".config").exists() and not (folder / "layouts").exists()
        make(tree, f"O={folder}", "distclean")
        assert not folder.exists()
    assert (tree.parent / "letter.txt").exists()


def test_distclean_through_a_link(tree, tmp_path):
    """The link is the user's: what it leads to is emptied, and can be used again."""
    target, link = tmp_path / "disk", tmp_path / "link"
    target.mkdir()
    link.symlink_to(target)
    make(tree, f"O={link}", "beagle-xm_defconfig")
    make(tree, f"O={link}", "distclean")
    assert link.is_symlink() and not any(target.iterdir())
    make(tree, f"O={link}", "beagle-xm_defconfig")


def test_first_step_of_each_kind_marks(tree):
    """Whatever comes first in a new checkout, the second one may go on."""
    for first in (["beagle-xm_defconfig"], ["layouts"], ["savedefconfig"], ["-C", "tests/host", "t_alloc"]):
        make(tree, *first)
        make(tree, "layouts")
        make(tree, "distclean")
        assert not (tree / "build").exists()


@pytest.mark.parametrize("tool", [["run"], ["run", "--native"], ["test", "checks"], ["mkimage"], ["mkguest"], ["bench", "--quick"]])
def test_tools_refuse_the_same(own, tool):
    before = state(own)
    text = run([SOURCE / "tools" / tool[0], *tool[1:]], 1, env=dict(os.environ, UMBRA_BUILD=str(own)))
    assert f"no {MARK}" in text and len(text.splitlines()) == 1
    assert state(own) == before


def test_libfdt_replaces_only_its_own(own, tmp_path):
    before = state(own)
    assert f"no {MARK}" in run([SOURCE / "tools/libfdt", own], 1)
    assert "is no folder" in run([SOURCE / "tools/libfdt", own / "umbra.txt"], 1)
    assert state(own) == before
    for _ in range(2):
        run([SOURCE / "tools/libfdt", tmp_path / "new"])
        assert (tmp_path / "new/libfdt.h").exists()


@pytest.mark.parametrize("words, status", [(["--help"], 0), (["--bogus"], 1), ([], 1), (["a", "b"], 1)])
def test_libfdt_words(tmp_path, words, status):
    assert "tools/libfdt" in run([SOURCE / "tools/libfdt", *words], status, cwd=tmp_path)
    assert not any(tmp_path.iterdir())


def test_card_overwrites_only_the_card(tmp_path):
    """No file beside the image is touched, whatever its name, and nothing that is no file."""
    data = tmp_path / "data"
    data.write_bytes(b"x")
    image = tmp_path / "card"
    beside = [tmp_path / f"card.{end}" for end in ("key", "new", "put", "get", "lock")]
    for path in beside:
        path.write_text("mine", encoding="ascii")
    umbra_card.create(image, {"data": data})
    umbra_card.put_bytes(image, "more", b"y")
    assert umbra_card.get_bytes(image, "more") == b"y"
    umbra_card.build_card("linux", image)
    assert [path.read_text(encoding="ascii") for path in beside] == ["mine"] * len(beside)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["card", "data", *(path.name for path in beside)])
    for wrong in (tmp_path, pathlib.Path("/dev/null")):
        with pytest.raises(ToolError, match="no regular file"):
            umbra_card.create(wrong, {"data": data})
    with pytest.raises(ToolError, match="cannot be put"):
        umbra_card.create(image, {"none": tmp_path / "none"})
    assert umbra_card.get_bytes(image, "umbra.img"), "a card that could not be made leaves the old one"


def test_image_takes_no_place(tmp_path):
    """The file that --output names is a card image, or not there."""
    own, card = tmp_path / "own", tmp_path / "card"
    own.write_text("mine", encoding="ascii")
    done = subprocess.run([SOURCE / "tools/mkimage", "--output", own], text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (1, f"mkimage: {own} is no card image and is left alone\n")
    assert own.read_text(encoding="ascii") == "mine"
    umbra_card.create(card, {"own": own})
    umbra_card.check_image(card)
    umbra_card.check_image(tmp_path / "new")


def test_machine_cache_removes_only_old_builds(tmp_path):
    """Of the folders in the cache, only those with the mark go when there are too many, and a path may have blanks."""
    cache = tmp_path / "a cache"
    for number in range(12):
        for kind in ("old", "own"):
            folder = cache / f"qemu-{kind}{number}"
            folder.mkdir(parents=True)
            if kind == "old":
                (folder / MARK).touch()
            os.utime(folder, (number, number))
    script = (SOURCE / "tools/qemu-beagle-xm/build").read_text(encoding="utf-8")
    function = script[script.index("prune_binaries() {"):].split("\n}\n")[0] + "\n}\n"
    run(["bash", "-euc", f'cache=$1; key=own11; mark={MARK}; {function} prune_binaries', "sh", cache])
    names = {path.name for path in cache.iterdir()}
    assert names == {f"qemu-own{number}" for number in range(12)} | {f"qemu-old{number}" for number in range(4, 12)}
