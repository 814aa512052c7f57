# SPDX-License-Identifier: GPL-2.0-or-later
"""Rows of the configuration matrix: read from the file, combined, picked."""

import dataclasses
import difflib
import fnmatch
import functools
import itertools
import random

import umbra_kernels
import umbra_toml
from umbra_bench_list import BY_NAME as BENCHMARKS
from umbra_common import SOURCE, ToolError, UsageError

FILE = SOURCE / "configs/matrix.toml"
EXPECTATIONS = ("boots", "builds", "refuses: ")
CHECKS = ("shell", "restart", "audit", "report", "utest", "card", "stress")
# QEMU's words for a machine: with what the chip does U-Boot's SPL, and a direct boot, have 256 MiB, as on a real board.
MACHINES = {"beagle-xm": (), "beagle-xm-256m": ("-global", "omap3-sdrc.fitted-size=off")}


@dataclasses.dataclass
class Row:
    """One build and what is done with it."""
    name: str
    machine: str = "beagle-xm"
    defconfig: str = "beagle-xm"
    fragments: tuple = ()
    target: str = ""		# instead of a defconfig: a configuration target of make
    seed: int = 0		# with target randconfig
    compiler: str = ""		# CC of make instead of GCC
    layout: str = "linux"
    layout_of: str = ""		# configuration that the layout is compiled for, if not the row's own
    guest: str = "debian"	# or another kind of configs/kernels.toml, or a bare-metal guest of tests/guests
    path: str = ""		# CPU path instead of the layout's
    strategy: str = ""		# shadow strategy instead of the layout's
    expect: str = "boots"
    checks: tuple = ()
    bench: tuple = ()		# rows of tools/bench that are measured
    tags: tuple = ()
    skip: bool = False
    choices: dict = dataclasses.field(default_factory=dict)

    def configuration(self):
        """What tells one build from another."""
        if self.target:
            return f"{self.target}-{self.seed}" if self.seed else self.target
        return "+".join([self.defconfig, *self.fragments, *filter(None, [self.compiler])])


@functools.cache
def there(name):
    return (SOURCE / name).is_file()


@functools.cache
def is_guest(name):
    return name in umbra_kernels.load() or there(f"tests/guests/{name}.c")


def known_words(row):
    """[(what, the row's words, whether one of them is known)] of words that name something elsewhere."""
    return [
        ("configs/{}_defconfig", () if row.target else (row.defconfig,), lambda name: there(f"configs/{name}_defconfig")),
        ("configs/fragments/{}.config", row.fragments, lambda name: there(f"configs/fragments/{name}.config")),
        ("configs/layouts/{}.dts", (row.layout,), lambda name: there(f"configs/layouts/{name}.dts")),
        ("kernel of configs/kernels.toml or tests/guests/{}.c", (row.guest,), is_guest),
        ("row {} of tools/bench", row.bench, BENCHMARKS.__contains__),
    ]


def check_row(row, where):
    """An error for what no build or boot would come of."""
    if not row.expect.startswith(EXPECTATIONS) or row.expect == EXPECTATIONS[-1]:
        raise ToolError(f"{FILE.name}: {where}: expect is one of {', '.join(EXPECTATIONS)}TEXT")
    for check in row.checks:
        if check not in CHECKS:
            raise ToolError(f"{FILE.name}: {where}: no check '{check}'; there are: {', '.join(CHECKS)}")
    if row.machine not in MACHINES:
        raise ToolError(f"{FILE.name}: {where}: no machine '{row.machine}'; there are: {', '.join(MACHINES)}")
    for what, names, known in known_words(row):
        for name in names:
            if not known(name):
                raise ToolError(f"{FILE.name}: {where}: there is no {what.format(name)}")


def make_row(name, words, where):
    """A Row of a table of the file; an unknown word or value is an error."""
    row = Row(name, **umbra_toml.values(Row, words, f"{FILE.name}: {where}", ("name", "choices")))
    check_row(row, where)
    return row


def table_at(data, *names):
    return umbra_toml.table_at(data, FILE, *names)


def is_texts(value):
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def check_rule(rule, data, where):
    if not isinstance(rule, dict) or set(rule) != {"when", "set"} or not all(isinstance(part, dict) for part in rule.values()):
        raise ToolError(f"{FILE.name}: {where}: a rule has the tables `when` and `set`")
    for dimension, names in rule["when"].items():
        if dimension not in data["dimensions"]:
            raise ToolError(f"{FILE.name}: {where}: unknown dimension '{dimension}' in `when`")
        if not is_texts(names):
            raise ToolError(f"{FILE.name}: {where}: {dimension} in `when` is a list of texts")
        for name in names:
            if name not in data["dimensions"][dimension]:
                raise ToolError(f"{FILE.name}: {where}: {dimension} has no '{name}'")


