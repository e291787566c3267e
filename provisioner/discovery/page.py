"""A comparison as one HTML file that needs nothing else; everything a server said is escaped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape
from itertools import groupby

from provisioner.discovery.judging import Difference, Severity
from provisioner.discovery.snapshot import Json, Snapshot
from provisioner.discovery.telling import Comparison

STYLE = """
:root { color-scheme: light dark; --line: #8884; --red: #c62828; --amber: #b26a00; --blue: #1565c0; --grey: #777; }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin-bottom: .2rem; } h2 { font-size: 1.05rem; margin: 1.6rem 0 .3rem; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; }
th, td { text-align: left; vertical-align: top; padding: .3rem .5rem; border-top: 1px solid var(--line);
  overflow-wrap: anywhere; }
th { font-weight: 600; } td code { font-size: .85em; }
.blocking { color: var(--red); font-weight: 600; }
.explained { color: var(--amber); } .informative { color: var(--blue); }
.expected, .note { color: var(--grey); } .verdict { font-size: 1.1rem; margin: .8rem 0; }
summary { cursor: pointer; }
"""
HEAD = "<tr><th style='width:10%'>matters</th><th style='width:26%'>what</th><th>old</th><th>new</th></tr>"


def as_page(comparison: Comparison) -> str:
    """Return the page: what blocks is open, what is expected is folded."""
    old, new = comparison.old, comparison.new
    worst = "blocking" if comparison.counts()["unexplained"] else "informative"
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>",
        f"<title>{escape(old.host)} against {escape(new.host)}</title><style>{STYLE}</style></head><body>",
        f"<h1>{escape(old.host)} against {escape(new.host)}</h1>",
        f"<p class='note'>{_taken(old)}<br>{_taken(new)}</p>",
        f"<p class='verdict {worst}'>{escape(comparison.verdict())}</p>",
        *_scopes([each for each in comparison.differences if each.severity is not Severity.EXPECTED]),
    ]
    expected = [each for each in comparison.differences if each.severity is Severity.EXPECTED]
    if expected:
        parts += [f"<details><summary>{len(expected)} differences that were expected</summary>", *_scopes(expected),
                  "</details>"]  # fmt: skip
    if comparison.expired:
        rows = (
            f"<li>{escape(each.scope)}: {escape(each.what)}: {escape(each.account)}</li>" for each in comparison.expired
        )
        parts += ["<h2>Waivers that have run out</h2><ul>", *rows, "</ul>"]
    return "\n".join([*parts, "</body></html>", ""])


def _taken(snapshot: Snapshot) -> str:
    moment = datetime.fromtimestamp(snapshot.taken.at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"{escape(snapshot.host)}: {moment}, <code>{escape(snapshot.hash)}</code>"


def _scopes(differences: list[Difference]) -> Iterator[str]:
    ordered = sorted(differences, key=lambda each: each.scope)
    for scope, group in groupby(ordered, key=lambda each: each.scope):
        yield f"<h2>{escape(scope)}</h2><table>{HEAD}"
        yield from (_row(each) for each in group)
        yield "</table>"


def _row(each: Difference) -> str:
    word = "explained" if each.waived else each.severity.value
    what = escape(each.item) + (f" <b>{escape(each.attribute)}</b>" if each.attribute else f" <b>{each.kind.value}</b>")
    remarks = "".join(f"<br><span class='note'>{escape(text)}</span>" for text in (each.note, each.waived) if text)
    cells = "".join(f"<td><code>{_value(value)}</code></td>" for value in (each.old, each.new))
    return f"<tr><td class='{word}'>{word}</td><td>{what}{remarks}</td>{cells}</tr>"


def _value(value: Json) -> str:
    if value is None:
        return ""
    return escape(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True))
