"""Who talks to a server is remembered from one snapshot to the next."""

from __future__ import annotations

from provisioner.discovery.snapshot import Json, Snapshot
from provisioner.discovery.watching import remembered


def peer(name: str, first: int, last: int, seen: int) -> dict[str, Json]:
    return {"direction": "in", "peer": name, "port": 80, "protocol": "tcp", "program": "nginx", "seen": seen,
            "most": seen, "first": first, "last": last}  # fmt: skip


def watched(*peers: dict[str, Json], host: str = "web") -> Snapshot:
    return Snapshot(host, measured={"connections": {"peers": list(peers), "samples": 10, "seconds": 9}, "os": {"x": 1}})


def test_peers_of_an_earlier_snapshot_stay_and_times_add_up() -> None:
    found = remembered(
        watched(peer("a", 200, 210, 3), peer("c", 205, 205, 1)), watched(peer("a", 100, 110, 5), peer("b", 1, 2, 1))
    )
    assert found.measured["connections"] == {
        "peers": [{**peer("a", 100, 210, 8), "most": 5}, peer("b", 1, 2, 1), peer("c", 205, 205, 1)],
        "samples": 20, "seconds": 18,
    }  # fmt: skip
    assert found.measured["os"] == {"x": 1}


def test_another_host_or_one_that_was_not_watched_brings_nothing() -> None:
    now = watched(peer("a", 200, 210, 3))
    assert remembered(now, watched(peer("b", 1, 2, 1), host="db")) == now
    assert remembered(now, Snapshot("web")) == now
    assert remembered(Snapshot("web"), now) == Snapshot("web")
