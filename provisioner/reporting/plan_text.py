"""A plan for people: equal changes of several hosts in one line, how sure they are, and drift apart from intent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from provisioner.model.plan import Foreseen, Plan

MARKS = {"changed": "~", "ok": "?", "skipped": "?", "failed": "!"}


def plan_lines(plan: Plan) -> Iterator[str]:
    """Yield the lines that show a plan."""
    drift = [each for each in plan.changes if each.drift]
    intent = [each for each in plan.changes if not each.drift]
    yield from _section("CHANGES", intent)
    yield from _section("DRIFT: it was so after the last run, and nobody changed the playbook", drift)
    for host, why in plan.failed.items():
        yield f"! {host} fails: {why}"
    for host in plan.unreached:
        yield f"! {host} could not be looked at"
    counts: dict[str, int] = {}
    for each in plan.changes:
        counts[each.label] = counts.get(each.label, 0) + 1
    told = ", ".join(f"{number} {label}" for label, number in sorted(counts.items()))
    quiet = sum(1 for each in plan.foreseen if not each.may_change)
    yield f"{len(plan.changes)} to change ({told})" if told else "nothing to change"
    yield f"{quiet} looked at and left as they are, {len({each.host for each in plan.foreseen})} hosts"


def _section(title: str, lines: Iterable[Foreseen]) -> Iterator[str]:
    groups: dict[tuple[str, ...], list[str]] = {}
    for each in lines:
        key = (
            each.operation,
            MARKS[each.status],
            each.label,
            each.title,
            each.action,
            each.where,
            each.why,
            each.digest,
        )
        groups.setdefault(key, []).append(each.host)
    if not groups:
        return
    yield title
    for (_, mark, label, name, action, where, why, _), hosts in groups.items():
        yield f"  {mark} {label:<18} {name} ({action})  on {', '.join(sorted(hosts))}"
        yield f"      {where}{f': {why}' if why else ''}"
    yield ""
