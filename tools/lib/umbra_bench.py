# SPDX-License-Identifier: GPL-2.0-or-later
"""Measures Umbra: the same kernel, root file system and programs on the beagle-xm natively and under Umbra, in counted
instructions. Use it as tools/bench; docs/performance.md explains the figures."""

import contextlib
import concurrent.futures
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import umbra_bench_bare
import umbra_bench_explain
import umbra_bench_guest
import umbra_bench_guests
import umbra_bench_machine
import umbra_bench_report as report
import umbra_bench_run
import umbra_card
import umbra_debian
import umbra_machine
from umbra_bench_list import BENCHMARKS, BY_NAME
from umbra_common import SOURCE, Arguments, ToolError, build_dir, make, run, speaker, tool_main

BASELINE = SOURCE / "tests/bench/baseline.json"
DOCUMENT = SOURCE / "docs/performance.md"
EPILOG = f"""benchmarks: {' '.join(item.name for item in BENCHMARKS)}
quick ones: {' '.join(item.name for item in BENCHMARKS if item.quick)}
of two guests: {' '.join(umbra_bench_guests.BY_NAME)}

Results: build/bench/results.json, results.md, results.svg, and the consoles. Exit status: 0 if all benchmarks gave a figure (and, with
--baseline or --compare, none got worse by more than 3 %), else 1."""
PATHS, STRATEGIES = "arch/arm/cpu/path_*.c", "arch/arm/mmu/strategy_*.c"
SLOW_PATHS = ("interp",)  # under which a measurement would take hours: docs/cpu-paths.md says what it costs
say = speaker("bench")


def parse(arguments):
    parser = Arguments("bench", __doc__, epilog=EPILOG)
    parser.add_argument("--quick", action="store_true", help="only the benchmarks that CI looks at")
    parser.add_argument("--until", metavar="NAME", help="with --quick: no further than this benchmark; up to there the digits are those of the whole")
    parser.add_argument("--only", metavar="NAME", action="append", help="only this benchmark; may be repeated")
    parser.add_argument("--explain", metavar="NAME", help="what each kind of exit of one benchmark costs, in instructions")
    parser.add_argument("--layout", default="linux", metavar="NAME", help="one of configs/layouts, or a .dtb file (linux)")
    parser.add_argument("--kernel", metavar="KIND", help="a kernel of configs/kernels.toml instead of Debian's")
    parser.add_argument("--path", metavar="NAME", help="CPU path instead of the layout's; all: each that is built in but interp, side by side")
    parser.add_argument("--strategy", metavar="NAME", help="shadow strategy instead of the layout's; all: each that is built in, side by side")
    parser.add_argument("--compare", nargs=2, metavar=("A.json", "B.json"), help="show what changed from A to B; nothing is run")
    parser.add_argument("--baseline", action="store_true", help=f"compare with {BASELINE.relative_to(SOURCE)} at the end")
    parser.add_argument("--write-baseline", action="store_true", help="make the results the new baseline, with table and chart of the docs")
    parser.add_argument("--output", metavar="FOLDER", help="where the results go (build/bench)")
    parser.add_argument("--no-build", action="store_true", help="measure the umbra.img that is there")
    options = parser.parse_args(arguments)
    ends = ("baseline", "write-baseline")
    parser.check_together(options, "compare", ("quick", "until", "only", "explain", "layout", "kernel", "path", "strategy", "output", "no-build", *ends))
    parser.check_together(options, "explain", ("quick", "until", "only", *ends))
    parser.check_together(options, "only", ("quick",))
    for name in [*(options.only or []), *([options.explain] if options.explain else [])]:
        if name not in {**BY_NAME, **umbra_bench_guests.BY_NAME}:
            raise ToolError(f"no benchmark '{name}'; there are: {' '.join([*BY_NAME, *umbra_bench_guests.BY_NAME])}")
    if options.until and (not options.quick or options.until not in [item.name for item in choose(options).values()]):
        raise ToolError(f"--until: one of those of --quick, with it: {' '.join(item.name for item in BENCHMARKS if item.quick)}")
    if options.explain in umbra_bench_guests.BY_NAME:
        raise ToolError("what two guests do has no loop whose exits could be looked at one by one")
    if options.kernel and (options.baseline or options.write_baseline):
        raise ToolError("the baseline is of Debian's kernel")
    for what in several(options):
        if options.explain or options.baseline or options.write_baseline:
            raise ToolError(f"--{what} all only shows its figures")
    if len(several(options)) > 1:
        raise ToolError("--path all and --strategy all: one of them at a time")
    check_choice("CPU path", None if options.path == "all" else options.path, PATHS)
    check_choice("shadow strategy", None if options.strategy == "all" else options.strategy, STRATEGIES)
    umbra_card.check_layout(options.layout)
    return options


