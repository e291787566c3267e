"""ansible.cfg and ANSIBLE_* variables: which file counts, what wins, and what the run makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.app.run import with_settings
from provisioner.app.settings import read_settings
from provisioner.app.wiring import Loaded
from provisioner.diagnostics.errors import InputError
from provisioner.model.options import RunOptions
from provisioner.model.target import Files


@pytest.fixture(autouse=True)
def _somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def test_the_file_beside_the_playbook_is_read(tmp_path: Path) -> None:
    (tmp_path / "ansible.cfg").write_text(
        "[defaults]\ninventory = hosts ; where\nroles_path = roles:/opt/roles\nforks = 7\nremote_user = ops\n"
        "host_key_checking = False\ntimeout = 33\nforce_handlers = yes\nprivate_key_file = ~/.ssh/key\n"
    )
    found = read_settings({})
    assert found.inventories == (str(tmp_path / "hosts"),)
    assert found.roles_path == (str(tmp_path / "roles"), "/opt/roles")
    assert (found.forks, found.remote_user, found.host_key_checking, found.timeout_s) == (7, "ops", False, 33.0)
    assert found.force_handlers
    assert found.source == str(tmp_path / "ansible.cfg")


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "ansible.cfg").write_text("[defaults]\nforks = 7\nremote_user = file\n")
    found = read_settings({"ANSIBLE_FORKS": "9", "ANSIBLE_HOST_KEY_CHECKING": "0"})
    assert (found.forks, found.remote_user, found.host_key_checking) == (9, "file", False)


def test_a_file_named_by_the_environment_counts_alone(tmp_path: Path) -> None:
    (tmp_path / "ansible.cfg").write_text("[defaults]\nforks = 7\nremote_user = here\n")
    other = tmp_path / "other"
    other.mkdir()
    (other / "ansible.cfg").write_text("[defaults]\nroles_path = r\n")
    found = read_settings({"ANSIBLE_CONFIG": str(other)})
    assert (found.forks, found.remote_user) == (None, None)
    assert found.roles_path == (str(other / "r"),)


def test_a_file_in_a_folder_that_anyone_may_write_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "ansible.cfg").write_text("[defaults]\nforks = 7\n")
    tmp_path.chmod(0o777)
    assert read_settings({}).source == ""


def test_paths_from_the_environment_begin_where_we_are(tmp_path: Path) -> None:
    assert read_settings({"ANSIBLE_ROLES_PATH": "mine"}).roles_path == (str(tmp_path / "mine"),)


def test_a_list_of_hosts_is_no_path() -> None:
    assert read_settings({"ANSIBLE_INVENTORY": "h1,h2"}).inventories == ("h1,h2",)


def test_a_file_that_cannot_be_read_is_told_by_name(tmp_path: Path) -> None:
    (tmp_path / "ansible.cfg").write_text("forks = 7\n")
    with pytest.raises(InputError, match=r"cannot read .*ansible\.cfg"):
        read_settings({})


@pytest.mark.parametrize("line", ["forks = many", "timeout = soon", "host_key_checking = perhaps"])
def test_a_value_of_the_wrong_kind_is_an_input_error(tmp_path: Path, line: str) -> None:
    (tmp_path / "ansible.cfg").write_text(f"[defaults]\n{line}\n")
    with pytest.raises(InputError, match=line.split(maxsplit=1)[0]):
        read_settings({})


def settled(tmp_path: Path, text: str, options: RunOptions) -> RunOptions:
    (tmp_path / "ansible.cfg").write_text(f"[defaults]\n{text}")
    nothing: object = None
    loaded = Loaded(nothing, nothing, nothing, nothing, read_settings({}), ())  # type: ignore[arg-type]
    return with_settings(options, loaded)


def test_settings_count_where_no_option_is_given(tmp_path: Path) -> None:
    made = settled(tmp_path, "forks = 7\nremote_user = ops\nhost_key_checking = no\ntimeout = 3\n", RunOptions())
    assert (made.forks, made.remote_user, made.host_key_checking, made.timeout_s) == (7, "ops", "no", 3.0)


def test_options_win_over_settings(tmp_path: Path) -> None:
    asked = RunOptions(forks=2, remote_user="me", host_key_checking="accept-new", timeout_s=5, force_handlers=True)
    made = settled(tmp_path, "forks = 7\nremote_user = ops\nhost_key_checking = no\ntimeout = 3\n", asked)
    assert (made.forks, made.remote_user, made.host_key_checking, made.timeout_s) == (2, "me", "accept-new", 5)
    assert made.force_handlers


def test_what_connections_and_other_users_need_is_settled_below_the_options(tmp_path: Path) -> None:
    text = (
        "remote_port = 2222\ninterpreter_python = /usr/bin/python3\nno_log = yes\n"
        "[privilege_escalation]\nbecome = yes\nbecome_user = ops\n[sudo_become_plugin]\nflags = -n\n"
        "[ssh_connection]\nssh_args = -o A=b\n[diff]\nalways = yes\n[tags]\nrun = a, b\n"
    )
    made = settled(tmp_path, text, RunOptions())
    assert (made.port, made.python, made.become, made.become_user) == (2222, "/usr/bin/python3", True, "ops")
    assert (made.become_flags, made.ssh_args, made.diff, made.tags) == ("-n", ("-o", "A=b"), True, ("a", "b"))
    asked = settled(tmp_path, text, RunOptions(become_user="me", tags=("c",), become_method="su"))
    assert (asked.become_user, asked.tags, asked.become_flags) == ("me", ("c",), None)


def test_the_password_of_another_user_may_be_set_for_the_way_to_become_it(
    tmp_path: Path,
) -> None:
    text = "[sudo_become_plugin]\npassword = written\n"
    assert settled(tmp_path, text, RunOptions()).become_password == "written"
    assert settled(tmp_path, text, RunOptions(become_password="asked")).become_password == "asked"
    assert settled(tmp_path, text, RunOptions(become_method="doas")).become_password is None


def test_where_files_go_on_hosts_is_a_matter_of_settings(tmp_path: Path) -> None:
    text = "keep_remote_files = yes\nremote_tmp = /t\ncommon_remote_group = g\nadmin_users = a, b\n"
    text += "system_tmpdirs = /x\nallow_world_readable_tmpfiles = yes\n"
    files = settled(tmp_path, text, RunOptions()).policy.files
    assert files == Files("/t", ("/x",), ("a", "b"), "g", is_open=True, keeps=True)
    assert settled(tmp_path, "", RunOptions()).policy.files == Files()


def test_keys_of_unknown_hosts_are_accepted_only_where_that_is_said(tmp_path: Path) -> None:
    made = settled(tmp_path, "\n[paramiko_connection]\nhost_key_auto_add = yes\n", RunOptions())
    assert made.host_key_checking == "accept-new"


@pytest.mark.parametrize(("text", "found"), [("", None), ("private_role_vars = no\n", False)])
def test_whether_role_variables_are_private_may_be_left_open(tmp_path: Path, text: str, found: bool | None) -> None:
    (tmp_path / "ansible.cfg").write_text(f"[defaults]\n{text}")
    assert read_settings({}).private_role_vars is found


def test_modules_can_be_rejected_by_a_file(tmp_path: Path) -> None:
    (tmp_path / "f.yml").write_text("filter_version: 1.0\nmodule_rejectlist: [copy]\n")
    (tmp_path / "ansible.cfg").write_text("[defaults]\nplugin_filters_cfg = f.yml\n")
    assert read_settings({}).rejected_modules == frozenset({"copy"})
    (tmp_path / "f.yml").write_text("filter_version: 1.0\nmodule_rejectlist: [stat]\n")
    with pytest.raises(InputError, match="stat"):
        read_settings({})
