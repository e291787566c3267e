"""Services, timers and crontabs for a draft: what starts by itself, what runs, what runs by the clock."""

from __future__ import annotations

import posixpath
import re
from dataclasses import field

from provisioner.discovery.archive import Archive, holds_secret
from provisioner.discovery.drafting.contents import Contents
from provisioner.discovery.sections import MASK
from provisioner.discovery.snapshot import Item, Json, Snapshot
from provisioner.records import dataclass

INSIDE = re.compile(r"(systemd-|user@|getty@|serial-getty@|console-getty|container-getty|dbus|polkit|init\.|autovt@)")
"""What the system starts and stops by itself."""
FILTERS = frozenset({"ufw.service", "nftables.service", "netfilter-persistent.service", "iptables.service"})
"""Services that load packet filters and end; they work where there are rules, whether or not they are said to run."""
GENTLY = frozenset({"ssh.service", "sshd.service", "dbus.service"})
"""Services that read their files anew without being stopped."""


@dataclass(slots=True)
class Running:
    """What a draft says about services and jobs."""

    units: list[dict[str, Json]] = field(default_factory=list)
    restarts: list[dict[str, Json]] = field(default_factory=list)
    crontabs: list[dict[str, Json]] = field(default_factory=list)
    jobs: list[dict[str, Json]] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)


def running_of(snapshot: Snapshot, archive: Archive, contents: Contents) -> Running:
    """Return services, timers and crontabs."""
    found = Running()
    for name, item in snapshot.items("services").items():
        if item.get("failed"):
            found.gaps.append(f"`{name}` had failed on the old server")
        if item.get("running") and str(item.get("enabled")).startswith("masked"):
            found.gaps.append(f"`{name}` ran on the old server, though nothing could have started it any more")
        if unit := _unit(name, item):
            found.units.append(unit)
    for name, item in snapshot.items("timers").items():
        if name.endswith(".timer") and item.get("enabled") == "enabled":
            timer: dict[str, Json] = {"name": name, "enabled": True}
            found.units.append(timer | ({"state": "started"} if item.get("active") else {}))
    _restarts(snapshot, found)
    _crontabs(snapshot, archive, contents, found)
    return found


def _unit(name: str, item: Item) -> dict[str, Json] | None:
    enabled = str(item.get("enabled"))
    if INSIDE.match(name) or enabled.startswith("masked") or enabled.endswith("-runtime"):
        return None
    unit: dict[str, Json] = {"name": name}
    if enabled in ("enabled", "disabled") and "@." not in name:
        unit["enabled"] = enabled == "enabled"
    if item.get("running"):
        unit["state"] = "started"
    elif enabled == "disabled" and "@" not in name:
        unit["state"] = "stopped"
    return unit if len(unit) > 1 else None


def _restarts(snapshot: Snapshot, found: Running) -> None:
    """Tell which services read files that the draft writes: by the folder's name or the file's package."""
    packages = {path: str(item.get("package")) for path, item in snapshot.items("configuration").items()}
    paths = [*packages, *(path for path, item in snapshot.items("files").items() if item.get("kind") == "file")]
    for name, item in snapshot.items("services").items():
        word = name.rpartition(".")[0]
        works = item.get("running") or (name in FILTERS and item.get("enabled") == "enabled")
        if not works or INSIDE.match(name) or not name.endswith(".service"):
            continue
        stem = word.partition("@")[0]
        mine = [path for path in paths if re.match(rf"/etc/(default/)?{re.escape(stem)}d?([./]|$)", path)
                or packages.get(path) in (stem, f"{stem}-server", f"{stem}-common", f"openssh-server-{stem}")
                or f"/etc/systemd/system/{name}" in path]  # fmt: skip
        if mine:
            how = "reloaded" if name in GENTLY else "restarted"
            found.restarts.append({"name": name, "how": how, "paths": f"({'|'.join(map(re.escape, mine))})$"})


def _crontabs(snapshot: Snapshot, archive: Archive, contents: Contents, found: Running) -> None:
    """Take crontabs of users as files where their contents are known, else job by job."""
    done = set()
    number = 0
    for key, item in snapshot.items("timers").items():
        path, user = str(item.get("file")), str(item.get("user"))
        if not key.startswith("cron:") or not path.startswith(("/var/spool/cron", "/etc/crontabs/")):
            continue
        content = archive.content(path) if posixpath.normpath(path) == path else None
        if content is not None:
            if path not in done:
                group = "crontab" if "/crontabs/" in path and path.startswith("/var") else "root"
                found.crontabs.append({"path": path, "src": contents.keep(path, content), "user": user, "group": group,
                                       "secret": holds_secret(content)})  # fmt: skip
            done.add(path)
            continue
        number += 1
        if MASK in str(item.get("command")):
            found.gaps.append(f"the job `{item.get('schedule')} {item.get('command')}` of `{user}`: it holds a secret")
        else:
            found.jobs.append({"name": f"from the old server, {number}", "user": user, **_times(item),
                               "job": item.get("command")})  # fmt: skip
            if item.get("environment"):
                found.gaps.append(f"variables of the crontab of `{user}`: {item.get('environment')}")


def _times(item: Item) -> dict[str, Json]:
    schedule = str(item.get("schedule"))
    if schedule.startswith("@"):
        return {"special_time": schedule[1:]}
    names = ("minute", "hour", "day", "month", "weekday")
    return dict(zip(names, schedule.split(), strict=False))
