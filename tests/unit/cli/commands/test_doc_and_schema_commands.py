"""``provisioner doc`` and ``provisioner schema`` answer from the code that runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from provisioner.cli.main import main
from provisioner.diagnostics.errors import Exit


def test_the_manual_of_a_module_has_parameters_returns_traits_and_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doc", "ansible.builtin.slurp"]) == Exit.OK
    said = capsys.readouterr().out
    for part in ("SLURP", "= src  (path)", "also: path", "RETURN VALUES", "content", "EXAMPLES", "slurp:"):
        assert part in said


def test_modules_are_listed_with_their_first_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doc", "-l", "apt"]) == Exit.OK
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["apt", "apt_key", "apt_repository"]
    assert all(len(line.split()) > 2 for line in lines)


def test_a_name_nobody_knows_is_refused_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doc", "coppy"]) == Exit.BAD_OPTIONS
    assert "did you mean 'copy'?" in capsys.readouterr().err


def test_the_manual_is_there_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doc", "-j", "service"]) == Exit.OK
    found = json.loads(capsys.readouterr().out)["service"]
    assert {each["name"] for each in found["parameters"]} >= {"name", "state", "enabled", "daemon_reload"}
    assert found["returns"]["enabled"]


MODULE = '''
DOCUMENTATION = r"""
module: paint
short_description: Paint a wall
description: [A wall is painted., "See M(ns.coll.wash#module) and L(colours, https://example.org), with O(colour=red)."]
extends_documentation_fragment: [ns.coll.walls, ns.coll.walls.more, files]
options:
  colour: {type: str, required: true, choices: [red, green], description: The colour., aliases: [color]}
  coats: {type: list, elements: dict, description: The coats., suboptions: {days: {type: int, default: 1}}}
"""
EXAMPLES = """
- ns.coll.paint: {colour: red}
"""
RETURN = """
litres: {description: [What it took.], returned: always, type: int}
"""
'''
FRAGMENT = '''
class ModuleDocFragment(object):
    DOCUMENTATION = """
options:
  wall: {type: path, description: The wall.}
"""
    MORE = """
options:
  colour: {type: int, description: not this one}
  brush: {description: The brush.}
"""
'''


def test_the_manual_of_a_collections_module_is_what_the_collection_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plugins = tmp_path / "collections/ansible_collections/ns/coll/plugins"
    for name, text in (("modules/paint.py", MODULE), ("modules/mute.py", "x = 1\n"), ("modules/bad.py", "x = (\n"),
                       ("doc_fragments/walls.py", FRAGMENT)):  # fmt: skip
        (plugins / name).parent.mkdir(parents=True, exist_ok=True)
        (plugins / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROVISIONER_ANSIBLE_PYTHON", str(tmp_path / "none"))
    assert main(["doc", "ns.coll.paint"]) == Exit.OK
    said = capsys.readouterr().out
    parts = """NS.COLL.PAINT|Paint a wall.|ns.coll.wash|colours (https://example.org), with colour=red|= colour  (str)|
        also: color|one of: red, green|- coats  (list of dict)|coats[].days  (int)|- wall  (path)|- brush  (str)|
        litres  What it took.|- ns.coll.paint: {colour: red}"""
    for part in map(str.strip, parts.split("|")):
        assert part in said, part
    assert main(["doc", "-j", "ns.coll.paint"]) == Exit.OK
    assert json.loads(capsys.readouterr().out)["ns.coll.paint"]["parameters"][0]["name"] == "brush"
    wrong = {"mute": "documents nothing", "bad": "cannot be read", "no": "no such module"}
    for name, why in [
        *((f"ns.coll.{name}", why) for name, why in wrong.items()),
        ("no.where.it_is", "to be installed"),
    ]:
        assert main(["doc", name]) == Exit.BAD_OPTIONS
        assert why in capsys.readouterr().err


def test_second_names_and_what_is_read_in_are_listed_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doc", "-l"]) == Exit.OK
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert lines["yum"].startswith("The same as dnf: ")
    assert {"import_tasks", "import_role", "import_playbook", "systemd_service", "docker_container"} <= set(lines)
    assert main(["doc", "import_tasks"]) == Exit.OK
    assert "before anything runs" in capsys.readouterr().out


def test_what_is_left_to_another_module_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doc", "podman_container"]) == Exit.OK
    assert "Left to containers.podman.podman_container" in " ".join(capsys.readouterr().out.split())
    assert main(["schema", "tasks"]) == Exit.OK
    found = json.loads(capsys.readouterr().out)["$defs"]["module.docker_container"]["anyOf"][0]["properties"]
    assert {"platform", "image", "ports"} <= set(found)


def test_the_schema_is_written_to_a_file(tmp_path: Path) -> None:
    assert main(["schema", "tasks", "-o", str(tmp_path / "tasks.json")]) == 0
    found = json.loads((tmp_path / "tasks.json").read_text("utf-8"))
    assert "copy" in found["$defs"]["task"]["properties"]
