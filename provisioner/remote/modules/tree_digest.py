"""Count what is in directories and make one checksum of it: names, kinds, modes, owners, times, attributes, contents.

Two hosts that hold the same return the same ``digest``. With ``manifest`` a list is kept of everything that was seen,
so that the next time only files are read that changed since: their status change time tells, which no program sets.
"""

import os
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, optional, required
from ..system import System
from ..system.files import trimmed
from ..system.manifests import Found, Kept, Reading, save, survey
from ..system.patterns import Patterns

TRAITS = Traits(settles=False)
SHOWN = 20


class Params(Parameters):
    """Which directories, and what of them."""

    paths: List[str] = required("list", "The directories; their order counts, their own names do not.", elements="path")
    content: str = optional(
        "str",
        "``changed``: read what changed since the manifest was kept; ``all``: read every file; ``none``: none.",
        "changed",
        choices=("all", "changed", "none"),
    )
    percent: int = optional("int", "Read only so many of a hundred files; the names decide which.", 100)
    include: List[str] = optional(
        "list", "Patterns as rsync has them, taken although an exclude fits.", (), elements="str"
    )
    exclude: List[str] = optional("list", "Patterns as rsync has them of what does not count.", (), elements="str")
    special: bool = optional("bool", "Count devices, pipes and sockets, too.", False)
    one_file_system: bool = optional("bool", "Stay on the file system each directory is on.", False)
    attributes: bool = optional("bool", "Count extended attributes and access lists.", True)
    times: str = optional(
        "str", "How exactly times of change count.", "nanoseconds", choices=("nanoseconds", "seconds", "ignored")
    )
    manifest: Optional[str] = optional("path", "Where to keep the list.")


class State(NamedTuple):
    """What was found."""

    found: Found


def inspect(params: Params, system: System) -> State:
    """Go through the directories."""
    tops = [os.fsencode(system.files.real(trimmed(path))) for path in params.paths]
    reading = Reading(
        Patterns(params.include, params.exclude).leaves_out(),
        params.content,
        params.percent,
        params.special,
        params.one_file_system,
        params.attributes,
        params.times,
    )
    kept = Kept(system.files.real(params.manifest) if params.manifest else None)
    try:
        return State(survey(tops, reading, kept))
    except OSError as error:
        where = os.fsdecode(error.filename) if error.filename else ""
        raise Failed("%s cannot be read: %s" % (where, error.strerror)) from None


def plan(params: Params, state: State) -> Change:
    """Return counts and checksum; keeping a list is no change of the host."""
    found = state.found
    result: Dict[str, Any] = dict(found.counts)
    result.update(digest=found.digest.hexdigest(), read=found.read, left_special=found.left_special, changed=False)
    if found.vanished:
        result["vanished"] = [os.fsdecode(name) for name in found.vanished[:SHOWN]]
    return Change(bool(params.manifest), result=result)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Keep the list."""
    path = change.params.manifest
    for made in system.files.makedirs(os.path.dirname(path), 0o700):
        system.files.chmod(made, 0o700)
    save(system.files.real(path), change.state.found.records)
    return None


RETURNS = """
digest: The checksum of everything that counts.
files: How many files there are.
directories: How many directories, these included.
links: How many symbolic links.
special: How many devices, pipes and sockets were counted.
left_special: How many were left out.
bytes: The sizes of all files together.
read: How many files were read.
vanished: Some of those that vanished meanwhile.
"""

EXAMPLES = """
- name: What is in the uploads
  tree_digest:
    paths: [/srv/uploads]
    manifest: /var/lib/provisioner/uploads.manifest
  register: uploads
"""
