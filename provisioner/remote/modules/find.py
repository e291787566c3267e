"""List files by name, kind, age, size, mode or content."""

import fnmatch
import os
import re
import stat as modes
import time
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

from ..change import Change, Failed
from ..params import Parameters, optional, required
from ..system import System, attributes, describing
from ..system.files import trimmed

AGE_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
SIZE_UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
KINDS: Dict[str, Callable[[int], bool]] = {
    "any": bool,
    "file": modes.S_ISREG,
    "directory": modes.S_ISDIR,
    "link": modes.S_ISLNK,
}


class Params(Parameters):
    """All conditions given must hold."""

    paths: List[str] = required("list", "Directories to look in.", elements="path", aliases=("path", "name"))
    patterns: List[str] = optional(
        "list", "Shell patterns for names; all without.", (), elements="str", aliases=("pattern",)
    )
    excludes: List[str] = optional("list", "Patterns for names to leave out.", (), elements="str", aliases=("exclude",))
    use_regex: bool = optional("bool", "Whether patterns are regular expressions from the name's beginning.", False)
    contains: Optional[str] = optional("str", "Regular expression that a line begins with.")
    read_whole_file: bool = optional("bool", "Whether contains is searched anywhere in the whole content.", False)
    file_type: str = optional("str", "What to list.", "file", choices=("any", "directory", "file", "link"))
    age: Optional[str] = optional("str", "At least this old (2w, 3d, 4h, 5m, 6s); with a minus at most.")
    age_stamp: str = optional("str", "Which time age means.", "mtime", choices=("atime", "ctime", "mtime"))
    size: Optional[str] = optional("str", "At least this large (10, 1k, 2m, 3g, 4t); with a minus at most.")
    mode: Any = optional("raw", "Permissions, octal or symbolic.")
    exact_mode: bool = optional("bool", "Whether mode must be exactly so; else one bit of it is enough.", True)
    recurse: bool = optional("bool", "Whether to look below.", False)
    depth: Optional[int] = optional("int", "How deep to look with recurse.")
    hidden: bool = optional("bool", "Whether to list names that begin with a dot.", False)
    follow: bool = optional("bool", "Whether to go into directories by links.", False)
    get_checksum: bool = optional("bool", "Whether to hash what is listed.", False)
    checksum_algorithm: str = optional(
        "str",
        "Which hash.",
        "sha1",
        choices=("md5", "sha1", "sha224", "sha256", "sha384", "sha512"),
        aliases=("checksum", "checksum_algo"),
    )
    limit: Optional[int] = optional("int", "Stop after so many.")
    encoding: Optional[str] = optional("str", "What files are read as to look for contains; as bytes if not given.")


class State(NamedTuple):
    """What was found, how much was looked at, and what could not be."""

    files: List[Dict[str, Any]]
    examined: int
    skipped: Dict[str, str]


class Conditions(NamedTuple):
    """The parameters, read once."""

    matches: Callable[[str], bool]
    age: Optional[int]
    size: Optional[int]
    mode: Optional[int]
    contains: Any
    now: float


def inspect(params: Params, system: System) -> State:
    """Walk and list."""
    conditions = _conditions(params)
    skipped: Dict[str, str] = {}
    found: List[Dict[str, Any]] = []
    examined = 0
    for top in params.paths:
        path = trimmed(top)
        if not system.files.is_dir(path):
            skipped[top] = "'%s' is not a directory" % top
            continue
        try:
            examined += _look_below(params, conditions, system, path, (found, skipped))
        except _Unreadable as error:
            skipped[top] = str(error)
    return State(found, examined, skipped)


class _Unreadable(Exception):
    """Content cannot be read in the encoding asked for."""


def _look_below(params: Params, conditions: Conditions, system: System, top: str, seen: Tuple[Any, Any]) -> int:
    found, skipped = seen
    examined = 0
    for folder, name, is_entry in _walk(params, system, top, skipped):
        examined += 1
        if not is_entry:
            continue
        if params.limit is not None and len(found) >= params.limit:
            break
        each = _listed(params, conditions, system, folder.rstrip("/") + "/" + name, name)
        if each:
            found.append(each)
    return examined


def _walk(params: Params, system: System, top: str, skipped: Dict[str, str]) -> Iterator[Tuple[str, str, bool]]:
    root = system.files.real(top)

    def unreadable(error: OSError) -> None:
        skipped[str(error.filename)] = error.strerror or str(error)

    for real, directories, names in os.walk(root, followlinks=params.follow, onerror=unreadable):
        directories.sort()
        folder = top.rstrip("/") + real[len(root.rstrip("/")) :] or "/"
        depth = real[len(root) :].count("/") + 1
        within = not params.depth or depth <= params.depth
        for name in sorted(names) + directories:
            yield folder, name, within
        if not params.recurse:
            return
        if params.depth and depth > params.depth:
            del directories[:]


