# SPDX-License-Identifier: GPL-2.0-or-later
"""Layouts on this computer. Use it as tools/layout.

Umbra's own parser (build/layout-host, from the same sources and configuration) says what is wrong and what a guest gets; dtc says in which file
and line a node or property stands.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from umbra_common import MARK, SOURCE, Arguments, ToolError, build_dir, make, run

LAYOUTS = SOURCE / "configs/layouts"
SOURCES = (".dts", ".dtso")
MIB = 1 << 20
# A line of `dtc -T`: a node or property that begins, or a node's end, with places as FILE:LINE...
ANNOTATED = re.compile(r"^\s*(?:(?P<end>\};)|(?:\w+: )*(?P<node>[^\s{}=;]+) \{|(?:\w+: )*(?P<prop>[^\s{}=;]+)(?: = .*)?;)\s*(?:/\* (?P<place>.*?) \*/)?$")


# --- From a source to a blob, and back to its lines ---

def preprocess(source, build):
    """The text that dtc gets for a .dts file, with the compiler's line marks."""
    source = pathlib.Path(source).absolute()
    words = ["cpp", "-nostdinc", "-undef", "-D__DTS__", "-x", "assembler-with-cpp", f"-I{source.resolve().parent}",
             f"-I{LAYOUTS}", f"-I{build / 'layouts'}", f"-I{SOURCE / 'drivers/passthrough'}", source]
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        # Before the first error there may be lines that say from where a file was included.
        raise ToolError(next((line for line in lines if "error: " in line), lines[-1] if lines else f"{source}: cpp cannot read it"))
    return done.stdout


def dtc(words, text):
    done = subprocess.run(["dtc", "-q", "-@", *words], input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=SOURCE, check=False)
    if done.returncode:
        # The first one has the place; the last only says that it was fatal.
        raise ToolError(done.stderr.decode("utf-8", "replace").strip().partition("\n")[0].removeprefix("Error: "))
    return done.stdout


def compile_source(source, build, target):
    pathlib.Path(target).write_bytes(dtc(["-I", "dts", "-O", "dtb"], preprocess(source, build).encode()))


