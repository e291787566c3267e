"""A recorded stand-in for the programs a module starts: what a table lists answers, all else fails the test."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from provisioner.remote.system.commands import Commands, Completed


class UnlistedCommand(BaseException):
    """The module started a program that its table does not list; no ``except Exception`` may swallow it."""


class RecordedCommands(Commands):
    """Answers from a table. The last listed entry that fits wins, so later entries describe later states.

    An entry fits when its ``argv`` is the one started (a list, or a string split like a shell does; a program without
    a slash also matches its full path, the word ``*`` any word) and every command under ``after`` has been run before.
    ``effect: true`` or ``writes: {path: content}`` marks an entry that changes the host: in check mode and in the
    second run it must not be started. ``there: false`` makes ``which`` answer that the program is missing.
    ``input`` is a regular expression that its standard input must hold, ``after_input`` one that an earlier one held.
    """

    def __init__(self, root: Path, entries: Sequence[Mapping[str, Any]]) -> None:
        self.root = root
        self.entries = [dict(e, argv=_words(e["argv"]), after=_all_words(e.get("after"))) for e in entries]
        self.ran: list[list[str]] = []
        self.stdins: list[bytes | None] = []
        self.forbid_effects = False

    def run(self, argv: Sequence[str], *, stdin: bytes | None = None, **_: Any) -> Completed:
        """Answer as the table says."""
        words = [str(word) for word in argv]
        for entry in reversed(self.entries):
            if _same(entry["argv"], words) and self._fits(entry, stdin or b""):
                return self._answer(entry, words, stdin)
        raise UnlistedCommand(f"not in the table: {shlex.join(words)}")

    def _fits(self, entry: Mapping[str, Any], stdin: bytes) -> bool:
        heard = [each or b"" for each in self.stdins]
        earlier = entry.get("after_input")
        if earlier and not any(re.search(earlier, each.decode("utf-8", "replace")) for each in heard):
            return False
        if not re.search(entry.get("input", ""), stdin.decode("utf-8", "replace")):
            return False
        return all(self.has_run(each) for each in entry["after"])

    def _answer(self, entry: Mapping[str, Any], words: list[str], stdin: bytes | None) -> Completed:
        if entry.get("there") is False:
            return Completed(127, "", f"{words[0]}: No such file or directory")
        if self.forbid_effects and (entry.get("effect") or "writes" in entry):
            raise UnlistedCommand(f"changes the host where nothing may change: {shlex.join(words)}")
        self.ran.append(words)
        self.stdins.append(stdin)
        for path, content in entry.get("writes", {}).items():
            real = self.root / path.lstrip("/")
            if content is None:
                real.unlink()
            else:
                real.parent.mkdir(parents=True, exist_ok=True)
                real.write_text(content)
        return Completed(entry.get("rc", 0), entry.get("out", ""), entry.get("err", ""))

    def which(self, name: str, *extra: str) -> str | None:
        """Return a path for programs the table lists, None for others."""
        for entry in self.entries:
            if os.path.basename(entry["argv"][0]) == os.path.basename(name) and entry.get("there") is not False:
                return entry["argv"][0] if "/" in entry["argv"][0] else "/usr/bin/" + name
        return None

    def has_run(self, wanted: Sequence[str]) -> bool:
        """Tell whether a command was run."""
        return any(_same(wanted, words) for words in self.ran)

    def missing(self, wanted: Sequence[Any]) -> list[str]:
        """Return in words which of the wanted commands were not run."""
        return [f"did not run: {each}" for each in wanted if not self.has_run(_words(each))]


def _words(given: Any) -> list[str]:
    return shlex.split(given) if isinstance(given, str) else [str(word) for word in given]


def _all_words(given: Any) -> list[list[str]]:
    if given is None:
        return []
    return [_words(each) for each in ([given] if isinstance(given, str) else given)]


def _same(listed: Sequence[str], started: Sequence[str]) -> bool:
    if len(listed) != len(started):
        return False
    program = started[0] if "/" in listed[0] else os.path.basename(started[0])
    return all(want in ("*", word) for want, word in zip(listed, [program, *started[1:]], strict=True))
