"""Keeps what hosts say from steering a terminal: control characters are shown, not obeyed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import get_args

from provisioner.model.event import Event
from provisioner.reporting.renderer import EventRenderer, OwnsScreen
from provisioner.reporting.spelling import ACTIVE, printable

__all__ = ["Printable", "PrintableScreen", "printable", "safe"]


NEVER_ACTIVE = (int, float, type(None))
FIELDS = {kind.__name__: tuple(field.name for field in fields(kind)) for kind in get_args(Event)}


class Printable:
    """Stands before a renderer and hands it events that are safe to print."""

    def __init__(self, inner: EventRenderer) -> None:
        self.inner = inner

    def handle(self, event: Event) -> None:
        """Pass on one event."""
        names = FIELDS[type(event).__name__]
        changes = {name: new for name in names if (new := _clean(old := getattr(event, name))) is not old}
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
    if isinstance(value, NEVER_ACTIVE):
        return value
    if isinstance(value, str):
        return printable(value) if ACTIVE.search(value) else value
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
