"""Lookups that leave traces, ask the outside, or answer errors in their own way."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.configuration.configuration import Configuration
from provisioner.diagnostics.diagnostic import Diagnostic
from provisioner.templating.errors import TemplateError, UndefinedVariable
from provisioner.templating.renderer import Renderer
from provisioner.templating.settings import RenderSettings
from provisioner.variables.scope import Layer, Level, Scope


@pytest.fixture
def site(tmp_path: Path) -> Scope:
    return Scope([Layer(Level.PLAY_VARS, "v", {"ansible_search_path": [str(tmp_path)], "playbook_dir": str(tmp_path)})])


def test_a_password_is_made_once_and_kept_for_the_owner_alone(site: Scope, tmp_path: Path) -> None:
    template = "{{ lookup('password', 'secrets/db length=12 chars=ascii_lowercase,digits') }}"
    first = Renderer().render(template, site)
    assert isinstance(first, str)
    assert len(first) == 12
    assert set(first) <= set("abcdefghijklmnopqrstuvwxyz0123456789")
    assert Renderer().render(template, site) == first
    kept = tmp_path / "secrets" / "db"
    assert kept.read_text() == f"{first}\n"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in kept.parent.iterdir()] == ["db"]


def test_an_encrypted_password_keeps_its_salt(site: Scope, tmp_path: Path) -> None:
    template = "{{ lookup('password', 'pw encrypt=sha512_crypt') }}"
    first = Renderer().render(template, site)
    assert isinstance(first, str)
    assert first.startswith("$6$")
    assert Renderer().render(template, site) == first
    assert " salt=" in (tmp_path / "pw").read_text()


def test_a_seed_gives_the_same_password_every_time(site: Scope) -> None:
    template = "{{ lookup('password', '/dev/null', seed='web1', length=9) }}"
    assert Renderer().render(template, site) == Renderer().render(template, site)


def test_what_a_failing_lookup_does_is_for_the_playbook_to_say(site: Scope) -> None:
    heard: list[Diagnostic] = []
    renderer = Renderer(RenderSettings(warn=heard.append))
    assert renderer.render("{{ lookup('file', 'no', errors='ignore') }}|", site) == "|"
    assert renderer.render("{{ lookup('file', 'no', errors='warn') }}|", site) == "|"
    said = [warning.summary.split(";")[0] for warning in heard]
    assert said == ["lookup 'file': could not locate file in lookup: no"]
    assert renderer.render("{{ query('file', 'no', errors='ignore') }}", site) == []
    with pytest.raises(TemplateError, match="could not locate file in lookup: no; looked for: "):
        renderer.render("{{ lookup('file', 'no') }}", site)


def test_an_option_that_does_not_exist_is_left_out_with_a_warning(site: Scope, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    heard: list[Diagnostic] = []
    renderer = Renderer(RenderSettings(warn=heard.append))
    assert renderer.render("{{ lookup('file', 'a.txt', strip=true) }}", site) == "x"
    assert [warning.summary for warning in heard] == ["lookup 'file' has no option 'strip'; it has: lstrip, rstrip"]


def test_an_undefined_term_fails_before_the_lookup_runs(site: Scope) -> None:
    with pytest.raises(UndefinedVariable, match="'nope' is undefined"):
        Renderer().render("{{ lookup('file', nope, errors='ignore') }}", site)


def test_first_found_takes_names_of_the_system_and_skips_what_is_undefined(site: Scope, tmp_path: Path) -> None:
    (tmp_path / "vars").mkdir()
    (tmp_path / "vars" / "Debian.yml").write_text("")
    template = "{{ lookup('first_found', {'files': ['Ubuntu.yml', 'Debian.yml'], 'paths': ['vars']}) | basename }}"
    assert Renderer().render(template, site) == "Debian.yml"
    assert Renderer().render("{{ lookup('first_found', ['no.yml', 'Debian.yml']) | basename }}", site) == "Debian.yml"
    with pytest.raises(TemplateError, match=r"none of these files was found: no\.yml"):
        Renderer().render("{{ lookup('first_found', ['no.yml']) }}", site)


def test_files_are_looked_for_in_the_role_first_then_beside_the_playbook(tmp_path: Path) -> None:
    role, playbook = tmp_path / "role", tmp_path / "playbook"
    for folder in (role, playbook):
        (folder / "files").mkdir(parents=True)
        (folder / "files" / "both.txt").write_text(folder.name)
    (playbook / "only.txt").write_text("beside")
    scope = Scope([Layer(Level.MAGIC, "m", {"role_path": str(role), "playbook_dir": str(playbook)}, rendered=True)])
    assert (
        Renderer().render("{{ lookup('file', 'both.txt') }} {{ lookup('file', 'only.txt') }}", scope) == "role beside"
    )


class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(404 if self.path == "/no" else 200)
        self.end_headers()
        self.wfile.write(f"{self.path}\n{self.headers.get('X-Test')}\n{self.headers.get('Authorization')}".encode())

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    with http.server.HTTPServer(("127.0.0.1", 0), Answers) as listening:
        thread = threading.Thread(target=listening.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()
        thread.join()


def test_url_gives_lines_or_the_text(server: str, site: Scope) -> None:
    renderer = Renderer()
    template = f"{{{{ query('url', '{server}/x', headers={{'X-Test': 'y'}}) }}}}"
    assert renderer.render(template, site) == ["/x", "y", "None"]
    options = "split_lines=false, username='u', password='p', force_basic_auth=true"
    assert renderer.render(f"{{{{ lookup('url', '{server}/x', {options}) }}}}", site) == "/x\nNone\nBasic dTpw"
    with pytest.raises(TemplateError, match="answered 404"):
        renderer.render(f"{{{{ lookup('url', '{server}/no') }}}}", site)
    with pytest.raises(TemplateError, match="is no http, https, ftp or file address"):
        renderer.render("{{ lookup('url', 'gopher://x') }}", site)


def test_a_failing_command_is_said_with_what_it_printed(site: Scope) -> None:
    with pytest.raises(TemplateError, match="ended with 3: sorry"):
        Renderer().render("{{ lookup('pipe', 'echo sorry >&2; exit 3') }}", site)


def test_commands_run_in_the_playbooks_folder(site: Scope, tmp_path: Path) -> None:
    assert Renderer().render("{{ lookup('pipe', 'pwd -P') }}", site) == str(tmp_path.resolve())


def test_hosts_are_chosen_by_pattern(site: Scope) -> None:
    groups = {"all": ["web1", "web2", "db1"], "web": ["web1", "web2"], "db": ["db1"], "old": ["web2"]}
    scope = site.with_layers(Layer(Level.MAGIC, "m", {"groups": groups}, rendered=True))
    expected = {"web:!old": ["web1"], "web:&old": ["web2"], "web*:db": ["web1", "web2", "db1"], "~.*1": ["web1", "db1"]}
    for pattern, hosts in expected.items():
        assert Renderer().render(f"{{{{ query('inventory_hostnames', '{pattern}') }}}}", scope) == hosts


def test_settings_are_looked_up_by_name(site: Scope) -> None:
    renderer = Renderer(RenderSettings(configuration=Configuration({"ANSIBLE_FORKS": "5"}, Path("/"))))
    assert renderer.render("{{ lookup('config', 'DEFAULT_FORKS') }}", site) == "5"
    assert renderer.render("{{ query('config', 'NOPE', on_missing='skip') }}", site) == []


def test_an_environment_variable_that_is_not_set_may_be_an_error(site: Scope, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN_FOR_TEST", "abc")
    monkeypatch.delenv("NOT_SET_FOR_TEST", raising=False)
    assert Renderer().render("{{ lookup('env', 'TOKEN_FOR_TEST', 'NOT_SET_FOR_TEST') }}", site) == "abc,"
    with pytest.raises(UndefinedVariable, match="the environment has no variable 'NOT_SET_FOR_TEST'"):
        Renderer().render("{{ lookup('env', 'NOT_SET_FOR_TEST', default=undef()) }}", site)
