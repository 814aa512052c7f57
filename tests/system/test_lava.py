# SPDX-License-Identifier: GPL-2.0-or-later
"""tools/matrix --export-lava: every row makes a job with what LAVA asks for (lava_common/schemas of its sources), and one is done here as LAVA would."""

import gzip
import hashlib
import re
import shutil
import subprocess

import pytest
import ruamel.yaml

import umbra_machine
import umbra_matrix
import umbra_matrix_lava as lava
import umbra_matrix_rows as rows
from board import UNHURRIED
from umbra_common import SOURCE, build_dir

IMAGE = {"url": "https://lab.example/sdcard.img.gz", "compression": "gz", "sha256sum": 64 * "0"}
NAME = re.compile(r"[-_a-zA-Z0-9.]+")
DATA = rows.load()
ROWS = {row.name: row for row in rows.product(DATA)} | {words["name"]: rows.by_name(DATA, words["name"]) for words in DATA["rows"]}
OF_BOTH = rows.make_row("of-both", {"checks": ["shell", "restart", "utest", "card", "audit"]}, "row of-both")
FOR_BOARDS = [row for row in (*ROWS.values(), OF_BOTH)
              if row.expect != "builds" and row.guest in ("debian", "modes", "tlb") and set(row.checks) <= set(lava.TESTS) and not row.bench]


def keys(table, required, optional=()):
    assert set(required) <= set(table) <= {*required, *optional}, table


def seconds(timeout):
    (unit, number), = timeout.items()
    assert number >= 1
    return number * {"seconds": 1, "minutes": 60, "hours": 3600}[unit]


def check_session(session):
    keys(session, ("name", "prompts", "script"))
    assert NAME.fullmatch(session["name"]) and session["prompts"] and session["script"]
    for step in session["script"]:
        keys(step, ("name", "command"), ("successes",))
        assert NAME.fullmatch(step["name"])
        assert all(set(message) == {"message"} and message["message"] for message in step.get("successes", ()))
    for text in (*session["prompts"], *(message["message"] for step in session["script"] for message in step.get("successes", ()))):
        re.compile(text)


def check_job(job):
    """Keys, values and sums that LAVA's schema has for these actions."""
    keys(job, ("job_name", "device_type", "visibility", "timeouts", "actions"), ("priority", "metadata", "context"))
    assert set(job["context"]) == {"bootloader_prompt"}  # one of the names that LAVA lets a job say
    assert 1 <= len(job["job_name"]) <= 200 and job["device_type"] == "beagle-xm" and job["priority"] in ("high", "medium", "low")
    keys(job["timeouts"], ("job",), ("action", "connection"))
    most = seconds(job["timeouts"]["job"])
    assert [next(iter(action)) for action in job["actions"]] in (["deploy", "boot"], ["deploy", "boot", "test"])
    deploy, boot = job["actions"][0]["deploy"], job["actions"][1]["boot"]
    keys(deploy, ("to", "images"), ("timeout",))
    keys(boot, ("method", "commands", "prompts"), ("timeout", "parameters"))
    assert deploy["to"] == "flasher" and set(deploy["images"]["image"]) == {"url", "compression", "sha256sum"}
    assert boot["method"] == "u-boot" and boot["commands"] == ["boot"] and len(boot["prompts"]) == 1
    assert all(seconds(action[kind]["timeout"]) <= most for action in job["actions"] for kind in action)
    for action in job["actions"][2:]:
        keys(action["test"], ("interactive",), ("timeout",))
        for session in action["test"]["interactive"]:
            check_session(session)


def test_every_row():
    assert len(FOR_BOARDS) > 100
    for row in FOR_BOARDS:
        check_job(lava.job(row, IMAGE, "\x1d"))


@pytest.mark.parametrize("name", ["full/debian-small/inline/flush", "full/modes/trap/flush", "minimal/debian/trap/flush"])
def test_what_is_written_is_that(tmp_path, name):
    job = lava.job(ROWS[name], IMAGE, "\x1d")
    lava.dump(job, tmp_path / "job.yaml")
    with open(tmp_path / "job.yaml", encoding="utf-8") as handle:
        assert ruamel.yaml.YAML(typ="safe").load(handle) == job


def test_what_a_row_expects():
    refused = lava.job(ROWS["minimal/debian/trap/flush"], IMAGE, "\x1d")["actions"]
    assert refused[1]["boot"]["prompts"] == [r"is\ not\ built\ in"]
    assert refused[2]["test"]["interactive"][0]["prompts"] == ["umbra> "]
    shell = lava.job(ROWS["full/debian-small/inline/flush"], IMAGE, "\x1d")["actions"]
    assert re.match(shell[1]["boot"]["prompts"][0], "root@beagle:/root# ")
    assert [session["name"] for session in shell[2]["test"]["interactive"]] == ["shell", "monitor", "restart", "monitor", "audit", "guest"]
    assert lava.job(ROWS["full/modes/trap/flush"], IMAGE, "\x1d")["actions"][1]["boot"]["prompts"] == [lava.SUMMARY]


@pytest.mark.parametrize("words, message", [
    (["--export-lava", "full/modes/inline/flash"], "matrix: no row 'full/modes/inline/flash'; did you mean 'full/modes/inline/flush'?"),
    (["--export-lava", "everything-builds"], "matrix: row everything-builds only builds"),
    (["--export-lava", "newer-kernel"], "matrix: row newer-kernel has the kernel debian-6.12"),
    (["--export-lava", "user-space"], "matrix: row user-space has the check stress: no job does that"),
    (["--export-lava", "figures"], "matrix: row figures measures: no job does that"),
])
def test_no_job_of_that(words, message):
    done = subprocess.run([SOURCE / "tools/matrix", *words], text=True, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, check=False)
    assert done.returncode in (1, 2) and done.stderr.startswith(message)


class Built:
    """In place of a builder: the build under test."""

    def folder(self, _row):
        return build_dir()


def test_a_job_is_done(boot, tmp_path):
    """Card, U-Boot, prompts, commands and answers of an exported job, in LAVA's order."""
    row = rows.by_name(DATA, "full/modes/inline/oos")
    folder = lava.export(row, Built(), umbra_matrix.layout_rows_of(DATA), "https://lab.example/jobs/")
    with open(folder / "job.yaml", encoding="utf-8") as handle:
        job = ruamel.yaml.YAML(typ="safe").load(handle)
    check_job(job)
    image = job["actions"][0]["deploy"]["images"]["image"]
    assert image["url"] == "https://lab.example/jobs/sdcard.img.gz"
    assert image["sha256sum"] == hashlib.sha256((folder / "sdcard.img.gz").read_bytes()).hexdigest()
    with gzip.open(folder / "sdcard.img.gz") as source, open(tmp_path / "card.img", "wb") as card:
        shutil.copyfileobj(source, card)
    board = boot([*umbra_machine.card_boot(tmp_path / "card.img"), *UNHURRIED], exact=False)
    board.expect("Hit any key", 120)
    board.send(" ")
    board.expect(re.escape(job["context"]["bootloader_prompt"]), 30)
    step = job["actions"][1]["boot"]
    for command in step["commands"]:
        board.sendline(command)
    board.expect(step["parameters"]["kernel-start-message"], 120)
    board.expect(step["prompts"], 120)
    for session in job["actions"][2]["test"]["interactive"]:
        for step in session["script"]:
            board.sendline(step["command"])
            board.expect(session["prompts"])
            answer = board.child.before
            assert all(re.search(message["message"], answer) for message in step.get("successes", ())), answer
