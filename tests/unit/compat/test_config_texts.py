"""ansible-config: what its verbs print."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from provisioner.compat import config_texts as texts
from provisioner.configuration.configuration import Configuration, read_configuration

PLUGIN = '''
DOCUMENTATION = """
options:
  words:
    description: some words
    type: list
    ini: [{section: mine, key: words}]
    env: [{name: MINE_WORDS}]
    vars: [{name: mine_words}]
"""
'''


def read(folder: Path, cfg: str = "", **environ: str) -> Configuration:
    (folder / "ansible.cfg").write_text(cfg)
    return read_configuration({"HOME": str(folder), **environ}, folder)


def test_dump_shows_what_was_changed_and_the_file_in_use(tmp_path: Path) -> None:
    told = texts.gather(read(tmp_path, "[defaults]\nforks = 7\n", ANSIBLE_SSH_PIPELINING="1"), "all", ())
    lines = list(texts.dump_lines(told, only_changed=True))
    assert lines[:2] == [f"CONFIG_FILE() = {tmp_path}/ansible.cfg", f"DEFAULT_FORKS({tmp_path}/ansible.cfg) = 7"]
    assert lines[-2:] == ["___", "pipelining(env: ANSIBLE_SSH_PIPELINING) = True"]


def test_dump_as_data_names_the_servers(tmp_path: Path) -> None:
    cfg = "[galaxy]\nserver_list = a\n[galaxy_server.a]\nurl = http://a/\n"
    data = texts.dump_data(texts.gather(read(tmp_path, cfg), "base", ()), only_changed=True)
    servers = next(each["GALAXY_SERVERS"] for each in data if isinstance(each, dict) and "GALAXY_SERVERS" in each)
    assert servers["a"]["url"] == ["url", "http://a/", f"{tmp_path}/ansible.cfg", None]
    assert json.loads(texts.written(data, "json"))


@pytest.mark.parametrize(
    ("format", "expected"),
    [
        ("ini", "[mine]\n# (list) some words\nwords=\n\n"),
        ("env", "# words(list): some words\nMINE_WORDS=\n"),
        ("vars", "# words(list): some words\nmine_words: ''\n\n"),
    ],
)
def test_a_template_is_made_of_a_users_plugin(tmp_path: Path, format: str, expected: str) -> None:
    (tmp_path / "lookup_plugins").mkdir()
    (tmp_path / "lookup_plugins/mine.py").write_text(PLUGIN)
    told = texts.gather(read(tmp_path, ANSIBLE_LOOKUP_PLUGINS=str(tmp_path)), "lookup", ("mine", "other"))
    assert told.missing == ["other"]
    assert texts.template(told, format, disabled=False).rstrip("\n") == expected.rstrip("\n")


def test_a_whole_template_is_a_file_that_can_be_read_again(tmp_path: Path) -> None:
    text = texts.template(texts.gather(read(tmp_path), "all", ()), "ini", disabled=False)
    again = read(tmp_path, text)
    assert again.mistakes().errors == ()
    assert again.value("DEFAULT_FORKS") == 50


def test_unknown_keys_sections_and_variables_are_found(tmp_path: Path) -> None:
    found = read(tmp_path, "[defaults]\nfroks=1\n[nope]\na=1\n", ANSIBLE_NOPE="1")
    assert len(list(texts.unknown_in_file(found))) == 2
    assert list(texts.unknown_in_environment(found)) == ["Found unknown environment variable 'ANSIBLE_NOPE'."]


def test_every_setting_is_described(tmp_path: Path) -> None:
    data = texts.listed(texts.gather(read(tmp_path), "all", ()))
    assert data["DEFAULT_FORKS"] == {
        "default": "50", "description": "Work on this many hosts at once.", "type": "integer",
        "ini": [{"section": "defaults", "key": "forks"}], "env": [{"name": "ANSIBLE_FORKS"}],
    }  # fmt: skip
