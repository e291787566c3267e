"""Finds an installed ansible-core whose modules can be used, without importing any of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

from provisioner.bridge import helper
from provisioner.bridge.cache import Cache
from provisioner.records import dataclass

VARIABLE = "PROVISIONER_ANSIBLE_PYTHON"
HELPER = helper.__file__
HELP_S = 60


@dataclass(frozen=True, slots=True)
class Installation:
    """One ansible-core: the interpreter it belongs to, its package folder, and what it has beside it.

    ``internal`` are the ``_ansible_`` arguments its modules know, without that prefix; ``collections`` the folders with
    collections that were installed into the same environment.
    """

    python: str
    ansible: str
    version: str
    internal: frozenset[str]
    collections: tuple[str, ...]


def find(environ: Mapping[str, str], cache: Cache) -> Installation | None:
    """Return the ansible-core to use: the one named by ``PROVISIONER_ANSIBLE_PYTHON``, ours, the one on the path."""
    for python in _interpreters(environ):
        found = _described(python, cache)
        if found is not None:
            return found
    return None


def _interpreters(environ: Mapping[str, str]) -> Iterator[str]:
    if environ.get(VARIABLE):
        yield environ[VARIABLE]
        return
    if PathFinder.find_spec("ansible") is not None:  # it asks the disk: what is loaded may be a stand-in of ours
        yield sys.executable
    for folder in environ.get("PATH", "").split(os.pathsep):
        python = _interpreter_of(Path(folder, "ansible"))
        if python:
            yield python


def _interpreter_of(script: Path) -> str:
    """Return the interpreter that an ``ansible`` on the path starts with; empty where it is a command of ours."""
    try:
        with script.open("rb") as stream:
            text = stream.read(2048).decode("utf-8", "replace")
    except OSError:
        return ""
    first = text.partition("\n")[0]
    words = first.removeprefix("#!").split()
    if not first.startswith("#!") or not words or "provisioner" in text:
        return ""
    return words[-1] if "python" in Path(words[-1]).name else ""


def _described(python: str, cache: Cache) -> Installation | None:
    """Return the installation an interpreter has; what it says is kept until its package changes."""
    key = ("installation", python)
    told = cache.get(key)
    if told is None:
        told = ask(python, {"do": "describe"})
        if not told.get("ansible"):
            return None
        cache.put(key, {**told, "looked": stamps((told["ansible"], f"{told['ansible']}/release.py"))})
    return Installation(
        python, told["ansible"], told["version"], frozenset(told["internal"]), tuple(told["collections"])
    )


def stamps(paths: tuple[str, ...]) -> dict[str, int]:
    """Return when each path last changed."""
    return {path: Path(path).stat().st_mtime_ns for path in paths}


def ask(python: str, question: Mapping[str, object]) -> dict[str, Any]:
    """Put a question to the helper program; empty where that interpreter cannot answer it."""
    try:
        done = subprocess.run(
            [python, HELPER], input=json.dumps(question), capture_output=True, text=True, timeout=HELP_S, check=False
        )
        answer = json.loads(done.stdout) if done.returncode == 0 else {}
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return {}
    return answer if isinstance(answer, dict) else {}
