"""An assessment as text for people: the worst first, each with its reason, what was seen and what to do."""

from __future__ import annotations

from textwrap import wrap

from provisioner.migration.assessing import Assessment
from provisioner.migration.sight import Finding, Severity
from provisioner.reporting.paint import Paint

WIDTH = 110
MOST_LINES = 12
"""Lines of evidence shown; all of them are in the JSON."""
COLOURS = {Severity.INHIBITOR: "red", Severity.HIGH: "red", Severity.MEDIUM: "yellow", Severity.LOW: "cyan"}


def as_text(assessment: Assessment, paint: Paint, *, is_brief: bool = False) -> str:
    """Return the findings and their number by severity."""
    parts = [_finding(each, paint, is_brief=is_brief) for each in assessment.findings]
    counts = ", ".join(f"{count} {name}" for name, count in assessment.counts().items() if count)
    accepted = sum(bool(each.accepted_by) for each in assessment.findings)
    subject = f"{assessment.old} -> {assessment.new}" if assessment.new else assessment.old
    end = f"{subject}: {counts or 'nothing'} open" + (f", {accepted} accepted" if accepted else "")
    return ("\n" if is_brief else "\n\n").join([*parts, end])


def _finding(finding: Finding, paint: Paint, *, is_brief: bool) -> str:
    word = "accepted" if finding.accepted_by else finding.severity.value
    colour = "grey" if finding.accepted_by else COLOURS.get(finding.severity, "grey")
    head = f"{paint(f'{word:<9}', colour)}  {finding.name:<28}  {finding.title}"
    if is_brief:
        return head
    rows = [("why", finding.why), ("do", finding.remedy), ("accepted", finding.accepted_by)]
    shown = finding.evidence[:MOST_LINES]
    lines = [head, *(_row(name, text) for name, text in rows[:1] if text)]
    lines += [f"    seen      {each}" if place == 0 else f"              {each}" for place, each in enumerate(shown)]
    if len(finding.evidence) > len(shown):
        lines.append(f"              and {len(finding.evidence) - len(shown)} more (--json shows all)")
    lines += [_row(name, text) for name, text in rows[1:] if text]
    return "\n".join(lines)


def _row(name: str, text: str) -> str:
    pieces = wrap(text, WIDTH - 14) or [""]
    return "\n".join([f"    {name:<10}{pieces[0]}", *(f"              {each}" for each in pieces[1:])])
