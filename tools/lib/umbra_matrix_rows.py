# SPDX-License-Identifier: GPL-2.0-or-later
"""Rows of the configuration matrix: read from the file, combined, picked."""

import dataclasses
import difflib
import fnmatch
import itertools
import random
import tomllib

from umbra_common import SOURCE, ToolError, UsageError

FILE = SOURCE / "configs/matrix.toml"
EXPECTATIONS = ("boots", "builds", "refuses: ")
CHECKS = ("shell", "restart", "audit", "report")


@dataclasses.dataclass
class Row:
    """One build and what is done with it."""
    name: str
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
    tags: tuple = ()
    skip: bool = False
    choices: dict = dataclasses.field(default_factory=dict)

    def configuration(self):
        """What tells one build from another."""
        if self.target:
            return f"{self.target}-{self.seed}" if self.seed else self.target
        return "+".join([self.defconfig, *self.fragments, *filter(None, [self.compiler])])


FIELDS = {field.name.replace("_", "-"): field for field in dataclasses.fields(Row)}


def make_row(name, words, where):
    """A Row of a table of the file; an unknown word or value is an error."""
    values = {}
    for word, value in words.items():
        if word not in FIELDS or word in ("name", "choices"):
            raise ToolError(f"{FILE.name}: {where}: unknown word '{word}'")
        values[FIELDS[word].name] = tuple(value) if isinstance(value, list) else value
    row = Row(name, **values)
    if not row.expect.startswith(EXPECTATIONS):
        raise ToolError(f"{FILE.name}: {where}: expect is one of {', '.join(EXPECTATIONS)}TEXT")
    for check in row.checks:
        if check not in CHECKS:
            raise ToolError(f"{FILE.name}: {where}: no check '{check}'; there are: {', '.join(CHECKS)}")
    for fragment in row.fragments:
        if not (SOURCE / f"configs/fragments/{fragment}.config").is_file():
            raise ToolError(f"{FILE.name}: {where}: there is no configs/fragments/{fragment}.config")
    if not row.target and not (SOURCE / f"configs/{row.defconfig}_defconfig").is_file():
        raise ToolError(f"{FILE.name}: {where}: there is no configs/{row.defconfig}_defconfig")
    return row


def load(path=FILE):
    try:
        with open(path, "rb") as handle:
            return tomllib.load(handle)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ToolError(f"{path}: {error}") from error


def combine(data, choices):
    """The row of the product with these {dimension: choice}."""
    words, tags = {}, None
    for dimension, choice in choices.items():
        one = dict(data["dimensions"][dimension][choice])
        own = set(one.pop("tags", ()))
        tags = own if tags is None else tags & own
        words.update(one)
    for number, rule in enumerate(data.get("rules", ()), start=1):
        if set(rule["when"]) - set(data["dimensions"]):
            raise ToolError(f"{FILE.name}: rule {number}: unknown dimension in `when`")
        if all(choices[dimension] in names for dimension, names in rule["when"].items()):
            words.update(rule["set"])
    words["tags"] = sorted(tags)
    row = make_row("/".join(choices.values()), words, f"row {'/'.join(choices.values())}")
    row.choices = dict(choices)
    return row


def product(data, tag=None):
    """All rows of the product (with a tag: of the choices that have it) that are not skipped."""
    names = list(data["dimensions"])
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


def random_rows(count, seed):
    """Random configurations that are meant to boot."""
    rng = random.Random(seed)
    return [Row(f"random/{seed}/{number}", target="randconfig", seed=rng.randrange(1, 1 << 31), checks=("shell", "audit"))
            for number in range(count)]


def by_name(data, name):
    """That row, of all there are; UsageError with the nearest name."""
    known = {row.name: row for row in product(data)}
    for words in data.get("rows", ()):
        known[words["name"]] = make_row(words["name"], {word: value for word, value in words.items() if word != "name"}, f"row {words['name']}")
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        raise UsageError(f"no row '{name}'" + (f"; did you mean '{near[0]}'?" if near else "; --full --list shows what there is"))
    return known[name]


def pick(data, options):
    """The rows that the command line asks for."""
    if options.random:
        rows = random_rows(options.random, options.seed)
    else:
        combined = product(data, options.tag)
        rows = combined if options.full else pairwise(combined)
        rows += [make_row(words["name"], {word: value for word, value in words.items() if word != "name"}, f"row {words['name']}")
                 for words in data.get("rows", ())]
    if options.tag:
        rows = [row for row in rows if options.tag in row.tags]
    if options.only:
        everything = rows if options.random else rows + [row for row in product(data) if row.name not in {one.name for one in rows}]
        rows = [row for row in everything if any(fnmatch.fnmatchcase(row.name, pattern) for pattern in options.only)]
    # Same configurations side by side, so that shards share few builds.
    rows.sort(key=lambda row: row.configuration())
    if options.shard:
        index, count = options.shard
        size = -(-len(rows) // count)
        rows = rows[(index - 1) * size:index * size]
    return rows
