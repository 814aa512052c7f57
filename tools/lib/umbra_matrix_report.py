# SPDX-License-Identifier: GPL-2.0-or-later
"""Results of the configuration matrix: a table, JUnit XML, an HTML page, and what the next run knows of this one."""

import html
import json
import os
import pathlib
import xml.etree.ElementTree as xml

STATUS = {"pass": "PASS", "fail": "FAIL"}


def table(results):
    width = max((len(result.row.name) for result in results), default=4)
    lines = [f"{'row':{width}}  result  build s  run s  expected"]
    for result in results:
        lines.append(f"{result.row.name:{width}}  {STATUS[result.status]:6}  {result.build_seconds:7.1f}  {result.run_seconds:5.1f}  {result.row.expect}"
                     + (f"\n{'':{width}}  {plain(result.message)}" if result.message else ""))
    return "\n".join(lines)


def junit(results, path):
    suite = xml.Element("testsuite", name="matrix", tests=str(len(results)), failures=str(sum(one.status == "fail" for one in results)),
                        time=f"{sum(one.build_seconds + one.run_seconds for one in results):.1f}")
    for one in results:
        case = xml.SubElement(suite, "testcase", classname=f"matrix.{one.row.configuration()}", name=one.row.name,
                              time=f"{one.build_seconds + one.run_seconds:.1f}")
        if one.status == "fail":
            xml.SubElement(case, "failure", message=plain(one.message)).text = console_end(one)
    xml.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)


def plain(text):
    """Without what XML cannot hold: a console has all kinds of bytes."""
    return "".join(c for c in text if c >= " " or c in "\n\t")


def console_end(result, lines=40):
    """The end of the console."""
    if not result.console or not os.path.exists(result.console):
        return ""
    text = pathlib.Path(result.console).read_text(encoding="latin1")
    return plain("\n".join(text.splitlines()[-lines:]))


PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Umbra: configuration matrix</title><style>
body {{ font-family: sans-serif }} table {{ border-collapse: collapse; margin-bottom: 2em }} td, th {{ border: 1px solid #999; padding: 3px 8px }}
.pass {{ background: #c7e9c0 }} .fail {{ background: #fcbba1 }}
</style></head><body><h1>Configuration matrix: {passed} passed, {failed} failed</h1>
{tables}<h2>All rows</h2>
<table><tr><th>row</th><th>configuration</th><th>expected</th><th>result</th><th>build s</th><th>run s</th><th>console</th></tr>
{rows}</table></body></html>
"""


def cell(result, folder):
    link = f'<a href="{html.escape(os.path.relpath(result.console, folder))}">console</a>' if result.console else ""
    row = result.row
    return (f'<tr class="{result.status}"><td>{html.escape(row.name)}</td><td>{html.escape(row.configuration())}</td><td>{html.escape(row.expect)}</td>'
            f"<td>{STATUS[result.status]}<br>{html.escape(plain(result.message))}</td><td>{result.build_seconds:.1f}</td><td>{result.run_seconds:.1f}</td>"
            f"<td>{link}</td></tr>")


def column(row):
    """What a table has side by side: CPU path and shadow strategy."""
    return f"{row.choices['path']}, {row.choices['strategy']}"


def crosses(results):
    """One table for each configuration: guests by paths and strategies."""
    out = []
    for name in sorted({one.row.choices["configuration"] for one in results if one.row.choices}):
        mine = {(one.row.choices["guest"], column(one.row)): one for one in results if one.row.choices.get("configuration") == name}
        columns, guests = sorted({key[1] for key in mine}), sorted({key[0] for key in mine})
        out.append(f"<h2>{html.escape(name)}</h2><table><tr><th></th>{''.join(f'<th>{html.escape(title)}</th>' for title in columns)}</tr>")
        for guest in guests:
            cells = [mine.get((guest, title)) for title in columns]
            out.append(f"<tr><th>{html.escape(guest)}</th>" + "".join(
                f'<td class="{one.status}">{STATUS[one.status]} {one.run_seconds:.0f} s</td>' if one else "<td></td>" for one in cells) + "</tr>")
        out.append("</table>")
    return "\n".join(out)


def page(results, path):
    failed = sum(one.status == "fail" for one in results)
    path.write_text(PAGE.format(passed=len(results) - failed, failed=failed, tables=crosses(results),
                                rows="\n".join(cell(one, path.parent) for one in results)), encoding="utf-8")


def failed_last_time(folder):
    path = folder / "last.json"
    return set(json.loads(path.read_text(encoding="utf-8"))["failed"]) if path.exists() else None


def write_all(results, folder):
    junit(results, folder / "junit.xml")
    page(results, folder / "report.html")
    names = [one.row.name for one in results if one.status == "fail"]
    (folder / "last.json").write_text(json.dumps({"failed": names}) + "\n", encoding="utf-8")