def several(options):
    """Of what all that are built in are to be shown: path, strategy, or neither."""
    return [what for what in ("path", "strategy") if getattr(options, what) == "all"]


def registered(sources):
    """Names of the plug-ins in these files."""
    return sorted(path.stem.partition("_")[2] for path in SOURCE.glob(sources) if "_REGISTER(" in path.read_text(encoding="utf-8"))


def check_choice(what, name, sources):
    """Refuse a name that none of these sources registers; whether it is built in Umbra says."""
    known = registered(sources)
    if name and name not in known:
        raise ToolError(f"no {what} '{name}'; there are: {' '.join(known)}")


def choose(options):
    """{number: Benchmark}, in the order of the list."""
    wanted = {number: item for number, item in enumerate(BENCHMARKS)
              if (item.name in options.only if options.only else item.quick or not options.quick)}
    return wanted


def choose_guests(options):
    """Names of the rows about two guests that are wanted: of a complete measurement all, and those that were asked for."""
    if options.quick or several(options):
        return []
    return [name for name in umbra_bench_guests.BY_NAME if not options.only or name in options.only]


def prepare(options):
    """Build what is missing; returns QEMU's path."""
    build_dir()
    umbra_debian.fetch_all()
    program = umbra_machine.build_machine()
    if options.strategy == "all" and not options.only:
        umbra_bench_bare.prepare()
    if not options.no_build:
        done = make(stdout=subprocess.DEVNULL)
        if done.returncode:
            raise ToolError("Umbra could not be built (see above)")
    return program


def layout_property(layout, name, default):
    return run(["fdtget", "-d", default, layout, "/guest", name]).strip()


def editor(path, strategy):
    """What these change in the layout, of the guest `node`; None: nothing."""
    def edit(layout, node="/guest"):
        if path:
            run(["fdtput", "-t", "s", layout, node, "cpu-path", path])
        if strategy:
            run(["fdtput", "-t", "s", layout, node, "shadow", strategy])
    return edit


def built_in(sources, symbol):
    """Of the plug-ins in these files those that the build under test has, by CONFIG_`symbol`_NAME."""
    text = (build_dir() / "auto.conf").read_text(encoding="utf-8")
    return [name for name in registered(sources) if re.search(rf"^CONFIG_{symbol}_{name.upper()} := y$", text, re.M)]


def variants(options):
    """[(name of the side, path, strategy)] that are to be measured; None is the layout's."""
    if options.strategy == "all":
        return [(f"umbra-{name}", options.path, name) for name in built_in(STRATEGIES, "SHADOW")]
    if options.path == "all":
        return [(f"umbra-{name}", name, options.strategy) for name in built_in(PATHS, "CPU_PATH") if name not in SLOW_PATHS]
    return [("umbra", options.path, options.strategy)]


def measure_side(side, chosen, card, until):
    """{name: Outcome} of one side, up to the benchmark `until`."""
    def started(item):
        say(f"{side.name:6} {time.monotonic() - begin:5.0f} s  {item.title}")

    begin, outcomes = time.monotonic(), {}
    for item in chosen.values():
        if item.boot:
            started(item)
            outcomes[item.name] = side.run_boot(card)
    # The quick ones in a boot of their own, so that they give the same digits with and without the others.
    for quick in (True, False):
        part = {number: item for number, item in chosen.items() if not item.boot and item.quick is quick}
        if part:
            outcomes.update(side.run(part, card, started, until))
    say(f"{side.name:6} {time.monotonic() - begin:5.0f} s  done")
    return outcomes


def settings_of(sides, options):
    """What the results of the second side beside the first were measured with; nothing in it depends on this computer."""
    side = sides[1]
    paths = side.guest.paths
    return {"layout": options.layout if not pathlib.Path(options.layout).is_file() else pathlib.Path(options.layout).name,
            "path": layout_property(side.layout, "cpu-path", "trap"),
            "strategy": layout_property(side.layout, "shadow", "flush"), "bootargs": side.bootargs,
            "machine": " ".join(umbra_bench_machine.PINNED), "environment": "ENOUGH=20000 LOOP_O=0 TIMING_O=0",
            "device_tree": {name: item.tree_edits for name, item in zip(("native", "umbra"), sides)},
            "packages": {key: paths[key].name for key in ("kernel", "busybox", "lmbench", "rt-tests", "u-boot-source")}
            | ({"kernel": options.kernel} if options.kernel else {})}


