"""Mode, owner, group and flags of files: reading a wish, comparing it with what is, making it so."""

import grp
import os
import pwd
import re
import stat as modes
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Tuple

from ..change import Failed
from ..params import FileParameters
from .flags import flags_of
from .handles import Handle
from .system import System

CLAUSE = re.compile(r"^(a|[ugo]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)$")
ACTION = re.compile(r"([-+=])([rwxXst]+|[ugo])?")
SHIFTS = {"u": 6, "g": 3, "o": 0}
OWN_BITS = {"u": 0o4700, "g": 0o2070, "o": 0o1007}
SPECIAL = {("u", "s"): 0o4000, ("g", "s"): 0o2000, ("o", "t"): 0o1000}


class Wanted(NamedTuple):
    """The attributes asked for. ``uid`` and ``gid`` are None where not asked for or not known (yet)."""

    mode: Any = None
    owner: Optional[str] = None
    group: Optional[str] = None
    uid: Optional[int] = None
    gid: Optional[int] = None
    flags: Optional[str] = None
    umask: int = 0o022


class Current(NamedTuple):
    """The attributes of something that is there, or would be once made."""

    mode: int
    uid: int
    gid: int
    is_dir: bool = False
    is_link: bool = False
    flags: Optional[str] = None


class Delta(NamedTuple):
    """What has to be set (None: as it is), and both sides for a diff."""

    mode: Optional[int]
    uid: Any
    gid: Any
    flags: Optional[str]
    before: Dict[str, Any]
    after: Dict[str, Any]

    @property
    def changed(self) -> bool:
        """Tell whether anything has to be set."""
        return bool(self.after)


def wanted(params: FileParameters, preserved: Any = None) -> Wanted:
    """Read the wish from parameters; a mode that cannot be read raises Failed.

    ``preserved`` is the mode that the word ``preserve`` stands for, where a module knows it.
    """
    mode = preserved if params.mode == "preserve" and preserved is not None else params.mode
    permission_bits(mode, Current(0, 0, 0), 0)
    if any((params.seuser, params.serole, params.setype, params.selevel)) and os.path.exists("/sys/fs/selinux/enforce"):
        raise Failed("SELinux contexts (seuser, serole, setype, selevel) are not supported on this host yet")
    return Wanted(
        mode,
        params.owner,
        params.group,
        _number(params.owner, _user),
        _number(params.group, _group),
        params.attributes,
        umask(),
    )


