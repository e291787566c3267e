"""The text of ``ansible_managed``: what the setting says, with file, owner, host and the template's time filled in."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

_MARKS = {name: f"\x02{name}\x02" for name in ("host", "uid", "file")}


def managed(setting: str, about: Mapping[str, str], modified: float, render: Callable[[str], str]) -> str:
    """Return the text: ``{file}``, ``{uid}``, ``{host}`` and ``%Y`` filled in, templates in the setting rendered.

    What is filled in is never rendered, whatever a file is called.

    >>> managed("{file} on {host}, %Y", {"file": "a%Y.j2", "host": "h", "uid": "root"}, 0.0, str)
    'a%Y.j2 on h, 1970'
    """
    try:
        text = setting.format(**_MARKS)
    except (KeyError, IndexError, ValueError):
        text = setting
    text = render(time.strftime(text, time.localtime(modified)) if "%" in text else text)
    for name, mark in _MARKS.items():
        text = text.replace(mark, about.get(name, ""))
    return text
