"""The tables of all modules once more, run by every Python this machine has that a target may have."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import provisioner.remote
from tests.modules.test_tables import result_problems, tables
from tests.modules.tree import body_of, build, mismatches

VERSIONS = ("3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14")

# runs on the old interpreter: nothing newer than Python 3.6 here
RUNNER = """
import importlib, json, sys, base64
from target_side.runner import Mode, run_module
from target_side.system import System
from target_side.system.payload import Payload

for line in sys.stdin:
    case = json.loads(line)
    try:
        module = importlib.import_module("target_side.modules." + case["module"])
        payload = None if case["payload"] is None else Payload(base64.b64decode(case["payload"]))
        system = System(root=case["root"], payload=payload, tmp=case["tmp"])
        system.commands.which = lambda name, *extra: None
        result = run_module(module, case["params"], Mode(False, True), system)
        if system.attachment is not None:
            result["_attached"] = system.attachment.read().decode("utf-8", "replace")
    except BaseException as error:
        result = {"failed": True, "msg": "%s: %s" % (type(error).__name__, error), "broken": True}
    print(json.dumps(result, default=str))
"""


def interpreters() -> dict[str, str]:
    """Return the path of each Python found: on PATH, or made by pyenv."""
    found = {}
    for version in VERSIONS:
        made = sorted((Path.home() / ".pyenv/versions").glob(f"{version}.*/bin/python"))
        path = str(made[-1]) if made else shutil.which(f"python{version}")
        if path:
            found[version] = path
    return found or {"the one running": sys.executable}


FOUND = interpreters()


@pytest.mark.parametrize("version", FOUND)
def test_every_table_holds_on_this_python(version: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "target_side").symlink_to(Path(provisioner.remote.__file__).parent)
    (tmp_path / "scratch").mkdir()
    cases = [parameter.values for parameter in tables() if not parameter.values[1].get("commands")]
    requests = []
    for number, (module, case) in enumerate(cases):
        root = tmp_path / f"root{number}"
        build(root, case.get("files", {}))
        payload = base64.b64encode(body_of(case["payload"]).read()).decode() if "payload" in case else None
        request = {"module": module, "params": case.get("params", {}), "payload": payload}
        requests.append(json.dumps({**request, "root": str(root), "tmp": str(tmp_path / "scratch")}))
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [FOUND[version], "-W", "error::SyntaxWarning", "-c", RUNNER],
        input="\n".join(requests),
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    results = [json.loads(line) for line in done.stdout.splitlines()]
    problems = [
        f"{module}: {case['name']}: {each}"
        for (module, case), result, number in zip(cases, results, range(len(cases)), strict=True)
        for each in _problems(case, result, tmp_path / f"root{number}")
    ]
    assert problems == []
    with capsys.disabled():
        sys.stdout.write(f" [{len(cases)} cases on Python {version}] ")


def _problems(case: dict[str, Any], result: dict[str, Any], root: Path) -> list[str]:
    expect = case.get("expect", {})
    problems = result_problems(result, expect) + mismatches(root, expect.get("files", {}))
    return [f"{each} ({result.get('msg', '')})" for each in problems]
