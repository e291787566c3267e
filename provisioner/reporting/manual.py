"""The manual of one module for a terminal, and the list of all: from the same code as the reference pages."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from provisioner.catalog import SAME_AS
from provisioner.reporting.reference import Described, described, module_names

INDENT = "        "
IMPORTS = {
    "import_playbook": "Read in another playbook before anything runs, as if it were written here.",
    "import_role": "Read in a role before anything runs, as if its tasks were written here; else as include_role.",
    "import_tasks": "Read in a file of tasks before anything runs, as if written here; else as include_tasks.",
}
"""What is no module: it is done while playbooks are read."""


def listing(names: Sequence[str] = ()) -> str:
    """Return every module (or those named) with the first line of what it says of itself."""
    chosen = sorted(names or listed_names())
    width = max(map(len, chosen), default=0)
    return "\n".join(f"{name:<{width}}  {summary(name)}" for name in chosen)


def listed_names() -> frozenset[str]:
    """Return every name a task can have: modules, their second names, and what is read in before anything runs."""
    return module_names() | set(SAME_AS) | set(IMPORTS)


def summary(name: str) -> str:
    """Return the first line of what stands behind a name."""
    if name in IMPORTS:
        return IMPORTS[name]
    same = SAME_AS.get(name)
    return f"The same as {same}: {described(same).summary}" if same else described(name).summary


def manual(name: str, columns: int | None = None) -> str:
    """Return a module's manual; KeyError with a hint in it where there is no such module."""
    if name in IMPORTS:
        return f"{name.upper()}\n  {IMPORTS[name]}"
    if name not in module_names():
        near = get_close_matches(name, module_names(), 1)
        raise KeyError(f"there is no module '{name}' here" + (f"; did you mean '{near[0]}'?" if near else ""))
    return manual_of(described(name), columns)


def manual_of(about: Described, columns: int | None = None) -> str:
    """Return the manual of a module in words."""
    width = max(40, min(columns or shutil.get_terminal_size().columns, 120))
    return "\n\n".join(["\n".join(section) for section in _sections(about, width) if section])


def _sections(about: Described, width: int) -> Iterator[list[str]]:
    yield [about.name.upper(), *_wrapped(about.text, width, "  ")]
    yield ["PARAMETERS  (= must be given)"] if about.parameters else ["PARAMETERS", "  none"]
    for parameter in about.parameters:
        mark = "=" if parameter.required else "-"
        lines = [f"  {mark} {parameter.name}  ({parameter.kind})", *_wrapped(parameter.help, width, INDENT)]
        for word, value in (("also", parameter.aliases), ("one of", parameter.choices)):
            lines += _wrapped(f"{word}: {', '.join(value)}", width, INDENT) if value else []
        lines += [f"{INDENT}default: {parameter.default}"] if parameter.default else []
        yield lines
    if about.accepts_any:
        yield ["  Any further names are accepted."]
    if about.beyond:
        yield _wrapped(about.beyond, width, "  ")
    if about.returns:
        longest = max(map(len, about.returns))
        yield ["RETURN VALUES", *(f"  {key:<{longest}}  {meaning}" for key, meaning in about.returns.items())]
    if about.traits:
        yield ["TRAITS", *(f"  {key}: {value}" for key, value in about.traits.items())]
    if about.examples:
        yield ["EXAMPLES", "", textwrap.indent(about.examples, "  ")]


def _wrapped(text: str, width: int, indent: str) -> list[str]:
    lines: list[str] = []
    for paragraph in text.split("\n\n"):
        lines += [""] if lines else []
        lines += textwrap.wrap(
            " ".join(paragraph.split()), width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
        )
    return lines
