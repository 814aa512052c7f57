#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Configuration targets of make over kconfiglib; a configuration warning is an error.

Usage: kconfig.py TARGET [ARGUMENT], with these in the environment: srctree (top of the source tree), KCONFIG_CONFIG
(the .config file). Targets:
  defconfig FILE   take FILE as the configuration
  merge FILE [EARLIER...]  set what FILE sets in the configuration that is there; what the EARLIER files set stays, or FILE sets it anew
  sync DIR         write what the build reads: DIR/include/autoconf.h, DIR/include/config_text.h, DIR/auto.conf
  randconfig       random valid configuration that is meant to boot; KCONFIG_SEED=N repeats one, KCONFIG_EXPERT=y: whatever builds
  menuconfig guiconfig oldconfig olddefconfig savedefconfig allyesconfig allnoconfig alldefconfig listnewconfig
"""

import importlib
import os
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))

try:
    import kconfiglib
    from kconfiglib import BOOL, HEX, INT, STRING, TRI_TO_STR
except ImportError:
    sys.exit("kconfig: Debian's python3-kconfiglib is missing; run tools/setup")

from umbra_common import ToolError, tool_main, write_if_changed

# Tools of the package that do all the work themselves; they read KCONFIG_CONFIG and the Kconfig file's name.
PACKAGE_TOOLS = ("menuconfig", "guiconfig", "oldconfig", "allyesconfig", "allnoconfig", "alldefconfig", "listnewconfig")


def load_kconfig():
    """Parse the Kconfig files; any complaint about them is an error."""
    kconf = kconfiglib.Kconfig("Kconfig", warn_to_stderr=False)
    kconf.warn_assign_undef = True
    fail_on_warnings(kconf, "in the Kconfig files")
    return kconf


def fail_on_warnings(kconf, where):
    if kconf.warnings:
        raise ToolError(f"warnings {where} are errors:\n  " + "\n  ".join(kconf.warnings))


def load_fragment(path):
    """A configuration file by itself."""
    kconf = load_kconfig()
    if not os.path.isfile(path):
        known = " ".join(sorted(item.name for item in pathlib.Path(path).parent.glob("*.config")))
        raise ToolError(f"there is no {path}{'; there are: ' + known if known else ''}")
    kconf.load_config(path)
    fail_on_warnings(kconf, f"in {path}")
    return kconf


def assigned(kconf):
    """[symbols] that a configuration file sets."""
    return [sym for sym in kconf.unique_defined_syms if sym.user_value is not None]


def value_text(sym):
    return TRI_TO_STR[sym.user_value] if sym.orig_type is BOOL else sym.user_value


def same_value(sym, wanted, got):
    base = {INT: 10, HEX: 16}.get(sym.orig_type)
    return int(wanted, base) == int(got, base) if base and got else wanted == got


def why_lost(sym):
    """Why an assignment did not take: the paragraph `Limits:` of the help of a number that is out of its range, else the dependencies."""
    if sym.ranges and kconfiglib.expr_value(sym.direct_dep):
        for paragraph in sym.nodes[0].help.split("\n\n"):
            if paragraph.startswith("Limits:"):
                return " ".join(paragraph.split())
    return f"depends on: {kconfiglib.expr_str(sym.direct_dep)}"


def lost_assignments(kconf, symbols=None):
    """One line for each assignment, to all or these symbols, that did not take (a dependency, a range, a choice)."""
    lost = []
    for sym in symbols or kconf.unique_defined_syms:
        if sym.user_value is None:
            continue
        wanted, got = value_text(sym), sym.str_value
        if not same_value(sym, wanted, got):
            lost.append(f"{sym.name} was set to '{wanted}' but is '{got}' ({why_lost(sym)})")
    return lost


def contradictions(kconf):
    """One line for each symbol ERROR_* that is set: what cannot be together, or cannot all be missing; its help says why."""
    return [" ".join(sym.nodes[0].help.split()) for sym in error_symbols(kconf) if sym.str_value == "y"]


def error_symbols(kconf):
    return [sym for sym in kconf.unique_defined_syms if sym.name.startswith("ERROR_")]


def load_strict(kconf, path):
    """Load a configuration file; an unknown symbol, a bad value or a lost assignment is an error."""
    if not os.path.isfile(path):
        known = sorted(item.name for item in pathlib.Path(path).parent.glob("*_defconfig"))
        raise ToolError(f"there is no configuration file {path}" + (f"; there are: {' '.join(known)}" if known else ""))
    kconf.load_config(path)
    problems = kconf.warnings + lost_assignments(kconf) + contradictions(kconf)
    if problems:
        raise ToolError(f"{path}: configuration warnings are errors:\n  " + "\n  ".join(problems) +
                        "\n(`make olddefconfig` brings an old .config up to date)")


def config_path():
    return os.environ.get("KCONFIG_CONFIG", ".config")


def save(kconf):
    pathlib.Path(config_path()).parent.mkdir(parents=True, exist_ok=True)
    print(kconf.write_config(config_path()))


def make_value(sym):
    """The value of a symbol as a make variable."""
    if sym.orig_type is STRING:
        return sym.str_value.replace("$", "$$").replace("#", r"\#")
    return sym.str_value


def header_lines(sym):
    name = f"CONFIG_{sym.name}"
    if sym.orig_type is BOOL:
        return [f"#define {name} 1"] if sym.str_value == "y" else []
    if sym.orig_type is STRING:
        return ['#define {} "{}"'.format(name, kconfiglib.escape(sym.str_value))]
    return [f"#define {name} {sym.str_value}"] if sym.str_value else []


def target_sync(kconf, arguments):
    """Write the outputs; a header with the same content keeps its time, so that nothing is rebuilt for it."""
    load_strict(kconf, config_path())
    out = pathlib.Path(arguments[0])
    symbols = [sym for sym in kconf.unique_defined_syms if sym.orig_type in (BOOL, INT, HEX, STRING)]
    header = ["/* Made by tools/kconfig.py from .config; force-included into every file. */", "#pragma once"]
    conf = ["# Made by tools/kconfig.py from .config."]
    for sym in symbols:
        header += header_lines(sym)
        if sym.str_value not in ("", "n"):
            conf.append(f"CONFIG_{sym.name} := {make_value(sym)}")
    write_if_changed(out / "include" / "autoconf.h", "\n".join(header) + "\n")
    write_if_changed(out / "include" / "config_text.h", config_text(kconf))
    write_if_changed(out / "auto.conf", "\n".join(conf) + "\n")
    (out / "auto.conf").touch()


def config_lines(kconf):
    """The configuration as it stands in .config, without headings."""
    return [sym.config_string.rstrip("\n") for sym in kconf.unique_defined_syms if sym.config_string]


def config_text(kconf):
    """A C header: one string literal a line."""
    lines = ["/* Made by tools/kconfig.py from .config; included by core/config_text.c. */"]
    return "\n".join(lines + ['"{}\\n"'.format(kconfiglib.escape(line)) for line in config_lines(kconf)]) + "\n"


def target_defconfig(kconf, arguments):
    load_strict(kconf, arguments[0])
    save(kconf)


def of_earlier(paths):
    """{name: (value, file)} of what these files set, the last one of several."""
    return {sym.name: (value_text(sym), path) for path in paths for sym in assigned(load_fragment(path))}


def overruled(kconf, fragment, earlier):
    """(lines about what the fragment sets to something else than earlier files, names of these)."""
    mine = {sym.name: value_text(sym) for sym in assigned(fragment)}
    chosen = {kconf.syms[name].choice: name for name, value in mine.items() if value == "y" and kconf.syms[name].choice}
    lines, names = [], set(mine)
    for name, (value, path) in earlier.items():
        other = chosen.get(kconf.syms[name].choice)
        if other and value == "y" and other != name:
            names.add(name)
            lines.append(f"{name} of {path} gives way to {other}")
        elif name in mine and not same_value(kconf.syms[name], value, mine[name]):
            lines.append(f"{name} of {path} was '{value}' and becomes '{mine[name]}'")
    return lines, names


def target_merge(kconf, arguments):
    """A fragment over the configuration that is there. All that it sets must be so afterwards, and what files before it set and it does not."""
    path, *before = arguments
    fragment = load_fragment(path)
    load_strict(kconf, config_path())
    kconf.warn_assign_override = kconf.warn_assign_redun = False
    kconf.load_config(path, replace=False)
    earlier = of_earlier(before)
    lines, overruled_names = overruled(kconf, fragment, earlier)
    for line in lines:
        print(f"kconfig: {path}: {line}")
    problems = kconf.warnings + lost_assignments(kconf, [kconf.syms[sym.name] for sym in assigned(fragment)]) + contradictions(kconf)
    for name, (value, where) in earlier.items():
        sym = kconf.syms[name]
        if name not in overruled_names and not same_value(sym, value, sym.str_value):
            problems.append(f"{name}, which {where} sets to '{value}', would be '{sym.str_value}' (depends on: {kconfiglib.expr_str(sym.direct_dep)})")
    if problems:
        raise ToolError(f"{path} does not go with {config_path()}:\n  " + "\n  ".join(problems))
    save(kconf)


def target_olddefconfig(kconf, _arguments):
    """Keep what still makes sense of an old .config; say what does not."""
    kconf.load_config(config_path() if os.path.exists(config_path()) else os.devnull)
    for line in kconf.warnings + lost_assignments(kconf):
        print(f"kconfig: dropped: {line}", file=sys.stderr)
    save(kconf)


def target_savedefconfig(kconf, arguments):
    load_strict(kconf, config_path())
    path = arguments[0] if arguments else "defconfig"
    print(kconf.write_min_config(path))


def random_number(sym, rng):
    """A number within the symbol's range, or None where there is no range to choose from."""
    for low, high, condition in sym.ranges:
        if kconfiglib.expr_value(condition):
            base = 16 if sym.orig_type is HEX else 10
            number = rng.randint(int(low.str_value, base), int(high.str_value, base))
            return hex(number) if base == 16 else str(number)
    return None


