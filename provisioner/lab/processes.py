"""Processes and control groups of the hosts: started in a group of their own, ended by it, never by name."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from provisioner.records import dataclass

from .commands import Commands, LabError, write_atomically

GROUP_PARENT = "provisioner-lab"
STOP_S = 5.0
KILL_S = 10.0
NSPAWN_SETTINGS = {
    # /proc/sys/net is the host's own and writable; the rest of /proc/sys is the one kernel that all share
    "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network",
    # as every Debian since 11 boots; newer systemds accept nothing else
    "UNIFIED_CGROUP_HIERARCHY": "1",
}
# starts "$@" in the background, in the given control groups, and prints its process id
STARTER = """
log=$1; count=$2; shift 2
while [ "$count" -gt 0 ]; do echo $$ > "$1/cgroup.procs" || exit 1; shift; count=$((count - 1)); done
setsid "$@" </dev/null >"$log" 2>&1 &
echo $!
"""

# runs "$@" again when it ends with 133, which is how systemd-nspawn says that its host asks for a reboot;
# SIGTERM goes on to it, and a wait that the signal broke off is taken up again
SUPERVISOR = """
trap 'ending=1; kill -TERM "$child"' TERM
while [ -z "$ending" ]; do
    "$@" & child=$!
    while kill -0 "$child" 2>/dev/null; do wait "$child"; code=$?; done
    [ "$code" = 133 ] || break
done
"""


@dataclass(frozen=True, slots=True)
class Running:
    """A process told apart from any later one with the same id by when it started."""

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> Running | None:
        """Return the process that has this id now, or None where it is gone or only waits to be reaped."""
        try:
            text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None
        # the command name in brackets may hold blanks: fields count from behind it, state first
        fields = text.rpartition(")")[2].split()
        return None if fields[0] in "ZX" else cls(pid, int(fields[19]))

    @classmethod
    def read(cls, path: Path) -> Running | None:
        """Return the recorded process if it is still the one that was recorded."""
        try:
            recorded = json.loads(path.read_text(encoding="utf-8"))
            known = cls(int(recorded["pid"]), int(recorded["started"]))
            same_boot = recorded["boot"] == _boot()
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return known if same_boot and known.is_alive() else None

    def record(self, path: Path) -> None:
        """Write the process down."""
        write_atomically(path, json.dumps({"pid": self.pid, "started": self.started, "boot": _boot()}) + "\n")

    def is_alive(self) -> bool:
        """Return whether this very process still runs."""
        return Running.of(self.pid) == self

    def send(self, number: int) -> None:
        """Send a signal, unless the process has ended or its id belongs to another by now."""
        if self.is_alive():
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                pass  # it ended in between, which is what was wanted


class Groups:
    """The control groups of one host; without one of its own, hosts would share one and kill each other's services."""

    def __init__(self, commands: Commands, machine: str, *, booted_by_systemd: bool | None = None) -> None:
        self._commands = commands
        self._machine = machine
        systemd_runs = Path("/run/systemd/system").is_dir()
        self._under_systemd = systemd_runs if booted_by_systemd is None else booted_by_systemd

    @property
    def paths(self) -> tuple[Path, ...]:
        """Return where the host's groups are: in cgroup2, and in systemd's own hierarchy on a mixed machine."""
        place = f"system.slice/{self._machine}.scope" if self._under_systemd else f"{GROUP_PARENT}/{self._machine}"
        return tuple(mount / place for mount in _hierarchies())

    def start(self, argv: Sequence[str], log: Path) -> Running:
        """Start ``argv`` under a supervisor, in these groups, apart from our session; return the supervisor."""
        command, groups = ["sh", "-c", SUPERVISOR, self._machine, *argv], self.paths
        if self._under_systemd:
            self._commands.attempt(["systemctl", "reset-failed", f"{self._machine}.scope"])
            scope = ["systemd-run", "--quiet", "--scope", "--collect", "--property=Delegate=yes"]
            scope += [f"--unit={self._machine}.scope", f"--description=lab host {self._machine}", "--"]
            command, groups = [*scope, *command], ()
        for group in groups:
            group.mkdir(parents=True, exist_ok=True)
        starter = ["sh", "-c", STARTER, "start", str(log), str(len(groups)), *map(str, groups), *command]
        process = Running.of(int(self._commands.launch(starter, NSPAWN_SETTINGS)))
        if process is None:
            raise LabError(f"{argv[0]} ended at once; its output is in {log}")
        return process

    def members(self) -> tuple[int, ...]:
        """Return the ids of all processes in the groups, those of groups within included."""
        found: set[int] = set()
        for group in self.paths:
            # os.walk, not glob: it bears with folders that go away under its hands
            for folder, _, _ in os.walk(group):
                try:
                    found.update(int(line) for line in Path(folder, "cgroup.procs").read_text().split())
                except OSError:
                    continue  # the group went away while we looked
        return tuple(sorted(found - {0}))

    def stop(self, supervisor: Running | None) -> None:
        """Ask the host to power off, then end every process in its groups, and remove the groups."""
        if supervisor is not None:
            supervisor.send(signal.SIGTERM)
            _wait_until_gone(supervisor, STOP_S)
        deadline = time.monotonic() + KILL_S
        while members := self.members():
            for process in filter(None, map(Running.of, members)):
                process.send(signal.SIGKILL)
            if time.monotonic() > deadline:
                raise LabError(f"processes of {self._machine} do not end: {' '.join(map(str, members))}")
            time.sleep(0.02)
        self._remove()

    def _remove(self) -> None:
        for group in self.paths:
            inner = [Path(folder) for folder, _, _ in os.walk(group, topdown=False)]
            for folder in [*inner, *([] if self._under_systemd else [group.parent])]:
                try:
                    folder.rmdir()
                except OSError:
                    continue  # gone already, or the parent has other hosts' groups


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def machines_with_groups() -> tuple[str, ...]:
    """Return the machines that have a control group of ours, on a controller without systemd."""
    return tuple(path.name for mount in _hierarchies() for path in (mount / GROUP_PARENT).glob("*/"))


def _wait_until_gone(process: Running, limit_s: float) -> None:
    deadline = time.monotonic() + limit_s
    while process.is_alive() and time.monotonic() < deadline:
        time.sleep(0.02)


def _hierarchies() -> tuple[Path, ...]:
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()]
    return tuple(
        Path(point)
        for _, point, kind, options, *_ in mounts
        if kind == "cgroup2" or (kind == "cgroup" and "name=systemd" in options.split(","))
    )
