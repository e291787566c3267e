"""template: rendered here, written there, in one round trip."""

from __future__ import annotations

import pytest

from provisioner.diagnostics.errors import InputError
from provisioner.templating.renderer import Renderer
from tests.support.stage import VAULT, Stage


def test_a_template_is_rendered_with_the_hosts_variables_and_sent_in_one_call(stage: Stage) -> None:
    stage.write("templates/app.conf.j2", "name = {{ name }}\n{% for n in [1, 2] %}\nport{{ n }}\n{% endfor %}\n")
    result = stage.run("template", {"src": "app.conf.j2", "dest": "/app.conf", "mode": "0600"}, name="site")
    assert result["changed"]
    assert result["src"].endswith("templates/app.conf.j2")
    assert (stage.root / "app.conf").read_text() == "name = site\nport1\nport2\n"
    assert len(stage.needs) == 1
    assert stage.calls[0].last


def test_the_difference_is_shown_in_check_mode_and_nothing_written(stage: Stage) -> None:
    stage.write("templates/t.j2", "new {{ inventory_hostname }}\n")
    (stage.root / "t").write_text("old\n")
    result = stage.run("template", {"src": "t.j2", "dest": "/t"}, check=True)
    assert (result["diff"][0]["before"], result["diff"][0]["after"]) == ("old\n", "new web1\n")
    assert (stage.root / "t").read_text() == "old\n"


def test_a_template_that_comes_out_empty_makes_an_empty_file(stage: Stage) -> None:
    stage.write("templates/t.j2", "{{ '' }}")
    assert stage.run("template", {"src": "t.j2", "dest": "/t"})["changed"]
    assert (stage.root / "t").read_bytes() == b""


def test_marks_newlines_and_encoding_can_be_chosen(stage: Stage) -> None:
    stage.write("templates/t.j2", "[[ name ]]\n")
    args = {
        "src": "t.j2", "dest": "/t", "variable_start_string": "[[", "variable_end_string": "]]",
        "newline_sequence": "\\r\\n", "output_encoding": "latin-1",
    }  # fmt: skip
    stage.run("template", args, name="é")
    assert (stage.root / "t").read_bytes() == b"\xe9\r\n"


def test_an_undefined_variable_is_told_with_the_templates_line(stage: Stage) -> None:
    stage.write("templates/t.j2", "one\n{{ nothing.here }}\n")
    with pytest.raises(InputError, match=r"t\.j2:2"):
        stage.run("template", {"src": "t.j2", "dest": "/t"})


def test_mode_preserve_is_the_templates_own(stage: Stage) -> None:
    stage.write("templates/t.j2", "x").chmod(0o750)
    assert stage.run("template", {"src": "t.j2", "dest": "/t", "mode": "preserve"})["mode"] == "0750"


def test_lines_cannot_end_with_just_anything(stage: Stage) -> None:
    stage.write("templates/t.j2", "x\n")
    with pytest.raises(InputError, match="newline_sequence"):
        stage.run("template", {"src": "t.j2", "dest": "/t", "newline_sequence": ";"})


def test_only_what_lies_open_on_the_disk_may_be_kept_compiled(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    said: dict[str, bool] = {}

    def watched(_self: Renderer, text: str, _name: str, *_args: object, readable: bool = False) -> str:
        said[text] = readable
        return text

    monkeypatch.setattr(Renderer, "file", watched)
    stage.write("templates/open.j2", "open")
    stage.write("templates/sealed.j2", VAULT.encrypt(b"sealed"))
    for name in ("open", "sealed"):
        stage.run("template", {"src": f"{name}.j2", "dest": f"/{name}"})
    assert said == {"open": True, "sealed": False}