def merge(layout, overlays, build, target):
    """Write the layout (.dts, .dtb or a name of ours) with overlays (.dtso or .dtbo) applied in order to `target`, a blob."""
    layout = find(layout)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        base = layout
        if layout.suffix == ".dts":
            base = scratch / "base.dtb"
            compile_source(layout, build, base)
        blobs = []
        for number, overlay in enumerate(map(pathlib.Path, overlays)):
            if not overlay.is_file():
                raise ToolError(f"there is no file {overlay} (overlay)")
            blobs.append(overlay)
            if overlay.suffix != ".dtbo":
                blobs[-1] = scratch / f"{number}.dtbo"
                compile_source(overlay, build, blobs[-1])
        base = pathlib.Path(base)
        for overlay, blob in zip(overlays, blobs):
            merged = scratch / f"{blob.stem}.merged"
            done = subprocess.run(["fdtoverlay", "-i", base, "-o", merged, blob], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
            if done.returncode:
                raise ToolError(f"{overlay} cannot be applied to {layout}: {why_not(base, blob) or done.stdout.strip()}")
            base = merged
        pathlib.Path(target).write_bytes(base.read_bytes())


def why_not(base, overlay):
    """The labels that an overlay wants and the layout has not: what fdtoverlay calls NOTFOUND."""
    labels = [words.split() for words in (names_of(overlay, "/__fixups__"), names_of(base, "/__symbols__"))]
    missing = [label for label in labels[0] if label not in labels[1]]
    return f"no node there has the label {', '.join(missing)}" if missing else ""


def names_of(blob, node):
    return subprocess.run(["fdtget", "-p", blob, node], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False).stdout


def places(source, build):
    """{(path, property or None): FILE:LINE} of a source; of something that several places set, the last one."""
    text = dtc(["-I", "dts", "-O", "dts", "-T"], preprocess(source, build).encode()).decode("utf-8", "replace")
    found, path, folder = {}, [], pathlib.Path(source).resolve().parent
    for line in text.splitlines():
        match = ANNOTATED.match(line)
        if not match:
            continue
        if match["end"]:
            path = path[:-1]
        elif match["node"]:
            path.append(match["node"].strip("/"))
            found["/" + "/".join(path[1:]), None] = last_place(match["place"], folder)
        else:
            found["/" + "/".join(path[1:]), match["prop"]] = last_place(match["place"], folder)
    return found


def last_place(annotation, folder):
    """FILE:LINE of the last of `b.dtsi:7, a.dts:3`, which dtc gives from the source's folder or the current one; short where it is in the tree."""
    found = re.findall(r"([^\s,]+?):(\d+)", annotation or "")
    if not found:
        return None
    name, line = found[-1]
    path = next((path for path in ((folder / name).resolve(), (SOURCE / name).resolve()) if path.is_file()), pathlib.Path(name))
    return f"{path.relative_to(SOURCE) if SOURCE in path.parents else path}:{line}"


def locate(message, source, build):
    """Umbra's message, with the place in the source before it."""
    match = re.match(r"layout: (/[^:\s]*): (?:([\w#,.+-]+): )?", message)
    if not match or source.suffix not in SOURCES:
        return f"{source}: {message}"
    known = places(source, build)
    place = known.get((match[1], match[2])) or known.get((match[1], None)) or place_in_overlay(known, match[2])
    return f"{place}: {message}" if place else f"{source}: {message}"


def place_in_overlay(known, prop):
    """Where an overlay sets a property of that name, if it does so once: its nodes have paths of their own."""
    found = [place for (path, name), place in known.items() if name == prop and prop and "/__overlay__" in path]
    return found[0] if len(found) == 1 else None


# --- What the guest gets ---

def map_kind(what, kind):
    return kind if what == "emulated" and kind and not kind.startswith("emulated") else what


# What dtc -O dts writes of a property that has a value.
VALUE = re.compile(r"^(?P<name>[^\s=;]+)(?: = (?P<value>.*))?;$")


def unquote(value):
    """The text of a string as dtc writes it; what is no text stays escaped, as in the records of layout-host."""
    inner = value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
    return re.sub(r'\\(["\\])', r"\1", inner)


class Tree:
    """A compiled layout's own words: {path: {property: text of its value}}, as dtc writes them."""

    def __init__(self, blob):
        self.nodes, path = {}, []
        for line in dtc(["-I", "dtb", "-O", "dts"], pathlib.Path(blob).read_bytes()).decode("utf-8", "replace").splitlines():
            line = re.sub(r"^(?:\w+: )*", "", line.strip())
            match = VALUE.match(line)
            if line.endswith("{"):
                path.append(line[:-1].strip().strip("/"))
                self.nodes["/".join(path) or "/"] = {}
            elif line == "};":
                path.pop()
            elif match and path:
                self.nodes["/".join(path) or "/"][match["name"]] = match["value"] or ""
        self.names = {node["phandle"]: unquote(node.get("file", path)) for path, node in self.nodes.items() if "phandle" in node}

    def modules(self):
        return {unquote(node["file"]) for path, node in self.nodes.items() if path.startswith("/chosen/") and "file" in node}

    def wanted(self):
        """The files that guests are made of or have, without those that are only kept for guests that come later."""
        return {self.names[value] for path, node in self.nodes.items() if path.startswith("/guest") for name, value in node.items()
                if name in REFERENCES and value in self.names}

    def word(self, name, value):
        """A property's value for a reader: a file by its name, a number in tens."""
        if value is None or value == "":
            return "not there" if value is None else "there"
        if name in REFERENCES:
            return self.names.get(value, value)
        number = re.fullmatch(r"<(0x[0-9a-f]+)>", value)
        return str(int(number[1], 16)) if number else value


REFERENCES = ("file", "kernel", "dtb", "initrd")
# What the records of layout-host say better, or what is no matter of the guest.
SAID = {"memory", "cpu-path", "shadow", "kernel", "dtb", "initrd", "bootargs", "atags", "reg", "interrupts", "status", "compatible", "ranges", "phandle",
        "#address-cells", "#size-cells"}


class Layout:
    """The records of layout-host about one guest of a compiled layout."""

    def __init__(self, rows, tree):
        self.tree = tree
        self.guest = next(row[1:] for row in rows if row[0] == "guest")
        self.files = next(row[1:] for row in rows if row[0] == "files")
        self.bootargs = next(row[1] for row in rows if row[0] == "bootargs")
        self.map = [(int(row[1], 16), int(row[2], 16), row[3], row[4]) for row in rows if row[0] == "map"]
        self.devices = [dict(zip(("name", "compatible", "withheld", "window", "reg", "lines"), row[1:])) for row in rows if row[0] == "device"]
        # For the map an access that goes to an emulator is emulated; a reader wants to know which are there to withhold something.
        kinds = {device["name"]: self.kind(device) for device in self.devices}
        self.map = [(base, size, map_kind(what, kinds.get(name, "")), name) for base, size, what, name in self.map]
        self.share = next(row[1:] for row in rows if row[0] == "share")
        self.umbra = next((int(row[1], 16), int(row[2], 16)) for row in rows if row[0] == "umbra")
        self.others = []  # of the layout's first guest: those of the others

    @classmethod
    def of_text(cls, text, tree):
        """The layout's first guest."""
        rows, guests = [line.split("\t") for line in text.splitlines()], []
        umbra = [row for row in rows if row[0] == "umbra"]
        for row in rows:
            if row[0] == "guest":
                guests.append(list(umbra))
            if guests:
                guests[-1].append(row)
        first, *others = [cls(guest, tree) for guest in guests]
        first.others = others
        return first

    def node(self):
        """The guest's path in the tree."""
        at = f"/guest@{self.guest[0]}"
        return at if at in self.tree.nodes else "/guest"

    def words(self):
        """{(node, property): value} of what only the tree says of this guest; a node is called as its device, the guest's own ''."""
        found, top = {}, self.node()
        for path, node in self.tree.nodes.items():
            if path == top or path.startswith(f"{top}/"):
                found.update({("" if path == top else path.rpartition("/")[2], name): self.tree.word(name, value)
                              for name, value in node.items() if name not in SAID})
        return found

    def kind(self, device):
        if device["withheld"]:
            return "withheld"
        compatible = device["compatible"]
        return {"umbra,passthrough": "passed through", "umbra,hidden": "kept by Umbra", "umbra,raz": "reads as zero",
                "umbra,sram": "on-chip memory"}.get(compatible, f"emulated ({compatible})")

    def owners(self):
        """{line: (device, kind)} of interrupt lines."""
        return {int(line): (device["name"], self.kind(device)) for device in self.devices for line in device["lines"].split()}


def host_program(build):
    """The checker for the folder's configuration, and what layouts include; make itself, when it asks, has them ready."""
    if "MAKELEVEL" not in os.environ:
        spelled = build.relative_to(SOURCE) if SOURCE in build.parents else build  # as the Makefile spells it
        done = make("-s", f"{spelled}/layout-host", f"{spelled}/layouts/passthrough.dtsi", stdout=subprocess.DEVNULL)
        if done.returncode:
            raise ToolError("the checker could not be built (see above)")
    return build / "layout-host"


def source_of(path):
    """The .dts file that a compiled layout of a build folder was made from, if it is one of ours."""
    source = LAYOUTS / f"{path.stem}.dts"
    return source if path.parent.name == "layouts" and source.is_file() else None


def ours(name):
    """The source of a layout of configs/layouts by its name, or None: whatever else is called so in the current folder."""
    path = LAYOUTS / f"{name}.dts"
    return path if "/" not in str(name) and path.is_file() else None


def find(path):
    """The file of a layout that is given as a file, or as a name of ours."""
    if ours(path):
        return ours(path)
    path = pathlib.Path(path)
    if not path.is_file():
        raise ToolError(f"no layout {path}: neither a file nor one of {', '.join(sorted(item.stem for item in LAYOUTS.glob('*.dts')))}")
    return path


def wanted_files(path):
    """The names of the files that the guests of a layout want: found without a configuration, before anything is built."""
    path = find(path)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        if path.suffix == ".dts":
            (scratch / "layouts").mkdir()
            run([sys.executable, SOURCE / "tools/passthrough.py", "layout", scratch / "layouts/passthrough.dtsi"])
            compile_source(path, scratch, scratch / "layout.dtb")
            path = scratch / "layout.dtb"
        return Tree(path).wanted()


def examine(path, build, overlays=()):
    """The Layout of a .dts or .dtb file, or of a name; ToolError with Umbra's message if it is none."""
    path = find(path)
    program = host_program(build)
    with tempfile.TemporaryDirectory() as scratch:
        source, blob = (path, pathlib.Path(scratch) / "layout.dtb") if path.suffix == ".dts" else (source_of(path), path)
        if overlays:
            merge(path, overlays, build, pathlib.Path(scratch) / "layout.dtb")
            blob, source = pathlib.Path(scratch) / "layout.dtb", pathlib.Path(overlays[-1])
        elif path.suffix == ".dts":
            compile_source(path, build, blob)
        done = subprocess.run([program, blob], stdout=subprocess.PIPE, text=True, errors="replace", check=False)
        if done.returncode:
            messages = [line.partition("\t")[2] for line in done.stdout.splitlines() if line.startswith("mistake\t")]
            raise ToolError(locate(messages[0], source or path, build) if messages else f"{path}: the checker ended with status {done.returncode}")
        return Layout.of_text(done.stdout, Tree(blob))


# --- Commands ---

def command_check(options, build):
    failed = 0
    for path in options.files:
        try:
            examine(path, build, options.overlay)
        except ToolError as error:
            failed += 1
            print(error, file=sys.stderr)
    return 1 if failed else 0


def size_text(size):
    return f"{size // MIB} MiB" if size % MIB == 0 else f"{size // 1024} KiB"


def table(head, rows):
    """Columns as wide as their widest word."""
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in [head, *rows])


