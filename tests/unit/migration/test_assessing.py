"""Every finding on snapshots made for it: what it sees, how bad that is, and that it is silent where all is well."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from provisioner import catalog
from provisioner.diagnostics.errors import InputError
from provisioner.discovery.snapshot import Coverage, Scope, Snapshot, Taken
from provisioner.migration.acceptances import Acceptance, read_acceptances
from provisioner.migration.assessing import Assessment, Context, assess
from provisioner.migration.assessment_text import as_text
from provisioner.migration.sight import Finding, NameAnswer, Severity, Sight, size_text
from provisioner.reporting.paint import Paint

NOW = 1_795_000_000.0  # 2026-11-18
GIB = 2**30
CONTEXT = Context(NOW, backup_proof="restored yesterday")

HEALTHY: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "os": {
        "release": {"id": "debian", "version": "13", "name": "Debian 13"},
        "kernel": {"release": "6.12.1", "architecture": "x86_64"},
        "timezone": {"value": "Europe/Berlin"}, "init": {"value": "systemd"}, "selinux": {"value": ""},
        "locale": {"LANG": "en_US.UTF-8", "generated": ["C", "C.utf8", "POSIX", "en_US.utf8"]},
        "machine_id": {"value": "HOST"},
    },
    "hardware": {
        "processor": {"count": 4}, "memory": {"bytes": 8 * GIB, "swap_bytes": 0},
        "interface:eth0": {"mac": "HOST", "addresses": ["192.0.2.1/24"]},
    },
    "packages": {
        "nginx": {"version": "1.26", "automatic": False},
        "libc6": {"version": "2.41-12", "automatic": True},
    },
    "users": {"user:anna": {"uid": 1000}, "group:anna": {"gid": 1000}},
    "services": {"nginx.service": {"running": True, "failed": False}},
    "ports": {"tcp *:80": {"programs": ["nginx"]}},
    "timers": {}, "mounts": {"mount:/": {"type": "ext4", "options": ["rw"]}}, "sysctl": {}, "certificates": {},
    "websites": {}, "databases": {}, "bindings": {}, "repositories": {},
}  # fmt: skip
MEASURED: Mapping[str, Mapping[str, Any]] = {
    "os": {"clock_offset_s": 0.01, "synchronised": "yes"},
    "hardware": {"load": [0.1, 0.2, 0.3], "memory_available": 4 * GIB, "swap_used": 0},
    "mounts": {"usage": {"/": {"size": 100 * GIB, "used": 20 * GIB, "inodes": 1000, "inodes_used": 100}}},
}


def server(name: str, scopes: Mapping[str, Any] | None = None, measured: Mapping[str, Any] | None = None) -> Snapshot:
    """Return a healthy server with some items (None takes one away) and measurements of its own."""
    found = {}
    for scope in {*HEALTHY, *(scopes or {})}:
        items = {**HEALTHY.get(scope, {}), **(scopes or {}).get(scope, {})}
        named = {key: {k: name if v == "HOST" else v for k, v in item.items()} for key, item in items.items() if item}
        found[scope] = Scope(Coverage.FULL, (), named)
    figures = {
        scope: {**MEASURED.get(scope, {}), **(measured or {}).get(scope, {})}
        for scope in {*MEASURED, *(measured or {})}
    }
    return Snapshot(name, f"addr-{name}", Taken(NOW - 60, 1.0, "root", "1"), found, figures)


def findings(
    old: Mapping[str, Any] | None = None, new: Mapping[str, Any] | None = None,
    old_measured: Mapping[str, Any] | None = None, new_measured: Mapping[str, Any] | None = None,
    context: Context = CONTEXT,
) -> dict[str, Finding]:  # fmt: skip
    pair = server("old", old, old_measured), server("new", new, new_measured)
    return {each.name: each for each in assess(*pair, context).findings}


def test_two_healthy_servers_give_no_finding() -> None:
    assert findings() == {}


def test_without_a_new_server_the_old_one_is_looked_at_alone() -> None:
    assert assess(server("old"), None, CONTEXT).findings == ()
    found = assess(server("old", measured={"os": {"clock_offset_s": 5}}), None, CONTEXT)
    assert [each.name for each in found.findings] == ["clock:old"]


def test_every_finding_is_silent_on_a_snapshot_that_saw_nothing() -> None:
    sight = Sight(Snapshot("old"), Snapshot("new"), NOW, backup_proof="x")
    for name in catalog.names("finding"):
        assert list(catalog.load("finding", name).look(sight)) == []


USAGE = {"size": 100 * GIB, "used": 20 * GIB}


@pytest.mark.parametrize(
    ("used", "size", "severity"),
    [(96, 100, Severity.INHIBITOR), (85, 100, Severity.HIGH), (79, 100, None), (20, 15, Severity.INHIBITOR)],
)
def test_disk_space(used: int, size: int, severity: Severity | None) -> None:
    found = findings(
        old_measured={"mounts": {"usage": {"/": {"size": 200 * GIB, "used": used * GIB}}}},
        new_measured={"mounts": {"usage": {"/": {"size": size * GIB, "used": GIB}}}},
    )
    assert (found["disk-space:/"].severity if found else None) == severity


def test_file_systems_that_come_together_on_one_are_added_up() -> None:
    old = {"/": USAGE, "/srv": {"size": 500 * GIB, "used": 90 * GIB}, "/var": {"size": 9 * GIB, "used": GIB}}
    new = {"/": USAGE, "/var": {"size": 90 * GIB, "used": 0}}
    found = findings(old_measured={"mounts": {"usage": old}}, new_measured={"mounts": {"usage": new}})
    assert list(found) == ["disk-space:/"]
    assert found["disk-space:/"].evidence[0] == "in use on the old server below /, /srv: 110 GiB"


def test_inodes() -> None:
    old = {"/": {**USAGE, "inodes": 900, "inodes_used": 850}}
    new = {"/": {**USAGE, "inodes": 800, "inodes_used": 1}}
    found = findings(old_measured={"mounts": {"usage": old}}, new_measured={"mounts": {"usage": new}})
    assert found["inodes:/"].severity is Severity.INHIBITOR


@pytest.mark.parametrize(
    ("free", "memory", "severity"),
    [(4, 3, Severity.INHIBITOR), (5, 3.5, Severity.HIGH), (7, 4, Severity.LOW), (4, 8, None), (4, 16, None)],
)
def test_memory(free: float, memory: float, severity: Severity | None) -> None:
    found = findings(new={"hardware": {"memory": {"bytes": int(memory * GIB)}}},
                     old_measured={"hardware": {"memory_available": free * GIB}})  # fmt: skip
    assert (found["memory"].severity if found else None) == severity


@pytest.mark.parametrize(
    ("count", "load", "severity"), [(2, 3.0, Severity.HIGH), (2, 1.0, Severity.LOW), (4, 9.0, None)]
)
def test_processors(count: int, load: float, severity: Severity | None) -> None:
    found = findings(new={"hardware": {"processor": {"count": count}}},
                     old_measured={"hardware": {"load": [9.0, load, load]}})  # fmt: skip
    assert (found["processors"].severity if found else None) == severity


PACKAGE = {"version": "8.2", "automatic": False}
DATABASES = {"postgresql:17-main-5432": {"version": "17"}, "postgresql:5432:shop": {"collation": "de_DE.UTF-8"}}
OLD_CERTIFICATE = {"/etc/ssl/a.pem": {"not_after": "2026-11-01T00:00:00+00:00", "subject": "CN=a"}}
SOON = {"/etc/ssl/a.pem": {"not_after": "2026-12-10T00:00:00+00:00", "subject": "CN=a"}}
VERY_SOON = {"/etc/ssl/a.pem": {"not_after": "2026-11-20T00:00:00", "subject": "CN=a"}}
GOOD = {"/etc/ssl/a.pem": {"not_after": "2027-11-20T00:00:00+00:00", "subject": "CN=a"}}
SITE = {"nginx a": {"names": ["a"], "certificate": "/etc/ssl/a.pem"}}

CASES: list[Any] = [
    # name, severity, what the evidence tells, old scopes, new scopes
    (
        "same-machine",
        "inhibitor",
        "mac1",
        {"hardware": {"interface:e0": {"mac": "mac1"}}},
        {"hardware": {"interface:e1": {"mac": "mac1"}}},
    ),
    (
        "same-machine-id",
        "high",
        "abc",
        {"os": {"machine_id": {"value": "abc"}}},
        {"os": {"machine_id": {"value": "abc"}}},
    ),
    ("packages-missing", "high", "php 8.2", {"packages": {"php": PACKAGE}}, {}),
    (
        "packages-older",
        "medium",
        "php: 8.2 on the old",
        {"packages": {"php": PACKAGE}},
        {"packages": {"php": {"version": "8.1"}}},
    ),
    (
        "database-older",
        "inhibitor",
        "mariadb-server: 1:11.4",
        {"packages": {"mariadb-server": {"version": "1:11.4", "automatic": True}}},
        {"packages": {"mariadb-server": {"version": "1:10.11"}}},
    ),
    (
        "postgresql-older",
        "inhibitor",
        "new server: 15",
        {"packages": {"postgresql-17": {"version": "17.1", "automatic": True}}},
        {"packages": {"postgresql-15": {"version": "15.9"}}},
    ),
    (
        "uid-taken",
        "high",
        "uid 33: www on the old server, bob",
        {"users": {"user:www": {"uid": 33}}},
        {"users": {"user:bob": {"uid": 33}}},
    ),
    (
        "uid-differs",
        "high",
        "www: uid 33 on the old server, 34",
        {"users": {"user:www": {"uid": 33}}},
        {"users": {"user:www": {"uid": 34}}},
    ),
    (
        "gid-differs",
        "high",
        "www: gid 33 on the old server, 34",
        {"users": {"group:www": {"gid": 33}}},
        {"users": {"group:www": {"gid": 34}}},
    ),
    ("users-missing", "medium", "zoe (uid 1002)", {"users": {"user:zoe": {"uid": 1002}}}, {}),
    ("locale", "medium", "LANG: 'de_DE.UTF-8'", {"os": {"locale": {"LANG": "de_DE.UTF-8"}}}, {}),
    ("locale-missing", "high", "de_DE.UTF-8", {"databases": DATABASES}, {}),
    (
        "collation",
        "high",
        "C library: 2.36",
        {"databases": DATABASES, "packages": {"libc6": {"version": "2.36-9", "automatic": True}}},
        {},
    ),
    ("time-zone", "high", "new server: America/New_York", {}, {"os": {"timezone": {"value": "America/New_York"}}}),
    ("certificates-expired:old", "high", "until 2026-11-01, CN=a", {"certificates": OLD_CERTIFICATE}, {}),
    ("certificates-expired:new", "high", "/etc/ssl/a.pem", {}, {"certificates": OLD_CERTIFICATE}),
    ("certificates-expiring:old", "medium", "until 2026-12-10", {"certificates": SOON}, {}),
    ("certificates-expiring:new", "high", "until 2026-11-20", {}, {"certificates": VERY_SOON}),
    ("certificates-missing", "high", "/etc/ssl/a.pem", {"certificates": GOOD, "websites": SITE}, {}),
    ("hardware-bound", "medium", "/etc/net", {"bindings": {"/etc/net": {"contains": ["mac", "address"]}}}, {}),
    ("address-bound", "medium", "/etc/app.conf", {"bindings": {"/etc/app.conf": {"contains": ["address"]}}}, {}),
    ("name-bound", "low", "/etc/app.conf", {"bindings": {"/etc/app.conf": {"contains": ["name"]}}}, {}),
    (
        "licence-bound",
        "inhibitor",
        "/opt/a/license.dat: holds its mac",
        {"bindings": {"/opt/a/license.dat": {"contains": ["mac"]}}},
        {},
    ),
    ("end-of-life:new", "inhibitor", "2024-06-30", {}, {"os": {"release": {"id": "debian", "version": "10.13"}}}),
    ("end-of-life:old", "low", "2025-05-31", {"os": {"release": {"id": "ubuntu", "version": "20.04"}}}, {}),
    (
        "architecture",
        "inhibitor",
        "new server: aarch64",
        {},
        {"os": {"kernel": {"release": "6.12.1", "architecture": "aarch64"}}},
    ),
    (
        "kernel-older",
        "low",
        "new server: 6.1.9",
        {},
        {"os": {"kernel": {"release": "6.1.9", "architecture": "x86_64"}}},
    ),
    ("init", "high", "new server: openrc", {}, {"os": {"init": {"value": "openrc"}}}),
    (
        "other-system",
        "medium",
        "new server: Alpine",
        {},
        {"os": {"release": {"id": "alpine", "version": "3.99", "name": "Alpine"}}},
    ),
    ("selinux", "medium", "new server: enforcing", {}, {"os": {"selinux": {"value": "enforcing"}}}),
    ("services-failed:old", "medium", "app.service", {"services": {"app.service": {"failed": True}}}, {}),
    ("services-missing", "high", "app.service", {"services": {"app.service": {"running": True}}}, {}),
    (
        "jobs-missing",
        "high",
        "cron:root:/etc/crontab:@daily x",
        {"timers": {"cron:root:/etc/crontab:@daily x": {"user": "root"}}},
        {},
    ),
    (
        "ports-taken",
        "high",
        "tcp *:80: nginx on the old server, apache2",
        {},
        {"ports": {"tcp *:80": {"programs": ["apache2"]}}},
    ),
    (
        "network-mounts",
        "high",
        "/data: nas:/x (nfs4)",
        {"mounts": {"mount:/data": {"source": "nas:/x", "type": "nfs4", "options": []}}},
        {},
    ),
    (
        "quotas",
        "medium",
        "/",
        {"mounts": {"mount:/": {"type": "ext4", "options": ["rw", "usrjquota=aquota.user"]}}},
        {},
    ),
    (
        "kernel-settings",
        "medium",
        "vm.swappiness: 1 on the old",
        {"sysctl": {"vm.swappiness": {"value": "1", "configured": "1"}}},
        {"sysctl": {"vm.swappiness": {"value": "60", "configured": ""}}},
    ),
    (
        "repositories",
        "medium",
        "deb https://x.example/apt a b",
        {"repositories": {"deb https://x.example/apt a b": {"enabled": True}}},
        {},
    ),
]


@pytest.mark.parametrize(("name", "severity", "told", "old", "new"), CASES, ids=[case[0] for case in CASES])
def test_a_finding_tells_what_it_saw(name: str, severity: str, told: str, old: Any, new: Any) -> None:
    found = findings(old, new)
    assert name in found, sorted(found)
    assert found[name].severity == severity
    assert any(told in line for line in found[name].evidence), found[name].evidence
    assert found[name].title
    assert found[name].why
    assert found[name].remedy or severity in ("low", "info")


MEASURED_CASES: list[Any] = [
    ("clock:new", "high", "5.0 s ahead", {}, {"os": {"clock_offset_s": 5.0}}),
    ("clock:old", "inhibitor", "120.0 s behind", {"os": {"clock_offset_s": -120.0}}, {}),
    ("clock-not-synchronised:new", "medium", "no", {}, {"os": {"synchronised": "no"}}),
    ("clocks-differ", "medium", "by 1.6 s", {"os": {"clock_offset_s": 0.8}}, {"os": {"clock_offset_s": -0.8}}),
    (
        "deleted-files",
        "medium",
        "/var/log/a held by app (7)",
        {"processes": {"deleted_open": [{"program": "app", "path": "/var/log/a", "pid": 7}]}},
        {},
    ),
    (
        "replaced-libraries",
        "low",
        "app: /lib/x",
        {"processes": {"replaced_libraries": [{"program": "app", "path": "/lib/x", "pid": 7}]}},
        {},
    ),
    (
        "disk-failing:old",
        "inhibitor",
        "sda: FAILED!",
        {"hardware": {"disk_health": {"sda": "FAILED!", "sdb": "PASSED"}}},
        {},
    ),
    (
        "disk-failing:new",
        "inhibitor",
        "sda: Current_Pending_Sector 8",
        {},
        {"health": {"smart": ["sda: Current_Pending_Sector 8"]}},
    ),
    ("storage-damaged:old", "high", "array md0: 1 of 2 disks", {"health": {"arrays": ["array md0: 1 of 2 disks"]}}, {}),
    ("kernel-errors:old", "high", "sda: I/O error", {"health": {"kernel": ["blk_update_request: sda: I/O error"]}}, {}),
    ("licence-files", "medium", "/opt/a.lic", {"licences": {"files": {"/opt/a.lic": []}}}, {}),
    (
        "licence-bound",
        "inhibitor",
        "/opt/a.lic: holds its address",
        {"licences": {"files": {"/opt/a.lic": ["address"]}}},
        {},
    ),
    ("licensed-programs", "medium", "splunkd", {"licences": {"programs": ["splunkd"]}}, {}),
    ("reboot-due:new", "high", "linux-image", {}, {"pending": {"reboot": ["linux-image"]}}),
    ("reboot-due:old", "medium", "linux-image", {"pending": {"reboot": ["linux-image"]}}, {}),
    ("packages-broken:new", "high", "foo: dpkg says 'iF'", {}, {"pending": {"packages": ["foo: dpkg says 'iF'"]}}),
    ("at-jobs", "low", "jobs of at: 3", {"timers": {"at_jobs": 3}}, {}),
]


@pytest.mark.parametrize(("name", "severity", "told", "old", "new"), MEASURED_CASES)
def test_a_measurement_tells_what_it_saw(name: str, severity: str, told: str, old: Any, new: Any) -> None:
    found = findings(None, None, old, new)
    assert name in found, sorted(found)
    assert found[name].severity == severity
    assert any(told in line for line in found[name].evidence), found[name].evidence


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"packages": {"linux-image-6": PACKAGE, "libx": {"version": "1", "automatic": True}}}, {}),
        ({"os": {"timezone": {"value": "UTC"}}}, {"os": {"timezone": {"value": "Etc/UTC"}}}),
        ({"os": {"kernel": {"architecture": "amd64"}}}, {}),
        ({"packages": {"php": PACKAGE}}, {"packages": {"php": {"version": "8.3"}}}),
        (
            {"packages": {"postgresql-15": {"version": "15", "automatic": True}}},
            {"packages": {"postgresql-17": {"version": "17"}}},
        ),
        ({"services": {"systemd-resolved.service": {"running": True}}}, {}),
        ({"certificates": GOOD}, {}),
        ({"os": {"release": {"id": "debian", "version": "sid"}}}, {}),
        ({"ports": {"tcp *:99": {"programs": ["app"]}}}, {}),
    ],
)
def test_what_is_all_right_is_not_reported(old: Any, new: Any) -> None:
    assert findings(old, new) == {}


def thinned(value: Any, chance: random.Random) -> Any:
    """Return a value of which parts are missing or of another type."""
    if isinstance(value, dict):
        return {key: thinned(each, chance) for key, each in value.items() if chance.random() > 0.1}
    if isinstance(value, list):
        return [thinned(each, chance) for each in value if chance.random() > 0.1]
    return chance.choice(["", None, 0, -1, 1e12, "x", True, [], "999"]) if chance.random() < 0.1 else value


@pytest.mark.parametrize("seed", range(60))
def test_no_finding_stumbles_over_what_a_snapshot_lacks(seed: int) -> None:
    chance = random.Random(seed)
    sides = []
    for place in (3, 4):
        picked = [chance.choice(CASES)[place] for _ in range(12)]
        scopes = {name: {key: item for case in picked for key, item in case.get(name, {}).items()} for name in HEALTHY}
        measured = {key: each for case in MEASURED_CASES for key, each in case[place].items() if chance.random() < 0.5}
        made = server("old" if place == 3 else "new", scopes, {**measured, "connections": {"peers": PEERS}})
        thin = {name: Scope(items=thinned(dict(scope.items), chance)) for name, scope in made.scopes.items()}
        sides.append(replace(made, scopes=thin, measured=thinned(made.measured, chance)))
    sight = Sight(*sides, NOW, is_built=bool(seed % 2))
    for name in catalog.names("finding"):
        assert all(isinstance(each, Finding) for each in catalog.load("finding", name).look(sight))


def test_before_the_new_server_is_built_what_it_lacks_counts_little() -> None:
    context = replace(CONTEXT, is_built=False)
    found = findings({"packages": {"php": PACKAGE}, "services": {"app.service": {"running": True}}}, context=context)
    assert {name: each.severity for name, each in found.items()} == {"packages-missing": Severity.LOW}


PEERS = [
    {"direction": "out", "peer": "198.51.100.5", "port": 5432, "program": "app"},
    {"direction": "out", "peer": "127.0.0.1", "port": 6379, "program": "app"},
    {"direction": "in", "peer": "203.0.113.9", "port": 80, "program": "nginx"},
    {"direction": "in", "peer": "203.0.113.9", "port": 22, "program": "sshd"},
    {"direction": "in", "peer": "192.0.2.1", "port": 80, "program": "nginx"},
]


def test_neighbours_are_named_but_for_itself_and_whoever_logs_in() -> None:
    found = findings(old_measured={"connections": {"peers": PEERS, "seconds": 60}})
    assert found["asks-others"].evidence == ("198.51.100.5 port 5432: asked by app",)
    assert found["asked-by-others"].evidence == ("203.0.113.9 at port 80 (nginx)",)
    assert "watched for 60 s" in found["asked-by-others"].why


def interface(mtu: int, *addresses: str) -> dict[str, Any]:
    route = {"gateway": "192.0.2.254", "interface": "eth0"}
    return {
        "hardware": {
            "interface:eth0": {"mac": "HOST", "mtu": mtu, "addresses": list(addresses)},
            "route:default": route,
        }
    }


def test_a_network_with_smaller_frames_or_without_ipv6_is_told() -> None:
    old, new = interface(9000, "192.0.2.1/24", "2001:db8::1/64"), interface(1500, "192.0.2.2/24")
    found = findings(old, new)
    assert sorted(found) == ["ipv6", "mtu"]
    assert found["mtu"].evidence == ("old server: 9000", "new server: 1500")
    assert found["ipv6"].evidence == ("2001:db8::1/64",)
    assert findings(new, old) == {}


def test_upgrades_that_begin_by_themselves_are_told_of_both_servers() -> None:
    timer = {"timers": {"apt-daily-upgrade.timer": {"enabled": "enabled"}}}
    found = findings(timer, timer)
    assert found["automatic-upgrades"].evidence == ("new: apt-daily-upgrade.timer", "old: apt-daily-upgrade.timer")


# ---------------------------------------------------------------- what is known from elsewhere


def test_names_that_lead_to_the_old_server_must_not_live_long() -> None:
    names = {
        "www.example.com": NameAnswer(("192.0.2.1",), 86400),
        "api.example.com": NameAnswer(("192.0.2.1",), 60),
        "mail.example.com": NameAnswer(("198.51.100.9",), 86400),
    }
    found = findings(context=replace(CONTEXT, names=names))
    assert list(found) == ["dns-ttl"]
    assert found["dns-ttl"].severity is Severity.HIGH
    assert found["dns-ttl"].evidence == ("www.example.com: 86400 s, 192.0.2.1",)


def test_a_name_that_cannot_be_asked_for_is_said() -> None:
    found = findings(context=replace(CONTEXT, names={"x.example.com": NameAnswer(problem="no answer")}))
    assert found["dns-unknown"].evidence == ("x.example.com: no answer",)


@pytest.mark.parametrize(
    ("backups", "names"),
    [
        ({}, ["no-backup"]),
        ({"tools": ["restic"], "last": NOW - 3600}, ["backup-not-proven"]),
        ({"jobs": ["0 3 * * * pg_dump"], "last": NOW - 5 * 86400}, ["backup-not-proven", "backup-old"]),
    ],
)
def test_a_backup_counts_only_when_it_was_restored(backups: Any, names: list[str]) -> None:
    found = findings(old_measured={"backups": backups}, context=Context(NOW))
    assert sorted(found) == names
    assert findings(old_measured={"backups": backups}) == {}


def test_what_could_not_be_seen_is_said() -> None:
    new = server("new")
    scopes = {
        **new.scopes,
        "services": Scope(Coverage.NONE, ("no init system",)),
        "users": Scope(Coverage.PARTLY, ("no root",)),
    }
    found = {each.name: each for each in assess(server("old"), replace(new, scopes=scopes), CONTEXT).findings}
    assert found["not-seen:new"].evidence == ("services: no init system",)
    assert found["partly-seen:new"].severity is Severity.INFO


def test_an_old_snapshot_is_said_to_be_old() -> None:
    old = replace(server("old"), taken=Taken(NOW - 10 * 86400))
    (found,) = assess(old, None, CONTEXT).findings
    assert found.title == "the snapshot of the old server is 10 days old"


# ---------------------------------------------------------------- accepting


def accepted(*acceptances: Acceptance) -> Assessment:
    old = server("old", {"packages": {"php": PACKAGE, "perl": PACKAGE}, "os": {"timezone": {"value": "UTC"}}})
    return assess(old, server("new"), replace(CONTEXT, acceptances=acceptances))


UNTIL = date(2030, 1, 1)


def test_findings_come_the_worst_first_and_the_accepted_last_of_their_kind() -> None:
    found = accepted(Acceptance("packages-missing", "Anna", "not needed", UNTIL))
    assert [(each.name, bool(each.accepted_by)) for each in found.findings] == [
        ("time-zone", False),
        ("packages-missing", True),
    ]
    assert [each.name for each in found.open()] == ["time-zone"]
    assert found.findings[1].accepted_by == "Anna: not needed (until 2030-01-01)"


def test_an_accepted_inhibitor_does_not_shut_the_gate() -> None:
    old = server("old", measured={"licences": {"files": {"/a.lic": ["mac"]}}})
    assert assess(old, None, CONTEXT).inhibitors == ("licence-bound",)
    context = replace(CONTEXT, acceptances=(Acceptance("licence-*", "Anna", "new one is here", UNTIL),))
    assert assess(old, None, context).inhibitors == ()


def test_lines_of_evidence_can_be_accepted_and_the_rest_stays_open() -> None:
    found = accepted(Acceptance("packages-missing", "Anna", "unused", UNTIL, ("perl *",)))
    parts = [(each.evidence, bool(each.accepted_by)) for each in found.findings if each.name == "packages-missing"]
    assert parts == [(("php 8.2",), False), (("perl 8.2",), True)]
    both = Acceptance("packages-missing", "Bob", "unused", UNTIL, ("p*",))
    assert [each.name for each in accepted(both).open()] == ["time-zone"]


def test_acceptances_are_read_and_those_that_ran_out_do_not_count(tmp_path: Path) -> None:
    path = tmp_path / "accepted.yml"
    path.write_text(
        "accepted:\n"
        "  - {finding: time-zone, who: Anna, reason: all jobs use UTC, until: 2030-01-01}\n"
        "  - {finding: packages-missing, who: Bob, reason: old, until: '2020-01-01', evidence: [php*]}\n"
    )
    found = read_acceptances([path], date(2026, 11, 22))
    assert found.valid == (Acceptance("time-zone", "Anna", "all jobs use UTC", UNTIL),)
    assert [each.evidence for each in found.expired] == [("php*",)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[]", "has no list 'accepted'"),
        ("accepted: [x]", "an accepted finding is a mapping"),
        ("accepted: [{finding: a, who: b, until: 2030-01-01}]", "must say 'reason'"),
        ("accepted: [{finding: a, who: b, reason: c, until: soon}]", "accepted.yml:1:51: error: 'soon' is no day"),
        ("accepted: [{finding: a, whi: b, reason: c, until: 2030-01-01}]", "did you mean 'who'?"),
    ],
)
def test_wrong_acceptances_are_refused_with_their_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("accepted.yml").write_text(text)
    with pytest.raises(InputError) as raised:
        read_acceptances([Path("accepted.yml")], date(2026, 11, 22))
    assert told in str(raised.value)


def test_a_file_of_acceptances_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_acceptances([tmp_path / "none.yml"], date(2026, 11, 22))


# ---------------------------------------------------------------- told


def test_the_text_tells_reason_evidence_remedy_and_the_number() -> None:
    text = as_text(accepted(Acceptance("time-zone", "Anna", "fine", UNTIL)), Paint(is_coloured=False))
    assert "high       packages-missing              2 packages of the old server are not on the new one" in text
    assert "    seen      perl 8.2\n              php 8.2\n    do        install them" in text
    assert "accepted   time-zone" in text
    assert text.endswith("old -> new: 1 high open, 1 accepted")
    brief = as_text(accepted(), Paint(is_coloured=False), is_brief=True)
    assert len(brief.splitlines()) == 3


def test_long_evidence_is_cut_in_the_text_and_whole_in_the_data() -> None:
    packages = {f"p{number}": PACKAGE for number in range(30)}
    found = assess(server("old", {"packages": packages}), server("new"), CONTEXT)
    assert "and 18 more" in as_text(found, Paint(is_coloured=False))
    data = found.data()
    assert data["open"] == {"inhibitor": 0, "high": 1, "medium": 0, "low": 0, "info": 0}
    assert len(data["findings"][0]["evidence"]) == 30  # type: ignore[index]


def test_sizes_are_shown_as_people_read_them() -> None:
    assert [size_text(each) for each in (0, 1023, 1536, 3 * GIB, 2.5 * 2**40)] == [
        "0 B",
        "1023 B",
        "1.5 KiB",
        "3 GiB",
        "2.5 TiB",
    ]
