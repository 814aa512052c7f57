# SPDX-License-Identifier: GPL-2.0-or-later
"""pytest plug-in: counts tests for tools/test. An error in a fixture or while collecting counts as a failure, and so
does a skipped test: nothing here may pass without having run."""

import os
import pathlib

count = {"passed": 0, "failed": 0}


def pytest_runtest_logreport(report):
    if report.failed or report.skipped:
        count["failed"] += 1
    elif report.when == "call":
        count["passed"] += 1


def pytest_collectreport(report):
    if report.failed:
        count["failed"] += 1


def pytest_sessionfinish(session):
    path = os.environ.get("UMBRA_TEST_COUNT")
    if path and not hasattr(session.config, "workerinput"):  # what workers report, the one that started them counts
        pathlib.Path(path).write_text(f"{count['passed']} {count['failed']}\n", encoding="utf-8")
