"""DNS messages: what is sent is what the standards say, and what comes back is understood or refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from provisioner.remote.change import Failed
from provisioner.remote.modules import dns_switch
from provisioner.remote.runner import Mode, run_module
from provisioner.remote.system import System, dns_wire
from provisioner.remote.system.dns_wire import Key

SECRET = base64.b64encode(b"0123456789abcdef").decode()


def test_names_become_wire_and_back_with_pointers() -> None:
    wire = dns_wire.name_to_wire("shop.Example.org.")
    assert wire == b"\4shop\7Example\3org\0"
    pointed = wire + b"\3www\xc0\5"
    assert dns_wire.name_from_wire(pointed, len(wire)) == ("www.Example.org.", len(pointed))


@pytest.mark.parametrize("data", [b"\xc0\0", b"\3abc\xc0\0"])
def test_names_that_go_round_in_circles_are_refused(data: bytes) -> None:
    with pytest.raises(Failed, match="round in circles"):
        dns_wire.name_from_wire(data, 0)


def test_a_name_of_another_script_is_sent_in_its_plain_form() -> None:
    assert dns_wire.name_to_wire("bücher.example") == b"\x0dxn--bcher-kva\7example\0"


def test_an_update_deletes_the_records_of_that_type_and_adds_the_new_ones() -> None:
    message = dns_wire.replacement("example.org.", "shop.example.org", "A", 30, ["10.0.0.1", "10.0.0.2"])
    assert struct.unpack_from("!HHHHH", message, 2) == (5 << 11, 1, 0, 3, 0)
    name = dns_wire.name_to_wire("shop.example.org")
    assert name + struct.pack("!HHIH", 1, 255, 0, 0) in message
    assert message.endswith(name + struct.pack("!HHIH", 1, 1, 30, 4) + b"\x0a\0\0\2")


def test_a_signature_covers_the_message_and_the_key() -> None:
    message = dns_wire.question("shop.example.org", "A")
    sealed = dns_wire.signed(message, Key("K", "hmac-sha256", SECRET), 1000.0)
    moment = struct.pack("!HIH", 0, 1000, 300)
    variables = b"\1k\0" + struct.pack("!HI", 255, 0) + b"\x0bhmac-sha256\0" + moment + b"\0\0\0\0"
    mac = hmac.new(b"0123456789abcdef", message + variables, hashlib.sha256).digest()
    assert sealed[:10] == message[:10]
    assert sealed[10:12] == b"\0\1"
    assert sealed.endswith(moment + struct.pack("!H", 32) + mac + message[:2] + b"\0\0\0\0")


@pytest.mark.parametrize(
    ("key", "message"),
    [(Key("k", "hmac-md4", SECRET), "unknown algorithm hmac-md4"), (Key("k", "hmac-sha256", "!"), "is not base64")],
)
def test_a_key_that_cannot_sign_is_refused(key: Key, message: str) -> None:
    with pytest.raises(Failed, match=message):
        dns_wire.signed(dns_wire.question("a", "A"), key, 0.0)


@pytest.mark.parametrize("data", [b"", b"\0" * 5, b"\0\0\x84\0\0\0\0\1\0\0\0\0\1a"])
def test_an_answer_that_is_cut_off_is_refused(data: bytes) -> None:
    with pytest.raises(Failed, match="is not understood"):
        dns_wire.parse(data)


def test_values_are_checked_before_they_are_sent() -> None:
    with pytest.raises(Failed, match="is no value of a record of type AAAA"):
        dns_wire.value_to_wire("AAAA", "10.0.0")


class Zone:
    """A DNS server on a local port that has one zone and takes every update signed by its key."""

    def __init__(self) -> None:
        self.values, self.ttl, self.updates = ["10.0.0.11"], 3600, 0
        self.code = 0
        self.link = socket.create_server(("127.0.0.1", 0))
        self.port = self.link.getsockname()[1]
        threading.Thread(target=self._serve, name="stand-in", daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                asker, _ = self.link.accept()
            except OSError:
                return
            with asker:
                size = struct.unpack("!H", asker.recv(2))[0]
                answer = self._answer(asker.recv(size))
                asker.sendall(struct.pack("!H", len(answer)) + answer)

    def _answer(self, message: bytes) -> bytes:
        if message[2] >> 3 == 5:
            return self._updated(message)
        name, at = dns_wire.name_from_wire(message, 12)
        kind = struct.unpack_from("!H", message, at)[0]
        asked = message[12 : at + 4]
        records = b""
        found = self._records(name, kind)
        for owner, number, data in found:
            records += dns_wire.name_to_wire(owner) + struct.pack("!HHIH", number, 1, self.ttl, len(data)) + data
        return message[:2] + struct.pack("!HHHHH", 0x8400, 1, len(found), 0, 0) + asked + records

    def _records(self, name: str, kind: int) -> list[tuple[str, int, bytes]]:
        if (name, kind) == ("shop.example.org.", 1):
            return [(name, 1, socket.inet_aton(value)) for value in self.values]
        if (name, kind) == ("example.org.", 6):
            soa = dns_wire.name_to_wire("ns.example.org") + dns_wire.name_to_wire("root.example.org") + b"\0" * 20
            return [(name, 6, soa)]
        return []

    def _updated(self, message: bytes) -> bytes:
        if not self.code:
            self.updates += 1
            count = struct.unpack_from("!H", message, 8)[0] - 1
            body = message[: message.rindex(b"\1k\0" + struct.pack("!HH", 250, 255))]
            self.values = sorted(socket.inet_ntoa(body[len(body) - 32 * n :][28:32]) for n in range(count, 0, -1))
            self.ttl = struct.unpack_from("!I", body, len(body) - 10)[0]
        return message[:2] + struct.pack("!HHHHH", 0xA800 | self.code, 0, 0, 0, 0)


@pytest.fixture(name="zone")
def one_zone() -> Iterator[Zone]:
    zone = Zone()
    yield zone
    zone.link.close()


@pytest.fixture(name="switch")
def switching(zone: Zone, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    def run(do: str, **more: Any) -> dict[str, Any]:
        where = {"server": "127.0.0.1", "port": zone.port, "servers": ["127.0.0.1"]}
        words = {"do": do, "record": "shop.example.org", **where, "key_name": "k", "key_secret": SECRET, **more}
        return run_module(dns_switch, words, Mode(diff=True), System(root=str(tmp_path)))

    return run


def test_a_record_is_moved_after_its_lifetime_was_lowered_and_gets_it_back(
    zone: Zone, switch: Callable[..., dict[str, Any]]
) -> None:
    lowered = switch("lower", ttl=30)
    assert (lowered["changed"], zone.ttl, lowered["measured"]["wait_s"]) == (True, 30, 3600.0)
    assert switch("lower", ttl=30)["changed"] is False
    refused = switch("current", values=["10.0.0.11"], must_have_waited=True)
    assert refused["msg"].startswith("the lifetime that shop.example.org had before (3600 s) is over in 3")
    pointed = switch("point", values=["10.0.0.12"])
    assert (pointed["changed"], zone.values, zone.ttl, pointed["servers"]) == (
        True, ["10.0.0.12"], 30, {"127.0.0.1": ["10.0.0.12"]},
    )  # fmt: skip
    assert switch("point", values=["10.0.0.12"])["changed"] is False
    assert switch("restore")["changed"] is True
    assert (zone.ttl, zone.updates) == (3600, 3)
    assert switch("restore")["changed"] is False


def test_current_names_the_server_that_has_something_else(switch: Callable[..., dict[str, Any]]) -> None:
    said = switch("current", values=["10.0.0.12"])["msg"]
    assert said == "shop.example.org is 10.0.0.11 at 127.0.0.1, expected: 10.0.0.12"


@pytest.mark.parametrize(("code", "words"), [(5, "it refuses"), (9, "does not accept the key"), (77 & 15, "code 13")])
def test_a_refused_update_says_why(zone: Zone, switch: Callable[..., dict[str, Any]], code: int, words: str) -> None:
    zone.code = code
    assert words in switch("point", values=["10.0.0.12"])["msg"]


def test_the_key_is_no_part_of_the_result(switch: Callable[..., dict[str, Any]]) -> None:
    result = switch("current")
    assert SECRET not in str({name: value for name, value in result.items() if name != "_secrets"})
