"""Language settings: texts sort and compare by them, so do the indexes of databases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from provisioner.discovery.snapshot import Item
from provisioner.migration.sight import Finding, Severity, Sight, has, lines, of_kind, value

BUILT_IN = frozenset({"C", "POSIX", "C.utf8", "ucs_basic", "default", ""})


def look(sight: Sight) -> Iterator[Finding]:
    """Yield other settings, locales that are missing, and sorting rules that changed under a database."""
    both = sight.pair("os")
    if both is None or sight.new is None:
        return
    old, new = (
        {key: str(each) for key, each in items.get("locale", {}).items() if key != "generated"} for items in both
    )
    differing = lines(
        f"{key}: '{old.get(key, '')}' on the old server, '{new.get(key, '')}' on the new one"
        for key in {*old, *new}
        if old.get(key, "") != new.get(key, "")
    )
    if differing:
        yield Finding(
            "locale",
            Severity.MEDIUM,
            "the new server has another language setting",
            "programs sort, compare and write numbers, dates and texts by it",
            differing,
            "set the same in /etc/default/locale (module locale_gen, then lineinfile or localectl)",
        )
    there = {_spelled(str(each)) for each in _list(value(both[1], "locale", "generated"))}
    missing = lines(each for each in _needed(sight, old) if there and _spelled(each) not in there)
    if missing:
        yield Finding(
            "locale-missing",
            Severity.HIGH,
            "locales that are in use do not exist on the new server",
            "databases made with them cannot be created or restored, programs fall back to plain ASCII",
            missing,
            "generate them (module locale_gen) before databases are made",
        )
    yield from _sorting(sight)


def _needed(sight: Sight, settings: Mapping[str, str]) -> set[str]:
    databases = {str(each.get("collation", "")) for each in sight.old.items("databases").values()}
    return {each for each in {*databases, *settings.values()} if "." in each and _spelled(each) not in BUILT_IN}


def _sorting(sight: Sight) -> Iterator[Finding]:
    both = sight.pair("packages")
    clusters = [name for name, _ in of_kind(sight.old.items("databases"), "postgresql:")]
    if both is None or not clusters or not has(sight.old, "databases"):
        return
    old, new = (_library(each) for each in both)
    if old and new and old != new:
        yield Finding(
            "collation",
            Severity.HIGH,
            "texts may sort in another order on the new server",
            "the C library decides how PostgreSQL sorts texts: indexes that are copied (a replica) find rows "
            "wrongly where its rules changed",
            (f"C library: {old} on the old server, {new} on the new one", *clusters[:5]),
            "after promotion REINDEX texts and ALTER DATABASE ... REFRESH COLLATION VERSION, or move by dump",
        )


def _library(items: Mapping[str, Item]) -> str:
    """Return the C library's version as far as its rules depend on it."""
    full = next((str(items[name].get("version", "")) for name in ("libc6", "glibc", "musl") if name in items), "")
    return full.partition("-")[0].partition("+")[0]


def _spelled(locale: str) -> str:
    head, dot, tail = locale.partition(".")
    return f"{head}{dot}{tail.lower().replace('-', '')}"


def _list(given: object) -> list[object]:
    return given if isinstance(given, list) else []
