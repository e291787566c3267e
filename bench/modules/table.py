"""The table of modules as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from statistics import median

from .coverage import Coverage
from .ours import Found
from .theirs import Left

NATIVE, BRIDGED, ALONE = "native", "bridged", "ours alone"
HEAD = """# Modules: targets passed, and what one costs that has nothing to do

<!-- made by 'python -m bench.modules'; do not edit -->
"""
LEGEND = """
- *targets*: how many of ansible-core's integration targets that call the module pass, of those that ansible-core itself
  passes on such a machine; what calls it is read from their task files.
- *ours*: milliseconds on the host for one task that finds nothing to do, as the worker says: the least of {rounds}
  rounds in one session. The worker is running by then; its start is paid once a host.
- *ansible-core*: milliseconds on the same host, afterwards, for the module files that ansible-core leaves there for the
  same task (`ANSIBLE_KEEP_REMOTE_FILES`), all of them together, each run {repeats} times by the host's own Python, the
  least. Its connections and what its controller does come on top.
- *ratio*: the one divided by the other.
- `-`: not measured, as it never finds nothing to do, or what it manages is not on a Debian lab host; `?`: did something
  or failed, so the time is none of a task without work.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One module."""

    name: str
    kind: str
    coverage: Coverage | None
    ours: Found | None
    theirs: Left | None

    @property
    def our_ms(self) -> float | None:
        """Return the least of our rounds, if it was nothing to do in all of them."""
        if self.ours is None or not self.ours.seconds or set(self.ours.ended) - {"ok", "skipped"}:
            return None
        return min(self.ours.seconds) * 1000

    @property
    def their_ms(self) -> float | None:
        """Return what ansible-core's files took, if they had nothing to do."""
        return self.theirs.seconds * 1000 if self.theirs is not None and self.theirs.ended == "ok" else None


def markdown(rows: Iterable[Row], facts: Mapping[str, str], legend: Mapping[str, int]) -> str:
    """Return the page."""
    found = list(rows)
    lines = [HEAD, *(f"- {name}: {value}" for name, value in facts.items()), *_summary(found), ""]
    lines += ["| module | | targets | ours ms | ansible-core ms | ratio |", "|---|---|---|---|---|---|"]
    lines += map(_line, found)
    return "\n".join(lines) + "\n" + LEGEND.format_map(legend) + "".join(_left_over(found))


def _line(row: Row) -> str:
    ratio = row.their_ms / row.our_ms if row.our_ms and row.their_ms else None
    cells = (
        f"`{row.name}`",
        row.kind,
        _targets(row.coverage),
        _time(row.our_ms, row.ours is not None and bool(row.ours.seconds)),
        _time(row.their_ms, row.theirs is not None),
        f"{ratio:.0f}" if ratio else "",
    )
    return f"| {' | '.join(cells)} |"


def _targets(coverage: Coverage | None) -> str:
    if coverage is None:
        return ""
    counted = len(coverage.passed) + len(coverage.differing)
    return f"{len(coverage.passed)} of {counted}" if counted else ""


def _time(milliseconds: float | None, was_run: bool) -> str:
    if milliseconds is None:
        return "?" if was_run else "-"
    return f"{milliseconds:.2f}" if milliseconds < 10 else f"{milliseconds:.0f}"


def _summary(rows: list[Row]) -> Iterator[str]:
    native = [row for row in rows if row.kind == NATIVE]
    ours = [row.our_ms for row in native if row.our_ms is not None]
    ratios = [row.their_ms / row.our_ms for row in rows if row.our_ms and row.their_ms]
    yield f"- {len(native)} native modules, {len(ours)} of them measured: median {median(ours or [0]):.2f} ms, " + (
        f"{sum(each < 1 for each in ours)} below 1 ms"
    )
    times = f"ansible-core takes {median(ratios or [0]):.0f} times as long (median)"
    yield f"- {len(ratios)} measured on both sides: {times}"


def _left_over(rows: list[Row]) -> Iterator[str]:
    names: dict[str, set[str]] = {}
    for row in rows:
        for name in row.coverage.differing if row.coverage else ():
            names.setdefault(name, set()).add(row.name)
    yield "\nTargets that do not pass here and do with ansible-core, with the modules they call; why:"
    yield " `tests/compat/targets/expected.txt`.\n\n"
    for name in sorted(names):
        yield f"- `{name}`: {', '.join(sorted(names[name]))}\n"