def umask() -> int:
    """Return the process's file creation mask."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _user(name: str) -> int:
    return pwd.getpwnam(name).pw_uid


def _group(name: str) -> int:
    return grp.getgrnam(name).gr_gid


def _number(name: Optional[str], look_up: Any) -> Optional[int]:
    if name is None or name == "":
        return None
    try:
        return int(look_up(name))
    except KeyError:
        return int(name) if name.isdigit() else None


def permission_bits(mode: Any, now: Current, mask: int) -> Optional[int]:
    """Return the permissions that ``mode`` means for something that has ``now``; None where none is asked for."""
    if mode is None or mode == "":
        return None
    if isinstance(mode, (int, str)) and not isinstance(mode, bool):
        try:
            bits = mode if isinstance(mode, int) else int(mode, 8)
        except ValueError:
            return _symbolic(str(mode), now, mask)
        if 0 <= bits <= 0o7777:
            return bits
        raise Failed(
            "Invalid mode supplied, only permission info is allowed", details="%s is not a valid permission" % mode
        )
    raise _bad_mode(mode)


def _bad_mode(mode: Any) -> Failed:
    return Failed(
        "mode must be in octal or symbolic form: '%s' is neither" % (mode,),
        details="bad symbolic permission for mode: %s" % (mode,),
    )


def _symbolic(mode: str, now: Current, mask: int) -> int:
    bits = now.mode
    for clause in mode.split(","):
        match = CLAUSE.match(clause.strip())
        if not match:
            raise _bad_mode(mode)
        whole = "a" in match.group(1) or not match.group(1)
        who = "ugo" if whole else match.group(1)
        limit = 0o7777 if match.group(1) else 0o7777 & ~mask
        for operator, letters in ACTION.findall(match.group(2)):
            before = bits
            for user in who:
                bits = _clause(bits, user, operator, _letters(letters, user, before, now) & limit)
    return bits


def _clause(bits: int, user: str, operator: str, given: int) -> int:
    if operator == "+":
        return bits | given
    if operator == "-":
        return bits & ~given
    return (bits & ~OWN_BITS[user]) | given


def _letters(letters: str, user: str, bits: int, now: Current) -> int:
    if letters in SHIFTS:
        return ((bits >> SHIFTS[letters]) & 0o7) << SHIFTS[user]
    value = 0
    for letter in letters:
        if letter in "rwx":
            value |= {"r": 4, "w": 2, "x": 1}[letter] << SHIFTS[user]
        elif letter == "X" and (now.is_dir or bits & 0o111):
            value |= 1 << SHIFTS[user]
        value |= SPECIAL.get((user, letter), 0)
    return value


def current(system: System, path: str, want: Wanted, follow: bool = True) -> Optional[Current]:
    """Return the attributes of what is at ``path``, None where nothing is; whether a link was there is remembered."""
    system.files.look(path)
    status = system.files.stat(path, follow)
    if status is None:
        return None
    return of_status(status, flags_of(system.files.real(path)) if want.flags else None)


def of_status(status: os.stat_result, flags: Optional[str] = None) -> Current:
    """Return the attributes held in a status."""
    kind = status.st_mode
    return Current(modes.S_IMODE(kind), status.st_uid, status.st_gid, modes.S_ISDIR(kind), modes.S_ISLNK(kind), flags)


def fresh(want: Wanted, is_dir: bool = False) -> Current:
    """Return the attributes that something newly made has before any are set."""
    return Current((0o777 if is_dir else 0o666) & ~want.umask, os.geteuid(), os.getegid(), is_dir, flags="")


def final_mode(want: Wanted, now: Current) -> int:
    """Return the permissions it shall have in the end."""
    bits = permission_bits(want.mode, now, want.umask)
    return now.mode if bits is None else bits


def compare(want: Wanted, now: Current) -> Delta:
    """Return what has to be set. A symbolic link has no permissions of its own on Linux: its mode is left alone."""
    before: Dict[str, Any] = {}
    after: Dict[str, Any] = {}
    uid = _difference("owner", (want.owner, want.uid), now.uid, before, after)
    gid = _difference("group", (want.group, want.gid), now.gid, before, after)
    mode = None if now.is_link else permission_bits(want.mode, now, want.umask)
    if mode is not None and mode != now.mode:
        before["mode"], after["mode"] = "0%03o" % now.mode, "0%03o" % mode
    else:
        mode = None
    flags = None if now.is_link else _flag_difference(want.flags, now.flags)
    if flags is not None:
        before["attributes"], after["attributes"] = now.flags, want.flags
    return Delta(mode, uid, gid, flags, before, after)


def diff_of(path: str, delta: Delta) -> Optional[Dict[str, Any]]:
    """Return both sides of a change of attributes as results show them, None where nothing changes."""
    if not delta.changed:
        return None
    return {"before": dict({"path": path}, **delta.before), "after": dict({"path": path}, **delta.after)}


def _difference(key: str, asked: Any, now: int, before: Dict[str, Any], after: Dict[str, Any]) -> Any:
    name, number = asked
    if name in (None, "") or number == now:
        return None
    before[key], after[key] = now, name if number is None else number
    return after[key]


def _flag_difference(asked: Optional[str], now: Optional[str]) -> Optional[str]:
    if not asked:
        return None
    operator, flags = (asked[0], asked[1:]) if asked[0] in "+-=" else ("=", asked)
    have, named = set(now or ""), set(flags)
    target = have | named if operator == "+" else have - named if operator == "-" else named
    return None if target == have else operator + flags


def owner_ids(want: Wanted) -> Any:
    """Return (uid, gid) to create with, -1 for as it comes; an unknown name raises Failed before anything is made."""
    ids = []
    for name, number, what, look_up in (
        (want.owner, want.uid, "chown failed: failed to look up user %s", _user),
        (want.group, want.gid, "chgrp failed: failed to look up group %s", _group),
    ):
        found = number if number is not None else _number(name, look_up)
        if found is None and name:
            raise Failed(what % name)
        ids.append(-1 if found is None else found)
    return ids[0], ids[1]


def settle(system: System, path: str, want: Wanted, follow: bool = True) -> bool:
    """Give ``path`` the attributes asked for, looking at what it has now; tell whether anything was set."""
    owner = owner_ids(want)
    try:
        with system.files.hold(path, follow) as handle:
            delta = give(handle, owner, want)
            if delta.flags is not None:
                _set_flags(system, handle, delta.flags)
    except (FileNotFoundError, NotADirectoryError):
        raise Failed("cannot set attributes of %s: it is not there" % path) from None
    except OSError as error:
        raise Failed("cannot set attributes of %s: %s" % (path, error.strerror or error)) from error
    return delta.changed


def _set_flags(system: System, handle: Handle, flags: str) -> None:
    reached = handle.place.reached()
    done = system.commands.run(["chattr", flags, "--", reached])
    if done.rc != 0:
        said = (done.out + done.err).strip().replace(reached, handle.place.real)
        raise Failed("chattr failed", details="Error while setting attributes: %s" % said)


def give(handle: Handle, owner: Tuple[int, int], want: Wanted) -> Delta:
    """Set owner and permissions of what is held; return what differed, flags included, which are still to be set."""
    flags = flags_of(handle.place.reached()) if want.flags else None
    now = of_status(handle.status(), flags)
    delta = compare(want, now)
    if delta.uid is not None or delta.gid is not None:
        handle.chown(*owner)
        now = of_status(handle.status(), flags)
    mode = None if now.is_link else permission_bits(want.mode, _with_old_mode(now, delta), want.umask)
    if mode is not None and mode != now.mode:
        handle.chmod(mode)
    return delta


def _with_old_mode(now: Current, delta: Delta) -> Current:
    """Undo for a symbolic mode what chown does to the set-id bits."""
    return now if delta.mode is None else now._replace(mode=int(delta.before["mode"], 8))


def unknown_names(want: Wanted) -> Dict[str, Any]:
    """Return a warning for accounts that are not there (yet), as they are while only planning."""
    missing = [
        MISSING % (what, name)
        for what, name, number in (("user", want.owner, want.uid), ("group", want.group, want.gid))
        if name and number is None
    ]
    return {"warnings": missing} if missing else {}


MISSING = "failed to look up %s %s: a real run needs it to be made before this"


def foretold_accounts(params: FileParameters) -> List[str]:
    """Return a warning for each account that a real run would have to find, numbers without an account included."""
    said = []
    for what, name, by_name, by_number, word in (
        ("user", params.owner, pwd.getpwnam, pwd.getpwuid, "uid"),
        ("group", params.group, grp.getgrnam, grp.getgrgid, "gid"),
    ):
        if name and not _is_known(name, by_name):
            if not name.isdigit():
                said.append(MISSING % (what, name))
            elif not _is_known(int(name), by_number):
                said.append(MISSING % ("%s with %s" % (what, word), name))
    return said


def _is_known(account: Any, look_up: Any) -> bool:
    try:
        look_up(account)
    except KeyError:
        return False
    return True


def user_id(name: str) -> Optional[int]:
    """Return a user's number by name, None where there is no such user."""
    return _number(name, _user) if name else None


