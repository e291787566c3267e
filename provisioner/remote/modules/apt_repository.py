"""Manage one-line sources of apt packages."""

import os
import re
import time
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..change import Change, Failed, Traits
from ..params import Parameters, optional, required
from ..system import System
from ..system.apt import Apt

TRAITS = Traits(locks=("dpkg",))
MAIN, FOLDER = "/etc/apt/sources.list", "/etc/apt/sources.list.d"
SOURCE = re.compile(r"^(?P<off>#\s*)?(?P<kind>deb|deb-src)\s+(?:\[(?P<options>[^\]]*)\]\s+)?(?P<rest>\S+\s+\S+.*)$")
Key = Tuple[str, Tuple[str, ...], Tuple[str, ...]]


class Params(Parameters):
    """One source, as a line of sources.list."""

    repo: str = required("str", "The line.")
    state: str = optional("str", "Whether it is used.", "present", choices=("absent", "present"))
    filename: Optional[str] = optional("str", "File below sources.list.d, without .list.")
    mode: Any = optional("raw", "Permissions of a new file.")
    update_cache: bool = optional("bool", "Fetch the package lists after a change.", True, aliases=("update-cache",))
    update_cache_retries: int = optional("int", "How often to try again where fetching fails.", 5)
    update_cache_retry_max_delay: int = optional("int", "Longest wait between two tries, in seconds.", 12)
    validate_certs: bool = optional("bool", "Accepted; means something for PPAs only.", True)
    codename: Optional[str] = optional("str", "Accepted; means something for PPAs only.")
    install_python_apt: bool = optional("bool", "Accepted; no Python binding is needed.", True)


State = Dict[str, str]


class Edit(NamedTuple):
    """The files to write, by path; None removes one."""

    files: Dict[str, Optional[str]]


def inspect(params: Params, system: System) -> Dict[str, str]:
    """Read every one-line source file."""
    paths = [MAIN] if system.files.is_file(MAIN) else []
    if system.files.is_dir(FOLDER):
        paths += [os.path.join(FOLDER, name) for name in system.files.listdir(FOLDER) if name.endswith(".list")]
    return {path: system.files.read(path).decode("utf-8", "surrogateescape") for path in paths}


def plan(params: Params, state: Dict[str, str]) -> Change:
    """Enable the source where it stands, add it where it does not, or take it out of every file."""
    if params.repo.startswith("ppa:"):
        raise Failed(
            "ppa: sources need Launchpad's key: name the archive's address and key with deb822_repository instead"
        )
    wanted = source(params.repo)
    if wanted is None:
        raise Failed("Invalid repository string: %s" % params.repo)
    edits = _present(params, state, wanted) if params.state == "present" else _absent(state, wanted)
    added = [path for path in edits if path not in state]
    removed = [path for path, text in edits.items() if text is None]
    result = {"repo": params.repo, "state": params.state, "sources_added": added, "sources_removed": removed}
    diffs = [_diff(path, state.get(path), text) for path, text in sorted(edits.items())]
    return Change(bool(edits), Edit(edits), result, diffs or None)


def source(line: str) -> Optional[Key]:
    """Return what a line says, without regard to spaces and to the order of options; None where it is no source."""
    match = SOURCE.match(line.partition(" #")[0].strip())
    if match is None or match.group("off"):
        return None
    options = tuple(sorted((match.group("options") or "").split()))
    return match.group("kind"), options, tuple(match.group("rest").split())


def _disabled(line: str) -> Optional[Key]:
    return source(re.sub(r"^#\s*", "", line)) if line.startswith("#") else None


def _present(params: Params, state: Dict[str, str], wanted: Key) -> Dict[str, Optional[str]]:
    if any(source(line) == wanted for text in state.values() for line in text.splitlines()):
        return {}
    for path, text in state.items():
        lines = text.splitlines()
        if any(_disabled(line) == wanted for line in lines):
            return {path: _joined([params.repo.strip() if _disabled(line) == wanted else line for line in lines])}
    path = os.path.join(FOLDER, _file_name(params))
    if params.filename and "/" in params.filename:
        path = params.filename if params.filename.endswith(".list") else params.filename + ".list"
    before = state.get(path, "")
    return {path: before + ("" if before.endswith("\n") or not before else "\n") + params.repo.strip() + "\n"}


def _absent(state: Dict[str, str], wanted: Key) -> Dict[str, Optional[str]]:
    edits: Dict[str, Optional[str]] = {}
    for path, text in state.items():
        lines = text.splitlines()
        kept = [line for line in lines if source(line) != wanted]
        if kept != lines:
            gone = path != MAIN and not any(line.strip() for line in kept)
            edits[path] = None if gone else _joined(kept)
    return edits


def _joined(lines: List[str]) -> str:
    return "".join(line + "\n" for line in lines)


def _file_name(params: Params) -> str:
    if params.filename:
        return params.filename if params.filename.endswith(".list") else params.filename + ".list"
    line = re.sub(r"\[[^\]]+\]", "", params.repo)
    address = re.sub(r"\w+://", "", line).split()[1]
    address = address.rpartition("@")[2]
    return "_".join(re.findall(r"[a-zA-Z0-9]+", address)) + ".list"


def _diff(path: str, before: Optional[str], after: Optional[str]) -> Dict[str, str]:
    return {
        "before": before or "",
        "after": after or "",
        "before_header": "/dev/null" if before is None else path,
        "after_header": "/dev/null" if after is None else path,
    }


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Write the files, then fetch the lists; where that fails, put the files back."""
    params = change.params
    for path, text in change.todo.files.items():
        _write(system, path, text, params)
    if params.update_cache:
        problem = _update(params, system)
        if problem:
            for path in change.todo.files:
                _write(system, path, change.state.get(path), params)
            raise Failed("apt cache update failed, the sources are as before: %s" % problem)
    return None


def _write(system: System, path: str, text: Optional[str], params: Params) -> None:
    if text is None:
        system.files.remove(path)
        return
    mode = None
    if not system.files.exists(path):
        given = params.mode
        mode = 0o644 if given is None else int(given, 8) if isinstance(given, str) else int(given)
    system.files.makedirs(os.path.dirname(path), 0o755)
    system.files.write(path, text.encode("utf-8", "surrogateescape"), mode=mode)


def _update(params: Params, system: System) -> str:
    said = ""
    for attempt in range(params.update_cache_retries + 1):
        done = Apt(system, [], 60).get(["update"])
        if done.rc == 0 and "Some index files failed to download" not in done.err:
            return ""
        said = (done.err or done.out).strip()
        if attempt < params.update_cache_retries:
            time.sleep(min(params.update_cache_retry_max_delay, 2**attempt))
    return said


RETURNS = """
repo: The source as it stands in the file.
state: What is there now, or what was asked for.
sources_added: Files that were made.
sources_removed: Files that were removed.
msg: What was done, in words.
diff: What was before and what is after; whole with --diff.
"""

EXAMPLES = """
- name: Backports
  apt_repository:
    repo: deb http://deb.debian.org/debian bookworm-backports main
    filename: backports
"""
