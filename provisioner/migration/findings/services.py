"""Services, ports and scheduled jobs of the old server that the new one lacks or has taken otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from provisioner.discovery.snapshot import Item
from provisioner.migration.sight import Finding, Severity, Sight, lines

SYSTEM = re.compile(
    r"(systemd-|dbus|getty|serial-getty|user@|user-runtime|rc-local|networking|ssh|sshd|cron|udev|apparmor|polkit|snapd|"
    r"unattended|apt-|e2scrub|fstrim|console|keyboard|lvm|multipath|cloud|open-vm|qemu|rsyslog|chrony|ntp|accounts)"
)


def look(sight: Sight) -> Iterator[Finding]:
    """Yield ports that belong to another program, and, once it is built, services and jobs that are missing."""
    ports = sight.pair("ports")
    if ports is not None:
        yield from _taken(*ports)
    if not sight.is_built:
        return
    services = sight.pair("services")
    if services is not None:
        missing = lines(
            name
            for name, item in services[0].items()
            if item.get("running") is True
            and name.endswith(".service")
            and not SYSTEM.match(name)
            and name not in services[1]
        )
        if missing:
            yield Finding(
                "services-missing",
                Severity.HIGH,
                "services that run on the old server do not exist on the new one",
                "what they do will not be done after the move",
                missing,
                "set them up by the playbook, or accept their end",
            )
    timers = sight.pair("timers")
    if timers is not None:
        gone = lines(name for name in timers[0] if name.startswith("cron:") and name not in timers[1])
        if gone:
            yield Finding(
                "jobs-missing",
                Severity.HIGH,
                "scheduled jobs of the old server are not on the new one",
                "what they do is missed only weeks later",
                gone,
                "create them disabled (module cron) and enable them in the switch: no job may run on both",
            )


def _taken(old: Mapping[str, Item], new: Mapping[str, Item]) -> Iterator[Finding]:
    found = lines(
        f"{port}: {', '.join(_programs(old[port]))} on the old server, {', '.join(_programs(new[port]))} on the new one"
        for port in old
        if port in new
        and _programs(old[port])
        and _programs(new[port])
        and not set(_programs(old[port])) & set(_programs(new[port]))
    )
    if found:
        yield Finding(
            "ports-taken",
            Severity.HIGH,
            "ports belong to other programs on the new server",
            "the program that is meant cannot start, and clients reach another one",
            found,
            "stop and disable what has taken them, or accept it where one program replaces the other",
        )


def _programs(item: Item) -> list[str]:
    given = item.get("programs")
    return sorted(map(str, given)) if isinstance(given, list) else []
