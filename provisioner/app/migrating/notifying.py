"""Tells people who wait when a migration changes its state: over HTTP, or through a program of their own."""

from __future__ import annotations

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Sequence

TIMEOUT_S = 10.0
WEB = ("http://", "https://")
PROGRAM = "exec:"


def notify(addresses: Sequence[str], name: str, state: str, lines: Sequence[str]) -> list[str]:
    """Tell everybody; return what went wrong. A message that does not arrive stops no migration.

    ``http(s)://`` gets a POST of JSON with ``migration``, ``state`` and ``text``; ``exec:PATH`` is a program that
    gets the text on its standard input and name and state as arguments.
    """
    text = "\n".join(lines)
    problems = []
    for address in addresses:
        try:
            if address.startswith(PROGRAM):
                _run(address.removeprefix(PROGRAM), name, state, text)
            else:
                _post(address, {"migration": name, "state": state, "text": text})
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            problems.append(f"{_shown(address)}: {error}")
    return problems


def _run(path: str, name: str, state: str, text: str) -> None:
    subprocess.run([path, name, state], input=text, text=True, timeout=TIMEOUT_S, check=True, capture_output=True)


def _post(address: str, told: dict[str, str]) -> None:
    body = json.dumps(told).encode()
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})  # noqa: S310 - http(s) only
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310 - checked when it was loaded
        answer.read(1024)


def _shown(address: str) -> str:
    """Return an address without what may be a secret: what stands behind its host."""
    return "/".join(address.split("/")[:3]) if address.startswith(WEB) else address
