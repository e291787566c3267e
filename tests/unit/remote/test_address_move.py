"""Moving an address: ARP frames, and which connections wait for an answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.remote.modules import address_move
from provisioner.remote.system import System, arp, ndisc
from tests.modules.stand_in import RecordedCommands

MAC = b"\x02\0\0\0\0\1"
PARAMS = address_move.Params.parse({"address": "10.0.0.80/24", "state": "held", "ports": ["80"]})


def test_a_frame_is_read_as_it_was_made() -> None:
    heard = arp.parse(arp.frame(arp.REQUEST, MAC, "0.0.0.0", "10.0.0.80"))
    assert heard == arp.Heard(arp.REQUEST, MAC, "0.0.0.0", "10.0.0.80")
    assert arp.shown(MAC) == "02:00:00:00:00:01"


def test_a_frame_goes_to_everybody_and_is_as_long_as_the_standard_says() -> None:
    frame = arp.frame(arp.REPLY, MAC, "10.0.0.80", "10.0.0.80")
    assert (len(frame), frame[:6], frame[12:14]) == (42, b"\xff" * 6, b"\x08\x06")


def test_neighbours_are_asked_and_told_as_the_standard_says() -> None:
    asking, telling = ndisc.solicitation(MAC, "2001:db8::1:80"), ndisc.advertisement(MAC, "2001:db8::1:80")
    assert ndisc.parse(asking) == ndisc.Heard(ndisc.SOLICIT, MAC, "2001:db8::1:80")
    assert ndisc.parse(telling) == ndisc.Heard(ndisc.ADVERT, MAC, "2001:db8::1:80")
    assert asking[:6] == b"\x33\x33\xff\x01\x00\x80"
    assert asking[38:54] == ndisc.packed("ff02::1:ff01:80")
    assert telling[:6] == b"\x33\x33\0\0\0\1"
    assert telling[-8:] == b"\x02\x01" + MAC
    for frame in (asking, telling):
        assert frame[21] == 255
        pseudo = frame[22:54] + len(frame[54:]).to_bytes(4, "big") + (58).to_bytes(4, "big")
        assert ndisc._checksum(pseudo + frame[54:]) == 0, "the sum over a message that has its sum is nothing"


@pytest.mark.parametrize("data", [b"", b"\0" * 60, b"\xff" * 90])
def test_what_is_no_neighbour_discovery_is_passed_over(data: bytes) -> None:
    assert ndisc.parse(data) is None


def test_a_client_of_ipv6_is_known_by_its_address_and_port(tmp_path: Path) -> None:
    said = "0 0 [2001:db8::80]:80 [2001:db8::7]:1234\n\t cubic lastsnd:500 lastrcv:510 data_segs_out:3\n"
    entry = {"argv": "ss -tinH state established src [2001:db8::80]", "out": said}
    system = System(root=str(tmp_path), commands=RecordedCommands(tmp_path, [entry]))
    params = address_move.Params.parse({"address": "2001:DB8::80/64", "state": "held", "ports": ["80"]})
    assert address_move._connections(params, system) == (set(), {"2001:db8::7 . 1234"})
    assert address_move._end_of("2001:db8::7 . 1234") == "[2001:db8::7]:1234"
    assert address_move._end_of("10.0.0.7 . 1234") == "10.0.0.7:1234"


@pytest.mark.parametrize("data", [b"", b"\0" * 41, b"\xff" * 60])
def test_what_is_no_arp_is_passed_over(data: bytes) -> None:
    assert arp.parse(data) is None


@pytest.mark.parametrize(
    ("detail", "waits"),
    [
        ("lastsnd:500 lastrcv:510 data_segs_out:3 data_segs_in:3", False),
        ("lastsnd:510 lastrcv:400 data_segs_out:3 data_segs_in:4", True),
        ("lastsnd:4 lastrcv:4 data_segs_out:3 data_segs_in:3", True),
        ("lastsnd:400 lastrcv:400 data_segs_out:3 data_segs_in:3", False),
        ("lastsnd:9000 lastrcv:9000 data_segs_in:1", True),
        ("lastsnd:9000 lastrcv:9000", False),
        ("lastsnd:0 lastrcv:0", True),
    ],
)
def test_a_connection_waits_where_the_last_word_was_the_clients(detail: str, waits: bool, tmp_path: Path) -> None:
    said = (
        f"0 0 10.0.0.80:80 10.0.0.7:1234\n\t cubic {detail}\n0 0 10.0.0.80:22 10.0.0.8:99\n\t x lastsnd:1 lastrcv:0\n"
    )
    entry = {"argv": "ss -tinH state established src 10.0.0.80", "out": said}
    system = System(root=str(tmp_path), commands=RecordedCommands(tmp_path, [entry]))
    client = {"10.0.0.7 . 1234"}
    assert address_move._connections(PARAMS, system) == ((client, set()) if waits else (set(), client))


def test_what_is_left_to_read_is_a_request_under_way(tmp_path: Path) -> None:
    said = "12 0 10.0.0.80:80 [::ffff:10.0.0.7]:1234\n\t cubic lastsnd:500 lastrcv:900 data_segs_out:1\n"
    entry = {"argv": "ss -tinH state established src 10.0.0.80", "out": said}
    system = System(root=str(tmp_path), commands=RecordedCommands(tmp_path, [entry]))
    assert address_move._connections(PARAMS, system) == ({"10.0.0.7 . 1234"}, set())
