# SPDX-License-Identifier: GPL-2.0-or-later
"""Results of the benchmarks: figures from outcomes, the table, the chart, the comparison. docs/performance.md describes the schema."""

import html
import json
import re

from umbra_bench_list import BY_NAME
from umbra_common import ToolError

SCHEMA = "umbra-bench/1"
REGRESSION = 1.03
# Estimate for silicon: cycles of a Cortex-A8 beside one per instruction. docs/performance.md says where each comes from.
SILICON = {
    "exception": 25,     # entry and return of one exit: pipeline refilled twice
    "cp15_write": 20,    # DACR, TTBR0, CONTEXTIDR or TLB operation with its barrier
    "tlb_refill": 30,    # one walk, tables in the L2 cache
    "slow_exit": 200,    # I- and D-cache lines of Umbra and of the guest that a slow exit has to bring back
}
# CP15 writes and TLB refills that one exit of a cause entails, beyond entry and return.
WRITES = {"SVC": 1, "SITE_CPS": 1, "SITE_RET": 1, "CP15_DACR": 1, "CP15_CTX": 3, "CP15_TLB": 2, "CP15_CACHE": 1, "DABT": 1, "PABT": 1,
          "IRQ": 3, "SHADOW_FILL": 3, "CODE_WRITE": 3, "SCAN": 3, "DOMAIN": 3}
REFILLS = {"CP15_CTX": 4, "CP15_TLB": 1, "IRQ": 4, "SHADOW_FILL": 3, "CODE_WRITE": 3, "SCAN": 4, "DOMAIN": 4}
SLOW = {"IRQ", "CP15_CTX", "CP15_TLB", "DABT", "PABT", "UNDEF", "SHADOW_FILL", "CODE_WRITE", "SCAN", "DOMAIN", "MMIO", "WINDOW",
        "SITE_WFI", "SMC", "OTHER", "VFP_SYS"}


def figure(item, outcome):
    """(number, unit, instructions of one operation or None) of an outcome without error."""
    if item.kind == "run":
        return outcome.whole.instructions / 1e6, "Minstr", None
    if item.kind == "time":
        return outcome.whole.time / 1e6, "ms", None
    value = item.read(outcome.output)
    if item.kind == "bandwidth":
        return value, "MB/s", 1e9 / value
    return value, "ns", value


def exits_per_operation(item, outcome, causes):
    """
    ({cause: events}, {cause: [slow exits, their instructions]}, {counter of the shadow: number}, the figure's part of the loop's time) of one
    operation: for a whole run all of its exits, otherwise by its share of the loop.
    """
    stretch, operations, part = outcome.whole, 1, 1
    if item.kind not in ("run", "time"):
        stretch = outcome.loop or outcome.whole
        time = figure(item, outcome)[2]
        operations = stretch.time / (time if item.kind == "bandwidth" else item.loop_time(outcome.output))
        operations = stretch.events(causes).get(item.per) or operations
        part = min(time * operations / stretch.time, 1)
    return ({cause: number / operations for cause, number in stretch.events(causes).items()},
            {cause: [number / operations, spent / operations] for cause, (number, spent) in stretch.slow(causes).items()},
            {name: number / operations for name, number in stretch.shadow(causes).items()}, part)


def slowdown(item, native, virtual):
    return native / virtual if item.kind == "bandwidth" else virtual / native


def silicon_cycles(exits):
    """Cycles that the exits cost on silicon beyond their instructions: an estimate."""
    total = 0
    for cause, number in exits.items():
        cost = SILICON["exception"] + WRITES.get(cause, 0) * SILICON["cp15_write"] + REFILLS.get(cause, 0) * SILICON["tlb_refill"]
        total += number * (cost + (SILICON["slow_exit"] if cause in SLOW else 0))
    return total


def estimate(item, native, virtual, exits, part):
    """
    The ratio that silicon might show: one cycle per instruction on both sides, and the exits' own costs. `part` of them is the
    figure's, where the program subtracts something from what its loop takes.
    """
    if item.kind in ("run", "time"):
        base, with_exits = native[0] * 1e6, virtual[0] * 1e6
    else:
        base, with_exits = native[2], virtual[2]
    return (with_exits + part * silicon_cycles(exits)) / base