def measure(options, chosen, program, out):
    """Results for each variant that is wanted."""
    guest = umbra_bench_guest.GuestFiles(umbra_bench_guest.bench_dir() / "guest", out, options.kernel)
    card = umbra_bench_run.make_card(out)
    umbra = umbra_bench_run.Umbra(out)
    layout = umbra_card.layout_path(options.layout)
    sides = [umbra_bench_run.Side("native", guest, program, layout, out)]
    for name, path, strategy in variants(options):
        sides.append(umbra_bench_run.Side(name, guest, program, layout, out, umbra, editor(path, strategy)))
        sides[-1].check_layout(card)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        native, *virtual = pool.map(lambda side: measure_side(side, chosen, card, options.until), sides)
    names = [item.name for item in chosen.values()]
    names = names[:names.index(options.until) + 1] if options.until else names
    results = [report.merge(names, native, each, umbra.causes, settings_of([sides[0], side], options)) for each, side in zip(virtual, sides[1:])]
    add_guests(results[0], options, (guest, program, umbra, out, card))
    add_bare(results, options, program, umbra, out)
    return results


def add_bare(all_results, options, program, umbra, out):
    """What a guest costs under each strategy that is not like Linux."""
    if options.strategy != "all" or options.only:
        return
    names = [results["settings"]["strategy"] for results in all_results]
    say(f"bare          {' '.join(umbra_bench_bare.ROWS)}")
    try:
        rows = umbra_bench_bare.measure(program, umbra, out, [(name, editor(options.path, name)) for name in names])
    except ToolError as error:
        text, _, tail = str(error).partition("\n")
        all_results[0]["failures"] += [{"name": name, "side": "bare", "error": text, "console": tail} for name in umbra_bench_bare.ROWS]
        return
    for results, row in zip(all_results, rows):
        results["bare"] = row


def add_guests(results, options, things):
    """What two guests get done, beside the rest."""
    wanted = choose_guests(options)
    if not wanted:
        return
    say(f"guests        {' '.join(wanted)}")
    results["guests"], failures = umbra_bench_guests.measure(*things, editor(options.path, options.strategy), wanted)
    results["failures"] += failures


def explain(options, name, program, out):
    """Markdown about the exits of one benchmark."""
    item = BY_NAME[name]
    if item.boot:
        raise ToolError("the boot has no loop whose exits could be looked at one by one")
    guest = umbra_bench_guest.GuestFiles(umbra_bench_guest.bench_dir() / "guest", out, options.kernel)
    side = umbra_bench_run.Side("umbra", guest, program, umbra_card.layout_path(options.layout), out, umbra_bench_run.Umbra(out),
                                editor(options.path, options.strategy))
    card = umbra_bench_run.make_card(out)
    side.check_layout(card)
    return umbra_bench_explain.explain(side, BENCHMARKS.index(item), item, card)


def write(results, folder):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(report.stable_text(results), encoding="utf-8")
    (folder / "results.md").write_text(report.markdown(results), encoding="utf-8")
    if results["benchmarks"]:
        (folder / "results.svg").write_text(report.chart(results), encoding="utf-8")


def keep_consoles(scratch, folder):
    for console in scratch.glob("*/console*.log"):
        shutil.copyfile(console, folder / f"{console.parent.name}-{console.name}")


def show_failures(results):
    """What failed, each with the end of its console; the same end only once, where a whole boot came to nothing."""
    shown = set()
    for failure in results["failures"]:
        say(f"FAILED {failure['name']} ({failure['side']}): {failure['error']}")
        if failure["console"] not in shown:
            shown.add(failure["console"])
            for line in failure["console"].splitlines():
                print(f"    {line}")


def explain_document(options, program, folder):
    """Measure the tables of docs/performance.md anew: each stands between the words "begin explain NAME" and "end explain"."""
    text = DOCUMENT.read_text(encoding="utf-8")
    for name in re.findall(r"<!-- begin explain (\w+) -->", text):
        say(f"what the exits of {name} cost")
        with scratch_in(folder) as scratch:
            table = explain(options, name, program, scratch)
        mark = f"<!-- begin explain {name} -->\n"
        start = text.index(mark) + len(mark)
        text = text[:start] + table + text[text.index("<!-- end explain -->", start):]
    DOCUMENT.write_text(text, encoding="utf-8")


