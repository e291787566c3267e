"""Resuming: what was answered is not asked again, changed files are noticed, and raw tasks are not done unsaid."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from provisioner.app.credentials import Credentials
from provisioner.app.history import journal_of
from provisioner.app.resume import AGAIN, DONE, Resuming, resume
from provisioner.app.run import run_playbooks
from provisioner.diagnostics.errors import InputError
from provisioner.model import event
from provisioner.model.options import RunOptions
from tests.support.fakes import EventRecorder


@pytest.fixture(autouse=True)
def _site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROVISIONER_STATE_DIR", str(tmp_path / "state"))
    Path("hosts").write_text("w1 ansible_connection=local\n")


def begin(text: str, answers: tuple[str, ...] = ()) -> int:
    Path("site.yml").write_text(text)
    waiting = list(answers)
    return run_playbooks(
        ["site.yml"], RunOptions(inventories=("hosts",)), Credentials(), [], lambda _text, _hidden: waiting.pop(0)
    )


def go_on(how: Resuming | None = None) -> tuple[int, EventRecorder]:
    heard = EventRecorder()

    def nobody(question: str, _hidden: bool) -> str:
        raise AssertionError(f"asked again: {question}")

    return resume("last", how or Resuming(), Credentials(), [heard], nobody), heard


PROMPTS = """
- hosts: w1
  gather_facts: false
  vars_prompt:
  - {name: word, private: true}
  - {name: plain, private: false}
  tasks:
  - {name: breaks, command: test -e there}
  - {name: knows, assert: {that: "word == 'kept-word' and plain == 'open'"}}
"""


def test_answers_are_not_asked_for_again_however_often_it_is_resumed() -> None:
    assert begin(PROMPTS.replace("there", str(Path("there").absolute())), ("kept-word", "open")) == 2
    for path in Path("state").rglob("*"):
        assert path.is_dir() or b"kept-word" not in path.read_bytes(), path
    assert go_on()[0] == 2
    Path("there").touch()
    code, heard = go_on()
    assert code == 0
    assert "kept-word" not in repr(heard.events)


FILES = """
- hosts: w1
  gather_facts: false
  tasks:
  - {name: sent, template: {src: motd.j2, dest: "DEST/motd"}}
  - {name: copied, copy: {src: plain, dest: "DEST/plain"}}
  - {name: breaks, command: test -e there}
"""


def test_a_file_that_was_sent_and_changed_since_is_noticed(tmp_path: Path) -> None:
    Path("motd.j2").write_text("hello {{ inventory_hostname }}\n")
    Path("plain").write_text("x")
    assert begin(FILES.replace("DEST", str(tmp_path))) == 2
    assert go_on()[0] == 2, "nothing changed yet"
    Path("motd.j2").write_text("another\n")
    with pytest.raises(InputError, match=r"changed: .*motd\.j2") as caught:
        go_on()
    assert "plain" not in str(caught.value)
    assert go_on(Resuming(adopt=True))[0] == 2


RAW = """
- hosts: w1
  gather_facts: false
  tasks:
  - {name: untold, raw: "echo done >> FOLDER/count"}
  - {name: behind, command: touch FOLDER/behind}
"""


def test_a_raw_task_that_was_under_way_is_not_done_again_without_a_word(tmp_path: Path) -> None:
    assert begin(RAW.replace("FOLDER", str(tmp_path))) == 0
    journal = journal_of("last", os.environ)
    lines = journal.read_bytes().splitlines(keepends=True)
    started = next(n for n, line in enumerate(lines) if json.loads(line)["type"] == "OperationStarted")
    journal.write_bytes(b"".join(lines[: started + 1]))
    (tmp_path / "behind").unlink()

    code, heard = go_on()
    assert code == 4
    (told,) = heard.of(event.OperationFinished)
    assert told.status.value == "lost"
    assert "keeps no record" in str(told.result["msg"])
    assert (tmp_path / "count").read_text() == "done\n"
    assert not (tmp_path / "behind").exists()

    assert go_on(Resuming(unknown=DONE))[0] == 0
    assert (tmp_path / "count").read_text() == "done\n"
    assert (tmp_path / "behind").exists()


def test_a_raw_task_is_done_again_where_that_is_asked_for(tmp_path: Path) -> None:
    assert begin(RAW.replace("FOLDER", str(tmp_path))) == 0
    journal = journal_of("last", os.environ)
    lines = journal.read_bytes().splitlines(keepends=True)
    started = next(n for n, line in enumerate(lines) if json.loads(line)["type"] == "OperationStarted")
    journal.write_bytes(b"".join(lines[: started + 1]))
    assert go_on(Resuming(unknown=AGAIN))[0] == 0
    assert (tmp_path / "count").read_text() == "done\ndone\n"
