"""The differences that are meant. docs/compat.md says of each why; test_documentation.py holds the two together."""

from __future__ import annotations

# (action or "*", name of a result's value)
KNOWN_VALUES = frozenset({
    ("*", "discovered_interpreter_python"),
    ("raw", "stdout"),
    ("raw", "stderr"),
})  # fmt: skip


def is_known(action: str, name: str) -> bool:
    """Tell whether a value of a result is meant to differ."""
    return (action, name) in KNOWN_VALUES or ("*", name) in KNOWN_VALUES
