"""Tell all about a file: kind, permissions, owner, times, checksum, type of content, flags."""

import os
import stat as modes
from typing import Any, Dict, NamedTuple, Optional

from ..change import Change
from ..params import Parameters, optional, required
from ..system import System, describing, flags

ALGORITHMS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")


class Params(Parameters):
    """``follow`` tells about what a link points to."""

    path: str = required("path", "What to tell about.", aliases=("dest", "name"))
    follow: bool = optional("bool", "Whether to follow symbolic links.", False)
    get_checksum: bool = optional("bool", "Whether to hash the content.", True)
    checksum_algorithm: str = optional(
        "str", "Which hash.", "sha1", choices=ALGORITHMS, aliases=("checksum", "checksum_algo")
    )
    get_mime: bool = optional(
        "bool", "Whether to ask file(1) for the type.", True, aliases=("mime", "mime_type", "mime-type")
    )
    get_attributes: bool = optional(
        "bool", "Whether to read the file system's flags.", True, aliases=("attr", "attributes")
    )


class State(NamedTuple):
    """What the result says under ``stat``."""

    stat: Dict[str, Any]


def inspect(params: Params, system: System) -> State:
    """Look at the file."""
    status = system.files.stat(params.path, params.follow)
    if status is None:
        return State({"exists": False})
    found: Dict[str, Any] = {"exists": True, "path": params.path}
    found.update(describing.kind_of(status), **describing.permissions_of(status))
    found.update(blocks=status.st_blocks, block_size=status.st_blksize, device_type=status.st_rdev)
    real = system.files.real(params.path)
    for key, right in (("readable", os.R_OK), ("writeable", os.W_OK), ("executable", os.X_OK)):
        found[key] = os.access(real, right)
    if found["islnk"]:
        found["lnk_source"] = system.files.resolve(params.path)
        found["lnk_target"] = system.files.readlink(params.path)
    if params.get_checksum and found["isreg"] and found["readable"]:
        found["checksum"] = system.files.checksum(params.path, params.checksum_algorithm)
    if params.get_mime:
        found["mimetype"], found["charset"] = _type_of_content(params, system, status)
    if params.get_attributes:
        found.update(_flags(params, system, status))
    return State(found)


def _type_of_content(params: Params, system: System, status: os.stat_result) -> Any:
    if modes.S_ISDIR(status.st_mode):
        return "inode/directory", "binary"
    if modes.S_ISREG(status.st_mode) and not status.st_size:
        return "inode/x-empty", "binary"
    seen: Dict[Any, Any] = system.memory.setdefault("types of content", {})
    key = (params.path, status.st_dev, status.st_ino, status.st_mtime_ns, status.st_ctime_ns, params.follow)
    if key not in seen:
        if len(seen) >= TYPES_KEPT:
            seen.clear()
        seen[key] = _ask_for_type(params, system)
    return seen[key]


TYPES_KEPT = 1000


def _ask_for_type(params: Params, system: System) -> Any:
    if system.commands.which("file") is None:
        return "unknown", "unknown"
    argv = ["file", "--brief", "--mime-type", "--mime-encoding"] + (["--dereference"] if params.follow else [])
    done = system.commands.run([*argv, "--", system.files.real(params.path)])
    kind, _, charset = done.out.strip().partition("; charset=")
    if done.rc != 0 or not charset:
        return "unknown", "unknown"
    return kind, charset


def _flags(params: Params, system: System, status: os.stat_result) -> Dict[str, Any]:
    real = system.files.real(params.path)
    letters = flags.flags_of(real) if not modes.S_ISLNK(status.st_mode) else ""
    return {
        "attr_flags": letters,
        "attributes": [flags.FLAG_NAMES[letter] for letter in letters if letter in flags.FLAG_NAMES],
        "version": flags.version_of(real) if not modes.S_ISLNK(status.st_mode) else None,
    }


def plan(params: Params, state: State) -> Change:
    """Nothing ever changes."""
    return Change(False, result={"stat": state.stat})


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Nothing to do."""
    return None


RETURNS = """
stat: What is known of the path; exists is always there.
"""

EXAMPLES = """
- name: Is the database initialised?
  stat:
    path: /var/lib/postgresql/15/main/PG_VERSION
    get_checksum: false
  register: database
"""
