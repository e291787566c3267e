"""Letting the requests of an HAProxy backend wait: the program that does it there, its lines, and the file it obeys.

The file is all there is to it: ``all TILL`` or ``writes TILL`` holds until that time, anything else or no file lets
requests pass. Every worker reads it, the one that a reload left behind too, which takes no orders any more: for its
sake the file also says which servers were brought into service and which out of it.
"""

import re
from typing import List, NamedTuple, Sequence

from ..change import Failed
from .haproxy import Section, backend_section, block, chroot_of, mode_of, sections, without_block
from .system import System

READS = ("GET", "HEAD", "OPTIONS", "TRACE")
OUTSIDE = "/var/lib/provisioner-haproxy"
PROGRAM = """\
-- Lets requests for the backend '%(backend)s' wait while a file says so; written by provisioner for a migration.
-- The file's first line: "all TILL" or "writes TILL" (seconds since 1970). Nobody needs to take it back: when TILL is
-- over, requests pass. Its third: "to WHEN SERVERS SERVERS", those in service and those out of it, which is for
-- workers that were there before and may take no orders any more; later ones have it from the configuration.
local PLACES = { "%(inside)s", "%(outside)s" }
local SAFE = { GET = true, HEAD = true, OPTIONS = true, TRACE = true }
local MISSING = 2
local LOOK_S, NAP_MS = 0.004, 10
local BORN = os.time() + 1
local mode, till, looked, pointed = nil, 0, 0, ""

local function seconds()
    local moment = core.now()
    return moment.sec + moment.usec / 1000000
end

local function open()
    local is_missing = true
    for _, place in ipairs(PLACES) do
        local file, _, code = io.open(place, "r")
        if file then return file, false end
        is_missing = is_missing and code == MISSING
    end
    return nil, is_missing
end

local function each_server(names, method)
    local servers = core.backends["%(backend)s"].servers
    for name in string.gmatch(names, "[^,]+") do
        if servers[name] then servers[name][method](servers[name]) end
    end
end

local function point(line)
    if line == pointed then return end
    local told, wanted, others = string.match(line, "^to ([%%d.]+) (%%S+) (%%S+)$")
    if told and tonumber(told) > BORN then
        each_server(wanted, "set_ready")
        each_server(others, "set_maint")
    end
    pointed = line
end

local function look(moment)
    if moment >= looked and moment - looked < LOOK_S then return end
    looked = moment
    local file, is_missing = open()
    if not file then
        if is_missing then mode = nil end
        return
    end
    local line, _, to = file:read("l", "l", "l")
    file:close()
    point(to or "")
    local word, limit = string.match(line or "", "^(%%a+) ([%%d.]+)$")
    mode, till = word, tonumber(limit) or 0
end

local function must_wait(method)
    local moment = seconds()
    look(moment)
    if mode == nil or moment >= till then return false end
    return mode == "all" or (mode == "writes" and not SAFE[method])
end

core.register_action("%(action)s", { "%(kind)s" }, function(txn)
    local method = %(method)s
    while must_wait(method) do core.msleep(NAP_MS) end
end)
"""


OPEN = "open"
LONGEST_S = 600
"""No hold lasts longer; for so long HAProxy has to let a connection be looked at."""


class Places(NamedTuple):
    """Where the parts of one backend's hold are."""

    backend: str
    name: str
    program: str
    file: str
    inside: str
    is_tcp: bool = False

    @property
    def text(self) -> str:
        """Return the program."""
        said = {"backend": self.backend, "inside": self.inside, "outside": self.file, "action": self.name}
        said.update(kind="tcp-req" if self.is_tcp else "http-req", method='""' if self.is_tcp else "txn.sf:method()")
        return PROGRAM % said


class Hold(NamedTuple):
    """What the file says: which requests wait (``open`` for none), until when, since when, and who serves them."""

    mode: str
    till: float
    since: float
    to: str = ""

    @property
    def is_on(self) -> bool:
        """Tell whether requests wait at all, if the time is not over."""
        return self.mode != OPEN


