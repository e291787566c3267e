"""MySQL and MariaDB without a server: quoting, option files, rows, privileges, password hashes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.remote.change import Failed
from provisioner.remote.system import System, mysql, mysql_passwords, mysql_privileges
from provisioner.remote.system.commands import Commands, Completed
from provisioner.remote.system.mysql_privileges import append, granted, replace, statements, subtract, wanted

BACK = {value[1]: key for key, value in mysql.ESCAPES.items()}


def unquoted(literal: str) -> str:
    """Read a string literal as the server does."""
    assert literal[0] == literal[-1] == "'"
    letters, found = iter(literal[1:-1]), []
    for letter in letters:
        assert letter != "'", "the literal ends early"
        found.append(BACK[next(letters)] if letter == "\\" else letter)
    return "".join(found)


@given(st.text())
def test_any_text_survives_a_literal(value: str) -> None:
    assert unquoted(mysql.text(value)) == value


@given(st.text(min_size=1).filter(lambda value: "\0" not in value))
def test_any_name_survives_its_quotes(value: str) -> None:
    written = mysql.name(value)
    assert written[1:-1].replace("``", "`") == value
    assert written[1:-1].replace("``", "").count("`") == 0


def test_an_empty_name_is_refused() -> None:
    with pytest.raises(Failed):
        mysql.name("")


def test_rows_are_read_exactly() -> None:
    block = (
        '<resultset statement="x" xmlns:xsi="y">\n  <row>\n\t<field name="a">1</field>\n'
        '\t<field name="b" xsi:nil="true" />\n\t<field name="c">NULL</field>\n'
        '\t<field name="d&amp;">a\n  &lt;/row&gt;\tb</field>\n\t<field name="e"></field>\n'
        "  </row>\n</resultset>"
    )
    assert mysql.rows_of(block) == [{"a": "1", "b": None, "c": "NULL", "d&": "a\n  </row>\tb", "e": ""}]


class Recorder(Commands):
    """Looks at the option file while the program runs."""

    def __init__(self) -> None:
        self.argv: list[str] = []
        self.options = ""
        self.mode = 0

    def which(self, name: str, *_: str) -> str | None:
        return f"/usr/bin/{name}" if name == "mysql" else None

    def run(self, argv: Any, **_: Any) -> Completed:
        self.argv = list(argv)
        path = next(word.partition("=")[2] for word in argv if word.startswith("--defaults-file="))
        self.options, self.mode = Path(path).read_text(), os.stat(path).st_mode & 0o777
        return Completed(
            1,
            "",
            "--------------\nALTER USER 'a' IDENTIFIED BY 'secret'\n--------------\n\nERROR 1396 (HY000) at line 3: no",
        )


def test_the_password_is_in_no_argument_and_its_file_is_gone_afterwards(tmp_path: Path) -> None:
    commands = Recorder()
    params = mysql.LoginParameters.parse({"login_password": 'a"b\\c#d', "login_user": "root"})
    client = mysql.Client(System(str(tmp_path), commands, tmp=str(tmp_path)), params)
    with pytest.raises(mysql.Refused) as refused:
        client.rows("SELECT 1")
    assert 'a"b' not in " ".join(commands.argv)
    assert 'password="a\\"b\\\\c#d"' in commands.options
    assert commands.mode == 0o600
    assert list(tmp_path.iterdir()) == []
    assert refused.value.number == 1396
    assert "secret" not in refused.value.message


def test_the_option_file_gives_what_is_not_given(tmp_path: Path) -> None:
    (tmp_path / "my.cnf").write_text("[mysqld]\nuser=x\n[client]\nuser = 'ann'\npassword=\"p q\"\nsocket=/s\n")
    params = mysql.LoginParameters.parse({"config_file": "/my.cnf", "login_user": "bob"})
    found = mysql.settings(System(str(tmp_path)), params)
    assert (found["user"], found["password"], found["socket"], found["protocol"]) == ("bob", "p q", "/s", "socket")


def test_localhost_is_reached_over_tcp_unless_a_socket_is_named(tmp_path: Path) -> None:
    params = mysql.LoginParameters.parse({"config_file": "/none"})
    assert mysql.settings(System(str(tmp_path)), params)["protocol"] == "tcp"


WANTED = [
    ("shop.*:ALL", {"`shop`.*": {"ALL"}}),
    ("*.*:usage", {}),
    ("a.b:select,INSERT (x, `y`),grant", {"`a`.`b`": {"SELECT", "INSERT (`x`)", "INSERT (`y`)", "GRANT"}}),
    ("`a_b`.*:ALL PRIVILEGES/PROCEDURE d.p:EXECUTE", {"`a_b`.*": {"ALL"}, "PROCEDURE `d`.`p`": {"EXECUTE"}}),
    ({"*.*": ["SELECT", "LOCK TABLES"]}, {"*.*": {"SELECT", "LOCK TABLES"}}),
]


@pytest.mark.parametrize(("priv", "levels"), WANTED, ids=[str(given) for given, _ in WANTED])
def test_privileges_are_read_as_tasks_write_them(priv: Any, levels: dict[str, set[str]]) -> None:
    assert wanted(priv) == levels


@pytest.mark.parametrize("priv", ["shop:ALL", "nothing", "a.b:SEL;ECT", {"x": "ALL"}], ids=str)
def test_privileges_that_make_no_sense_are_refused(priv: Any) -> None:
    with pytest.raises(Failed, match="invalid privileges"):
        wanted(priv)


def test_grants_are_read_as_the_server_shows_them() -> None:
    lines = [
        "GRANT USAGE ON *.* TO `a`@`%` IDENTIFIED BY PASSWORD '*X'",
        "GRANT SELECT, UPDATE (`b`, `a`) ON `d`.`t` TO `a`@`%` WITH GRANT OPTION",
        "GRANT ALL PRIVILEGES ON `we``ird`.* TO `a`@`%` WITH MAX_QUERIES_PER_HOUR 3 GRANT OPTION",
        "GRANT `role` TO `a`@`%`",
        "GRANT PROXY ON ''@'%' TO 'root'@'localhost' WITH GRANT OPTION",
        "GRANT EXECUTE ON FUNCTION `d`.`f` TO 'a'@'%'",
    ]
    assert granted(lines) == {
        "`d`.`t`": {"SELECT", "UPDATE (`a`)", "UPDATE (`b`)", "GRANT"},
        "`we``ird`.*": {"ALL", "GRANT"},
        "FUNCTION `d`.`f`": {"EXECUTE"},
    }


def test_what_is_given_before_anything_is_taken_comes_first() -> None:
    steps = replace({"*.*": {"ALL", "GRANT"}, "`a`.*": {"SELECT"}}, {"`a`.*": {"INSERT"}, "`b`.*": {"ALL"}}, False)
    assert statements(steps, "'u'@'h'") == [
        "GRANT ALL PRIVILEGES ON `b`.* TO 'u'@'h'",
        "REVOKE GRANT OPTION ON *.* FROM 'u'@'h'",
        "REVOKE ALL PRIVILEGES ON *.* FROM 'u'@'h'",
        "REVOKE SELECT ON `a`.* FROM 'u'@'h'",
        "GRANT INSERT ON `a`.* TO 'u'@'h'",
    ]


def test_all_covers_what_is_appended_and_loses_what_is_subtracted() -> None:
    assert statements(append({"*.*": {"ALL"}}, {"*.*": {"SELECT"}}), "u") == []
    assert statements(append({"*.*": {"ALL"}}, {"*.*": {"GRANT"}}), "u") == [
        "GRANT USAGE ON *.* TO u WITH GRANT OPTION"
    ]
    assert statements(subtract({"*.*": {"ALL"}}, {"*.*": {"SELECT"}}), "u") == ["REVOKE SELECT ON *.* FROM u"]
    assert statements(subtract({"*.*": {"SELECT"}}, {"*.*": {"INSERT"}}), "u") == []
    assert statements(subtract({"*.*": {"SELECT", "GRANT"}}, {"*.*": {"ALL"}}), "u") == ["REVOKE SELECT ON *.* FROM u"]


def test_the_list_that_newer_servers_show_for_all_is_all() -> None:
    every = {"SELECT", "INSERT", "CREATE ROLE"}
    levels = {"*.*": every | {"BACKUP_ADMIN", "GRANT"}}
    assert mysql_privileges.complete(levels, every) == {"*.*": {"ALL", "GRANT"}}
    assert mysql_privileges.complete({"*.*": {"SELECT"}}, every) == {"*.*": {"SELECT"}}


def test_hashes_of_passwords_are_known() -> None:
    assert mysql_passwords.native("password") == "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19"
    assert mysql_passwords.native("") == ""
    assert mysql_passwords.matches("", "mysql_native_password", "")
    crypted = mysql_passwords.sha256_crypt(b"Hello world!", b"saltstring", 5000)
    assert crypted == b"5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"
    stored = "$A$005$" + "0123456789abcdefghij"
    stored += mysql_passwords.sha256_crypt(b"pw", b"0123456789abcdefghij", 5000).decode()
    assert mysql_passwords.matches("pw", "caching_sha2_password", stored)
    assert not mysql_passwords.matches("other", "caching_sha2_password", stored)
    assert not mysql_passwords.matches("pw", "unix_socket", "invalid")
