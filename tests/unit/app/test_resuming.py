"""Resuming: what was answered is not asked again, changed files are noticed, and raw tasks are not done unsaid."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from provisioner.app.credentials import Credentials
from provisioner.app.history import journal_of
from provisioner.app.resume import Resuming, resume
from provisioner.app.run import run_playbooks
from provisioner.diagnostics.errors import InputError
from provisioner.model import event
from provisioner.model.options import RunOptions
from provisioner.model.recall import AGAIN, TAKEN
from tests.support.fakes import EventRecorder


@pytest.fixture(autouse=True)
def _site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROVISIONER_STATE_DIR", str(tmp_path / "state"))
    Path("hosts").write_text("w1 ansible_connection=local\n")


def begin(text: str, answers: tuple[str, ...] = (), **more: Any) -> int:
    Path("site.yml").write_text(text)
    waiting, options = list(answers), RunOptions(inventories=("hosts",), **more)
    return run_playbooks(["site.yml"], options, Credentials(), [], lambda _text, _hidden: waiting.pop(0))


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

    assert go_on(Resuming(unknown=TAKEN))[0] == 0
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


def cut_behind(kind: str, count: int = 1) -> None:
    """Take away what the newest journal says behind the last of so many events of a kind, as if it had been killed."""
    journal = journal_of("last", os.environ)
    lines = journal.read_bytes().splitlines(keepends=True)
    found = [number for number, line in enumerate(lines) if json.loads(line)["type"] == kind]
    journal.write_bytes(b"".join(lines[: found[count - 1] + 1]))


PLUGIN = """
from ansible.plugins.action import ActionBase

class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        with open(self._task.args['path'], 'a') as stream:
            stream.write(str(self._task.args.get('word')) + ' ')
        return dict(super().run(tmp, task_vars), changed=True)
"""
BY_PLUGIN = """
- hosts: w1
  gather_facts: false
  tasks:
  - {name: waits, command: sleep 0.2}
  - {name: counts, mine: {path: FOLDER/count, word: "{{ item }}"}, loop: [1, 2, 3]}
"""


def by_plugin(folder: Path) -> Path:
    Path("action_plugins").mkdir()
    Path("action_plugins/mine.py").write_text(PLUGIN)
    assert begin(BY_PLUGIN.replace("FOLDER", str(folder))) == 0
    return folder / "count"


def test_an_action_plugin_does_its_work_once_although_its_task_could_have_been_sent_ahead(tmp_path: Path) -> None:
    assert by_plugin(tmp_path).read_text() == "1 2 3 "


def test_an_action_plugin_that_was_under_way_is_not_run_again_without_a_word(tmp_path: Path) -> None:
    count = by_plugin(tmp_path)
    cut_behind("PluginStarted", 2)
    code, heard = go_on()
    told = heard.of(event.OperationFinished)[-1]
    assert (code, told.status.value) == (4, "lost")
    assert "action plugin" in str(told.result["msg"])
    assert count.read_text() == "1 2 3 "

    assert go_on(Resuming(unknown=AGAIN))[0] == 0
    assert count.read_text() == "1 2 3 2 3 ", "the item that was done is not done again"


def test_a_loop_of_an_action_plugin_goes_on_where_it_was_cut_off(tmp_path: Path) -> None:
    count = by_plugin(tmp_path)
    cut_behind("ItemFinished", 2)
    assert go_on()[0] == 0
    assert count.read_text() == "1 2 3 3 "


def test_what_is_done_is_not_done_again_when_a_run_that_went_on_was_killed_before_it_told_of_it(tmp_path: Path) -> None:
    text = """
- hosts: w1
  gather_facts: false
  tasks:
  - {name: once, shell: "echo done >> FOLDER/count"}
  - {name: breaks, command: test -e FOLDER/there}
