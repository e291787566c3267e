"""Findings that somebody accepted: which, who, why, and until when. What has run out does not count any more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from fnmatch import fnmatchcase
from pathlib import Path

from provisioner.diagnostics.diagnostic import Findings
from provisioner.diagnostics.errors import InputError, nearest
from provisioner.diagnostics.position import Source, position_of
from provisioner.records import dataclass
from provisioner.syntax.yaml import load

NEEDED = ("finding", "who", "reason", "until")
KEYS = frozenset({*NEEDED, "evidence"})


@dataclass(frozen=True, slots=True)
class Acceptance:
    """One entry. ``finding`` is a name or a pattern; with ``evidence`` only matching lines of it are accepted."""

    finding: str
    who: str
    reason: str
    until: date
    evidence: tuple[str, ...] = ()

    def fits(self, name: str) -> bool:
        """Tell whether this is about a finding of that name."""
        return fnmatchcase(name, self.finding)

    def covers(self, line: str) -> bool:
        """Tell whether a line of evidence is accepted."""
        return any(fnmatchcase(line, pattern) for pattern in self.evidence)

    @property
    def account(self) -> str:
        """Return who accepted it, why and until when."""
        return f"{self.who}: {self.reason} (until {self.until.isoformat()})"


@dataclass(frozen=True, slots=True)
class Acceptances:
    """Those that hold today, and those that have run out."""

    valid: tuple[Acceptance, ...] = ()
    expired: tuple[Acceptance, ...] = ()


def read_acceptances(paths: Sequence[Path], today: date) -> Acceptances:
    """Read files with a list ``accepted``; InputError with every mistake in them."""
    findings = Findings()
    found: list[Acceptance] = []
    for path in paths:
        try:
            source = Source(str(path), path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise InputError.at(None, f"the accepted findings {path} cannot be read: {error}") from None
        loaded = load(source, findings=findings)
        entries = loaded.get("accepted") if isinstance(loaded, dict) else None
        if not isinstance(entries, list):
            findings.error(f"{path} has no list 'accepted'", position_of(loaded),
                           hint="each entry has finding, who, reason and until")  # fmt: skip
            continue
        found += [each for entry in entries if (each := _entry(entry, findings)) is not None]
    if findings.errors:
        raise InputError(findings.errors)
    valid = tuple(each for each in found if each.until >= today)
    return Acceptances(valid, tuple(each for each in found if each.until < today))


def _entry(written: object, findings: Findings) -> Acceptance | None:
    where = position_of(written)
    if not isinstance(written, dict):
        findings.error("an accepted finding is a mapping", where, hint=f"its keys: {', '.join(NEEDED)}")
        return None
    before = len(findings.errors)
    for key in written:
        if key not in KEYS:
            findings.error(
                f"unknown key '{key}' of an accepted finding", position_of(key), hint=nearest(str(key), KEYS)
            )
    for key in NEEDED:
        if not written.get(key):
            findings.error(f"an accepted finding must say '{key}'", where)
    if len(findings.errors) > before:
        return None
    until = _day(written["until"])
    if until is None:
        findings.error(f"'{written['until']}' is no day", position_of(written["until"]) or where,
                       hint="write 2026-12-31")  # fmt: skip
        return None
    evidence = written.get("evidence")
    patterns = evidence if isinstance(evidence, list) else [] if evidence is None else [evidence]
    texts = (str(written["finding"]), str(written["who"]), str(written["reason"]))
    return Acceptance(*texts, until, tuple(str(each) for each in patterns))


def _day(value: object) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None
