# SPDX-License-Identifier: GPL-2.0-or-later
"""
A row of the configuration matrix as a job for LAVA, with the card that it boots.

The card goes into the board as the lab does that (`deploy` to `flasher`: an SD card multiplexer); U-Boot is on the card, the job says `boot` to it and
waits for what the row expects. Its checks become interactive tests: a command, the prompt after it, what must have been in between.
"""

import gzip
import hashlib
import os
import pathlib
import re
import shutil
import subprocess

import umbra_card
import umbra_kernels
import umbra_matrix_run as matrix_run
from umbra_matrix_checks import Failure, monitor_key
from umbra_common import SOURCE, ToolError, build_dir, new_file

DEVICE_TYPE = "beagle-xm"
SHELL = matrix_run.board.PROMPT
MONITOR = matrix_run.board.MONITOR_PROMPT
SUMMARY = r"SUMMARY: [1-9]\d* tests, 0 failed"
U_BOOT = "BeagleBoard #"
STARTS = "umbra: Umbra "  # what the console says first after U-Boot


def minutes(number):
    return {"minutes": number}


def said(name, command, *messages):
    """One step of an interactive test: every message is one that shows success."""
    step = {"name": name, "command": command}
    if messages:
        step["successes"] = [{"message": message} for message in messages]
    return step


def session(name, prompt, *steps):
    return {"name": name, "prompts": [prompt], "script": list(steps)}


def test_shell(_key):
    return [session("shell", SHELL, said("uname", "uname -m", "armv7l"))]


def in_monitor(key, *sessions):
    """LAVA ends each command with a line's end, so the key gives two prompts."""
    return [session("monitor", rf"{MONITOR}\s*{MONITOR}", said("open", key)), *sessions]


def test_restart(key):
    return in_monitor(key, session("restart", SHELL, said("reset", "guest reset")))


def test_audit(key):
    return in_monitor(key, session("audit", MONITOR, said("audit", "guest audit", r"\b0 violations"), said("stats", "stats", r"unrewritten +0 ")),
                      session("guest", r"\[guest\]", said("close", key)))


def test_utest(_key):
    return [session("utest", SHELL, *(said(f"utest-{isa}", f"utest-{isa}", r"utest: [1-9]\d* passed, 0 failed") for isa in ("arm", "thumb")))]


def test_card(_key):
    """The card of the job has the file that the check reads."""
    wanted = hashlib.sha256(umbra_card.test_bytes()).hexdigest()
    return [session("card", SHELL, said("mount", "card"), said("hash", "sha256sum /mnt/data.bin", wanted), said("unmount", "umount /mnt"))]


# "report" is what the boot waits for already.
TESTS = {"shell": test_shell, "restart": test_restart, "audit": test_audit, "report": lambda _key: [], "utest": test_utest, "card": test_card}


def boot_prompt(row):
    """The text or prompt that ends the boot as it should."""
    if row.expect.startswith("refuses: "):
        return re.escape(row.expect.partition(": ")[2])
    return SUMMARY if "report" in row.checks else SHELL


def interactive(row, key):
    if row.expect.startswith("refuses: "):
        return [session("monitor", MONITOR, said("refused", None))]
    return [one for check in row.checks for one in TESTS[check](key)]


def job(row, image, key):
    """The job's definition; `image`: {url, compression, sha256sum} of the card, `key`: what opens the monitor."""
    actions = [
        {"deploy": {"to": "flasher", "images": {"image": image}, "timeout": minutes(15)}},
        {"boot": {"method": "u-boot", "commands": ["boot"], "prompts": [boot_prompt(row)], "parameters": {"kernel-start-message": STARTS},
                  "timeout": minutes(10)}},
    ]
    tests = interactive(row, key)
    if tests:
        actions.append({"test": {"interactive": tests, "timeout": minutes(15)}})
    return {
        "job_name": f"Umbra {row.name}",
        "device_type": DEVICE_TYPE,
        "visibility": "public",
        "priority": "medium",
        "context": {"bootloader_prompt": U_BOOT},
        "timeouts": {"job": minutes(45), "action": minutes(15), "connection": minutes(2)},
        "metadata": {"row": row.name, "configuration": row.configuration(), "layout": row.layout, "guest": row.guest, "expect": row.expect},
        "actions": actions,
    }


