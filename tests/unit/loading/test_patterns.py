"""Patterns select what ansible selects; the table was compared with ``ansible --list-hosts``."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.diagnostics.diagnostic import Findings
from provisioner.diagnostics.errors import InputError
from provisioner.loading.inventory import load_inventory
from provisioner.loading.patterns import select
from provisioner.loading.settings import LoadSettings
from provisioner.model.inventory import Inventory

FOLDER = Path(__file__).parents[2] / "fixtures" / "inventories" / "mixed"
WEB = "web01 web02 web03 web-a web-c new1 new2"


@pytest.fixture(scope="module")
def inventory() -> Inventory:
    found, _findings = load_inventory([str(FOLDER)], LoadSettings())
    return found


def names(hosts: tuple[str, ...]) -> str:
    return " ".join(host.removesuffix(".example.org") for host in hosts)


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("web", WEB), ("web:db", f"{WEB} db1 db2"), ("web,db", f"{WEB} db1 db2"), ("web:&europe", WEB),
        ("world:!web", "as1 db1 db2"), ("web[0]", "web01"), ("web[-1]", "new2"), ("web[1:3]", "web02 web03 web-a"),
        ("web[5:]", "new1 new2"), ("web[:1]", "web01 web02"), ("web[-2:]", "new1 new2"), ("web[1-2]", "web02 web03"),
        ("~web0[12].*", "web01 web02"), ("~(as|new)\\d", "as1 new1 new2"), ("*.example.org", "web01 web02 web03"),
        ("web:!web01*", "web02 web03 web-a web-c new1 new2"), ("db1", "db1"), ("as1,lone", "as1 lone"),
        ("dyn*:!dyn2", "dyn1 web-a"), ("web-?", "web-a web-c"), ("ungrouped", "lone bastion yhost"),
        ("&web", WEB), ("web0[12].example.org", "web01 web02"), ("localhost", "localhost"), ("127.0.0.1", "127.0.0.1"),
        ("db:!world", ""), ("web:&db", "web01"),
    ],
)  # fmt: skip
def test_a_pattern_selects_these_hosts_in_this_order(inventory: Inventory, pattern: str, wanted: str) -> None:
    found = names(select(inventory, pattern))
    if pattern == "world:!web":
        assert sorted(found.split()) == sorted(wanted.split())
    else:
        assert found == wanted


def test_all_is_every_host_once(inventory: Inventory) -> None:
    assert sorted(select(inventory, "all")) == sorted(inventory.hosts)
    assert select(inventory, "*") == select(inventory, "all")
    assert set(select(inventory, "!web")) == set(inventory.hosts) - set(select(inventory, "web"))


def test_lists_of_patterns_add_up_and_a_limit_cuts(inventory: Inventory) -> None:
    assert names(select(inventory, ["db", "as1", "!db2"], within=["as1", "db1", "db2"])) == "db1 as1"


def test_an_unmatched_part_warns_with_the_nearest_name(inventory: Inventory) -> None:
    findings = Findings()
    assert (
        select(inventory, "wbe:db", findings) == ("db1", "db2", "web01.example.org")[:2] + select(inventory, "db")[2:]
    )
    (warning,) = findings.warnings
    assert warning.summary == "Could not match supplied host pattern, ignoring: wbe"
    assert warning.hint == "did you mean 'web'?"


def test_a_mismatch_can_be_an_error_or_nothing(inventory: Inventory) -> None:
    findings = Findings()
    assert select(inventory, "wbe", findings, mismatch="ignore") == ()
    assert not findings.all
    assert select(inventory, "wbe", findings, mismatch="error") == ()
    assert [each.summary for each in findings.errors] == ["Could not match supplied host pattern, ignoring: wbe"]


@pytest.mark.parametrize("pattern", [",,", ",", "", " , "])
def test_nothing_between_commas_is_all_hosts(inventory: Inventory, pattern: str) -> None:
    assert set(select(inventory, pattern)) == set(inventory.hosts)
    assert select(inventory, "db1, ,   ,as1") == ("db1", "as1")


def test_a_file_of_hosts_can_be_the_pattern(inventory: Inventory, tmp_path: Path) -> None:
    (tmp_path / "retry").write_text("# failed\ndb1\nas1\n")
    assert select(inventory, f"@{tmp_path}/retry") == ("db1", "as1")
    with pytest.raises(InputError, match="cannot read the host list"):
        select(inventory, f"@{tmp_path}/absent")
    with pytest.raises(InputError, match="must be a file"):
        select(inventory, f"@{tmp_path}")


def test_a_broken_regular_expression_is_an_input_error(inventory: Inventory) -> None:
    with pytest.raises(InputError, match="no regular expression"):
        select(inventory, "~web(")
