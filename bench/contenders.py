"""Who is measured: provisioner, ansible-core with pipelining, and a shell script over one SSH connection."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hosts import Hosts
from measuring import Sample, measured
from workloads import Workload

TOP = Path(__file__).resolve().parents[1]
ORACLE_RELEASE = "2.18"
ORACLE_VARIABLE = "PROVISIONER_ORACLE"
INSTALL_S = 300
OWN_SETTINGS = ("ANSIBLE_", "PROVISIONER_", "PYTHON")


def oracle_programs() -> Path:
    """Return the folder with ansible-playbook: an existing one, or that of a virtual environment made on demand."""
    if given := os.environ.get(ORACLE_VARIABLE):
        if not Path(given, "ansible-playbook").exists():
            raise FileNotFoundError(f"{ORACLE_VARIABLE} is {given}, and there is no ansible-playbook in it")
        return Path(given)
    home = TOP / ".cache" / f"oracle-{ORACLE_RELEASE}"
    if not (home / ".complete").exists():
        shutil.rmtree(home, ignore_errors=True)
        venv.create(home, with_pip=True)
        install = [str(home / "bin/pip"), "install", "--quiet", f"ansible-core=={ORACLE_RELEASE}.*"]
        subprocess.run(install, check=True, timeout=INSTALL_S)
        (home / ".complete").touch()
    return home / "bin"


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to do the work; ``root`` is its folder on the hosts."""

    name: str
    folder: Path
    hosts: Hosts

    @property
    def root(self) -> str:
        """Return the folder on the hosts that is this contender's alone."""
        return f"/srv/bench-{self.name}"

    def can(self, workload: Workload) -> bool:
        """Tell whether there is a way to do this work."""
        del workload
        return True

    def run(self, workload: Workload, timeout_s: float) -> Sample:
        """Do the work once."""
        return self._measured(self._command(workload), timeout_s)

    def alone(self, words: Sequence[str], timeout_s: float) -> Sample:
        """Run the contender's own command line where no host is touched."""
        return self._measured([*self._program(), *words], timeout_s)

    def output(self) -> str:
        """Return what the last run said."""
        return (self.folder / "output.txt").read_text(encoding="utf-8", errors="replace")

    def _measured(self, command: Sequence[str], timeout_s: float) -> Sample:
        return measured(command, self._environment(), self.folder / "output.txt", timeout_s)

    def _command(self, workload: Workload) -> list[str]:
        inventory = str(self.hosts.lab.inventory_path)
        return [*self._program(), str(workload.playbook), "-i", inventory, "-e", f"root={self.root}"]

    def _program(self) -> list[str]:
        raise NotImplementedError

    def _environment(self) -> dict[str, str]:
        """Return an environment in which no setting of the user decides a measurement."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OWN_SETTINGS)}
        return kept | {"NO_COLOR": "1", "COLUMNS": "120"}


class Ours(Contender):
    """provisioner, from this tree: strict host keys, journal on."""

    __slots__ = ()

    def _program(self) -> list[str]:
        return [*self._entry(), "run"]

    def alone(self, words: Sequence[str], timeout_s: float) -> Sample:
        """Run a command without hosts; a playbook needs the verb before it."""
        verb = [] if words[0].startswith("-") else ["run"]
        return self._measured([*self._entry(), *verb, *words], timeout_s)

    def _entry(self) -> list[str]:
        return [sys.executable, "-c", "from provisioner.cli.main import entry; entry()"]

    def _environment(self) -> dict[str, str]:
        return super()._environment() | {"PYTHONPATH": str(TOP), "PROVISIONER_STATE_DIR": str(self.folder / "state")}


class Theirs(Contender):
    """ansible-core with pipelining and OpenSSH's connection sharing, its fastest settings out of the box."""

    __slots__ = ()

    def _program(self) -> list[str]:
        return [str(oracle_programs() / "ansible-playbook")]

    def _environment(self) -> dict[str, str]:
        settings = self.folder / "ansible.cfg"
        settings.write_text("[defaults]\n", encoding="utf-8")
        return super()._environment() | {
            "ANSIBLE_CONFIG": str(settings),
            "ANSIBLE_HOME": str(self.folder / "home"),
            "ANSIBLE_PIPELINING": "True",
            "ANSIBLE_FORKS": "10",
        }


class ByHand(Contender):
    """The floor: one OpenSSH connection that runs one script."""

    __slots__ = ()

    def can(self, workload: Workload) -> bool:
        """Tell whether the work was written as a script."""
        return workload.script is not None

    def _command(self, workload: Workload) -> list[str]:
        if workload.script is None:
            raise ValueError(f"{workload.name} has no script")
        script = self.folder / f"{workload.name}.sh"
        script.write_text(workload.script(self.root), encoding="utf-8")
        host = self.hosts.all[0]
        # a shell in front only feeds the script to ssh
        return ["sh", "-c", 'script=$1; shift; exec "$@" sh < "$script"', "sh", str(script),
                *self.hosts.lab.ssh_command(host)]  # fmt: skip
