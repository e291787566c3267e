"""What is measured: playbooks for provisioner and ansible, and shell scripts that do the same by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

LINES_A_FILE = 5
COMMANDS_HOSTS = 10


@dataclass(frozen=True, slots=True)
class Workload:
    """One thing to measure on hosts: a playbook, and where there is one the script that does the same."""

    name: str
    title: str
    playbook: Path
    hosts: int
    script: Callable[[str], str] | None = None


def written(folder: Path) -> tuple[Workload, ...]:
    """Write the playbooks with their files below ``folder``."""
    for kind in ("files", "templates"):
        (folder / kind).mkdir(parents=True)
    return (
        Workload("small_tasks", "100 small tasks, 1 host", _small_tasks(folder, 100, "h1"), 1, _by_hand),
        Workload("facts", "facts only, 3 hosts", _facts(folder), 3),
        Workload("loop", "one task, 100 items, 1 host", _loop(folder), 1),
        Workload("hosts", "20 small tasks, 10 hosts", _small_tasks(folder, 20, "all", "hosts"), COMMANDS_HOSTS),
    )


def long_playbook(folder: Path, tasks: int = 1000) -> Path:
    """Write a playbook with many tasks of the usual keywords, for the commands that touch no host."""
    body = [
        {
            "name": f"Task number {number}",
            "ansible.builtin.copy": {"content": f"{{{{ greeting }}}} {number}\n", "dest": f"/etc/app/{number}.txt",
                                     "mode": "0644", "owner": "root"},
            "when": f"ansible_os_family == 'Debian' and number_{number} is defined",
            "notify": "restart app",
            "tags": ["a", "b"],
            "become": True,
        }
        for number in range(tasks)
    ]  # fmt: skip
    handlers = [{"name": "restart app", "ansible.builtin.service": {"name": "app", "state": "restarted"}}]
    play = {"hosts": "all", "vars": {"greeting": "hello"}, "tasks": body, "handlers": handlers}
    return _yaml(folder / f"long_{tasks}.yml", play)


def _small_tasks(folder: Path, tasks: int, hosts: str, name: str = "small_tasks") -> Path:
    body: list[dict[str, object]] = []
    for number in range(tasks // 4):
        (folder / "files" / f"{number}.txt").write_text(_file_text(number), encoding="utf-8")
        (folder / "templates" / f"{number}.j2").write_text(_template_text(number), encoding="utf-8")
        here = f"{{{{ root }}}}/d{number}"
        line = {"path": _lines_path("{{ root }}", number), "line": _line(number), "create": True, "mode": "0600"}
        body += [
            {"name": f"Folder {number}", "ansible.builtin.file": {"path": here, "state": "directory", "mode": "0750"}},
            {"name": f"File {number}",
             "ansible.builtin.copy": {"src": f"files/{number}.txt", "dest": f"{here}/file.txt", "mode": "0644"}},
            {"name": f"Line {number}", "ansible.builtin.lineinfile": line},
            {"name": f"Template {number}", "ansible.builtin.template":
             {"src": f"templates/{number}.j2", "dest": f"{here}/template.conf", "mode": "0640"}},
        ]  # fmt: skip
    play = {"hosts": hosts, "gather_facts": False, "vars": {"port": 8080, "names": ["a", "b", "c"]}, "tasks": body}
    return _yaml(folder / f"{name}.yml", play)


def _facts(folder: Path) -> Path:
    return _yaml(folder / "facts.yml", {"hosts": "h1,h2,h3", "gather_facts": True})


def _loop(folder: Path) -> Path:
    task = {
        "name": "Many folders",
        "ansible.builtin.file": {"path": "{{ root }}/{{ item }}", "state": "directory", "mode": "0755"},
        "loop": "{{ range(100) }}",
    }
    return _yaml(folder / "loop.yml", {"hosts": "h1", "gather_facts": False, "tasks": [task]})


def _yaml(path: Path, play: dict[str, object]) -> Path:
    """Write one play in block style, as people write it."""
    path.write_text("---\n" + _block([play], 0), encoding="utf-8")
    return path


def _block(value: object, depth: int) -> str:
    indent = "  " * depth
    if isinstance(value, dict):
        return "".join(f"{indent}{key}:{_below(each, depth)}" for key, each in value.items())
    if isinstance(value, list):
        return "".join(f"{indent}- {_block(each, depth + 1).lstrip()}" for each in value)
    return f"{indent}{json.dumps(value)}\n"


def _below(value: object, depth: int) -> str:
    if isinstance(value, (dict, list)) and value:
        return "\n" + _block(value, depth + 1)
    return f" {json.dumps(value)}\n"


def _file_text(number: int) -> str:
    return "".join(f"file {number} line {line}\n" for line in range(20))


def _template_text(number: int) -> str:
    return (
        f"# {number} on {{{{ inventory_hostname }}}}\nListen {{{{ port + {number} }}}}\n"
        "{% for name in names %}\nname = {{ name | upper }}\n{% endfor %}\n"
    )


def _rendered(number: int) -> str:
    return f"# {number} on h1\nListen {8080 + number}\n" + "".join(f"name = {name}\n" for name in "ABC")


def _line(number: int) -> str:
    return f"setting_{number} = {number * 7}"


def _lines_path(root: str, number: int) -> str:
    return f"{root}/lines-{number // LINES_A_FILE}.conf"


def _by_hand(root: str) -> str:
    """Return a script that does the 100 small tasks and changes only what differs."""
    parts = [
        "set -eu\n"
        'mode() { [ "$(stat -c %a "$2")" = "$1" ] || chmod "$1" "$2"; }\n'
        'put() { cat > "$new"; cmp -s "$new" "$2" || cp "$new" "$2"; mode "$1" "$2"; }\n'
        'line() { [ -e "$2" ] || : > "$2"; grep -qxF -- "$3" "$2" || echo "$3" >> "$2"; mode "$1" "$2"; }\n'
        "new=$(mktemp)\n"
    ]
    for number in range(25):
        here = f"{root}/d{number}"
        parts += [
            f"[ -d {here} ] || mkdir -p {here}\nmode 750 {here}\n",
            f"put 644 {here}/file.txt <<'END'\n{_file_text(number)}END\n",
            f"line 600 {_lines_path(root, number)} '{_line(number)}'\n",
            f"put 640 {here}/template.conf <<'END'\n{_rendered(number)}END\n",
        ]
    return "".join([*parts, 'rm -f "$new"\n'])
