# SPDX-License-Identifier: GPL-2.0-or-later
"""The measurement itself: reading of figures, bad input, comparison, and that two runs give the same digits."""

import concurrent.futures
import copy
import json
import pathlib
import subprocess
import sys
import time
import types

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tools/lib"))
import umbra_bench  # noqa: E402
import umbra_bench_guests  # noqa: E402
import umbra_bench_report as report  # noqa: E402
import umbra_bench_run  # noqa: E402
from umbra_bench_list import BENCHMARKS, BY_NAME, Benchmark  # noqa: E402
from umbra_bench_machine import Hang, PINNED  # noqa: E402
from umbra_bench_run import Outcome, Stretch  # noqa: E402
from umbra_common import ToolError  # noqa: E402

SETTINGS = {"path": "trap", "strategy": "flush"}
AGAIN = "page_fault"  # the last benchmark that is measured twice
# One worker has them; what else needs a machine is done by another one meanwhile.
WITH_MEASUREMENTS = pytest.mark.xdist_group("measurements")
CAUSES = ["IRQ", "SVC", "CP15_DACR"]


# Events of each of CAUSES, then slow exits of each, those that were counted, and their instructions.
COUNTERS = (0, 100, 200, 0, 0, 0, 25, 25, 5000, 0, 0, 0)


def outcome(text, counters=COUNTERS, instructions=10000, **rest):
    stretch = Stretch(instructions, instructions, counters)
    return Outcome(output=text, whole=stretch, loop=stretch, **rest)


def null_results(native="Simple syscall: 0.1000 microseconds", umbra="Simple syscall: 0.4000 microseconds", **rest):
    return report.merge(["null"], {"null": outcome(native, counters=())}, {"null": outcome(umbra, **rest)}, CAUSES, SETTINGS)


def test_names_are_unique_and_quick_is_a_part():
    assert len(BY_NAME) == len(BENCHMARKS)
    assert 5 < sum(item.quick for item in BENCHMARKS) < len(BENCHMARKS)


@pytest.mark.parametrize("name, text, value", [
    ("null", "Simple syscall: 0.1316 microseconds", 131.6),
    ("open", "Simple open/close: 6.4650 microseconds", 6465),
    ("sh", "Process fork+/bin/sh -c: 1863.9231 microseconds", 1863923.1),
    ("ctx_2p_0k", '"size=0k ovr=2.56\n2 3.52', 3520),
    ("ctx_16p_64k", '"size=64k ovr=35.96\n16 4.37', 4370),
    ("mem_rd", '"stride=128\n0.75000 1.500\n1.00000 1.032', 1.032),
    ("bw_pipe", "Pipe bandwidth: 1182.54 MB/sec", 1182.54),
    ("mmap", "4.194304 86", 86000),
    ("dhrystone", "dhrystone: 100000 runs in 24444580 ns, 244.446 ns each", 244.446)])
def test_figures_are_read(name, text, value):
    assert BY_NAME[name].read(text) == pytest.approx(value)


@pytest.mark.parametrize("item", [item for item in BENCHMARKS if not item.boot], ids=lambda item: item.name)
def test_nonsense_is_no_figure(item):
    for text in ("", "Segmentation fault", "usage: it [-P <parallelism>]"):
        assert item.read(text) is None


def test_row():
    results = null_results()
    row, = results["benchmarks"]
    assert row["ratio"] == 4 and not results["failures"]
    # 25 operations of 400 ns in 10000 ns
    assert row["exits"] == {"SVC": 4, "CP15_DACR": 8} and row["exits_total"] == 12
    assert row["slow"] == {"SVC": {"exits": 1, "instructions": 200}} and row["exits_slow"] == 1 and row["instructions_slow"] == 200
    assert row["estimate_silicon"] > row["ratio"]
    assert row["overhead_slow"] == pytest.approx(200 / 300, abs=0.001)
    assert "| null call |" in report.markdown(results) and "null call" in report.chart(results)
    assert "SVC 1.00 x 200" in report.markdown(results) and "(1.00 slow of 200 instr.)" in report.table(results)


