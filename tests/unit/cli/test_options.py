"""Options under the names that ansible-playbook's users know, and what becomes of them."""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import pytest

from provisioner.app.credentials import Asked, Credentials, gather
from provisioner.cli import options, output
from provisioner.model.options import RunOptions


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    options.add_inventory_options(parser)
    options.add_mode_options(parser)
    options.add_variable_options(parser)
    options.add_connection_options(parser)
    output.add_output_options(parser)
    for name in ("--tags", "--skip-tags"):
        parser.add_argument(*(["-t"] if name == "--tags" else []), name, action="append")
    parser.add_argument("--start-at-task")
    for flag in ("--step", "--force-handlers", "--flush-cache"):
        parser.add_argument(flag, action="store_true")
    return parser.parse_args(words)


def made(*words: str) -> RunOptions:
    return options.run_options(parsed(*words), Credentials())


def test_what_is_not_given_keeps_its_default() -> None:
    assert made() == RunOptions()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["-i", "a", "-i", "b,"], {"inventories": ("a", "b,")}),
        (["-l", "web:!h1"], {"limit": "web:!h1"}),
        (["-t", "a, b", "--tags", "c"], {"tags": ("a", "b", "c")}),
        (["--skip-tags", "x"], {"skip_tags": ("x",)}),
        (["-e", "a=1 b='x y'", "-e", '{"c": [1]}'], {"extra_vars": {"a": "1", "b": "x y", "c": [1]}}),
        (["-C", "-D"], {"check": True, "diff": True}),
        (["-f", "7"], {"forks": 7}),
        (["-u", "ann", "-c", "local"], {"remote_user": "ann", "connection": "local"}),
        (["-b", "--become-user", "web", "--become-method", "su"],
         {"become": True, "become_user": "web", "become_method": "su"}),
        (["--private-key", "k"], {"private_key": "k"}),
        (["--key-file", "k"], {"private_key": "k"}),
        (["-T", "2.5"], {"timeout_s": 2.5}),
        (["--ssh-common-args", "-o A=b", "--ssh-extra-args=-v"], {"ssh_args": ("-o", "A=b", "-v")}),
        (["-vvv"], {"verbosity": 3}),
        (["--start-at-task", "x", "--step", "--force-handlers", "--flush-cache"],
         {"start_at_task": "x", "step": True, "force_handlers": True, "flush_cache": True}),
    ],
)  # fmt: skip
def test_an_option_sets_what_it_is_named_for(words: list[str], expected: dict[str, object]) -> None:
    assert made(*words) == RunOptions(**expected)  # type: ignore[arg-type]


@pytest.mark.parametrize("words", [["-f", "0"], ["-f", "x"], ["-k", "--conn-pass-file", "f"], ["-T", "soon"]])
def test_a_wrong_value_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed(*words)
    assert "error: argument" in capsys.readouterr().err


def answers(**given: str) -> object:
    return lambda question: given[question.split()[0].rstrip(":")]


def test_passwords_come_from_where_the_options_say(tmp_path: Path) -> None:
    secret = tmp_path / "pass"
    secret.write_text("from-file\nrest")
    asked = Asked(ask_connection=True, become_password_file=str(secret), vault_ids=(f"dev@{secret}",), ask_vault=True)
    got = gather(asked, answers(SSH="ssh-pass", Vault="vault-pass"), {})  # type: ignore[arg-type]
    assert (got.connection_password, got.become_password) == ("ssh-pass", "from-file")
    assert [(s.id, s.password) for s in got.vault.secrets] == [("dev", b"from-file\nrest"), ("default", b"vault-pass")]


def test_an_empty_become_answer_means_the_login_password() -> None:
    got = gather(Asked(ask_connection=True, ask_become=True), answers(SSH="same-pass", BECOME=""), {})  # type: ignore[arg-type]
    assert got.become_password == "same-pass"


def test_the_environment_names_vault_passwords_where_no_option_does(tmp_path: Path) -> None:
    secret = tmp_path / "pass"
    secret.write_text("env-pass")
    environ = {"ANSIBLE_VAULT_PASSWORD_FILE": str(secret)}
    assert gather(Asked(), answers(), environ).vault.secrets[0].password == b"env-pass"  # type: ignore[arg-type]


def test_every_password_is_known_to_the_redactor_and_shown_by_no_repr(tmp_path: Path) -> None:
    secret = tmp_path / "pass"
    secret.write_text("vault-secret")
    asked = Asked(ask_connection=True, vault_password_files=(str(secret),))
    got = gather(asked, answers(SSH="ssh-secret"), {})  # type: ignore[arg-type]
    assert got.redactor.text("ssh-secret vault-secret") == "******** ********"
    assert "secret" not in repr(got)
    cipher = got.vault.encrypt(b"opened-value")
    got.vault.decrypt(cipher)
    assert got.redactor.text("an opened-value") == "an ********"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colour_is_for_terminals_unless_the_environment_says_otherwise() -> None:
    assert output.is_coloured(Terminal(), {})
    assert not output.is_coloured(Terminal(), {"NO_COLOR": "1"})
    assert not output.is_coloured(Terminal(), {"TERM": "dumb"})
    assert not output.is_coloured(io.StringIO(), {})
    assert output.is_coloured(io.StringIO(), {"ANSIBLE_FORCE_COLOR": "1", "NO_COLOR": "1"})


def test_renderers_are_those_asked_for_and_always_closed(tmp_path: Path) -> None:
    arguments = parsed("--output", "json", "--junit", str(tmp_path / "j.xml"), "--report", str(tmp_path / "r.html"))
    with output.renderers(arguments) as made_renderers:
        inner = [getattr(made, "inner", made) for made in made_renderers]  # what stands before it makes it safe
        names = [type(renderer).__module__.rpartition(".")[2] for renderer in inner]
    assert names == ["json_lines", "junit", "html"]
    with output.renderers(parsed()) as made_renderers:
        assert type(getattr(made_renderers[0], "inner", made_renderers[0])).__module__.endswith(".plain")
