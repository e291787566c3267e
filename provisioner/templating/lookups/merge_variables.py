"""Several variables of like names as one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from provisioner.diagnostics.diagnostic import Diagnostic, Severity
from provisioner.templating.context import LookupContext
from provisioner.templating.errors import LookupFailed

TESTS = {
    "prefix": str.startswith,
    "suffix": str.endswith,
    "regex": lambda name, term: re.compile(term).search(name) is not None,
}


def run(
    terms: list[object],
    context: LookupContext,
    *,
    pattern_type: str = "regex",
    initial_value: Any = None,
    **how: Any,
) -> list[object]:
    """Return the variables whose names fit (``pattern_type``: prefix, suffix, regex) joined: dictionaries or lists.

    ``override`` (error, warn, ignore) says what a key of two different values is; ``dict_merge`` is deep or shallow.
    """
    override, dict_merge = str(how.get("override", "error")), str(how.get("dict_merge", "deep"))
    if pattern_type not in TESTS:
        raise LookupFailed(f"merge_variables: pattern_type is {', '.join(TESTS)}, not '{pattern_type}'")
    found: list[object] = []
    for term in terms:
        names = sorted(n for n in map(str, context.scope.known_names()) if TESTS[pattern_type](n, str(term)))
        result = initial_value
        for name in names:
            value = context.variable(name)
            result = value if result is None else _joined(result, value, name, (override, dict_merge), context)
        found.append(result)
    return found


def _joined(low: Any, high: Any, name: str, how: tuple[str, str], context: LookupContext) -> Any:
    if isinstance(low, list) and isinstance(high, list):
        return [*low, *high]
    if not isinstance(low, Mapping) or not isinstance(high, Mapping):
        raise LookupFailed(f"merge_variables: '{name}' is neither dictionary nor list as those before it")
    joined = dict(low)
    for key, value in high.items():
        known = joined.get(key, value)
        if how[1] == "deep" and isinstance(known, (Mapping, list)) and type(known) is type(value) and known != value:
            joined[key] = _joined(known, value, f"{name}.{key}", how, context)
            continue
        if known != value and how[0] != "ignore":
            text = f"merge_variables: the value of '{key}' in '{name}' replaces another"
            if how[0] == "error":
                raise LookupFailed(text)
            context.settings.warn(Diagnostic(text, severity=Severity.WARNING))
        joined[key] = value
    return joined
