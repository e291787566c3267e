"""Who talks to the server and to whom it talks, seen while it is watched. Nothing here is compared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import field

from provisioner.discovery.judging import Rule
from provisioner.discovery.sections import Finding, Sections, number
from provisioner.discovery.snapshot import Json
from provisioner.discovery.sockets import endpoint, kernel_rows, plain_address, program
from provisioner.records import dataclass

PROBE = r"""
if have ss && ss -H -tn >/dev/null 2>&1; then how=ss; elif have netstat; then how=netstat; else how=kernel; fi
section listening
if [ $how = ss ]; then ss -H -tln 2>/dev/null | awk '{print $4}'
elif [ $how = netstat ]; then netstat -tln 2>/dev/null | awk '/LISTEN/{print $4}'
else awk '$4 == "0A" {print "hex "$2}' /proc/net/tcp /proc/net/tcp6 2>/dev/null; fi
section peers
now=$(date +%s); end=$((now + WATCH)); pause=1; [ "$WATCH" -gt 600 ] && pause=5
while :; do
  echo "@ $now"
  case $how in
    ss) ss -H -tunp state established state syn-sent state close-wait 2>/dev/null ;;
    netstat) netstat -tunp 2>/dev/null | grep -E 'ESTABLISHED|SYN_SENT|CLOSE_WAIT' ;;
    kernel) for each in tcp tcp6; do
        [ -r /proc/net/$each ] && awk -v t=$each '$4 == "01" || $4 == "08" {print t" "$0}' /proc/net/$each
      done ;;
  esac
  [ "$now" -ge "$end" ] && break
  sleep $pause
  now=$(date +%s)
done
"""
RULES: tuple[Rule, ...] = ()


@dataclass(slots=True)
class Seen:
    """One peer: in how many samples, from when to when."""

    samples: set[int] = field(default_factory=set)
    most: int = 0


def read(said: Sections) -> Finding:
    """Return peers by direction, address and port; of those who come in the port is ours, else theirs."""
    listening = {_port(line) for line in said.lines("listening")}
    seen: dict[tuple[str, str, int, str, str], Seen] = {}
    times: list[int] = []
    for clock, rows in _samples(said):
        times.append(clock)
        now: dict[tuple[str, str, int, str, str], int] = {}
        for protocol, address, port, peer, peer_port, name in rows:
            if address.startswith("127.") or address in ("::1", peer):
                continue
            key = (("in", peer, port) if port in listening else ("out", peer, peer_port)) + (protocol, name)
            now[key] = now.get(key, 0) + 1
        for key, count in now.items():
            each = seen.setdefault(key, Seen())
            each.samples.add(clock)
            each.most = max(each.most, count)
    peers: list[Json] = [
        {"direction": key[0], "peer": key[1], "port": key[2], "protocol": key[3], "program": key[4],
         "seen": len(each.samples), "most": each.most, "first": min(each.samples), "last": max(each.samples)}
        for key, each in sorted(seen.items())
    ]  # fmt: skip
    seconds = max(times) - min(times) if times else 0
    return Finding({}, {"peers": peers, "samples": len(times), "seconds": seconds})


def _port(line: str) -> int:
    if line.startswith("hex "):
        return int(line.rpartition(":")[2], 16)
    return endpoint(line)[1]


def _samples(said: Sections) -> Iterator[tuple[int, list[tuple[str, str, int, str, int, str]]]]:
    clock: int | None = None
    rows: list[tuple[str, str, int, str, int, str]] = []
    for line in said.lines("peers"):
        if line.startswith("@ "):
            if clock is not None:
                yield clock, rows
            clock, rows = number(line[2:]), []
        elif row := _row(line):
            rows.append(row)
    if clock is not None:
        yield clock, rows


def _row(line: str) -> tuple[str, str, int, str, int, str] | None:
    """Return protocol, own address and port, the peer's, and the program."""
    words = line.split()
    if words[0] in ("tcp", "tcp6", "udp", "udp6") and len(words) > 3 and re.fullmatch(r"\d+:", words[1]):
        row = next(kernel_rows([line]), None)
        return (row.protocol, row.address, row.port, row.peer, row.peer_port, "") if row else None
    ends = [word for word in words if re.fullmatch(r"\S+:\d+", word)]
    if len(ends) < 2:
        return None
    (address, port), (peer, peer_port) = endpoint(ends[0]), endpoint(ends[1])
    name = re.search(r'\(\("([^"]+)"|\s\d+/(\S+)', line)
    who = program(name.group(1) or name.group(2)) if name else ""
    return words[0][:3], plain_address(address), port, plain_address(peer), peer_port, who
