"""Check mode tells exactly what the next real run changes, on a role that was just edited."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from provisioner.model.event import ItemFinished, OperationFinished, OperationPlanned
from provisioner.model.status import Status

from .conftest import Cli

pytestmark = pytest.mark.e2e
TASKS = """
- {name: folder, file: {path: /opt/checked, state: directory, mode: "{{ folder_mode }}"}}
- name: files
  copy: {dest: "/opt/checked/{{ item.name }}", content: "{{ item.text }}\\n", mode: "0644"}
  loop: "{{ files }}"
  loop_control: {label: "{{ item.name }}"}
  notify: told
- {name: page, template: {src: page.j2, dest: /opt/checked/page, mode: "0640", owner: ops}, notify: told}
- name: setting
  lineinfile: {path: /opt/checked/settings, regexp: "^level=", line: "level={{ level }}", create: true, mode: "0644"}
- {name: block, blockinfile: {path: /opt/checked/blocks, block: "{{ blocked }}", create: true, mode: "0644"}}
- {name: link, file: {src: /opt/checked/page, dest: /opt/checked/link, state: link}}
- {name: account, user: {name: "{{ account }}", shell: /bin/sh, create_home: false}}
- {name: job, cron: {name: checked, minute: "{{ minute }}", job: "true"}}
- {name: gone, file: {path: /opt/checked/old, state: absent}}
- {name: untouched, copy: {dest: /opt/checked/same, content: "same\\n", mode: "0644"}}
- {name: package, apt: {name: "{{ package }}", state: present}, when: package != ""}
- {name: skipped, copy: {dest: /opt/checked/never, content: x}, when: level == 99}
"""
BEFORE = {
    "folder_mode": "0755",
    "files": [{"name": "a", "text": "one"}, {"name": "b", "text": "two"}, {"name": "old", "text": "old"}],
    "level": 1,
    "blocked": "first",
    "account": "checked1",
    "minute": "5",
    "package": "",
}
FINGERPRINT = "find /opt/checked /etc /var/spool/cron -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum"
AFTER = {
    "folder_mode": "0750",
    "files": [{"name": "a", "text": "one"}, {"name": "b", "text": "changed"}, {"name": "c", "text": "new"}],
    "level": 2,
    "blocked": "first\nsecond",
    "account": "checked2",
    "minute": "*/5",
    "package": "tree",
}


def changes(cli: Cli) -> set[tuple[str, str, str]]:
    """Return (task, host, item) of everything the last run changed or would have changed."""
    events = cli.events()
    names = {e.operation: e.name for e in events if isinstance(e, OperationPlanned)}
    found = set()
    for event in events:
        if isinstance(event, OperationFinished) and event.status is Status.CHANGED:
            found.add((names[event.operation], event.host, ""))
        if isinstance(event, ItemFinished) and event.status is Status.CHANGED:
            found.add((names[event.operation], event.host, str(event.label)))
    return found


@pytest.fixture
def role(cli: Cli, on: Callable[..., str]) -> Iterator[Path]:
    """A role with a bit of everything; its variables are given on the command line."""
    folder = cli.folder / "roles" / "checked"
    cli.write("roles/checked/tasks/main.yml", TASKS)
    cli.write("roles/checked/handlers/main.yml", "- {name: told, command: touch /opt/checked/told}\n")
    cli.write("roles/checked/templates/page.j2", "page of {{ inventory_hostname }}\nlevel={{ level }}\n")
    yield folder
    for host in ("h1", "h2"):
        on(host, "rm -rf /opt/checked; userdel checked1; userdel checked2; crontab -r; dpkg --purge tree || true")


def test_check_mode_names_exactly_what_the_next_real_run_changes(
    cli: Cli, role: Path, on: Callable[..., str], tmp_path: Path
) -> None:
    text = "- {hosts: h1:h2, gather_facts: false, roles: [checked]}"
    first = cli.run(text, "-e", json.dumps(BEFORE))
    assert first.code == 0, first.text
    again = cli.run(text, "-e", json.dumps({**BEFORE, "files": BEFORE["files"][:2]}))
    assert again.code == 0
    assert changes(cli) == set(), "the role is not idempotent, so nothing is proven"
    on("h2", "echo level=9 >> /opt/checked/page; echo old > /opt/checked/old; chmod 600 /opt/checked/same")
    before = on("h2", FINGERPRINT)
    (role / "templates" / "page.j2").write_text("another page of {{ inventory_hostname }}\nlevel={{ level }}\n")

    told = cli.run(text, "-e", json.dumps(AFTER), "--check", "--diff")
    predicted = changes(cli)
    assert told.code == 0, told.text
    assert "-page of h1" in told.out
    assert "+another page of h1" in told.out
    after = on("h2", FINGERPRINT)
    assert before == after, "check mode wrote something"

    done = cli.run(text, "-e", json.dumps(AFTER))
    assert done.code == 0, done.text
    ran_only_for_real = {(name, host, item) for name, host, item in changes(cli) if name == "checked : told"}
    assert predicted == changes(cli) - ran_only_for_real
    assert ("checked : files", "h1", "c") in predicted
    assert ("checked : untouched", "h2", "") in predicted
    assert ("checked : untouched", "h1", "") not in predicted
