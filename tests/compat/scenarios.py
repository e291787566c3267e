"""Makes playbooks from a number: variables at random levels, loops, blocks, handlers, tags, includes, plays.

What a scenario does needs no host: debug, set_fact, fail, assert, includes and meta, for names that are one machine.
The same seed always makes the same scenario.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HOSTS = ("h1", "h2", "h3", "h4")
INVENTORY = """
[first]
h1
h2
[second]
h3
h4
[both:children]
first
second
[all:vars]
ansible_connection=local
"""
NAMES = ("va", "vb", "vc", "vd")
TAGS = ("red", "blue", "always", "never")
Tree = dict[str, Any]


@dataclass
class Scenario:
    """A playbook with the files beside it and the arguments to run it with."""

    seed: int
    plays: list[Tree] = field(default_factory=list)
    files: dict[str, Any] = field(default_factory=dict)
    arguments: list[str] = field(default_factory=list)

    def write(self, folder: Path) -> Path:
        """Write it all below ``folder``; return the playbook's path."""
        for name, content in {**self.files, "site.yml": self.plays}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(content, indent=1), encoding="utf-8")
        return folder / "site.yml"

    def __str__(self) -> str:
        parts = [f"seed {self.seed}, arguments {self.arguments}"]
        parts += [f"# {name}\n{_yaml(content)}" for name, content in {**self.files, "site.yml": self.plays}.items()]
        return "\n".join(parts)


def _yaml(value: Any, indent: str = "") -> str:
    """Return YAML with one task a line, for people."""
    if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        return "\n".join(f"{indent}- {_entry(each, indent + '  ')}" for each in value)
    return indent + json.dumps(value)


def _entry(value: Tree, indent: str) -> str:
    lists = {k: v for k, v in value.items() if isinstance(v, list) and v and all(isinstance(e, dict) for e in v)}
    plain = {k: v for k, v in value.items() if k not in lists}
    lines = [", ".join(f"{k}: {json.dumps(v)}" for k, v in plain.items())] if not lists else []
    lines = lines or [f"\n{indent}".join(f"{k}: {json.dumps(v)}" for k, v in plain.items())]
    return f"\n{indent}".join(
        [each for each in lines if each] + [f"{k}:\n{_yaml(v, indent)}" for k, v in lists.items()]
    )


