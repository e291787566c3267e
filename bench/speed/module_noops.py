"""How long modules take where nothing is to do: ``python -m bench.speed.module_noops [--theirs PROGRAMS]``.

Ours are run as the worker runs them, in one process, on this machine; with ``--theirs`` (where ansible-playbook is)
the same tasks go through ansible-core on this machine, too, and what one more task costs is shown.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pwd
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from provisioner.remote.runner import Mode, run_module
from provisioner.remote.system import System
from provisioner.remote.system.payload import receive

REPEATS = 200
THEIR_REPEATS = 10


def cases(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the modules with parameters that are fulfilled after the first run."""
    me = pwd.getpwuid(os.geteuid()).pw_name
    text = folder / "text"
    text.write_text("one\ntwo\n")
    return {
        "file": {"path": str(folder / "made"), "state": "directory", "mode": "0755"},
        "copy": {"dest": str(folder / "copied"), "content": "hello\n", "mode": "0644"},
        "template": {"dest": str(folder / "rendered"), "mode": "0644"},
        "lineinfile": {"path": str(text), "line": "two"},
        "blockinfile": {"path": str(text), "block": "three"},
        "replace": {"path": str(text), "regexp": "never", "replace": "x"},
        "stat": {"path": str(text)},
        "user": {"name": me},
        "group": {"name": "root"},
        "cron": {"name": "bench", "job": "true", "cron_file": "provisioner_bench", "user": "root", "state": "absent"},
        "apt": {"name": "dpkg"},
        "setup": {},
    }


def ours(name: str, params: dict[str, Any], folder: Path) -> float:
    """Return milliseconds of one run that finds nothing to do (the best of several)."""
    module = importlib.import_module(f"provisioner.remote.modules.{'copy' if name == 'template' else name}")
    body = b"hello\n"
    memory: dict[str, Any] = {}
    best = float("inf")
    for _ in range(REPEATS if name != "setup" else 20):
        payload = receive(lambda length: body[:length], len(body), lambda: str(folder)) if name == "template" else None
        system = System(payload=payload)
        system.memory = memory
        begun = time.perf_counter()
        result = run_module(module, params, Mode(), system)
        best = min(best, time.perf_counter() - begun)
        if result.get("failed"):
            raise SystemExit(f"{name}: {result['msg']}")
    return best * 1000


def theirs(programs: Path, name: str, params: dict[str, Any], folder: Path) -> float:
    """Return milliseconds that one more task costs ansible-core, over a local connection."""
    if name == "template":
        (folder / "t.j2").write_text("hello\n")
        params = {**params, "src": str(folder / "t.j2")}
    spent = []
    for count in (1, 1 + THEIR_REPEATS):
        book = folder / "book.yml"
        play = {"hosts": "localhost", "gather_facts": False, "tasks": [{name: params}] * count}
        book.write_text(json.dumps([play]))
        environment = {**os.environ, "ANSIBLE_PIPELINING": "1", "ANSIBLE_LOCALHOST_WARNING": "0"}
        begun = time.perf_counter()
        command = [str(programs / "ansible-playbook"), str(book), "-i", "localhost,", "-c", "local"]
        command += ["-e", "ansible_python_interpreter=/usr/bin/python3"]
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
        if done.returncode:
            return float("nan")  # as where ansible-core needs a library for Python that is not here
        spent.append(time.perf_counter() - begun)
    return (spent[1] - spent[0]) / THEIR_REPEATS * 1000


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--theirs", type=Path, metavar="PROGRAMS", help="folder with ansible-playbook")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        print("module        ours ms" + ("   ansible-core ms" if options.theirs else ""))
        for name, params in cases(folder).items():
            line = f"{name:<12} {ours(name, params, folder):8.3f}"
            if options.theirs:
                line += f"   {theirs(options.theirs, name, params, folder):15.0f}"
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
