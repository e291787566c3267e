"""A file, directory or link is there with its attributes and content, or is not there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from provisioner.remote.params import optional, required
from provisioner.verification.assertions import (
    Assertion,
    CheckParams,
    Seen,
    contains,
    equal,
    matches,
    unseen,
)

STATES = ("present", "file", "directory", "link", "absent")


class Params(CheckParams):
    """The path and what is expected of it; only what is given is looked at."""

    path: str = required("str", "The path.", aliases=("dest",))
    state: str = optional("str", "What it is.", "present", choices=STATES)
    owner: str | None = optional("str", "Name of its owner.")
    group: str | None = optional("str", "Name of its group.")
    mode: object = optional("raw", "Its permissions in octal, as 0644.")
    contains: object = optional("raw", "A text, or a list of texts, that stand in it.")
    matches: str | None = optional("str", "A regular expression that finds something in it.")
    sha256: str | None = optional("str", "The SHA-256 of its content.")
    target: str | None = optional("str", "Where the link leads.")
    follow: bool = optional("bool", "Look at what a link leads to.", False)
    free_form = "path"


def question(params: Params) -> dict[str, object]:
    """Return what to look at."""
    wants_content = params.contains is not None or params.matches is not None
    return {
        "kind": "file",
        "path": params.path,
        "follow": params.follow,
        "content": wants_content,
        "sha256": params.sha256 is not None,
    }


def assertions(params: Params, seen: Seen) -> Sequence[Assertion]:
    """Return what has to hold."""
    found = unseen("file", seen)
    if found:
        return found
    if params.state == "present":
        found.append(Assertion("state", "present", str(seen["state"]), bool(seen["exists"])))
    else:
        found.append(equal("state", params.state, seen["state"]))
    if not seen["exists"] or params.state == "absent":
        return found
    wanted: dict[str, Any] = {"owner": params.owner, "group": params.group, "target": params.target}
    wanted["sha256"] = params.sha256.lower() if params.sha256 else None
    found += [equal(name, value, seen.get(name)) for name, value in wanted.items() if value is not None]
    if params.mode is not None:
        found.append(equal("mode", octal(params.mode), seen["mode"]))
    content = str(seen.get("content", ""))
    found += contains("content", params.contains, content)
    if params.matches is not None:
        found.append(matches("content", params.matches, content))
    return found


def octal(mode: object) -> str:
    """Return permissions as four octal digits, from ``0644`` as a number or as text."""
    if isinstance(mode, int):
        return f"{mode:04o}"
    text = str(mode)
    return text.zfill(4) if text.isdigit() else text
