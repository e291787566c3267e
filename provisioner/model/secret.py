"""Names that say of a value that it is a secret: ``db_password``, ``api_token``, ``vault_secret_key``."""

from __future__ import annotations

import re
from functools import lru_cache

SHORTEST = 6
"""Shorter values are words of every log: hiding them would make it unreadable."""

_NAME = re.compile(
    r"(?!(?:no|use|has|is|update|generate|require|ask|enable|disable|show|change|set|reset|check|allow|force|expire)_)"
    r"(?:.*_)?(?:password|passwd|passphrase|pass|pwd|secret|token|credential|(?:api|secret|access|auth|encryption)_?key)",
    re.IGNORECASE,
)
_PLACE = re.compile(r"[~/.]|\w+://")


@lru_cache(maxsize=4096)
def says_secret(name: str) -> bool:
    """Tell whether a variable of this name, or a key of it, holds a secret; ``password_file`` and the like do not."""
    return _NAME.fullmatch(name) is not None


def secret_in(value: object) -> str:
    """Return the text of a value that such a name has; nothing where it is too short, or a path or an address."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return ""
    text = str(value).strip()
    return "" if len(text) < SHORTEST or _PLACE.match(text) else text
