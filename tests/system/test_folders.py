# SPDX-License-Identifier: GPL-2.0-or-later
"""Nothing is removed, replaced or filled that the build and its tools did not make."""

import os
import shutil
import subprocess

import pytest

from umbra_common import MARK, SOURCE, SOURCE_FOLDERS

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
    reason = "usage" if not place else "blanks or special characters"
    refused(tree, place, ["all", "distclean"], reason)


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
