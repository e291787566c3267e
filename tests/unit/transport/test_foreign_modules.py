"""Modules that are not ours, from the controller to a real worker on this machine and back."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from provisioner.bridge.bridge import Bridge, Place
from provisioner.bridge.cache import Cache
from provisioner.bridge.library import Foreign
from provisioner.loading.collections import Collections
from provisioner.model.call import Carried, Request
from provisioner.model.target import Target
from provisioner.transport import outgoing
from tests.support import foreign
from tests.support.talk import Talk


class Modules:
    """A library folder with modules of the tests, and requests that run them."""

    def __init__(self, tmp: Path) -> None:
        package = foreign.library(tmp / "site")
        python = tmp / "python"
        python.write_text(f'#!/bin/sh\nexport PYTHONPATH={package.parent}\nexec {sys.executable} "$@"\n')
        python.chmod(0o755)
        foreign.write(tmp / "module_utils" / "own", {"__init__.py": "", "words.py": "WORD = 'spoken'\n"})
        (tmp / "library").mkdir()
        self.folder = tmp / "library"
        self.bridge = Bridge({"PROVISIONER_ANSIBLE_PYTHON": str(python), "PATH": ""}, Cache(tmp / "cache"))
        self.place = Place((str(self.folder),), (str(tmp / "module_utils"),), (), Collections())

    def request(
        self, name: str, content: str | bytes = "", params: Mapping[str, object] | None = None, **more: Any
    ) -> Request:
        """Return a request of a module with this content; ``how`` in ``more`` adds to how it is run."""
        path = self.folder / name
        if content:
            path.write_bytes(content if isinstance(content, bytes) else content.lstrip().encode())
        module = Foreign(path.stem, f"ansible.modules.{path.stem}", str(path))
        packed = self.bridge.pack(module, self.place)
        internal = {"_ansible_check_mode": more.get("check", False), "_ansible_tmpdir": None}
        how: dict[str, object] = {"style": packed.style, "entry": packed.entry, "module": module.module}
        how.update(internal={**internal, **more.pop("internal", {})}, **more.pop("how", {}))
        return Request(module.name, params or {}, carried=Carried("foreign", how, packed.parcel), **more)


@pytest.fixture
def modules(tmp_path: Path) -> Modules:
    return Modules(tmp_path)


def result(talk: Talk, request: Request) -> dict[str, Any]:
    reply = talk.ask(request)
    assert reply.error is None
    return dict(reply.result or {})


def test_a_python_module_gets_its_library_its_arguments_and_a_folder_of_its_own(talk: Talk, modules: Modules) -> None:
    told = result(talk, modules.request("tell.py", foreign.TELLING, {"name": "ann", "secret": "sesame"}, check=True))
    assert (told["name"], told["got"], told["word"], told["me"]) == ("ann", 6, "spoken", "spoken")
    assert told["check"] is True
    assert told["internal"] == ["_ansible_check_mode", "_ansible_tmpdir"]
    assert told["there"] is True
    assert not Path(told["tmp"]).exists()
    assert told["_secrets"] == ["sesame"]
    assert "sesame" not in str(told["argv"])


def test_each_run_is_a_process_of_its_own_below_the_same_parent(talk: Talk, modules: Modules) -> None:
    first, second = (result(talk, modules.request("tell.py", foreign.TELLING)) for _ in range(2))
    assert first["pid"] != second["pid"]
    assert first["parent"] == second["parent"]


def test_the_second_call_in_a_session_sends_no_payload_again(
    talk: Talk, modules: Modules, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    flush = outgoing.Frames._flush

    def counted(self: outgoing.Frames) -> None:
        sent.append(sum(map(len, self._parts)))
        flush(self)

    monkeypatch.setattr(outgoing.Frames, "_flush", counted)
    padding = f"# {os.urandom(40000).hex()}\n"
    request = modules.request("tell.py", foreign.TELLING.lstrip() + padding)
    result(talk, request)
    first = sum(sent)
    sent.clear()
    result(talk, request)
    assert first > 40000
    assert sum(sent) < 2000


def test_what_two_modules_share_travels_once(talk: Talk, modules: Modules, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = modules.request("tell.py", foreign.TELLING), modules.request("more.py", "#\n" + foreign.TELLING.lstrip())
    stored: list[int] = []
    pack = outgoing.ModuleSources.store_frame

    def noted(self: Any, contents: Any, lacking: Any) -> bytes:
        stored.append(len(list(lacking)))
        return pack(self, contents, lacking)

    monkeypatch.setattr(outgoing.ModuleSources, "store_frame", noted)
    result(talk, one)
    result(talk, two)
    assert stored[0] > 3
    assert stored[1:] == [1]


def test_the_environment_reaches_the_module_and_no_later_one(talk: Talk, modules: Modules) -> None:
    told = result(talk, modules.request("tell.py", foreign.TELLING, environment={"FOREIGN_WORD": "said"}))
    assert told["env"] == "said"
    assert result(talk, modules.request("tell.py"))["env"] is None


def test_what_only_counts_when_python_starts_gets_an_interpreter_of_its_own(talk: Talk, modules: Modules) -> None:
    told = result(talk, modules.request("tell.py", foreign.TELLING, environment={"PYTHONOPTIMIZE": "1"}))
    assert told["optimised"] == 1
    assert result(talk, modules.request("tell.py"))["optimised"] == 0


def test_a_crash_shows_its_traceback_with_the_line(talk: Talk, modules: Modules) -> None:
    text = "from ansible.module_utils.basic import AnsibleModule\n\n\ndef work():\n    raise RuntimeError('boom')\n"
    text += "\n\nwork()\n"
    told = result(talk, modules.request("crash.py", text))
    assert told["failed"]
    assert "MODULE FAILURE" in told["msg"]
    assert "RuntimeError: boom" in told["exception"]
    assert 'crash.py", line 5, in work' in told["exception"]


def test_a_module_may_tell_its_errors_by_a_hook_of_its_own(talk: Talk, modules: Modules) -> None:
    text = """
