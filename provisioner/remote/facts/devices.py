"""Block devices with their partitions, from /sys/block."""

import os
import re
from typing import Any, Dict, List, Optional

from ..system import System
from ..system.reading import names, text

SUBSET = "hardware"
FACTS = ("devices", "device_links")
MINIMAL = False
KINDS = (("ids", "by-id"), ("uuids", "by-uuid"), ("labels", "by-label"))
UNITS = ("Bytes", "KB", "MB", "GB", "TB", "PB")


def collect(system: System) -> Dict[str, Any]:
    """Walk /sys/block; nothing is started and no device is opened."""
    links = _links(system)
    devices = {name: _device(system, name, links) for name in names(system, "/sys/block")}
    return {"devices": devices, "device_links": links}


def _links(system: System) -> Dict[str, Dict[str, List[str]]]:
    found: Dict[str, Dict[str, List[str]]] = {"ids": {}, "uuids": {}, "labels": {}, "masters": {}}
    for kind, folder in KINDS:
        path = "/dev/disk/" + folder
        for name in names(system, path):
            device = os.path.basename(os.path.realpath(system.files.real(os.path.join(path, name))))
            found[kind].setdefault(device, []).append(name)
    for name in names(system, "/sys/block"):
        for slave in names(system, "/sys/block/%s/slaves" % name):
            found["masters"].setdefault(slave, []).append(name)
    return found


def _own(links: Dict[str, Dict[str, List[str]]], name: str) -> Dict[str, List[str]]:
    return {kind: sorted(links[kind].get(name, [])) for kind in ("ids", "labels", "masters", "uuids")}


def _device(system: System, name: str, links: Dict[str, Dict[str, List[str]]]) -> Dict[str, Any]:
    folder = "/sys/block/" + name
    sectors, sector = _number(system, folder + "/size"), text(system, folder + "/queue/hw_sector_size", "512")
    return {
        "virtual": 1,
        "links": _own(links, name),
        "vendor": _or_none(system, folder + "/device/vendor"),
        "model": _or_none(system, folder + "/device/model"),
        "sas_address": _or_none(system, folder + "/device/sas_address"),
        "sas_device_handle": _or_none(system, folder + "/device/sas_device_handle"),
        "removable": text(system, folder + "/removable", "0"),
        "support_discard": text(system, folder + "/queue/discard_granularity", "0"),
        "rotational": text(system, folder + "/queue/rotational", "0"),
        "scheduler_mode": _scheduler(text(system, folder + "/queue/scheduler")),
        "partitions": {
            part: _partition(system, "%s/%s" % (folder, part), part, links)
            for part in names(system, folder)
            if part.startswith(name) and system.files.exists("%s/%s/start" % (folder, part))
        },
        "sectors": sectors,
        "sectorsize": sector,
        "size": size(sectors * 512),
        "host": "",
        "holders": [
            text(system, "/sys/block/%s/dm/name" % holder) or holder for holder in names(system, folder + "/holders")
        ],
    }


def _partition(system: System, folder: str, name: str, links: Dict[str, Dict[str, List[str]]]) -> Dict[str, Any]:
    sectors = _number(system, folder + "/size")
    uuids = links["uuids"].get(name)
    return {
        "links": _own(links, name),
        "start": text(system, folder + "/start", "0"),
        "sectors": sectors,
        "sectorsize": text(system, folder + "/queue/hw_sector_size", "512"),
        "size": size(sectors * 512),
        "uuid": uuids[0] if uuids else None,
        "holders": names(system, folder + "/holders"),
    }


def _or_none(system: System, path: str) -> Optional[str]:
    return text(system, path) or None


def _number(system: System, path: str) -> int:
    value = text(system, path, "0")
    return int(value) if value.isdigit() else 0


def _scheduler(line: str) -> str:
    match = re.search(r"\[(.*)\]", line)
    return match.group(1) if match else line


def size(count: int) -> str:
    """Return a size as people read it: ``256.00 GB``."""
    amount = float(count)
    for unit in UNITS:
        if amount < 1024 or unit == UNITS[-1]:
            return "%.2f %s" % (amount, unit)
        amount /= 1024
    return ""
