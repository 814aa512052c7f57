# SPDX-License-Identifier: GPL-2.0-or-later
"""tools/matrix without building: which rows it takes, mistakes in its file, its reports. The rows themselves: tools/test matrix."""

import itertools
import subprocess
import time
import xml.etree.ElementTree

import pytest

import umbra_matrix
import umbra_matrix_checks
import umbra_matrix_report as report
import umbra_matrix_rows as rows
import umbra_matrix_run
from umbra_common import SOURCE, ToolError
from umbra_matrix_run import Result


def picked(*words):
    return rows.pick(rows.load(), umbra_matrix.parse(list(words)))


def pairs(some):
    return {pair for row in some for pair in itertools.combinations(sorted(row.choices.items()), 2)}


def test_pairwise_has_every_pair():
    full = [row for row in picked("--full") if row.choices]
    few = [row for row in picked() if row.choices]
    assert pairs(few) == pairs(full) and len(few) < len(full) / 2


def test_shards_are_all_of_it():
    whole = picked("--full")
    for count in (1, 3, 4, 7, len(whole), len(whole) + 5):
        parts = [rows.part(whole, index + 1, count) for index in range(count)]
        assert sum(parts, []) == whole and max(map(len, parts)) - min(map(len, parts)) <= 1
    assert picked("--full", "--shard", "2/3") == rows.part(whole, 2, 3)


def test_a_part_without_rows(monkeypatch, tmp_path):
    """More machines of CI than rows: the spare one has nothing to do, and that is fine."""
    monkeypatch.setattr(umbra_matrix, "build_dir", lambda: tmp_path)
    monkeypatch.setattr(umbra_matrix, "prepare", lambda chosen: None)
    assert umbra_matrix.main(["--only", "everything-builds", "--shard", "1/2"]) == 0
    assert xml.etree.ElementTree.parse(tmp_path / "matrix/junit.xml").getroot().get("tests") == "0"


def test_words_are_all_meant(monkeypatch, tmp_path):
    """Rows of such a name and with such a tag; of those that failed, the ones that are asked for."""
    quick = {row.name for row in picked("--full", "--tag", "quick")}
    both = {row.name for row in picked("--tag", "quick", "--only", "minimal/*")}
    assert both and both == {name for name in quick if name.startswith("minimal/")}
    monkeypatch.setattr(umbra_matrix, "build_dir", lambda: tmp_path)
    failed = {"minimal/modes/inline/oos", "full/debian/inline/flush"}
    monkeypatch.setattr(report, "failed_last_time", lambda folder: failed)

    def again(*words):
        return {row.name for row in umbra_matrix.chosen_rows(umbra_matrix.parse(["--failed", *words]), rows.load())}
    assert again() == failed
    assert again("--only", "minimal/*") == {"minimal/modes/inline/oos"}
    with pytest.raises(ToolError, match="what failed last time is not among these rows"):
        again("--only", "audit*")


def test_random_rows_repeat():
    assert picked("--random", "3", "--seed", "7") == picked("--random", "3", "--seed", "7")
    assert picked("--random", "3", "--seed", "7") != picked("--random", "3", "--seed", "8")


def test_only_looks_at_all_rows():
    names = {row.name for row in picked("--only", "minimal/*")}
    assert {"minimal/debian/inline/flush", "minimal/modes/inline/oos", "minimal/tlb/inline/sync"} <= names
    assert all(name.startswith("minimal/") for name in names)


def test_quick_rows_are_few():
    assert 4 <= len(picked("--tag", "quick")) <= 10


def test_rules_and_tags():
    chosen = {row.name: row for row in rows.product(rows.load())}
    assert chosen["minimal/debian/trap/flush"].expect == "refuses: is not built in" and chosen["minimal/debian/trap/flush"].checks == ()
    assert chosen["minimal/debian/inline/oos"].expect == "refuses: is not built in" and chosen["minimal/debian/inline/flush"].expect == "boots"
    assert "full/debian/interp/flush" not in chosen
    assert chosen["full/modes/trap/flush"].tags == ("quick",) and chosen["debug/modes/trap/flush"].tags == ()


