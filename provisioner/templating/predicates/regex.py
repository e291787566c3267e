"""Whether a pattern matches text, in the way one says."""

from __future__ import annotations

from provisioner.templating.predicates.match import matches


def regex(
    value: object, pattern: str = "", ignorecase: bool = False, multiline: bool = False, match_type: str = "search"
) -> bool:
    """Tell whether the regular expression matches; ``match_type`` is search, match or fullmatch.

    >>> regex("foobar", "BAR", ignorecase=True), regex("foobar", "bar", match_type="match")
    (True, False)
    """
    if match_type not in ("search", "match", "fullmatch"):
        raise ValueError(f"regex: match_type is search, match or fullmatch, not '{match_type}'")
    return matches(value, pattern, match_type, ignorecase, multiline)