class Maker:
    """Makes one scenario."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.made = Scenario(seed)
        self._count = 0
        self._registered: list[str] = []
        self._handlers: list[str] = []
        self._in_loop: list[str] = []
        self._is_free = self.random.random() < 0.15

    def make(self) -> Scenario:
        """Return the scenario."""
        chance = self.random.random
        self.made.files["group_vars/all.json"] = self._values("all")
        self.made.files["group_vars/first.json"] = self._values("first")
        self.made.files["host_vars/h2.json"] = self._values("h2")
        self._handlers = [f"handler {n}" for n in range(self.random.randint(0, 3))]
        self._role()
        self.made.plays = [self._play() for _ in range(self.random.choice((1, 1, 2)))]
        if chance() < 0.15:
            self.made.arguments += ["--tags", self.random.choice(("red", "blue", "red,blue", "untagged", "tagged"))]
        elif chance() < 0.1:
            self.made.arguments += ["--skip-tags", self.random.choice(("red", "blue", "always", "untagged"))]
        if chance() < 0.1:
            self.made.arguments += ["--check"]
        if chance() < 0.1:
            self.made.arguments += ["--limit", self.random.choice(("first", "h1,h3", "all:!h2"))]
        if chance() < 0.15:
            self.made.arguments += ["-e", f"{self.random.choice(NAMES)}=extra"]
        if chance() < 0.1:
            self.made.arguments += ["--force-handlers"]
        self._leave_out()
        return self.made

    def _leave_out(self) -> None:
        """Take out what the two sides do differently on purpose; ``docs/compat.md`` has the reasons."""
        if self._fails_for_all():
            for play in self.made.plays:
                play.pop("max_fail_percentage", None)
        is_forced = (
            any("force_handlers" in play for play in self.made.plays) or "--force-handlers" in self.made.arguments
        )
        for task, around in _tasks(self.made):
            is_nested = not {"rescue", "always"}.isdisjoint(around)
            ends = str(task.get("meta")).startswith("end") and is_nested
            ends = ends or (is_forced and task.get("meta") in {"end_batch", "end_play"})
            if ends or task.get("meta") == "clear_host_errors":
                task["meta"] = "noop"
            for name, value in task.get("set_fact", {}).items():
                task["set_fact"][name] = value.replace(f"'].{name} |", "'].nothing |")
            if task.get("run_once") == "{{ 1 == 2 }}" and "register" in task:
                task["run_once"] = False
            if "rescue" in around and {"fail", "assert", "failed_when"}.intersection(task):
                task.pop("run_once", None)

    def _fails_for_all(self) -> bool:
        """Tell whether anything in the scenario may fail hosts that did not fail themselves."""
        text = json.dumps([self.made.plays, self.made.files])
        return '"any_errors_fatal"' in text or '"run_once"' in text

    # ------------------------------------------------------------------ values and texts

    def _values(self, level: str) -> Tree:
        return {name: f"{name} of {level}" for name in NAMES if self.random.random() < 0.4}

    def _name(self) -> str:
        self._count += 1
        return f"task {self._count}"

    def _expression(self) -> str:
        pick = self.random.random()
        if pick < 0.35:
            return f"{self.random.choice(NAMES)} | default('none')"
        if pick < 0.5:
            return "inventory_hostname"
        if self._is_free and pick < 0.6:
            return "group_names"  # what other hosts do is a matter of time there
        if pick < 0.6:
            return self.random.choice(
                ("ansible_play_hosts", "ansible_play_batch", "ansible_play_hosts_all", "group_names")
            )
        if pick < 0.65:
            return "ansible_failed_task.name | default('no failed task')"
        if self._in_loop and pick < 0.8:
            return f"{self._in_loop[-1]} | default('no item')"
        if self._registered and pick < 0.97:
            name = self.random.choice(self._registered)
            key = self.random.choice(("changed", "failed", "skipped", "msg", "attempts", "results", "item"))
            if key == "results":
                return f"(({name} | default({{}})).results | default([])) | map(attribute='msg', default='x') | list"
            return f"({name} | default({{}})).{key} | default('none')"
        if self._is_free:
            return "inventory_hostname"
        other = self.random.choice(HOSTS)
        return f"hostvars['{other}'].{self.random.choice(NAMES)} | default('none there')"

    def _text(self) -> str:
        return " / ".join("{{ " + self._expression() + " }}" for _ in range(self.random.randint(1, 2)))

    def _condition(self) -> Any:
        choices: list[Callable[[], Any]] = [
            lambda: f"inventory_hostname == '{self.random.choice(HOSTS)}'",
            lambda: f"inventory_hostname != '{self.random.choice(HOSTS)}'",
            lambda: "'first' in group_names",
            lambda: f"{self.random.choice(NAMES)} is defined",
            lambda: self.random.choice((True, False)),
            lambda: [f"inventory_hostname != '{self.random.choice(HOSTS)}'", "true"],
        ]
        if self._registered:
            name = self.random.choice(self._registered)
            choices += [
                lambda: f"({name} | default({{}})) is changed",
                lambda: f"({name} | default({{}})) is not failed",
                lambda: f"({name} | default({{}})) is skipped",
            ]
        return self.random.choice(choices)()

    # ------------------------------------------------------------------ tasks

    def nodes(self, depth: int, least: int = 1, most: int = 4) -> list[Tree]:
        """Return some tasks and blocks."""
        return [self._node(depth) for _ in range(self.random.randint(least, most))]

    def _node(self, depth: int) -> Tree:
        pick = self.random.random()
        if depth > 0 and pick < 0.25:
            return self._block(depth)
        if depth > 0 and pick < 0.35:
            return self._include(depth)
        if pick < 0.4:
            return self._meta()
        return self._task()

    def _task(self, *, is_handler: bool = False) -> Tree:
        chance = self.random.random
        task: Tree = {"name": self._name()}
        looped = self._loop(task) if chance() < 0.25 else False
        pick = chance()
        if pick < 0.5:
            task["debug"] = {"msg": self._text()}
        elif pick < 0.68:
            task["set_fact"] = {self.random.choice(NAMES): self._text()}
        elif pick < 0.84:
            task["fail"] = {"msg": self._text()}
            if chance() < 0.75:
                task["when"] = self._condition()
        elif pick < 0.94:
            task["assert"] = {"that": self._condition(), "fail_msg": "broken"}
        else:
            task["debug"] = {"var": self.random.choice((*NAMES, *self._registered))}
        self._keywords(task, is_handler=is_handler)
        if looped:
            self._in_loop.pop()
        if chance() < 0.35:
            name = f"r{len(self._registered) + 1}" if chance() < 0.7 or not self._registered else self._registered[-1]
            task["register"] = name
            if name not in self._registered:
                self._registered.append(name)
        return task

    def _loop(self, task: Tree) -> bool:
        values: Any = self.random.choice(([1, 2], ["a", "b", "c"], [], "{{ group_names }}", [{"k": 1}, {"k": 2}]))
        task[self.random.choice(("loop", "loop", "with_items"))] = values
        name = "item"
        if self.random.random() < 0.3:
            name = "each"
            task["loop_control"] = {"loop_var": name, "index_var": "number"}
            if self.random.random() < 0.3:
                task["loop_control"]["label"] = "{{ number }}"
        self._in_loop.append(name)
        return True

    def _keywords(self, task: Tree, *, is_handler: bool) -> None:
        chance = self.random.random
        if chance() < 0.3 and "when" not in task:
            task["when"] = self._condition()
        if chance() < 0.2 and self._in_loop and "loop_control" in task:
            task["when"] = "number != 1"
        if chance() < 0.35:
            task["changed_when"] = self.random.choice((True, True, False, "inventory_hostname == 'h1'"))
        if chance() < 0.1:
            task["failed_when"] = self.random.choice(
                (False, "inventory_hostname == 'h2'", ["true", "inventory_hostname == 'h3'"])
            )
        if chance() < 0.2:
            task["ignore_errors"] = self.random.choice((True, True, False))
        if chance() < 0.12 and not self._is_free:
            task["run_once"] = self.random.choice((True, True, "{{ 1 == 1 }}", "{{ 1 == 2 }}"))
        if chance() < 0.1:
            task["delegate_to"] = self.random.choice(("h1", "localhost", "{{ group_names[0] }}"))
        self._rarer_keywords(task, is_handler=is_handler)

    def _rarer_keywords(self, task: Tree, *, is_handler: bool) -> None:
        chance = self.random.random
        if chance() < 0.15 and not is_handler:
            task["tags"] = self.random.sample(TAGS, 1)
        if chance() < 0.15:
            task["vars"] = {self.random.choice(NAMES): "of the task"}
        if chance() < 0.06:
            task.update(
                {"until": self.random.choice(("false", "true")), "retries": self.random.randint(0, 2), "delay": 0}
            )
        if chance() < 0.04:
            task["no_log"] = True
        if chance() < 0.05 and not self._is_free:
            task["any_errors_fatal"] = True
        if self._handlers and chance() < 0.4:
            topics = [*self._handlers, "topic"]
            task["notify"] = self.random.choice(
                (self.random.choice(topics), self.random.sample(topics, min(2, len(topics))))
            )

    def _meta(self) -> Tree:
        words = ["flush_handlers", "noop", "end_host", "clear_facts", "end_play", "end_batch", "clear_host_errors"]
        weights = (8, 1, 3, 1) if self._is_free else (8, 1, 3, 1, 1, 1, 2)
        task: Tree = {"meta": self.random.choices(words[: len(weights)], weights)[0]}
        if task["meta"] != "flush_handlers" and (task["meta"].startswith("end") or self.random.random() < 0.3):
            task["when"] = f"inventory_hostname == '{self.random.choice(HOSTS)}'"  # a wrong one ends all of Ansible
        return task

    def _block(self, depth: int) -> Tree:
        chance = self.random.random
        block: Tree = {"name": f"block {self._name()}", "block": self.nodes(depth - 1)}
        if chance() < 0.6:
            block["rescue"] = self.nodes(depth - 1, 1, 2)
        if chance() < 0.4:
            block["always"] = self.nodes(depth - 1, 1, 2)
        if chance() < 0.25:
            block["when"] = self._condition()
        if chance() < 0.15:
            block["tags"] = self.random.sample(TAGS[:2], 1)
        if chance() < 0.15:
            block["vars"] = {self.random.choice(NAMES): "of the block"}
        if chance() < 0.1:
            block["ignore_errors"] = True
        if chance() < 0.08 and not self._is_free:
            block["any_errors_fatal"] = True
        if chance() < 0.06 and not self._is_free:
            block["run_once"] = True
        return block

    def _include(self, depth: int) -> Tree:
        chance = self.random.random
        pick = chance()
        task: Tree = {"name": self._name()}
        if pick < 0.75:
            name = f"tasks{len(self.made.files)}.json"
            self.made.files[name] = []
            is_import = pick > 0.5
            looped = self._loop(task) if not is_import and chance() < 0.3 else False
            self.made.files[name] = self.nodes(depth - 1, 1, 3)
            if looped:
                self._in_loop.pop()
            task["import_tasks" if is_import else "include_tasks"] = name
        else:
            is_import = pick > 0.88
            task["import_role" if is_import else "include_role"] = {"name": "part"}
        if chance() < 0.3:
            task["when"] = self._condition()
        if chance() < 0.3:
            task["vars"] = {self.random.choice(NAMES): "of the include"}
        if chance() < 0.2:
            task["tags"] = self.random.sample(TAGS[:2], 1)
        if chance() < 0.1 and not is_import and not self._is_free:
            task["run_once"] = True
        return task

    # ------------------------------------------------------------------ plays

    def _role(self) -> None:
        files = self.made.files
        files["roles/part/defaults/main.json"] = self._values("role defaults")
        if self.random.random() < 0.4:
            files["roles/part/vars/main.json"] = {self.random.choice(NAMES): "of the role"}
        files["roles/part/tasks/main.json"] = self.nodes(0, 1, 3)

    def _handler(self, name: str) -> Tree:
        handler = self._task(is_handler=True)
        handler["name"] = name
        for key in ("notify", "any_errors_fatal"):
            handler.pop(key, None)
        if self.random.random() < 0.3:
            handler["listen"] = "topic"
        return handler

    def _play(self) -> Tree:
        chance = self.random.random
        play: Tree = {"hosts": self.random.choice(("all", "all", "first", "h2,h3", "both")), "gather_facts": False}
        play["name"] = f"play {self._name()}"
        if chance() < 0.4:
            play["vars"] = self._values("play")
        if chance() < 0.2:
            play["serial"] = self.random.choice((1, 2, "50%", [1, 2], [1, "100%"]))
        if self._is_free:
            play["strategy"] = self.random.choice(("free", "host_pinned"))
        if chance() < 0.08 and "strategy" not in play:
            play["any_errors_fatal"] = True
        if chance() < 0.08 and "strategy" not in play:
            play["max_fail_percentage"] = self.random.choice((0, 25, 50))
        if chance() < 0.1:
            play["order"] = self.random.choice(("reverse_inventory", "sorted", "reverse_sorted"))
        if chance() < 0.1:
            play["force_handlers"] = True
        if chance() < 0.08:
            play["ignore_errors"] = True
        if chance() < 0.2:
            play["roles"] = [{"role": "part", **({"tags": ["red"]} if chance() < 0.5 else {})}]
        if chance() < 0.2:
            play["pre_tasks"] = self.nodes(1, 1, 2)
        play["tasks"] = self.nodes(2, 2, 5)
        if chance() < 0.15:
            play["post_tasks"] = self.nodes(1, 1, 2)
        topic = {"name": "listens", "listen": "topic", "debug": {"msg": "heard"}}
        play["handlers"] = [*(self._handler(name) for name in self._handlers), topic]
        return play


def _tasks(made: Scenario) -> Iterator[tuple[Tree, tuple[str, ...]]]:
    """Yield every task where it is run: with the sections of blocks around it."""
    for play in made.plays:
        if "roles" in play:
            yield from _tasks_of(made, made.files["roles/part/tasks/main.json"], ())
        for name in ("pre_tasks", "tasks", "post_tasks"):
            yield from _tasks_of(made, play.get(name, []), ())
        yield from _tasks_of(made, play["handlers"], ("block",))  # wherever they are flushed


def _tasks_of(made: Scenario, nodes: list[Tree], around: tuple[str, ...]) -> Iterator[tuple[Tree, tuple[str, ...]]]:
    for node in nodes:
        name = node.get("include_tasks", node.get("import_tasks"))
        name = "roles/part/tasks/main.json" if {"include_role", "import_role"}.intersection(node) else name
        if "block" not in node:
            yield node, around
        for section in ("block", "rescue", "always"):
            within = (*around, section) if {"rescue", "always"}.intersection(node) else around
            yield from _tasks_of(made, node.get(section, []), within)
        if name:
            yield from _tasks_of(made, made.files[name], around)


def scenario(seed: int) -> Scenario:
    """Return the scenario of a seed."""
    return Maker(seed).make()
