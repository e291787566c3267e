"""One POSIX shell script that asks a host everything, and the reading of its answer. No Python is needed there.

The script goes to ``sh -s`` by standard input, so nothing is written on the host and nothing is seen in its process
list. Its output is marked by lines that begin with a word nobody can guess; a scope that fails does not hurt others.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from types import ModuleType
from typing import cast

from provisioner import catalog
from provisioner.diagnostics.errors import InputError, nearest
from provisioner.discovery.sections import Finding, Sections, printable
from provisioner.discovery.snapshot import Coverage, Json, Scope, Snapshot, Taken
from provisioner.records import dataclass

PRELUDE = r"""
LC_ALL=C QUOTING_STYLE=literal SYSTEMD_COLORS=0 SYSTEMD_PAGER= NO_COLOR=1
export LC_ALL QUOTING_STYLE SYSTEMD_COLORS SYSTEMD_PAGER NO_COLOR PATH
unset LANGUAGE LS_COLORS GREP_OPTIONS POSIXLY_CORRECT
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin
TAB=$(printf '\t')
mark() { printf '\n@@%s %s\n' "$TOKEN" "$*"; }
section() { mark section "$1"; }
partly() { mark partly "$*"; }
nothing() { mark nothing "$*"; }
have() { command -v "$1" >/dev/null 2>&1; }
UID_NOW=$(id -u 2>/dev/null)
is_root() { [ "$UID_NOW" = 0 ]; }
needs_root() { is_root || partly "not asked as root: $*"; }
LIMIT=
if have timeout; then
  if timeout 1 true 2>/dev/null; then LIMIT='timeout'; elif timeout -t 1 true 2>/dev/null; then LIMIT='timeout -t'; fi
fi
limited() {
  if [ -n "$LIMIT" ]; then $LIMIT "$@"; else shift; "$@"; fi
}
SUM=
for each in sha256sum 'busybox sha256sum' 'shasum -a 256'; do
  if printf '' | $each >/dev/null 2>&1; then SUM=$each; break; fi