def _conditions(params: Params) -> Conditions:
    try:
        wanted: Any = params.contains
        if wanted and not params.encoding:
            wanted = wanted.encode("utf-8", "surrogateescape")
        contains = re.compile(wanted) if wanted else None
        matches = _matcher(params)
    except re.error as error:
        raise Failed("not a regular expression: %s" % error) from None
    nothing = attributes.Current(0, 0, 0)
    return Conditions(
        matches,
        _number(params.age, AGE_UNITS, "age"),
        _number(params.size, SIZE_UNITS, "size"),
        attributes.permission_bits(params.mode, nothing, 0),
        contains,
        time.time(),
    )


def _matcher(params: Params) -> Callable[[str], bool]:
    make = (lambda p: p) if params.use_regex else fnmatch.translate
    wanted = [re.compile(make(p)) for p in params.patterns]
    unwanted = [re.compile(make(p)) for p in params.excludes]

    def matches(name: str) -> bool:
        if wanted and not any(p.match(name) for p in wanted):
            return False
        return not any(p.match(name) for p in unwanted)

    return matches


def _number(text: Optional[str], units: Dict[str, int], name: str) -> Optional[int]:
    if text is None:
        return None
    match = re.match(r"^(-?\d+)([a-z]?)", text.strip().lower())
    if not match or match.group(2) not in units:
        raise Failed("failed to process %s" % name, **{name: text})
    return int(match.group(1)) * units[match.group(2)]


def _at_least(value: float, limit: Optional[int]) -> bool:
    """A negative limit is a most."""
    return limit is None or (value >= limit if limit >= 0 else value <= -limit)


def _listed(params: Params, conditions: Conditions, system: System, path: str, name: str) -> Optional[Dict[str, Any]]:
    """Return what the result says about a path, None where a condition does not hold."""
    if (name.startswith(".") and not params.hidden) or not conditions.matches(name):
        return None
    status = system.files.stat(path)
    if status is None or not KINDS[params.file_type](status.st_mode):
        return None
    is_file = modes.S_ISREG(status.st_mode)
    age = conditions.now - getattr(status, "st_" + params.age_stamp)
    if not _at_least(age, conditions.age) or not _mode_fits(params, conditions, status):
        return None
    if is_file and not _at_least(status.st_size, conditions.size):
        return None
    if is_file and conditions.contains and not _contains(params, conditions.contains, system, path):
        return None
    found: Dict[str, Any] = {"path": path}
    found.update(describing.kind_of(status), **describing.permissions_of(status))
    if params.get_checksum and is_file:
        found["checksum"] = system.files.checksum(path, params.checksum_algorithm)
    return found


def _mode_fits(params: Params, conditions: Conditions, status: os.stat_result) -> bool:
    if conditions.mode is None:
        return True
    now = modes.S_IMODE(status.st_mode)
    return now == conditions.mode if params.exact_mode else bool(now & conditions.mode)


def _contains(params: Params, pattern: Any, system: System, path: str) -> bool:
    if params.encoding:
        return _contains_text(params, pattern, system, path)
    try:
        with system.files.open(path) as stream:
            if params.read_whole_file:
                return bool(pattern.search(stream.read()))
            return any(pattern.match(line) for line in stream)
    except OSError:
        return False


def _contains_text(params: Params, pattern: Any, system: System, path: str) -> bool:
    try:
        text = system.files.read(path).decode(params.encoding or "utf-8")
    except LookupError as error:
        raise _Unreadable(str(error)) from None
    except UnicodeError:
        problem = "Failed to read the file %s due to an encoding error. current encoding: %s"
        raise _Unreadable(problem % (path, params.encoding)) from None
    except OSError:
        return False
    if params.read_whole_file:
        return bool(pattern.search(text))
    return any(pattern.match(line) for line in text.splitlines())


def plan(params: Params, state: State) -> Change:
    """Nothing ever changes."""
    msg = "Not all paths examined, check warnings for details" if state.skipped else "All paths examined"
    result: Dict[str, Any] = {
        "files": state.files,
        "matched": len(state.files),
        "examined": state.examined,
        "skipped_paths": state.skipped,
        "msg": msg,
    }
    if state.skipped:
        result["warnings"] = [
            "Skipped '%s' path due to this access issue: %s\n" % each for each in state.skipped.items()
        ]
    return Change(False, result=result)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Nothing to do."""
    return None


RETURNS = """
files: What was found, each with the keys of stat.
matched: How many were found.
examined: How many were looked at.
skipped_paths: Paths that could not be looked at, with the reason.
msg: What was done, in words.
"""

EXAMPLES = """
- name: Logs older than two weeks
  find:
    paths: /var/log/app
    patterns: "*.log"
    age: 2w
    recurse: true
  register: old_logs
"""
