"""Asks a real ansible-core what templates become: used only where PROVISIONER_ORACLE names its folder of programs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any


def answers(programs: Path, folder: Path, table: dict[str, Any], *, native: bool) -> list[dict[str, Any]]:
    """Run one playbook over a table's values and conditions; an answer is {"value": ...} or {"error": true}."""
    tasks: list[dict[str, Any]] = []
    names = []
    for number, (template, *_rest) in enumerate(table["values"]):
        names.append(f"v{number}")
        task = {"debug": {"msg": {"v": template}}, "register": names[-1], "ignore_errors": True}
        tasks.append(task)
    for number, (condition, _expected) in enumerate(table["conditions"]):
        names.append(f"c{number}")
        tasks.append({"debug": {"msg": "x"}, "when": condition, "register": names[-1], "ignore_errors": True})
    content = f"{{{{ [{', '.join(names)}] | to_json }}}}"
    tasks.append({"copy": {"dest": str(folder / "answers.json"), "content": content}})
    play = {"hosts": "localhost", "gather_facts": False, "connection": "local", "vars": table["vars"], "tasks": tasks}
    (folder / "play.yml").write_text(json.dumps([play]))
    settings = {"ANSIBLE_JINJA2_NATIVE": str(native), "ANSIBLE_PYTHON_INTERPRETER": sys.executable}
    environment = {**os.environ, **settings}
    command = [str(programs / "ansible-playbook"), "-i", "localhost,", "play.yml"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert (folder / "answers.json").exists(), done.stdout[-2000:] + done.stderr[-2000:]
    return [_answer(result) for result in json.loads((folder / "answers.json").read_text())]


def _answer(result: dict[str, Any]) -> dict[str, Any]:
    if result.get("failed"):
        return {"error": True}
    if isinstance(result.get("msg"), dict):
        return {"value": result["msg"]["v"]}
    return {"value": not result.get("skipped", False)}
