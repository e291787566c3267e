"""Definitions of migrations: what they say, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from provisioner.diagnostics.diagnostic import Findings
from provisioner.model.migration import Migration
from provisioner.model.play import Playbook

Load = Callable[..., tuple[Playbook, Findings]]
Mistakes = Callable[..., list[str]]
HOSTS = "  hosts: {old: web1, new: web2, lb: [a, b]}\n"


def definition(load: Load, text: str) -> Migration:
    playbook, findings = load("- migration: shop\n" + HOSTS + text)
    assert findings.errors == ()
    return playbook.migrations[0]


def test_a_definition_keeps_everything_that_is_written(load: Load) -> None:
    found = definition(
        load,
        "  owner: web team\n  description: The shop\n  guard: 20s\n  observe: 2d\n  retention: 30d\n"
        "  abort: {error_rate: 1%, latency: 500ms, lag: 5}\n  probe: {url: 'http://x/', every: 1s}\n"
        "  approvals: {count: 2, by: [ann, ben]}\n  confirm: {within: 10m}\n"
        "  rehearsal: {hosts: {old: c1}, valid: 1d}\n"
        "  notify: [exec:/bin/tell]\n  become: true\n  vars: {x: 1}\n",
    )
    assert (found.name, found.owner, found.description) == ("shop", "web team", "The shop")
    assert (found.guard_s, found.observe_s, found.retention_s) == (20, 2 * 86400, 30 * 86400)
    assert (found.abort.error_rate, found.abort.latency_s, found.abort.lag_s) == (0.01, 0.5, 5)
    assert found.probe is not None
    assert (found.probe.url, found.probe.every_s) == ("http://x/", 1)
    assert (found.approvals.count, found.approvals.by) == (2, ("ann", "ben"))
    assert (found.confirmation.is_manual, found.confirmation.within_s) == (True, 600)
    assert (dict(found.rehearsal.hosts), found.rehearsal.valid_s) == ({"old": "c1"}, 86400)
    assert (found.keywords, found.vars) == ({"become": True}, {"x": 1})


def test_tasks_are_for_the_host_role_they_name_or_that_of_their_phase(load: Load) -> None:
    found = definition(
        load,
        "  freeze:\n    - ping:\n    - {ping: , on: lb}\n  unfreeze:\n    - ping:\n"
        "  verify: {before: [{on: [old, new], verify: [{port: 80}]}]}\n"
        "  phases: {seed: {before: [{on: new, roles: [r]}]}}\n",
    )
    assert [each.on for each in found.sections["freeze"]] == [("old",), ("lb",)]
    assert found.sections["freeze"][0].body == {"tasks": [{"ping": None}]}
    assert found.sections["verify.before"][0].on == ("old", "new")
    assert found.sections["verify.before"][0].body == {"verify": [{"port": 80}]}
    assert found.sections["seed.before"][0].body == {"roles": ["r"]}


def test_where_old_has_no_python_the_movers_are_told_and_raw_unfreezes_it(load: Load) -> None:
    found = definition(
        load,
        "  old_python: false\n"
        "  data:\n    - files: {paths: [/a]}\n    - {name: b, archive: {paths: [/a], to: /b}}\n"
        "  freeze: [{raw: stop}]\n  unfreeze: [{raw: start}]\n",
    )
    assert found.old_python is False
    assert [part.args["old_python"] for part in found.data] == [False, False]
    assert [(step.module, step.params) for step in found.undoing] == [("raw", {"_raw_params": "start"})]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            "- migration: a b\n" + HOSTS,
            "site.yml:1:3: 'migration' must be a name of letters, digits, '-' and '_', not a",
        ),
        ("- migration: s\n", "site.yml:1:3: a migration must map host roles to hosts"),
        ("- migration: s\n  hosts: {old: a, lb: c}\n", "site.yml:1:3: a migration must say which host is 'new'"),
        ("- migration: s\n" + HOSTS + "  windows: x\n", "site.yml:3:3: unknown key 'windows' of a migration"),
        ("- migration: s\n" + HOSTS + "  freeze: [{ping: , on: web}]\n", "this migration has no host role 'web'"),
        ("- migration: s\n" + HOSTS + "  freeze: [{ping: }]\n", "there is 'freeze' but no 'unfreeze'"),
        (
            "- migration: s\n" + HOSTS + "  unfreeze: [{debug: {msg: x}}]\n",
            "site.yml:3:15: 'debug' needs the controller, and a guard undoes without it",
        ),
        (
            "- migration: s\n" + HOSTS + "  unfreeze: [{command: x, loop: [1]}]\n",
            "a task that undoes a guarded block cannot have a loop or a condition",
        ),
        ("- migration: s\n" + HOSTS + "  old_python: false\n  unfreeze: [{command: x}]\n", "is 'raw', without loop"),
        ("- migration: s\n" + HOSTS + "  old_python: false\n  data: [{redis: }]\n", "redis needs Python on the old"),
        ("- migration: s\n" + HOSTS + "  confirm: {within: 1h, by: hosts}\n", "hosts go back alone until the decision"),
        ("- migration: s\n" + HOSTS + "  unfreeze: [{roles: [r]}]\n", "what unfreezes must be single tasks"),
        ("- migration: s\n" + HOSTS + "  verify: {later: []}\n", "unknown key 'later' of a migration's 'verify'"),
        (
            "- migration: s\n" + HOSTS + "  phases: {sed: {}}\n",
            "unknown key 'sed' of a migration's 'phases' (did you mean 'seed'?)",
        ),
        ("- migration: s\n" + HOSTS + "  data: [{filez: {path: /x}}]\n", "unknown mover 'filez'"),
        (
            "- migration: s\n" + HOSTS + "  switch: [{haproxi: {}}]\n",
            "unknown switcher 'haproxi' (did you mean 'haproxy'?)",
        ),
        (
            "- migration: s\n" + HOSTS + "  switch: [{haproxy: {bakend: x}}]\n",
            "site.yml:3:23: switcher haproxy: unknown parameter 'bakend'",
        ),
        ("- migration: s\n" + HOSTS + "  guard: soon\n", "'soon' is not a duration"),
        ("- migration: s\n" + HOSTS + "  abort: {error_rate: 200%}\n", "'200%' is no share of requests"),
        ("- migration: s\n" + HOSTS + "  notify: [sms:1]\n", "'sms:1' is nobody who can be told"),
        (
            "- migration: s\n" + HOSTS + "  compare: {waivers: [none.yml]}\n",
            "site.yml:3:23: there is no file 'none.yml'",
        ),
        ("- migration: s\n" + HOSTS + "  probe: ftp://x\n", "'probe' needs the url to ask"),
        (
            "- migration: s\n" + HOSTS + "  window: {cron: nonsense, duration: 1h, zone: UTC}\n",
            "a cron expression has five fields",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(mistakes: Mistakes, text: str, error: str) -> None:
    assert any(error in each for each in mistakes(text)), mistakes(text)


def test_files_of_accepted_findings_lie_beside_the_playbook_and_must_be_there(load: Load, mistakes: Mistakes) -> None:
    text = "- migration: s\n  hosts: {old: web1, new: web2}\n  accepted: [a.yml, more/b.yml]\n"
    found, findings = load(text, {"a.yml": "accepted: []\n", "more/b.yml": "accepted: []\n"})
    assert not findings.errors
    assert [Path(each).name for each in found.migrations[0].accepted] == ["a.yml", "b.yml"]
    assert all(Path(each).is_absolute() for each in found.migrations[0].accepted)
    assert mistakes(text.replace("a.yml", "c.yml")) == [
        "site.yml:3:14: the file of accepted findings, 'c.yml', does not exist"
    ]