done
each_path() { tr '\n' '\0' | xargs -0 "$@"; }
mark start "$(id -un 2>/dev/null)" "$(date +%s.%N)"
"""
PLACES = ("/etc", "/usr/local", "/opt", "/srv")
LAST_WORDS = 300


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to ask: scopes (all where none is named), places searched for files, and how long to watch connections.

    Files over ``large`` bytes get no checksum; a place with more than ``many`` files is not looked through. ``files``:
    the contents of files that were changed, or that no package brought, are wanted, too.
    """

    scopes: Sequence[str] = ()
    places: Sequence[str] = PLACES
    watch_s: int = 0
    large: int = 4 * 1024 * 1024
    many: int = 20_000
    files: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, when its first byte came (by the controller's clock), and how long all took."""

    out: str
    err: str = ""
    heard_at: float = 0.0
    seconds: float = 0.0


@dataclass(slots=True)
class _Said:
    """One scope's part of an answer."""

    sections: dict[str, str] = field(default_factory=dict)
    section: str = ""
    partly: list[str] = field(default_factory=list)
    nothing: str = ""
    status: int | None = None

    def add(self, body: str) -> None:
        """Add text to the section that is open; a remark in its middle does not end it."""
        self.sections[self.section] = self.sections.get(self.section, "") + body


def scope_names(asked: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the names of the scopes asked for, all where none is; InputError for one there is not."""
    known = catalog.names("scope")
    for name in asked:
        if name not in known:
            hint = nearest(name, known) or f"there are {', '.join(sorted(known))}"
            raise InputError.at(None, f"there is no scope '{name}'", hint=hint)
    return tuple(sorted(asked or known))


def scope_module(name: str) -> ModuleType:
    """Return the module of a scope: its PROBE, its ``read`` and its RULES."""
    return catalog.load("scope", name)


def script(wanted: Wanted, token: str) -> str:
    """Return the shell script that asks for everything wanted."""
    lines = [f"TOKEN={token}", f"PLACES={shlex.quote(' '.join(map(_place, wanted.places)))}",
             f"WATCH={wanted.watch_s} LARGE={wanted.large} MANY={wanted.many}", PRELUDE]  # fmt: skip
    for name in scope_names(wanted.scopes):
        lines.append(f"scope_{name}() {{\n{scope_module(name).PROBE.strip()}\nreturn 0\n}}")
    for name in scope_names(wanted.scopes):
        lines.append(_call(name))
    return "\n".join([*lines, "mark over", ""])


def _call(name: str) -> str:
    return (
        f"mark scope {name}; mark scope {name} >&2\n"
        f"( scope_{name} ) </dev/null\n"
        f"mark end $?"
    )  # fmt: skip


def _place(path: str) -> str:
    if not path.startswith("/") or re.search(r"[\s'\"\\$*?\[\]]", path):
        raise InputError.at(
            None, f"'{path}' cannot be a place to search: an absolute path without special signs is needed"
        )
    return path.rstrip("/") or "/"


def snapshot_of(host: str, address: str, answer: Answer, token: str, taken: Taken) -> Snapshot:
    """Read an answer; ValueError where the script did not even begin."""
    parts, start, ended = _split(answer.out, token)
    if start is None:
        raise ValueError(f"the host's shell did not run the probe{_tail(answer.err)}")
    complaints = _complaints(answer.err, token)
    scopes: dict[str, Scope] = {}
    measured: dict[str, Mapping[str, Json]] = {}
    for name, said in parts.items():
        scopes[name], figures = _read(name, said, complaints.get(name, ""), is_whole=ended)
        if figures:
            measured[name] = figures
    user, _space, clock = start.partition(" ")
    if "os" in scopes:
        measured["os"] = {**measured.get("os", {}), **_clock(clock, answer)}
    return Snapshot(host, address, replace(taken, user=user), scopes, measured)


def _clock(text: str, answer: Answer) -> dict[str, Json]:
    found = re.match(r"\d+(\.\d+)?", text)
    if not found:
        return {}
    epoch = float(found.group())
    if not found.group(1):
        return {"epoch": epoch, "clock_offset_s": round(epoch + 0.5 - answer.heard_at, 1)}
    return {"epoch": round(epoch, 3), "clock_offset_s": round(epoch - answer.heard_at, 3)}


def _read(name: str, said: _Said, complaint: str, *, is_whole: bool) -> tuple[Scope, Mapping[str, Json]]:
    """Return a scope and what was measured in it; a probe that failed is said, whatever it found."""
    if said.nothing:
        return Scope(Coverage.NONE, (said.nothing,)), {}
    if said.status is None:
        why = "the answer ended in the middle" if not is_whole else "the probe did not end"
        return Scope(Coverage.NONE, (f"{why}{_tail(complaint)}",)), {}
    if said.status != 0:
        return Scope(Coverage.NONE, (f"the probe failed with {said.status}{_tail(complaint)}",)), {}
    try:
        found = cast("Finding", scope_module(name).read(Sections(said.sections)))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        return Scope(Coverage.NONE, (f"its answer could not be read: {type(error).__name__}: {error}",)), {}
    if found.nothing:
        return Scope(Coverage.NONE, (found.nothing,)), {}
    gaps = tuple(dict.fromkeys([*said.partly, *found.partly]))
    return Scope(Coverage.PARTLY if gaps else Coverage.FULL, gaps, dict(sorted(found.items.items()))), found.measured


def _split(out: str, token: str) -> tuple[dict[str, _Said], str | None, bool]:
    """Return the parts by scope, what the start mark said, and whether the end was reached."""
    text = printable(out)
    if f"\r\n@@{token} " in text:
        text = text.replace("\r\n", "\n")
    parts: dict[str, _Said] = {}
    now, start, ended = _Said(), None, False
    for piece in f"\n{text}".split(f"\n@@{token} ")[1:]:
        head, _newline, body = piece.partition("\n")
        word, _space, rest = head.strip().partition(" ")
        if word == "start":
            start = rest
        elif word == "scope":
            now = parts.setdefault(rest, _Said())
        elif word == "section":
            now.section = rest
            now.add(body)
        elif word == "partly":
            now.partly.append(rest)
            now.add(body)
        elif word == "nothing":
            now.nothing = rest
        elif word == "end":
            now.status = int(rest) if rest.isdigit() else 1
        elif word == "over":
            ended = True
    return parts, start, ended


def _complaints(err: str, token: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for piece in f"\n{printable(err)}".split(f"\n@@{token} scope ")[1:]:
        name, _newline, said = piece.partition("\n")
        found[name.strip()] = said
    return found


def _tail(text: str) -> str:
    said = " / ".join(line.strip() for line in text.splitlines()[-3:] if line.strip())
    return f": {said[-LAST_WORDS:]}" if said else ""
