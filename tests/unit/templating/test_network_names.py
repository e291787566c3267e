"""Masks, subnets and hardware addresses, as plugins ask for them."""

from __future__ import annotations

import pytest

from provisioner.templating import network_names as names


@pytest.mark.parametrize(("text", "answer"), [
    ("00:00:00:a1:2b:cc", True), ("00-00-00-A1-2B-CC", True), ("00:00:00:a1:2b", False), ("00:00-00:a1:2b:cc", False),
])  # fmt: skip
def test_a_hardware_address_has_six_pairs_and_one_separator(text: str, answer: bool) -> None:
    assert names.is_mac(text) is answer


def test_masks_and_lengths_stand_for_each_other() -> None:
    assert (names.to_netmask(24), names.to_masklen("255.255.255.0"), names.to_bits("255.0.0.0")) == (
        "255.255.255.0", 24, "11111111",
    )  # fmt: skip
    assert [names.is_netmask(each) for each in ("255.255.0.0", "255.0.255.0", "x")] == [True, False, False]
    assert [names.is_masklen(each) for each in (0, "32", 33, "x")] == [True, True, False, False]
    with pytest.raises(ValueError, match="netmask"):
        names.to_masklen("255.0.255.0")


def test_the_network_of_an_address() -> None:
    assert names.to_subnet("192.168.1.9", 24) == "192.168.1.0/24"
    assert names.to_subnet("192.168.1.9", "255.255.255.0", dotted_notation=True) == "192.168.1.0 255.255.255.0"
    assert names.to_ipv6_subnet("2001:db8:1:2::5") == "2001:db8:1:2::"
    assert names.to_ipv6_network("2001:db8:1:2::5") == "2001:db8:1::"
