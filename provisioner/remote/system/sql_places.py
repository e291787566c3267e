"""Puts values into the places of a statement (``%s``, ``%(name)s``), as the Python database drivers write them."""

import re
from typing import Any, Callable, Dict, List, Optional

from ..change import Failed

PLACE = re.compile(r"%%|%s|%\((\w+)\)s")


def filled(
    query: str, positional: Optional[List[Any]], named: Optional[Dict[str, Any]], literal: Callable[[Any], str]
) -> str:
    """Return the statement with every value as ``literal`` writes it; without any values it stays as it is."""
    if positional is None and named is None:
        return query
    left, by_name = list(positional or ()), named or {}

    def value(found: Any) -> str:
        if found.group(0) == "%%":
            return "%"
        if found.group(1):
            if found.group(1) not in by_name:
                raise Failed("the query wants %s, which is not among named_args" % found.group(1))
            return literal(by_name[found.group(1)])
        if not left:
            raise Failed("not enough arguments for the places in the query")
        return literal(left.pop(0))

    statement = PLACE.sub(value, query)
    if left:
        raise Failed("not all arguments have a place in the query")
    return statement