def repair(kconf, rng):
    """Change at random the symbols that an ERROR_* symbol complains about: set one that is missing, draw a number again."""
    for error in error_symbols(kconf):
        while error.str_value == "y":
            named = [sym for value, _condition in error.defaults for sym in kconfiglib.expr_items(value)]
            sym = rng.choice(sorted((sym for sym in named if 2 in sym.assignable or sym.ranges), key=lambda sym: sym.name))
            sym.set_value(2 if 2 in sym.assignable else random_number(sym, rng))


def target_randconfig(kconf, _arguments):
    """Random values for all that can be chosen, in a random order, then a check that the result loads cleanly."""
    text = os.environ.get("KCONFIG_SEED") or str(random.SystemRandom().randrange(1 << 32))
    try:
        seed = int(text, 0)
    except ValueError as error:
        raise ToolError(f"KCONFIG_SEED={text} is no number") from error
    rng = random.Random(seed)
    print(f"kconfig: randconfig with KCONFIG_SEED={seed}")
    kconf.load_config(os.devnull)
    for choice in kconf.unique_choices:
        members = [sym for sym in choice.syms if sym.visibility]
        if members:
            rng.choice(members).set_value(2)
    # What EXPERT offers may well not boot; who wants that says so.
    expert = 2 if os.environ.get("KCONFIG_EXPERT") == "y" else 0
    symbols = [sym for sym in kconf.unique_defined_syms if sym.choice is None and sym.name != "EXPERT"]
    kconf.syms["EXPERT"].set_value(expert)
    for _ in range(2):  # a symbol that became visible in the first round gets its turn in the second
        rng.shuffle(symbols)
        for sym in symbols:
            if not sym.visibility:
                continue
            if sym.orig_type is BOOL:
                sym.set_value(rng.choice(sym.assignable) if sym.assignable else 0)
            elif sym.orig_type in (INT, HEX):
                number = random_number(sym, rng)
                if number is not None:
                    sym.set_value(number)
    repair(kconf, rng)
    kconf.warnings.clear()
    save(kconf)
    load_strict(load_kconfig(), config_path())