def test_bandwidth_ratio_is_a_slowdown():
    sides = {"bw_pipe": outcome("Pipe bandwidth: 200.00 MB/sec")}, {"bw_pipe": outcome("Pipe bandwidth: 100.00 MB/sec")}
    assert report.merge(["bw_pipe"], *sides, CAUSES, SETTINGS)["benchmarks"][0]["ratio"] == 2


def test_failures_are_named():
    native = {"null": outcome("Simple syscall: 0.1 microseconds"), "read": Outcome(error="printed nothing", tail="the tail")}
    results = report.merge(["null", "read"], native, {"null": native["null"]}, CAUSES, SETTINGS)
    assert [row["name"] for row in results["benchmarks"]] == ["null"]
    assert {(item["name"], item["side"], item["error"], item["console"]) for item in results["failures"]} == \
        {("read", "native", "printed nothing", "the tail"), ("read", "umbra", "was not run", "")}


PAIR = types.SimpleNamespace(time=lambda *steps: {1: 16 << 20, 2: 17 << 20}[len(steps)], switches=[1000, 1400])


def guests_results(**figures):
    rows = [{"name": row.name, "title": row.title, "unit": row.unit, "figure": figures.get(row.name, row.make(PAIR)), "limit": row.limit}
            for row in umbra_bench_guests.ROWS]
    return {**null_results(), "guests": rows}


def test_guests_rows():
    figures = {row["name"]: row["figure"] for row in guests_results()["guests"]}
    assert figures["guest_switch"] == 1200 and figures["net_in"] == 1000 and figures["two_busy"] == pytest.approx(200 * 16 / 17)
    assert not set(figures) & set(BY_NAME)
    for text in (report.markdown(guests_results()), report.table(guests_results())):
        assert "virtio disk, read 16 MiB" in text and "3000" in text
    assert "two guests" not in report.table(null_results()) + report.markdown(null_results())


@pytest.mark.parametrize("figures, worse, better", [
    ({}, [], []), ({"net_in": 960}, ["net_in"], []), ({"net_in": 1100}, [], ["net_in"]), ({"guest_switch": 1300}, ["guest_switch"], []),
    ({"guest_switch": 1100}, [], ["guest_switch"])])
def test_compare_guests(figures, worse, better):
    """More is better of what is done, less of what a switch costs; a part of a measurement misses none of them, a complete one does."""
    assert report.compare(guests_results(), guests_results(**figures))[1:] == (worse, better)
    assert report.compare(guests_results(), null_results())[1:] == ([], [])
    assert report.compare(guests_results(), null_results(), complete=True)[1] == list(umbra_bench_guests.BY_NAME)
    assert any("is new" in line for line in report.compare(null_results(), guests_results())[0])
    late = guests_results(guest_switch=3001)
    assert report.compare(late, late)[1] == ["guest_switch"] and "missed" in report.table(late)


def test_compare_same():
    assert report.compare(null_results(), null_results()) == (["nothing changed"], [], [])


@pytest.mark.parametrize("umbra, worse, better", [("0.4100", [], []), ("0.4130", ["null"], []), ("0.3900", [], []), ("0.2000", [], ["null"])])
def test_compare_finds_more_than_three_percent(umbra, worse, better):
    lines, *found = report.compare(null_results(), null_results(umbra=f"Simple syscall: {umbra} microseconds"))
    assert found == [worse, better] and "null" in lines[0]


def test_compare_finds_a_native_change():
    lines, *found = report.compare(null_results(), null_results(native="Simple syscall: 0.1100 microseconds"))
    assert found == [["null"], []] and "native" in lines[0]


def test_compare_names_settings():
    other = dict(null_results(), settings={"path": "trap", "strategy": "sync"})
    assert report.compare(null_results(), other)[0] == ["setting strategy: flush -> sync"]