def group_id(name: str) -> Optional[int]:
    """Return a group's number by name, None where there is no such group."""
    return _number(name, _group) if name else None


def user_name(uid: int) -> str:
    """Return the name for a user's number, or the number as text."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def group_name(gid: int) -> str:
    """Return the name for a group's number, or the number as text."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def state_of(status: Optional[os.stat_result]) -> str:
    """Return ``absent``, ``link``, ``directory``, ``hard`` (a file with several names) or ``file``."""
    if status is None:
        return "absent"
    if modes.S_ISLNK(status.st_mode):
        return "link"
    if modes.S_ISDIR(status.st_mode):
        return "directory"
    return "hard" if status.st_nlink > 1 else "file"


def info(system: System, path: str) -> Dict[str, Any]:
    """Return what results say about a path: uid, gid, owner, group, mode, state, size; nothing where nothing is."""
    status = system.files.stat(path)
    if status is None:
        return {}
    return {
        "uid": status.st_uid,
        "gid": status.st_gid,
        "owner": user_name(status.st_uid),
        "group": group_name(status.st_gid),
        "mode": "0%03o" % modes.S_IMODE(status.st_mode),
        "state": state_of(status),
        "size": status.st_size,
    }


def missing_folders(system: System, path: str) -> Tuple[str, ...]:
    """Return what has to be made for ``path`` to be a directory, outermost first; a file in the way raises Failed."""
    missing: List[str] = []
    if path:
        system.files.look(path)
    while path not in ("", "/") and not system.files.exists(path):
        missing.insert(0, path)
        path = os.path.dirname(path)
    if path not in ("", "/") and not system.files.is_dir(path):
        raise Failed(
            "There was an issue creating %s as requested: %s is not a directory"
            % (missing[-1] if missing else path, path)
        )
    return tuple(missing)


def make_folders(system: System, paths: Iterable[str], want: Wanted) -> None:
    """Make directories, outermost first, each with the attributes asked for and never wider than in the end."""
    owner = owner_ids(want)
    final = final_mode(want, fresh(want, is_dir=True))
    for path in paths:
        system.files.mkdir(path, final & 0o777)
        with system.files.hold(path, False) as handle:
            if owner != (-1, -1):
                handle.chown(*owner)
            inherited = handle.status().st_mode & 0o2000 if want.mode is None else 0
            handle.chmod(final | inherited)
        settle(system, path, want, follow=False)
