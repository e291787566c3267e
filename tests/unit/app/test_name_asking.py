"""Times to live from a name server of the test's own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import dns.message
import dns.resolver
import dns.rrset
import pytest

from provisioner.app import name_asking
from provisioner.app.name_asking import ask_names
from provisioner.discovery.snapshot import Scope, Snapshot
from provisioner.migration.names import is_name, names_of
from provisioner.migration.sight import NameAnswer

RECORDS = {"www.shop.org.": ("192.0.2.1", 3600)}


def served(query: bytes) -> bytes:
    """Return the answer of a server that knows one name."""
    asked = dns.message.from_wire(query)
    answer = dns.message.make_response(asked)
    question = asked.question[0]
    known = RECORDS.get(str(question.name))
    if known is not None and question.rdtype == 1:
        answer.answer.append(dns.rrset.from_text(question.name, known[1], "IN", "A", known[0]))
    elif known is None:
        answer.set_rcode(3)  # type: ignore[arg-type]
    return answer.to_wire()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]

        def serve() -> None:
            while True:
                query, client = listening.recvfrom(4096)
                if query == b"end":
                    return
                listening.sendto(served(query), client)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        original = dns.resolver.Resolver

        def resolver(configure: bool = True) -> dns.resolver.Resolver:
            made = original(configure=configure)
            made.port = port
            return made

        monkeypatch.setattr(dns.resolver, "Resolver", resolver)
        yield "127.0.0.1"
        listening.sendto(b"end", ("127.0.0.1", port))
        thread.join(5)


def test_the_answer_has_addresses_and_the_time_to_live(server: str) -> None:
    found = ask_names(["www.shop.org", "none.shop.org"], [server])
    assert found["www.shop.org"] == NameAnswer(("192.0.2.1",), 3600)
    assert "none.shop.org" in found["none.shop.org"].problem


def test_nothing_is_asked_for_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(name_asking.dns.resolver, "Resolver", None)
    assert ask_names([]) == {}


def test_the_names_of_a_server_are_those_of_its_sites_and_its_own() -> None:
    sites = {"nginx a": {"names": ["Shop.example.org.", "_", "*.example.org", "localhost", "10.0.0.1"]}}
    scopes = {"websites": Scope(items=sites), "os": Scope(items={"hostname": {"name": "w", "fqdn": "w.example.org"}})}  # type: ignore[dict-item]
    assert names_of(Snapshot("w", scopes=scopes)) == ("shop.example.org", "w.example.org")
    assert names_of(Snapshot("w")) == ()


@pytest.mark.parametrize("text", ["localhost", "a.local", "192.0.2.1", "*.b.org", "x", "a b.org", "web.lan"])
def test_what_cannot_be_asked_for_is_no_name(text: str) -> None:
    assert not is_name(text)
