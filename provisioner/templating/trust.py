"""Which data may become part of a condition: what the author wrote, not what hosts and commands answered."""

from __future__ import annotations

import re
from collections.abc import Mapping

from provisioner.diagnostics.position import Text, Unsafe
from provisioner.variables.scope import Found, Level

HARMLESS = re.compile(r"[\w .,:/@+-]*")
"""Text that is no code in any place of an expression."""


def is_trusted(found: Found) -> bool:
    """Tell whether a final value may become part of a condition's own text.

    Facts and registered results never; what ``set_fact`` and loops hold may come from either, so only
    harmless text there, and what is written in a file.
    """
    level = found.layer.level
    if level is Level.MAGIC or found.layer.origin == "connection":
        return True
    if level is Level.FACTS or isinstance(found.value, Mapping):
        return False
    return all(_is_written(text) or HARMLESS.fullmatch(text) for text in _texts(found.value))


def _is_written(text: str) -> bool:
    """Tell whether a text stands in a file as it is: no data came into it."""
    return isinstance(text, Text) and not isinstance(text, Unsafe)


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for item in value.values() for text in _texts(item)]
    if isinstance(value, (list, tuple)):
        return [text for item in value for text in _texts(item)]
    return []