"""
    assert begin(text.replace("FOLDER", str(tmp_path))) == 2
    assert go_on()[0] == 2
    cut_behind("RunStarted")
    (tmp_path / "there").touch()
    assert go_on()[0] == 0
    assert (tmp_path / "count").read_text() == "done\n"


def test_a_run_that_was_resumed_is_not_resumed_again_from_where_it_stood_then(tmp_path: Path) -> None:
    assert begin(f"- hosts: w1\n  gather_facts: false\n  tasks:\n  - command: test -e {tmp_path}/there\n") == 2
    first = journal_of("last", os.environ).parent.name
    assert go_on()[0] == 2
    second = journal_of("last", os.environ).parent.name
    with pytest.raises(InputError, match=f"was resumed already, as run {second}"):
        resume(first, Resuming(), Credentials(), [], lambda _text, _hidden: "")


def test_the_last_run_is_the_last_that_began(tmp_path: Path) -> None:
    text = RAW.replace("touch FOLDER", "test -e FOLDER").replace("FOLDER", str(tmp_path))
    assert begin(text) == 2
    never = journal_of("last", os.environ).parent.with_name("29990101-000000-zzzz")
    never.mkdir()
    (never / "journal.jsonl").write_text('{"v":1,"n"')
    (tmp_path / "behind").touch()
    assert go_on()[0] == 0
    assert (tmp_path / "count").read_text() == "done\n"


def test_a_file_that_was_adopted_is_not_told_as_changed_by_the_run_behind(tmp_path: Path) -> None:
    Path("motd.j2").write_text("hello {{ inventory_hostname }}\n")
    Path("plain").write_text("x")
    assert begin(FILES.replace("DEST", str(tmp_path))) == 2
    Path("motd.j2").write_text("another\n")
    assert go_on(Resuming(adopt=True))[0] == 2
    assert go_on()[0] == 2


SECRET = """
- hosts: w1
  gather_facts: false
  tasks:
  - {name: says, shell: "echo done >> FOLDER/count; echo said-by-it", no_log: true, register: said}
  - {name: breaks, command: test -e FOLDER/there}
  - {name: writes, copy: {content: "{{ said.stdout }}", dest: FOLDER/written}}
"""


def test_a_secret_result_that_was_kept_is_there_again(tmp_path: Path) -> None:
    assert begin(SECRET.replace("FOLDER", str(tmp_path))) == 2
    (tmp_path / "there").touch()
    assert go_on()[0] == 0
    assert (tmp_path / "written").read_text() == "said-by-it"


def test_a_secret_result_that_is_lost_is_unknown_and_its_mask_is_written_nowhere(tmp_path: Path) -> None:
    assert begin(SECRET.replace("FOLDER", str(tmp_path))) == 2
    (journal_of("last", os.environ).parent / "kept.jsonl").write_text("")
    (tmp_path / "there").touch()
    assert go_on()[0] == 4
    assert not (tmp_path / "written").exists()
    assert (tmp_path / "count").read_text() == "done\n"
    assert go_on(Resuming(unknown=AGAIN))[0] == 0
    assert (tmp_path / "written").read_text() == "said-by-it"


OWING = """
- hosts: w1
  gather_facts: false
  tasks:
  - {name: first, copy: {content: x, dest: FOLDER/first}, notify: tell}
  - {name: breaks, command: test -e FOLDER/there}
  handlers:
  - {name: tell, shell: "echo told >> FOLDER/told"}
"""


def test_a_handler_that_was_owed_before_the_run_that_broke_is_run_by_the_one_that_goes_on(tmp_path: Path) -> None:
    text = OWING.replace("FOLDER", str(tmp_path))
    assert begin(text) == 2
    assert begin(text, pays_owed=True) == 2, "nothing changed, so only the ledger knows of the handler"
    (tmp_path / "there").touch()
    assert go_on()[0] == 0
    assert (tmp_path / "told").read_text() == "told\n"
    assert begin(text, pays_owed=True) == 0
    assert (tmp_path / "told").read_text() == "told\n", "and it is owed no more"
