"""Templates that are text with plain values in between, which is most of them: read here, without Jinja's compiler.

What Jinja makes of ``{{ root }}/{{ item.name }}`` is a small generator; here is the same one for all such texts. It
asks the same environment for attributes and items, so that a value is what it always was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from jinja2.runtime import Context
from jinja2.utils import missing

_MEANS_MORE = "and|or|not|is|in|if|else|true|false|none|True|False|None|self|super|caller|varargs|kwargs|loop"
_NAME = rf"(?!(?:{_MEANS_MORE})\b)[A-Za-z_]\w*"
_STEP = r"\.[A-Za-z_]\w*|\['[^'\\{}\n]*'\]|\[[0-9]{1,9}\]"
_VALUE = re.compile(rf"\{{\{{ *({_NAME})((?:{_STEP})*) *\}}\}}", re.ASCII)
_ONE_STEP = re.compile(_STEP, re.ASCII)
_OTHERWISE = re.compile(r"\{[{%#]|[\r\n]")

Step = tuple[bool, str | int]
Part = str | tuple[str, tuple[Step, ...]]


class JoinedTemplate:
    """Yields texts and values in turns; stands where a compiled template would."""

    __slots__ = ("_environment", "_names", "_parts")
    name = None
    blocks: dict[str, Any] = {}

    def __init__(self, parts: list[Part], environment: Any) -> None:
        self._parts, self._environment = parts, environment
        self._names = tuple(dict.fromkeys(part[0] for part in parts if not isinstance(part, str)))

    def root_render_func(self, context: Context) -> Iterator[Any]:
        """Yield what the template consists of, with the values that names have in the context."""
        environment = self._environment
        values = {name: context.resolve_or_missing(name) for name in self._names}
        for part in self._parts:
            if isinstance(part, str):
                yield part
                continue
            name, steps = part
            value = values[name]
            if value is missing:
                value = environment.undefined(name=name)
            for is_attribute, key in steps:
                value = environment.getattr(value, key) if is_attribute else environment.getitem(value, key)
            yield environment.finalize(value)


def joined(source: str, environment: Any) -> JoinedTemplate | None:
    """Return the template of a text; None where Jinja has to read it."""
    text = source.removesuffix("\n")
    parts: list[Part] = []
    at = 0
    for found in _VALUE.finditer(text):
        if found.start() > at:
            parts.append(text[at : found.start()])
        parts.append((found[1], tuple(map(_step, _ONE_STEP.findall(found[2])))))
        at = found.end()
    if at < len(text):
        parts.append(text[at:])
    if any(isinstance(part, str) and _OTHERWISE.search(part) for part in parts) or _has_touching_braces(parts):
        return None
    return JoinedTemplate(parts, environment)


def _has_touching_braces(parts: list[Part]) -> bool:
    """Tell whether a brace stands right before a value: Jinja would read the braces differently."""
    return any(isinstance(part, str) and part.endswith("{") for part in parts[:-1])


def _step(written: str) -> Step:
    if written.startswith("."):
        return True, written[1:]
    return False, written[2:-2] if written[1] == "'" else int(written[1:-1])
