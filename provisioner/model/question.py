"""Questions to the person at the terminal that are more than a line of text."""

from __future__ import annotations


class OneKey(str):
    """A question that a single key answers, without Enter: one of ``keys``."""

    __slots__ = ("keys",)

    keys: str

    def __new__(cls, text: str, keys: str) -> OneKey:
        """Return the question ``text``; ``keys`` are the letters that answer it, small or capital."""
        made = super().__new__(cls, text)
        made.keys = keys
        return made
