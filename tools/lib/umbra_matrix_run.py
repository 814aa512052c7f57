# SPDX-License-Identifier: GPL-2.0-or-later
"""One row of the configuration matrix: built out of tree, booted on the machine, checked."""

import os
import re
import subprocess
import sys
import threading
import time

from umbra_common import SOURCE, ToolError, build_dir, lock_file

sys.path.insert(0, str(SOURCE / "tests/system"))
import board  # noqa: E402
import umbra_guest  # noqa: E402
import umbra_kernels  # noqa: E402
import umbra_machine  # noqa: E402
from umbra_matrix_checks import CHECKS, NEED_CARD, Failure, config_value, figures, make_card  # noqa: E402
from umbra_matrix_rows import MACHINES  # noqa: E402

TARGET_ENVIRONMENT = ("KCONFIG_SEED",)


class Result:
    """How one row went."""

    def __init__(self, row):
        self.row, self.status, self.message = row, "pass", ""
        self.build_seconds = self.run_seconds = 0.0
        self.console = ""


def words(row):
    """(goals of make, environment) that make the row's configuration."""
    if row.target:
        return [row.target], dict(os.environ, KCONFIG_SEED=str(row.seed)) if row.seed else dict(os.environ)
    return [f"{row.defconfig}_defconfig", *(f"{name}.config" for name in row.fragments)], dict(os.environ)


def make(folder, goals, environment, jobs):
    environment.pop("MAKELEVEL", None)
    environment.pop("MAKEFLAGS", None)
    done = subprocess.run(["make", "-s", "--no-print-directory", f"-j{jobs}", "-C", SOURCE, f"O={folder}", *goals], env=environment, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace", check=False)
    if done.returncode:
        raise Failure(f"make {' '.join(goals)}: " + " | ".join(done.stdout.strip().splitlines()[-3:]))


class Builder:
    """Builds each configuration once, in a folder that later runs find again."""

    def __init__(self, jobs):
        self.jobs, self.guard, self.locks, self.done = jobs, threading.Lock(), {}, {}

    def folder(self, row):
        name = re.sub(r"[^\w.-]", "_", row.configuration())
        path = build_dir() / "matrix" / name
        with self.guard:
            lock = self.locks.setdefault(name, threading.Lock())
        with lock:
            if name not in self.done:
                self.done[name] = self.build(path, row)
            if self.done[name]:
                raise Failure(self.done[name])
        return path

    def build(self, path, row):
        """None, or why it could not be built."""
        path.parent.mkdir(parents=True, exist_ok=True)
        goals, environment = words(row)
        compiler = [f"CC={row.compiler}"] if row.compiler else []
        try:
            with lock_file(f"{path}.lock"):
                make(path, goals, environment, 1)
                make(path, ["all", *compiler], environment, self.jobs)
        except Failure as failure:
            return str(failure)
        return None


def guest_files(row):
    if row.guest == "debian":
        return umbra_guest.build_guest(for_tests=False)
    kernels = umbra_kernels.load()
    if row.guest in kernels:
        return umbra_kernels.files_of(kernels[row.guest], umbra_kernels.folder_of(row.guest))[0]
    return {"guest.bin": build_dir() / "guests" / f"{row.guest}.bin"}


def arguments(row, folder, layout_folder):
    """QEMU's words for the row."""
    name = f"matrix-{row.name}"
    layout = layout_folder / "layouts" / f"{row.layout}.dtb"
    kernel = umbra_kernels.load().get(row.guest)
    if kernel:
        layout = umbra_kernels.with_bootargs(kernel, layout, layout_folder)
    command = board.umbra_arguments(name, layout, guest_files(row), row.path or None, row.strategy or None)
    command[command.index("-kernel") + 1] = folder / "umbra.img"
    if NEED_CARD & set(row.checks):
        command += umbra_machine.card_boot(make_card(row, board.LOGS / f"matrix-{re.sub(r'[^a-zA-Z0-9_.-]+', '-', row.name)}.boot"))
    return command + list(MACHINES[row.machine])


def expect_refusal(one, text):
    """One message with the text, then the prompt of the monitor."""
    one.expect(re.escape(text), 60)
    one.expect(board.MONITOR_PROMPT, 60)


def boot(row, folder, layout_folder, result):
    one = board.Board(f"matrix-{row.name}", arguments(row, folder, layout_folder))
    result.console = str(one.log)
    try:
        if row.expect.startswith("refuses: "):
            expect_refusal(one, row.expect.partition(": ")[2])
        for check in row.checks:
            CHECKS[check](one, folder)
    except board.BoardError as error:
        raise Failure(str(error).splitlines()[0]) from error
    finally:
        one.close()


def for_the_path(row, folder):
    """A random configuration whose default path takes minutes for Debian boots a bare-metal guest instead."""
    if row.target == "randconfig" and (config_value(folder, "CONFIG_CPU_PATH_DEFAULT") == "interp" or not config_value(folder, "CONFIG_FAST_EXITS")):
        row.layout, row.guest, row.checks = "bare-metal", "modes", ("report", "audit")


def run_row(row, builder, layout_rows):
    """Build, boot, check. Never raises for what a row does wrong."""
    result, start = Result(row), time.monotonic()
    try:
        folder = builder.folder(row)
        layout_folder = builder.folder(layout_rows[row.layout_of]) if row.layout_of else folder
        result.build_seconds = time.monotonic() - start
        if row.expect != "builds":
            for_the_path(row, folder)
            boot(row, folder, layout_folder, result)
        if row.bench:
            result.message = figures(row, folder, layout_folder / "layouts" / f"{row.layout}.dtb")
    except (Failure, ToolError, OSError) as error:
        result.status, result.message = "fail", str(error)
    except Exception as error:  # pylint: disable=broad-except
        # Whatever went wrong here, the results of the other rows are worth having.
        result.status, result.message = "fail", f"{type(error).__name__}: {error}"
    result.run_seconds = time.monotonic() - start - result.build_seconds
    return result