def test_compare_as_a_user(tmp_path):
    paths = [tmp_path / name for name in ("a.json", "b.json")]
    for path, figure in zip(paths, ("0.4000", "0.5000")):
        path.write_text(report.stable_text(null_results(umbra=f"Simple syscall: {figure} microseconds")))
    worse, better = bench("--compare", *paths), bench("--compare", *reversed(paths))
    assert worse.returncode == 1 and "REGRESSION" in worse.stdout and "worse by more than 3 % or without a figure: null" in worse.stdout
    assert better.returncode == 0 and "better by more than 3 %: null" in better.stdout


def test_compare_misses_what_is_gone():
    empty = copy.deepcopy(null_results())
    empty["benchmarks"] = []
    assert report.compare(null_results(), empty, complete=True)[1] == ["null"]
    assert report.compare(null_results(), empty) == (["nothing changed"], [], [])
    empty["failures"] = [{"name": "null", "side": "umbra", "error": "printed nothing", "console": ""}]
    assert report.compare(null_results(), empty)[1] == ["null"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": "umbra-bench/0"}', '{"schema": "umbra-bench/1"}',
                                  '{"schema": "umbra-bench/1", "settings": {}, "benchmarks": [{"name": "null", "unit": "ns"}]}',
                                  '{"schema": "umbra-bench/1", "settings": {}, "benchmarks": [3]}'])
