"""Services, sockets and paths: which start by themselves and which run. systemd, OpenRC or SysV scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from provisioner.discovery.judging import Rule, extra_is_informative, informative
from provisioner.discovery.sections import Finding, Sections
from provisioner.discovery.snapshot import Json

PROBE = r"""
if [ -d /run/systemd/system ] && have systemctl; then
  section files
  systemctl list-unit-files --no-legend --no-pager --full --type=service,socket,path || return 1
  section units
  systemctl show --no-pager '*.service' '*.socket' '*.path' \
    -p Id -p ActiveState -p SubState -p Type -p LoadState -p Transient -p DropInPaths -p RemainAfterExit || return 1
elif have rc-status || have rc-update; then
  section openrc; rc-update show 2>/dev/null; section started; rc-status --servicelist 2>/dev/null
elif [ -d /etc/init.d ]; then
  section scripts; ls /etc/init.d 2>/dev/null
  section links; ls /etc/rc2.d /etc/rc3.d /etc/rc5.d /etc/rc.d/rc3.d 2>/dev/null
  section processes; ps -e -o comm= 2>/dev/null || ps 2>/dev/null
  partly 'without systemd only links of start scripts are known, and programs of the same name'
else
  nothing 'neither systemd nor OpenRC nor start scripts are there'
fi
"""
ON = frozenset({"enabled", "enabled-runtime"})
QUIET = re.compile(
    r"(systemd-|user@|user-runtime-dir@|session-|getty@|serial-getty@|console-getty|container-getty|autovt@|initrd-|"
    r"emergency\.|rescue\.|debug-shell\.|dbus-org\.|modprobe@|run-|init\.scope|sys-|blk-availability)"
)
"""Units of the system's own inside, which start and end by themselves."""
RULES: tuple[Rule, ...] = (
    extra_is_informative("more than the old server has"),
    informative("*", "only says what the distribution would have chosen", "preset"),
)


def read(said: Sections) -> Finding:
    """Return what starts by itself, what runs, and what was switched off on purpose."""
    if "files" in said:
        return _systemd(said)
    found = Finding()
    if "openrc" in said:
        started = said.text("started")
        for line in said.lines("openrc"):
            name, sign, levels = (each.strip() for each in line.partition("|"))
            if sign and levels:
                runs = re.search(rf"^\s*{re.escape(name)}\s+\[\s*started", started, re.MULTILINE) is not None
                found.items[name] = {"enabled": "enabled", "running": runs, "failed": False, "preset": ""}
        return found
    links = {match.group(1) for match in re.finditer(r"\bS\d\d(\S+)", said.text("links"))}
    processes = set(said.text("processes").split())
    for name in sorted(set(said.text("scripts").split()) & links):
        found.items[name] = {"enabled": "enabled", "running": name in processes, "failed": False, "preset": ""}
    return found


def _systemd(said: Sections) -> Finding:
    found = Finding()
    units = {block["Id"]: block for block in said.blocks("units") if "Id" in block}
    files = dict(_unit_files(said))
    for name in sorted(set(files) | set(units)):
        enabled, preset = files.get(name, ("", ""))
        unit = units.get(name, {})
        if _is_alias(name, enabled) or unit.get("LoadState") == "not-found" or unit.get("Transient") == "yes":
            continue
        runs, failed = _runs(unit), unit.get("ActiveState") == "failed"
        if _is_chosen(enabled, preset) or ((runs or failed) and not QUIET.match(name)):
            item: dict[str, Json] = {"enabled": enabled, "running": runs, "failed": failed, "preset": preset}
            if drops := unit.get("DropInPaths", ""):
                item["changed_by"] = [each for each in drops.split() if each.startswith("/etc/")]
            found.items[name] = item
    return found


def _unit_files(said: Sections) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield units with their state and what the distribution would have chosen."""
    for line in said.lines("files"):
        words = line.split()
        if len(words) >= 2:
            yield words[0], (words[1], "".join(words[2:3]).strip("-"))


def _is_chosen(enabled: str, preset: str) -> bool:
    """Tell whether a unit starts by itself, or was switched off on purpose."""
    return enabled in ON or enabled.startswith("masked") or (enabled == "disabled" and preset == "enabled")


def _is_alias(name: str, enabled: str) -> bool:
    return enabled in ("alias", "generated", "transient", "indirect") and "@" not in name


def _runs(unit: dict[str, str]) -> bool:
    """Tell whether a unit runs steadily; one that does its work and ends is never said to run."""
    if unit.get("ActiveState") not in ("active", "reloading"):
        return False
    if unit.get("Type") == "oneshot" and unit.get("RemainAfterExit") != "yes":
        return False
    return unit.get("SubState") in ("running", "listening", "exited", "waiting", "mounted")