def overhead_slow(item, figures, spent):
    """The part of the overhead that Umbra's C code takes in slow exits; None where there is next to no overhead, or it is idle time."""
    native, virtual = ((1e6 * value[0] if item.kind == "run" else value[2]) for value in (figures["native"], figures["umbra"]))
    return round(spent / (virtual - native), 3) if item.kind != "time" and virtual > 1.01 * native else None


def merge(names, native, umbra, causes, settings):
    """The results as they are written to results.json."""
    rows, failures = [], []
    for name in names:
        item = BY_NAME[name]
        sides = {"native": native.get(name), "umbra": umbra.get(name)}
        for side, outcome in sides.items():
            if outcome is None or outcome.error:
                failures.append({"name": name, "side": side, "error": outcome.error if outcome else "was not run",
                                 "console": outcome.tail if outcome else ""})
        if any(outcome is None or outcome.error for outcome in sides.values()):
            continue
        figures = {side: figure(item, outcome) for side, outcome in sides.items()}
        exits, slow, shadow, part = exits_per_operation(item, sides["umbra"], causes)
        row = {"name": name, "title": item.title, "kind": item.kind, "unit": figures["native"][1],
               "native": round(figures["native"][0], 3), "umbra": round(figures["umbra"][0], 3),
               "ratio": round(slowdown(item, figures["native"][0], figures["umbra"][0]), 4),
               "estimate_silicon": round(estimate(item, figures["native"], figures["umbra"], exits, part), 2),
               "exits": {cause: round(number, 3) for cause, number in exits.items() if round(number, 3)}}
        row["exits_total"] = round(sum(exits.values()), 3)
        row["slow"] = {cause: {"exits": round(number, 6), "instructions": round(spent, 3)} for cause, (number, spent) in slow.items()}
        row["exits_slow"] = round(sum(number for number, _ in slow.values()), 6)
        row["shadow"] = {counter: round(number, 3) for counter, number in shadow.items() if round(number, 3)}
        row["instructions_slow"] = round(sum(spent for _, spent in slow.values()), 3)
        row["overhead_slow"] = overhead_slow(item, figures, row["instructions_slow"] * part)
        if name == "dhrystone":
            row["per_second"] = {side: round(1e9 / value[0]) for side, value in figures.items()}
            row["dmips_per_mhz"] = {side: round(1e9 / value[0] / 1757 / 1000, 3) for side, value in figures.items()}
        row["instructions"] = {side: outcome.whole.instructions for side, outcome in sides.items()}
        rows.append(row)
    return {"schema": SCHEMA, "settings": settings, "benchmarks": rows, "failures": failures}


def number_text(value):
    return f"{value:.0f}" if value >= 1000 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def exits_text(row, most=6):
    """The largest causes of a row; small change is summed up."""
    items = sorted(row["exits"].items(), key=lambda pair: -pair[1])
    shown = [f"{cause} {number_text(number)}" for cause, number in items[:most]]
    rest = sum(number for _, number in items[most:])
    mean = f" of {row['instructions_slow'] / row['exits_slow']:.0f} instr." if row["exits_slow"] else ""
    return (f"{number_text(row['exits_total'])} ({number_text(row['exits_slow'])} slow{mean}): {', '.join(shown)}" +
            (f", rest {number_text(rest)}" if rest else ""))


def aim_text(row):
    """The aim, with a mark if it was missed."""
    aim = BY_NAME[row["name"]].aim if row["name"] in BY_NAME else 0
    return f"{aim:g}{' missed' if row['ratio'] > aim else ''}" if aim else ""


def slow_text(row, most=4):
    """The causes on whose slow exits most instructions were spent: exits, and instructions each."""
    items = [item for item in sorted(row["slow"].items(), key=lambda pair: -pair[1]["instructions"]) if item[1]["exits"] >= 0.005][:most]
    return ", ".join(f"{cause} {number_text(cost['exits'])} x {cost['instructions'] / cost['exits']:.0f}" for cause, cost in items)


