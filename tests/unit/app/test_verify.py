"""``verify``: a playbook's checks without its tasks, or tests on every host; run on this machine without SSH."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from provisioner.app.credentials import Credentials
from provisioner.app.verify import verify
from provisioner.diagnostics.errors import InputError
from provisioner.journal.redaction import Redactor
from provisioner.model.event import CheckFinished, Event, OperationFinished
from provisioner.model.options import RunOptions
from provisioner.model.status import Status
from provisioner.syntax.vault import Vault


class Heard:
    """Keeps what happened."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def handle(self, event: Event) -> None:
        """Keep an event."""
        self.events.append(event)

    @property
    def checks(self) -> list[tuple[str, bool]]:
        return [(e.check, e.passed) for e in self.events if isinstance(e, CheckFinished)]


def run(tmp_path: Path, subjects: Sequence[str], heard: Heard) -> int:
    inventory = tmp_path / "hosts.ini"
    inventory.write_text("this ansible_connection=local\n")
    credentials = Credentials(Redactor(), Vault(), None, None)
    options = RunOptions(inventories=(str(inventory),))
    return verify(subjects, options, credentials, [heard], lambda _question, _secret: "")


def test_a_playbooks_checks_run_and_its_tasks_do_not(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    playbook = tmp_path / "site.yml"
    playbook.write_text(f"""
- hosts: all
  gather_facts: false
  tasks:
    - command: touch {trace}
      verify:
        - file: {{path: "{trace}", state: absent}}
        - command: {{cmd: echo hello, stdout: bye}}
""")
    heard = Heard()
    assert run(tmp_path, [str(playbook)], heard) == 2
    assert heard.checks == [(f"file {trace}", True), ("command echo hello", False)]
    assert not trace.exists()


def test_files_of_tests_run_on_every_host(tmp_path: Path) -> None:
    tests = tmp_path / "check_it.py"
    tests.write_text("def test_it(host):\n    assert host.check_output('echo hello') == 'hello'\n")
    heard = Heard()
    assert run(tmp_path, [str(tests)], heard) == 0
    assert heard.checks == [("check_it.py::test_it", True)]


def test_what_is_not_there_is_told_before_any_host_is_touched(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no nowhere\.yml"):
        run(tmp_path, ["nowhere.yml"], Heard())


def test_what_tasks_would_have_found_out_is_skipped(tmp_path: Path) -> None:
    playbook = tmp_path / "site.yml"
    playbook.write_text("""
- hosts: all
  gather_facts: false
  tasks:
    - command: echo hello
      register: said
    - set_fact: {greeting: "{{ said.stdout }}"}
    - command: "true"
      when: said.stdout == 'hello'
      verify: [{command: "true"}]
    - command: "true"
      verify: [{command: "true"}]
""")
    heard = Heard()
    assert run(tmp_path, [str(playbook)], heard) == 0
    assert heard.checks == [("command true", True)]
    assert [e.status for e in heard.events if isinstance(e, OperationFinished)] == [
        Status.SKIPPED, Status.SKIPPED, Status.OK,
    ]  # fmt: skip
