"""Text with each character written in one way."""

from __future__ import annotations

import unicodedata
from typing import Literal, cast

FORMS = ("NFC", "NFD", "NFKC", "NFKD")


def unicode_normalize(value: object, form: str = "NFC") -> str:
    """Return text in a Unicode normal form: NFC, NFD, NFKC or NFKD.

    >>> len("u\u0308"), len(unicode_normalize("u\u0308"))
    (2, 1)
    """
    if not isinstance(value, str):
        raise ValueError(f"unicode_normalize: a text is wanted, not {type(value).__name__}")
    if form not in FORMS:
        raise ValueError(f"unicode_normalize: form is one of {', '.join(FORMS)}, not '{form}'")
    return unicodedata.normalize(cast("Literal['NFC', 'NFD', 'NFKC', 'NFKD']", form), value)
