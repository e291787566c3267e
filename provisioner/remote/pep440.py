"""Python package versions: parsing requirements and telling whether an installed version meets them."""

import re
from typing import Any, List, NamedTuple, Optional, Tuple

REQUIREMENT = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?\s*\(?([^;#@()]*)\)?\s*(;.*)?(\s#.*)?$")
CLAUSE = re.compile(r"^\s*(===|==|!=|<=|>=|~=|<|>)\s*(\S+)\s*$")
VERSION = re.compile(
    r"^v?(?:(\d+)!)?(\d+(?:\.\d+)*)"
    r"(?:[-_.]?(alpha|beta|preview|pre|a|b|c|rc)[-_.]?(\d*))?"
    r"(?:-(\d+)|[-_.]?(?:post|rev|r)[-_.]?(\d*))?"
    r"(?:[-_.]?(dev)[-_.]?(\d*))?"
    r"(?:\+([a-z0-9._-]+))?$"
)
STAGES = {"alpha": "a", "beta": "b", "c": "rc", "pre": "rc", "preview": "rc"}


class Requirement(NamedTuple):
    """A distribution's normalised name and what its version must meet."""

    name: str
    clauses: Tuple[Tuple[str, str], ...]


def normalised(name: str) -> str:
    """Return a distribution's name as names are compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirement(text: str) -> Optional[Requirement]:
    """Return what a plain requirement says; None for an address, a path, a marker or anything else."""
    match = REQUIREMENT.match(text)
    if not match or match.group(4) or "/" in text:
        return None
    clauses = []
    for part in filter(None, (each.strip() for each in match.group(3).split(","))):
        clause = CLAUSE.match(part)
        if not clause:
            return None
        clauses.append((clause.group(1), clause.group(2)))
    return Requirement(normalised(match.group(1)), tuple(clauses))


def meets(version: str, clauses: Tuple[Tuple[str, str], ...]) -> Optional[bool]:
    """Tell whether a version meets all clauses; None where one of them cannot be read."""
    answers = [_meets(version, operator, wanted) for operator, wanted in clauses]
    return None if None in answers else all(answers)


def _meets(version: str, operator: str, wanted: str) -> Optional[bool]:
    if operator == "===":
        return version == wanted
    if wanted.endswith(".*") and operator in ("==", "!="):
        begins = _begins(version, wanted[:-2])
        return None if begins is None else begins == (operator == "==")
    here, there = key(version if "+" in wanted else version.partition("+")[0]), key(wanted)
    if here is None or there is None:
        return None
    if operator == "~=":
        upper = wanted.rpartition(".")[0] + ".*" if "." in wanted else wanted
        return here >= there and bool(_meets(version, "==", upper))
    return {
        "==": here == there,
        "!=": here != there,
        "<=": here <= there,
        ">=": here >= there,
        "<": here < there and not (_is_pre(here) and here[:2] == there[:2] and not _is_pre(there)),
        ">": here > there and not (here[:2] == there[:2] and here[3] > -1 and there[3] == -1),
    }[operator]


def _begins(version: str, start: str) -> Optional[bool]:
    here, prefix = key(version), key(start)
    if here is None or prefix is None:
        return None
    width = len(start.split("."))
    return bool(_padded(here[1], width)[:width] == _padded(prefix[1], width) and here[0] == prefix[0])


def _padded(release: Tuple[int, ...], width: int) -> Tuple[int, ...]:
    return release + (0,) * max(0, width - len(release))


def _is_pre(found: Tuple[Any, ...]) -> bool:
    return bool(found[2][0] != "z" or found[4] != float("inf"))


def key(version: str) -> Optional[Tuple[Any, ...]]:
    """Return what orders versions: epoch, release, pre, post, dev, local; None for what is no version."""
    match = VERSION.match(version.strip().lower())
    if not match:
        return None
    epoch, release, stage, number, dash, post, dev, dev_number, local = match.groups()
    numbers = _release(release)
    has_post = dash is not None or post is not None
    after = int(dash or post or 0) if has_post else -1
    before = (STAGES.get(stage, stage), int(number or 0)) if stage else ("z", 0)
    if dev and not stage and not has_post:
        before = ("", 0)
    develop = float(int(dev_number or 0)) if dev else float("inf")
    return (int(epoch or 0), numbers, before, after, develop, local or "")


def _release(text: str) -> Tuple[int, ...]:
    numbers: List[int] = [int(part) for part in text.split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
