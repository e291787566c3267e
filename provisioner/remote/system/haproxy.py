"""A running HAProxy: asking its workers over the runtime sockets, and reading and editing its configuration."""

import csv
import re
import socket
import time
from typing import Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple

from ..change import Failed
from .system import System

SECTIONS = frozenset(
    "global defaults frontend backend listen peers resolvers userlist mailers program cache fcgi-app http-errors ring"
    " log-forward".split()
)
SOCKET = re.compile(r"^\s*stats\s+socket\s+(?:unix@)?(\S+)(.*)$")
TIMEOUT_S = 5.0
RELOADING_S = 2.0
NAP_S = 0.02
CHUNK = 65536


class Server(NamedTuple):
    """One server of a backend as a worker tells it: sessions and waiting requests of this moment, and its status."""

    name: str
    sessions: int
    queued: int
    status: str

    @property
    def takes_requests(self) -> bool:
        """Tell whether new requests may be sent to it, be it up or down."""
        return not self.status.startswith(("MAINT", "DRAIN"))

    @property
    def is_up(self) -> bool:
        """Tell whether it counts as working."""
        return self.status.startswith(("UP", "no check"))


class Worker:
    """One process that serves requests: the current one, or one that a reload left to finish what it has."""

    def __init__(self, path: str, prefix: str = "") -> None:
        self.path, self.prefix = path, prefix

    def ask(self, command: str) -> str:
        """Return the answer to one command of the runtime interface."""
        deadline = time.monotonic() + RELOADING_S
        while True:
            try:
                return self._ask_once(command)
            except OSError as error:
                is_reloading = isinstance(error, (ConnectionError, FileNotFoundError))
                if not is_reloading or time.monotonic() > deadline:
                    raise Failed("HAProxy does not answer on %s: %s" % (self.path, error.strerror or error)) from None
                time.sleep(NAP_S)

    def _ask_once(self, command: str) -> str:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(TIMEOUT_S)
            link.connect(self.path)
            link.sendall((self.prefix + command + "\n").encode())
            link.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: link.recv(CHUNK), b"")).decode("utf-8", "replace")

    def tell(self, command: str) -> None:
        """Give an order; whatever it answers is a complaint."""
        said = self.ask(command).strip()
        if said:
            raise Failed("HAProxy refuses '%s': %s" % (command, said))

    def servers(self, backend: str) -> Dict[str, Server]:
        """Return the servers of a backend by name, and the backend itself under ``BACKEND``."""
        lines = self.ask("show stat %s 6 -1" % backend).lstrip("# ").splitlines()
        found = {}
        for row in csv.DictReader(lines):
            if row.get("pxname") == backend and row.get("svname") != "FRONTEND":
                name = str(row["svname"])
                found[name] = Server(name, int(row["scur"] or 0), int(row["qcur"] or 0), str(row["status"]))
        return found

    def writing(self, table: str) -> Optional[int]:
        """Return how many requests under way a table counts, or None where this worker has no such table."""
        said = self.ask("show table " + table)
        if "No such table" in said or "# table" not in said:
            return None
        return sum(int(number) for number in re.findall(r"\bconn_cur=(\d+)", said))

    def pid(self) -> str:
        """Return the number of the process."""
        found = re.search(r"^Pid: (\d+)", self.ask("show info"), re.M)
        return found.group(1) if found else ""


def workers(runtime: str, master: str) -> List[Worker]:
    """Return the current worker and, where the master's socket is known, those left over from reloads."""
    found = [Worker(runtime)]
    if not master:
        return found
    said = Worker(master).ask("show proc")
    left = said.partition("# old workers")[2].partition("# programs")[0]
    return found + [Worker(master, "@!%s " % pid) for pid in re.findall(r"^(\d+)\s+worker", left, re.M)]


def unseen(pid: str, system: System) -> int:
    """Return how many other workers run that nobody can ask: those left over, where the master has no socket."""
    mine = _stat(pid, system)
    others = [_stat(each, system) for each in system.files.listdir("/proc") if each.isdigit() and each != pid]
    return sum(1 for other in others if mine and other == mine)


def _stat(pid: str, system: System) -> Tuple[str, ...]:
    """Return a process' name and its parent."""
    told = (system.files.read_or_none("/proc/%s/stat" % pid) or b"").decode("utf-8", "replace")
    name, _, rest = told.partition("(")[2].rpartition(")")
    return (name, rest.split()[1]) if rest else ()


class Section(NamedTuple):
    """Where a section of the configuration is: the index of its heading, and of the line behind its last."""

    kind: str
    name: str
    start: int
    end: int


