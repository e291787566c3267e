"""Old against new: what differs, how much it matters, and what explains it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date

import pytest

from provisioner.discovery.comparing import compare
from provisioner.discovery.judging import Difference, Kind, Severity
from provisioner.discovery.page import as_page
from provisioner.discovery.snapshot import Coverage, Item, Scope, Snapshot, Taken
from provisioner.discovery.telling import Comparison, as_data, as_text
from provisioner.discovery.waivers import Waiver
from provisioner.reporting.paint import Paint

OWN = {"os": {"hostname": {"name": "old", "fqdn": "old.example"}}}
WAIVER = Waiver("ports", "tcp \\*:21*", "FTP ends with the old server", "jo@example.com", date(2030, 1, 1))


def server(host: str = "web", **scopes: Mapping[str, Item]) -> Snapshot:
    return Snapshot(host, "", Taken(1000.0), {name: Scope(items=items) for name, items in scopes.items()})


def only(differences: list[Difference]) -> Difference:
    assert len(differences) == 1, differences
    return differences[0]


def package(version: str) -> Mapping[str, Item]:
    return {"nginx": {"version": version, "automatic": False}}


def test_equal_servers_have_no_differences() -> None:
    assert compare(server(packages=package("1")), server(packages=package("1"))) == []


@pytest.mark.parametrize(
    ("old", "new", "severity"),
    [
        ("1.22.1-9", "1.22.1-8", Severity.BLOCKING),
        ("1:1.0", "2.0", Severity.BLOCKING),
        ("1.9", "1.10", Severity.INFORMATIVE),
        ("1.0~rc1", "1.0", Severity.INFORMATIVE),
        ("1.0-1+deb12u2", "1.0-1+deb12u10", Severity.INFORMATIVE),
    ],
)
def test_an_older_package_blocks_and_a_newer_one_does_not(old: str, new: str, severity: Severity) -> None:
    found = only(compare(server(packages=package(old)), server(packages=package(new))))
    assert (found.kind, found.attribute, found.severity) == (Kind.CHANGED, "version", severity)


@pytest.mark.parametrize(
    ("scope", "item"),
    [
        ("packages", {"nginx": {"version": "1"}}),
        ("timers", {"cron:app:/var/spool/cron/crontabs/app:* * * * * /bin/x": {"user": "app"}}),
        ("ports", {"tcp *:80": {"programs": ["nginx"]}}),
        ("users", {"user:app": {"uid": 1500}}),
        ("services", {"nginx.service": {"enabled": "enabled"}}),
        ("files", {"/opt/app": {"kind": "file"}}),
        ("sysctl", {"vm.swappiness": {"value": "1"}}),
    ],
)
def test_what_is_missing_blocks_and_what_is_more_does_not(scope: str, item: Mapping[str, Item]) -> None:
    missing = only(compare(server(**{scope: item}), server(**{scope: {}})))
    assert (missing.kind, missing.blocks) == (Kind.MISSING, True)
    extra = only(compare(server(**{scope: {}}), server(**{scope: item})))
    assert (extra.kind, extra.severity) == (Kind.EXTRA, Severity.INFORMATIVE)


def test_another_uid_blocks() -> None:
    old, new = ({"user:app": {"uid": uid, "comment": "x"}} for uid in (1500, 1501))
    found = only(compare(server(users=old), server(users=new)))
    assert (found.attribute, found.old, found.new, found.blocks) == ("uid", 1500, 1501, True)


def test_names_addresses_and_ids_of_machines_are_expected() -> None:
    old = server("old", os={"hostname": {"name": "old", "fqdn": "old.example"}, "machine_id": {"value": "a"}},
                 hardware={"interface:eth0": {"addresses": ["10.0.0.1/24"], "mac": "02:00:00:00:00:01"}})  # fmt: skip
    new = server("new", os={"hostname": {"name": "new", "fqdn": "new.example"}, "machine_id": {"value": "b"}},
                 hardware={"interface:ens3": {"addresses": ["10.0.0.2/24"], "mac": "02:00:00:00:00:02"}})  # fmt: skip
    assert {each.severity for each in compare(old, new)} == {Severity.EXPECTED}


def test_a_value_that_differs_only_by_the_machines_own_name_is_expected() -> None:
    names = ("old", "new")
    servers = [
        server(name, os={"hostname": {"name": name, "fqdn": f"{name}.example"}},
               websites={f"nginx {name}.example on 80": {"names": [f"{name}.example"]}},
               users={"user:app": {"home": f"/srv/{name}", "shell": "/bin/sh"}})
        for name in names
    ]  # fmt: skip
    assert {each.severity for each in compare(*servers)} == {Severity.EXPECTED}
    other = server("new", os=servers[1].items("os"), websites=servers[1].items("websites"),
                   users={"user:app": {"home": "/srv/newer", "shell": "/bin/sh"}})  # fmt: skip
    assert [each.attribute for each in compare(servers[0], other) if each.blocks] == ["home"]


def test_what_could_be_seen_on_one_side_only_blocks_and_says_why() -> None:
    unseen = Snapshot("new", scopes={"firewall": Scope(Coverage.NONE, ("only root may see packet filters",))})
    found = only(compare(server(firewall={}), unseen))
    assert (found.kind, found.blocks, found.new) == (Kind.UNSEEN, True, "only root may see packet filters")
    assert only(compare(unseen, unseen)).severity is Severity.INFORMATIVE
    assert only(compare(server(firewall={}), server())).new == "not asked for"


def test_what_was_partly_seen_is_compared_and_said() -> None:
    partly = Snapshot("new", scopes={"ports": Scope(Coverage.PARTLY, ("not asked as root",), {})})
    found = compare(server(ports={"tcp *:80": {}}), partly)
    assert [(each.kind, each.blocks) for each in found] == [(Kind.MISSING, True), (Kind.UNSEEN, False)]


def test_a_waiver_explains_the_items_it_names_and_nothing_else() -> None:
    old = server(ports={"tcp *:21": {"programs": ["vsftpd"]}, "tcp *:80": {"programs": ["nginx"]}})
    waiver = Waiver("ports", "tcp ?:21", "FTP ends", "jo@example.com", date(2030, 1, 1))
    blocked, explained = compare(old, server(ports={}), [waiver])
    assert (blocked.item, blocked.blocks) == ("tcp *:80", True)
    assert (explained.item, explained.blocks) == ("tcp *:21", False)
    assert explained.waived == "FTP ends (jo@example.com, until 2030-01-01)"


def test_a_waiver_may_be_for_one_attribute() -> None:
    old, new = ({"user:app": {"uid": uid, "shell": shell}} for uid, shell in ((1, "/bin/sh"), (2, "/bin/bash")))
    waiver = Waiver("users", "user:app uid", "renumbered", "jo", date(2030, 1, 1))
    found = compare(server(users=old), server(users=new), [waiver])
    assert {each.attribute: each.blocks for each in found} == {"uid": False, "shell": True}


def test_the_text_shows_what_blocks_first_and_what_is_expected_only_when_asked() -> None:
    old = server("old", ports={"tcp *:80": {"programs": ["nginx"], "users": []}}, os={"machine_id": {"value": "a"}})
    new = server("new", ports={"tcp *:81": {"programs": ["x\x1b[31m"], "users": []}}, os={"machine_id": {"value": "b"}})
    comparison = Comparison(old, new, compare(old, new))
    text = as_text(comparison, Paint(is_coloured=False), shows_all=False)
    assert "Unexplained (1)" in text
    assert 'ports          tcp *:80: missing (programs=["nginx"])' in text
    assert "machine_id" not in text
    assert "\x1b" not in text
    assert text.endswith("1 unexplained differences (0 explained, 1 informative, 1 expected)")
    assert "machine_id" in as_text(comparison, Paint(is_coloured=False), shows_all=True)


def test_equal_servers_are_told_in_a_sentence() -> None:
    same = server(ports={})
    assert as_text(Comparison(same, same, []), Paint(is_coloured=False), shows_all=False).endswith("no differences")


def test_the_data_has_every_difference_with_its_judgement() -> None:
    old, new = server(ports={"tcp *:80": {}}), server(ports={})
    data = json.loads(as_data(Comparison(old, new, compare(old, new), (WAIVER,))))
    assert data["counts"]["unexplained"] == 1
    assert data["differences"][0]["item"] == "tcp *:80"
    assert data["differences"][0]["blocks"] is True
    assert data["expired_waivers"][0]["scope"] == "ports"


def test_the_page_stands_alone_and_escapes_what_servers_say() -> None:
    evil = "<script>alert(1)</script>"
    old, new = server("old", ports={f"tcp {evil}": {"programs": [evil]}}), server(evil, ports={})
    page = as_page(Comparison(old, new, compare(old, new), (WAIVER,)))
    assert evil not in page
    assert "&lt;script&gt;" in page
    assert "http" not in page.replace("http-equiv", "")


@pytest.mark.parametrize(
    ("scope", "old", "new", "blocks"),
    [
        ("os", {"release": {"id": "debian", "version": "11"}}, {"release": {"id": "debian", "version": "12"}}, False),
        ("os", {"release": {"id": "debian", "version": "12"}}, {"release": {"id": "debian", "version": "11"}}, True),
        ("os", {"release": {"id": "debian", "version": "8"}}, {"release": {"id": "rocky", "version": "9"}}, True),
        ("os", {"locale": {"generated": ["C"]}}, {"locale": {"generated": ["C", "de_DE.utf8"]}}, False),
        ("os", {"locale": {"generated": ["C", "de_DE.utf8"]}}, {"locale": {"generated": ["C"]}}, True),
        ("sysctl", {"a": {"value": "1", "configured": ""}}, {"a": {"value": "2", "configured": ""}}, False),
        ("sysctl", {"a": {"value": "1", "configured": "1"}}, {"a": {"value": "2", "configured": "1"}}, True),
        ("databases", {"postgresql:5432": {"version": "9.6"}}, {"postgresql:5432": {"version": "15"}}, False),
        ("databases", {"postgresql:5432": {"version": "15"}}, {"postgresql:5432": {"version": "13"}}, True),
        ("firewall", {}, {"nft inet f chain c": {"rules": ["type filter hook input priority 0; policy drop;"]}}, True),
        ("firewall", {}, {"nft inet f chain c": {"rules": ["accept"]}}, False),
        ("services", {"a.service": {"running": True}}, {"a.service": {"running": False}}, True),
        ("certificates", {"/a": {"serial": "1", "names": ["x"]}}, {"/a": {"serial": "2", "names": ["x"]}}, False),
        ("certificates", {"/a": {"names": ["x"]}}, {"/a": {"names": []}}, True),
    ],
)
def test_scopes_judge_what_matters(scope: str, old: Mapping[str, Item], new: Mapping[str, Item], blocks: bool) -> None:
    found = compare(server(**{scope: old}), server(**{scope: new}))
    assert any(each.blocks for each in found) is blocks, found
