"""Reads ``guard`` of a block: how long until it is undone, and what must hold before it is confirmed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from provisioner import catalog
from provisioner.diagnostics.position import position_of
from provisioner.loading.graphing import read_checks
from provisioner.loading.keywords import Item, duration, read_bool
from provisioner.loading.reading import Reading, kind_of
from provisioner.model.task import Guard, Node, Task

KEYS = frozenset({"confirm", "checks", "survive_reboot"})
CONFIRM_S = 60.0
PLAIN_TOO = frozenset({"copy", "service", "package"})
"""Actions whose module on the host does by itself what a guard needs of them."""


def read_guard(written: Mapping[str, object], revert: Sequence[Node], reading: Reading) -> Guard | None:
    """Return the guard, or None where there is none; a guard without a way back is a mistake."""
    if "guard" not in written:
        return None
    key = next(each for each in written if each == "guard")
    position = position_of(key) or position_of(written["guard"])
    value = written["guard"] if written["guard"] is not None else {}
    if not isinstance(value, dict) or position is None:
        reading.error(f"'guard' must be a mapping with 'confirm' and 'checks', not {kind_of(value)}", key)
        return None
    for name in value:
        if name not in KEYS:
            reading.unknown_key(str(name), "guard", KEYS)
    if not revert:
        reading.error("a guarded block must say how it is undone", key, hint="add 'revert:' with tasks beside it")
        return None
    for node in revert:
        refuse_what_cannot_be_armed(node, reading)
    checks = read_checks(value["checks"], position, reading) if value.get("checks") else ()
    survives = read_bool(Item("survive_reboot", value.get("survive_reboot", False), "guard"), reading)
    return Guard(duration(value.get("confirm"), CONFIRM_S, reading), checks, position, survives is True)


def refuse_what_cannot_be_armed(node: Node, reading: Reading) -> None:
    """The host carries these out alone: they must be single modules that need nothing of the controller."""
    if not isinstance(node, Task):
        reading.error("a guard undoes by single tasks: no blocks, roles or includes", node.position)
        return
    if node.loop is not None or node.keywords.when:
        reading.error("a task that undoes a guarded block cannot have a loop or a condition", node.position)
    is_plain = node.action in catalog.names("module")
    if node.action in catalog.names("action"):
        is_plain = node.action in PLAIN_TOO and not (node.args.get("src") and not node.args.get("remote_src"))
    if not is_plain:
        reading.error(
            f"'{node.action}' needs the controller, and a guard undoes without it", node.position,
            hint="use command, shell, copy with content or remote_src, systemd, file, lineinfile and the like",
        )  # fmt: skip
