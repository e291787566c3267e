"""Who was seen talking to a server, gathered over several snapshots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from provisioner.discovery.snapshot import Json, Snapshot

SCOPE = "connections"
KEY = ("direction", "peer", "port", "protocol", "program")


def remembered(now: Snapshot, before: Snapshot) -> Snapshot:
    """Return the snapshot with the peers that an earlier one of the same host had seen.

    Times of watching add up; a peer keeps the first time it was ever seen.
    """
    seen, earlier = (dict(each.measured.get(SCOPE, {})) for each in (now, before))
    if not seen or not earlier or now.host != before.host:
        return now
    peers = _peers(earlier)
    for key, peer in _peers(seen).items():
        known = peers.get(key)
        peers[key] = peer if known is None else _joined(known, peer)
    merged: dict[str, Json] = {name: _number(earlier, name) + _number(seen, name) for name in ("samples", "seconds")}
    merged["peers"] = [peers[key] for key in sorted(peers)]
    return replace(now, measured={**now.measured, SCOPE: merged})


def _peers(measured: Mapping[str, Json]) -> dict[tuple[str, ...], Mapping[str, Json]]:
    found = measured.get("peers")
    peers = [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []
    return {tuple(str(peer.get(name, "")) for name in KEY): peer for peer in peers}


def _joined(before: Mapping[str, Json], now: Mapping[str, Json]) -> dict[str, Json]:
    return {
        **now,
        "seen": _number(before, "seen") + _number(now, "seen"),
        "most": max(_number(before, "most"), _number(now, "most")),
        "first": min(_number(before, "first"), _number(now, "first")),
        "last": max(_number(before, "last"), _number(now, "last")),
    }


def _number(values: Mapping[str, Json], name: str) -> int:
    value = values.get(name)
    return value if isinstance(value, int) else 0
