"""The schema for editors accepts what the loader accepts and refuses what it refuses, as far as a schema can know."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from provisioner.reporting.editor_schema import KINDS, schema
from provisioner.reporting.reference import module_names

PLAYBOOKS = sorted((Path(__file__).parents[3] / "playbooks").glob("*.yml"))


@pytest.fixture(scope="module")
def playbook() -> Any:
    return jsonschema.Draft202012Validator(schema("playbook"))


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_a_schema(kind: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(kind))


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: path.name)
def test_the_playbooks_of_this_repository_fit(playbook: Any, path: Path) -> None:
    found = [error.message for error in playbook.iter_errors(YAML(typ="safe").load(path))]
    assert not found


def _with(task: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"hosts": "all", "tasks": [task]}]


@pytest.mark.parametrize(
    "task",
    [
        {"copy": {"src": "a", "dest": "/b", "mode": 0o644}},
        {"ansible.builtin.copy": "src=a dest=/b"},
        {"community.general.ini_file": {"path": "/a", "section": "b"}},
        {"command": "ls"},
        {"service": {"name": "x", "state": "{{ wish }}", "enabled": "{{ on }}"}},
        {"apt": {"name": ["a", "b"], "update_cache": "yes", "upgrade": False}},
        {"ping": None, "when": ["a", "b"], "tags": "t", "with_items": [1], "register": "r"},
        {"set_fact": {"anything": [1, 2]}},
        {"block": [{"ping": None}], "rescue": [{"debug": {"msg": "x"}}], "when": True},
        {"include_tasks": "more.yml"},
        {"import_role": {"name": "web"}},
        {"local_action": {"module": "ping"}},
        {"systemd_service": {"name": "x"}, "become": "{{ root }}", "retries": "3"},
        {"ping": None, "verify": [{"port": {"port": 80}}], "lock": "x", "needs": ["a"]},
    ],
)
def test_a_task_that_is_right_fits(playbook: Any, task: dict[str, Any]) -> None:
    found = [jsonschema.exceptions.best_match([error]).message for error in playbook.iter_errors(_with(task))]
    assert not found


@pytest.mark.parametrize(
    "task",
    [
        {"name": "nothing to do"},
        {"ping": None, "debug": {"msg": "two at once"}},
        {"coppy": {"src": "a", "dest": "/b"}},
        {"copy": {"src": "a", "destination": "/b"}},
        {"service": {"name": "x", "state": "begun"}},
        {"service": {"name": "x", "enabled": "perhaps"}},
        {"wait_for": {"port": "http"}},
        {"block": [{"copy": {"sorce": "a", "dest": "/b"}}]},
        {"block": [{"ping": None}], "register": "x"},
        {"ping": None, "becom": True},
        {"ping": None, "ignore_errors": "perhaps"},
        {"deb822_repository": {"name": "x", "types": ["rpm"]}},
    ],
)
def test_a_task_that_is_wrong_does_not_fit(playbook: Any, task: dict[str, Any]) -> None:
    assert list(playbook.iter_errors(_with(task)))


@pytest.mark.parametrize(
    "play", [{"tasks": []}, {"hosts": "all", "strategy": "fast"}, {"hosts": "all", "taks": []}, "x"]
)
def test_a_play_that_is_wrong_does_not_fit(playbook: Any, play: object) -> None:
    assert list(playbook.iter_errors([play]))


def test_it_knows_exactly_the_modules_there_are() -> None:
    known = {name.removeprefix("module.") for name in schema("tasks")["$defs"] if name.startswith("module.")}
    assert module_names() - {"verify"} <= known
    assert not {"nonesuch", "win_copy"} & known


NIGHTS = {"cron": "0 22 * * sat", "duration": "4h", "zone": "UTC", "except": ["2026-12-24", {"from": "a", "to": "b"}]}


@pytest.mark.parametrize(
    "window", [NIGHTS, [NIGHTS], "nights.yml", {"from": "2026-11-28 22:00", "until": "2026-11-29"}]
)
def test_a_window_that_is_right_fits(playbook: Any, window: Any) -> None:
    assert not list(playbook.iter_errors([{"hosts": "all", "window": window}]))
    assert not list(playbook.iter_errors([{"migration": "m", "hosts": {"old": "a", "new": "b"}, "window": window}]))


@pytest.mark.parametrize(
    "window",
    [{}, [], 5, {"crom": "x"}, {**NIGHTS, "rrule": "x"}, {**NIGHTS, "duration": 4}, {"cron": "x", "start": "y"}],
)
def test_a_window_that_is_wrong_does_not_fit(playbook: Any, window: Any) -> None:
    assert list(playbook.iter_errors([{"hosts": "all", "window": window}]))


@pytest.mark.parametrize(
    "entry", [{"migration": "m"}, {"migration": "m", "hosts": "a"}, {"migration": "m", "hosts": {}, "x": 1}]
)
def test_a_migration_that_is_wrong_does_not_fit(playbook: Any, entry: Any) -> None:
    assert list(playbook.iter_errors([entry]))
