"""Keeps secrets out of everything that is stored or shown: events pass here once, on their way out of the executor.

A secret is found by value, wherever and in whatever usual spelling it turns up: plain, inside JSON, base64 (at each of
the three alignments), percent-encoded, shell-quoted, and line by line where it has several lines.
Names that identify (host, operation, play, handler, run) are left alone: nothing secret is ever put into them, and
a journal whose names were masked could not be replayed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from re import Pattern
from threading import Lock

from provisioner.journal.spellings import matcher, spellings
from provisioner.model.event import Answered, CheckFinished, Event, ItemFinished, OperationFinished, OutputReceived
from provisioner.model.secret import says_secret, secret_in

MASK = "********"
CENSORED = "the output has been hidden due to the fact that 'no_log: true' was specified for this result"
"""Scripts look for exactly this."""
SHORTEST = 4
SHORTEST_OUTPUT = 6
SECRETS_KEY = "_secrets"
KEPT_RESULT = ("changed", "failed", "skipped", "unreachable", "rc", "attempts")
KEPT_EFFECTS = frozenset({"notified", "rescued", "fatal", "ends", "hosts", "groups", "foreseen"})

# what a no_log task brought back; paths, modes and the like would mask half of what other tasks say
_TELLING = ("stdout", "stderr", "content", "json", "results")
_SETTING = ("variables", "included", "elsewhere")
"""Effects of tasks that set variables."""
_IDENTITIES = frozenset({"run", "host", "operation", "play", "handler", "version", "stats", "strategy", "action"})


class Redactor:
    """Knows every secret of a run and takes them out of events and texts; any thread may teach or ask it.

    ``warning`` says, once there is one, that a secret is too short to be looked for inside other text. With
    ``learns_names`` a value is a secret if its name says so; it is hidden where it stands as a word of its own.
    """

    def __init__(self) -> None:
        self.warning = ""
        self.learns_names = False
        self._lock = Lock()
        self._whole: frozenset[str] = frozenset()
        self._forms: frozenset[str] = frozenset()
        self._told: frozenset[str] = frozenset()
        self._patterns: tuple[Pattern[str], ...] = ()
        self._is_stale = False

    def learn(self, secret: str) -> None:
        """Remember one secret; from now on no event carries it."""
        if not secret.strip() or secret in self._whole:
            return
        with self._lock:
            plain, stripped = str(secret), secret.strip()
            if len(stripped) >= SHORTEST:
                self._forms |= spellings(plain)
                self._is_stale = True
            else:
                self.warning = f"a secret has fewer than {SHORTEST} characters: it is hidden only where it stands alone"
            self._whole |= {plain, stripped}

    def learn_named(self, value: object) -> None:
        """Remember the value of something whose name says that it is a secret, where ``learns_names``."""
        text = secret_in(value) if self.learns_names else ""
        if text and text not in self._whole:
            self._learn_told(text)

    def _learn_names(self, value: object) -> None:
        """Remember what in ``value`` stands under such a name."""
        for mapping in _mappings(value):
            for name, item in mapping.items():
                if isinstance(name, str) and says_secret(name):
                    self.learn_named(item)

    def _learn_told(self, text: str) -> None:
        """Remember output of a no_log task; it is hidden where it stands as a word of its own.

        Such output is no password as a rule; hidden inside other words it would make half of a log unreadable.
        """
        with self._lock:
            self._told |= spellings(text)
            self._whole |= {text, text.strip()}
            self._is_stale = True

    def learn_all(self, value: object) -> None:
        """Remember every string and number inside ``value`` (what a vault file held)."""
        for leaf in _leaves(value):
            self.learn(leaf)

    def text(self, text: str) -> str:
        """Return ``text`` without secrets."""
        if not self._whole:
            return text
        if text in self._whole:
            return MASK
        for pattern in self._matchers():
            text = pattern.sub(MASK, text)
        return text

    def event(self, event: Event) -> Event:
        """Return ``event`` without secrets; secrets that a result brings along are learned first."""
        if self.learns_names and isinstance(event, OperationFinished):
            self._learn_names([event.effects.get(name) for name in _SETTING])
        if isinstance(event, (OperationFinished, ItemFinished)):
            event = self._result(event)
        elif isinstance(event, OutputReceived) and event.no_log:
            event = replace(event, text=CENSORED)
        elif isinstance(event, Answered) and event.is_private:
            event = replace(event, value=MASK)
        elif isinstance(event, CheckFinished) and event.no_log:
            event = replace(event, expected=CENSORED, actual=CENSORED)
        return self._masked(event) if self._whole else event

    def _result(self, event: OperationFinished | ItemFinished) -> OperationFinished | ItemFinished:
        result = self._without_secrets_key(event.result)
        if not event.no_log:
            return event if result is event.result else replace(event, result=result)
        for text in _told(result):
            if len(text.strip()) >= SHORTEST_OUTPUT:
                self._learn_told(text)
        kept: dict[str, object] = {key: result[key] for key in KEPT_RESULT if key in result}
        hidden = {"censored": CENSORED, **kept}
        if isinstance(event, ItemFinished):
            return replace(event, result=hidden, label=f"({CENSORED})")
        effects = {key: value if key in KEPT_EFFECTS else _hidden(value) for key, value in event.effects.items()}
        return replace(event, result=hidden, effects=effects)

    def _without_secrets_key(self, result: Mapping[str, object]) -> Mapping[str, object]:
        if SECRETS_KEY in result:
            self.learn_all(result[SECRETS_KEY])
            result = {key: value for key, value in result.items() if key != SECRETS_KEY}
        items = result.get("results")
        if isinstance(items, (list, tuple)) and any(isinstance(i, Mapping) and SECRETS_KEY in i for i in items):
            cleaned = [self._without_secrets_key(item) if isinstance(item, Mapping) else item for item in items]
            result = {**result, "results": cleaned}
        return result

    def _masked(self, event: Event) -> Event:
        changes: dict[str, object] = {}
        for field in fields(event):
            if field.name not in _IDENTITIES:
                value = getattr(event, field.name)
                clean = self._clean(value)
                if clean is not value:
                    changes[field.name] = clean
        return replace(event, **changes) if changes else event  # type: ignore[arg-type]

    def _clean(self, value: object) -> object:
        """Return ``value`` without secrets; the same object where it holds none."""
        if isinstance(value, str):
            clean = self.text(value)
            return value if clean == value else clean
        if isinstance(value, Mapping):
            return self._clean_mapping(value)
        if isinstance(value, (list, tuple)):
            items = [self._clean(item) for item in value]
            if all(new is old for new, old in zip(items, value, strict=True)):
                return value
            return tuple(items) if isinstance(value, tuple) else items
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return MASK if str(value) in self._whole else value
        if isinstance(value, (bytes, bytearray)):
            return self._clean(bytes(value).decode("utf-8", "backslashreplace"))
        return value

    def _clean_mapping(self, value: Mapping[object, object]) -> Mapping[object, object]:
        pairs = [(key, item, self._clean(key), self._clean(item)) for key, item in value.items()]
        if all(key is new_key and item is new_item for key, item, new_key, new_item in pairs):
            return value
        return {new_key: new_item for _, _, new_key, new_item in pairs}

    def _matchers(self) -> Sequence[Pattern[str]]:
        if self._is_stale:
            with self._lock:
                secret, told = matcher(self._forms), matcher(self._told)
                words = re.compile(rf"(?:(?<!\w)|(?<=\\[bfnrt]))(?:{told.pattern})(?!\w)") if told is not None else None
                self._patterns = tuple(p for p in (secret, words) if p is not None)
                self._is_stale = False
        return self._patterns


def _mappings(value: object) -> Iterable[Mapping[object, object]]:
    if isinstance(value, Mapping):
        yield value
        for item in value.values():
            yield from _mappings(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _mappings(item)


def _leaves(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _leaves(item)
    elif isinstance(value, (int, float)) and not isinstance(value, bool) and len(str(value)) >= SHORTEST:
        yield str(value)


def _told(result: Mapping[str, object]) -> Iterable[str]:
    """Return the texts that a task under no_log brought back."""
    for key in _TELLING:
        value = result.get(key)
        if key == "results" and isinstance(value, (list, tuple)):
            for item in value:
                if isinstance(item, Mapping):
                    yield from _told(item)
        elif value is not None:
            yield from _leaves(value)


def _hidden(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _hidden(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_hidden(item) for item in value]
    return value if value is None or isinstance(value, bool) else MASK
