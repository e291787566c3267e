"""One PostgreSQL server of this host as files and programs: where it lives, its unit, its programs, its user."""

import json
import os
import pwd
import shutil
from typing import Any, Dict, List, NamedTuple, Optional, Sequence

from ..change import Failed
from .commands import PLAIN, Completed
from .postgresql_wire import LocalParameters, Session
from .streams import Hearer
from .system import System

SEED = "provisioner.seed"
"""The file in a data directory that says it was copied here, and for what."""

WRITTEN = "SELECT name, setting FROM pg_file_settings WHERE sourcefile LIKE '%postgresql.auto.conf' ORDER BY seqno"
PLACE = "SELECT current_setting('data_directory') AS data, current_setting('hba_file') AS hba"


class Cluster(NamedTuple):
    """Where the server lives: data directory, access file, systemd unit, folder of its programs."""

    data: str
    hba: str
    unit: str
    programs: str


def is_frozen(session: Session) -> bool:
    """Tell whether postgresql_freeze has stopped writes, and the server knows it."""
    written = {row["name"]: row["setting"] for row in session.rows(WRITTEN)}
    known = session.value("SELECT reset_val FROM pg_settings WHERE name = 'autovacuum'")
    return written.get("default_transaction_read_only") == "on" and known == "off"


def of_session(session: Session) -> Cluster:
    """Return where the server of a session lives."""
    row = session.row(PLACE)
    data = row["data"] or ""
    with open(os.path.join(data, "postmaster.pid")) as stream:
        pid = int(stream.readline())
    return Cluster(data, row["hba"] or "", unit_of(pid), os.path.dirname(os.readlink("/proc/%d/exe" % pid)))


def unit_of(pid: int) -> str:
    """Return the systemd unit a process belongs to, empty where it is in none."""
    with open("/proc/%d/cgroup" % pid) as stream:
        paths = [line.rstrip("\n").rpartition(":")[2] for line in stream]
    units = [path.rpartition("/")[2] for path in paths if path.endswith(".service")]
    return units[0] if units else ""


def home(params: LocalParameters) -> str:
    """Return the home of the server's system user, where what only it may read is kept."""
    try:
        return pwd.getpwnam(params.system_user).pw_dir
    except KeyError:
        raise Failed("there is no system user %s: is PostgreSQL installed?" % params.system_user) from None


def note_path(params: LocalParameters) -> str:
    """Return where it is written down how the server of this port is found while it does not run."""
    return os.path.join(home(params), ".provisioner-%d.json" % params.login_port)


def remember(params: LocalParameters, cluster: Cluster) -> None:
    """Write down where the server lives."""
    write_private(params, note_path(params), json.dumps(cluster._asdict()))


def remembered(params: LocalParameters) -> Optional[Cluster]:
    """Return what was written down."""
    try:
        with open(note_path(params)) as stream:
            return Cluster(**json.load(stream))
    except (OSError, ValueError, TypeError):
        return None


def write_private(params: LocalParameters, path: str, text: str) -> None:
    """Write a file, whole or not at all, that only the server's user may read."""
    beside = path + ".new"
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "w") as stream:
        stream.write(text)
        give(params, handle)
        stream.flush()
        os.fsync(handle)
    os.rename(beside, path)


def give(params: LocalParameters, handle: Any) -> None:
    """Let a file or folder belong to the server's user."""
    if os.geteuid() == 0:
        account = pwd.getpwnam(params.system_user)
        os.chown(handle, account.pw_uid, account.pw_gid)


def run(system: System, params: LocalParameters, argv: Sequence[str], hear: Optional[Hearer] = None) -> Completed:
    """Run a program as the server's user."""
    words: List[str] = list(argv)
    if os.geteuid() == 0:
        words = ["runuser", "-u", params.system_user, "--", *words]
    return system.commands.run(words, env=dict(PLAIN, PGCONNECT_TIMEOUT="10"), cwd="/", hear=hear)


def service(system: System, cluster: Cluster, verb: str) -> None:
    """Start, stop or restart the server through its unit."""
    if not cluster.unit:
        raise Failed("the server in %s belongs to no systemd unit: %s it and go on" % (cluster.data, verb))
    done = system.commands.run(["systemctl", verb, cluster.unit], env=PLAIN)
    if done.rc != 0:
        raise Failed("systemctl %s %s failed: %s" % (verb, cluster.unit, done.err.strip()), rc=done.rc)


def seed_of(folder: str) -> Dict[str, Any]:
    """Return what the seed file of a data directory says, nothing where there is none."""
    try:
        with open(os.path.join(folder, SEED)) as stream:
            told: Dict[str, Any] = json.load(stream)
    except (OSError, ValueError):
        return {}
    return told


def free_bytes(folder: str) -> int:
    """Return the room on the file system of a folder, as its owner sees it."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def size_of(folder: str) -> int:
    """Return the bytes that a folder takes."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(path, name)).st_blocks * 512
            except OSError:
                continue  # removed meanwhile
    return total


def remove(folder: str) -> None:
    """Remove a folder with all that is in it."""
    if os.path.isdir(folder):
        shutil.rmtree(folder)