def run_package_tool(name):
    """One of kconfiglib's own programs, in this process."""
    sys.argv = [name, "Kconfig"]
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        hint = " (Debian package python3-tk)" if name == "guiconfig" else ""
        raise ToolError(f"{name} cannot start: {error}{hint}") from error
    pathlib.Path(config_path()).parent.mkdir(parents=True, exist_ok=True)
    if name == "menuconfig" and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ToolError("menuconfig needs a terminal")
    if name == "guiconfig":
        import tkinter  # kconfiglib's guiconfig reports a missing display with a traceback only
        try:
            module._main()
        except tkinter.TclError as error:
            raise ToolError(f"guiconfig cannot open a window: {error}") from error
        return
    getattr(module, "_main" if hasattr(module, "_main") else "main")()


TARGETS = {
    "defconfig": target_defconfig,
    "merge": target_merge,
    "sync": target_sync,
    "olddefconfig": target_olddefconfig,
    "savedefconfig": target_savedefconfig,
    "randconfig": target_randconfig,
}


def main(arguments):
    if arguments and arguments[0] in ("-h", "--help"):
        print(__doc__)
        return
    if not arguments or arguments[0] not in (*TARGETS, *PACKAGE_TOOLS):
        raise ToolError(f"usage: kconfig.py {{{'|'.join((*TARGETS, *PACKAGE_TOOLS))}}} [ARGUMENT]")
    if arguments[0] in ("defconfig", "merge", "sync") and len(arguments) < 2:
        raise ToolError(f"{arguments[0]} needs an argument; see kconfig.py --help")
    os.environ.setdefault("srctree", str(pathlib.Path(__file__).resolve().parents[1]))
    try:
        kconf = load_kconfig()
        if arguments[0] in PACKAGE_TOOLS:
            run_package_tool(arguments[0])
        else:
            TARGETS[arguments[0]](kconf, arguments[1:])
    except kconfiglib.KconfigError as error:
        raise ToolError(str(error).strip().partition("\n")[0]) from error


if __name__ == "__main__":
    tool_main("kconfig", main)