from ansible.module_utils.basic import AnsibleModule
import sys
module = AnsibleModule({})
sys.excepthook = lambda kind, error, trace: module.exit_json(failed=True, msg="caught %s" % error)
raise ValueError("that")
"""
    assert result(talk, modules.request("hook.py", text))["msg"] == "caught that"


def test_a_module_killed_by_a_signal_fails_and_the_next_one_runs(talk: Talk, modules: Modules) -> None:
    text = "from ansible.module_utils.basic import AnsibleModule\nimport os\nos.kill(os.getpid(), 9)\n"
    assert result(talk, modules.request("dies.py", text))["rc"] == -9
    assert result(talk, modules.request("tell.py", foreign.TELLING))["changed"] is True


def test_a_module_that_is_no_python_of_this_host_says_so(talk: Talk, modules: Modules) -> None:
    library = Path(modules.place.module_utils[0])
    request = modules.request("fine.py", "from ansible.module_utils.basic import AnsibleModule\nimport later_on\n")
    assert library.is_dir()
    told = result(talk, request)
    assert "No module named 'later_on'" in told["module_stderr"]


def test_exit_functions_run_and_leftover_threads_are_waited_for(talk: Talk, modules: Modules, tmp_path: Path) -> None:
    text = f"""
from ansible.module_utils.basic import AnsibleModule
import atexit, threading, time
atexit.register(lambda: open({str(tmp_path / "left")!r}, "w").close())
threading.Thread(target=lambda: (time.sleep(0.1), open({str(tmp_path / "late")!r}, "w").close())).start()
AnsibleModule({{}}).exit_json(ok=True)
"""
    assert result(talk, modules.request("ends.py", text))["ok"] is True
    assert (tmp_path / "left").exists()
    assert (tmp_path / "late").exists()


def test_a_module_that_wants_json_gets_a_file_only_its_user_can_read(talk: Talk, modules: Modules) -> None:
    text = """
#!/usr/bin/python
# WANT_JSON
import json, os, sys
print(json.dumps({"given": json.load(open(sys.argv[1])), "mode": oct(os.stat(sys.argv[1]).st_mode & 0o777),
                  "argv": sys.argv, "folder": oct(os.stat(os.path.dirname(sys.argv[1])).st_mode & 0o777),
                  "python": sys.executable}))
