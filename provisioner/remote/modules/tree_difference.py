"""Say which files differ between two hosts, from the lists that ``tree_digest`` kept; fail where any does.

Runs on the host that ``transfer_key`` made the key on; the other host's list is fetched over that connection.
"""

import os
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from ..change import Change, Failed, Traits
from ..params import optional, required
from ..system import System
from ..system.manifests import load
from ..transfers import LISTS, Transfer, TransferParameters, Tree, transfer, trees_of

TRAITS = Traits(reach="others", settles=False)
LIST = "manifest"
FIELDS = ("kind", "mode", "user", "group", "size", "time", "attributes or access list", "content", "hard links")


class Params(TransferParameters):
    """Which transfer, and how many differences to name."""

    trees: List[Any] = required("list", "The directories, as ``transfer_key`` has them.", elements="dict", options=Tree)
    shown: int = optional("int", "How many differences to name.", 20)


class State(NamedTuple):
    """The differences that were found, the first of them named."""

    number: int
    differences: List[Dict[str, str]]


def inspect(params: Params, system: System) -> State:
    """Fetch the other's list and go through both."""
    moved, trees = transfer(params), trees_of(params.trees)
    folder = system.tmp or moved.folder
    theirs = os.path.join(folder, "theirs-%d" % os.getpid())
    try:
        _fetch(system, moved, theirs)
        ours = system.files.real(moved.file(LISTS) + "/" + LIST)
        number = 0
        differences: List[Dict[str, str]] = []
        for path, words in _compare(load(theirs), load(ours)):
            number += 1
            if len(differences) < params.shown:
                differences.append({"path": _readable(path, trees), "differs": words})
    finally:
        if os.path.exists(theirs):
            os.unlink(theirs)
    return State(number, differences)


def _fetch(system: System, moved: Transfer, path: str) -> None:
    argv = moved.rsync("--timeout=60", "%s/%s" % (moved.place(LISTS), LIST), path)
    done = system.commands.run(argv)
    if done.rc != 0:
        raise Failed("the other host's list cannot be fetched: %s" % done.err.strip(), rc=done.rc)


def _compare(theirs: Iterator[Tuple[bytes, bytes]], ours: Iterator[Tuple[bytes, bytes]]) -> Iterator[Tuple[bytes, str]]:
    """Yield each path that differs, and in what; both lists are in the same order."""
    left, right = next(theirs, None), next(ours, None)
    while left or right:
        if right is None or (left and _key(left) < _key(right)):
            yield left[0] if left else b"", "it is not on the new host"
            left = next(theirs, None)
        elif left is None or _key(right) < _key(left):
            yield right[0], "it is not on the old host"
            right = next(ours, None)
        else:
            if left[1] != right[1]:
                yield left[0], _words(left[1], right[1])
            left, right = next(theirs, None), next(ours, None)


def _key(record: Tuple[bytes, bytes]) -> bytes:
    return record[0].replace(b"/", b"\0")


def _words(left: bytes, right: bytes) -> str:
    told = []
    for name, there, here in zip(FIELDS, left.split(b" ", 9), right.split(b" ", 9)):
        if there != here:
            shown = " (%s there, %s here)" % (there.decode(), here.decode())
            told.append(name + (shown if name in ("kind", "mode", "user", "group", "size") else ""))
    return ", ".join(told)


def _readable(path: bytes, trees: List[Dict[str, str]]) -> str:
    number, _, rest = path.partition(b"/")
    top = trees[int(number)]["to"] if int(number) < len(trees) else "?"
    name = top + ("/" + rest.decode("utf-8", "backslashreplace") if rest else "")
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in name)


def plan(params: Params, state: State) -> Change:
    """Fail and name what differs."""
    if state.number:
        first = "; ".join("%s: %s" % (each["path"], each["differs"]) for each in state.differences[:5])
        message = "%d of the names differ between the two hosts: %s" % (state.number, first)
        raise Failed(message, differences=state.differences, number=state.number)
    return Change(False, result={"number": 0, "differences": []})


def apply(_change: Change, _system: System) -> Optional[Dict[str, Any]]:
    """Do nothing: there is nothing to change."""
    return None


RETURNS = """
number: How many names differ.
differences: The first of them, each with ``path`` and ``differs``.
"""

EXAMPLES = """
- name: Nothing of the uploads differs
  tree_difference:
    folder: /var/lib/provisioner/migration/shop
    name: uploads
    trees:
      - path: /srv/uploads
"""
