"""Moving an address: ARP frames, and which connections wait for an answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.remote.modules import address_move
from provisioner.remote.system import System, arp
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
