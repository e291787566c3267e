"""Include and exclude patterns as rsync reads them, so that what was copied and what is counted are the same files.

The first pattern that fits decides; what none fits is taken. A pattern that begins with ``/`` is meant from the top of
the tree, one with another slash in it or with ``**`` fits the end of the whole path, and any other fits a name. ``*``
stops at a slash, ``**`` does not, a slash at the end wants a directory, and ``dir/***`` is a directory and all in it.
"""

import re
from typing import Callable, List, Pattern, Sequence, Tuple

Rule = Tuple[bool, bool, "Pattern[bytes]"]


class Patterns:
    """An ordered list of patterns; includes come before excludes."""

    def __init__(self, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> None:
        self._rules: List[Rule] = [_rule(True, text) for text in include]
        self._rules += [_rule(False, text) for text in exclude]

    def leaves_out(self) -> Callable[[bytes, bool], bool]:
        """Return what tells whether a path, relative to the top, is left out; a directory with all that is in it."""
        rules = self._rules

        def left_out(path: bytes, is_directory: bool) -> bool:
            whole = b"/" + path
            for taken, only_directories, pattern in rules:
                if (is_directory or not only_directories) and pattern.search(whole):
                    return not taken
            return False

        return left_out if rules else _nothing


def _nothing(_path: bytes, _is_directory: bool) -> bool:
    return False


def options(include: Sequence[str], exclude: Sequence[str]) -> List[str]:
    """Return the patterns as options of rsync, in the same order."""
    return ["--include=" + text for text in include] + ["--exclude=" + text for text in exclude]


def _rule(taken: bool, text: str) -> Rule:
    given = text.encode("utf-8", "surrogateescape")
    with_content = given.endswith(b"/***")
    if with_content:
        given = given[:-4]
    only_directories = given.endswith(b"/") and len(given) > 1
    body = given.rstrip(b"/") if only_directories else given
    anchored = body.startswith(b"/")
    expression = _expression(body.lstrip(b"/") if anchored else body)
    start = b"^/" if anchored else b"/"
    if not anchored and b"/" not in body and b"**" not in body:
        expression = expression.replace(b".*", b"[^/]*")
    end = b"(?:/.*)?$" if with_content else b"$"
    return taken, only_directories, re.compile(start + expression + end, re.DOTALL)


def _expression(body: bytes) -> bytes:
    made, at = b"", 0
    while at < len(body):
        one = body[at : at + 1]
        if body[at : at + 2] == b"**":
            made += b".*"
            at += 2
            while body[at : at + 1] == b"*":
                at += 1
            continue
        if one == b"[" and b"]" in body[at + 2 :]:
            end = body.index(b"]", at + 2)
            inside = body[at + 1 : end].replace(b"\\", b"\\\\")
            made += b"[" + (b"^" + inside[1:] if inside[:1] in (b"!", b"^") else inside) + b"]"
            at = end + 1
            continue
        if one == b"\\" and at + 1 < len(body):
            at += 1
            one = re.escape(body[at : at + 1])
        else:
            one = {b"*": b"[^/]*", b"?": b"[^/]"}.get(one) or re.escape(one)
        made += one
        at += 1
    return made
