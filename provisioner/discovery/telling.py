"""A comparison for people at a terminal and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import field

from provisioner.discovery.judging import Difference, Kind, Severity
from provisioner.discovery.snapshot import Json, Snapshot
from provisioner.discovery.waivers import Waiver
from provisioner.records import dataclass
from provisioner.reporting.paint import Paint

WIDE = 160
COLOURS = {Severity.BLOCKING: "red", Severity.INFORMATIVE: "cyan", Severity.EXPECTED: "grey"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two snapshots, how they differ, and waivers that no longer count."""

    old: Snapshot
    new: Snapshot
    differences: Sequence[Difference]
    expired: Sequence[Waiver] = field(default_factory=tuple)

    def counts(self) -> dict[str, int]:
        """Return how many differences there are of each kind."""
        all_of = self.differences
        return {
            "unexplained": sum(each.blocks for each in all_of),
            "explained": sum(bool(each.waived) for each in all_of),
            "informative": sum(each.severity is Severity.INFORMATIVE for each in all_of),
            "expected": sum(each.severity is Severity.EXPECTED for each in all_of),
        }

    def verdict(self) -> str:
        """Return the outcome in a sentence."""
        counts = self.counts()
        if counts["unexplained"]:
            rest = ", ".join(f"{number} {word}" for word, number in counts.items() if word != "unexplained")
            return f"{counts['unexplained']} unexplained differences ({rest})"
        if not self.differences:
            return "no differences"
        return "nothing that blocks: " + ", ".join(f"{number} {word}" for word, number in counts.items() if number)


def as_text(comparison: Comparison, paint: Paint, *, shows_all: bool) -> str:
    """Return the comparison for a terminal; ``shows_all`` adds what is expected anyway."""
    lines = [f"{comparison.old.host} ({comparison.old.hash[:19]}) against {comparison.new.host} "
             f"({comparison.new.hash[:19]})"]  # fmt: skip
    for title, chosen, colour in _groups(comparison.differences, shows_all=shows_all):
        lines += ["", paint(f"{title} ({len(chosen)})", colour)]
        for each in chosen:
            lines += [f"  {each.scope:<14} {line}" for line in _told(each)]
    if comparison.expired:
        lines += ["", "Waivers that have run out"]
        lines += [f"  {each.scope:<14} {each.what}: {each.account}" for each in comparison.expired]
    counts = comparison.counts()
    colour = "bold red" if counts["unexplained"] else "green"
    return "\n".join([*lines, "", paint(comparison.verdict(), colour)])


def _groups(differences: Sequence[Difference], *, shows_all: bool) -> Iterator[tuple[str, list[Difference], str]]:
    groups = [
        ("Unexplained", [each for each in differences if each.blocks], "bold red"),
        ("Explained", [each for each in differences if each.waived], "yellow"),
        ("Informative", [each for each in differences if each.severity is Severity.INFORMATIVE], "cyan"),
    ]
    if shows_all:
        groups.append(("Expected", [each for each in differences if each.severity is Severity.EXPECTED], "grey"))
    return (group for group in groups if group[1])


def _told(each: Difference) -> Iterator[str]:
    if each.kind is Kind.CHANGED:
        yield f"{each.item}: {each.attribute or 'name'} {_short(each.old)} -> {_short(each.new)}"
    elif each.kind is Kind.UNSEEN:
        yield f"not comparable: old: {each.old or 'seen'}; new: {each.new or 'seen'}"
    else:
        value = each.old if each.kind is Kind.MISSING else each.new
        yield f"{each.item}: {each.kind} {_short(value)}".rstrip()
    for remark in (each.note, each.waived):
        if remark:
            yield f"    {remark}"


def _short(value: Json) -> str:
    """Return a value on one line, without what is empty in it."""
    if isinstance(value, dict):
        pairs = (f"{key}={_short(each)}" for key, each in value.items() if each not in ("", [], {}, False, None))
        text = f"({', '.join(pairs)})"
    elif isinstance(value, str):
        text = value or "''"
    else:
        text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= WIDE else f"{text[: WIDE - 3]}..."


def as_data(comparison: Comparison) -> str:
    """Return the comparison as JSON."""
    old, new = comparison.old, comparison.new
    data = {
        "old": {"host": old.host, "hash": old.hash, "at": old.taken.at},
        "new": {"host": new.host, "hash": new.hash, "at": new.taken.at},
        "counts": comparison.counts(),
        "differences": [
            {"scope": each.scope, "item": each.item, "kind": each.kind.value, "attribute": each.attribute,
             "old": each.old, "new": each.new, "severity": each.severity.value, "note": each.note,
             "waived": each.waived, "blocks": each.blocks}
            for each in comparison.differences
        ],
        "expired_waivers": [{"scope": each.scope, "what": each.what, "account": each.account}
                            for each in comparison.expired],
    }  # fmt: skip
    return json.dumps(data, indent=2, ensure_ascii=False)
