# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds and boots a matrix of configurations, layouts, guests and CPU paths. Use it as tools/matrix."""

import argparse
import concurrent.futures
import contextlib
import fcntl
import os
import pathlib
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import umbra_debian  # noqa: E402
import umbra_guest  # noqa: E402
import umbra_kernels  # noqa: E402
import umbra_machine  # noqa: E402
import umbra_matrix_report as report  # noqa: E402
import umbra_matrix_rows as rows  # noqa: E402
from umbra_common import Arguments, ToolError, build_dir, make, slowness, speaker, tool_main  # noqa: E402

EPILOG = """examples:
  tools/matrix                          rows of configs/matrix.toml, of their product each pair of choices once
  tools/matrix --tag quick -j2          what tools/test runs
  tools/matrix --only 'minimal/*'       of all rows, those with such a name
  tools/matrix --random 8 --seed 3      random configurations that are meant to boot
  tools/matrix --full --shard 2/4       the second quarter of the whole
  tools/matrix --export-lava full/debian/inline/flush    build/matrix/lava/...: job.yaml and its card
Results: build/matrix/report.html, junit.xml; consoles: build/test-logs/matrix-*.log"""
say = speaker("matrix")


def shard(text):
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise argparse.ArgumentTypeError(f"'{text}' is no part I/N with 1 <= I <= N")
    return int(match[1]), int(match[2])


def at_least_one(text):
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no number from 1 on")
    return int(text)


def parse(arguments):
    parser = Arguments("matrix", __doc__, epilog=EPILOG)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--pairwise", action="store_true", help="each pair of choices in some row (default)")
    which.add_argument("--full", action="store_true", help="all rows of the product")
    which.add_argument("--random", type=at_least_one, metavar="N", help="N random configurations instead")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="of --random (1)")
    parser.add_argument("--only", action="append", metavar="PATTERN", help="rows with such a name; may be repeated")
    parser.add_argument("--tag", help="rows with that tag")
    parser.add_argument("--shard", type=shard, metavar="I/N", help="the I-th of N parts of the rows")
    parser.add_argument("--failed", action="store_true", help="those that failed last time")
    parser.add_argument("--list", action="store_true", help="show the rows and end")
    parser.add_argument("--export-lava", metavar="ROW", help="build that row and write it as a job for LAVA, with its card")
    parser.add_argument("--lava-url", metavar="URL", help="where the lab finds the card's folder (file:// as it is here)")
    parser.add_argument("-j", "--jobs", type=at_least_one, default=os.cpu_count() or 1, metavar="N", help="rows at a time (processors)")
    options = parser.parse_args(arguments)
    parser.check_together(options, "export-lava", ("pairwise", "full", "random", "seed", "only", "tag", "shard", "failed", "list"))
    parser.check_together(options, "lava-url", needs=("export-lava",))
    parser.check_together(options, "seed", needs=("random",))
    parser.check_together(options, "failed", ("pairwise", "full", "random", "seed"))
    return options


def chosen_rows(options, data):
    chosen = rows.pick(data, options)
    if options.failed:
        names = report.failed_last_time(build_dir() / "matrix")
        if names is None:
            raise ToolError("nothing is known of a last time: run without --failed first")
        everything = {row.name: row for row in [*rows.product(data), *chosen]}
        known = {row.name: row for row in chosen} if options.only or options.tag or options.shard else everything
        chosen = [known[name] for name in sorted(names) if name in known]
        if not chosen:
            raise ToolError("nothing failed last time" if not names else "what failed last time is not among these rows")
    return chosen


def prepare(chosen):
    """What all rows share: downloads, machine, guests."""
    build_dir()
    slowness()
    umbra_debian.fetch_boot()
    say("building the machine (minutes the first time, nothing to do later)")
    umbra_machine.build_machine()
    kernels = umbra_kernels.load()
    if any(row.guest not in kernels for row in chosen) or any(row.target == "randconfig" for row in chosen):
        if make("-s", "guests").returncode:
            raise ToolError("the guests could not be built (see above)")
    umbra_guest.build_guest(for_tests=any("stress" in row.checks for row in chosen))
    for kind in sorted({row.guest for row in chosen} & (set(kernels) - {"debian"})):
        umbra_kernels.files_of(kernels[kind], umbra_kernels.folder_of(kind))


def layout_rows_of(data):
    """The rows that `layout-of` names: the configurations alone."""
    return {name: rows.make_row(name, {word: value for word, value in words.items() if word != "tags"}, name)
            for name, words in data["dimensions"]["configuration"].items()}


def export_lava(row, data, url):
    import umbra_matrix_lava  # needs pexpect, as below
    umbra_matrix_lava.refuse(row)
    prepare([row])
    builder = umbra_matrix_lava.matrix_run.Builder(os.cpu_count() or 1)
    folder = umbra_matrix_lava.export(row, builder, layout_rows_of(data), url)
    print(f"{folder / 'job.yaml'} is ready, with its card beside it; the lab finds that at the `url` in it")
    return 0


def run_all(chosen, data, jobs, results):
    """Fills `results`, {row's name: Result}; a line for each when it ends."""
    import umbra_matrix_run  # needs pexpect, which --list does not
    builder = umbra_matrix_run.Builder(max(1, (os.cpu_count() or 1) // min(jobs, len(chosen) or 1)))
    layout_rows = layout_rows_of(data)
    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        waiting = {pool.submit(umbra_matrix_run.run_row, row, builder, layout_rows): row for row in chosen}
        try:
            for done in concurrent.futures.as_completed(waiting):
                result = results[waiting[done].name] = done.result()
                print(f"[{len(results):3}/{len(chosen)}] {time.monotonic() - start:5.0f} s  {report.STATUS[result.status]} {result.row.name}"
                      + (f": {report.plain(result.message)}" if result.message else ""), flush=True)
        except BaseException:  # Ctrl-C, above all: what has not begun does not
            pool.shutdown(wait=False, cancel_futures=True)
            raise


@contextlib.contextmanager
def alone(folder):
    """Consoles and reports have fixed names: a second run at once in this build folder is refused."""
    with open(folder / ".run.lock", "a", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ToolError(f"another tools/matrix runs in {folder.parent}: wait for it, or use UMBRA_BUILD=FOLDER") from error
        yield


def run_and_report(chosen, data, jobs):
    """Results in the rows' order, also written down; after Ctrl-C those that there are."""
    folder, found = build_dir() / "matrix", {}
    folder.mkdir(exist_ok=True)
    with alone(folder):
        try:
            run_all(chosen, data, jobs, found)
        finally:
            results = [found[row.name] for row in chosen if row.name in found]
            report.write_all(results, folder)
            print(report.table(results))
            say(f"page: {folder / 'report.html'}" + (f" ({len(chosen) - len(results)} rows did not come to their end)" if len(results) < len(chosen) else ""))
    return results


def main(arguments):
    options = parse(arguments)
    data = rows.load()
    if options.export_lava:
        return export_lava(rows.by_name(data, options.export_lava), data, options.lava_url)
    chosen = chosen_rows(options, data)
    if options.list:
        for row in chosen:
            print(f"{row.name:40} {row.configuration():32} {row.layout:12} {row.guest:8} {row.machine:14} {row.expect}  {' '.join(row.tags)}".rstrip())
        return 0
    prepare(chosen)
    say(f"{len(chosen)} rows, {len({row.configuration() for row in chosen})} configurations, {options.jobs} at a time")
    results = run_and_report(chosen, data, options.jobs)
    failed = sum(one.status == "fail" for one in results)
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    tool_main("matrix", main)
