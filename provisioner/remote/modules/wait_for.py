"""Wait until a port opens or closes, a file appears, goes or holds a text, or just for a time."""

import re
import socket
import time
from typing import Any, Callable, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, optional
from ..system import System, attributes

TRAITS = Traits(predictable="no", reach="others", settles=False)
TCP_STATES = ("ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT")


class Params(Parameters):
    """With neither ``port`` nor ``path`` it waits for ``timeout`` seconds."""

    host: str = optional("str", "Where the port is.", "127.0.0.1")
    port: Optional[int] = optional("int", "The TCP port.")
    path: Optional[str] = optional("path", "The file.")
    state: str = optional(
        "str", "What to wait for.", "started", choices=("absent", "drained", "present", "started", "stopped")
    )
    search_regex: Optional[str] = optional("str", "What the file or the port's answer must hold.")
    timeout: int = optional("int", "Give up after so many seconds.", 300)
    connect_timeout: int = optional("int", "How long one try to connect may take.", 5)
    delay: int = optional("int", "Seconds before the first look.", 0)
    sleep: int = optional("int", "Seconds between two looks.", 1)
    exclude_hosts: List[str] = optional("list", "Peers whose connections do not count (drained).", (), elements="str")
    active_connection_states: List[str] = optional(
        "list", "Connections in these states count (drained).", TCP_STATES, elements="str"
    )
    msg: Optional[str] = optional("str", "What to say in place of the usual message when the time is up.")


class State(NamedTuple):
    """The expression to search, compiled."""

    pattern: Any


def inspect(params: Params, system: System) -> State:
    """Check what cannot go together."""
    if params.port and params.path:
        raise Failed("port and path parameter can not both be passed to wait_for", elapsed=0)
    if params.path and params.state in ("stopped", "drained"):
        raise Failed(
            "state=%s should only be used for checking a port in the wait_for module" % params.state, elapsed=0
        )
    if params.exclude_hosts and params.state != "drained":
        raise Failed("exclude_hosts should only be with state=drained", elapsed=0)
    unknown = [name for name in params.active_connection_states if name not in TCP_STATES]
    if unknown:
        raise Failed("unknown active_connection_state (%s) defined" % unknown[0], elapsed=0)
    try:
        pattern = params.search_regex and re.compile(params.search_regex.encode("utf-8"), re.MULTILINE)
    except re.error as error:
        raise Failed("search_regex '%s' is not a regular expression: %s" % (params.search_regex, error)) from None
    return State(pattern or None)