@pytest.mark.parametrize("words, message", [
    ({"defconfig": "nope"}, "there is no configs/nope_defconfig"),
    ({"fragments": ["nope"]}, "there is no configs/fragments/nope.config"),
    ({"expect": "hopes"}, "expect is one of boots, builds, refuses: TEXT"),
    ({"expect": "refuses: "}, "expect is one of boots, builds, refuses: TEXT"),
    ({"checks": ["nope"]}, "no check 'nope'"),
    ({"checks": "shell"}, "checks is a list of texts"),
    ({"checks": [1]}, "checks is a list of texts"),
    ({"layout": ["linux"]}, "layout is a text"),
    ({"seed": True}, "seed is a number"),
    ({"skip": "yes"}, "skip is true or false"),
    ({"machine": "beagle"}, "no machine 'beagle'; there are: beagle-xm, beagle-xm-256m"),
    ({"layout": "nope"}, "there is no configs/layouts/nope.dts"),
    ({"guest": "nope"}, "there is no kernel of configs/kernels.toml or tests/guests/nope.c"),
    ({"bench": ["nope"]}, "there is no row nope of tools/bench"),
    ({"colour": "red"}, "unknown word 'colour'"),
])
def test_mistakes_in_the_file(words, message):
    with pytest.raises(ToolError, match=message):
        rows.make_row("x", words, "row x")


DIMENSION = '[dimensions.guest]\nmodes = { layout = "bare-metal", guest = "modes" }\n'


@pytest.mark.parametrize("text, message", [
    ("", None),
    (DIMENSION, None),
    ("[", "Invalid"),
    ("dimensions = 3", "dimensions is no table"),
    ("[dimensions]\nguest = 3", "dimensions.guest is no table"),
    ("[dimensions.guest]\nmodes = 3", "dimensions.guest.modes is no table"),
    ("rows = 3", r"rows are written as \[\[rows\]\]"),
    ("[[rows]]\nlayout = 'linux'", r"\[\[rows\]\] number 1 has no name"),
    ("[[rows]]\nname = 'x'\n[[rows]]\nname = 'x'", "two rows are called 'x'"),
    ("[[rows]]\nname = 'x'\nlayout-of = 'nope'", "row x: layout-of: no configuration 'nope'"),
    (DIMENSION + "[[rules]]\nset = { skip = true }", "rule 1: a rule has the tables `when` and `set`"),
    (DIMENSION + "[[rules]]\nwhen = { path = ['trap'] }\nset = { skip = true }", "rule 1: unknown dimension 'path' in `when`"),
    (DIMENSION + "[[rules]]\nwhen = { guest = 3 }\nset = { skip = true }", "rule 1: guest in `when` is a list of texts"),
    (DIMENSION + "[[rules]]\nwhen = { guest = 'modes' }\nset = { skip = true }", "rule 1: guest in `when` is a list of texts"),
    ('[dimensions.guest]\nmodes = { guest = "modes", tags = "quick" }', "dimensions.guest.modes: tags is a list of texts"),
    (DIMENSION + "[[rules]]\nwhen = { guest = ['mods'] }\nset = { skip = true }", "rule 1: guest has no 'mods'"),
])
def test_mistakes_in_the_shape_of_the_file(tmp_path, text, message):
    path = tmp_path / "matrix.toml"
    path.write_text(text, encoding="utf-8")
    if message is None:
        assert isinstance(rows.load(path), dict)
        return
    with pytest.raises(ToolError, match=message):
        rows.load(path)


@pytest.mark.parametrize("words, message", [
    (["--only", "nope"], "matrix: no such row; --list shows what there is"),
    (["--shard", "3/2"], "'3/2' is no part I/N"),
    (["--random", "0"], "'0' is no number from 1 on"),
    (["--full", "--random", "2"], "not allowed with"),
])
def test_wrong_words(words, message):
    done = subprocess.run([SOURCE / "tools/matrix", "--list", *words], text=True, stderr=subprocess.PIPE, stdout=subprocess.PIPE, check=False)
    assert done.returncode and message in done.stderr and "Traceback" not in done.stderr


