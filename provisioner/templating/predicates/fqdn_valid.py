"""Whether text is a full host name."""

from __future__ import annotations

import re


def fqdn_valid(fqdn: object, min_labels: int = 1, allow_underscores: bool = False) -> bool:
    """Tell whether it is a host name of at least ``min_labels`` parts.

    >>> fqdn_valid("www.example.com", min_labels=2), fqdn_valid("-bad.example")
    (True, False)
    """
    letters = "A-Za-z0-9_" if allow_underscores else "A-Za-z0-9"
    label = re.compile(rf"[{letters}](?:[{letters}-]{{0,61}}[{letters}])?")
    labels = str(fqdn).removesuffix(".").split(".")
    return len(str(fqdn)) <= 253 and len(labels) >= min_labels and all(label.fullmatch(each) for each in labels)
