"""How a lab's network is chosen and what the kernel is told, on a stand-in for the kernel."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from provisioner.lab.commands import Commands, LabError, Outcome
from provisioner.lab.names import KernelNames
from provisioner.lab.network import Network


class Kernel(Commands):
    """Has these routes, knows no netem, and notes everything it is told."""

    def __init__(self, *routes: str) -> None:
        self.routes = routes
        self.told: list[str] = []
        self.links = Path("/nowhere")

    def attempt(
        self,
        argv: Sequence[str],
        *,
        text: str | None = None,
        timeout_s: float = 60,
        environment: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Answer as the programs would."""
        self.told.append(" ".join(argv) + (f" <<< {text}" if text else ""))
        if list(argv[:3]) == ["ip", "link", "del"] and (self.links / argv[3]).exists():
            shutil.rmtree(self.links / argv[3])
        if "route" in argv:
            return Outcome(0, json.dumps([{"dst": route} for route in self.routes]), "")
        if "netem" in argv:
            return Outcome(2, "", "Error: Specified qdisc kind is unknown.\n")
        return Outcome(0, "", "")


@pytest.fixture(name="links", autouse=True)
def interfaces_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("provisioner.lab.network.LINKS", tmp_path)
    return tmp_path


def bridge(links: Path, number: int, owner: str) -> None:
    (links / f"prov-br{number}").mkdir()
    (links / f"prov-br{number}" / "ifalias").write_text(owner + "\n")


def test_the_lowest_network_that_nobody_has_is_chosen() -> None:
    assert Network(Kernel("default", "192.0.2.0/24")).free_subnet([]) == 0
    assert Network(Kernel()).free_subnet([0, 2]) == 1


@pytest.mark.parametrize(("route", "chosen"), [("10.77.0.0/24", 1), ("10.77.0.7", 1), ("10.77.0.0/22", 4)])
def test_a_network_that_a_route_meets_is_not_taken(route: str, chosen: int) -> None:
    assert Network(Kernel(route)).free_subnet([]) == chosen


def test_a_bridge_of_any_lab_takes_its_network(links: Path) -> None:
    bridge(links, 0, "/elsewhere/labs/dev")
    bridge(links, 1, "")
    assert Network(Kernel()).free_subnet([]) == 2


def test_a_machine_without_a_free_network_says_so() -> None:
    with pytest.raises(LabError, match=r"no network of 10\.77\.0\.0/16 is free"):
        Network(Kernel("10.0.0.0/8")).free_subnet([])


def test_a_lab_finds_its_bridges_again_and_only_those(links: Path) -> None:
    bridge(links, 3, "/labs/dev")
    bridge(links, 4, "/labs/dev2")
    network = Network(Kernel())
    assert network.owned_by(Path("/labs/dev")) == (3,)
    assert network.owners() == (Path("/labs/dev"), Path("/labs/dev2"))
    assert network.is_open_to("prov-br3", Path("/labs/dev"))
    assert network.is_open_to("prov-br5", Path("/labs/dev"))
    assert not network.is_open_to("prov-br4", Path("/labs/dev"))


def test_closing_removes_cables_bridge_and_table(links: Path) -> None:
    bridge(links, 3, "/labs/dev")
    (links / "prov-br3" / "brif" / "prov-3-1").mkdir(parents=True)
    kernel = Kernel()
    kernel.links = links
    Network(kernel).close_bridge(KernelNames("dev", 3))
    assert kernel.told == ["ip link del prov-3-1", "ip link del prov-br3", "nft delete table ip prov_lab_3"]


def test_a_delay_the_kernel_cannot_make_is_explained() -> None:
    with pytest.raises(LabError, match=r"cannot delay packets .*qdisc kind is unknown.* sch_netem"):
        Network(Kernel()).delay("prov-3-1", 50)
