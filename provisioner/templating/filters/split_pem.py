"""The certificates of a file, one by one."""

from __future__ import annotations

import re

_BLOCK = re.compile(r"-----BEGIN ([^-]+)-----.*?-----END \1-----\n?", re.DOTALL)


def split_pem(data: object) -> list[str]:
    """Return every PEM block of a text.

    >>> split_pem("-----BEGIN X-----\\na\\n-----END X-----\\ntext\\n-----BEGIN X-----\\nb\\n-----END X-----\\n")[1]
    '-----BEGIN X-----\\nb\\n-----END X-----\\n'
    """
    return [
        found.group() if found.group().endswith("\n") else found.group() + "\n" for found in _BLOCK.finditer(str(data))
    ]
