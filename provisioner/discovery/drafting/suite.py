"""The tests of a draft: facts of the old server, which both servers have to meet."""

from __future__ import annotations

import json

from provisioner.discovery.drafting.contents import Contents
from provisioner.discovery.drafting.people import People
from provisioner.discovery.drafting.running import Running
from provisioner.discovery.scopes.packages import LOCAL
from provisioner.discovery.snapshot import Json, Snapshot

TESTS = '''\
"""What the old server was, and what the new one has to be. Facts stand in expected.json; both servers must pass."""

import json
import pathlib
import re

import pytest

EXPECTED = json.loads(pathlib.Path(__file__).with_name("expected.json").read_text(encoding="utf-8"))


def lines(host, command):
    """Return the lines a command writes; it may know nothing."""
    return host.run(command).stdout.splitlines()


@pytest.fixture(scope="session")
def packages(host):
    """Return the names of what is installed, whatever the package system."""
    command = (
        "if command -v dpkg-query >/dev/null; then"
        " dpkg-query -W -f='${db:Status-Abbrev} ${Package}\\\\n' | sed -n 's/^.i *//p';"
        " elif command -v rpm >/dev/null; then rpm -qa --qf '%{NAME}\\\\n';"
        " else sed -n 's/^P://p' /lib/apk/db/installed; fi"
    )
    return set(lines(host, command))


@pytest.fixture(scope="session")
def accounts(host):
    """Return the lines of users and groups by name."""
    return {
        table: {line.split(":")[0]: line.split(":") for line in lines(host, f"cat /etc/{table}")}
        for table in ("passwd", "group")
    }


@pytest.fixture(scope="session")
def checksums(host):
    """Return checksums of all files that count, by path."""
    found = {}
    paths = list(EXPECTED["files"])
    for start in range(0, len(paths), 200):
        words = " ".join("'" + path.replace("'", "'\\\\''") + "'" for path in paths[start : start + 200])
        for line in lines(host, f"sha256sum {words} 2>/dev/null; true"):
            digest, _, path = line.partition(" ")
            found[path.strip(" *")] = digest
    return found


@pytest.fixture(scope="session")
def listening(host):
    """Return protocol and port of what listens."""
    command = "if command -v ss >/dev/null; then ss -H -tuln; else netstat -tuln; fi"
    return {
        (match.group(1), int(match.group(2)))
        for line in lines(host, command)
        if (match := re.match(r"(tcp|udp)\\S*\\s.*?\\S+:(\\d+)\\s", line))
    }


@pytest.fixture(scope="session")
def jobs(host):
    """Return all lines of crontabs, blanks made one."""
    command = "cat /etc/crontab /etc/cron.d/* /var/spool/cron/crontabs/* /var/spool/cron/* /etc/crontabs/* 2>/dev/null"
    return {" ".join(line.split()) for line in lines(host, command)}


@pytest.mark.parametrize("name", EXPECTED["packages"])
def test_package_is_installed(packages, name):
    assert name in packages


@pytest.mark.parametrize("name", sorted(EXPECTED["groups"]))
def test_group_has_its_number(accounts, name):
    assert name in accounts["group"], f"there is no group {name}"
    assert int(accounts["group"][name][2]) == EXPECTED["groups"][name]


@pytest.mark.parametrize("name", sorted(EXPECTED["users"]))
def test_user_has_number_home_and_shell(accounts, name):
    assert name in accounts["passwd"], f"there is no user {name}"
    fields = accounts["passwd"][name]
    assert [int(fields[2]), fields[5], fields[6]] == EXPECTED["users"][name]


@pytest.mark.parametrize("path", sorted(EXPECTED["files"]))
def test_file_has_its_content(checksums, path):
    assert checksums.get(path) == EXPECTED["files"][path]


@pytest.mark.parametrize("path", EXPECTED["removed"])
def test_file_is_not_there(host, path):
    assert not host.file(path).exists


@pytest.mark.parametrize("name", EXPECTED["enabled"])
def test_service_starts_at_boot(host, name):
    assert host.run("systemctl is-enabled %s", name).stdout.strip() == "enabled"


@pytest.mark.parametrize("name", EXPECTED["running"])
def test_service_runs(host, name):
    assert host.run("systemctl is-active %s", name).stdout.strip() == "active"


@pytest.mark.parametrize(("protocol", "port"), [tuple(each) for each in EXPECTED["ports"]])
def test_port_is_open(listening, protocol, port):
    assert (protocol, port) in listening


@pytest.mark.parametrize("job", EXPECTED["jobs"])
def test_job_is_in_a_crontab(jobs, job):
    assert job in jobs


@pytest.mark.parametrize("key", sorted(EXPECTED["sysctl"]))
def test_kernel_setting_is_live(host, key):
    assert " ".join(host.run("sysctl -n %s", key).stdout.split()) == EXPECTED["sysctl"][key]
'''


def expected(snapshot: Snapshot, contents: Contents, people: People, running: Running) -> str:
    """Return the facts of the suite: what the draft makes, and what the server shows to others."""
    digests: dict[str, Json] = {}
    for scope in ("configuration", "files"):
        digests |= {path: item.get("sha256") for path, item in snapshot.items(scope).items()}
    written = [str(each["path"]) for each in (*contents.source_files, *contents.files)]
    facts: dict[str, Json] = {
        "packages": sorted(
            name for name, item in snapshot.items("packages").items() if ":" not in name and item.get("origin") != LOCAL
        ),
        "groups": {str(each["name"]): each["gid"] for each in people.groups},
        "users": {str(each["name"]): [each["uid"], each["home"], each["shell"]] for each in people.users},
        "files": {path: digests.get(path) for path in written if digests.get(path)},
        "removed": list(contents.removed),
        "enabled": [each["name"] for each in running.units if each.get("enabled") is True],
        "running": [each["name"] for each in running.units if each.get("state") == "started"],
        "ports": _ports(snapshot),
        "jobs": _jobs(snapshot),
        "sysctl": {
            key: item.get("value") for key, item in snapshot.items("sysctl").items()
            if str(item.get("file")).startswith("/etc/") and item.get("value") == item.get("configured")
        },
    }  # fmt: skip
    return json.dumps(facts, indent=1, sort_keys=True, ensure_ascii=True) + "\n"


def _ports(snapshot: Snapshot) -> list[Json]:
    found = {(key.split(" ")[0], int(key.rpartition(":")[2])) for key in snapshot.items("ports")}
    return [[protocol, port] for protocol, port in sorted(found)]


def _jobs(snapshot: Snapshot) -> list[Json]:
    """Return crontab lines as they stand in the files; those with secrets are left out."""
    found = set()
    for key, item in snapshot.items("timers").items():
        if key.startswith("cron:") and not item.get("has_secret"):
            is_system = str(item.get("file")).startswith(("/etc/crontab", "/etc/cron.d/")) and not str(
                item.get("file")
            ).startswith("/etc/crontabs/")
            user = f" {item.get('user')}" if is_system else ""
            found.add(" ".join(f"{item.get('schedule')}{user} {item.get('command')}".split()))
    return [*sorted(found)]
