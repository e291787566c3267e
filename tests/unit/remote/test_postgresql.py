"""PostgreSQL without a server: quoting, connection strings, answers, password hashes, parameters."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.remote.change import Failed
from provisioner.remote.modules import postgresql_set
from provisioner.remote.system import System, postgresql, postgresql_passwords
from provisioner.remote.system.commands import Commands, Completed
from provisioner.remote.system.postgresql import END, MARK, NULL, ROWS

NO_NUL = st.text(min_size=1).filter(lambda value: "\0" not in value)


@given(NO_NUL)
def test_any_text_survives_a_literal(value: str) -> None:
    written = postgresql.text(value)
    assert written[1:-1].replace("''", "'") == value
    assert "'" not in written[1:-1].replace("''", "")


@given(NO_NUL)
def test_any_name_survives_its_quotes(value: str) -> None:
    assert postgresql.name(value)[1:-1].replace('""', '"') == value


@pytest.mark.parametrize(
    ("written", "quoted"), [("a", '"a"'), ("a.b", '"a"."b"'), ('a."b.c"', '"a"."b.c"'), ('"x""y"', '"x""y"')]
)
def test_names_with_dots_are_quoted_part_by_part(written: str, quoted: str) -> None:
    assert postgresql.names(written) == quoted


@pytest.mark.parametrize("written", ["", "a..b", 'a"b', "a.", "a\0b"])
def test_names_that_cannot_be_are_refused(written: str) -> None:
    with pytest.raises(Failed):
        postgresql.names(written)


class Recorder(Commands):
    """Looks at the password file while the program runs, then answers."""

    def __init__(self, out: str = "", err: str = "", rc: int = 0) -> None:
        self.argv: list[str] = []
        self.stdin, self.secrets, self.mode = b"", "", 0
        self.done = Completed(rc, out, err)

    def which(self, name: str, *_: str) -> str | None:
        return f"/usr/bin/{name}"

    def run(self, argv: Any, *, stdin: bytes | None = None, env: Any = None, **_: Any) -> Completed:
        self.argv, self.stdin = list(argv), stdin or b""
        assert "PGPASSWORD" not in (env or {})
        for word in argv:
            if "passfile='" in word:
                path = word.partition("passfile='")[2].partition("'")[0]
                self.secrets, self.mode = Path(path).read_text(), os.stat(path).st_mode & 0o777
        return self.done


def client(tmp_path: Path, commands: Recorder, **params: Any) -> postgresql.Client:
    return postgresql.Client(
        System(str(tmp_path), commands, tmp=str(tmp_path)), postgresql.LoginParameters.parse(params)
    )


def test_the_password_is_in_no_argument_and_its_file_is_gone_afterwards(tmp_path: Path) -> None:
    commands = Recorder(err='psql:<stdin>:7: ERROR:  role "x" does not exist\n', rc=3)
    with pytest.raises(postgresql.Refused, match=r'^role "x" does not exist$'):
        client(tmp_path, commands, login_password="a:b\\c", login_host="db").rows("SELECT 1")
    assert "a:b" not in " ".join(commands.argv)
    assert (commands.secrets, commands.mode) == ("*:*:*:*:a\\:b\\\\c\n", 0o600)
    assert list(tmp_path.iterdir()) == []


def test_a_connection_string_holds_odd_names(tmp_path: Path) -> None:
    written = client(tmp_path, Recorder(), login_user="o'neil", connect_params={"application_name": "x y"}).connection(
        "a\\b"
    )
    assert "user='o\\'neil'" in written
    assert "dbname='a\\\\b'" in written
    assert "application_name='x y'" in written
    assert "host" not in written


def test_answers_are_read_exactly(tmp_path: Path) -> None:
    first = MARK + "\nSET\n"
    rows = f"{ROWS}{END}a\0b{END}1\0{NULL}{END}x\ny\0(2 rows){END}(2 rows)\n"
    returning = f"{ROWS}{END}i{END}7{END}(1 row)\nINSERT 0 1\n"
    empty = f"{ROWS}{END}i{END}(0 rows)\n"
    parts = [first, rows, returning, empty, "CREATE TABLE\n"]
    commands = Recorder((MARK + "\n").join(["", *parts])[len(MARK) + 1 :])
    found = client(tmp_path, commands).answers(["q"] * 4)
    assert [(each.columns, each.rows, each.tag) for each in found] == [
        (("a", "b"), [["1", None], ["x\ny", "(2 rows)"]], ""),
        (("i",), [["7"]], "INSERT 0 1"),
        (("i",), [], ""),
        ((), [], "CREATE TABLE"),
    ]


def test_hashes_of_passwords_are_known() -> None:
    scram = (
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
        ":wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
    )
    assert postgresql_passwords.matches("pencil", "user", scram)
    assert not postgresql_passwords.matches("other", "user", scram)
    assert postgresql_passwords.matches(scram, "user", scram)
    assert postgresql_passwords.matches("secret", "ann", "md5" + "e9b9ec2ab3b1d9ab2fe0a2a8f4cf2ac0") is False
    assert postgresql_passwords.matches("", "ann", "")
    assert not postgresql_passwords.matches("", "ann", scram)


PARAMETERS = [
    ("32MB", {"setting": "32768", "unit": "kB", "vartype": "integer", "pretty": "32MB"}, True),
    ("32768kB", {"setting": "32768", "unit": "kB", "vartype": "integer", "pretty": "32MB"}, True),
    ("1GB", {"setting": "131072", "unit": "8kB", "vartype": "integer", "pretty": "1GB"}, True),
    ("33MB", {"setting": "32768", "unit": "kB", "vartype": "integer", "pretty": "32MB"}, False),
    ("5min", {"setting": "300", "unit": "s", "vartype": "integer", "pretty": "5min"}, True),
    ("on", {"setting": "on", "unit": None, "vartype": "bool", "pretty": "on"}, True),
    ("0.9", {"setting": "0.9", "unit": None, "vartype": "real", "pretty": "0.9"}, True),
    ("a, b", {"setting": "a,b", "unit": None, "vartype": "string", "pretty": "a,b"}, True),
]


@pytest.mark.parametrize(("asked", "row", "is_same"), PARAMETERS, ids=str)
def test_a_parameter_is_compared_in_any_unit(asked: str, row: dict[str, Any], is_same: bool) -> None:
    assert postgresql_set.same(asked, {**row, "written": None}) is is_same