def write_baseline(results):
    """The results become the baseline, and the table and the chart of docs/performance.md."""
    if results["failures"]:
        raise ToolError("with failures the results do not become the baseline")
    BASELINE.write_text(report.stable_text(results), encoding="utf-8")
    (SOURCE / "docs/performance.svg").write_text(report.chart(results), encoding="utf-8")
    text = DOCUMENT.read_text(encoding="utf-8")
    start, end = (text.index(mark) for mark in ("<!-- begin results -->", "<!-- end results -->"))
    DOCUMENT.write_text(f"{text[:start]}<!-- begin results -->\n{report.markdown(results)}{text[end:]}", encoding="utf-8")


@contextlib.contextmanager
def scratch_in(folder):
    """A scratch folder of its own (several measurements may run at once), which SIGTERM, a time-out of CI, does not leave behind either."""
    with tempfile.TemporaryDirectory(prefix="run-", dir=folder) as scratch:
        def end(_signal, _frame):
            shutil.rmtree(scratch, ignore_errors=True)
            os._exit(128 + signal.SIGTERM)  # the machines end with this process

        signal.signal(signal.SIGTERM, end)
        yield pathlib.Path(scratch)


def compare(old, new, complete=False, baseline=False):
    """Print the comparison; 1 if something got worse. `baseline`: `old` is the checked-in one."""
    lines, worse, better = report.compare(old, new, complete)
    print("\n".join(lines))
    if better:
        say(f"better by more than 3 %: {' '.join(better)}" +
            ("; the baseline is stale: tools/bench --write-baseline, with the reason in the commit" if baseline else ""))
    if worse:
        say(f"worse by more than 3 % or without a figure: {' '.join(worse)}")
    return 1 if worse else 0


SEVERAL = {"path": "paths.md", "strategy": "strategies.md"}
RESULT_NAMES = ("results.json", "results.md", "results.svg", *SEVERAL.values())


def check_output(folder):
    """A folder that has files of these names has them from a measurement: they are about to be replaced."""
    there = [name for name in RESULT_NAMES if os.path.lexists(folder / name)]
    proofs = [folder / "results.json"] if set(there) - set(SEVERAL.values()) else list(folder.glob("*/results.json"))
    try:
        known = all(report.load(path) for path in proofs) and bool(proofs)
    except ToolError:
        known = False
    if there and not known:
        raise ToolError(f"--output {folder}: {there[0]} is there, and not from a measurement")


def show_several(all_results, what, folder):
    """Strategies or paths side by side, each with its results in a folder of its own; 1 if something gave no figure."""
    for results in all_results:
        write(results, folder / results["settings"][what])
        show_failures(results)
    text = report.side_by_side(all_results, what)
    (folder / SEVERAL[what]).write_text(text, encoding="utf-8")
    print(text)
    say(f"results are in {folder}/{SEVERAL[what]}, and for each {what} in a folder")
    return 1 if any(results["failures"] for results in all_results) else 0


def main(arguments):
    options = parse(arguments)
    if options.write_baseline and (options.quick or options.only):
        raise ToolError("only a complete measurement can become the baseline")
    if options.compare:
        return compare(*(report.load(path) for path in options.compare))
    chosen = choose(options)
    begin = time.monotonic()
    folder = pathlib.Path(options.output) if options.output else umbra_bench_guest.bench_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ToolError(f"--output {folder}: {error.strerror}") from error
    check_output(folder)
    program = prepare(options)
    with scratch_in(folder) as scratch:
        if options.explain:
            print(explain(options, options.explain, program, scratch))
            return 0
        try:
            all_results = measure(options, chosen, program, scratch)
        finally:
            keep_consoles(scratch, folder)
    for what in several(options):
        return show_several(all_results, what, folder)
    results = all_results[0]
    write(results, folder)
    print(report.table(results))
    print(report.edits_text(results))
    show_failures(results)
    say(f"{time.monotonic() - begin:.0f} s; results are in {folder}/results.json, .md and .svg")
    status = 1 if results["failures"] else 0
    if options.write_baseline:
        write_baseline(results)
        explain_document(options, program, folder)
    if options.baseline:
        status |= compare(report.load(BASELINE), results, not options.quick and not options.only, True)
    return status


if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
    tool_main("bench", main)