def dump(definition, path):
    try:
        import ruamel.yaml
    except ImportError as error:
        raise ToolError("python3-ruamel.yaml is missing; run tools/setup") from error
    yaml = ruamel.yaml.YAML()
    yaml.default_flow_style = False
    yaml.width = 150
    with new_file(path) as scratch:
        with open(scratch, "w", encoding="utf-8") as handle:
            yaml.dump(definition, handle)


def refuse(row):
    """Rows that are no matter of a board, or whose files no card is made of."""
    if row.expect == "builds":
        raise ToolError(f"row {row.name} only builds: there is nothing to boot")
    if row.guest in umbra_kernels.load() and row.guest != "debian":
        raise ToolError(f"row {row.name} has the kernel {row.guest}: cards are made of Debian's and of bare-metal guests")
    for check in row.checks:
        if check not in TESTS:
            raise ToolError(f"row {row.name} has the check {check}: no job does that")
    if row.bench:
        raise ToolError(f"row {row.name} measures: no job does that")


def make_card(row, folder, layout_folder, image):
    """The card that tools/mkimage makes of the row's build."""
    words = ["--layout", layout_folder / f"layouts/{row.layout}.dtb", "--output", image]
    choices = "".join(f'{name} = "{value}"; ' for name, value in (("cpu-path", row.path), ("shadow", row.strategy)) if value)
    if choices:
        overlay = image.with_name("choices.dtso")
        overlay.write_text(f"/dts-v1/;\n/plugin/;\n&{{/guest}} {{ {choices}}};\n", encoding="ascii")
        words += ["--overlay", overlay]
    if row.guest != "debian":
        words += ["--kernel", build_dir() / f"guests/{row.guest}.bin"]
    if "card" in row.checks:
        words += ["--test-data"]
    environment = dict(os.environ, UMBRA_BUILD=str(folder))
    done = subprocess.run([str(word) for word in (SOURCE / "tools/mkimage", *words)], env=environment, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise ToolError(f"row {row.name}: {done.stdout.strip()}")


def packed(image):
    """The card compressed, without a date, and what LAVA wants to know of it; the card itself is removed."""
    target = image.with_name(f"{image.name}.gz")
    with open(image, "rb") as source, open(target, "wb") as raw, gzip.GzipFile("", "wb", 1, raw, 0) as handle:
        shutil.copyfileobj(source, handle, 1 << 20)
    image.unlink()
    with open(target, "rb") as handle:
        return target, {"compression": "gz", "sha256sum": hashlib.file_digest(handle, "sha256").hexdigest()}


def export(row, builder, layout_rows, url):
    """Builds the row and writes job.yaml and sdcard.img.gz; returns their folder. `url`: where the lab will find the folder."""
    refuse(row)
    try:
        folder = builder.folder(row)
        layout_folder = builder.folder(layout_rows[row.layout_of]) if row.layout_of else folder
    except Failure as failure:
        raise ToolError(f"row {row.name}: {failure}") from failure
    matrix_run.for_the_path(row, folder)
    target = build_dir() / "matrix/lava" / re.sub(r"[^\w.-]+", "-", row.name)
    target.mkdir(parents=True, exist_ok=True)
    make_card(row, folder, layout_folder, target / "sdcard.img")
    card, about = packed(target / "sdcard.img")
    place = url.rstrip("/") if url else target.as_uri()
    dump(job(row, {"url": f"{place}/{card.name}", **about}, monitor_key(folder)), target / "job.yaml")
    return pathlib.Path(target)