def share_text(layout):
    _, weight, cap, latency = layout.share
    return f"weight {weight}" + (f", at most {cap} %" if cap != "0" else "") + (f", {latency}" if latency else "")


def guest_text(layout):
    guest = layout.guest
    where = "" if layout.share[0] == "there" else " of its own (anywhere in the board's)"
    return f"{size_text(int(guest[2], 16))} at {guest[1]}{where}, path {guest[3]}, shadow {guest[4]}, boots with {guest[5]}"


def show_text(layout):
    lines = [f"guest {layout.guest[0]}: {guest_text(layout)}",
             f"processor: {share_text(layout)}",
             f"files: {' '.join(filter(None, layout.files))}", f"bootargs: {layout.bootargs or '(none)'}", "", "memory map"]
    rows = [(f"{base:#010x}", f"{base + size - 1:#010x}", size_text(size), kind, name) for base, size, kind, name in layout.map]
    if layout.share[0] == "there":
        rows.append((f"{layout.umbra[0]:#010x}", f"{sum(layout.umbra) - 1:#010x}", size_text(layout.umbra[1]), "Umbra", "not the guest's"))
    lines += [table(("from", "to", "size", "what", "node"), sorted(rows)), "", "devices"]
    rows = [(device["name"], layout.kind(device), device["window"], device["reg"], device["lines"]) for device in layout.devices]
    lines += [table(("node", "how", "in", "registers", "interrupts"), rows), "", "interrupt lines"]
    rows = [(str(line), name, kind) for line, (name, kind) in sorted(layout.owners().items())]
    return "\n".join(lines + [table(("line", "node", "how"), rows)])


