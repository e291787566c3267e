"""Reads YAML 1.1 into plain values whose strings and keys remember where they were written.

Values are built straight from the parser's events: no node tree, no second pass. The events come from ruamel.yaml's C
parser where it is installed, else from its pure one.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from provisioner.diagnostics.diagnostic import Diagnostic, Findings, Severity
from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.position import Position, Source, Text, Unsafe
from provisioner.syntax.scalars import BOOLEANS, MERGE, NULLS, floating, integer, plain, timestamp
from provisioner.syntax.vault import Vault, VaultText, is_encrypted
from provisioner.syntax.yaml_errors import explain

CParser: Callable[[str], Any] | None
"""The C parser, or None where it is not installed."""
try:
    from _ruamel_yaml import CParser  # type: ignore[import-not-found, import-untyped, no-redef, unused-ignore]
except ImportError:
    CParser = None

_PREFIX = "tag:yaml.org,2002:"
REPEATED = "While constructing a mapping from"
"""How what is known of a repeated key begins."""
DEEPEST = 100
"""How deep values may lie in each other."""
MOST = 2_000_000
"""How many values a text may stand for, each alias counted as all that it stands for."""
Event: TypeAlias = Any
"""A parser event; which attributes it has depends on its kind, which its base class does not declare."""


def load(source: Source, *, vault: Vault | None = None, findings: Findings | None = None) -> object:
    """Return the one document of ``source`` (None where it is empty) or raise InputError.

    A wholly encrypted text is decrypted with ``vault``, which is then told every value in it. Repeated keys are
    recorded as warnings in ``findings``; the last one counts.
    """
    documents = load_all(source, vault=vault, findings=findings)
    if len(documents) > 1:
        raise InputError.at(Position(source, 1, 1), f"one YAML document is expected here, found {len(documents)}",
                            hint="a line of three dashes starts a new document; keep only the first")  # fmt: skip
    return documents[0] if documents else None


def load_all(source: Source, *, vault: Vault | None = None, findings: Findings | None = None) -> list[object]:
    """Return every document of ``source``; otherwise as ``load``."""
    readable = decrypted(source, vault)
    try:
        documents = _documents(readable, findings)
    except MarkedYAMLError as error:
        raise explain(readable, error) from None
    except UnicodeEncodeError:
        raise InputError.at(Position(readable, 1, 1), "this is not UTF-8 text") from None
    except YAMLError as error:
        raise InputError.at(Position(readable, 1, 1), "this is not YAML", detail=str(error)) from None
    if readable.secret and vault is not None:
        for document in documents:
            for secret in _leaves(document):
                vault.on_secret(secret)
    return documents


def _documents(source: Source, findings: Findings | None) -> list[object]:
    """Return the documents as the C parser reads them, or, where it refuses the text, as the pure one does.

    The C parser brings an old libyaml that refuses a colon inside a plain word between brackets (``[http://a/b]``),
    which YAML 1.1 allows and playbooks use. What both refuse is wrong; the C parser's finding is told.
    """
    if CParser is None:
        return _Builder(source, findings).documents(_pure_events(source.text))
    try:
        return _Builder(source, findings).documents(_fast_events(CParser(source.text)))
    except MarkedYAMLError as error:
        try:
            return _Builder(source, findings).documents(_pure_events(source.text))
        except MarkedYAMLError:
            raise error from None


def decrypted(source: Source, vault: Vault | None) -> Source:
    """Return ``source`` itself, or its plain text as a secret source where it is encrypted."""
    if not is_encrypted(source.text):
        return source
    start = Position(source, 1, 1)
    if vault is None:
        raise InputError.at(start, "the file is encrypted and no vault password was given",
                            hint="give --ask-vault-pass, --vault-password-file or --vault-id")  # fmt: skip
    plain_bytes = vault.decrypt(source.text, start)
    try:
        return Source(source.name, plain_bytes.decode(), secret=True)
    except UnicodeDecodeError:
        raise InputError.at(start, "the decrypted file is not UTF-8 text") from None


def _fast_events(parser: Any) -> Iterator[Event]:
    while (event := parser.get_event()) is not None:
        yield event


def _pure_events(text: str) -> Iterator[Event]:
    reader = YAML(typ="safe", pure=True)
    reader.version = (1, 2)  # for where plain words end (a "?" in an address); what they mean is decided here, by 1.1
    yield from reader.parse(text)


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif value is not None and not isinstance(value, bool) and str(value):
        yield str(value)


class _Builder:
    """Builds the values of one source out of parser events."""

    def __init__(self, source: Source, findings: Findings | None) -> None:
        self._source = source
        self._findings = findings
        self._anchors: dict[str, object] = {}
        self._sizes: dict[str, int] = {}
        self._open: set[str] = set()
        self._depth = self._nodes = 0

    def documents(self, events: Iterable[Event]) -> list[object]:
        """Return the value of each document."""
        found = []
        steps = iter(events)
        for event in steps:
            if type(event) is DocumentStartEvent:
                self._anchors, self._sizes = {}, {}
                found.append(self._value(next(steps), steps))
        return found

    def _at(self, event: Event) -> Position:
        mark = event.start_mark
        return Position(self._source, mark.line + 1, mark.column + 1)

    def _value(self, event: Event, steps: Iterator[Event]) -> object:
        kind = type(event)
        if kind is ScalarEvent:
            value = self._scalar(event)
            if event.anchor is not None:
                self._anchors[event.anchor] = value
            return value
        if kind is MappingStartEvent:
            return self._collection(event, self._inside(event, steps, self._mapping))
        if kind is SequenceStartEvent:
            return self._collection(event, self._inside(event, steps, self._sequence))
        if kind is AliasEvent:
            return self._alias(event)
        raise AssertionError(f"the parser gave {event} where a value must be")

    def _inside(
        self, event: Event, steps: Iterator[Event], make: Callable[[Iterator[Event]], Any]
    ) -> list[object] | dict[object, object]:
        """Build a collection; one that lies too deep, or is too much with what its aliases stand for, is refused."""
        before, anchor = self._nodes, event.anchor
        self._depth += 1
        if self._depth > DEEPEST:
            raise InputError.at(self._at(event), f"values lie more than {DEEPEST} deep in each other here")
        if anchor is not None:
            self._open.add(anchor)
        made: list[object] | dict[object, object] = make(steps)
        self._depth -= 1
        self._count(event, len(made))
        if anchor is not None:
            self._open.discard(anchor)
            self._anchors[anchor], self._sizes[anchor] = made, self._nodes - before
        return made

    def _count(self, event: Event, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > MOST:
            raise InputError.at(
                self._at(event), f"this text stands for more than {MOST} values", hint="aliases of aliases multiply"
            )

    def _alias(self, event: Event) -> object:
        if event.anchor not in self._anchors and event.anchor not in self._open:
            raise InputError.at(self._at(event), f"nothing above is anchored as '&{event.anchor}'",
                                hint="a value that starts with * must be quoted")  # fmt: skip
        if event.anchor in self._open:
            raise InputError.at(self._at(event), f"'&{event.anchor}' is inside itself here")
        self._count(event, self._sizes.get(event.anchor, 1))
        return self._anchors[event.anchor]

    def _sequence(self, steps: Iterator[Event]) -> list[object]:
        items: list[object] = []
        append, value = items.append, self._value
        while type(step := next(steps)) is not SequenceEndEvent:
            append(value(step, steps))
        return items

    def _mapping(self, steps: Iterator[Event]) -> dict[object, object]:
        mapping: dict[object, object] = {}
        merged: list[object] = []
        pairs: list[tuple[object, object]] = []
        while type(step := next(steps)) is not MappingEndEvent:
            if type(step) is ScalarEvent and step.value == MERGE and step.implicit[0] and not step.style:
                merged += self._merge(self._at(step), self._value(next(steps), steps))
                continue
            key = self._key(step, steps)
            pairs.append((key, self._value(next(steps), steps)))
        for each in merged:
            mapping.update(each)  # type: ignore[call-overload]
        own: dict[object, object] = {}
        for key, value in pairs:
            if key in own:
                self._repeated(key, own)
            own[key] = key
            mapping[key] = value
        return mapping

    def _key(self, event: Event, steps: Iterator[Event]) -> object:
        where = self._at(event)
        key = self._value(event, steps)
        if not isinstance(key, (dict, list)):
            return key
        hint = "use a plain word as key"
        if isinstance(key, dict):
            hint = 'a value that starts with {{ must be quoted: "{{ name }}"'
        raise InputError.at(where, "a mapping or list cannot be a key", hint=hint)

    def _merge(self, where: Position, value: object) -> list[object]:
        """Return the mappings to merge, those that win last."""
        if isinstance(value, dict):
            return [value]
        if isinstance(value, list) and all(isinstance(item, dict) for item in value):
            return value[::-1]
        raise InputError.at(where, "'<<' merges mappings, not other values", hint="give *anchor of a mapping")

    def _repeated(self, key: object, own: dict[object, object]) -> None:
        if self._findings is None or not isinstance(key, Text):
            return
        first = own[key]
        before = f"first written at {first.position}" if isinstance(first, Text) else ""
        where = key.position
        place = f"{where.source.path}, line {where.line}, column {where.column}" if where else "a text"
        known_as = f"{REPEATED} {place}, found a duplicate dict key ({key}). Using last defined value only."
        summary = f"key '{key}' is written twice; the last one counts"
        self._findings.add(Diagnostic(summary, where, before, severity=Severity.WARNING, known_as=known_as))

    def _scalar(self, event: Event) -> object:
        text: str = event.value
        tag = event.tag
        if tag is not None and tag != "!":
            return self._tagged(event, text, tag)
        if tag is None and event.implicit[0] and not event.style:
            value = plain(text)
            if value is not text:
                return value
        mark = event.start_mark
        return Text(text, Position(self._source, mark.line + 1, mark.column + 1))

    def _tagged(self, event: Event, text: str, tag: str) -> object:
        where = self._at(event)
        if tag == "!unsafe":
            return Unsafe(text, where)
        if tag in ("!vault", "!vault-encrypted"):
            if not is_encrypted(text):
                raise InputError.at(where, "the value after !vault is not vault-encrypted text",
                                    hint="make it with 'provisioner vault encrypt-string'")  # fmt: skip
            return VaultText(text.strip() + "\n", where)
        make = _MAKERS.get(tag.removeprefix(_PREFIX)) if tag.startswith(_PREFIX) else None
        if make is None:
            raise self._unknown_tag(where, tag)
        try:
            value = make(text)
        except (ValueError, binascii.Error):
            raise InputError.at(where, f"'{text}' is not a {tag.removeprefix(_PREFIX)}") from None
        return Text(value, where) if type(value) is str else value

    def _unknown_tag(self, where: Position, tag: str) -> InputError:
        shown = tag.replace(_PREFIX, "!!")
        hint = "known are !vault and !unsafe; a value that starts with ! must be quoted"
        return InputError.at(where, f"unknown tag '{shown}'", hint=hint)

    def _collection(self, event: Event, value: list[object] | dict[object, object]) -> object:
        tag = event.tag
        if tag is None or tag in (_PREFIX + "map", _PREFIX + "seq", "!"):
            return value
        if tag == "!unsafe":
            return _unsafe(value)
        if tag == _PREFIX + "set" and isinstance(value, dict):
            return set(value)
        if tag in (_PREFIX + "omap", _PREFIX + "pairs") and isinstance(value, list):
            return [pair for item in value if isinstance(item, dict) for pair in item.items()]
        raise self._unknown_tag(self._at(event), tag)


def _unsafe(value: object) -> object:
    if isinstance(value, dict):
        return {key: _unsafe(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_unsafe(item) for item in value]
    return Unsafe(value, value.position) if isinstance(value, Text) else value


def _null(text: str) -> None:
    if text not in NULLS:
        raise ValueError(text)


def _boolean(text: str) -> bool:
    if text.lower() not in BOOLEANS:
        raise ValueError(text)
    return BOOLEANS[text.lower()]


_MAKERS: dict[str, Callable[[str], object]] = {
    "str": str,
    "int": integer,
    "float": floating,
    "bool": _boolean,
    "null": _null,
    "timestamp": timestamp,
    "binary": lambda text: base64.decodebytes(text.encode("ascii")),
}
