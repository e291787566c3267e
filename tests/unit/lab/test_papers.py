"""What a lab hands to its users: inventory, known hosts and kept packages."""

from __future__ import annotations

from pathlib import Path

from ruamel.yaml import YAML

from provisioner.lab.commands import Commands
from provisioner.lab.inventory import inventory_text
from provisioner.lab.keys import ensure_key, write_known_hosts
from provisioner.lab.packages import keep, offer
from provisioner.lab.places import Places


def test_the_inventory_is_yaml_with_all_that_a_connection_needs() -> None:
    text = inventory_text("dev", {"h1": "10.77.0.11", "lb": "10.77.0.12"}, Path("/a b/id"), Path("/a b/known"))
    everything = YAML(typ="safe").load(text)["all"]
    assert everything["hosts"] == {"h1": {"ansible_host": "10.77.0.11"}, "lb": {"ansible_host": "10.77.0.12"}}
    assert everything["vars"]["ansible_ssh_private_key_file"] == "/a b/id"
    assert "'UserKnownHostsFile=/a b/known'" in everything["vars"]["ansible_ssh_common_args"]
    assert "StrictHostKeyChecking=yes" in everything["vars"]["ansible_ssh_common_args"]


def test_known_hosts_has_each_host_under_name_and_address(tmp_path: Path) -> None:
    key = ensure_key(Commands(), tmp_path / "keys" / "h1", "h1")
    write_known_hosts(tmp_path / "known_hosts", {"h1": "10.77.0.11"}, tmp_path / "keys")
    names, kind, public = (tmp_path / "known_hosts").read_text().split()
    assert (names, kind) == ("h1,10.77.0.11", "ssh-ed25519")
    assert public in key.with_name("h1.pub").read_text()


def test_a_key_stays_once_it_is_whole_and_a_half_made_one_is_made_anew(tmp_path: Path) -> None:
    key = ensure_key(Commands(), tmp_path / "id", "lab")
    first = key.read_text()
    assert ensure_key(Commands(), key, "lab").read_text() == first
    key.with_name("id.pub").write_text("")
    assert ensure_key(Commands(), key, "lab").read_text() != first


def test_packages_travel_from_one_host_to_the_next(tmp_path: Path) -> None:
    archives = Path("var/cache/apt/archives")
    first, second, store = tmp_path / "first", tmp_path / "second", tmp_path / "store"
    (first / archives / "partial").mkdir(parents=True)
    (first / archives / "nginx_1_all.deb").write_text("whole")
    (first / archives / "partial" / "half_1_all.deb").write_text("ha")
    keep(first, store)
    keep(first, store)
    offer(store, second)
    assert [path.name for path in (second / archives).iterdir()] == ["nginx_1_all.deb"]
    assert (second / archives).stat().st_mode & 0o777 == 0o755


def test_a_host_that_downloaded_nothing_has_nothing_to_keep(tmp_path: Path) -> None:
    keep(tmp_path / "upper", tmp_path / "store")
    assert list((tmp_path / "store").iterdir()) == []


def test_one_variable_moves_everything(tmp_path: Path) -> None:
    places = Places.from_environment({"PROVISIONER_LAB_DIR": str(tmp_path)})
    assert (places.cache, places.lab("dev")) == (tmp_path / "cache", tmp_path / "labs" / "dev")
    assert Places.from_environment({}).lab("dev") == Path("/var/lib/provisioner/lab/dev")
