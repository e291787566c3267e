"""Manage hosts in a configuration file of the ssh client.

Only the lines of the host named are touched; comments, ``Include``, ``Match`` and other hosts stay as they are.
Options that are not given are left alone.
"""

import io
import os
import pwd
import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..change import Change, Failed, text_diff
from ..params import Parameters, mutually_exclusive, optional, required
from ..system import System, attributes
from ..system.attributes import Wanted
from ..system.placing import Placing, place

DEFAULT = "/etc/ssh/ssh_config"
LINE = re.compile(r"^\s*([A-Za-z]\w*)(?:\s*=\s*|\s+)(.*?)\s*$")
MANY = ("identityfile",)
NAMES = (
    ("hostname", "hostname"),
    ("port", "port"),
    ("identity_file", "identityfile"),
    ("identities_only", "identitiesonly"),
    ("remote_user", "user"),
    ("strict_host_key_checking", "stricthostkeychecking"),
    ("user_known_hosts_file", "userknownhostsfile"),
    ("proxycommand", "proxycommand"),
    ("proxyjump", "proxyjump"),
    ("host_key_algorithms", "hostkeyalgorithms"),
    ("forward_agent", "forwardagent"),
    ("add_keys_to_agent", "addkeystoagent"),
    ("controlmaster", "controlmaster"),
    ("controlpath", "controlpath"),
    ("controlpersist", "controlpersist"),
    ("dynamicforward", "dynamicforward"),
)


class Params(Parameters):
    """The file, the host and its options."""

    host: str = required("str", "What stands behind Host: a name, or patterns.")
    state: str = optional("str", "Whether it is there.", "present", choices=("present", "absent"))
    user: Optional[str] = optional("str", "Whose ~/.ssh/config is meant.")
    group: Optional[str] = optional("str", "The group that owns the file; without it the user's own.")
    ssh_config_file: Optional[str] = optional("path", "The file; without it and without user /etc/ssh/ssh_config.")
    hostname: Optional[str] = optional("str", "The host that is connected to.")
    port: Optional[str] = optional("str", "Its port.")
    remote_user: Optional[str] = optional("str", "The user to log in as.")
    identity_file: Optional[str] = optional("path", "The private key; it must be there.")
    identities_only: Optional[bool] = optional("bool", "Use no other keys than those configured.")
    user_known_hosts_file: Optional[str] = optional("str", "The file of known hosts.")
    strict_host_key_checking: Optional[str] = optional(
        "str", "What happens to unknown host keys.", choices=("yes", "no", "ask", "accept-new")
    )
    proxycommand: Optional[str] = optional("str", "The command that connects.")
    proxyjump: Optional[str] = optional("str", "The host to go through.")
    forward_agent: Optional[bool] = optional("bool", "Whether the agent is forwarded.")
    add_keys_to_agent: Optional[bool] = optional("bool", "Whether keys are added to the agent.")
    host_key_algorithms: Optional[str] = optional("str", "Algorithms of host keys, in order.")
    controlmaster: Optional[str] = optional(
        "str", "Whether connections are shared.", choices=("yes", "no", "ask", "auto", "autoask")
    )
    controlpath: Optional[str] = optional("str", "The socket of a shared connection.")
    controlpersist: Optional[str] = optional("str", "How long a shared connection stays.")
    dynamicforward: Optional[str] = optional("str", "The local port of a SOCKS server.")
    other_options: Optional[Dict[str, Any]] = optional("dict", "Any other options, in lower case.")
    rules = (mutually_exclusive("user", "ssh_config_file"), mutually_exclusive("proxycommand", "proxyjump"))


class State(NamedTuple):
    """The file's content (None: not there), where it is, whose it shall be, and folders that are missing."""

    path: str
    content: Optional[bytes]
    want: Wanted
    folders: Tuple[str, ...]


def inspect(params: Params, system: System) -> State:
    """Read the file."""
    path, want = params.ssh_config_file or DEFAULT, Wanted(umask=attributes.umask())
    if params.user:
        try:
            account = pwd.getpwnam(params.user)
        except KeyError:
            raise Failed("Failed to find user %s" % params.user) from None
        path = os.path.join(account.pw_dir, ".ssh", "config")
        group = params.group or account.pw_gid
        ids = attributes.owner_ids(Wanted(owner=params.user, group=str(group), uid=account.pw_uid, gid=_gid(group)))
        want = Wanted("0600", params.user, str(group), ids[0], ids[1], umask=want.umask)
    system.files.look(path)
    key = params.identity_file
    if params.state == "present" and key and not system.files.exists(key):
        raise Failed("IdentityFile %s does not exist" % key)
    content = system.files.read_or_none(path)
    folders = attributes.missing_folders(system, os.path.dirname(path)) if content is None else ()
    return State(path, content, want, tuple(folders))


def _gid(group: Any) -> Optional[int]:
    return group if isinstance(group, int) else None


