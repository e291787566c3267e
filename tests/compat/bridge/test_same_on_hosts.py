"""Modules of ours and Ansible's of the same name on two hosts alike: the same is done, and said with the same words.

What is asked of each module is its task in ``bench/modules/noops.yml``: in check mode, for the first time, once more.
At the end the two hosts are compared.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.modules.noops import read_noops
from provisioner import catalog
from provisioner.bridge.bridge import Bridge
from provisioner.lab.lab import Lab, LabHost
from provisioner.model.target import Target
from tests.compat.bridge.asking import Both

# campaign: servers and libraries for every module are installed on two hosts, and the collections have to be there
pytestmark = [pytest.mark.compat, pytest.mark.campaign, pytest.mark.hosts]

MANIFEST = Path(__file__).parents[1] / "manifest.py"
NOOPS = read_noops()
PREPARE_S = 900
ON_THE_CONTROLLER = frozenset(
    ["command", "copy", "fetch", "package", "patch", "script", "service", "shell", "synchronize", "template", "uri"]
)
"""Ansible has a plugin on the controller for them, which the bridge to a module leaves out."""
TOLD_ELSEWHERE = {"setup": "tests/compat/test_facts.py", "modprobe": "a lab host has no /proc/modules"}
BESIDES = frozenset(
    {"invocation", "_secrets", "warnings", "deprecations", "exception", "ansible_facts", "failed", "diff"}
)
"""Keys that say nothing of what was done."""
FORETELLS_NOTHING = frozenset(
    [
        "assemble",
        "at",
        "cronvar",
        "expect",
        "locale_gen",
        "mysql_query",
        "mysql_variables",
        "unarchive",
        "zypper_repository",
    ]
)
"""Modules that Ansible skips in check mode, or is wrong there, and ours foretell."""
CHANGES_AGAIN = frozenset({"capabilities"})
"""Modules of Ansible's that say so each time."""
WITHOUT = {"get_url": {"src"}, "locale_gen": {"ubuntu_mode"}}
"""Keys that only Ansible's module gives, by module; each is in docs/compat.md."""
MADE_ANEW = re.compile(
    r"/etc/ssh/|/etc/hosts$|.*\.pyc$|/srv/(venv|clone|origin|svn|svn-copy)/|/srv/(a|id|dh)(\.\w+)?$|/srv/(other-)?disk$"
    r"|/srv/(again|tree)\.tar\.gz$|/srv/passwords$|/var/spool/cron/atjobs/|/root/\.(gnupg|npm)/|/srv/mail/new/"
    r"|/srv/noops\.asc$|/srv/shop/vendor/(autoload|composer/autoload_(real|static))\.php$"
)
"""Keys, salted hashes, times, and what the host's own programs make."""
WRITTEN_OTHERWISE = {
    "/etc/localtime": "the link is absolute, as Debian's installer makes it; timedatectl makes a relative one",
    "/etc/timezone": "written here; timedatectl leaves it as it was",
    "/etc/security/limits.conf": "a new line stands before the file's last comment here, behind it there",
}
NAMES = [
    name
    for name in NOOPS.tasks
    if name in catalog.names("module") and name not in {*ON_THE_CONTROLLER, *TOLD_ELSEWHERE}
]


def shell(lab: Lab, host: LabHost, script: str) -> str:
    command = [*lab.ssh_command(host), "bash", "-s"]
    done = subprocess.run(command, input=script, capture_output=True, text=True, timeout=PREPARE_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def pair(bridge: Bridge) -> Iterator[tuple[Lab, Both]]:
    """Return two hosts alike, with everything the tasks need."""
    lab = Lab("samemodules", packages=NOOPS.packages)
    hosts = lab.up(["ours", "theirs"])
    targets = []
    for host in hosts:
        shell(lab, host, f"hostname h1; echo h1 > /etc/hostname\n{NOOPS.prepare[0]['shell']}")
        reach = {"address": host.address, "user": "root", "private_key": str(lab.key_path)}
        targets.append(Target(host.name, known_hosts=str(lab.known_hosts_path), python="/usr/bin/python3", **reach))
    both = Both(bridge, *targets)
    yield lab, both
    both.sessions.close()
    lab.down()


@pytest.mark.parametrize("name", NAMES)
def test_the_same_is_done_and_said(pair: tuple[Lab, Both], name: str) -> None:
    _, both = pair
    module, params = NOOPS.asked(name)
    for round_ in ("check", "first", "second"):
        is_check = round_ == "check"
        ours, theirs = (ask(module, params, Path("/"), check=is_check, diff=False) for ask in (both.ours, both.theirs))
        told = f"{round_}\nours:   {ours}\ntheirs: {theirs}"
        assert is_failed(ours) == is_failed(theirs), told
        if is_check and name in FORETELLS_NOTHING:
            continue
        assert bool(ours.get("skipped")) == bool(theirs.get("skipped")), told
        if round_ == "second" and name in CHANGES_AGAIN:
            assert not ours.get("changed"), told
            continue
        assert bool(ours.get("changed")) == bool(theirs.get("changed")), told
        if not is_check:
            assert set(theirs) - set(ours) - BESIDES - WITHOUT.get(name, set()) == set(), told


def is_failed(result: dict[str, Any]) -> bool:
    return bool(result.get("failed") or result.get("rc") not in (None, 0))


def only(some: list[Any], others: list[Any]) -> list[Any]:
    return [each for each in some if each not in others]


def test_the_hosts_are_equal_afterwards(pair: tuple[Lab, Both]) -> None:
    lab, _ = pair
    text = f"python3 - <<'END'\n{MANIFEST.read_text('utf-8')}\nEND"
    ours, theirs = (json.loads(shell(lab, host, text)) for host in lab.hosts)
    lists = {key: (only(ours[key], theirs[key]), only(theirs[key], ours[key])) for key in ours if key != "files"}
    assert {key: both for key, both in lists.items() if both != ([], [])} == {}
    one, other = ours["files"], theirs["files"]
    differing = [path for path in sorted({*one, *other}) if one.get(path) != other.get(path)]
    assert [path for path in differing if not MADE_ANEW.match(path) and path not in WRITTEN_OTHERWISE] == []
