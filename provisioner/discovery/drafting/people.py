"""Groups, users and their keys for a draft, with the numbers they have on the old server."""

from __future__ import annotations

import posixpath
from dataclasses import field

from provisioner.discovery.archive import Archive
from provisioner.discovery.drafting.contents import Contents
from provisioner.discovery.snapshot import Item, Json, Snapshot
from provisioner.records import dataclass

FIRST = 100
"""Smaller numbers are the distribution's own and the same everywhere."""
NOBODY = 65534


@dataclass(slots=True)
class People:
    """What a draft says about accounts."""

    groups: list[dict[str, Json]] = field(default_factory=list)
    users: list[dict[str, Json]] = field(default_factory=list)
    members: list[dict[str, Json]] = field(default_factory=list)
    keys: list[dict[str, Json]] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)


def people_of(snapshot: Snapshot, archive: Archive, contents: Contents) -> People:
    """Return the accounts that are not the distribution's own."""
    found = People()
    users = {key.split(":", 1)[1]: item for key, item in snapshot.items("users").items() if key.startswith("user:")}
    own = {key.split(":", 1)[1] for key, item in snapshot.items("users").items()
           if key.startswith("group:") and _is_ours(item.get("gid"))}  # fmt: skip
    for name in sorted(own, key=lambda each: _number(snapshot.items("users")[f"group:{each}"].get("gid"))):
        found.groups.append({"name": name, "gid": snapshot.items("users")[f"group:{name}"].get("gid")})
    for name, item in sorted(users.items(), key=lambda pair: _number(pair[1].get("uid"))):
        if not _is_ours(item.get("uid")):
            if item.get("groups"):
                found.members.append({"name": name, "groups": item.get("groups")})
            continue
        fields = ("uid", "group", "home", "shell", "comment", "groups")
        home = str(item.get("home"))
        found.users.append({"name": name, **{key: item.get(key) for key in fields},
                            "create_home": home.startswith(("/home/", "/srv/"))})  # fmt: skip
        if item.get("password") == "set":
            found.gaps.append(f"the password of user `{name}`: snapshots hold none; the account is made without one")
        if home.startswith("/home/"):
            found.gaps.append(f"what is in `{home}`: data, which a mover moves (keys that may log in are taken along)")
    _keys(snapshot, archive, contents, found, users)
    return found


def _keys(snapshot: Snapshot, archive: Archive, contents: Contents, found: People, users: dict[str, Item]) -> None:
    names = sorted({key.split(":")[1] for key in snapshot.items("users") if key.startswith("key:")})
    for name in names:
        path = f"{users.get(name, {}).get('home') or '/root'}/.ssh/authorized_keys"
        content = archive.content(path) if posixpath.normpath(path) == path else None
        if content is None:
            found.gaps.append(f"the keys that may log in as `{name}`: only their fingerprints are known")
        else:
            found.keys.append({"user": name, "src": contents.keep(path, content)})


def _is_ours(number: Json) -> bool:
    return isinstance(number, int) and FIRST <= number < NOBODY


def _number(value: Json) -> int:
    return value if isinstance(value, int) else 0
