"""Differences that somebody explained: a file of reasons with owners and dates, signed by its owner's SSH key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path

from provisioner.diagnostics.diagnostic import Diagnostic, Findings
from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.position import Source, position_of
from provisioner.discovery.judging import Difference
from provisioner.discovery.signatures import BadSignature, allowed_signers, signer
from provisioner.records import dataclass
from provisioner.syntax.yaml import load as load_yaml

NAMESPACE = "provisioner-waivers"
KEYS = ("scope", "what", "reason", "owner", "until")


@dataclass(frozen=True, slots=True)
class Waiver:
    """One explanation: for the differences of a scope whose item (and attribute, after a space) match a pattern."""

    scope: str
    what: str
    reason: str
    owner: str
    until: date

    def explains(self, difference: Difference) -> bool:
        """Tell whether this is about the difference."""
        if not fnmatchcase(difference.scope, self.scope):
            return False
        return fnmatchcase(difference.what, self.what) or fnmatchcase(difference.item, self.what)

    @property
    def account(self) -> str:
        """Return who explained it and how."""
        return f"{self.reason} ({self.owner}, until {self.until.isoformat()})"


@dataclass(frozen=True, slots=True)
class Waivers:
    """The waivers that hold today, and those that have run out."""

    valid: tuple[Waiver, ...] = ()
    expired: tuple[Waiver, ...] = ()


def read_waivers(paths: Sequence[Path], signers: Path | None, today: date) -> Waivers:
    """Read files of waivers; InputError for one whose signature (FILE.sig) is not its owner's."""
    if paths and signers is None:
        hint = "--signers FILE: lines of 'owner ssh-ed25519 KEY', as ssh-keygen's allowed_signers"
        raise InputError.at(None, "waivers count only when signed, and nobody says whose keys may sign", hint=hint)
    found: list[Waiver] = []
    for path in paths:
        found += _read(path, signers or Path())
    valid = tuple(each for each in found if each.until >= today)
    return Waivers(valid, tuple(each for each in found if each.until < today))


def _read(path: Path, signers: Path) -> list[Waiver]:
    data = _bytes(path, "the file of waivers")
    beside = path.with_name(f"{path.name}.sig")
    how = f"ssh-keygen -Y sign -n {NAMESPACE} -f KEY {path}"
    if not beside.exists():
        raise InputError.at(None, f"{path} is not signed: there is no {beside.name}", hint=how)
    try:
        owner = signer(data, beside.read_text(encoding="utf-8"), NAMESPACE, allowed_signers(_text(signers)))
    except BadSignature as error:
        raise InputError.at(
            None, f"the signature of {path} does not hold: {error}", hint=f"sign it anew: {how}"
        ) from None
    source = Source(str(path), data.decode("utf-8", "replace"))
    findings = Findings()
    loaded = load_yaml(source)
    entries = loaded.get("waivers") if isinstance(loaded, dict) else None
    if not isinstance(entries, list):
        raise InputError.at(position_of(loaded), f"{path} has no list 'waivers'")
    found = [waiver for each in entries if (waiver := _waiver(each, owner, findings)) is not None]
    if findings.errors:
        raise InputError(findings.errors)
    return found


def _waiver(entry: object, signed_by: str, findings: Findings) -> Waiver | None:
    """Return one entry of a file; what is wrong with it goes to the findings."""
    where = position_of(entry)
    if not isinstance(entry, dict):
        findings.add(Diagnostic("a waiver is a mapping", where, hint=f"its keys: {', '.join(KEYS)}"))
        return None
    missing = [key for key in KEYS if not entry.get(key)]
    unknown = [str(key) for key in entry if key not in KEYS]
    if missing or unknown:
        words = [f"has no {', '.join(missing)}"] if missing else []
        words += [f"has an unknown {', '.join(unknown)}"] if unknown else []
        findings.add(Diagnostic(f"a waiver {' and '.join(words)}", where, hint=f"its keys: {', '.join(KEYS)}"))
        return None
    try:
        until = date.fromisoformat(str(entry["until"])[:10])
    except ValueError:
        findings.add(Diagnostic(f"'{entry['until']}' is no date", position_of(entry["until"]) or where,
                                hint="a date is written 2027-01-31"))  # fmt: skip
        return None
    owner = str(entry["owner"])
    if owner != signed_by:
        findings.add(Diagnostic(f"the waiver's owner is {owner}, and {signed_by} signed the file",
                                position_of(entry["owner"]) or where, hint="one file for each owner"))  # fmt: skip
        return None
    return Waiver(str(entry["scope"]), str(entry["what"]), str(entry["reason"]), owner, until)


def _bytes(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError.at(None, f"{what} {path} cannot be read: {error.strerror}") from None


def _text(path: Path) -> str:
    return _bytes(path, "the file of signers").decode("utf-8", "replace")