def plan(params: Params, state: State) -> Change:
    """Change the host's lines and compare."""
    wanted = _wanted(params)
    lines = (state.content or b"").decode("utf-8", "surrogateescape").splitlines(True)
    span = _span(params.host, lines)
    result: Dict[str, Any] = {"hosts_added": [], "hosts_removed": [], "hosts_changed": [], "hosts_change_diff": []}
    if params.state == "absent":
        if span is None:
            return Change(False, result=result)
        del lines[span[0] : span[1]]
        result["hosts_removed"] = [params.host]
    elif span is None:
        if not wanted:
            return Change(False, result=result)
        if lines and not lines[-1].endswith("\n"):
            lines[-1] += "\n"
        lines += ["Host %s\n" % params.host, *("    %s %s\n" % pair for pair in wanted.items())]
        result["hosts_added"] = [params.host]
    else:
        body = lines[span[0] + 1 : span[1]]
        new = _edited(body, wanted)
        if new == body:
            return Change(False, result=result)
        lines[span[0] + 1 : span[1]] = new
        result["hosts_changed"] = [params.host]
        result["hosts_change_diff"] = [{params.host: {"old": _options(body), "new": _options(new)}}]
    after = "".join(lines).encode("utf-8", "surrogateescape")
    return Change(True, after, result, text_diff(state.path, state.content, after))


def _wanted(params: Params) -> Dict[str, str]:
    found: Dict[str, str] = {}
    for name, keyword in NAMES:
        value = getattr(params, name)
        if value is not None:
            found[keyword] = {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
    for key, value in (params.other_options or {}).items():
        if key.lower() != key:
            raise Failed("The other_options key '%s' must be lower case" % key)
        if not isinstance(value, str):
            raise Failed("The other_options value provided for key '%s' must be a string, got %s" % (key, type(value)))
        if key in found:
            raise Failed("Multiple values provided for key '%s'" % key)
        found[key] = value
    bad = [key for key, value in found.items() if "\n" in value]
    if bad or "\n" in params.host:
        raise Failed("%s must be one line" % (bad[0] if bad else "host"))
    return found


def _read(line: str) -> Tuple[str, str]:
    match = LINE.match(line)
    return (match.group(1).lower(), match.group(2)) if match else ("", "")


def _span(host: str, lines: List[str]) -> Optional[Tuple[int, int]]:
    """Return the first line of the host and the first behind it; blanks and comments at its end are not its."""
    start: Optional[int] = None
    for number, line in enumerate(lines):
        key, value = _read(line)
        if key not in ("host", "match"):
            continue
        if start is not None:
            return start, _end(lines, start, number)
        if key == "host" and value.split() == host.split():
            start = number
    return None if start is None else (start, _end(lines, start, len(lines)))


def _end(lines: List[str], start: int, end: int) -> int:
    while end > start + 1 and not _read(lines[end - 1])[0]:
        end -= 1
    return end


def _options(body: List[str]) -> Dict[str, Any]:
    found: Dict[str, Any] = {}
    for key, value in map(_read, body):
        if key in MANY:
            found.setdefault(key, []).append(value)
        elif key:
            found.setdefault(key, value)
    return found


def _edited(body: List[str], wanted: Dict[str, str]) -> List[str]:
    """Return the lines with each option wanted on one of them; others of the same name go."""
    left = dict(wanted)
    new = []
    for line in body:
        key, value = _read(line)
        if key not in wanted:
            new.append(line)
        elif key in left:
            new.append(line if value == left[key] else _spelled(line, left[key]))
            del left[key]
    if left and new and not new[-1].endswith("\n"):
        new[-1] += "\n"
    return new + ["    %s %s\n" % pair for pair in left.items()]


def _spelled(line: str, value: str) -> str:
    match = re.match(r"^\s*[A-Za-z]\w*(?:\s*=\s*|\s+)", line)
    return "%s%s\n" % (match.group(0) if match else "", value)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Write the file."""
    state = change.state
    if state.folders:
        folder = state.want._replace(mode="0700" if state.want.mode else None)
        attributes.make_folders(system, state.folders, folder)
    want = state.want
    if state.content is None and not want.mode and change.params.ssh_config_file:
        want = want._replace(mode="0600")
    place(system, state.path, io.BytesIO(change.todo), want, Placing())
    return None


RETURNS = """
hosts_added: Hosts that were added.
hosts_changed: Hosts with other options now.
hosts_removed: Hosts that were removed.
hosts_change_diff: For each host its options before and after.
"""

EXAMPLES = """
- name: Reach the database host through the gate
  ssh_config:
    user: deploy
    host: db
    hostname: db.internal.example.org
    remote_user: admin
    proxyjump: gate.example.org
    other_options:
      serveraliveinterval: "30"
- name: The old host is gone
  ssh_config:
    user: deploy
    host: old-db
    state: absent
"""