COLOURS = {"memory": "#9ecae1", "passed through": "#a1d99b", "emulated": "#fdd0a2", "Umbra": "#bcbddc", "nothing": "#eeeeee",
           "withheld": "#fcbba1", "kept by Umbra": "#dadaeb", "reads as zero": "#d9d9d9", "shared": "#fa9fb5"}


COLUMN = 480


def svg_column(layout):
    """(picture of one guest's map, its height): a row for each range, its height a little by its size."""
    there = [(*layout.umbra, "Umbra", "Umbra")] if layout.share[0] == "there" else []
    out, y = [f'<text x="110" y="18">guest {layout.guest[0]}</text>'], 26
    for base, size, kind, name in sorted([*layout.map, *there]):
        height = 18 + 2 * max(0, size.bit_length() - 16)
        out.append(f'<rect x="110" y="{y}" width="360" height="{height}" fill="{COLOURS[kind]}" stroke="#666"/>'
                   f'<text x="100" y="{y + 13}" text-anchor="end">{base:#010x}</text>'
                   f'<text x="118" y="{y + 13}">{name.replace("&", "&amp;").replace("<", "&lt;")}, {size_text(size)}, {kind}</text>')
        y += height
    return "\n".join(out), y + 10


def show_svg(layout):
    """The guests' maps as a picture, side by side."""
    columns = [svg_column(one) for one in [layout, *layout.others]]
    groups = [f'<g transform="translate({number * COLUMN})">\n{text}\n</g>' for number, (text, _) in enumerate(columns)]
    size = f'width="{COLUMN * len(columns)}" height="{max(height for _, height in columns)}"'
    return (f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="monospace" font-size="11">\n<rect {size} fill="white"/>\n'
            + "\n".join(groups) + "\n</svg>\n")


def check_picture(path):
    """Refuse to write over a file that is no picture: it may be the layout."""
    path = pathlib.Path(path)
    if path.is_file() and path.stat().st_size and not path.read_bytes().startswith(b"<svg"):
        raise ToolError(f"{path} is no SVG picture and is left alone")