def slow_table(results):
    """What slow exits cost, as Umbra counted it."""
    lines = ["| benchmark | slow exits per operation | their instructions | part of the overhead | most of them: exits x instructions each |",
             "|---|--:|--:|--:|---|"]
    for row in results["benchmarks"]:
        part = f"{100 * row['overhead_slow']:.0f} %" if row["overhead_slow"] is not None else ""
        lines.append(f"| {row['title']} | {number_text(row['exits_slow'])} | {number_text(row['instructions_slow'])} | {part} | {slow_text(row)} |")
    return lines


def dhrystone_lines(results):
    return [f"Dhrystone 2.1: {row['per_second']['native']} per second and {row['dmips_per_mhz']['native']} DMIPS/MHz natively, "
            f"{row['per_second']['umbra']} and {row['dmips_per_mhz']['umbra']} under Umbra, ratio {row['ratio']:.3f} (at one instruction a nanosecond)."
            for row in results["benchmarks"] if "per_second" in row]


def main_table(results):
    lines = ["| benchmark | unit | native | Umbra | ratio | aim | silicon (estimate) | exits per operation |", "|---|---|--:|--:|--:|--:|--:|---|"]
    for row in results["benchmarks"]:
        lines.append(f"| {row['title']} | {row['unit']} | {number_text(row['native'])} | {number_text(row['umbra'])} | "
                     f"{row['ratio']:.2f} | {aim_text(row)} | {row['estimate_silicon']:.1f} | {exits_text(row)} |")
    return lines


def guests_table(results):
    """What two guests get done; nothing if that was not measured."""
    if not results.get("guests"):
        return []
    lines = ["| two guests | unit | figure | at most |", "|---|---|--:|--:|"]
    for row in results["guests"]:
        limit = f"{row['limit']:g}{' missed' if row['figure'] > row['limit'] else ''}" if row["limit"] else ""
        lines.append(f"| {row['title']} | {row['unit']} | {number_text(row['figure'])} | {limit} |")
    return [*lines, ""]


# Exits and counters that a shadow strategy is about, and their short names.
STRATEGY_COUNTS = {"SHADOW_FILL": "fills", "TABLE": "stores", "CP15_TLB": "operations", "DABT": "aborts", "drops_mva": "pages named",
                   "drops_asid": "ASIDs", "drops_all": "all", "checks": "tables compared", "checked_away": "entries changed", "resyncs": "resyncs",
                   "let_go": "let go"}


def strategy_counts(counts):
    """Of one operation, in words: what was counted often enough to be seen."""
    return ", ".join(f"{number_text(counts[key])} {word}" for key, word in STRATEGY_COUNTS.items() if counts.get(key, 0) >= 0.005)


def strategy_cell(row):
    counts = strategy_counts({**row["exits"], **row.get("shadow", {})})
    return f"{row['ratio']:.2f}" + (f" ({counts})" if counts else "")


def path_cell(row):
    return f"{number_text(row['umbra'])}, {row['ratio']:.2f}, silicon {row['estimate_silicon']:.1f}: {exits_text(row)}"


CELLS = {"strategy": strategy_cell, "path": path_cell}


