"""Makes text match itself in a regular expression."""

from __future__ import annotations

import re


def regex_escape(string: object, re_type: str = "python") -> str:
    r"""Return ``string`` with every special character escaped; ``re_type`` is python or posix_basic.

    >>> print(regex_escape("^f.*o(.*)$"))
    \^f\.\*o\(\.\*\)\$
    >>> print(regex_escape("^f.*o(.*)$", "posix_basic"))
    \^f\.\*o(\.\*)\$
    """
    if re_type == "python":
        return re.escape(str(string))
    if re_type == "posix_basic":
        return re.sub(r"([].[^$*\\])", r"\\\1", str(string))
    if re_type == "posix_extended":
        raise ValueError(f"Regex type ({re_type}) not yet implemented")
    raise ValueError(f"Invalid regex type ({re_type})")
