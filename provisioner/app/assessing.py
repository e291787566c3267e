"""Assesses pairs of servers: takes or reads their snapshots, asks for times to live, looks for what is wrong."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from importlib import import_module
from pathlib import Path

from provisioner.app.credentials import Credentials
from provisioner.app.discovery import Tell, routes_to, snapshots_of
from provisioner.diagnostics.errors import InputError
from provisioner.discovery.snapshot import Snapshot
from provisioner.migration.acceptances import Acceptance
from provisioner.migration.assessing import Assessment, Context, assess
from provisioner.migration.names import names_of
from provisioner.migration.sight import NameAnswer
from provisioner.model.options import RunOptions
from provisioner.records import dataclass

Pair = tuple[str, str | None]
"""The old server and the new one, None where there is none yet: hosts of the inventory, or files of snapshots."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is known or wanted beside the servers: see Context. ``asks_names``: name servers may be asked."""

    acceptances: tuple[Acceptance, ...] = ()
    is_built: bool = True
    names: tuple[str, ...] = ()
    asks_names: bool = True
    backup_proof: str = ""


@dataclass(frozen=True, slots=True)
class Assessed:
    """A pair as it was seen, and what was found."""

    old: Snapshot
    new: Snapshot | None
    assessment: Assessment


def assess_pairs(
    pairs: Sequence[Pair], question: Question, options: RunOptions, credentials: Credentials, tell: Tell
) -> list[Assessed]:
    """Look at all servers at once and assess each pair; Unreachable or InputError where one cannot be looked at."""
    subjects = tuple(dict.fromkeys(each for pair in pairs for each in pair if each))
    seen = dict(zip(subjects, snapshots_of(subjects, options, credentials, tell), strict=True))
    found = []
    for old, new in pairs:
        names = {*names_of(seen[old]), *question.names} if question.asks_names else set()
        context = Context(
            time.time(), question.acceptances, question.is_built, _answers(names), question.backup_proof,
        )  # fmt: skip
        newer = seen[new] if new is not None else None
        found.append(Assessed(seen[old], newer, assess(seen[old], newer, context)))
    return found


def _answers(names: Collection[str]) -> Mapping[str, NameAnswer]:
    """Ask for names; the library for that is a large import, hence by name and only where there is a question."""
    if not names:
        return {}
    found: Mapping[str, NameAnswer] = import_module("provisioner.app.name_asking").ask_names(names)
    return found


def pairs_of(old: str, new: str | None, options: RunOptions, credentials: Credentials) -> list[Pair]:
    """Return the pairs that two words name: a file or host each, or groups whose hosts belong together in order."""
    olds = _subjects(old, options, credentials)
    if new is None:
        return [(each, None) for each in olds]
    news = _subjects(new, options, credentials)
    if len(olds) != len(news):
        raise InputError.at(
            None,
            f"{old} is {len(olds)} servers and {new} is {len(news)}: they do not make pairs",
            detail=f"old: {', '.join(olds)}\nnew: {', '.join(news)}",
        )
    return list(zip(olds, news, strict=True))


def _subjects(word: str, options: RunOptions, credentials: Credentials) -> list[str]:
    """Return a file as it is, and the hosts of a pattern in order."""
    if Path(word).is_file():
        return [word]
    if word.endswith(".json") or "/" in word:
        raise InputError.at(None, f"there is no snapshot {word}", hint="'provisioner discover' takes one")
    return list(routes_to([word], options, credentials))