def side_by_side(all_results, what="strategy"):
    """Markdown: a row a benchmark, for each strategy or path the ratio to native and what its exits were, per operation."""
    names = [results["settings"][what] for results in all_results]
    lines = ["| benchmark | native | " + " | ".join(f"`{name}`" for name in names) + " |", "|---|--:|" + "---|" * len(names)]
    rows = [{row["name"]: row for row in results["benchmarks"] + results.get("bare", [])} for results in all_results]
    for name, first in rows[0].items():
        cells = []
        for each in rows:
            cells.append(CELLS[what](each[name]) if name in each else "no figure")
        lines.append(f"| {first['title']} | {number_text(first['native'])} {first['unit']} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def markdown(results):
    """The whole report."""
    edits = edits_text(results)
    return "\n".join([*main_table(results), "", *dhrystone_lines(results), "", *slow_table(results), "", *guests_table(results), *(["```", edits, "```"] if edits else [])]) + "\n"


def table(results):
    """The table with columns that line up, for a terminal."""
    return "\n".join([*lined_up(main_table(results)), *dhrystone_lines(results), *lined_up(guests_table(results))])


def lined_up(markdown_lines, most=7):
    """The lines of a table, if it has any rows: names to the left, figures to the right, long text behind."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in markdown_lines if line]
    if len(rows) < 3:
        return []
    del rows[1]
    widths = [max(len(row[column]) for row in rows) for column in range(min(len(rows[0]), most))]
    return ["  ".join([row[0].ljust(widths[0]), row[1].ljust(widths[1]), *(row[i].rjust(widths[i]) for i in range(2, len(widths))), *row[most:]])
            for row in rows]


def edits_text(results):
    """What became of the guest's device tree on each side."""
    lines = []
    for side, edits in results["settings"].get("device_tree", {}).items():
        lines += [f"Device tree, {side}: {len(edits or [])} properties differ from the package's file", *(f"    {line}" for line in edits or [])]
    return "\n".join(lines)


def chart(results):
    """A bar a benchmark: the ratio, on a logarithmic scale from 1."""
    import math
    rows = results["benchmarks"]
    left, width, height, top = 210, 560, 20, 56
    most = max([row["ratio"] for row in rows] + [2])
    ticks = [tick for tick in (1, 1.5, 2, 3, 5, 7, 10, 15, 20, 30, 50, 100, 200, 500) if tick <= most * 1.25]
    scale = width / math.log(max(most * 1.1, ticks[-1]))
    bottom = top + height * len(rows)

    def at(ratio):
        return left + max(0, math.log(max(ratio, 1)) * scale)

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 70}" height="{bottom + 44}" '
           'font-family="DejaVu Sans, Verdana, sans-serif" font-size="12">',
           '<rect width="100%" height="100%" fill="#ffffff"/>',
           f'<text x="{left}" y="22" font-size="15" font-weight="bold" fill="#222222">Umbra: instructions relative to native</text>',
           f'<text x="{left}" y="40" fill="#666666">path {html.escape(results["settings"]["path"])}, strategy '
           f'{html.escape(results["settings"]["strategy"])}; 1 = native, shorter is better, logarithmic; mark = aim</text>']
    for tick in ticks:
        out.append(f'<line x1="{at(tick):.1f}" y1="{top}" x2="{at(tick):.1f}" y2="{bottom + 4}" stroke="#dddddd"/>')
        out.append(f'<text x="{at(tick):.1f}" y="{bottom + 20}" text-anchor="middle" fill="#666666">{tick:g}</text>')
    for number, row in enumerate(rows):
        y = top + number * height
        out.append(f'<text x="{left - 8}" y="{y + 14}" text-anchor="end" fill="#222222">{html.escape(row["title"])}</text>')
        out.append(f'<rect x="{left}" y="{y + 3}" width="{max(at(row["ratio"]) - left, 1):.1f}" height="{height - 6}" fill="#3b6ea8"/>')
        aim = BY_NAME[row["name"]].aim if row["name"] in BY_NAME else 0
        if aim:
            out.append(f'<rect x="{at(aim) - 1:.1f}" y="{y + 1}" width="2" height="{height - 2}" fill="#c05a1c"/>')
        # A figure that would stand on the aim's mark stands behind it.
        end = at(aim) if aim and 0 <= at(aim) - at(row["ratio"]) < 36 else at(row["ratio"])
        out.append(f'<text x="{end + 5:.1f}" y="{y + 14}" fill="#222222">{row["ratio"]:.2f}</text>')
    out.append(f'<line x1="{left}" y1="{top}" x2="{left}" y2="{bottom + 4}" stroke="#222222"/>')
    return "\n".join(out) + "\n</svg>\n"


def load(path):
    try:
        results = json.loads(open(path, encoding="utf-8").read())
    except OSError as error:
        raise ToolError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise ToolError(f"{path}: is no result of tools/bench: not JSON") from error
    if not isinstance(results, dict) or results.get("schema") != SCHEMA:
        raise ToolError(f"{path}: is no result of schema {SCHEMA}")
    try:
        for row in results["benchmarks"]:
            row["name"], row["unit"], row["native"] / 1, row["umbra"] / 1, row["exits_total"] / 1  # pylint: disable=expression-not-assigned
        results["settings"].items()
    except (KeyError, TypeError, AttributeError) as error:
        raise ToolError(f"{path}: has schema {SCHEMA}, but not what belongs to it: {error}") from error
    return results


