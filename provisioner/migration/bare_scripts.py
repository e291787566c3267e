"""Scripts for the POSIX shell of a host without Python: how they become tasks, and how data get into them.

Data come in quoted, and only here: as variables of the shell that are set before a script begins, or as a ``word``
within it. What a template gives is quoted after it was rendered, so that nothing it holds can become a command.
"""

from __future__ import annotations

from collections.abc import Mapping
from shlex import quote

CHANGED = "'changed' in ({0}.stdout_lines | default([]))"
PREFIX = "bare_"


def script_task(title: str, script: str, data: Mapping[str, object], register: str = "") -> dict[str, object]:
    """Return the task that runs a script with ``data`` as its variables; lists are joined by blanks.

    The script says ``changed`` on a line of its own when it changed something; without ``register`` it changes nothing.
    """
    variables = {PREFIX + name: value for name, value in data.items()}
    task: dict[str, object] = {"name": title, "raw": _header(data) + script, "args": {"executable": "/bin/sh"}}
    task |= {"vars": variables} if variables else {}
    if not register:
        return {**task, "changed_when": False}
    return {**task, "register": register, "changed_when": CHANGED.format(register)}


def _header(data: Mapping[str, object]) -> str:
    shown = "{{{{ ({0} | join(' ') if {0} is sequence and {0} is not string else {0}) | string | quote }}}}"
    return "".join(f"{name}={shown.format(PREFIX + name)}\n" for name in data)


def word(text: str) -> str:
    """Return a text as one word of a script, whatever the templates in it give."""
    if "{{" in text or "{%" in text:
        return "{% filter quote %}" + text + "{% endfilter %}{{ '' }}"  # the last keeps the line's end from being taken
    return quote(text)
