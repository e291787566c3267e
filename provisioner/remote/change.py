"""What a module decides: the change between the state that is and the state that is wanted."""

from typing import Any, Dict, List, NamedTuple, Optional, Tuple


class Failed(Exception):
    """The module could not do its work; ``msg`` and the other values become the failed result."""

    def __init__(self, msg: str, **values: Any) -> None:
        Exception.__init__(self, msg)
        self.msg = msg
        self.values = values


class Skipped(Exception):
    """The module has nothing to say here (for example in check mode); shown as skipped."""

    def __init__(self, msg: str, **values: Any) -> None:
        Exception.__init__(self, msg)
        self.msg = msg
        self.values = values


class Traits(NamedTuple):
    """What may be relied on about a module, used by plan, scheduler and resume.

    predictable: ``yes`` (plan says exactly what a run does), ``partly``, or ``no`` (unknown until run).
    reach: ``own`` host only, or ``others`` (it can see or be seen by other hosts).
    locks: names that exclude one another on one host (``dpkg``, ``systemd``).
    rerun: True where running it again after a lost contact is safe.
    settles: True where a second inspection right after apply must find nothing to do; the runner checks it.
    """

    predictable: str = "yes"
    reach: str = "own"
    locks: Tuple[str, ...] = ()
    rerun: bool = True
    settles: bool = True


class Change:
    """The outcome of ``plan``.

    changed: True, False, or None where only running tells (command, shell, script).
    todo: steps for ``apply``, in the module's own words; nothing else reads them.
    result: return values known already, under the names Ansible documents.
    diff: ``{"before": .., "after": .., "before_header": .., "after_header": ..}`` or a list of such.
    settles: False where this one change, unlike the module's others, is found to do again (touch with the time of now).
    The runner sets ``params`` and ``state`` before it calls ``apply``.
    """

    __slots__ = ("changed", "diff", "params", "result", "settles", "state", "todo")

    def __init__(
        self,
        changed: Optional[bool],
        todo: Any = (),
        result: Optional[Dict[str, Any]] = None,
        diff: Any = None,
        settles: bool = True,
    ) -> None:
        self.changed = changed
        self.settles = settles
        self.todo = todo
        self.result = {} if result is None else result
        self.diff = diff
        self.params: Any = None
        self.state: Any = None


def text_diff(path: str, before: Optional[bytes], after: Optional[bytes]) -> Dict[str, Any]:
    """Return a diff of two contents; binary or very large ones are named, not shown."""
    sides: Dict[str, Any] = {"before_header": path, "after_header": path}
    for side, content in (("before", before), ("after", after)):
        shown = _shown(content)
        if isinstance(shown, str):
            sides[side] = shown
        else:
            sides[("dst_" if side == "before" else "src_") + shown[0]] = shown[1]
    return sides


MAX_DIFF_BYTES = 104448


def _shown(content: Optional[bytes]) -> Any:
    if content is None:
        return ""
    if len(content) > MAX_DIFF_BYTES:
        return ("larger", MAX_DIFF_BYTES)
    if b"\0" in content:
        return ("binary", 1)
    return content.decode("utf-8", "replace")


def merge_diffs(*diffs: Any) -> List[Any]:
    """Return all diffs given as one flat list without the empty ones."""
    flat: List[Any] = []
    for diff in diffs:
        if isinstance(diff, list):
            flat.extend(diff)
        elif diff:
            flat.append(diff)
    return flat
