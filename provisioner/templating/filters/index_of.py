"""Where in a list something is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, pass_environment


@pass_environment
def index_of(environment: Environment, data: Sequence[Any], test: str, *more: Any, **options: Any) -> int | list[int]:
    """Return the numbers of the items that pass a Jinja test, one as a number, several as a list.

    Arguments: what to test against, then ``key`` where items are dictionaries; ``wantlist``, ``fail_on_missing``.

    >>> index_of(Environment(), ["a", "b", "a"], "eq", "a")
    [0, 2]
    >>> index_of(Environment(), [{"n": 1}, {"n": 2}], "eq", 2, key="n")
    1
    """
    value = more[0] if more else options.get("value")
    key = more[1] if len(more) > 1 else options.get("key")
    found = []
    for number, item in enumerate(data):
        shown = _shown(item, key, bool(options.get("fail_on_missing", False)))
        given = [shown] if value is None else [shown, value]
        if shown is not _MISSING and environment.call_test(test, given[0], given[1:]):
            found.append(number)
    return found[0] if len(found) == 1 and not options.get("wantlist", False) else found


_MISSING = object()


def _shown(item: Any, key: Any, fails: bool) -> Any:
    if key is None:
        return item
    if isinstance(item, Mapping) and key in item:
        return item[key]
    if fails:
        raise ValueError(f"index_of: {str(item)[:60]} has no '{key}'")
    return _MISSING
