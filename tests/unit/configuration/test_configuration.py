"""Settings: which place counts, what each kind of value means, what is told about mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.configuration.configuration import Configuration, read_configuration
from provisioner.configuration.table import documented, table
from provisioner.diagnostics.errors import InputError


def cfg(folder: Path, text: str, name: str = "ansible.cfg") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text)
    return path


def read(folder: Path, **environ: str) -> Configuration:
    return read_configuration({"HOME": str(folder / "home"), **environ}, folder)


def test_every_setting_of_the_table_has_a_default_of_its_kind(tmp_path: Path) -> None:
    found = read(tmp_path)
    settings = [*found.settings(), *found.plugin_settings()]
    assert len(settings) == len(table().settings) > 250
    assert all(setting.origin in ("default", "") for setting in settings)


def test_every_setting_says_what_it_is_for() -> None:
    assert [each.name for each in table().settings.values() if len(each.about) < 8] == []


def test_the_environment_wins_over_our_file_which_wins_over_ansible_cfg(tmp_path: Path) -> None:
    cfg(tmp_path, "[defaults]\nforks = 1\ntimeout = 1\nremote_user = cfg\n")
    cfg(tmp_path, 'timeout = 2\nremote_user = "own"\n', "provisioner.toml")
    found = read(tmp_path, ANSIBLE_REMOTE_USER="env")
    assert [found.value(name) for name in ("DEFAULT_FORKS", "DEFAULT_TIMEOUT", "DEFAULT_REMOTE_USER")] == [1, 2, "env"]
    places = [found.setting(name).place for name in ("DEFAULT_FORKS", "DEFAULT_TIMEOUT", "DEFAULT_REMOTE_USER")]
    assert places == [f"{tmp_path}/ansible.cfg:2", f"{tmp_path}/provisioner.toml:1", "env: ANSIBLE_REMOTE_USER"]


def test_settings_may_stand_in_pyproject(tmp_path: Path) -> None:
    cfg(
        tmp_path,
        '[tool.provisioner]\nforks = 3\n[tool.provisioner.galaxy]\nserver_list = ["a", "b"]\n',
        "pyproject.toml",
    )
    found = read(tmp_path)
    assert (found.value("DEFAULT_FORKS"), found.texts("GALAXY_SERVER_LIST")) == (3, ("a", "b"))
    assert found.setting("GALAXY_SERVER_LIST").line == 4


def test_the_first_file_found_counts_alone(tmp_path: Path) -> None:
    cfg(tmp_path / "home", "[defaults]\nforks = 9\n", ".ansible.cfg")
    assert read(tmp_path).value("DEFAULT_FORKS") == 9
    cfg(tmp_path, "[defaults]\ntimeout = 3\n")
    assert not read(tmp_path).given("DEFAULT_FORKS")
    other = cfg(tmp_path / "other", "[defaults]\nforks = 8\n")
    assert read(tmp_path, ANSIBLE_CONFIG=str(other)).value("DEFAULT_FORKS") == 8


def test_a_file_where_anybody_may_write_is_passed_over_with_a_warning(tmp_path: Path) -> None:
    cfg(tmp_path, "[defaults]\nforks = 9\n")
    tmp_path.chmod(0o777)
    found = read(tmp_path)
    assert found.source == ""
    assert "anybody may write" in found.warnings[0].summary


def test_paths_begin_at_the_file_and_know_home_here_and_variables(tmp_path: Path) -> None:
    cfg(tmp_path / "etc", "[defaults]\nroles_path = r1:~/r2:{{CWD}}/r3:$WHERE/r4:/r5\n")
    found = read(tmp_path, ANSIBLE_CONFIG=str(tmp_path / "etc"), WHERE="/var")
    assert found.texts("DEFAULT_ROLES_PATH") == (
        f"{tmp_path}/etc/r1", f"{tmp_path}/home/r2", f"{tmp_path}/r3", "/var/r4", "/r5",
    )  # fmt: skip


def test_paths_of_the_environment_begin_here(tmp_path: Path) -> None:
    assert read(tmp_path, ANSIBLE_LOG_PATH="a/log").value("DEFAULT_LOG_PATH") == f"{tmp_path}/a/log"


def test_defaults_move_with_the_home_of_ansible(tmp_path: Path) -> None:
    assert read(tmp_path, ANSIBLE_HOME="/srv/a").texts("DEFAULT_ROLES_PATH")[0] == "/srv/a/roles"


def test_lists_lose_the_quotes_of_their_words(tmp_path: Path) -> None:
    cfg(tmp_path, "[defaults]\ncallbacks_enabled = 'a', b ,\"c\"  ; rest\n")
    assert read(tmp_path).texts("CALLBACKS_ENABLED") == ("a", "b", "c")


def test_nothing_is_no_number_and_not_true(tmp_path: Path) -> None:
    found = read(tmp_path, ANSIBLE_TIMEOUT="", ANSIBLE_HOST_KEY_CHECKING="", ANSIBLE_CALLBACKS_ENABLED="")
    assert (found.value("DEFAULT_TIMEOUT"), found.flag("HOST_KEY_CHECKING")) == (10, False)
    assert found.texts("CALLBACKS_ENABLED") == ()


@pytest.mark.parametrize(
    ("line", "wanted"),
    [("forks = many", "a whole number"), ("host_key_checking = perhaps", "yes or no"), ("gathering = never", "one of")],
)
def test_a_value_that_cannot_be_is_told_with_its_place(tmp_path: Path, line: str, wanted: str) -> None:
    cfg(tmp_path, f"[defaults]\n{line}\n")
    mistakes = read(tmp_path).mistakes().errors
    assert len(mistakes) == 1
    text = mistakes[0].render()
    assert "ansible.cfg:2:1" in text
    assert wanted in text
    assert line in text


def test_a_bad_variable_names_the_setting_and_itself(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"DEFAULT_TIMEOUT \(from env: ANSIBLE_TIMEOUT\)"):
        read(tmp_path, ANSIBLE_TIMEOUT="lola").value("DEFAULT_TIMEOUT")


def test_what_no_setting_knows_is_named_once(tmp_path: Path) -> None:
    cfg(tmp_path, "[defaults]\nfroks = 3\n[galaxy_server.x]\nurl = http://x\n")
    told = [each.render() for each in read(tmp_path, ANSIBLE_NONSENSE="1", ANSIBLE_CONFIG="").unknown()]
    assert len(told) == 2
    assert "froks" in told[0]
    assert "forks" in told[0]
    assert "ANSIBLE_NONSENSE" in told[1]


def test_galaxy_servers_are_read_from_their_sections_and_variables(tmp_path: Path) -> None:
    cfg(tmp_path, "[galaxy]\nserver_list = mine\n[galaxy_server.mine]\nurl = https://g/\nusername = me\n")
    server = read(tmp_path, ANSIBLE_GALAXY_SERVER_MINE_TOKEN="t").servers()["mine"]
    assert {key: each.value for key, each in server.items() if each.value is not None} == {
        "url": "https://g/", "username": "me", "token": "t", "timeout": 60,
    }  # fmt: skip


def test_options_of_a_users_plugin_are_read_from_its_documentation(tmp_path: Path) -> None:
    cfg(tmp_path, "[mine]\nwords = 'a', 'b'\n")
    options = {
        "words": {"type": "list", "ini": [{"section": "mine", "key": "words"}]},
        "size": {"type": "int", "default": 3, "vars": [{"name": "mine_size"}], "env": [{"name": "MINE_SIZE"}]},
    }
    declared = documented("lookup", "mine", options)
    found = read(tmp_path, MINE_SIZE="5")
    assert found.find(declared["words"]).value == ("a", "b")
    assert found.find(declared["size"]).origin == "env: MINE_SIZE"
    assert found.find(declared["size"], {"mine_size": "7"}).value == 7


def test_an_ansible_cfg_that_is_none_is_refused(tmp_path: Path) -> None:
    cfg(tmp_path, "forks = 7\n")
    with pytest.raises(InputError, match=r"cannot read .*ansible\.cfg"):
        read(tmp_path)