def sections(lines: Sequence[str]) -> List[Section]:
    """Return the sections in order."""
    heads = []
    for index, line in enumerate(lines):
        words = line.split()
        if words and words[0] in SECTIONS:
            heads.append((words[0], words[1] if len(words) > 1 else "", index))
    ends = [start for _, _, start in heads[1:]] + [len(lines)]
    return [Section(kind, name, start, end) for (kind, name, start), end in zip(heads, ends)]


def backend_section(lines: Sequence[str], name: str) -> Section:
    """Return the section of a backend."""
    for section in sections(lines):
        if section.kind in ("backend", "listen") and section.name == name:
            return section
    known = ", ".join(s.name for s in sections(lines) if s.kind in ("backend", "listen"))
    raise Failed("the configuration of HAProxy has no backend '%s'; it has: %s" % (name, known or "none"))


def mode_of(lines: Sequence[str], section: Section) -> str:
    """Return ``http`` or ``tcp``: as the section says, or the defaults it has, or HAProxy's own."""
    heading = lines[section.start].split()
    wanted = heading[3] if len(heading) > 3 and heading[2] == "from" else None
    found = ""
    for each in sections(lines):
        is_ours = each.kind == "defaults" and each.start < section.start and wanted in (None, each.name)
        if is_ours:
            found = ""
        if is_ours or each.start == section.start:
            for line in lines[each.start : each.end]:
                words = line.partition("#")[0].split()
                if len(words) > 1 and words[0] == "mode":
                    found = words[1]
    return found or "tcp"


def runtime_socket(lines: Iterable[str]) -> str:
    """Return the path of the admin socket that the configuration names."""
    for line in lines:
        match = SOCKET.match(line)
        if match and "level admin" in " ".join(match.group(2).split()) and match.group(1).startswith("/"):
            return match.group(1)
    raise Failed("HAProxy has no admin socket: 'stats socket /run/haproxy/admin.sock level admin' belongs into global")


def chroot_of(lines: Sequence[str]) -> str:
    """Return the folder HAProxy locks itself into, or nothing."""
    for section in sections(lines):
        for line in lines[section.start : section.end] if section.kind == "global" else ():
            words = line.split()
            if len(words) > 1 and words[0] == "chroot":
                return words[1].rstrip("/")
    return ""


def server_lines(lines: Sequence[str], section: Section) -> Dict[str, int]:
    """Return the index of each server's line by the server's name."""
    found = {}
    for index in range(section.start + 1, section.end):
        words = lines[index].split()
        if len(words) > 2 and words[0] == "server":
            found[words[1]] = index
    return found


def is_disabled(line: str) -> bool:
    """Tell whether a server's line says that it starts out of service."""
    return "disabled" in _options(line)


def _options(line: str) -> List[str]:
    return line.partition("#")[0].split()[3:]


def with_service(line: str, wanted: bool) -> str:
    """Return a server's line that starts in service, or out of it."""
    if is_disabled(line) is not wanted:
        return line
    text, mark, remark = line.partition("#")
    if wanted:
        words = re.match(r"(\s*server\s+\S+\s+\S+)(.*)$", text)
        head, rest = words.groups() if words else (text, "")
        text = head + re.sub(r"\s+disabled(?=\s|$)", "", rest)
    else:
        text = text.rstrip() + " disabled" + (" " if mark else "")
    return text + mark + remark


def with_server(lines: List[str], section: Section, like: str, name: str, address: str) -> List[str]:
    """Return the configuration with a server behind the one it is to be like, out of service."""
    index = server_lines(lines, section)[like]
    match = re.match(r"(\s*server\s+)\S+(\s+)(\S+)(.*)$", lines[index])
    if match is None:
        raise Failed("not understood: " + lines[index].strip())
    port = match.group(3).rpartition(":")[2] if ":" in match.group(3) else ""
    where = address if re.search(r":\d+$", address) or not port else "%s:%s" % (address, port)
    line = match.group(1) + name + match.group(2) + where + match.group(4)
    return [*lines[: index + 1], with_service(line, False), *lines[index + 1 :]]


def without_block(lines: Sequence[str], mark: str) -> List[str]:
    """Return the lines without what lies between the marks BEGIN and END of that name, marks included."""
    begin, end = marks(mark)
    kept: List[str] = []
    is_inside = False
    for line in lines:
        if line.strip() == begin:
            is_inside = True
        if not is_inside:
            kept.append(line)
        if line.strip() == end:
            is_inside = False
    return kept


def marks(mark: str) -> Tuple[str, str]:
    """Return the two marking lines."""
    return "# BEGIN provisioner " + mark, "# END provisioner " + mark


def block(mark: str, body: Sequence[str], indent: str = "") -> List[str]:
    """Return lines between their marks."""
    begin, end = marks(mark)
    return [indent + begin, *(indent + line for line in body), indent + end]
