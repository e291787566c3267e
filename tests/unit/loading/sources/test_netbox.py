"""Devices and virtual machines of a NetBox, which is a stand-in here."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from provisioner.diagnostics.errors import UnmetNeed
from provisioner.loading.sources import netbox as source
from provisioner.model.inventory import Inventory
from tests.support.netbox import TOKEN, StandIn, netbox

Good = Callable[..., Inventory]
Write = Callable[[dict[str, str]], Path]


@pytest.fixture
def server() -> Iterator[StandIn]:
    with netbox() as running:
        yield running


@pytest.fixture
def inventory(server: StandIn, write: Write, good: Good) -> Callable[..., Inventory]:
    def load_netbox(text: str = "", *, plugin: str = "netbox", **given: object) -> Inventory:
        write({"nb.yml": f"plugin: {plugin}\napi_endpoint: {server.address}\ntoken: '{TOKEN}'\n{text}"})
        return good("nb.yml", **given)

    return load_netbox


def test_every_device_and_machine_is_a_host_with_its_variables(inventory: Callable[..., Inventory]) -> None:
    found = inventory(plugin="netbox.netbox.nb_inventory")
    assert list(found.hosts) == ["web1", "db1", "vm1"]
    assert found.hosts["web1"].vars == {
        "is_virtual": False, "id": 10, "sites": ["ber1"], "device_roles": ["web"], "platforms": ["debian-12"],
        "device_types": ["r640"], "manufacturers": ["dell"], "tags": ["public"], "serial": "S-1",
        "status": {"value": "active", "label": "Active"}, "primary_ip4": "10.1.0.10", "ansible_host": "10.1.0.10",
        "dns_name": "web1.example.org", "custom_fields": {"owner": "team-a"},
    }  # fmt: skip
    assert found.hosts["vm1"].vars["ansible_host"] == "10.1.0.20"
    assert "ansible_host" not in found.hosts["db1"].vars
    assert found.hosts["vm1"].vars["cluster_group"] == ["prod"]


def test_hosts_are_grouped_by_what_they_have(inventory: Callable[..., Inventory]) -> None:
    found = inventory("group_by: [sites, device_roles, tags, status, is_virtual, regions, cluster_type]\n")
    members = {name: group.hosts for name, group in found.groups.items() if name not in ("all", "ungrouped")}
    assert members == {
        "sites_ber1": ("web1",), "sites_par1": ("db1",), "device_roles_web": ("web1", "vm1"),
        "device_roles_db": ("db1",),
        "tags_public": ("web1",), "status_active": ("web1", "vm1"), "status_staged": ("db1",),
        "is_virtual_is_virtual": ("vm1",), "regions_germany": ("web1",), "regions_europe": ("web1",),
        "cluster_type_kvm": ("vm1",),
    }  # fmt: skip


def test_names_can_be_single_raw_and_flat(inventory: Callable[..., Inventory]) -> None:
    text = "plurals: false\ngroup_by: [role]\ngroup_names_raw: true\nflatten_custom_fields: true\n"
    found = inventory(text + "config_context: true\nflatten_config_context: true\nansible_host_dns_name: true\n")
    own = found.hosts["web1"].vars
    assert (own["site"], own["role"], own["tags"], own["owner"], own["ntp"], own["ansible_host"]) == (
        "ber1", "web", ["public"], "team-a", ["10.0.0.1"], "web1.example.org",
    )  # fmt: skip
    assert found.groups["web"].hosts == ("web1", "vm1")


def test_filters_are_sent_and_expressions_come_after(inventory: Callable[..., Inventory], server: StandIn) -> None:
    found = inventory(
        "query_filters: [{role: [web, db]}, {has_primary_ip: true}]\ndevice_query_filters: [{site: ber1}]\n"
        "compose: {rack_name: \"serial ~ '-x'\"}\nkeyed_groups: [{key: manufacturers, prefix: made}]\n"
    )
    assert list(found.hosts) == ["web1", "vm1"]
    assert found.hosts["web1"].vars["rack_name"] == "S-1-x"
    assert found.groups["made_dell"].hosts == ("web1",)
    asked = [each for each in server.questions if "/devices/" in each]
    assert all(word in asked[0] for word in ("role=web", "role=db", "has_primary_ip=true", "site=ber1", "exclude="))


def test_a_cache_answers_until_it_is_flushed(
    inventory: Callable[..., Inventory], server: StandIn, tmp_path: Path
) -> None:
    text = "cache: true\ncache_plugin: jsonfile\ncache_connection: kept\ncache_prefix: nb_\n"
    first = inventory(text)
    (kept,) = (tmp_path / "kept").iterdir()
    assert kept.name.startswith("nb_netbox_s_")
    assert len(json.loads(kept.read_text())) == 3
    server.questions.clear()
    assert inventory(text).hosts == first.hosts
    assert server.questions == []
    inventory(text, is_flushing=True)
    assert server.questions != []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("api_endpoint: {address}\ntoken: wrong\n", 'refused: {"detail": "Invalid token"}'),
        ("api_endpoint: http://127.0.0.1:9\ntoken: x\n", "cannot be asked"),
        ("token: x\n", "netbox needs 'api_endpoint'"),
        ("api_endpoint: {address}\nfetch_al: true\n", "'fetch_al' is no option of netbox"),
        ("api_endpoint: {address}\ngroup_by: [sitess]\n", "netbox cannot group by 'sitess'"),
        ("api_endpoint: {address}\nquery_filters: {{role: web}}\n", "'query_filters' must be a list of mappings"),
        ("api_endpoint: {address}\ntimeout: soon\n", "'timeout' must be a number"),
    ],
)
def test_what_is_wrong_is_said(
    server: StandIn, write: Write, load: Callable[..., object], text: str, said: str
) -> None:
    filled = text.replace("{address}", server.address).replace("{{", "{").replace("}}", "}")
    write({"nb.yml": f"plugin: netbox\n{filled}"})
    inventory, findings = load("nb.yml")  # type: ignore[misc]
    assert not inventory.hosts
    assert any(said in each.summary for each in findings.warnings), [each.summary for each in findings.warnings]


def test_address_and_token_may_be_in_the_environment(server: StandIn, write: Write, good: Good) -> None:
    values = {"NETBOX_API": server.address, "NETBOX_TOKEN": TOKEN}
    write({"nb.yml": "plugin: netbox\n", "tpl.yml": 'plugin: netbox\ntoken: "{{ nb_token }}"\n'})
    assert len(good("nb.yml", configured=lambda name, _section, _key: values.get(name)).hosts) == 3
    given = {"NETBOX_API": server.address}
    found = good("tpl.yml", configured=lambda name, _section, _key: given.get(name), extra={"nb_token": TOKEN})
    assert len(found.hosts) == 3


def test_without_pynetbox_it_says_what_is_missing(
    write: Write, load: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "pynetbox", None)
    write({"nb.yml": "plugin: netbox\napi_endpoint: http://x\n"})
    with pytest.raises(UnmetNeed, match=r"provisioner\[netbox\]"):
        load("nb.yml")
