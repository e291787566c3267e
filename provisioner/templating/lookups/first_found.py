"""The first file that exists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from provisioner.templating.context import LookupContext
from provisioner.templating.errors import LookupFailed, UndefinedVariable
from provisioner.templating.undefined import Missing


def run(
    terms: list[Any],
    context: LookupContext,
    *,
    files: object = (),
    paths: object = (),
    skip: bool = False,
) -> list[object]:
    """Return the path of the first file found; terms are names or ``{files, paths, skip}``, paths may be none.

    Without a folder in ``paths``, each name is looked for where the task would: files, templates, vars or tasks folder
    of role and playbook (``ansible_lookup_folder``), then beside.
    """
    names: list[tuple[str, str]] = []
    skips = skip
    for term in _flat([*terms]) if terms else []:
        if isinstance(term, Mapping):
            names += _joined(term.get("files", ()), term.get("paths", ()))
            skips = skips or bool(term.get("skip", False))
        else:
            names += _joined([term], paths) if paths else [("", str(term))]
    names += _joined(files, paths) if files else []
    for folder, name in names:
        found = _find(f"{folder}/{name}" if folder else name, context)
        if found is not None:
            return [found]
    if skips:
        return []
    tried = ", ".join(f"{folder}/{name}" if folder else name for folder, name in names) or "no names were given"
    raise LookupFailed(f"none of these files was found: {tried}")


def _find(name: str, context: LookupContext) -> str | None:
    own = context.scope.find("ansible_lookup_folder")
    folders = ("files", "templates", "vars", "tasks", "") if own is None else (str(own.value), "tasks", "")
    for folder in folders:
        path = context.find(name, folder)
        if path is not None:
            return str(path)
    return None


def _joined(files: object, paths: object) -> list[tuple[str, str]]:
    names = [str(name) for name in _listed(files)]
    folders = [str(folder) for folder in _listed(paths)]
    return [(folder, name) for folder in folders or [""] for name in names]


def _listed(value: object) -> Iterator[object]:
    if isinstance(value, str):
        for separator in (",", ";", ":"):
            value = value.replace(separator, "\n")
        yield from (part.strip() for part in value.splitlines() if part.strip())
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _flat([item])


def _flat(items: list[Any]) -> Iterator[Any]:
    for item in items:
        if isinstance(item, (list, tuple)):
            yield from _flat(list(item))
        elif not isinstance(item, Missing):
            yield item


__all__ = ["UndefinedVariable", "run"]
