"""What ``ipaddr`` and its relatives answer, beyond the examples in their files."""

from __future__ import annotations

import pytest

from provisioner.templating.addresses import ask, asked, read


@pytest.mark.parametrize(
    ("value", "query", "answer"),
    [
        ("192.0.2.10/24", "", "192.0.2.10/24"),
        ("192.0.2.10/24", "address", "192.0.2.10"),
        ("192.0.2.0/24", "address", None),
        ("192.0.2.10/24", "prefix", 24),
        ("192.0.2.10/24", "broadcast", "192.0.2.255"),
        ("192.0.2.10/24", "subnet", "192.0.2.0/24"),
        ("192.0.2.10/24", "network/prefix", "192.0.2.0/24"),
        ("192.0.2.0/24", "net", "192.0.2.0/24"),
        ("192.0.2.10/24", "net", None),
        ("192.0.2.10/24", "host/prefix", "192.0.2.10/24"),
        ("192.0.2.0/24", "host", None),
        ("192.0.2.0/24", "size", 256),
        ("192.0.2.0/24", "size_usable", 254),
        ("192.0.2.0/24", "range_usable", "192.0.2.1-192.0.2.254"),
        ("192.0.2.0/24", "first_usable", "192.0.2.1"),
        ("192.0.2.0/24", "last_usable", "192.0.2.254"),
        ("192.0.2.254/24", "next_usable", None),
        ("192.0.2.10/24", "next_usable", "192.0.2.11"),
        ("192.0.2.10/24", "previous_usable", "192.0.2.9"),
        ("192.0.2.10/24", "hostmask", "0.0.0.255"),
        ("192.0.2.0/24", "5", "192.0.2.5/24"),
        ("192.0.2.0/24", "-1", "192.0.2.255/24"),
        ("192.0.2.0/24", "999", None),
        ("192.0.2.0/31", "peer", "192.0.2.1"),
        ("192.0.2.10", "192.0.2.0/24", "192.0.2.10"),
        ("198.51.100.1", "192.0.2.0/24", None),
        ("192.0.2.10", "type", "address"),
        ("192.0.2.0/24", "type", "network"),
        ("192.0.2.10", "version", 4),
        ("192.0.2.10", "int", 3221225994),
        (3221225994, "", "192.0.2.10"),
        ("192.0.2.10", "revdns", "10.2.0.192.in-addr.arpa."),
        ("10.0.0.1", "private", "10.0.0.1"),
        ("8.8.8.8", "private", None),
        ("8.8.8.8", "public", "8.8.8.8"),
        ("127.0.0.1", "loopback", "127.0.0.1"),
        ("fe80::1", "link-local", "fe80::1"),
        ("2001:db8::1/64", "wrap", "[2001:db8::1]/64"),
        ("[2001:db8::1]", "", "2001:db8::1"),
        ("2001:db8::1/64", "ipv4", None),
        ("192.0.2.10/255.255.255.0", "ip_netmask", "192.0.2.10 255.255.255.0"),
    ],
)
def test_an_address_answers(value: object, query: str, answer: object) -> None:
    entry = read(value)
    assert entry is not None
    assert ask(entry, query) == answer


def test_what_is_no_address_is_false_and_left_out_of_lists() -> None:
    assert asked("example.com", "") is False
    assert asked(True, "") is False
    assert asked(["192.0.2.1", None, "x", "10.0.0.1"], "private") == ["192.0.2.1", "10.0.0.1"]


def test_an_unknown_query_is_said() -> None:
    with pytest.raises(ValueError, match="there is no query 'netmsk'"):
        asked("192.0.2.1", "netmsk")