def settings_changes(old, new):
    """What was measured differently, one line a setting."""
    lines = []
    for key in sorted(set(old) | set(new)):
        one, two = old.get(key), new.get(key)
        if one == two:
            continue
        if isinstance(one, dict) and isinstance(two, dict) and key == "packages":
            lines += [f"setting {key}: {name}: {one.get(name)} -> {two.get(name)}" for name in sorted(set(one) | set(two))
                      if one.get(name) != two.get(name)]
        elif key != "device_tree":  # has sizes and addresses in it
            lines.append(f"setting {key}: {one} -> {two}")
    return lines


def compare_guests(old, new, complete, lines):
    """The same for what two guests get done: (worse, better), with `lines` added."""
    before, after = ({row["name"]: row for row in results.get("guests", [])} for results in (old, new))
    failed = {item["name"] for item in new.get("failures", []) if item["side"] == "guests"}
    worse, better = [], []
    for name, row in {**before, **after}.items():
        if name not in after:
            if name in failed or complete:
                lines.append(f"{name:14} {'failed' if name in failed else 'is gone'}  REGRESSION")
                worse.append(name)
            continue
        if name not in before:
            lines.append(f"{name:14} is new: {number_text(row['figure'])} {row['unit']}")
            continue
        one, two = before[name]["figure"], row["figure"]
        change = two / one if row["limit"] else one / two
        bad, good = change > REGRESSION or bool(row["limit"]) and two > row["limit"], change < 1 / REGRESSION
        if one != two:
            lines.append(f"{name:14} {number_text(one)} -> {number_text(two)} {row['unit']} ({100 * (two / one - 1):+.1f} %)"
                         f"{'  REGRESSION' if bad else '  better' if good else ''}")
        (worse if bad else better if good else []).append(name)
    return worse, better


def compare(old, new, complete=False):
    """
    (lines to print, names that got worse by more than 3 % or failed, names that got better by as much). `complete`: what `new` lacks
    counts as worse; otherwise only what it tried.
    """
    before = {row["name"]: row for row in old["benchmarks"]}
    after = {row["name"]: row for row in new["benchmarks"]}
    failed = {item["name"] for item in new.get("failures", [])}
    lines, worse, better = settings_changes(old["settings"], new["settings"]), [], []
    for name in list(before) + [name for name in after if name not in before]:
        if name not in after:
            if name in failed or complete:
                lines.append(f"{name:14} {'failed' if name in failed else 'is gone'}  REGRESSION")
                worse.append(name)
            continue
        if name not in before:
            lines.append(f"{name:14} is new: ratio {after[name]['ratio']:.3f}")
            continue
        parts, bad, good = [], False, False
        for side in ("native", "umbra"):
            one, two = before[name][side], after[name][side]
            change = slowdown(BY_NAME[name], one, two) if name in BY_NAME else two / one
            bad, good = bad or change > REGRESSION, good or change < 1 / REGRESSION
            if one != two:
                parts.append(f"{side} {number_text(one)} -> {number_text(two)} {after[name]['unit']} ({100 * (two / one - 1):+.1f} %)")
        if parts:
            exits = f", exits {number_text(before[name]['exits_total'])} -> {number_text(after[name]['exits_total'])}"
            lines.append(f"{name:14} {'; '.join(parts)}{exits}{'  REGRESSION' if bad else '  better' if good else ''}")
        if bad:
            worse.append(name)
        elif good:
            better.append(name)
    for found, names in zip(compare_guests(old, new, complete, lines), (worse, better)):
        names += found
    return lines or ["nothing changed"], worse, better


def stable_text(results):
    """What two runs must have in common, byte for byte."""
    return re.sub(r"\r", "", json.dumps(results, indent=1, sort_keys=True)) + "\n"
