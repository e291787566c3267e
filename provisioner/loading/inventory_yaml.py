"""Reads inventories in YAML form."""

from __future__ import annotations

from collections.abc import Mapping

from provisioner.diagnostics.errors import nearest
from provisioner.diagnostics.position import position_of
from provisioner.loading.draft import Draft
from provisioner.loading.reading import kind_of

_KEYS = ("hosts", "children", "vars")


def read_groups(content: Mapping[object, object], draft: Draft) -> None:
    """Add a YAML inventory's groups to ``draft``."""
    for name, body in content.items():
        if not isinstance(name, str):
            draft.findings.error(
                f"a group's name must be a string, not {kind_of(name)} ('{name}')", position_of(content)
            )
            continue
        _group(name, body, draft)


def _group(name: str, body: object, draft: Draft) -> None:
    draft.group(name)
    if body is None:
        return
    if not isinstance(body, dict):
        draft.findings.error(f"group '{name}' must be a mapping, not {kind_of(body)}", position_of(name),
                             hint="below a group stand hosts:, children: and vars:")  # fmt: skip
        return
    for key in body:
        if key not in _KEYS:
            draft.findings.warn(f"unknown key '{key}' of group '{name}' is not used", position_of(key),
                                hint=nearest(str(key), _KEYS))  # fmt: skip
    draft.group_vars(name, _mapping(body, "vars", name, draft))
    for child, inner in _mapping(body, "children", name, draft).items():
        _group(child, inner, draft)
        draft.child(name, child, position_of(child))
    for host, values in _mapping(body, "hosts", name, draft).items():
        if values is not None and not isinstance(values, dict):
            draft.findings.error(f"variables of host '{host}' must be a mapping, not {kind_of(values)}",
                                 position_of(values) or position_of(host))  # fmt: skip
        own = values if isinstance(values, dict) else {}
        draft.host(host, name, own, position_of(host))


def _mapping(body: Mapping[str, object], key: str, group: str, draft: Draft) -> dict[str, object]:
    value = body.get(key)
    if value is None:
        return {}
    if isinstance(value, str):
        return {value: None}
    if isinstance(value, dict):
        wrong = [each for each in value if not isinstance(each, str)]
        if not wrong:
            return value
        return {str(each): inner for each, inner in value.items()}
    where = position_of(value) or position_of(next(iter(body)))
    draft.findings.error(f"'{key}' of group '{group}' must be a mapping, not {kind_of(value)}", where,
                         hint="write 'name:' without a dash")  # fmt: skip
    return {}
