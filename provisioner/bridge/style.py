"""Tells from a module's content how it wants to be run, as Ansible's documentation of modules defines it."""

from __future__ import annotations

import re

PYTHON, INSERTED, JSON, PAIRS, BINARY, POWERSHELL = "python", "inserted", "json", "pairs", "binary", "powershell"

_PLACES = (
    b"<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>",
    b"<<INCLUDE_ANSIBLE_MODULE_COMPLEX_ARGS>>",
    b"<<INCLUDE_ANSIBLE_MODULE_VERSION>>",
)
_LIBRARY = re.compile(
    rb"^\s*(?:from\s+(?:ansible\.module_utils|ansible_collections\.\w+\.\w+\.plugins\.module_utils|\.+module_utils)\b"
    rb"|import\s+ansible\.module_utils\b|from\s+ansible\s+import\s+module_utils\b"
    rb"|import\s+ansible_collections\b)",
    re.MULTILINE,
)
_WINDOWS = re.compile(rb"#!\s*powershell|#Requires -Module|#POWERSHELL_COMMON|#AnsibleRequires", re.IGNORECASE)
_TEXT = frozenset(range(0x20, 0x100)) | {7, 8, 9, 10, 12, 13, 27}


def style_of(content: bytes) -> str:
    """Return the style: one of the constants of this file."""
    if not content.startswith(b"#!") and any(byte not in _TEXT for byte in content[:1024]):
        return BINARY
    if any(place in content for place in _PLACES):
        return INSERTED
    if b"#<<INCLUDE_ANSIBLE_MODULE_COMMON>>" in content or _LIBRARY.search(content):
        return PYTHON
    if _WINDOWS.search(content) or b"WINDOWS_ARGS" in content:
        return POWERSHELL
    return JSON if b"WANT_JSON" in content else PAIRS
