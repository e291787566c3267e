"""Looks at one thing for a check: what kind, and in which words the controller asks, is in ``KINDS``. Never changes.

The answer is plain data; what it has to be is compared on the controller. A question that cannot be answered gives
``{"error": why}``.
"""

import re
import socket
import struct
import subprocess
from typing import Any, Callable, Dict, List, Mapping, Optional

from .change import Failed
from .system import System, accounts, attributes, dpkg
from .system.files import trimmed
from .system.systemctl import Systemctl, full_name, in_charge
from .system.urls import Question, UrlParameters, ask

MAX_TEXT = 256 * 1024
LISTENS = {"tcp": "0A", "udp": "07"}
Words = Mapping[str, Any]
Seen = Dict[str, Any]


def observe(words: Words, system: System) -> Seen:
    """Return what there is, as ``words`` (kind and details) ask for it."""
    look = KINDS.get(str(words.get("kind")))
    if look is None:
        return {"error": "nothing is known about %r" % (words.get("kind"),)}
    try:
        return look(words, system)
    except Failed as failed:
        return {"error": failed.msg}
    except (OSError, subprocess.SubprocessError, UnicodeError, ValueError) as error:
        return {"error": str(error)}


def _package(words: Words, system: System) -> Seen:
    database = dpkg.read(system)
    found = database.find(str(words["name"]))
    if found is not None and found.installed:
        return {"installed": True, "version": found.version}
    providers = database.providers(str(words["name"]))
    if providers:
        return {"installed": True, "version": providers[0].version, "provided_by": providers[0].name}
    return {"installed": False, "version": None}


def _service(words: Words, system: System) -> Seen:
    if not in_charge(system):
        return {"error": "systemd does not run here"}
    systemctl, unit = Systemctl(system), full_name(str(words["name"]))
    status = systemctl.show(unit)
    if status.get("LoadState") in (None, "not-found", "bad-setting", "error"):
        return {"exists": False, "state": status.get("LoadState") or "unknown", "enabled": False}
    return {
        "exists": True,
        "state": status.get("ActiveState", "unknown"),
        "sub": status.get("SubState", ""),
        "enabled": systemctl.is_enabled(status, unit),
        "result": status.get("Result", ""),
    }


def _file(words: Words, system: System) -> Seen:
    path = str(words["path"])
    status = system.files.stat(path, follow=bool(words.get("follow")))
    if status is None:
        return {"exists": False, "state": "absent"}
    state = attributes.state_of(status)
    seen: Seen = {
        "exists": True,
        "state": "file" if state == "hard" else state,
        "mode": "%04o" % (status.st_mode & 0o7777),
        "owner": attributes.user_name(status.st_uid),
        "group": attributes.group_name(status.st_gid),
        "size": status.st_size,
    }
    if state == "link":
        seen["target"] = system.files.readlink(path)
    is_readable = system.files.is_file(path)
    if words.get("content") and is_readable:
        seen["content"] = _text(system.files.head(path, MAX_TEXT))
    if words.get("sha256") and is_readable:
        seen["sha256"] = system.files.checksum(path, "sha256")
    return seen


def _port(words: Words, system: System) -> Seen:
    protocol, wanted = str(words.get("protocol", "tcp")), int(words["port"])
    found: List[str] = []
    for name in (protocol, protocol + "6"):
        content = system.files.read_or_none("/proc/net/" + name) or b""
        for line in content.decode("ascii", "replace").splitlines()[1:]:
            fields = line.split()
            if len(fields) > 3 and fields[3] == LISTENS[protocol]:
                address, _, port = fields[1].rpartition(":")
                if int(port, 16) == wanted:
                    found.append(_address(address))
    return {"addresses": sorted(set(found))}


def _address(written: str) -> str:
    """Return the address that the kernel writes in hexadecimal, as words of the machine's own byte order."""
    numbers = [int(written[i : i + 8], 16) for i in range(0, len(written), 8)]
    packed = struct.pack("=%dI" % len(numbers), *numbers)
    return socket.inet_ntop(socket.AF_INET if len(numbers) == 1 else socket.AF_INET6, packed)


class _Url(UrlParameters):
    """The parameters of a web request."""


def _http(words: Words, _system: System) -> Seen:
    known = {
        name: words[name] for name in ("url", "headers", "validate_certs", "ca_path") if words.get(name) is not None
    }
    body = words.get("body")
    question = Question(
        method=str(words.get("method", "GET")),
        body=None if body is None else str(body).encode("utf-8"),
        redirects=str(words.get("redirects", "all")),
        timeout_s=float(words.get("timeout", 10)),
    )
    answer = ask(_Url.parse(dict(known, use_netrc=False)), question)
    if answer.status == -1:
        return {"error": answer.msg}
    with answer.stream as stream:
        text = _text(stream.read(MAX_TEXT))
    headers = {str(name).lower(): str(value) for name, value in dict(answer.headers).items()}
    return {"status": answer.status, "body": text, "headers": headers, "url": answer.url}


def _command(words: Words, system: System) -> Seen:
    argv = [str(word) for word in words["argv"]]
    timeout = float(words.get("timeout", 60))
    try:
        done = system.commands.run(argv, cwd=words.get("chdir"), timeout_s=timeout)
    except subprocess.TimeoutExpired:
        return {"error": "it did not end within %g seconds" % timeout}
    return {"rc": done.rc, "stdout": done.out[:MAX_TEXT], "stderr": done.err[:MAX_TEXT]}


def _user(words: Words, system: System) -> Seen:
    user = accounts.find_user(system, str(words["name"]))
    if user is None:
        return {"exists": False}
    return {
        "exists": True,
        "uid": user.uid,
        "gid": user.gid,
        "group": attributes.group_name(user.gid),
        "groups": accounts.supplementary(system, user),
        "home": user.home,
        "shell": user.shell,
    }


def _dns(words: Words, _system: System) -> Seen:
    name = str(words["name"])
    if words.get("type") == "PTR":
        try:
            return {"addresses": [socket.gethostbyaddr(name)[0]]}
        except OSError as error:
            return {"addresses": [], "why": error.strerror or str(error)}
    family = {"A": socket.AF_INET, "AAAA": socket.AF_INET6}.get(str(words.get("type")), socket.AF_UNSPEC)
    try:
        found = socket.getaddrinfo(name, None, family, socket.SOCK_STREAM)
    except socket.gaierror as error:
        return {"addresses": [], "why": error.strerror or str(error)}
    return {"addresses": sorted({str(entry[4][0]) for entry in found})}


def _mount(words: Words, system: System) -> Seen:
    path = trimmed(str(words["path"]))
    content = (system.files.read_or_none("/proc/self/mounts") or b"").decode("utf-8", "surrogateescape")
    last: Optional[Seen] = None
    for line in content.splitlines():
        fields = [_unescaped(field) for field in line.split()]
        if len(fields) >= 4 and fields[1] == path:
            last = {"mounted": True, "source": fields[0], "fstype": fields[2], "options": fields[3].split(",")}
    return last or {"mounted": False}


def _unescaped(field: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), field)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


KINDS: Dict[str, Callable[[Words, System], Seen]] = {
    "package": _package,
    "service": _service,
    "file": _file,
    "port": _port,
    "http": _http,
    "command": _command,
    "user": _user,
    "dns": _dns,
    "mount": _mount,
}