def plan(params: Params, state: State) -> Change:
    """Only running tells."""
    return Change(None)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Look until it is so or the time is up."""
    params: Params = change.params
    started = time.monotonic()
    result: Dict[str, Any] = {
        "state": params.state,
        "port": params.port,
        "path": params.path,
        "search_regex": params.search_regex,
        "match_groups": [],
        "match_groupdict": {},
    }
    time.sleep(params.delay)
    if params.port is None and params.path is None and params.state != "drained":
        time.sleep(params.timeout)
    elif not _wait(params, _look(params, change.state, system), started, result):
        elapsed = int(time.monotonic() - started)
        raise Failed(params.msg or "Timeout when waiting for " + _what(params), elapsed=elapsed)
    if params.path:
        result.update(attributes.info(system, params.path))
    return dict(result, changed=False, elapsed=int(time.monotonic() - started))


def _wait(params: Params, look: Callable[[float], Any], started: float, result: Dict[str, Any]) -> bool:
    end = started + params.timeout
    while True:
        found = look(max(0.1, min(params.connect_timeout, end - time.monotonic())))
        if found:
            if found is not True:
                result["match_groups"] = [_text(group) for group in found.groups()]
                result["match_groupdict"] = {key: _text(group) for key, group in found.groupdict().items()}
            return True
        left = end - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(params.sleep, left))


def _text(group: Optional[bytes]) -> Optional[str]:
    return None if group is None else group.decode("utf-8", "replace")


def _look(params: Params, state: State, system: System) -> Callable[[float], Any]:
    """Return the function that looks once: True, a match, or something false."""
    if params.state == "drained":
        return lambda _timeout: not _connections(params, system)
    if params.state in ("absent", "stopped"):
        if params.path:
            return lambda _timeout: not system.files.exists(params.path or "")
        return lambda timeout: not _answers(params, None, timeout)
    if params.path:
        return lambda _timeout: _file_holds(params, state, system)
    return lambda timeout: _answers(params, state.pattern, timeout)


def _file_holds(params: Params, state: State, system: System) -> Any:
    path = params.path or ""
    if state.pattern is None:
        return system.files.stat(path, follow=True) is not None
    try:
        return state.pattern.search(system.files.read(path))
    except OSError:
        return None


def _answers(params: Params, pattern: Any, timeout: float) -> Any:
    """Return whether a connection is accepted, or the match in what it says."""
    try:
        with socket.create_connection((params.host, params.port or 0), timeout) as connection:
            if pattern is None:
                return True
            return _read_until(connection, pattern, time.monotonic() + timeout)
    except OSError:
        return None


def _read_until(connection: socket.socket, pattern: Any, end: float) -> Any:
    said = b""
    while time.monotonic() < end:
        connection.settimeout(max(0.05, end - time.monotonic()))
        part = connection.recv(1024)
        if not part:
            break
        said += part
        match = pattern.search(said)
        if match:
            return match
    return None


KERNEL_STATES = {
    "01": "ESTABLISHED",
    "02": "SYN_SENT",
    "03": "SYN_RECV",
    "04": "FIN_WAIT1",
    "05": "FIN_WAIT2",
    "06": "TIME_WAIT",
}


def _connections(params: Params, system: System) -> int:
    """Count the connections to the port that the kernel lists."""
    count = 0
    excluded = {address for host in params.exclude_hosts for address in _addresses(host)}
    for path in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in (system.files.read_or_none(path) or b"").decode("ascii", "replace").splitlines()[1:]:
            fields = line.split()
            if int(fields[1].rsplit(":", 1)[1], 16) != params.port:
                continue
            if KERNEL_STATES.get(fields[3]) in params.active_connection_states:
                count += _peer(fields[2].rsplit(":", 1)[0]) not in excluded
    return count


def _addresses(host: str) -> List[str]:
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(host, None)]
    except OSError:
        return [host]


def _peer(text: str) -> str:
    """Return the kernel's hexadecimal address in its usual form; an IPv4 one inside IPv6 as IPv4."""
    raw = b"".join(bytes.fromhex(text[at : at + 8])[::-1] for at in range(0, len(text), 8))
    if len(raw) == 16 and raw.startswith(b"\0" * 10 + b"\xff\xff"):
        raw = raw[12:]
    return socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw)


def _what(params: Params) -> str:
    place = params.path or "%s:%s" % (params.host, params.port)
    if params.state == "drained":
        return "%s to drain" % place
    if params.state in ("absent", "stopped"):
        return "%s to be absent." % place if params.path else "%s to stop." % place
    if params.search_regex:
        return "search string %s in %s" % (params.search_regex, place)
    return "file %s" % place if params.path else place


RETURNS = """
state: What is there now, or what was asked for.
port: As given.
path: The path worked on.
search_regex: As given.
match_groups: What the groups of search_regex matched.
match_groupdict: The same by name.
uid: Number of the file's owner.
gid: Number of the file's group.
owner: Name of the file's owner.
group: Name of the file's group.
mode: The file's permissions in octal.
size: The file's size in bytes.
elapsed: Seconds it took.
"""

EXAMPLES = """
- name: Until the application answers
  wait_for:
    port: 8000
    timeout: 60
- name: Until the log says so
  wait_for:
    path: /var/log/app.log
    search_regex: ready in (\\d+) ms
"""
