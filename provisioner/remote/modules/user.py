"""Add, change and remove user accounts."""

import os
import shutil
import socket
import tempfile
import time
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..change import Change, Failed, Traits
from ..params import Parameters, optional, required
from ..passwords import doubt_of_hash
from ..system import System
from ..system.accounts import Shadow, User, find_group, find_user, login_defaults, shadow_of, supplementary
from ..system.files import trimmed

TRAITS = Traits(locks=("accounts",))
DAY_S = 86400
IN_USE = 8
"""What userdel exits with while a process of the user runs."""
LEAVING_S, LOOK_S = 3.0, 0.1
"""How long a process that was just told to end may take."""
LATE = {"chpasswd": "password", "home": "home directory", "ssh-key": "ssh key"}


class Params(Parameters):
    """An account; what is not given stays as it is."""

    name: str = required("str", "The user.", aliases=("user",))
    state: str = optional("str", "Whether it shall be there.", "present", choices=("absent", "present"))
    uid: Optional[int] = optional("int", "Its number.")
    non_unique: bool = optional("bool", "Accept a number that another user has.", False)
    uid_min: Optional[int] = optional("int", "Smallest number for a new user.")
    uid_max: Optional[int] = optional("int", "Largest number for a new user.")
    group: Optional[str] = optional("str", "Primary group.")
    groups: Optional[List[str]] = optional("list", "Supplementary groups; none for an empty list.", elements="str")
    append: bool = optional("bool", "Keep the other supplementary groups.", False)
    comment: Optional[str] = optional("str", "The GECOS field.")
    home: Optional[str] = optional("path", "Home directory.")
    create_home: bool = optional("bool", "Make the home directory where it is missing.", True, aliases=("createhome",))
    move_home: bool = optional("bool", "Move the old home directory to the new place.", False)
    skeleton: Optional[str] = optional("str", "What a new home directory is copied from.")
    umask: Optional[str] = optional("str", "File mode mask for a new home directory.")
    shell: Optional[str] = optional("path", "Login shell.")
    system: bool = optional("bool", "Make it a system account.", False)
    password: Optional[str] = optional("str", "The password's hash.", no_log=True)
    update_password: str = optional("str", "When to set it.", "always", choices=("always", "on_create"))
    password_lock: Optional[bool] = optional("bool", "Whether the password is locked.")
    password_expire_max: Optional[int] = optional("int", "Most days between password changes.")
    password_expire_min: Optional[int] = optional("int", "Least days between password changes.")
    password_expire_warn: Optional[int] = optional("int", "Days of warning before a password expires.")
    password_expire_account_disable: Optional[int] = optional("int", "Days until an expired account is disabled.")
    expires: Optional[float] = optional("float", "When the account expires, in seconds since 1970; negative: never.")
    generate_ssh_key: bool = optional("bool", "Make an SSH key pair.", False)
    ssh_key_type: str = optional("str", "Its type.", "rsa")
    ssh_key_bits: Optional[int] = optional("int", "Its length.")
    ssh_key_file: Optional[str] = optional("path", "Its file, relative to the home directory.")
    ssh_key_comment: Optional[str] = optional("str", "Its comment; ansible-generated on HOST where not given.")
    ssh_key_passphrase: Optional[str] = optional("str", "Its passphrase.", no_log=True)
    force: bool = optional("bool", "Remove a user who is logged in; overwrite an SSH key.", False)
    remove: bool = optional("bool", "Remove the home directory with the account.", False)
    local: bool = optional("bool", "Look at /etc/passwd only, not at directory services.", False)
    seuser: Optional[str] = optional("str", "SELinux user.")
    login_class: Optional[str] = optional("str", "Accepted; means something on BSD only.")
    hidden: Optional[bool] = optional("bool", "Accepted; means something on macOS only.")
    authorization: Optional[str] = optional("str", "Accepted; means something on Solaris only.")
    profile: Optional[str] = optional("str", "Accepted; means something on macOS only.")
    role: Optional[str] = optional("str", "Accepted; means something on Solaris only.")


