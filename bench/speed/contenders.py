"""Who is measured: provisioner, its peers, and the floor: one OpenSSH connection a host that runs one script."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.speed import peers
from bench.speed.hosts import Reached
from bench.speed.measuring import Sample, measured
from bench.speed.workloads.workload import Workload

TOP = Path(__file__).resolve().parents[2]
OWN_SETTINGS = ("ANSIBLE_", "PROVISIONER_", "PYTHON")
FORKS = 50


@dataclass(frozen=True, slots=True)
class Job:
    """One workload, written down in a folder, and the hosts it is for."""

    workload: Workload
    folder: Path
    reached: Reached


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to do the work; ``folder`` is its own on the controller."""

    name: str
    folder: Path

    def run(self, job: Job, timeout_s: float) -> Sample:
        """Do the work once."""
        return self._measured(self._command(job), timeout_s)

    def alone(self, words: Sequence[str], timeout_s: float) -> Sample | None:
        """Run the contender's own command line where no host is touched; None where it has no such command."""
        return self._measured([*self._program(), *words], timeout_s)

    def output(self) -> str:
        """Return what the last run said."""
        return (self.folder / "output.txt").read_text(encoding="utf-8", errors="replace")

    def version(self) -> str:
        """Return what was measured."""
        return peers.version(self.name.partition(" ")[0])

    def _measured(self, command: Sequence[str], timeout_s: float) -> Sample:
        return measured(command, self._environment(), self.folder / "output.txt", timeout_s)

    def _command(self, job: Job) -> list[str]:
        return [*self._program(), str(job.folder / "play.yml"), "-i", str(job.folder / "inventory.json")]

    def _program(self) -> list[str]:
        raise NotImplementedError

    def _environment(self) -> Mapping[str, str]:
        """Return an environment in which no setting of the user decides a measurement."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OWN_SETTINGS)}
        return kept | {"NO_COLOR": "1", "COLUMNS": "120"}


class Ours(Contender):
    """provisioner, from this tree: strict host keys, journal on."""

    __slots__ = ()

    def alone(self, words: Sequence[str], timeout_s: float) -> Sample | None:
        """Run a command without hosts; a playbook needs the verb before it."""
        verb = [] if words[0].startswith("-") else ["run"]
        return self._measured([*self._entry(), *verb, *words], timeout_s)

    def version(self) -> str:
        """Return what was measured."""
        return f"this tree, Python {sys.version.split()[0]}"

    def _program(self) -> list[str]:
        return [*self._entry(), "run", "-f", str(FORKS)]

    def _entry(self) -> list[str]:
        return [sys.executable, "-c", "from provisioner.cli.main import entry; entry()"]

    def _environment(self) -> Mapping[str, str]:
        state = {"PYTHONPATH": str(TOP), "PROVISIONER_STATE_DIR": str(self.folder / "state")}
        return dict(Contender._environment(self)) | state


class Ansible(Contender):
    """ansible-core with pipelining, OpenSSH's connection sharing and many forks: its fastest settings."""

    __slots__ = ()

    def _program(self) -> list[str]:
        return [str(peers.programs(self.name.partition(" ")[0]) / "ansible-playbook")]

    def _strategy(self) -> Mapping[str, str]:
        return {"ANSIBLE_STRATEGY": "free" if self.name.endswith("free") else "linear"}

    def _environment(self) -> Mapping[str, str]:
        settings = self.folder / "ansible.cfg"
        settings.write_text("[defaults]\n", encoding="utf-8")
        return dict(Contender._environment(self)) | {
            "ANSIBLE_CONFIG": str(settings),
            "ANSIBLE_HOME": str(self.folder / "home"),
            "ANSIBLE_PIPELINING": "True",
            "ANSIBLE_FORKS": str(FORKS),
            **self._strategy(),
        }


class Mitogen(Ansible):
    """ansible-core with mitogen's linear strategy."""

    __slots__ = ()

    def _strategy(self) -> Mapping[str, str]:
        return {"ANSIBLE_STRATEGY": "mitogen_linear", "ANSIBLE_STRATEGY_PLUGINS": peers.mitogen_strategies()}


class Pyinfra(Contender):
    """pyinfra 3 with operations that say the same."""

    __slots__ = ()

    def alone(self, words: Sequence[str], timeout_s: float) -> Sample | None:
        """Run --version or --help; it has no way to look at a deploy without hosts."""
        return Contender.alone(self, words, timeout_s) if words[0].startswith("-") else None

    def _program(self) -> list[str]:
        return [str(peers.programs("pyinfra") / "pyinfra")]

    def _command(self, job: Job) -> list[str]:
        there = shlex.quote(str(job.folder))
        command = [*self._program(), "-y", "--parallel", str(FORKS), "hosts.py", "deploy.py"]
        return ["sh", "-c", f"cd {there} && exec {shlex.join(command)}"]


class Floor(Contender):
    """What the work costs without a tool: for each host at once one OpenSSH connection that runs one script."""

    __slots__ = ()

    def alone(self, words: Sequence[str], timeout_s: float) -> Sample | None:
        """There is no command line."""
        del words, timeout_s
        return None

    def version(self) -> str:
        """Return what was measured."""
        return os.popen("ssh -V 2>&1").read().strip()

    def _command(self, job: Job) -> list[str]:
        lines = [f"cd {shlex.quote(str(job.folder))}", "pids="]
        for each in job.reached.addresses:
            ssh = job.reached.ssh(each)
            if job.workload.floor_here:
                options, host = shlex.join(ssh[1:-1]), ssh[-1]
                lines.append(f'OPTIONS={shlex.quote(options)} HOST={host} sh floor.sh {each.name} & pids="$pids $!"')
            else:
                lines.append(f'{shlex.join(ssh)} sh -s {each.name} < floor.sh & pids="$pids $!"')
        lines.append("for pid in $pids; do wait $pid || exit 1; done")
        script = self.folder / f"{job.workload.name}.sh"
        script.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return ["sh", str(script)]


KINDS: Mapping[str, type[Contender]] = {
    "provisioner": Ours,
    "floor": Floor,
    "pyinfra": Pyinfra,
    "mitogen": Mitogen,
    "ansible": Ansible,
    "ansible free": Ansible,
}
REFERENCE = "ansible"


def made(names: Sequence[str], folder: Path) -> list[Contender]:
    """Return the contenders called so, each with a folder of its own."""
    found = []
    for name in names:
        own = folder / name.replace(" ", "-")
        own.mkdir()
        found.append(KINDS[name](name, own))
    return found
