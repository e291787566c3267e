"""Keeps what hosts say from steering a terminal: control characters are shown, not obeyed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, replace

from provisioner.model.event import Event
from provisioner.reporting.renderer import EventRenderer, OwnsScreen

# C0 but tab and newline, DEL, C1, marks that turn the direction of writing, and bytes that were no text
_ACTIVE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """Return ``text`` with everything that a terminal would act upon spelled out."""
    return _ACTIVE.sub(_spelled, text.replace("\r\n", "\n"))


def _spelled(found: re.Match[str]) -> str:
    number = ord(found[0])
    if 0xDC80 <= number <= 0xDCFF:
        number -= 0xDC00  # a byte that is no UTF-8
    if found[0] == "\r":
        return "\\r"
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"


class Printable:
    """Stands before a renderer and hands it events that are safe to print."""

    def __init__(self, inner: EventRenderer) -> None:
        self.inner = inner

    def handle(self, event: Event) -> None:
        """Pass on one event."""
        changes = {f.name: new for f in fields(event) if (new := _clean(old := getattr(event, f.name))) is not old}
        self.inner.handle(replace(event, **changes) if changes else event)  # type: ignore[arg-type]

    def close(self) -> None:
        """Close the renderer."""
        self.inner.close()


class PrintableScreen(Printable):
    """The same for a renderer that owns the screen."""

    def suspend(self) -> None:
        """Leave the screen alone."""
        if isinstance(self.inner, OwnsScreen):
            self.inner.suspend()

    def proceed(self) -> None:
        """Take it again."""
        if isinstance(self.inner, OwnsScreen):
            self.inner.proceed()


def safe(renderer: EventRenderer) -> EventRenderer:
    """Return the renderer behind a filter for control characters."""
    return PrintableScreen(renderer) if isinstance(renderer, OwnsScreen) else Printable(renderer)


def _clean(value: object) -> object:
    """Return ``value`` safe to print; the same object where it is already."""
    if isinstance(value, str):
        return printable(value) if _ACTIVE.search(value) else value
    if isinstance(value, Mapping):
        pairs = [(key, item, _clean(key), _clean(item)) for key, item in value.items()]
        if all(key is new_key and item is new for key, item, new_key, new in pairs):
            return value
        return {new_key: new for _, _, new_key, new in pairs}
    if isinstance(value, (list, tuple)):
        items = [_clean(item) for item in value]
        if all(new is old for new, old in zip(items, value, strict=True)):
            return value
        return tuple(items) if isinstance(value, tuple) else items
    return value
