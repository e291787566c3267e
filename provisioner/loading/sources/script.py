"""Executables that print an inventory as JSON: ``--list``, and ``--host NAME`` where there is no ``_meta``."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from provisioner.diagnostics.errors import InputError
from provisioner.loading.draft import Draft
from provisioner.loading.files import shown
from provisioner.loading.source_reading import SourceReading

META = "_meta"


def accepts(path: str, _reading: SourceReading) -> bool:
    """Tell whether it is a file that can be executed, or looks as if it should be."""
    if not Path(path).is_file():
        return False
    if os.access(path, os.X_OK):
        return True
    try:
        with Path(path).open("rb") as file:
            return file.read(2) == b"#!"
    except OSError:
        return False


def read(path: str, reading: SourceReading) -> None:
    """Run ``path --list`` and add what it says; without ``_meta`` each host is asked for by ``--host``."""
    draft = reading.draft
    fill(draft, path, _ask(path, ["--list"], draft), lambda host: _ask(path, ["--host", host], draft))


def fill(draft: Draft, path: str, answer: Mapping[str, object], ask: Callable[[str], Mapping[str, object]]) -> None:
    """Add an answer to ``--list``; ``ask`` is for the variables of each host where there are none in ``_meta``."""
    hosts: dict[str, None] = {}
    for name, body in answer.items():
        if name != META:
            hosts.update(dict.fromkeys(_group(path, name, body, draft)))
    meta = answer.get(META)
    known = meta.get("hostvars") if isinstance(meta, dict) else None
    for host in hosts:
        values = known.get(host, {}) if isinstance(known, dict) else ask(host)
        if not isinstance(values, dict):
            raise InputError.at(None, f"{shown(path)}: variables of host '{host}' are no mapping")
        draft.hosts[host].update(values)


def _ask(path: str, words: list[str], draft: Draft) -> dict[str, object]:
    try:
        done = subprocess.run([path, *words], capture_output=True, check=False)
    except OSError as error:
        raise InputError.at(
            None, f"problem running the inventory script {shown(path)}: {error.strerror}",
            hint="it needs a first line such as #!/usr/bin/env python3 and the permission to be executed; "
                 "if it is no script, take away both",
        ) from None  # fmt: skip
    said = done.stderr.decode(errors="replace").strip()
    if done.returncode:
        raise InputError.at(None, f"the inventory script {shown(path)} failed with {done.returncode}", detail=said)
    try:
        answer = json.loads(done.stdout.decode() or "{}")
    except ValueError as error:
        raise InputError.at(None, f"the inventory script {shown(path)} printed no JSON: {error}", detail=said) from None
    if not isinstance(answer, dict):
        raise InputError.at(None, f"the inventory script {shown(path)} printed no JSON mapping", detail=said)
    if said:
        draft.findings.warn(f"the inventory script {shown(path)} said: {said}")
    return answer


def _group(path: str, name: str, body: object, draft: Draft) -> list[str]:
    """Add one group as it was printed; return its hosts."""
    inner: Mapping[str, object] = body if isinstance(body, dict) else {"hosts": body}
    if not any(key in inner for key in ("hosts", "vars", "children")):
        inner = {"hosts": [name], "vars": inner}
    group = draft.group(name)
    hosts = inner.get("hosts", [])
    if not isinstance(hosts, list):
        raise InputError.at(None, f"{shown(path)}: group '{name}' has bad data for the list of hosts: {hosts!r}")
    names = [str(host) for host in hosts]
    for host in names:
        draft.add_host(host, group, {})
    values = inner.get("vars", {})
    if not isinstance(values, dict):
        raise InputError.at(None, f"{shown(path)}: variables of group '{name}' are no mapping: {values!r}")
    draft.group_vars(group, values)
    children = inner.get("children", [])
    for child in children if isinstance(children, (list, dict)) else []:
        draft.child(group, str(child), None)
    return names
