"""Positions survive loading: every string of any YAML value points at the line and column where it was written."""

from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st

from provisioner.diagnostics.position import Source, Text
from provisioner.syntax import yaml

WORDS = st.text(string.ascii_letters + string.digits + "_", min_size=1, max_size=8).map(lambda text: "w" + text)
QUOTED = st.text(string.printable.replace("\r", "").replace("\x0b", "").replace("\x0c", ""), max_size=12)
VALUES = st.recursive(
    st.one_of(WORDS.map(lambda w: ("plain", w)), QUOTED.map(lambda w: ("quoted", w)), st.integers(0, 99)),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4), st.dictionaries(WORDS, inner, min_size=1, max_size=4)
    ),
    max_leaves=12,
)


class Writer:
    """Writes a value as block YAML and notes where each string begins."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.places: list[tuple[str, int, int]] = []

    def write(self, value: object, indent: int) -> None:
        if isinstance(value, dict):
            for key, item in value.items():
                self._note(key, indent)
                self._entry(f"{' ' * indent}{key}:", item, indent)
        elif isinstance(value, list):
            for item in value:
                self._entry(f"{' ' * indent}-", item, indent)

    def _note(self, text: str, column: int) -> None:
        self.places.append((text, len(self.lines) + 1, column + 1))

    def _entry(self, head: str, item: object, indent: int) -> None:
        if isinstance(item, (dict, list)):
            self.lines.append(head)
            self.write(item, indent + 2)
        elif isinstance(item, tuple):
            kind, text = item
            self._note(text, len(head) + 1)
            self.lines.append(f"{head} {text if kind == 'plain' else as_quoted(text)}")
        else:
            self.lines.append(f"{head} {item}")


def as_quoted(text: str) -> str:
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"}
    return '"' + "".join(escapes.get(character, character) for character in text) + '"'


def plain(value: object) -> object:
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value[1] if isinstance(value, tuple) else value


def strings(value: object) -> list[Text]:
    if isinstance(value, dict):
        return [text for key, item in value.items() for text in (*strings(key), *strings(item))]
    if isinstance(value, list):
        return [text for item in value for text in strings(item)]
    return [value] if isinstance(value, Text) else []


@given(VALUES.filter(lambda value: isinstance(value, (list, dict))))
def test_every_string_points_at_where_it_was_written(value: object) -> None:
    writer = Writer()
    writer.write(value, 0)
    source = Source("any.yml", "\n".join(writer.lines) + "\n")
    loaded = yaml.load(source)
    assert loaded == plain(value)
    found = [(str(t), t.position.line, t.position.column) for t in strings(loaded) if t.position]
    assert found == writer.places
    assert all(t.position is not None and t.position.source is source for t in strings(loaded))