"""
    told = result(talk, modules.request("wants.py", text, {"a": [1, "two"], "word": "hidden"}))
    assert told["given"]["a"] == [1, "two"]
    assert (told["mode"], told["folder"]) == ("0o600", "0o700")
    assert "hidden" not in " ".join(told["argv"])
    assert not Path(told["argv"][1]).exists()
    assert told["python"] == sys.executable


def test_an_old_style_module_gets_words_a_shell_can_read(talk: Talk, modules: Modules) -> None:
    text = '#!/bin/sh\n. "$1"\nprintf \'{"msg": "%s %s"}\' "$greeting" "$_ansible_check_mode"\n'
    told = result(talk, modules.request("old.sh", text, {"greeting": "it's  here"}))
    assert told["msg"] == "it's  here False"


def test_arguments_are_put_where_a_module_asks_for_them_in_its_text(talk: Talk, modules: Modules) -> None:
    text = '#!/usr/bin/python\nimport json\ngiven = json.loads(r"""<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>""")\n'
    told = result(talk, modules.request("in.py", text + 'print(json.dumps({"given": given["a"]}))\n', {"a": "b"}))
    assert told["given"] == "b"


def test_a_program_is_started_with_a_json_file(talk: Talk, modules: Modules) -> None:
    told = result(talk, modules.request("binary", Path("/bin/cat").read_bytes(), {"a": 1}))
    assert told["a"] == 1


def test_a_variable_says_what_starts_a_script(talk: Talk, modules: Modules) -> None:
    request = modules.request(
        "odd.x", '#!/usr/bin/odd\necho \'{"by": "sh"}\'\n', how={"interpreters": {"odd": "/bin/sh"}}
    )
    assert result(talk, request)["by"] == "sh"
    missing = result(talk, modules.request("odd.x"))
    assert missing["failed"]
    assert "/usr/bin/odd" in missing["msg"]


def detached(folder: Path, limit: float = 30) -> dict[str, Any]:
    return {"detach": {"limit": limit, "dir": str(folder)}}


def ended(path: Path) -> dict[str, Any]:
    for _ in range(300):
        state: dict[str, Any] = json.loads(path.read_text())
        if "started" not in state:
            return state
        time.sleep(0.02)
    raise AssertionError(f"the job did not end: {state}")


def test_a_job_is_answered_at_once_and_tells_its_end_in_its_file(talk: Talk, tmp_path: Path) -> None:
    started = result(talk, Request("probe", {"sleep": 2, "out": "x"}, **detached(tmp_path / "jobs")))
    assert (started["started"], started["finished"], started["changed"]) == (1, 0, True)
    path = Path(started["results_file"])
    assert path == tmp_path / "jobs" / started["ansible_job_id"]
    assert path.stat().st_mode & 0o777 == 0o600
    asked = result(talk, Request("async_status", {"jid": path.name, "_async_dir": str(path.parent)}))
    assert (asked["finished"], asked["started"]) == (0, 1)
    assert ended(path)["changed"] is True
    asked = result(talk, Request("async_status", {"jid": path.name, "_async_dir": str(path.parent)}))
    assert (asked["finished"], asked["changed"]) == (1, True)


def test_a_job_goes_on_when_its_worker_is_gone(talk: Talk, tmp_path: Path) -> None:
    params = {"sleep": 0.4, "touch": str(tmp_path / "made")}
    started = result(talk, Request("probe", params, **detached(tmp_path)))
    talk.sessions.close()
    assert not (tmp_path / "made").exists()
    ended(Path(started["results_file"]))
    assert (tmp_path / "made").exists()


def test_a_foreign_module_can_be_a_job(talk: Talk, modules: Modules, tmp_path: Path) -> None:
    result(talk, modules.request("tell.py", foreign.TELLING))
    request = modules.request("tell.py", foreign.TELLING, {"name": "bob"}, **detached(tmp_path / "jobs"))
    state = ended(Path(result(talk, request)["results_file"]))
    assert state["name"] == "bob"
    assert "_secrets" not in state


def test_a_job_whose_time_is_over_is_killed_with_what_it_started(talk: Talk, tmp_path: Path) -> None:
    mark = tmp_path / "late"
    params = {"cmd": f"sleep 1.5; touch {mark}"}
    started = result(talk, Request("shell", params, **detached(tmp_path / "jobs", limit=0.2)))
    state = ended(Path(started["results_file"]))
    assert (state["failed"], state["msg"]) == (True, "Timeout exceeded")
    time.sleep(1.5)
    assert not mark.exists()


def test_a_job_that_cannot_be_noted_is_not_started(talk: Talk, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    told = result(talk, Request("probe", {"touch": str(tmp_path / "made")}, **detached(tmp_path / "file")))
    assert told["failed"]
    assert "could not be started" in told["msg"]
    assert not (tmp_path / "made").exists()


def test_the_worker_answers_what_comes_behind_a_job(talk: Talk, here: Target, tmp_path: Path) -> None:
    replies = talk.ask_all([Request("probe", {"sleep": 1}, **detached(tmp_path)), Request("ping", {})])
    assert [reply.error for reply in replies] == [None, None]
    assert (replies[1].result or {})["ping"] == "pong"
    assert here.connection == "local"
