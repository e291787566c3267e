"""Many small tasks: folders, files, lines and templates in turns, the same in all languages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.speed.workloads.workload import ROOT, write_play

LINES_A_FILE = 5
KINDS = ("folder", "file", "line", "template")


@dataclass(frozen=True, slots=True)
class SmallTasks:
    """``count`` tasks; a folder for each host if ``is_shared``, facts in templates if ``with_facts``."""

    count: int
    with_facts: bool = False
    is_shared: bool = False

    def write(self, folder: Path) -> None:
        """Write what the contenders need."""
        for number in range((self.count + 3) // 4):
            _put(folder / "files" / f"{number}.txt", _file_text(number))
            _put(
                folder / "templates" / f"{number}.j2",
                self._template(number, "ansible_facts['{}']", "inventory_hostname"),
            )
            _put(folder / "pyinfra" / f"{number}.j2", self._template(number, "{}", "host.name"))
        write_play(folder, self._play())
        _put(folder / "deploy.py", self._deploy())
        _put(folder / "floor.sh", self._script())

    def _steps(self) -> Iterator[tuple[str, int]]:
        return ((KINDS[number % 4], number // 4) for number in range(self.count))

    def _play(self) -> dict[str, object]:
        root = f"{ROOT}/{{{{ inventory_hostname }}}}" if self.is_shared else ROOT
        play: dict[str, object] = {"hosts": "all", "gather_facts": self.with_facts}
        return play | {
            "vars": {"root": root, "port": 8080, "names": ["a", "b", "c"]},
            "tasks": [{"name": f"{kind.capitalize()} {n}", **_task(kind, n)} for kind, n in self._steps()],
        }

    def _template(self, number: int, fact: str, name: str) -> str:
        shown = [
            f"{each} = {{{{ {fact.format(each)} }}}}\n" for each in ("hostname", "kernel", "distribution_major_version")
        ]
        return (
            f"# {number} on {{{{ {name} }}}}\nListen {{{{ port + {number} }}}}\n"
            + "".join(shown if self.with_facts else [])
            + "{% for name in names %}\nname = {{ name | upper }}\n{% endfor %}\n"
        )

    def _deploy(self) -> str:
        facts = ["hostname=str(host.get_fact(Hostname)), kernel=str(host.get_fact(KernelVersion)),",
                 "distribution_major_version=str(host.get_fact(LinuxDistribution)['major']),"]  # fmt: skip
        lines = [
            "from pyinfra import host", "from pyinfra.operations import files",
            "from pyinfra.facts.server import Hostname, KernelVersion, LinuxDistribution",
            f"root = '{ROOT}' + ('/' + host.name if {self.is_shared} else '')",
            "values = dict(port=8080, names=['a', 'b', 'c'],", *(facts if self.with_facts else []), ")",
        ]  # fmt: skip
        for kind, number in self._steps():
            here, path = f"{{root}}/d{number}", f"{{root}}/lines-{number // LINES_A_FILE}.conf"
            lines.append({
                "folder": f"files.directory(path=f'{here}', mode='750')",
                "file": f"files.put(src='files/{number}.txt', dest=f'{here}/file.txt', mode='644')",
                "line": f"files.file(path=f'{path}', mode='600')\nfiles.line(path=f'{path}', line='{_line(number)}')",
                "template": f"files.template(src='pyinfra/{number}.j2', dest=f'{here}/template.conf', mode='640',\n"
                            "               jinja_env_kwargs=dict(trim_blocks=True), **values)",
            }[kind])  # fmt: skip
        return "\n".join(lines) + "\n"

    def _script(self) -> str:
        here = f"{ROOT}/$1" if self.is_shared else ROOT
        parts = [
            "set -eu\n"
            'mode() { [ "$(stat -c %a "$2")" = "$1" ] || chmod "$1" "$2"; }\n'
            'put() { cat > "$new"; cmp -s "$new" "$2" || cp "$new" "$2"; mode "$1" "$2"; }\n'
            'line() { [ -e "$2" ] || : > "$2"; grep -qxF -- "$3" "$2" || echo "$3" >> "$2"; mode "$1" "$2"; }\n'
            f"root={here}\nname=$1\nnew=$(mktemp)\n"
        ]
        if self.with_facts:
            parts.append(". /etc/os-release\nhost=$(hostname)\nkernel=$(uname -r)\n")
        for kind, number in self._steps():
            parts.append({
                "folder": f"[ -d $root/d{number} ] || mkdir -p $root/d{number}\nmode 750 $root/d{number}\n",
                "file": f"put 644 $root/d{number}/file.txt <<'END'\n{_file_text(number)}END\n",
                "line": f"line 600 $root/lines-{number // LINES_A_FILE}.conf '{_line(number)}'\n",
                "template": f"put 640 $root/d{number}/template.conf <<END\n{self._rendered(number)}END\n",
            }[kind])  # fmt: skip
        return "".join([*parts, 'rm -f "$new"\n'])

    def _rendered(self, number: int) -> str:
        facts = "hostname = $host\nkernel = $kernel\ndistribution_major_version = $VERSION_ID\n"
        names = "".join(f"name = {name}\n" for name in "ABC")
        return f"# {number} on $name\nListen {8080 + number}\n{facts if self.with_facts else ''}{names}"


def _task(kind: str, number: int) -> dict[str, object]:
    here = f"{{{{ root }}}}/d{number}"
    lines = {"path": f"{{{{ root }}}}/lines-{number // LINES_A_FILE}.conf", "line": _line(number), "create": True,
             "mode": "0600"}  # fmt: skip
    return {
        "folder": {"ansible.builtin.file": {"path": here, "state": "directory", "mode": "0750"}},
        "file": {"ansible.builtin.copy": {"src": f"files/{number}.txt", "dest": f"{here}/file.txt", "mode": "0644"}},
        "line": {"ansible.builtin.lineinfile": lines},
        "template": {"ansible.builtin.template":
                     {"src": f"templates/{number}.j2", "dest": f"{here}/template.conf", "mode": "0640"}},
    }[kind]  # fmt: skip


def write_loop(folder: Path) -> None:
    """Write one task that loops over 100 items."""
    task = {
        "name": "Many folders",
        "ansible.builtin.file": {"path": f"{ROOT}/{{{{ item }}}}", "state": "directory", "mode": "0755"},
        "loop": "{{ range(100) | list }}",
    }
    write_play(folder, {"hosts": "all", "gather_facts": False, "tasks": [task]})
    _put(folder / "deploy.py", "from pyinfra.operations import files\nfor item in range(100):\n"
         f"    files.directory(path=f'{ROOT}/{{item}}', mode='755')\n")  # fmt: skip
    _put(folder / "floor.sh", f"set -eu\ncd {ROOT}\ni=0\nwhile [ $i -lt 100 ]; do\n  [ -d $i ] || mkdir $i\n"
         "  [ $(stat -c %a $i) = 755 ] || chmod 755 $i\n  i=$((i + 1))\ndone\n")  # fmt: skip


def write_facts(folder: Path) -> None:
    """Write a play that gathers facts and does nothing else; the floor reads the usual few from files."""
    write_play(folder, {"hosts": "all", "gather_facts": True})
    _put(folder / "deploy.py", "from pyinfra import host\nfrom pyinfra.facts import hardware, server\n"
         "for fact in (server.Hostname, server.KernelVersion, server.LinuxDistribution, server.Mounts, server.Users,\n"
         "             hardware.Cpus, hardware.Memory, hardware.NetworkDevices, hardware.BlockDevices):\n"
         "    host.get_fact(fact)\n")  # fmt: skip
    _put(folder / "floor.sh", "cat /etc/os-release /proc/cpuinfo /proc/meminfo /proc/mounts /proc/uptime /etc/passwd\n"
         "hostname\nuname -a\nip -o addr\nip route\ndf\ncat /sys/class/dmi/id/* 2>/dev/null || :\n")  # fmt: skip


def write_connecting(folder: Path) -> None:
    """Write a play that does no more than reach its hosts and start Python there."""
    write_play(
        folder, {"hosts": "all", "gather_facts": False, "tasks": [{"name": "Reached", "ansible.builtin.ping": {}}]}
    )
    _put(folder / "deploy.py", "from pyinfra import host\n")
    _put(folder / "floor.sh", ":\n")


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _file_text(number: int) -> str:
    return "".join(f"file {number} line {line}\n" for line in range(20))


def _line(number: int) -> str:
    return f"setting_{number} = {number * 7}"
