"""Privileges of MySQL and MariaDB: what a task wants, what SHOW GRANTS says, and the statements in between. No I/O.

A level is written as statements write it (``*.*``, ```shop`.*``, ``FUNCTION `shop`.`total```). A privilege on columns
is kept as one entry for each column: ``SELECT (`name`)``. GRANT stands for the grant option; USAGE is no privilege.
"""

import re
from typing import Any, Dict, Iterable, List, NamedTuple, Set, Tuple

from ..change import Failed
from .mysql import name

Levels = Dict[str, Set[str]]
PART = r"(?:\*|`(?:[^`]|``)*`)"
GRANTED = re.compile(
    r"^GRANT (?P<what>.+?) ON (?P<level>(?:(?:TABLE|FUNCTION|PROCEDURE|PACKAGE|PACKAGE BODY) )?%s\.%s) TO (?P<rest>.*)$"
    % (PART, PART),
    re.DOTALL,
)
ROUTINE = re.compile(r"^(FUNCTION|PROCEDURE)\s+(.*)$", re.IGNORECASE)
LISTED = re.compile(r"\s*([^,(]+?)\s*(?:\(([^)]*)\))?\s*(?:,|$)")
WORDS = re.compile(r"^[A-Z][A-Z_ ]*$")


class Steps(NamedTuple):
    """What to take away and what to give, by level."""

    revoke: Levels
    grant: Levels


def wanted(priv: Any) -> Levels:
    """Read the parameter ``priv``: ``db.table:SELECT,INSERT/other.*:ALL``, or a dictionary of the same."""
    if isinstance(priv, dict):
        pairs = [(str(level), _joined(each)) for level, each in priv.items()]
    else:
        pairs = [_pair(item) for item in str(priv).split("/") if item.strip()]
    found: Levels = {}
    for level, listed in pairs:
        found.setdefault(_level(level), set()).update(_privileges(listed))
    return {level: privileges for level, privileges in found.items() if privileges}


def _joined(listed: Any) -> str:
    return ",".join(str(each) for each in listed) if isinstance(listed, list) else str(listed)


def _pair(item: str) -> Tuple[str, str]:
    level, colon, listed = item.strip().rpartition(":")
    if not colon:
        raise Failed("invalid privileges string: '%s' is not like 'db.table:SELECT,INSERT'" % item)
    return level, listed


def _level(written: str) -> str:
    routine = ROUTINE.match(written.strip())
    prefix = routine.group(1).upper() + " " if routine else ""
    database, dot, table = (routine.group(2) if routine else written.strip()).partition(".")
    if not dot:
        raise Failed("invalid privileges string: '%s' is not like 'db.table'" % written)
    return "%s%s.%s" % (prefix, _part(database), _part(table))


def _part(written: str) -> str:
    bare = written.strip()
    if len(bare) > 1 and bare[0] == bare[-1] == "`":
        bare = bare[1:-1].replace("``", "`")
    return "*" if bare == "*" else name(bare)


def _privileges(listed: str) -> Set[str]:
    found: Set[str] = set()
    for words, columns in LISTED.findall(listed):
        privilege = _canonical(words)
        if not WORDS.match(privilege):
            raise Failed("invalid privileges string: Invalid privileges specified: %r" % words)
        if columns:
            found.update("%s (%s)" % (privilege, _part(column)) for column in columns.split(","))
        elif privilege != "USAGE":
            found.add(privilege)
    return found


def _canonical(words: str) -> str:
    privilege = " ".join(words.upper().split())
    return {"ALL PRIVILEGES": "ALL", "GRANT OPTION": "GRANT", "WITH GRANT OPTION": "GRANT"}.get(privilege, privilege)


def granted(lines: Iterable[str]) -> Levels:
    """Read what SHOW GRANTS says; roles and PROXY are not among what is managed here."""
    found: Levels = {}
    for line in lines:
        match = GRANTED.match(line)
        if not match:
            continue
        level = re.sub(r"^TABLE ", "", match.group("level"))
        privileges = _privileges(match.group("what"))
        if re.search(r" WITH (?:.* )?GRANT OPTION", match.group("rest")):
            privileges.add("GRANT")
        if privileges:
            found.setdefault(level, set()).update(privileges)
    return found


def complete(levels: Levels, every: Set[str]) -> Levels:
    """Return the same with ALL in place of a list of ``every`` static privilege, which is how MySQL 8 shows ALL."""
    if not every or not every <= levels.get("*.*", set()):
        return levels
    rest = levels["*.*"] - every
    return dict(levels, **{"*.*": {"ALL"} | {each for each in rest if each == "GRANT"}})


def replace(now: Levels, want: Levels, keep_others: bool) -> Steps:
    """Return the steps after which there is what is wanted and, unless ``keep_others``, nothing on other levels."""
    steps = Steps({}, {})
    for level, have in now.items():
        asked = want.get(level, set())
        if level not in want and keep_others:
            continue
        extra = _without_all(have, asked)
        if extra:
            steps.revoke[level] = extra
    for level, asked in want.items():
        left = now.get(level, set()) - steps.revoke.get(level, set())
        _note(steps.grant, level, asked - left)
    return steps


def _without_all(have: Set[str], asked: Set[str]) -> Set[str]:
    if "ALL" in asked:
        return {each for each in have - asked if each == "GRANT"}
    return have - asked


def append(now: Levels, want: Levels) -> Steps:
    """Return the steps after which there is what is wanted beside what is there."""
    steps = Steps({}, {})
    for level, asked in want.items():
        have = now.get(level, set())
        _note(steps.grant, level, {each for each in asked - have if each == "GRANT" or "ALL" not in have})
    return steps


def subtract(now: Levels, unwanted: Levels) -> Steps:
    """Return the steps after which none of the unwanted privileges is there."""
    steps = Steps({}, {})
    for level, asked in unwanted.items():
        have = now.get(level, set())
        gone = (
            have if "ALL" in asked else {each for each in asked if each in have or ("ALL" in have and each != "GRANT")}
        )
        if "ALL" in asked and "GRANT" not in asked:
            gone = gone - {"GRANT"}
        _note(steps.revoke, level, gone)
    return steps


def _note(levels: Levels, level: str, privileges: Set[str]) -> None:
    if privileges:
        levels[level] = privileges


def statements(steps: Steps, account: str) -> List[str]:
    """Return the statements for these steps; ``account`` is written as statements write it.

    What can be given before anything is taken away comes first: a mistake in it then costs nothing.
    """
    found = [_grant(level, steps, account) for level in sorted(steps.grant) if level not in steps.revoke]
    for level, privileges in sorted(steps.revoke.items()):
        if "GRANT" in privileges:
            found.append("REVOKE GRANT OPTION ON %s FROM %s" % (level, account))
        rest = _listed(privileges - {"GRANT"})
        if rest:
            found.append("REVOKE %s ON %s FROM %s" % (rest, level, account))
    return found + [_grant(level, steps, account) for level in sorted(steps.grant) if level in steps.revoke]


def _grant(level: str, steps: Steps, account: str) -> str:
    privileges = steps.grant[level]
    option = " WITH GRANT OPTION" if "GRANT" in privileges else ""
    return "GRANT %s ON %s TO %s%s" % (_listed(privileges - {"GRANT"}) or "USAGE", level, account, option)


def _listed(privileges: Set[str]) -> str:
    return ", ".join(sorted("ALL PRIVILEGES" if each == "ALL" else each for each in privileges))


def shown(levels: Levels) -> str:
    """Return levels as a diff shows them."""
    return "".join("%s: %s\n" % (level, ", ".join(sorted(each))) for level, each in sorted(levels.items()))
