# SPDX-License-Identifier: GPL-2.0-or-later
"""Files of configs/ in TOML: read, and held against the dataclass that a table becomes. Every mistake is one message."""

import dataclasses
import tomllib

from umbra_common import ToolError

KINDS = {str: "a text", tuple: "a list of texts", int: "a number", bool: "true or false"}


def load(path):
    try:
        with open(path, "rb") as handle:
            return tomllib.load(handle)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ToolError(f"{path}: {error}") from error


def table_at(data, file, *names):
    """The table of that name, empty if there is none."""
    for name in names:
        data = data.get(name, {})
        if not isinstance(data, dict):
            raise ToolError(f"{file.name}: {'.'.join(names)} is no table")
    return data


def tables(path, name):
    """{name of a table: table} of [NAME.x], [NAME.y]..."""
    data = load(path)
    return {one: table_at(data, path, name, one) for one in table_at(data, path, name)}


def values(kind, words, where, without=()):
    """{field: value} for the dataclass `kind`; a dash in the file is an underscore there."""
    fields = {field.name.replace("_", "-"): field for field in dataclasses.fields(kind) if field.name not in without}
    found = {}
    for word, value in words.items():
        if word not in fields:
            raise ToolError(f"{where}: unknown word '{word}'")
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            value = tuple(value)
        if type(value) is not fields[word].type:
            raise ToolError(f"{where}: {word} is {KINDS[fields[word].type]}")
        found[fields[word].name] = value
    return found
