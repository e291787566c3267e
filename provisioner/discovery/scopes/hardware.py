"""Processors, memory, disks, network interfaces and the way out; how much of it is in use."""

from __future__ import annotations

import json
import re

from provisioner.discovery.judging import Kind, Rule, Severity, expected, informative
from provisioner.discovery.sections import Finding, Sections, number
from provisioner.discovery.snapshot import Item, Json

PROBE = r"""
section processor; grep -E '^(model name|processor|Model|Hardware)' /proc/cpuinfo 2>/dev/null
section count; getconf _NPROCESSORS_ONLN 2>/dev/null || nproc 2>/dev/null
section memory; cat /proc/meminfo 2>/dev/null || nothing 'there is no /proc/meminfo'
section load; cat /proc/loadavg 2>/dev/null
section disks
for each in /sys/block/*; do
  [ -e "$each/device" ] || [ -d "$each/dm" ] || [ -d "$each/md" ] || continue
  printf '%s\t%s\t%s\t%s\n' "${each##*/}" "$(cat "$each/size" 2>/dev/null)" \
    "$(cat "$each/queue/rotational" 2>/dev/null)" "$(cat "$each/device/model" 2>/dev/null)"
done
section interfaces
for each in /sys/class/net/*; do
  printf '%s\t%s\t%s\n' "${each##*/}" "$(cat "$each/address" 2>/dev/null)" "$(cat "$each/mtu" 2>/dev/null)"
done
section addresses
if have ip; then ip -o addr show scope global 2>/dev/null
elif have ifconfig; then ifconfig -a 2>/dev/null
else partly 'neither ip nor ifconfig is there: addresses are not known'; fi
section route; have ip && ip route show default 2>/dev/null
section health
if have smartctl && is_root; then
  for each in /sys/block/sd* /sys/block/nvme*; do
    [ -e "$each/device" ] && printf '%s\t%s\n' "${each##*/}" \
      "$(limited 5 smartctl -H "/dev/${each##*/}" 2>/dev/null | grep -iE 'overall-health|health status')"
  done
fi
"""
RULES: tuple[Rule, ...] = (
    expected("interface:*", "every machine has its own addresses"),
    expected("route:*", "routes belong to the network a server is in"),
    Rule("disk:*", Severity.INFORMATIVE, "what counts is room on mounts", kinds=(Kind.MISSING, Kind.EXTRA)),
    informative("disk:*", "what counts is room on mounts"),
    informative("*", "the new server may be another machine; whether it is large enough is assessed apart"),
)


def read(said: Sections) -> Finding:
    """Return what the machine is made of."""
    memory = {key: number(value) * 1024 for key, value in said.pairs("memory", ":").items()}
    models = [value for key, value in (line.split(":", 1) for line in said.lines("processor") if ":" in line)
              if key.strip() in ("model name", "Model", "Hardware")]  # fmt: skip
    items: dict[str, Item] = {
        "processor": {"model": " ".join(models[0].split()) if models else "", "count": number(said.text("count"))},
        "memory": {"bytes": memory.get("MemTotal", 0), "swap_bytes": memory.get("SwapTotal", 0)},
    }
    for name, size, rotational, model in said.rows("disks", 4):
        items[f"disk:{name}"] = {"bytes": number(size) * 512, "rotational": rotational == "1", "model": model.strip()}
    addresses = _addresses(said)
    for name, mac, mtu in said.rows("interfaces", 3):
        if name != "lo":
            items[f"interface:{name}"] = {"mac": mac, "mtu": number(mtu), "addresses": addresses.get(name, [])}
    if route := re.search(r"default(?: via (\S+))?.*? dev (\S+)", said.text("route")):
        items["route:default"] = {"gateway": route.group(1) or "", "interface": route.group(2)}
    return Finding(items, _measured(said, memory))


def _measured(said: Sections, memory: dict[str, int]) -> dict[str, Json]:
    health: dict[str, Json] = {name: text.partition(":")[2].strip() for name, text in said.rows("health", 2)}
    return {
        "load": [float(each) for each in said.text("load").split()[:3]],
        "memory_available": memory.get("MemAvailable", memory.get("MemFree", 0)),
        "swap_used": memory.get("SwapTotal", 0) - memory.get("SwapFree", 0),
        **({"disk_health": health} if health else {}),
    }


def _addresses(said: Sections) -> dict[str, list[Json]]:
    """Return the addresses of interfaces; those that change by themselves (temporary IPv6) are left out."""
    found: dict[str, list[Json]] = {}
    now = ""
    for line in said.lines("addresses"):
        if match := re.match(r"\d+:\s+(\S+?)(?:@\S+)?\s+inet6?\s+(\S+)(.*)", line):
            if "temporary" not in match.group(3):
                found.setdefault(match.group(1), []).append(match.group(2))
        elif match := re.match(r"([\w.:-]+?):?\s+(?:Link|flags)", line):
            now = match.group(1)
        elif match := re.search(r"inet6?\s+(?:addr:\s*)?([0-9a-fA-F.:]+)", line):
            found.setdefault(now, []).append(match.group(1))
    return {name: sorted(each, key=json.dumps) for name, each in found.items()}
