"""synchronize: the command line it makes, and real transfers on this machine."""

from __future__ import annotations

import pytest

from provisioner.diagnostics.errors import InputError
from provisioner.execution.actions.synchronize import MARK, described
from provisioner.model.call import Reply
from provisioner.model.target import Become, Target
from tests.support.stage import Stage

LOCAL = Target("web1", connection="local")


def word(argv: list[str], start: str) -> str:
    return next(each for each in argv if each.startswith(start))


def delegated(stage: Stage, args: dict[str, object], out: str = "") -> list[str]:
    stage.answer = lambda _call: Reply(result={"rc": 0, "stdout": out})
    stage.run("synchronize", args, delegated_to="old")
    argv = stage.calls[-1].request.params["argv"]
    assert isinstance(argv, list)
    return argv


def test_delegated_the_other_host_runs_rsync_to_this_one(stage: Stage) -> None:
    argv = delegated(stage, {"src": "/srv/", "dest": "/new", "private_key": "/k"})
    assert argv[-3:] == ["--", "/srv/", "ops@192.0.2.1:/new"]
    assert word(argv, "--rsh=") == "--rsh=ssh -i /k -o BatchMode=yes -o StrictHostKeyChecking=accept-new"


def test_delegated_the_controllers_key_is_not_named_to_another_host(stage: Stage) -> None:
    assert "-i" not in word(delegated(stage, {"src": "/a", "dest": "/b"}), "--rsh=").split()


def test_pull_turns_the_direction_around(stage: Stage) -> None:
    assert delegated(stage, {"src": "/srv", "dest": "/new", "mode": "pull"})[-2:] == ["ops@192.0.2.1:/srv", "/new"]


def test_become_runs_the_hosts_rsync_through_sudo(stage: Stage) -> None:
    stage.become = Become()
    assert word(delegated(stage, {"src": "/a", "dest": "/b"}), "--rsync-path") == "--rsync-path=sudo -n rsync"
    stage.become = Become(user="site")
    assert "sudo -n -u site rsync" in word(delegated(stage, {"src": "/a", "dest": "/b"}), "--rsync-path")


def test_options_follow_the_parameters(stage: Stage) -> None:
    args = {"src": "/a", "dest": "/b", "delete": True, "archive": False, "recursive": True, "compress": False}
    argv = delegated(stage, {**args, "rsync_opts": ["--exclude=.git"], "link_dest": ["/c"]})
    assert {"--delete-after", "--recursive", "--exclude=.git", "--link-dest=/c"} <= set(argv)
    assert not {"--archive", "--compress", "--dry-run"} & set(argv)


def test_check_mode_is_a_dry_run_that_really_runs(stage: Stage) -> None:
    stage.answer = lambda _call: Reply(result={"rc": 0, "stdout": f"{MARK}>f+++++++++ a\n"})
    result = stage.run("synchronize", {"src": "/a", "dest": "/b"}, delegated_to="old", check=True)
    assert result["changed"]
    assert not stage.calls[0].request.check
    assert "--dry-run" in stage.calls[0].request.params["argv"]  # type: ignore[operator]


def test_only_marked_lines_count_as_changes() -> None:
    result = described(["rsync"], 0, f"created directory /x\n{MARK}cd+++++++++ ./\n", "", diff=True)
    assert result["changed"]
    assert result["stdout_lines"] == ["created directory /x", "cd+++++++++ ./"]
    assert not described(["rsync"], 0, "created directory /x\n", "", diff=False)["changed"]


def test_rsyncs_own_words_are_the_message_of_a_failure() -> None:
    result = described(["rsync"], 23, "", "rsync: no such file\n", diff=False)
    assert (result["failed"], result["msg"], result["rc"]) == (True, "rsync: no such file", 23)


def test_a_local_host_gets_the_files_as_foretold_and_a_second_run_changes_nothing(stage: Stage) -> None:
    stage.target = LOCAL
    stage.write("files/site/a.txt", "x")
    dest = stage.tmp / "dest"
    args = {"src": "site/", "dest": f"{dest}/", "delete": True}
    foretold = stage.run("synchronize", args, check=True, diff=True)
    assert (foretold["changed"], dest.exists()) == (True, False)
    done = stage.run("synchronize", args, diff=True)
    assert (done["changed"], done["diff"]) == (True, foretold["diff"])
    assert (dest / "a.txt").read_text() == "x"
    assert not stage.run("synchronize", args)["changed"]


def test_a_user_who_logs_in_as_himself_needs_no_sudo(stage: Stage) -> None:
    stage.become = Become(user="ops")
    assert not [word for word in delegated(stage, {"src": "/a", "dest": "/b"}) if word.startswith("--rsync-path")]


def test_sudo_that_wants_a_password_is_explained() -> None:
    result = described(
        ["rsync"], 12, "", "sudo: a password is required\nrsync: connection unexpectedly closed\n", diff=False
    )
    assert "become a user that needs none" in result["msg"]


def test_other_ways_to_become_somebody_are_refused(stage: Stage) -> None:
    stage.become = Become(method="su")
    with pytest.raises(InputError, match="become method sudo"):
        delegated(stage, {"src": "/a", "dest": "/b"})