class State(NamedTuple):
    """The account as it is, and the groups that the parameters name."""

    user: Optional[User]
    shadow: Optional[Shadow]
    memberships: List[str]
    primary: Optional[Tuple[str, int]]
    own_group: bool
    missing_group: str
    home_there: bool
    key_there: bool


def inspect(params: Params, system: System) -> State:
    """Read the account databases."""
    _refuse_with_local(params)
    user = find_user(system, params.name, params.local)
    primary = find_group(system, params.group) if params.group else None
    missing = _missing_group(params, system)
    home = params.home or (user.home if user else "")
    return State(
        user,
        shadow_of(system, params.name) if user else None,
        supplementary(system, user) if user else [],
        (primary.name, primary.gid) if primary else None,
        find_group(system, params.name) is not None,
        missing,
        bool(home) and system.files.exists(home),
        bool(home) and system.files.exists(_key_file(params, home)),
    )


def _refuse_with_local(params: Params) -> None:
    for only in ("umask", "uid_min", "uid_max"):
        if params.local and getattr(params, only) is not None:
            raise Failed("'%s' can not be used with 'local'" % only)


def _missing_group(params: Params, system: System) -> str:
    """Return the first group asked for that is not there; groups given by number get their names."""
    names = [params.group] if params.group else []
    if params.groups:
        asked = _groups(params) or []
        found = [find_group(system, name) for name in asked]
        params.groups = [group.name if group else name for group, name in zip(found, asked)]
        names += params.groups
    return next((name for name in names if find_group(system, name) is None), "")


def plan(params: Params, state: State) -> Change:
    """Decide which tools to run with which options; a password's hash never is one of them."""
    if params.state == "absent":
        return _plan_absent(params, state)
    if state.missing_group:
        raise Failed("Group %s does not exist" % state.missing_group)
    result: Dict[str, Any] = {"name": params.name, "state": "present"}
    if params.groups is not None:
        result["groups"] = ",".join(_groups(params) or [])
    warnings = _doubts(params)
    if warnings:
        result["warnings"] = warnings
    if params.password is not None:
        result["password"] = "NOT_LOGGING_PASSWORD"  # noqa: S105 - what Ansible answers
    if state.user is None:
        result.update(system=params.system, create_home=params.create_home)
        diff = _diff(None, _new_values(params))
        return Change(
            True, _creation(params, state), result, diff, settles=not (params.force and params.generate_ssh_key)
        )
    result.update(append=params.append, move_home=params.move_home)
    result.update(_described(state.user))
    options, changes = _modification(params, state, state.user)
    steps: List[List[str]] = [["usermod", *options, params.name]] if options else []
    steps += _late_steps(params, state)
    if not steps:
        return Change(False, result=result)
    before = {key: _before(key, state) for key in changes}
    changes.update(_late_values(params, steps))
    return Change(True, steps, result, _diff(before, changes), settles=not (params.force and params.generate_ssh_key))


def _doubts(params: Params) -> List[str]:
    doubt = doubt_of_hash(params.password) if params.password is not None else ""
    doubts = [doubt] if doubt else []
    if params.append and params.groups is None:
        doubts.append("'append' is set, but no 'groups' are specified. Use 'groups' for appending new groups.")
    return doubts


def _plan_absent(params: Params, state: State) -> Change:
    result: Dict[str, Any] = {"name": params.name, "state": "absent"}
    if state.user is None:
        return Change(False, result=result)
    options = (["-f"] if params.force else []) + (["-r"] if params.remove else [])
    result.update(force=params.force, remove=params.remove)
    return Change(True, [["userdel", *options, params.name]], result, _diff(state.user._asdict(), None))


def _diff(before: Optional[Dict[str, Any]], after: Optional[Dict[str, Any]]) -> Dict[str, str]:
    sides = (("before", before or {}), ("after", after or {}))
    return {side: "".join("%s: %s\n" % item for item in sorted(values.items())) for side, values in sides}


def _new_values(params: Params) -> Dict[str, Any]:
    names = ("uid", "group", "comment", "home", "shell")
    values = {name: getattr(params, name) for name in names if getattr(params, name) is not None}
    if params.groups:
        values["groups"] = ",".join(_groups(params) or [])
    return dict(values, name=params.name)


