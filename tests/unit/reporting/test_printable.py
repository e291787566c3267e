"""What hosts say is shown, not obeyed by the terminal."""

from __future__ import annotations

import pytest

from provisioner.model.event import Event, Noted
from provisioner.reporting.printable import printable, safe


class Kept:
    """A renderer that keeps what it is given."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def handle(self, event: Event) -> None:
        self.events.append(event)

    def close(self) -> None:
        self.events.append(Noted("info", "closed", 0))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ttext\nnext", "plain\ttext\nnext"),
        ("dos\r\nline", "dos\nline"),
        ("over\rwritten", "over\\rwritten"),
        ("\x1b]52;c;AAAA\x07", "\\x1b]52;c;AAAA\\x07"),
        ("\x9b2J\x7f", "\\x9b2J\\x7f"),
        ("a\u202eb\u2066", "a\\u202eb\\u2066"),
        ("\udcff", "\\xff"),
        ("é ✓ 名", "é ✓ 名"),
    ],
)
def test_control_characters_are_spelled_out(text: str, shown: str) -> None:
    assert printable(text) == shown
    shown.encode("utf-8")


def test_a_renderer_gets_only_safe_events_and_the_same_object_where_nothing_is_wrong() -> None:
    kept = Kept()
    renderer = safe(kept)
    fine = Noted("info", "fine", 1)
    renderer.handle(fine)
    renderer.handle(Noted("info", "not\x1b[2J fine", 2, host="h\x07"))
    renderer.close()
    assert kept.events[0] is fine
    assert kept.events[1] == Noted("info", "not\\x1b[2J fine", 2, host="h\\x07")
    assert len(kept.events) == 3
