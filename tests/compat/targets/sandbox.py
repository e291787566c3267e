"""A throw-away machine in which a target may do what it likes: it is controller and host at once, clean each time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from provisioner.lab.lab import Lab, LabHost
from tests.compat.sides import PROJECT, oracle_programs

from .contestants import Contestant
from .suite import Suite, Target
from .web_server import NAMES

# what the machines have that Ansible's own tests are run on
PACKAGES = (
    *(
        "acl",
        "apt-utils",
        "bsdextrautils",
        "bzip2",
        "gcc",
        "git",
        "gnupg",
        "libc6-dev",
        "locales",
        "make",
        "openssh-client",
        "psmisc",
    ),
    *("python3-dev", "python3-pip", "python3-venv", "python3-virtualenv", "python3-yaml", "python3-jinja2", "sshpass"),
    *(
        "python3-setuptools",
        "python3-packaging",
        "python3-cryptography",
        "subversion",
        "tree",
        "unzip",
        "wget",
        "xz-utils",
    ),
    *(
        "zip",
        "zstd",
        "gawk",
        "file",
        "less",
        "passwd",
        "util-linux",
        "lsb-release",
        "debconf",
        "virtualenv",
        "iptables",
    ),
)
SETTINGS = {
    "ANSIBLE_FORCE_COLOR": "false",
    "ANSIBLE_FORCE_HANDLERS": "true",
    "ANSIBLE_HOST_PATTERN_MISMATCH": "error",
    "ANSIBLE_INVENTORY": "/dev/null",
    "ANSIBLE_DEPRECATION_WARNINGS": "false",
    "ANSIBLE_HOST_KEY_CHECKING": "false",
    "ANSIBLE_RETRY_FILES_ENABLED": "false",
    "ANSIBLE_LIBRARY": "/dev/null",
    "ANSIBLE_DEVEL_WARNING": "false",
    "ANSIBLE_PYTHON_INTERPRETER": "/set/ansible_python_interpreter/in/inventory",
    "PAGER": "/bin/cat",
    "LC_ALL": "en_US.UTF-8",
    "PYTHONDONTWRITEBYTECODE": "1",
}
OUTPUT = "/tmp/target-output"
INJECTED = "test/lib/ansible_test/_util/target/injector"
PREPARE_S = 120
WEB_SERVER = Path(__file__).with_name("web_server.py")
WEB = "/run/target-web"


@dataclass(frozen=True)
class Finish:
    """How a command in the sandbox ended: its exit code, or None after the time was over, and what it printed."""

    code: int | None
    text: str


class Sandbox:
    """One machine of the lab."""

    def __init__(self, lab: Lab, host: LabHost, suite: Suite, over: str) -> None:
        self._lab = lab
        self._host = host
        self._suite = suite
        self._over = over

    def renew(self) -> None:
        """Return to the clean state, with writable views of everything that is shared with it."""
        self._lab.reset(self._host.name)
        done = self._shell("\n".join(["set -e", *self._preparation()]), PREPARE_S)
        if done.code != 0:
            raise RuntimeError(f"the sandbox {self._host.name} cannot be prepared:\n{done.text}")

    def run(self, target: Target, side: Contestant, limit_s: float) -> Finish:
        """Run the target (what has to run before it, too) and return how it ended."""
        texts = []
        for each in (*(self._suite.targets[name] for name in target.before), target):
            done = self._shell("\n".join(self._script(each, side)), limit_s)
            texts.append(done.text)
            if done.code != 0:
                return Finish(done.code, "".join(texts))
        return Finish(0, "".join(texts))

    def _shell(self, script: str, limit_s: float) -> Finish:
        # a process group of its own to kill, and no terminal: what a continuous integration job has
        command = [*self._lab.ssh_command(self._host), "timeout", "--kill-after=5", f"{limit_s:g}", "bash", "-s"]
        try:
            done = subprocess.run(
                command, input=script.encode(), capture_output=True, timeout=limit_s + 30, check=False
            )
        except subprocess.TimeoutExpired as error:
            return Finish(None, (error.stdout or b"").decode("utf-8", "replace"))
        text = done.stdout.decode("utf-8", "replace") + done.stderr.decode("utf-8", "replace")
        return Finish(None if done.returncode == 124 else done.returncode, text)

    def _preparation(self) -> list[str]:
        lines = ["localedef -i en_US -f UTF-8 en_US.UTF-8", "chmod 755 /root"]  # its interpreters are for all users
        for number, folder in enumerate(_writable(self._suite)):
            layers = [f"/run/views/{number}/upper", f"/run/views/{number}/work"]
            options = f"lowerdir={folder},upperdir={layers[0]},workdir={layers[1]}"
            lines += [f"mkdir -p {' '.join(layers)}", f"mount -t overlay overlay -o {options} {folder}"]
        lines += [f"chmod +x {self._suite.root / INJECTED}/*"]
        for packages in oracle_programs().parent.glob("lib/python3*/site-packages"):
            # a virtual environment that a target makes is to see what the oracle sees
            lines += [f"echo {packages} > {_interpreter() / packages.relative_to(packages.parents[2])}/oracle.pth"]
        inventory = self._suite.integration / "inventory"
        lines += [f"cat > {inventory} <<'END'\n{self._inventory()}END"]
        # as it is on the machines those tests are run on
        lines += ["echo '# as usual' > /etc/apt/sources.list", "rm -f /usr/lib/python3*/EXTERNALLY-MANAGED"]
        lines += ["ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519"]
        lines += ["cat /root/.ssh/id_ed25519.pub >> /root/.ssh/authorized_keys"]
        lines += ["ssh-keyscan -t ed25519 127.0.0.1 localhost > /root/.ssh/known_hosts 2>/dev/null"]
        return lines

    def _inventory(self) -> str:
        python = oracle_programs() / "python"
        if self._over == "ssh":
            reach = "ansible_connection=ssh ansible_host=127.0.0.1 ansible_user=root"
            return f"[testgroup]\ntesthost {reach} ansible_python_interpreter=/usr/bin/python3\n"
        return f"[testgroup]\ntesthost ansible_connection=local ansible_python_interpreter={python}\n"

    def _script(self, target: Target, side: Contestant) -> list[str]:
        here = target.folder if target.is_script else self._suite.integration
        inventory = self._suite.integration / "inventory"
        empty = self._suite.root / "test" / "lib" / "ansible_test" / "_data" / "ansible.cfg"
        injected = self._suite.root / INJECTED
        support = self._suite.root / "test" / "support" / "integration" / "plugins"
        variables = {
            **SETTINGS,
            **{name: value for name, value in os.environ.items() if name.startswith("PIP_")},
            **side.environment,
            "ANSIBLE_CONFIG": str(empty),
            "ANSIBLE_PLAYBOOK_DIR": str(here),
            "ANSIBLE_COLLECTIONS_PATH": str(support.parent / "collections"),
            "OUTPUT_DIR": OUTPUT,
            "INVENTORY_PATH": str(inventory),
            "JUNIT_OUTPUT_DIR": f"{OUTPUT}-junit",
            "HOME": "/root",
            "PYTHONPATH": str(side.libraries),
            "ANSIBLE_TEST_PYTHON_INTERPRETER": str(oracle_programs() / "python"),
            "ANSIBLE_TEST_PYTHON_VERSION": "3",
            "PATH": f"{side.commands}:{injected}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        }
        for kind in ("filter", "lookup", "test", "action", "cache", "callback", "inventory", "vars"):
            if (support / kind).is_dir():
                variables[f"ANSIBLE_{kind.upper()}_PLUGINS"] = str(support / kind)
        for name, kind in (("ANSIBLE_LIBRARY", "modules"), ("ANSIBLE_MODULE_UTILS", "module_utils")):
            if (support / kind).is_dir():
                variables[name] = str(support / kind)
        lines = [f"export {name}='{value}'" for name, value in variables.items()]
        if target.needs_web:
            lines += _web()
        lines += [f"rm -rf {OUTPUT}; mkdir -p {OUTPUT} {OUTPUT}-junit; cd {here}"]
        if target.is_script:
            return [*lines, "./runme.sh </dev/null"]
        lines += ["export ANSIBLE_ROLES_PATH=" + str(target.folder.parent)]
        play = _play(target)
        lines += [f"cat > around-{target.name}.yml <<'END'\n{play}END"]
        return [*lines, f"ansible-playbook around-{target.name}.yml -i inventory </dev/null"]


def _web() -> list[str]:
    """Return the commands that start the web server that ansible-test would have in a container."""
    return [
        "export HTTPTESTER=1",
        f"mkdir -p {WEB}; echo 127.0.0.1 {' '.join(NAMES)} >> /etc/hosts",
        f"systemd-run --quiet --unit target-web /usr/bin/python3 {WEB_SERVER} {WEB}",
        f"for second in $(seq 60); do [ -e {WEB}/ready ] && break; sleep 1; done",
    ]


def _play(target: Target) -> str:
    gathers = "true" if target.gathers_facts else "false"
    facts = f"- hosts: testhost\n  gather_facts: {gathers}\n"
    return f"{facts}  vars:\n    output_dir: {OUTPUT}\n  roles: [{target.name}]\n"


def shared_folders(suite: Suite, sides: Iterable[Contestant]) -> Sequence[Path]:
    """Return the folders of this machine that a sandbox has to see: commands, interpreters, the suite."""
    oracle = oracle_programs().parent
    wanted = [
        suite.root,
        PROJECT,
        oracle,
        Path(sys.prefix),
        *(path for side in sides for path in (side.commands, side.libraries)),
    ]
    wanted += [_interpreter(), Path(sys.executable).resolve().parents[1]]
    settings = [Path(name) for name in ("/etc/pip.conf", "/etc/xdg/pip", "/root/.config/pip")]
    wanted += [path for path in (*settings, *_wheel_folders()) if path.exists()]
    outside = [path for path in dict.fromkeys(wanted) if path != Path("/usr")]
    return tuple(path for path in outside if not any(other in path.parents for other in outside))


def _interpreter() -> Path:
    return (oracle_programs() / "python").resolve().parents[1]


def _writable(suite: Suite) -> list[Path]:
    """Return what targets write into: the suite, and where they install Python packages."""
    found = [suite.root, oracle_programs().parent]
    return found if _interpreter() == Path("/usr") else [*found, _interpreter()]


def _wheel_folders() -> list[Path]:
    listing = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False, timeout=60
    )
    words = listing.stdout.replace("'", " ").replace("file://", " ").split()
    return [Path(*Path(word).parts[:3]) for word in words if word.startswith("/opt/")]