def _late_values(params: Params, steps: List[List[str]]) -> Dict[str, Any]:
    """Name in the diff what the tools after usermod do; the password itself is never shown."""
    values: Dict[str, Any] = {}
    for step in steps:
        if step[0] in LATE:
            values[LATE[step[0]]] = "new"
        elif step[:2] in (["usermod", "-L"], ["usermod", "-U"]):
            values["password_lock"] = step[1] == "-L"
        elif step[0] == "chage":
            values["ageing"] = " ".join(step[1:-1])
    return values


def _before(key: str, state: State) -> Any:
    if key == "groups":
        return ",".join(state.memberships)
    if key == "group":
        return state.user.gid if state.user else ""
    known = dict(state.user._asdict()) if state.user else {}
    if state.shadow is not None:
        known.update({name: value for name, value in state.shadow._asdict().items() if name != "password"})
    return known.get(key, "")


def _groups(params: Params) -> Optional[List[str]]:
    if params.groups is None:
        return None
    return [name.strip() for name in params.groups if name.strip()]


def _key_file(params: Params, home: str) -> str:
    return os.path.join(home, params.ssh_key_file or os.path.join(".ssh", "id_" + params.ssh_key_type))


def _creation(params: Params, state: State) -> List[List[str]]:
    argv = ["useradd"]
    if params.uid is not None:
        argv += ["-u", str(params.uid)] + (["-o"] if params.non_unique else [])
    if state.primary is not None:
        argv += ["-g", state.primary[0]]
    elif state.own_group:
        argv += ["-g", params.name]  # a group of that name is there already
    if params.groups:
        argv += ["-G", ",".join(_groups(params) or [])]
    expires = None if params.expires is None else _date(params.expires)
    pairs = (("-c", params.comment), ("-d", params.home), ("-s", params.shell), ("-Z", params.seuser), ("-e", expires))
    argv += [word for option, value in pairs if value is not None for word in (option, value)]
    settings = (("UMASK", params.umask), ("UID_MIN", params.uid_min), ("UID_MAX", params.uid_max))
    argv += [word for key, value in settings if value is not None for word in ("-K", "%s=%s" % (key, value))]
    skeleton = ["-k", params.skeleton] if params.skeleton else []
    argv += ["-m", *skeleton] if params.create_home else ["-M"]
    argv += ["-r"] if params.system else []
    return [[*argv, params.name], *_after_creation(params)]


def _after_creation(params: Params) -> List[List[str]]:
    steps = [["chpasswd"]] if params.password is not None else []
    steps += [["usermod", "-L", params.name]] if params.password_lock else []
    steps += _ageing(params, None)
    return [*steps, ["ssh-key"]] if params.generate_ssh_key else steps


def _modification(params: Params, state: State, user: User) -> Tuple[List[str], Dict[str, Any]]:
    """Return usermod's options, and the new values for the diff."""
    options: List[str] = []
    changes: Dict[str, Any] = {}
    if params.uid is not None and params.uid != user.uid:
        options += ["-u", str(params.uid)] + (["-o"] if params.non_unique else [])
        changes["uid"] = params.uid
    if state.primary is not None and state.primary[1] != user.gid:
        options += ["-g", state.primary[0]]
        changes["group"] = state.primary[1]
    for name, option in (("comment", "-c"), ("shell", "-s"), ("home", "-d")):
        value = getattr(params, name)
        if value is not None and value != getattr(user, name):
            options += [option, value] + (["-m"] if name == "home" and params.move_home else [])
            changes[name] = value
    more, changed = _membership(params, state)
    options += more
    changes.update(changed)
    expires = _expiry(params)
    if expires is not None and (state.shadow is None or expires != state.shadow.expires):
        options += ["-e", _date(params.expires or 0)]
        changes["expires"] = expires
    return options, changes


