"""Old against new: every difference by scope, how much it matters, and who explained it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from provisioner.discovery.judging import Difference, Judge, Kind, Rule, Severity
from provisioner.discovery.probing import scope_module
from provisioner.discovery.snapshot import Coverage, Item, Json, Scope, Snapshot
from provisioner.discovery.waivers import Waiver
from provisioner.records import dataclass

ORDER = {Severity.BLOCKING: 0, Severity.INFORMATIVE: 1, Severity.EXPECTED: 2}
SELF = "<this machine>"
OWN_NAME = "it is the machine's own name or address"


@dataclass(frozen=True, slots=True)
class _Rules:
    """What a scope says about its differences."""

    rules: Sequence[Rule]
    judge: Judge | None

    @classmethod
    def of(cls, scope: str) -> _Rules:
        """Return a scope's rules; none where this version does not know the scope."""
        try:
            module = scope_module(scope)
        except KeyError:
            return cls((), None)
        return cls(module.RULES, getattr(module, "judge", None))

    def judged(self, difference: Difference, old: Item, new: Item) -> Difference:
        """Return the difference with its severity: what the scope computes, else its first rule that fits."""
        found = self.judge(difference, old, new) if self.judge is not None else None
        if found is None:
            rule = next((rule for rule in self.rules if rule.fits(difference)), None)
            found = (rule.severity, rule.note) if rule is not None else None
        return difference if found is None else replace(difference, severity=found[0], note=found[1])


def compare(old: Snapshot, new: Snapshot, waivers: Iterable[Waiver] = ()) -> list[Difference]:
    """Return all differences, those that block first; what a waiver explains says so and does not block.

    Scopes that only one snapshot has, or that could not be covered, are differences, too: nothing is known of them.
    """
    waived = tuple(waivers)
    own = (_Names.of(old), _Names.of(new))
    found: list[Difference] = []
    for name in sorted({*old.scopes, *new.scopes}):
        rules = _Rules.of(name)
        pair = (old.scopes.get(name), new.scopes.get(name))
        found += _unseen(name, *pair)
        if all(scope is not None and scope.coverage is not Coverage.NONE for scope in pair):
            before, after = old.items(name), new.items(name)
            for each in _items(name, before, after, own):
                is_own = each.note == OWN_NAME
                found.append(
                    each if is_own else rules.judged(each, before.get(each.item, {}), after.get(each.item, {}))
                )
    found = [_explained(each, waived) for each in found]
    return sorted(
        found, key=lambda each: (not each.blocks, ORDER[each.severity], each.scope, each.item, each.attribute)
    )


def _unseen(name: str, old: Scope | None, new: Scope | None) -> Iterator[Difference]:
    """Yield what cannot be compared, and why."""
    told = [_gap(scope) for scope in (old, new)]
    nothing = [scope is None or scope.coverage is Coverage.NONE for scope in (old, new)]
    if not any(told):
        return
    is_same = told[0] == told[1]
    severity = Severity.BLOCKING if any(nothing) and not is_same else Severity.INFORMATIVE
    note = "the same on both servers" if is_same else "nothing is known on one side" if any(nothing) else "partly seen"
    yield Difference(name, "(coverage)", Kind.UNSEEN, "", told[0], told[1], severity, note)


def _gap(scope: Scope | None) -> str:
    if scope is None:
        return "not asked for"
    return "" if scope.coverage is Coverage.FULL else "; ".join(scope.why)


@dataclass(frozen=True, slots=True)
class _Names:
    """What one machine is called: replaced in its values, so that two machines can be the same but for that."""

    pattern: re.Pattern[str] | None

    @classmethod
    def of(cls, snapshot: Snapshot) -> _Names:
        """Return a machine's name, addresses and hardware addresses."""
        host = snapshot.items("os").get("hostname", {})
        names = {str(host.get(key) or "") for key in ("name", "fqdn")} | {snapshot.host, snapshot.address}
        for key, item in snapshot.items("hardware").items():
            if key.startswith("interface:"):
                addresses = item.get("addresses")
                names |= {str(each).partition("/")[0] for each in addresses} if isinstance(addresses, list) else set()
                names.add(str(item.get("mac") or ""))
        words = sorted((re.escape(name) for name in names if len(name) > 1 and name != "localhost"), key=len)
        joined = "|".join(reversed(words))
        return cls(re.compile(rf"(?<![\w.-])(?:{joined})(?![\w-])") if words else None)

    def without(self, value: Json) -> Json:
        """Return a value with the machine's own names replaced."""
        if self.pattern is None:
            return value
        if isinstance(value, str):
            return self.pattern.sub(SELF, value)
        if isinstance(value, list):
            return [self.without(each) for each in value]
        if isinstance(value, dict):
            return {key: self.without(each) for key, each in value.items()}
        return value


def _items(
    scope: str, old: Mapping[str, Item], new: Mapping[str, Item], own: tuple[_Names, _Names]
) -> Iterator[Difference]:
    """Yield what differs; items whose names differ only by the machines' own names are the same item."""
    partners = {key: key for key in old if key in new}
    rest = {str(own[1].without(key)): key for key in new if key not in old}
    for key in old:
        if key not in partners and (partner := rest.pop(str(own[0].without(key)), None)) is not None:
            partners[key] = partner
    taken = set(partners.values())
    for key, item in old.items():
        if key not in partners:
            yield Difference(scope, key, Kind.MISSING, old=_brief(item))
            continue
        if partners[key] != key:
            yield Difference(scope, key, Kind.CHANGED, "", key, partners[key], Severity.EXPECTED, OWN_NAME)
        yield from _attributes(scope, key, item, new[partners[key]], own)
    for key, item in new.items():
        if key not in taken:
            yield Difference(scope, key, Kind.EXTRA, new=_brief(item))


def _attributes(scope: str, key: str, old: Item, new: Item, own: tuple[_Names, _Names]) -> Iterator[Difference]:
    for name in sorted({*old, *new}):
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        if own[0].without(before) == own[1].without(after):
            yield Difference(scope, key, Kind.CHANGED, name, before, after, Severity.EXPECTED, OWN_NAME)
        else:
            yield Difference(scope, key, Kind.CHANGED, name, before, after)


def _brief(item: Item) -> dict[str, Json]:
    return dict(item)


def _explained(difference: Difference, waivers: Sequence[Waiver]) -> Difference:
    if not difference.blocks:
        return difference
    waiver = next((each for each in waivers if each.explains(difference)), None)
    return difference if waiver is None else replace(difference, waived=waiver.account)
