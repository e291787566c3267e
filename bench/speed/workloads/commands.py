"""Commands that touch no host: how long it takes to be told the version, or 1,000 tasks."""

from __future__ import annotations

from pathlib import Path

from bench.speed.workloads.workload import block

TASKS = 1000


def command_lines(folder: Path) -> dict[str, tuple[str, list[str]]]:
    """Write the playbook; return for each command its title and its words."""
    playbook = str(long_playbook(folder))
    return {
        "version": ("--version", ["--version"]),
        "help": ("--help", ["--help"]),
        "syntax": ("--syntax-check, 1,000 tasks", [playbook, "--syntax-check", "-i", "localhost,"]),
        "list": ("--list-tasks, 1,000 tasks", [playbook, "--list-tasks", "-i", "localhost,"]),
    }


def long_playbook(folder: Path, tasks: int = TASKS) -> Path:
    """Write a playbook with many tasks of the usual keywords."""
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
    path = folder / f"long_{tasks}.yml"
    path.write_text("---\n" + block([play], 0), encoding="utf-8")
    return path