def _expiry(params: Params) -> Optional[int]:
    """Return the day of expiry as /etc/shadow counts; -1 for never, None where not asked for."""
    if params.expires is None:
        return None
    return -1 if params.expires < 0 else int(params.expires // DAY_S)


def _membership(params: Params, state: State) -> Tuple[List[str], Dict[str, Any]]:
    asked = _groups(params)
    if asked is None:
        return [], {}
    primary = state.primary[0] if state.primary else (params.name if state.own_group else "")
    wanted = {name for name in asked if name != primary}
    here = set(state.memberships)
    after = here | wanted if params.append else wanted
    if after == here:
        return [], {}
    options = ["-a", "-G", ",".join(sorted(wanted - here))] if params.append else ["-G", ",".join(sorted(wanted))]
    return options, {"groups": ",".join(sorted(after))}


def _late_steps(params: Params, state: State) -> List[List[str]]:
    steps = _ageing(params, state.shadow)
    shadow = state.shadow
    current = shadow.password if shadow is not None else ""
    may_set = params.password is not None and params.update_password != "on_create"  # noqa: S105 - a choice
    if may_set and current.lstrip("!") != (params.password or "").lstrip("!"):
        steps.append(["chpasswd"])
        current = params.password or ""
    if params.password_lock is not None and params.password_lock != current.startswith("!"):
        steps.append(["usermod", "-L" if params.password_lock else "-U", params.name])
    if params.create_home and not state.home_there and not params.move_home:
        steps.append(["home"])
    if params.generate_ssh_key and (params.force or not state.key_there):
        steps.append(["ssh-key"])
    return steps


def _ageing(params: Params, shadow: Optional[Shadow]) -> List[List[str]]:
    wishes = (
        ("-M", params.password_expire_max, shadow.at_most if shadow else None),
        ("-m", params.password_expire_min, shadow.at_least if shadow else None),
        ("-W", params.password_expire_warn, shadow.warn if shadow else None),
        ("-I", params.password_expire_account_disable, shadow.inactive if shadow else None),
    )
    options = []
    for option, wanted, current in wishes:
        if wanted is not None and wanted != current:
            options += [option, str(wanted)]
    return [["chage", *options, params.name]] if options else []


def _date(epoch: float) -> str:
    return "" if epoch < 0 else time.strftime("%Y-%m-%d", time.gmtime(epoch))


def _described(user: User) -> Dict[str, Any]:
    values = dict(user._asdict(), group=user.gid)
    del values["gid"]
    return values


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Run the tools in order; the hash goes to chpasswd's standard input."""
    params = change.params
    told: Dict[str, Any] = {}
    for step in change.todo:
        if step[0] == "home":
            _make_home(params, system)
        elif step[0] == "ssh-key":
            _make_key(params, system)
        else:
            stdin = None
            if step[0] == "chpasswd":
                step, stdin = ["chpasswd", "-e"], ("%s:%s\n" % (params.name, params.password)).encode()  # noqa: PLW2901
            done = system.commands.run(step, stdin=stdin)
            deadline = time.monotonic() + LEAVING_S
            while step[0] == "userdel" and done.rc == IN_USE and time.monotonic() < deadline:
                time.sleep(LOOK_S)
                done = system.commands.run(step)
            if done.rc != 0:
                raise Failed((done.err or done.out).strip(), name=params.name, rc=done.rc)
            told.update({key: text for key, text in (("stdout", done.out), ("stderr", done.err)) if text})
    user = find_user(system, params.name, params.local)
    if user is not None and params.state == "present":
        told.update(_described(user))
        if params.generate_ssh_key:
            told.update(_key_facts(_key_file(params, user.home), system))
    return told


def _make_home(params: Params, system: System) -> None:
    user = find_user(system, params.name, params.local)
    if user is None:
        return
    home = system.files.real(trimmed(user.home))
    skeleton = system.files.real(params.skeleton or "/etc/skel")
    settings = login_defaults(system)
    system.files.makedirs(os.path.dirname(trimmed(user.home)), 0o755)
    mask = int(params.umask or settings.get("UMASK", "022"), 8)
    mode = int(settings["HOME_MODE"], 8) if "HOME_MODE" in settings and not params.umask else 0o777 & ~mask
    place = tempfile.mkdtemp(prefix=".prov-", dir=os.path.dirname(home))
    try:
        made = os.path.join(place, "home")
        if os.path.isdir(skeleton):
            shutil.copytree(skeleton, made, symlinks=True)
        else:
            os.mkdir(made)
        for folder, directories, names in os.walk(made):
            for name in [*directories, *names]:
                os.chown(os.path.join(folder, name), user.uid, user.gid, follow_symlinks=False)
        os.chown(made, user.uid, user.gid)
        os.chmod(made, mode)
        os.rename(made, home)  # it is there as a whole, or not at all
    finally:
        shutil.rmtree(place)


def _make_key(params: Params, system: System) -> None:
    user = find_user(system, params.name, params.local)
    if user is None:
        return
    path = _key_file(params, user.home)
    folder = os.path.dirname(path)
    for made in system.files.makedirs(folder, 0o700):
        system.files.chown(made, user.uid, user.gid)
    for each in (path, path + ".pub"):
        if system.files.exists(each) and not params.force:
            raise Failed("%s is there already; force would write it anew" % each, name=params.name)
        system.files.remove(each)  # never written through: it may be a link that leads elsewhere
    bits = ["-b", str(params.ssh_key_bits)] if params.ssh_key_bits else []
    comment = params.ssh_key_comment or "ansible-generated on %s" % socket.gethostname()
    argv = ["ssh-keygen", "-q", "-t", params.ssh_key_type, *bits, "-C", comment, "-f", system.files.real(path)]
    if params.ssh_key_passphrase:
        done = _with_passphrase(argv, params.ssh_key_passphrase, system)
    else:
        done = system.commands.run([*argv, "-N", ""])
    if done.rc != 0:
        raise Failed("ssh-keygen failed: %s" % (done.err or done.out).strip(), name=params.name, rc=done.rc)
    for each in (path, path + ".pub"):
        system.files.chown(each, user.uid, user.gid)


def _with_passphrase(argv: List[str], passphrase: str, system: System) -> Any:
    """Let ssh-keygen ask a script of ours: arguments show in the process list, the environment to the same user."""
    asked = os.path.join(system.tmp, "askpass")
    answer = asked + ".answer"
    script = '#!/bin/sh\nexec cat "$0.answer"\n'
    try:
        for path, mode, text in ((asked, 0o700, script), (answer, 0o600, passphrase + "\n")):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            with os.fdopen(descriptor, "w") as stream:
                stream.write(text)
        return system.commands.run(argv, env={"SSH_ASKPASS": asked, "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": ":0"})
    finally:
        for path in (asked, answer):
            if os.path.lexists(path):
                os.unlink(path)


def _key_facts(path: str, system: System) -> Dict[str, Any]:
    facts: Dict[str, Any] = {"ssh_key_file": path}
    public = system.files.read_or_none(path + ".pub")
    if public is not None:
        facts["ssh_public_key"] = public.decode("utf-8", "replace").strip()
        done = system.commands.run(["ssh-keygen", "-l", "-f", system.files.real(path + ".pub")])
        facts["ssh_fingerprint"] = done.out.strip() if done.rc == 0 else done.err.strip()
    return facts


RETURNS = """
name: The name as given.
state: What is there now, or what was asked for.
append: Whether other groups were kept.
move_home: Whether the home directory was to be moved.
uid: Number of the file's owner.
comment: The GECOS field.
home: The home directory.
shell: The login shell.
group: Name of the file's group.
system: Whether it is a system account.
create_home: Whether the home directory was to be made.
force: As given.
remove: As given.
stdout: What the programs wrote.
stdout_lines: The same, a line an item.
stderr: What was written to standard error.
stderr_lines: The same, a line an item.
msg: What was done, in words.
password: NOT_LOGGING_PASSWORD where one was given.
ssh_key_file: The private key.
ssh_public_key: The public key.
ssh_fingerprint: The public key's fingerprint.
groups: The supplementary groups asked for.
rc: The exit code.
"""

EXAMPLES = """
- name: Somebody who administers
  user:
    name: alice
    comment: Alice Example
    groups: [adm, sudo]
    append: true
    shell: /bin/bash
- name: An account for a service
  user:
    name: app
    system: true
    create_home: false
    shell: /usr/sbin/nologin
"""
