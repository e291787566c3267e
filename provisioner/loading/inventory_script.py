"""Reads dynamic inventories: executables that print JSON."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping

from provisioner.loading.draft import Draft
from provisioner.loading.files import shown

META = "_meta"


def read_script(path: str, draft: Draft) -> None:
    """Run ``path --list`` and add what it says to ``draft``; without ``_meta`` each host is asked for by ``--host``."""
    answer = _ask(path, ["--list"], draft)
    if answer is None:
        return
    meta = answer.pop(META, None)
    for name, body in answer.items():
        _group(path, name, body, draft)
    known = meta.get("hostvars") if isinstance(meta, dict) else None
    if isinstance(known, dict):
        for host, values in known.items():
            _values(path, host, values, draft)
        return
    for host in list(draft.hosts):
        values = _ask(path, ["--host", host], draft)
        if values is None:
            return
        draft.hosts[host].update(values)


def _values(path: str, host: str, values: object, draft: Draft) -> None:
    if not isinstance(values, dict):
        draft.findings.error(f"{shown(path)}: variables of host '{host}' are no mapping")
    elif host in draft.hosts:
        draft.hosts[host].update(values)


def _ask(path: str, words: list[str], draft: Draft) -> dict[str, object] | None:
    try:
        done = subprocess.run([path, *words], capture_output=True, check=False)
    except OSError as error:
        draft.findings.error(f"the inventory script {shown(path)} cannot be run: {error.strerror}",
                             hint="it needs a first line such as #!/usr/bin/env python3; "
                                  "if it is no script, take away its execute permission")  # fmt: skip
        return None
    said = done.stderr.decode(errors="replace").strip()
    if done.returncode:
        draft.findings.error(f"the inventory script {shown(path)} failed with {done.returncode}", detail=said)
        return None
    try:
        answer = json.loads(done.stdout.decode() or "{}")
    except ValueError as error:
        draft.findings.error(f"the inventory script {shown(path)} printed no JSON: {error}", detail=said)
        return None
    if not isinstance(answer, dict):
        draft.findings.error(f"the inventory script {shown(path)} printed no JSON mapping")
        return None
    return answer


def _group(path: str, name: str, body: object, draft: Draft) -> None:
    draft.group(name)
    inner: Mapping[str, object] = {"hosts": body} if isinstance(body, list) else body if isinstance(body, dict) else {}
    if isinstance(body, dict) and not any(key in body for key in ("hosts", "vars", "children")):
        inner = {"hosts": [name], "vars": body}
    for host in _list(inner.get("hosts")):
        draft.host(host, name, {}, None)
    values = inner.get("vars")
    if isinstance(values, dict):
        draft.group_vars(name, values)
    elif values:
        draft.findings.error(f"{shown(path)}: variables of group '{name}' are no mapping")
    for child in _list(inner.get("children")):
        draft.child(name, child, None)


def _list(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, (list, dict)) else []