def test_reports(tmp_path):
    results = [Result(row) for row in picked("--tag", "quick")]
    results[0].status, results[0].message = "fail", "it <did> not & could not"
    results[0].console = str(tmp_path / "console.log")
    (tmp_path / "console.log").write_bytes(b"first\n\x1b[0m\x00last\n")
    report.write_all(results, tmp_path)
    suite = xml.etree.ElementTree.parse(tmp_path / "junit.xml").getroot()
    assert suite.get("tests") == str(len(results)) and suite.get("failures") == "1"
    assert suite.find("testcase/failure").get("message") == results[0].message and "last" in suite.find("testcase/failure").text
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "it &lt;did&gt; not &amp; could not" in page and 'href="console.log"' in page
    assert report.failed_last_time(tmp_path) == {results[0].row.name}
    assert results[0].message in report.table(results)
    results[0].message = "utest-arm: \x1b[31mfailed\x00"
    report.write_all(results, tmp_path)
    suite = xml.etree.ElementTree.parse(tmp_path / "junit.xml").getroot()
    assert suite.find("testcase/failure").get("message") == "utest-arm: [31mfailed" and "\x1b" not in report.table(results)


def broken_builder(error):
    class Broken:
        def __init__(self, *_):
            self.asked = []

        def folder(self, row):
            self.asked.append(row)
            time.sleep(0.02)
            raise error
    return Broken()


@pytest.mark.parametrize("error, message", [
    (ToolError("no such thing"), "no such thing"),
    (ValueError("a fault of ours"), "ValueError: a fault of ours"),
])
def test_a_row_that_breaks_is_a_result(error, message):
    """The other rows' results are not lost with it."""
    result = umbra_matrix_run.run_row(rows.Row("x"), broken_builder(error), {})
    assert result.status == "fail" and result.message == message


def test_interrupted(monkeypatch, capsys):
    """What has not begun does not begin."""
    builder = broken_builder(KeyboardInterrupt())
    monkeypatch.setattr(umbra_matrix_run, "Builder", lambda _jobs: builder)
    with pytest.raises(KeyboardInterrupt):
        umbra_matrix.run_all([rows.Row(str(number)) for number in range(50)], rows.load(), 1, {})
    assert len(builder.asked) < 50 and not capsys.readouterr().out


def test_an_interrupted_run_keeps_what_it_has(monkeypatch, tmp_path, capsys):
    def two_rows(chosen, _data, _jobs, results):
        for row in chosen[:2]:
            results[row.name] = Result(row)
        raise KeyboardInterrupt
    monkeypatch.setattr(umbra_matrix, "build_dir", lambda: tmp_path)
    monkeypatch.setattr(umbra_matrix, "run_all", two_rows)
    with pytest.raises(KeyboardInterrupt):
        umbra_matrix.run_and_report(picked("--tag", "quick"), rows.load(), 1)
    assert xml.etree.ElementTree.parse(tmp_path / "matrix/junit.xml").getroot().get("tests") == "2"
    assert "rows did not come to their end" in capsys.readouterr().out


def test_two_at_once(monkeypatch, tmp_path):
    """Both would write the same consoles and reports: the second one says so, and later ones run."""
    monkeypatch.setattr(umbra_matrix, "build_dir", lambda: tmp_path)
    monkeypatch.setattr(umbra_matrix, "run_all", lambda *_: None)
    (tmp_path / "matrix").mkdir()
    with umbra_matrix.alone(tmp_path / "matrix"):
        with pytest.raises(ToolError, match="another tools/matrix runs in"):
            umbra_matrix.run_and_report([rows.Row("x")], rows.load(), 1)
    umbra_matrix.run_and_report([], rows.load(), 1)


class Said:
    """A console on which the monitor says the same to each command."""

    def __init__(self, text):
        self.text = text

    def send(self, _text):
        pass

    def expect(self, _pattern, _timeout=30):
        pass

    def monitor_command(self, _command):
        return self.text

    def run(self, _command, **_options):
        return self.text


@pytest.mark.parametrize("check, good, bad", [
    ("audit", "guest audit\n0 violations\nunrewritten 0 words\n", "guest audit\n10 violations\nunrewritten 0 words\n"),
    ("audit", "0 violations\nunrewritten              0  words", "0 violations\nunrewritten              10  words"),
    ("utest", "utest: 32 passed, 0 failed", "utest: 22 passed, 10 failed"),
    ("utest", "utest: 32 passed, 0 failed", ""),
])
def test_what_checks_take_for_good(monkeypatch, check, good, bad):
    monkeypatch.setattr(umbra_matrix_checks, "monitor_key", lambda _folder: "x")
    umbra_matrix_checks.CHECKS[check](Said(good), None)
    with pytest.raises(umbra_matrix_checks.Failure):
        umbra_matrix_checks.CHECKS[check](Said(bad), None)
