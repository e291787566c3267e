"""Ports something listens on, with the program and its user."""

from __future__ import annotations

import re

from provisioner.discovery.judging import Rule, extra_is_informative, informative
from provisioner.discovery.sections import Finding, Sections, number, texts
from provisioner.discovery.snapshot import Item
from provisioner.discovery.sockets import endpoint, kernel_rows, program

PROBE = r"""
section own; have ip && ip -o addr show scope global 2>/dev/null | awk '{sub(/\/.*/, "", $4); print $4}'
section range; cat /proc/sys/net/ipv4/ip_local_port_range 2>/dev/null
if have ss && ss -H -tuln >/dev/null 2>&1; then
  section ss; ss -H -tulnp 2>/dev/null
elif have netstat; then
  section netstat; netstat -tulnp 2>/dev/null
else
  section kernel
  for each in tcp tcp6 udp udp6; do [ -r /proc/net/$each ] && sed "s/^/$each /" /proc/net/$each; done
  section inodes
  ls -l /proc/[0-9]*/fd 2>/dev/null | awk '/^\/proc/{split($0, p, "/"); pid=p[3]} /socket:/{print pid"\t"$NF}'
fi
section programs
for each in /proc/[0-9]*; do
  [ -r "$each/comm" ] && printf '%s\t%s\n' "${each#/proc/}" "$(cat "$each/comm" 2>/dev/null)"
done
have stat || partly 'there is no stat: whose programs these are is not known'
section owners; stat -c "%n${TAB}%U" /proc/[0-9]* 2>/dev/null
needs_root 'programs of other users are not known'
"""
RULES: tuple[Rule, ...] = (
    extra_is_informative("open on the new server alone"),
    informative("*", "another user; the program is the same", "users"),
)


def read(said: Sections) -> Finding:
    """Return an item for each protocol, address and port; the machine's own addresses are written ``<own>``."""
    own = set(said.text("own").split())
    low, high = [number(each) for each in said.text("range").split()[:2]] or [32768, 60999]
    owners = {path.removeprefix("/proc/"): user for path, user in said.rows("owners", 2)}
    comms = dict(said.rows("programs", 2))
    found: dict[str, tuple[set[str], set[str]]] = {}
    for protocol, address, port, pids, names in _listening(said):
        if protocol == "udp" and low <= port <= high:
            continue  # a client that waits for an answer
        shown = "<own>" if address in own else address
        programs, users = found.setdefault(f"{protocol} {shown}:{port}", (set(), set()))
        programs |= {program(each) for each in (*(comms.get(pid, "") for pid in pids if not names), *names) if each}
        users |= {owners[pid] for pid in pids if pid in owners}
    items: dict[str, Item] = {
        key: {"programs": texts(programs), "users": texts(users)} for key, (programs, users) in found.items()
    }
    return Finding(items)


def _listening(said: Sections) -> list[tuple[str, str, int, list[str], list[str]]]:
    """Return protocol, address, port, process ids and program names of what listens."""
    found = []
    for line in said.lines("ss"):
        words = line.split(None, 6)
        if len(words) >= 6:
            who = words[6] if len(words) > 6 else ""
            address, port = endpoint(words[4])
            found.append((words[0][:3], address, port, re.findall(r"pid=(\d+)", who), re.findall(r'"([^"]+)"', who)))
    for line in said.lines("netstat"):
        if match := re.match(r"(tcp|udp)6?\s+\d+\s+\d+\s+(\S+)\s+\S+(?:\s+LISTEN)?\s+(?:(\d+)/(\S+)|-)", line):
            address, port = endpoint(match.group(2))
            pid, name = match.group(3), match.group(4)
            found.append((match.group(1), address, port, [pid] if pid else [], [name] if name else []))
    holders: dict[str, list[str]] = {}
    for pid, target in said.rows("inodes", 2):
        holders.setdefault("".join(re.findall(r"\d+", target)), []).append(pid)
    for row in kernel_rows(said.lines("kernel")):
        if row.state == ("0A" if row.protocol == "tcp" else "07") and not row.peer_port:
            found.append((row.protocol, row.address, row.port, holders.get(row.inode, []), []))
    return found
