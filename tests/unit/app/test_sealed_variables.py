"""A vault whose password is not there only matters to the hosts it is for."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.app.credentials import Credentials
from provisioner.app.listing import checked, listed
from provisioner.app.run import run_playbooks
from provisioner.diagnostics.errors import InputError
from provisioner.model.options import RunOptions
from provisioner.syntax.vault import Vault, VaultSecret
from tests.support.fakes import EventRecorder


@pytest.fixture(autouse=True)
def _site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROVISIONER_STATE_DIR", str(tmp_path / "state"))
    Path("hosts").write_text("[prod]\np1\n[test]\nt1\n[all:vars]\nansible_connection=local\n")
    Path("group_vars").mkdir()
    Path("group_vars/prod.yml").write_text(Vault([VaultSecret("default", b"theirs")]).encrypt(b"word: theirs"))


def run(*plays: str, limit: str = "") -> tuple[int, EventRecorder]:
    text = "".join(f"- {{gather_facts: false, {play}}}\n" for play in plays)
    Path("site.yml").write_text(text)
    heard = EventRecorder()
    options = RunOptions(inventories=("hosts",), limit=limit)
    return run_playbooks(["site.yml"], options, Credentials(), [heard], lambda _text, _hidden: ""), heard


SAYS = "tasks: [{debug: {msg: hello}}]"


def test_hosts_that_have_no_part_in_it_are_worked_on() -> None:
    assert run(f"hosts: test, {SAYS}")[0] == 0
    assert run(f"hosts: all, {SAYS}", limit="test")[0] == 0


def test_a_play_for_its_hosts_is_refused_before_anything_runs() -> None:
    with pytest.raises(InputError, match=r"prod\.yml is encrypted and no vault password was given"):
        run(f"hosts: test, {SAYS}", f"hosts: [prod, test], {SAYS}")


def test_hosts_by_a_template_are_found_out_about_when_their_play_begins() -> None:
    with pytest.raises(InputError, match=r"prod\.yml is encrypted"):
        run(f"hosts: test, {SAYS}", f"hosts: '{{{{ \"prod\" }}}}', {SAYS}")


def test_a_look_at_such_a_host_fails_the_task_that_looks() -> None:
    code, heard = run("hosts: test, tasks: [{debug: {msg: '{{ hostvars.p1.word }}'}}]")
    assert code == 2
    assert "prod.yml" in repr(heard.events)


def test_what_only_looks_at_the_playbook_needs_no_password() -> None:
    Path("site.yml").write_text(f"- {{gather_facts: false, hosts: all, {SAYS}}}\n")
    options = RunOptions(inventories=("hosts",))
    assert checked(["site.yml"], options, Credentials()) == "playbook: site.yml"
    assert "debug" in listed(["site.yml"], options, Credentials(), "tasks")
    assert "p1" in listed(["site.yml"], options, Credentials(), "hosts")