def check_file(data):
    """An error for a file of another shape: what is read of it later is there."""
    for name in table_at(data, "dimensions"):
        for choice in table_at(data, "dimensions", name):
            if not is_texts(table_at(data, "dimensions", name, choice).get("tags", [])):
                raise ToolError(f"{FILE.name}: dimensions.{name}.{choice}: tags is a list of texts")
    for word in ("rules", "rows"):
        if not isinstance(data.get(word, []), list):
            raise ToolError(f"{FILE.name}: {word} are written as [[{word}]]")
    for number, rule in enumerate(data.get("rules", ()), start=1):
        check_rule(rule, data, f"rule {number}")
    names = [words.get("name") if isinstance(words, dict) else None for words in data.get("rows", ())]
    for number, name in enumerate(names, start=1):
        if not isinstance(name, str) or not name:
            raise ToolError(f"{FILE.name}: [[rows]] number {number} has no name")
        if names.count(name) > 1:
            raise ToolError(f"{FILE.name}: two rows are called '{name}'")
    for row in product(data) + single_rows(data):
        if row.layout_of and row.layout_of not in table_at(data, "dimensions", "configuration"):
            raise ToolError(f"{FILE.name}: row {row.name}: layout-of: no configuration '{row.layout_of}'")


def load(path=FILE):
    data = umbra_toml.load(path)
    check_file(data)
    return data


def combine(data, choices):
    """The row of the product with these {dimension: choice}."""
    words, tags = {}, None
    for dimension, choice in choices.items():
        one = dict(data["dimensions"][dimension][choice])
        own = set(one.pop("tags", ()))
        tags = own if tags is None else tags & own
        words.update(one)
    for rule in data.get("rules", ()):
        if all(choices[dimension] in names for dimension, names in rule["when"].items()):
            words.update(rule["set"])
    words["tags"] = sorted(tags)
    row = make_row("/".join(choices.values()), words, f"row {'/'.join(choices.values())}")
    row.choices = dict(choices)
    return row


def product(data, tag=None):
    """All rows of the product (with a tag: of the choices that have it) that are not skipped."""
    names = list(table_at(data, "dimensions"))
    if not names:
        return []
    lists = [[choice for choice, words in data["dimensions"][name].items() if tag is None or tag in words.get("tags", ())] for name in names]
    rows = [combine(data, dict(zip(names, choices))) for choices in itertools.product(*lists)]
    return [row for row in rows if not row.skip]


def pairwise(rows):
    """A few of the rows that have between them each pair of choices that any of them has: always the row with most new pairs."""
    pairs = {row.name: set(itertools.combinations(sorted(row.choices.items()), 2)) for row in rows}
    missing = set().union(*pairs.values()) if pairs else set()
    chosen = []
    while missing:
        best = max(rows, key=lambda row: len(pairs[row.name] & missing))
        missing -= pairs[best.name]
        chosen.append(best)
    return [row for row in rows if row in chosen]


def single_rows(data):
    """Rows that no product has."""
    return [make_row(words["name"], {word: value for word, value in words.items() if word != "name"}, f"row {words['name']}")
            for words in data.get("rows", ())]


def random_rows(count, seed):
    """Random configurations that are meant to boot."""
    rng = random.Random(seed)
    return [Row(f"random/{seed}/{number}", target="randconfig", seed=rng.randrange(1, 1 << 31), checks=("shell", "audit"))
            for number in range(count)]


def by_name(data, name):
    """That row, of all there are; UsageError with the nearest name."""
    known = {row.name: row for row in product(data) + single_rows(data)}
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        raise UsageError(f"no row '{name}'" + (f"; did you mean '{near[0]}'?" if near else "; --full --list shows what there is"))
    return known[name]


def part(rows, index, count):
    """The part number `index` of `count`, as even as can be: of more parts than rows some have none."""
    return rows[(index - 1) * len(rows) // count:index * len(rows) // count]


def pick(data, options):
    """The rows that the command line asks for."""
    if options.random:
        rows = random_rows(options.random, options.seed)
    else:
        combined = product(data, options.tag)
        rows = (combined if options.full else pairwise(combined)) + single_rows(data)
    if options.only:
        there = {one.name for one in rows}
        everything = rows if options.random else rows + [row for row in product(data, options.tag) if row.name not in there]
        rows = [row for row in everything if any(fnmatch.fnmatchcase(row.name, pattern) for pattern in options.only)]
    if options.tag:
        rows = [row for row in rows if options.tag in row.tags]
    # Same configurations side by side, so that shards share few builds.
    rows.sort(key=lambda row: row.configuration())
    if not rows:
        raise ToolError("no such row; --list shows what there is")
    return part(rows, *options.shard) if options.shard else rows
