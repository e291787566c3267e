"""Users and groups of the host, read from /etc/passwd, /etc/group and /etc/shadow; other directories through NSS."""

import grp
import pwd
from typing import Any, Callable, Dict, List, NamedTuple, Optional

from .system import System


class User(NamedTuple):
    """One line of /etc/passwd."""

    name: str
    uid: int
    gid: int
    comment: str
    home: str
    shell: str


class Group(NamedTuple):
    """One line of /etc/group."""

    name: str
    gid: int
    members: List[str]


class Shadow(NamedTuple):
    """One line of /etc/shadow; a number of -1 stands for an empty field."""

    password: str
    changed: int
    at_least: int
    at_most: int
    warn: int
    inactive: int
    expires: int


def _rows(system: System, path: str, width: int) -> List[List[str]]:
    content = system.files.read_or_none(path) or b""
    rows = [line.split(":") for line in content.decode("utf-8", "surrogateescape").splitlines()]
    return [row for row in rows if len(row) >= width and row[0][:1] not in ("+", "-", "#")]


def local_users(system: System) -> List[User]:
    """Return the users of /etc/passwd."""
    rows = _rows(system, "/etc/passwd", 7)
    return [User(r[0], int(r[2]), int(r[3]), r[4], r[5], r[6]) for r in rows if r[2].isdigit() and r[3].isdigit()]


def local_groups(system: System) -> List[Group]:
    """Return the groups of /etc/group."""
    rows = _rows(system, "/etc/group", 4)
    return [Group(r[0], int(r[2]), [m for m in r[3].split(",") if m]) for r in rows if r[2].isdigit()]


def find_user(system: System, name: str, local: bool = False) -> Optional[User]:
    """Return a user by name, asking NSS where /etc/passwd has none."""
    for user in local_users(system):
        if user.name == name:
            return user
    found = None if local else _from_nss(system, lambda: pwd.getpwnam(name))
    if found is None:
        return None
    return User(found.pw_name, found.pw_uid, found.pw_gid, found.pw_gecos, found.pw_dir, found.pw_shell)


def find_group(system: System, name: str, local: bool = False) -> Optional[Group]:
    """Return a group by name or number, asking NSS where /etc/group has none."""
    groups = local_groups(system)
    for group in groups:
        if group.name == name:
            return group
    if name.isdigit():
        for group in groups:
            if group.gid == int(name):
                return group
    found = None if local else _from_nss(system, lambda: grp.getgrnam(name))
    if found is None and name.isdigit() and not local:
        found = _from_nss(system, lambda: grp.getgrgid(int(name)))
    return None if found is None else Group(found.gr_name, found.gr_gid, list(found.gr_mem))


def _from_nss(system: System, ask: Callable[[], Any]) -> Any:
    if system.root != "/":
        return None
    try:
        return ask()
    except KeyError:
        return None


def shadow_of(system: System, name: str) -> Optional[Shadow]:
    """Return a user's line of /etc/shadow; None where there is none or only root may read it."""
    try:
        rows = _rows(system, "/etc/shadow", 8)
    except PermissionError:
        return None
    for row in rows:
        if row[0] == name:
            numbers = [int(field) if field.lstrip("-").isdigit() else -1 for field in row[2:8]]
            return Shadow(row[1], *numbers)
    return None


def supplementary(system: System, user: User) -> List[str]:
    """Return the names of the groups a user is a member of, without the primary one."""
    return sorted(g.name for g in local_groups(system) if user.name in g.members and g.gid != user.gid)


def login_defaults(system: System) -> Dict[str, str]:
    """Return the settings of /etc/login.defs."""
    content = (system.files.read_or_none("/etc/login.defs") or b"").decode("utf-8", "replace")
    pairs = (line.split() for line in content.splitlines() if not line.lstrip().startswith("#"))
    return {pair[0]: pair[1] for pair in pairs if len(pair) >= 2}