NOTHING = Hold(OPEN, 0.0, 0.0)


def places(lines: Sequence[str], config: str, backend: str) -> Places:
    """Return where they are for a backend of this configuration."""
    name = "provisioner_hold_" + re.sub(r"[^A-Za-z0-9_]", "_", backend)
    chroot = chroot_of(lines)
    inside = "/provisioner-hold/" + name
    return Places(
        backend=backend,
        name=name,
        program="%s/%s.lua" % (config.rpartition("/")[0], name),
        file=(chroot or OUTSIDE) + inside,
        inside=inside if chroot else OUTSIDE + inside,
        is_tcp=mode_of(lines, backend_section(lines, backend)) == "tcp",
    )


def with_hold(lines: Sequence[str], where: Places) -> List[str]:
    """Return the configuration with the lines that let requests wait and count the writes under way."""
    kept = without_hold(lines, where)
    globals_ = [section for section in sections(kept) if section.kind == "global"]
    if not globals_:
        raise Failed("the configuration of HAProxy has no section 'global'")
    section = backend_section(kept, where.backend)
    rules = _tcp_rules(kept, section, where) if where.is_tcp else _http_rules(kept, where)
    table = ["backend " + where.name, "    stick-table type string len 16 size 16 store conn_cur"]
    inserts = [
        (globals_[0].start + 1, block(where.name, ["lua-load " + where.program], "    ")),
        (section.start + 1, block(where.name, rules, "    ")),
        (len(kept), block(where.name, table)),
    ]
    for at, added in sorted(inserts, reverse=True):
        kept[at:at] = added
    return kept


def _http_rules(lines: Sequence[str], where: Places) -> List[str]:
    counter = _free_counter(lines)
    return [
        "http-request lua.%s" % where.name,
        "http-request track-sc%d str(writes) table %s unless { method %s }" % (counter, where.name, " ".join(READS)),
    ]


def _tcp_rules(lines: Sequence[str], section: Section, where: Places) -> List[str]:
    """Connections wait instead of requests; those that look into them for a time of their own would wait longer."""
    for line in lines[section.start : section.end]:
        if line.split()[:2] == ["tcp-request", "inspect-delay"]:
            message = "backend %s has a 'tcp-request inspect-delay' of its own: connections cannot be held there"
            raise Failed(message % where.backend)
    return ["tcp-request inspect-delay %ds" % LONGEST_S, "tcp-request content lua.%s" % where.name]


def without_hold(lines: Sequence[str], where: Places) -> List[str]:
    """Return the configuration without them."""
    return without_block(lines, where.name)


def _free_counter(lines: Sequence[str]) -> int:
    text = "\n".join(line.partition("#")[0] for line in lines)
    for number in (2, 1, 0):
        if not re.search(r"\b(track-sc|sc_?)%d\b" % number, text) and "sc%d_" % number not in text:
            return number
    raise Failed("the configuration of HAProxy uses all three sticky counters; one is needed to count writes under way")


def read(system: System, where: Places) -> Hold:
    """Return what the file says; nothing waits where there is none."""
    content = (system.files.read_or_none(where.file) or b"").decode("utf-8", "replace")
    match = re.match(r"(all|writes|open) ([0-9.]+)\nsince ([0-9.]+)\n(to .*)?", content)
    return (
        Hold(match.group(1), float(match.group(2)), float(match.group(3)), match.group(4) or "") if match else NOTHING
    )


def write(system: System, where: Places, hold: Hold) -> None:
    """Put it into the file; HAProxy's own user has to be able to read it."""
    folder = where.file.rpartition("/")[0]
    for made in system.files.makedirs(folder, 0o755):
        system.files.chmod(made, 0o755)
    text = "%s %.3f\nsince %.3f\n%s\n" % hold
    system.files.write(where.file, text.encode(), mode=0o644)


def pointing(now: float, wanted: Sequence[str], others: Sequence[str]) -> str:
    """Return the line that makes workers of before bring servers into service and take others out."""
    return "to %.3f %s %s" % (now, ",".join(wanted), ",".join(others))
