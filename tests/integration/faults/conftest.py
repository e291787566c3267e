"""What tests of breakage share: the command line on lab hosts that is hurt on purpose, and a look at what it left."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from provisioner.lab.lab import Lab
from provisioner.model.event import OperationFinished
from tests.e2e.conftest import Cli, Done, cli, eventually, on

__all__ = ["Cli", "Done", "On", "assert_clean", "cli", "ends", "eventually", "extra", "in_slow_task", "message", "on"]
On = Callable[..., str]
HOSTS = ("h1", "h2")
LEFT = "ls -d /tmp/provisioner-* 2>/dev/null; pgrep -af 'zlib[.]decompress' | grep -v pgrep; true"
IMPATIENT = ("--ssh-extra-args", "-o ServerAliveInterval=1", "--reconnect", "0")


@pytest.fixture(autouse=True)
def _whole_hosts(lab: Lab, on: On) -> Iterator[None]:
    """Plug in what was cut, take away what was laid down; after the test nothing of ours may be on a host."""
    _mend(lab, on)
    yield
    _mend(lab, on)


def _mend(lab: Lab, on: On) -> None:
    for host in HOSTS:
        lab.heal(host)
        on(host, "pkill -x sleep; pkill -9 -f 'zlib[.]decompress'; rm -rf /var/tmp/f-* /tmp/provisioner-*; true")


def assert_clean(on: On, host: str, seconds: float = 30) -> None:
    """Wait until no worker and no scratch folder is left on a host."""
    eventually(lambda: on(host, LEFT).strip() == "", seconds)


def extra(**variables: object) -> tuple[str, str]:
    """Return the option that sets variables."""
    return "-e", json.dumps(variables)


def play(*tasks: str, hosts: str = "h1", more: str = "") -> str:
    """Return a playbook without facts of these tasks, each a YAML flow mapping."""
    listed = "".join(f"    - {task}\n" for task in tasks)
    return f"- hosts: {hosts}\n  gather_facts: false\n{more}  tasks:\n{listed}"


SLOW = '{name: slow, shell: "touch /var/tmp/f-slow; sleep 5; rm /var/tmp/f-slow"}'


def in_slow_task(on: On, host: str = "h1") -> Callable[[], bool]:
    """Return a condition: the slow task is under way."""
    return lambda: on(host, "ls /var/tmp/f-slow 2>/dev/null || true").strip() != ""


def ends(cli: Cli) -> dict[tuple[str, str], str]:
    """Return the status of every task of the last run, by the last word of its operation's name and host."""
    titles = titled(cli)
    return {
        (titles.get(event.operation, event.operation), event.host): event.status.value
        for event in cli.events()
        if isinstance(event, OperationFinished)
    }


def titled(cli: Cli) -> dict[str, str]:
    """Return what the operations of the last run are called."""
    found: dict[str, str] = {}
    for event in cli.events():
        operation, title = getattr(event, "operation", ""), getattr(event, "title", "")
        if operation and title:
            found[operation] = title
    return found


def message(cli: Cli, host: str, status: str) -> str:
    """Return what the first result of that status says."""
    for event in cli.events():
        if isinstance(event, OperationFinished) and (event.host, event.status.value) == (host, status):
            return str(event.result.get("msg", ""))
    return ""


def checked(cli: Cli) -> bool:
    """Tell whether ``history check`` finds the last run's journal whole."""
    run = cli.journals()[-1].parent.name
    return cli.call("history", "check", run).code == 0


def written(path: Path, text: str, mode: int = 0o644) -> Path:
    """Write a file with a mode."""
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path
