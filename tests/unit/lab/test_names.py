"""Names of labs and hosts, and what the kernel's parts are called."""

from __future__ import annotations

import pytest

from provisioner.diagnostics.errors import InputError
from provisioner.lab.names import MOST_HOSTS, KernelNames, checked_lab_name, host_names


@pytest.mark.parametrize("name", ["dev", "a", "lab2", "x" * 20])
def test_a_plain_word_may_name_a_lab(name: str) -> None:
    assert checked_lab_name(name) == name


@pytest.mark.parametrize("name", ["", "my-lab", "Dev", "1st", "x" * 21, "../up", "a b"])
def test_a_name_that_could_be_mistaken_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="cannot be the name of a lab"):
        checked_lab_name(name)


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (2, ("h1", "h2")),
        ("3", ("h1", "h2", "h3")),
        ("old,new, lb", ("old", "new", "lb")),
        (["web-1"], ("web-1",)),
        ("lb", ("lb",)),
    ],
)
def test_hosts_are_given_by_number_or_by_name(wanted: object, names: tuple[str, ...]) -> None:
    assert host_names(wanted) == names  # type: ignore[arg-type]


@pytest.mark.parametrize("wanted", [0, "0", MOST_HOSTS + 1, "", "a,,b", "a,a", "web-", "A", "a/b", "x" * 31])
def test_impossible_hosts_are_refused(wanted: object) -> None:
    with pytest.raises(InputError):
        host_names(wanted)  # type: ignore[arg-type]


def test_interface_names_fit_the_kernel() -> None:
    names = KernelNames("x" * 20, 255)
    assert len(names.bridge) <= 15
    assert len(names.link(MOST_HOSTS)) <= 15


def test_every_host_of_every_lab_has_its_own_addresses() -> None:
    pairs = [(KernelNames("a", subnet), number) for subnet in (0, 1, 255) for number in (1, 2, MOST_HOSTS)]
    assert len({names.address(number) for names, number in pairs}) == len(pairs)
    assert len({names.hardware_address(number) for names, number in pairs}) == len(pairs)
    assert len({names.link(number) for names, number in pairs}) == len(pairs)


def test_the_last_host_still_has_an_address_in_the_network() -> None:
    assert KernelNames("a", 7).address(MOST_HOSTS) == "10.77.7.210"