def command_show(options, build):
    if options.svg:
        check_picture(options.svg)
    layout = examine(options.file, build, options.overlay)
    if options.svg:
        pathlib.Path(options.svg).write_text(show_svg(layout), encoding="utf-8")
        print(f"{options.svg} is written")
    else:
        print("\n\n".join(show_text(one) for one in [layout, *layout.others]))
    return 0


def differences(one, two):
    """Sentences about what is otherwise in the second layout."""
    yield from guest_differences(one, two)
    old, new = ({guest.guest[0]: guest for guest in layout.others} for layout in (one, two))
    for name in sorted(old.keys() | new.keys()):
        if name in old and name in new:
            yield from (f"guest {name}: {line}" for line in guest_differences(old[name], new[name]))
        else:
            yield f"guest {name}: " + ("not there becomes " + guest_text(new[name]) if name in new else guest_text(old[name]) + " becomes not there")
    for name in sorted(one.tree.modules() ^ two.tree.modules()):
        yield f"file {name}: " + ("named becomes not named" if name in one.tree.modules() else "not named becomes named")


def guest_differences(one, two):
    """The same about one guest."""
    names = ("name", "start of memory", "size of memory", "CPU path", "shadow strategy", "way of booting")
    for name, old, new in zip(names, one.guest, two.guest):
        if old != new:
            yield f"{name}: {old} becomes {new}"
    for name, old, new in zip(("kernel", "device tree", "initrd"), one.files, two.files):
        if old != new:
            yield f"{name}: {old or 'none'} becomes {new or 'none'}"
    if one.bootargs != two.bootargs:
        yield f"bootargs: `{one.bootargs}` becomes `{two.bootargs}`"
    old = {device["name"]: device for device in one.devices}
    new = {device["name"]: device for device in two.devices}
    for name in sorted(old.keys() | new.keys()):
        yield from device_difference(name, old.get(name), new.get(name), one, two)
    yield from word_differences(one.words(), two.words(), {"", *(old.keys() & new.keys())})


def word_differences(old, new, nodes):
    """Properties of these nodes that are a matter of their own."""
    for node, name in sorted(old.keys() | new.keys()):
        was, becomes = (words.get((node, name), "not there") for words in (old, new))
        if node in nodes and was != becomes:
            yield f"{node}{': ' if node else ''}{name}: {was} becomes {becomes}"


def device_difference(name, old, new, one, two):
    if old is None or new is None:
        yield f"{name}: {'not there' if old is None else one.kind(old)} becomes {'not there' if new is None else two.kind(new)}"
        return
    if one.kind(old) != two.kind(new):
        yield f"{name}: {one.kind(old)} becomes {two.kind(new)}"
    if old["reg"] != new["reg"]:
        yield f"{name}: registers {old['reg']} become {new['reg']}"
    if old["lines"] != new["lines"] and not new["withheld"]:
        yield f"{name}: interrupts {old['lines'] or 'none'} become {new['lines'] or 'none'}"


def command_diff(options, build):
    lines = list(differences(examine(options.first, build), examine(options.second, build, options.overlay)))
    print("\n".join(lines) if lines else "no difference")
    return 0


def main(arguments):
    parser = Arguments("layout", "Layouts on this computer: a .dts or .dtb file, or a name of configs/layouts.")
    parser.add_argument("--build", help="the build folder whose configuration counts (build/)")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, function, text in (("check", command_check, "say what Umbra would refuse, with file and line"),
                                 ("show", command_show, "memory map, devices, interrupt lines"),
                                 ("diff", command_diff, "what is otherwise in the second")):
        one = commands.add_parser(name, help=text, description=text)
        one.set_defaults(function=function)
        one.add_argument("--build", default=argparse.SUPPRESS, help="the build folder whose configuration counts (build/)")
        one.add_argument("--overlay", action="append", default=[], metavar="FILE", help="a .dtso or .dtbo over " +
                         ("B" if name == "diff" else "the layout") + "; may be repeated")
        if name == "check":
            one.add_argument("files", nargs="+", metavar="FILE")
        elif name == "show":
            one.add_argument("file", metavar="FILE")
            one.add_argument("--svg", metavar="PICTURE", help="write the memory map as a picture")
        else:
            one.add_argument("first", metavar="A")
            one.add_argument("second", metavar="B")
    options = parser.parse_args(arguments)
    if options.build and not (pathlib.Path(options.build) / MARK).is_file():
        raise ToolError(f"--build {options.build}: no build folder; make O={options.build} makes one")
    if options.build:
        os.environ["UMBRA_BUILD"] = str(pathlib.Path(options.build).absolute())
    return options.function(options, build_dir())
