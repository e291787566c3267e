"""Plain data as YAML in the layout that Ansible's output has: four columns a level, dashes below their key."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping

from ruamel.yaml import YAML

STEP = 4

_PLAIN_WORD = re.compile(r"[A-Za-z_/][A-Za-z0-9_/.-]*")
_SPECIAL = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


def yaml_lines(value: object, level: int = 0) -> Iterator[str]:
    """Yield the lines of a value, the first indented by ``level`` columns."""
    indent = " " * level
    if isinstance(value, Mapping) and value:
        for key in sorted(value, key=str):
            yield from _entry(f"{indent}{_scalar(key)}:", value[key], level)
    elif isinstance(value, (list, tuple)) and value:
        for item in value:
            if isinstance(item, (Mapping, list, tuple)) and item:
                first, *rest = yaml_lines(item, level + STEP)
                yield f"{indent}-{first[level + 1 :]}"
                yield from rest
            else:
                yield from _entry(f"{indent}-", item, level)
    else:
        yield indent + _scalar(value)


def _entry(head: str, value: object, level: int) -> Iterator[str]:
    """Yield a key or a dash with what belongs to it."""
    if isinstance(value, Mapping) and value:
        yield head
        yield from yaml_lines(value, level + STEP)
    elif isinstance(value, (list, tuple)) and value:
        yield head
        yield from yaml_lines(value, level)
    elif isinstance(value, str) and _is_block(value):
        yield from _block(head, value, level + STEP)
    else:
        yield f"{head} {_scalar(value)}"


def _is_block(text: str) -> bool:
    return "\n" in text and all(each.isprintable() or each in "\n\t" for each in text)


def _block(head: str, text: str, level: int) -> Iterator[str]:
    """Yield text of several lines as it is; blanks at the ends of lines, and empty lines at its end, are not shown."""
    lines = [line.rstrip() for line in text.rstrip().expandtabs().split("\n")]
    hint = str(STEP) if text.startswith((" ", "\n")) else ""
    yield f"{head} |{hint}-"
    for line in lines:
        yield " " * level + line if line else ""


def _scalar(value: object) -> str:
    if isinstance(value, str) and _PLAIN_WORD.fullmatch(value) and value.lower() not in _SPECIAL:
        return value
    writer = YAML(typ="safe", pure=True)
    writer.version = (1, 1)  # what looks like a time or a yes there is quoted
    writer.allow_unicode = True
    writer.width = 1 << 20
    stream = io.StringIO()
    writer.dump(value, stream)
    return stream.getvalue().partition("---")[2].strip().removesuffix("...").strip()