def test_load_refuses(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(ToolError, match="a.json"):
        report.load(tmp_path / "a.json")


def test_strategies_stand_side_by_side():
    both = []
    for name, figure in (("flush", "0.4000"), ("sync", "0.8000")):
        results = null_results(umbra=f"Simple syscall: {figure} microseconds")
        results["settings"] = {"strategy": name}
        results["benchmarks"][0]["exits"] = {"SHADOW_FILL": 0.25, "TABLE": 2.0} if name == "sync" else {}
        results["benchmarks"][0]["shadow"] = {"checks": 3.0, "drops_mva": 0.001} if name == "sync" else {}
        both.append(results)
    head, _, row = report.side_by_side(both).splitlines()
    assert head.split("|")[3:5] == [" `flush` ", " `sync` "]
    assert [cell.strip() for cell in row.split("|")[3:5]] == ["4.00", "8.00 (0.25 fills, 2.00 stores, 3.00 tables compared)"]
    both[1]["bare"] = [{**both[1]["benchmarks"][0], "name": "noasid_switch"}]
    both[0]["bare"] = [{**both[0]["benchmarks"][0], "name": "noasid_switch", "title": "all invalidated"}]
    assert "| all invalidated |" in report.side_by_side(both).splitlines()[-1]
    both[1]["benchmarks"] = []
    assert "no figure" in report.side_by_side(both)


def test_paths_stand_side_by_side():
    both = [{**null_results(umbra=f"Simple syscall: {figure} microseconds"), "settings": {"path": name}} for name, figure in (("inline", "0.2000"), ("trap", "0.4000"))]
    head, _, row = report.side_by_side(both, "path").splitlines()
    assert head.split("|")[3:5] == [" `inline` ", " `trap` "]
    cells = [cell.strip() for cell in row.split("|")[3:5]]
    assert cells[0].startswith("200.0, 2.00, silicon ") and cells[1].startswith("400.0, 4.00, silicon ") and "CP15_DACR" in cells[0]


def test_counters_of_the_shadow():
    """Behind those of exits, per operation."""
    counters = (*COUNTERS, *range(100, 100 + 100 * len(umbra_bench_run.SHADOW_COUNTERS), 100))
    row = report.merge(["null"], {"null": outcome("Simple syscall: 0.1000 microseconds", counters=())},
                       {"null": outcome("Simple syscall: 0.4000 microseconds", counters=counters)}, CAUSES, SETTINGS)["benchmarks"][0]
    assert row["shadow"] == {name: 4 * (number + 1) for number, name in enumerate(umbra_bench_run.SHADOW_COUNTERS)}
    assert row["slow"] == null_results()["benchmarks"][0]["slow"]


def test_baseline_is_readable():
    baseline = report.load(TOP / "tests/bench/baseline.json")
    assert {row["name"] for row in baseline["benchmarks"]} >= {item.name for item in BENCHMARKS if item.quick}
    assert not baseline["failures"]


class FakeMachine:
    """A machine whose console is given; it hangs when its stops are used up."""

    def __init__(self, console, stops, path):
        self.console, self.stops, self.time = path, list(stops), 0
        path.write_text(console)

    def stop_at(self, address, wanted=True):
        pass

    def step_over(self, address):
        pass

    def tail(self, lines=25):
        return "the tail"

    def snapshot(self):
        self.time += 100
        return self.time, self.time, ()

    def run(self, seconds):
        if not self.stops:
            raise Hang("did not come to the next point of measurement in time")
        return [self.stops.pop(0), 0xC0100000] + [0] * 13 + [MARK]


MARK = 0x0B000058
ITEMS = {1: BY_NAME["null"], 2: BY_NAME["read"]}


def run_fake(console, stops, tmp_path, until=None):
    side = types.SimpleNamespace(guest=types.SimpleNamespace(mark=MARK), note_tree=lambda machine: None)
    machine = FakeMachine(console, stops, tmp_path / "console")
    return umbra_bench_run.Run(side, machine, ITEMS, lambda item: None, until).all()


GOOD = "@begin 1\nSimple syscall: 0.1 microseconds\n\n@end 1 0\n@begin 2\n{}\n@end 2 {}\n@done\n"


@pytest.mark.parametrize("text, status, error", [("Simple read: 0.2 microseconds\n", 0, ""), ("", 0, "printed nothing"), ("oops", 1, "status 1"),
                                                 ("oops", 0, "printed no figure"), ("", 137, "did not end")])
def test_ends_of_a_benchmark(text, status, error, tmp_path):
    outcomes, stuck = run_fake(GOOD.format(text, status), [2, 4, 5, 8, 9, 3], tmp_path)
    assert stuck is None and not outcomes["null"].error
    assert (error in outcomes["read"].error) if error else outcomes["read"].error == ""


def test_a_part_of_a_run(tmp_path):
    """It ends where the next benchmark would begin: by then what the last one printed is there."""
    outcomes, stuck = run_fake(GOOD.split("@begin 2")[0], [2, 4, 5, 8], tmp_path, until="null")
    assert stuck is None and list(outcomes) == ["null"] and not outcomes["null"].error


def test_missing_program(tmp_path):
    outcomes, _ = run_fake("@begin 1\nSimple syscall: 0.1 microseconds\n\n@end 1 0\n@missing 2 /bench/x\n@done\n", [2, 4, 5, 3], tmp_path)
    assert outcomes["read"].error == "/bench/x is missing in the guest" and not outcomes["null"].error


def test_hang_names_the_benchmark(tmp_path):
    outcomes, stuck = run_fake("@begin 1\n", [2, 4], tmp_path)
    assert stuck == 1 and "did not come" in outcomes["null"].error and outcomes["null"].tail == "the tail"
    outcomes, stuck = run_fake(GOOD.split("@begin 2")[0], [2, 4, 5, 8], tmp_path)
    assert stuck == 2 and not outcomes["null"].error and outcomes["read"].error


def test_hang_of_the_boot(tmp_path):
    outcomes, stuck = run_fake("", [], tmp_path)
    assert stuck == 2 and all("the guest" in item.error for item in outcomes.values())


def bench(*arguments):
    return subprocess.run([TOP / "tools/bench", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


def machines_in(folder):
    return subprocess.run(["pgrep", "-f", f"path={folder}/run-"], capture_output=True, text=True, check=False).stdout.split()


def test_ended_from_outside(tmp_path):
    """A time-out leaves neither a machine nor a file behind."""
    with subprocess.Popen([TOP / "tools/bench", "--only", "null", "--output", tmp_path], stdout=subprocess.PIPE, text=True) as process:
        assert "null call" in process.stdout.readline()
        assert len(machines_in(tmp_path)) == 2
        process.terminate()
        assert process.wait(20) == 143
    for _ in range(50):
        if not machines_in(tmp_path):
            break
        time.sleep(0.1)
    assert not machines_in(tmp_path) and not list(tmp_path.glob("run-*"))


@pytest.mark.parametrize("arguments, message", [
    (["--only", "nosuch"], "no benchmark 'nosuch'; there are: boot null"),
    (["--explain", "nosuch"], "no benchmark 'nosuch'; there are: boot null"),
    (["--explain", "boot"], "the boot has no loop"),
    (["--only", "null", "--layout", "nosuch"], "no layout 'nosuch'; there are: bare-duo, bare-metal, linux"),
    (["--only", "null", "--layout", TOP / "README.md"], "README.md is no compiled layout"),
    (["--only", "null", "--layout", "linux-atags"], "no device tree"),
    (["--only", "null", "--layout", "bare-metal"], "no device tree"),
    (["--only", "null", "--path", "nosuch"], "no CPU path 'nosuch'; there are: inline interp trap"),
    (["--only", "null", "--strategy", "nosuch"], "no shadow strategy 'nosuch'; there are: flush oos sync"),
    (["--strategy", "all", "--baseline"], "--strategy all only shows"),
    (["--path", "all", "--write-baseline"], "--path all only shows"),
    (["--path", "all", "--strategy", "all"], "one of them at a time"),
    (["--quick", "--until", "bw_pipe"], "--until: one of those of --quick, with it: boot null"),
    (["--until", "null"], "--until: one of those of --quick"),
    (["--quick", "--write-baseline"], "only a complete measurement"),
    (["--compare", TOP / "README.md", TOP / "README.md"], "README.md: is no result of tools/bench: not JSON"),
    (["--compare", "/nonexistent/a.json", "b.json"], "/nonexistent/a.json: "),
    (["--only", "null", "--output", TOP / "README.md"], "README.md: File exists")],
    ids=lambda value: " ".join(str(word) for word in value).replace("/", "_") if isinstance(value, list) else "")
def test_bad_input(arguments, message):
    """One message that names what is wrong, and status 1; nothing is measured."""
    done = bench(*arguments)
    assert done.returncode == 1 and message in done.stdout, done.stdout
    assert done.stdout.startswith("bench: ") and "Traceback" not in done.stdout


@pytest.mark.parametrize("name", ["results.json", "results.md", "strategies.md", "paths.md"])
def test_results_of_somebody_else_stay(tmp_path, name):
    (tmp_path / name).write_text("somebody's")
    done = bench("--only", "null", "--output", tmp_path)
    assert done.returncode == 1 and f"{name} is there, and not from a measurement" in done.stdout, done.stdout
    assert (tmp_path / name).read_text() == "somebody's"


def test_failures_are_shown_and_fail(tmp_path, monkeypatch, capsys):
    """What a user sees of a benchmark that failed, and the exit status."""
    good = {"null": outcome("Simple syscall: 0.1000 microseconds"), "dhrystone": outcome("dhrystone: 1 runs in 244 ns, 244.0 ns each")}
    bad = {**good, "read": Outcome(error="printed nothing", tail="line one\nline two")}
    results = report.merge(["null", "read", "dhrystone"], good, bad, CAUSES, SETTINGS)
    monkeypatch.setattr(umbra_bench, "prepare", lambda options: None)
    monkeypatch.setattr(umbra_bench, "measure", lambda options, chosen, program, out: [results])
    assert umbra_bench.main(["--quick", "--output", str(tmp_path)]) == 1
    text = capsys.readouterr().out
    assert "FAILED read (umbra): printed nothing\n    line one\n    line two\n" in text and "FAILED read (native): was not run" in text
    assert "null call" in text and "Dhrystone 2.1:" in text
    assert [item["name"] for item in report.load(tmp_path / "results.json")["failures"]] == ["read", "read"]


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """
    Two quick measurements on the real machine, at the same time, the second one up to AGAIN: [(exit status, what was printed, results.json)].
    """
    def measure(number, *arguments):
        folder = tmp_path_factory.mktemp(f"quick{number}")
        done = bench("--quick", "--output", folder, *arguments)
        return done.returncode, done.stdout, (folder / "results.json").read_text() if (folder / "results.json").exists() else ""

    with concurrent.futures.ThreadPoolExecutor() as pool:
        return [run.result() for run in (pool.submit(measure, 0, "--baseline"), pool.submit(measure, 1, "--no-build", "--until", AGAIN))]


@WITH_MEASUREMENTS
def test_two_runs_are_identical(quick):
    """Boot, system calls, signals and faults, each digit of them. The others take two thirds of the time, and the baseline is beside them."""
    assert quick[1][0] == 0, quick[1][1]
    whole, again = (json.loads(text) for _, _, text in quick)
    names = [row["name"] for row in again["benchmarks"]]
    assert len(names) > 5 and names[-1] == AGAIN
    assert again["benchmarks"] == [row for row in whole["benchmarks"] if row["name"] in names]
    assert again["settings"] == whole["settings"] and again["failures"] == whole["failures"] == []


@WITH_MEASUREMENTS
def test_quick_against_the_baseline(quick):
    """What CI looks at: no figure is more than 3 % worse than the baseline."""
    print(quick[0][1])
    assert quick[0][0] == 0, quick[0][1]


@WITH_MEASUREMENTS
def test_exits_add_up(quick):
    results = json.loads(quick[0][2])
    assert "shift=0" in PINNED and "norandmaps" in results["settings"]["bootargs"]
    assert any("bootargs" in line for side in ("native", "umbra") for line in results["settings"]["device_tree"][side])
    rows = {row["name"]: row for row in results["benchmarks"]}
    assert set(rows) == {item.name for item in BENCHMARKS if item.quick}
    assert rows["null"]["exits"]["SVC"] == pytest.approx(1, rel=0.02)
    assert rows["prot_fault"]["exits"]["DABT"] == 1
    for row in rows.values():
        assert row["exits"].get("OTHER", 0) <= 0.01 * row["exits_total"], row


def test_missing_binary_on_the_machine(tmp_path):
    """Programs that are not there, fail, print nothing, do not end or take the guest with them are named; the others still run."""
    import umbra_bench_guest
    import umbra_card
    import umbra_machine
    bad = {0: BY_NAME["null"], 1: Benchmark("gone", "gone", "/bench/gone", r"(\d)", needs=("/bench/gone",)),
           2: Benchmark("bad", "bad", "false", r"(\d)"), 3: Benchmark("silent", "silent", "true", r"(\d)"),
           4: Benchmark("endless", "endless", "sleep 1000", r"(\d)", seconds=3),
           5: Benchmark("unprepared", "unprepared", "true", r"(\d)", prepare="echo not today; false"),
           6: Benchmark("deadly", "deadly", "echo c >/proc/sysrq-trigger", r"(\d)"), 7: BY_NAME["dhrystone"]}
    guest = umbra_bench_guest.GuestFiles(tmp_path / "guest", tmp_path)
    side = umbra_bench_run.Side("native", guest, umbra_machine.build_machine(), umbra_card.layout_path("linux"), tmp_path)
    done = side.run(bad, umbra_bench_run.make_card(tmp_path), lambda item: None)
    assert not done["null"].error and not done["dhrystone"].error
    assert "/bench/gone is missing" in done["gone"].error and "status 1" in done["bad"].error
    assert done["silent"].error == "printed nothing" and "did not end within 3 s" in done["endless"].error
    assert done["unprepared"].error == "its preparation failed" and "not today" in done["unprepared"].tail
    assert "gave up" in done["deadly"].error and "sysrq triggered crash" in done["deadly"].tail


