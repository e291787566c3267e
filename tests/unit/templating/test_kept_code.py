"""Compiled template files outlive a run, and are used only where compiling would give the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from provisioner.remote.compiled import Compiled
from provisioner.templating.environment import ScopeEnvironment
from provisioner.templating.errors import TemplateError, UndefinedVariable
from provisioner.templating.renderer import DEFAULT_OPTIONS, Renderer
from provisioner.templating.settings import PluginFolders, RenderSettings, TemplateOptions
from provisioner.variables.scope import Layer, Level, Scope

TEXT = "{{ name | upper | ours }}{% if name is defined %}!{% endif %}\n"
SCOPE = Scope((Layer(Level.PLAY_VARS, "vars", {"name": "web"}),))
PLAIN = "class FilterModule:\n    def filters(self):\n        return {'ours': lambda text: text + '?'}\n"
WITH_CONTEXT = (
    "from jinja2 import pass_context\n"
    "@pass_context\ndef ours(context, text):\n    return text + context.resolve('name')\n"
    "class FilterModule:\n    def filters(self):\n        return {'ours': ours}\n"
)


class Project:
    """A project with a filter of its own; every rendering is a run of its own."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.plugins = self.filter(PLAIN)

    def filter(self, source: str) -> Path:
        """Have this filter, in a folder of its own: a process reads a plugin once."""
        self.plugins = self.top / f"plugins{len(list(self.top.iterdir()))}"
        self.plugins.mkdir()
        (self.plugins / "ours.py").write_text(source)
        return self.plugins

    def render(self, text: str = TEXT, overrides: TemplateOptions = DEFAULT_OPTIONS, *, readable: bool = True) -> str:
        settings = RenderSettings(
            plugin_folders=PluginFolders(filters=(self.plugins,)),
            keeper=lambda: Compiled(str(self.top), "state/templates"),
        )
        return Renderer(settings).file(text, "a.j2", SCOPE, overrides, readable=readable)

    def kept(self) -> list[Path]:
        return sorted((self.top / "state" / "templates").glob("*"))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    tmp_path.chmod(0o755)
    return Project(tmp_path)


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    seen: list[object] = []
    compile_ = ScopeEnvironment.compile

    def counting(self: ScopeEnvironment, source: Any, *args: Any, **options: Any) -> Any:
        seen.append(source)
        return compile_(self, source, *args, **options)

    monkeypatch.setattr(ScopeEnvironment, "compile", counting)
    return seen


def test_a_file_is_compiled_in_one_run_and_read_in_the_next(project: Project, compilations: list[object]) -> None:
    assert project.render() == "WEB?!\n"
    assert project.render() == "WEB?!\n"
    assert len(compilations) == 1
    assert [path.stat().st_mode & 0o777 for path in project.kept()] == [0o600]


def test_text_that_was_sealed_is_not_kept(project: Project) -> None:
    project.render(readable=False)
    assert project.kept() == []


def test_a_filter_that_wants_more_than_before_is_given_it(project: Project) -> None:
    assert project.render() == "WEB?!\n"
    project.filter(WITH_CONTEXT)
    assert project.render() == "WEBweb!\n"


def test_a_filter_that_is_gone_is_missed(project: Project) -> None:
    project.render()
    project.filter(PLAIN.replace("ours", "other"))
    with pytest.raises(TemplateError, match="ours"):
        project.render()


def test_other_marks_are_another_template(project: Project, compilations: list[object]) -> None:
    text = "<< name >> {{ name }}\n"
    assert project.render(text) == "<< name >> web\n"
    overrides = TemplateOptions(variable_start_string="<<", variable_end_string=">>")
    assert project.render(text, overrides) == "web {{ name }}\n"
    assert project.render("#jinja2: trim_blocks: False\n" + text) == "<< name >> web\n"
    assert len(compilations) == 3


def test_a_mistake_in_kept_code_has_its_line(project: Project) -> None:
    for _ in range(2):
        with pytest.raises(UndefinedVariable) as caught:
            project.render("first\n{{ nobody }}\n")
        position = caught.value.diagnostic.position
        assert position is not None
        assert position.line == 2


def test_what_cannot_be_kept_is_compiled_each_time(project: Project, compilations: list[object]) -> None:
    (project.top / "state").mkdir()
    (project.top / "state" / "templates").write_text("a file where the folder would be")
    assert [project.render(), project.render()] == ["WEB?!\n"] * 2
    assert len(compilations) == 2
