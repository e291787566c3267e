"""What the modules that move databases decide, from states as real servers tell them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from provisioner.remote.change import Failed
from provisioner.remote.modules import (
    mysql_access,
    mysql_lag,
    mysql_replica,
    mysql_server,
    port_forward,
    postgresql_access,
    postgresql_cluster,
    postgresql_digest,
    postgresql_flow,
    postgresql_freeze,
    postgresql_lag,
    postgresql_replica,
    postgresql_sequences,
    redis_replica,
)
from provisioner.remote.runner import Mode, run_module
from provisioner.remote.system import System, postgresql_passwords, postgresql_wire
from provisioner.remote.system.postgresql_cluster import Cluster

HBA = "# TYPE DATABASE USER ADDRESS METHOD\nlocal all postgres peer\n"
CLUSTER = Cluster(
    "/var/lib/postgresql/15/main", "/etc/postgresql/15/main/pg_hba.conf", "postgresql@15-main.service", "/x"
)
SERVER: dict[str, Any] = {
    "version": 150004, "in_recovery": False, "system_identifier": "1", "prepared_transactions": 0, "tablespaces": 0,
    "read_only_overrides": [], "bytes": 100 << 20, "free_bytes": 500 << 20, "data": "/d", "libc": "glibc 2.36",
    "large_objects": 0, "unlogged_tables": 0,
    "settings": {"block_size": "8192", "wal_segment_size": "16MB", "archive_mode": "off"},
}  # fmt: skip


def parsed(module: Any, **given: object) -> Any:
    return module.Params.parse(given)


# ------------------------------------------------------------------------------------------------ PostgreSQL, the wire


class StandIn:
    """A server that asks for a password with SCRAM and answers one question; what it was sent is in ``heard``."""

    def __init__(self, folder: Path, password: str) -> None:
        self.salt, self.rounds, self.nonce = b"0123456789abcdef", 4096, "servernonce"
        self.verifier = postgresql_wire.verifier(password, self.salt, self.rounds)
        self.heard: list[bytes] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / ".s.PGSQL.5432"))
        self._listener.listen()
        self.thread = threading.Thread(target=self._serve, name="stand-in", daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        with self._listener, self._listener.accept()[0] as link, link.makefile("rb") as stream:
            (size,) = struct.unpack("!i", stream.read(4))
            self.heard.append(stream.read(size - 4))
            link.sendall(_message(b"R", struct.pack("!i", 10) + b"SCRAM-SHA-256\0\0"))
            first = self._read(stream)
            nonce = first.rpartition(b"r=")[2].decode() + self.nonce
            salt = base64.b64encode(self.salt).decode()
            challenge = f"r={nonce},s={salt},i={self.rounds}"
            link.sendall(_message(b"R", struct.pack("!i", 11) + challenge.encode()))
            proof = self._read(stream).decode()
            bare = first.rpartition(b"n,,")[2].decode()
            is_right = _proves(self.verifier, f"{bare},{challenge},{proof.rpartition(',p=')[0]}", proof)
            if not is_right:
                link.sendall(_message(b"E", b"SFATAL\0Mpassword authentication failed\0\0"))
                return
            link.sendall(_message(b"R", struct.pack("!i", 12)) + _message(b"R", struct.pack("!i", 0)))
            link.sendall(_message(b"K", struct.pack("!ii", 77, 1)) + _message(b"Z", b"I"))
            self.heard.append(self._read(stream))
            columns = struct.pack("!h", 2) + b"a\0" + bytes(18) + b"b\0" + bytes(18)
            row = struct.pack("!hi1si", 2, 1, b"x", -1)
            link.sendall(
                _message(b"T", columns) + _message(b"D", row) + _message(b"C", b"SELECT 1\0") + _message(b"Z", b"I")
            )
            stream.read()

    def _read(self, stream: Any) -> bytes:
        head = stream.read(5)
        return bytes(stream.read(struct.unpack("!i", head[1:])[0] - 4))


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


def _proves(verifier: str, message: str, answer: str) -> bool:
    """Check a client's proof as a server does, from the verifier alone."""
    stored = base64.b64decode(verifier.split("$")[2].split(":", maxsplit=1)[0])
    signature = hmac.new(stored, message.encode(), hashlib.sha256).digest()
    proof = base64.b64decode(answer.rpartition(",p=")[2])
    key = bytes(a ^ b for a, b in zip(proof, signature, strict=True))
    return hashlib.sha256(key).digest() == stored


@pytest.fixture(name="plain_user")
def _not_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4242)


@pytest.mark.usefixtures("plain_user")
@pytest.mark.parametrize(("given", "is_let_in"), [("s'e\\c", True), ("wrong", False)])
def test_a_session_proves_its_password_and_reads_rows(tmp_path: Path, given: str, *, is_let_in: bool) -> None:
    server = StandIn(tmp_path, "s'e\\c")
    params = postgresql_wire.LocalParameters.parse({"login_unix_socket": str(tmp_path), "login_password": given})
    try:
        if is_let_in:
            with postgresql_wire.connect(params, "shop") as session:
                assert (session.pid, session.rows("SELECT 1")) == (77, [{"a": "x", "b": None}])
            assert b"default_transaction_read_only=off" in server.heard[0]
            assert given.encode() not in b"".join(server.heard)
        else:
            with pytest.raises(Failed, match="unable to connect to database shop: password authentication failed"):
                postgresql_wire.connect(params, "shop")
    finally:
        server.thread.join(5)


def test_a_verifier_is_what_the_server_keeps_for_that_password() -> None:
    made = postgresql_wire.verifier("s3cret", b"0123456789abcdef")
    assert postgresql_passwords.matches("s3cret", "anybody", made)
    assert not postgresql_passwords.matches("other", "anybody", made)
    assert "s3cret" not in made


# ------------------------------------------------------------------------------------------------ PostgreSQL, decisions


def access(**more: Any) -> postgresql_access.State:
    state: dict[str, Any] = {
        "roles": {}, "superusers": [], "hba": "/x/pg_hba.conf", "hba_text": HBA, "pending": [], "slots": [],
        "in_recovery": False, "written": {}, "ours": {},
        "settings": {"wal_level": ("replica", "postmaster"), "listen_addresses": ("localhost", "postmaster"),
                     "max_wal_senders": ("10", "postmaster"), "work_mem": ("4096", "user")},
    }  # fmt: skip
    return postgresql_access.State(**{**state, **more})


def test_the_line_of_access_stands_first_is_for_one_address_and_goes_without_a_trace() -> None:
    given = parsed(postgresql_access, name="shop", allow="pv_copy", address="10.0.0.7")
    made = postgresql_access.hba_with(given, HBA)
    lines = made.splitlines()
    assert lines[0] == 'host replication "pv_copy" 10.0.0.7/32 scram-sha-256 # provisioner shop'
    assert lines[2:] == HBA.splitlines()
    assert postgresql_access.hba_with(given, made) == made
    gone = parsed(postgresql_access, name="shop", state="absent")
    assert postgresql_access.hba_with(gone, made) == HBA


def test_an_address_of_version_6_gets_its_own_mask() -> None:
    given = parsed(postgresql_access, name="shop", allow="a", address="2001:db8::7")
    assert "2001:db8::7/128" in postgresql_access.hba_with(given, "")


def test_a_setting_that_needs_a_restart_is_refused_by_name_unless_allowed() -> None:
    wanted = {"listen_addresses": "*", "wal_level": "replica", "max_wal_senders": 4}
    with pytest.raises(Failed, match=r"restarted for listen_addresses = \*: allow it with restart: true"):
        postgresql_access.plan(parsed(postgresql_access, name="shop", settings=wanted), access())
    change = postgresql_access.plan(parsed(postgresql_access, name="shop", settings=wanted, restart=True), access())
    assert (change.todo["settings"], change.result) == ({"listen_addresses": "*"}, {"restarted": True})


@pytest.mark.parametrize(
    ("key", "now", "wanted", "becomes"),
    [
        ("wal_level", "logical", "replica", None),
        ("wal_level", "replica", "logical", "logical"),
        ("listen_addresses", "*", "10.0.0.1", None),
        ("listen_addresses", "localhost", "10.0.0.1", "localhost, 10.0.0.1"),
        ("max_wal_senders", "10", "4", None),
        ("max_wal_senders", "2", "4", "4"),
    ],
)
def test_a_setting_is_only_raised(key: str, now: str, wanted: str, becomes: str | None) -> None:
    assert postgresql_access.enough(key, wanted, {key: (now, "postmaster")}) == becomes


def test_access_goes_with_its_roles_slot_and_settings() -> None:
    given = parsed(postgresql_access, name="shop", state="absent", remove_roles=["a", "b"])
    change = postgresql_access.plan(given, access(roles={"a": "x"}, slots=["shop"], ours={"wal_level": None}))
    assert (change.todo["roles"], change.todo["slot"], change.todo["settings"]) == (["a"], "drop", {"wal_level": None})


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ({"version": 130004}, {}, "same major version: old has 13, new has 15; use method: dump"),
        (
            {},
            {"free_bytes": 50 << 20, "system_identifier": "2"},
            "there is not enough room in /d: 50 MiB free, 174 MiB",
        ),
        ({"tablespaces": 2}, {}, "2 tablespaces"),
        ({"prepared_transactions": 1}, {}, "1 prepared transactions"),
        ({"read_only_overrides": ["*/batch"]}, {}, r"would not hold for \*/batch"),
    ],
)
def test_what_does_not_fit_is_told_with_figures(old: dict[str, object], new: dict[str, object], said: str) -> None:
    given = parsed(postgresql_cluster, peer={**SERVER, **old})
    with pytest.raises(Failed, match=said):
        postgresql_cluster.plan(given, postgresql_cluster.State({**SERVER, **new}))


def test_what_only_should_be_known_is_a_warning() -> None:
    given = parsed(postgresql_cluster, peer={**SERVER, "libc": "glibc 2.31", "large_objects": 3})
    result = postgresql_cluster.plan(given, postgresql_cluster.State(SERVER)).result
    assert [each.partition(" ")[0] for each in result["warnings"]] == ["the", "3"]


def replica(what: str, **more: Any) -> postgresql_replica.State:
    state = {"what": what, "streams": False, "seed": {}, "own_databases": [], "cluster": CLUSTER}
    return postgresql_replica.State(**{**state, **more})


@pytest.mark.parametrize(
    ("state", "ways"),
    [
        (replica("standby", streams=True), None),
        (replica("standby", seed={"name": "shop"}), ["start", "copy"]),
        (replica("down", seed={"name": "shop"}), ["start", "copy"]),
        (replica("down"), ["copy"]),
        (replica("primary"), ["copy"]),
        (replica("primary", seed={"name": "shop"}, own_databases=["shop"]), ["rewind", "copy"]),
    ],
    ids=["streams", "waits", "was stopped", "was cut off while it was put in place", "fresh", "had taken over"],
)
def test_a_standby_is_made_by_the_shortest_way(state: postgresql_replica.State, ways: list[str] | None) -> None:
    change = postgresql_replica.plan(parsed(postgresql_replica, name="shop", host="a", user="u"), state)
    assert (change.changed, list(change.todo)) == (ways is not None, ways or [])


def test_databases_of_its_own_and_what_was_written_after_a_takeover_are_not_given_up() -> None:
    words = {"name": "shop", "host": "a", "user": "u"}
    with pytest.raises(Failed, match="holds databases of its own"):
        postgresql_replica.plan(parsed(postgresql_replica, **words), replica("primary", own_databases=["blog"]))
    frozen = parsed(postgresql_replica, **words, source_is_frozen=True)
    with pytest.raises(Failed, match="go back first"):
        postgresql_replica.plan(frozen, replica("primary", seed={"name": "shop"}))


def test_the_way_to_the_other_server_holds_no_password() -> None:
    given = parsed(postgresql_replica, name="shop", host="h'x", user="u", passfile="/p/f")
    made = postgresql_replica.conninfo(given)
    assert made.startswith("host='h\\'x' port='5432' user='u' passfile='/p/f'")
    assert "password=" not in made


def test_progress_is_told_with_rate_and_time_to_go(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 0.0, 0.5, 2.0, 2.5])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    said: list[str] = []
    hear = postgresql_replica.progress(lambda _stream, text: said.append(text))
    for done in (b"1/409600 kB (0%)\n", b"102400/409600 kB (25%)\r", b"no figures"):
        hear("stderr", done)
    assert said == ["100 of 400 MiB, 50.0 MiB/s, 6 s to go\n"]


def test_a_freeze_that_was_cut_off_is_finished() -> None:
    given = parsed(postgresql_freeze)
    place: dict[str, str | None] = {"position": "0/1", "transactions": "9"}
    done = postgresql_freeze.State(True, False, 0, 0, place)
    assert postgresql_freeze.plan(given, done).changed is False
    assert postgresql_freeze.plan(given, done).result["transactions"] == 9
    assert postgresql_freeze.plan(given, done._replace(left=2)).changed is True
    assert postgresql_freeze.plan(parsed(postgresql_freeze, state="thawed"), done).changed is True


def test_what_could_be_committed_later_forbids_a_freeze() -> None:
    with pytest.raises(Failed, match="2 prepared transactions"):
        postgresql_freeze.plan(parsed(postgresql_freeze), postgresql_freeze.State(False, False, 2, 0, {}))
    with pytest.raises(Failed, match="is a standby"):
        postgresql_freeze.plan(parsed(postgresql_freeze), postgresql_freeze.State(False, True, 0, 0, {}))


@pytest.mark.parametrize(
    ("state", "given", "outcome"),
    [
        (("0/20", True, 5), {"position": "0/30"}, None),
        (("0/30", False, 5), {"position": "0/30"}, False),
        (("0/20", False, 5), {"position": "0/30"}, "takes writes itself"),
        (("0/20", False, 6), {"transactions": 5}, "number 6, not 5: somebody has written"),
    ],
)
def test_lag_waits_only_where_waiting_helps(state: Any, given: dict[str, object], outcome: object) -> None:
    def decide() -> Any:
        return postgresql_lag.plan(parsed(postgresql_lag, **given), postgresql_lag.State(*state)).changed

    if isinstance(outcome, str):
        with pytest.raises(Failed, match=outcome):
            decide()
    else:
        assert decide() is outcome


def test_positions_are_numbers() -> None:
    assert postgresql_lag.as_number("1/10") == (1 << 32) + 16


def test_the_flow_of_a_standby_is_not_published_and_slots_have_names_of_their_own() -> None:
    there = {"shop": {"published": False, "slot": False, "subscribed": False}}
    with pytest.raises(Failed, match="promote it first"):
        postgresql_flow.plan(parsed(postgresql_flow, name="b"), postgresql_flow.State(there, {}, True, False))
    told = postgresql_flow.plan(
        parsed(postgresql_flow, name="b", state="told"), postgresql_flow.State(there, {}, False, True)
    )
    assert (told.changed, told.result["is_frozen"], told.result["published"]) == (False, True, [])
    assert postgresql_flow.slot_of("b", "shop") != postgresql_flow.slot_of("b", "Shop")
    assert postgresql_flow.slot_of("b", "Käse").isascii()


def test_a_check_that_ended_early_is_told_and_does_not_fail_the_move(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    words = {"do": "collect", "file": str(path), "timeout_s": 0.05}
    for written, said in (
        ('{"state": "running", "pid": 0, "token": "0/1"}', "ended before it was done"),
        (f'{{"state": "running", "pid": {os.getpid()}, "token": "0/1"}}', "goes on"),
        ('{"state": "failed", "msg": "no", "token": "0/1"}', "no check was started"),
    ):
        path.write_text(written)
        result = run_module(postgresql_digest, words, Mode(), System(str(tmp_path)))
        assert (result["changed"], said in result["incomplete"]) == (False, True), result
    path.write_text('{"state": "done", "token": "0/1", "found": {"tables": {"a": [1, "2"]}, "rows": 1}}')
    assert run_module(postgresql_digest, words, Mode(), System(str(tmp_path)))["rows"] == 1


def test_sequences_are_never_set_back() -> None:
    state = postgresql_sequences.State(
        {"shop": {"a": 5, "b": 5, "c": None, "d": -5}}, {"shop": {"a": 1, "b": 1, "c": 1, "d": -1}}
    )
    wanted = {"shop": {"a": 9, "b": 3, "c": 1, "d": -9}}
    assert postgresql_sequences.plan(parsed(postgresql_sequences, values=wanted), state).todo == {
        "shop": {"a": 9, "c": 1, "d": -9}
    }
    with pytest.raises(Failed, match="shop has no sequence z"):
        postgresql_sequences.plan(parsed(postgresql_sequences, values={"shop": {"z": 1}}), state)


# ------------------------------------------------------------------------------------------------------------- MariaDB


@pytest.mark.parametrize(
    ("here", "wanted", "missing"),
    [("0-1-9", "0-1-9", 0), ("0-1-7", "0-2-9", 2), ("", "0-1-3", 3), ("0-1-9", "0-1-9,1-3-2", 2), ("0-1-9", "", 0)],
)
def test_positions_of_mariadb_are_compared_by_domain(here: str, wanted: str, missing: int) -> None:
    assert mysql_lag.behind(here, wanted) == missing


def maria(**more: Any) -> mysql_replica.State:
    state = {"follows": "", "is_running": False, "databases": [], "is_copy": False, "is_read_only": False}
    return mysql_replica.State(**{**state, **more})


@pytest.mark.parametrize(
    ("state", "more", "ways"),
    [
        (maria(), {}, ["copy"]),
        (maria(follows="a", is_running=True), {}, []),
        (maria(follows="a"), {}, ["start", "copy"]),
        (maria(is_copy=True, databases=["shop"]), {}, ["rejoin", "copy"]),
        (maria(databases=["shop"]), {"position": "0-1-1"}, ["follow"]),
        (maria(databases=["shop"]), {"replace": True}, ["copy"]),
    ],
)
def test_a_replica_of_mariadb_is_made_by_the_shortest_way(
    state: mysql_replica.State, more: dict[str, object], ways: list[str]
) -> None:
    change = mysql_replica.plan(parsed(mysql_replica, host="a", user="u", passfile="/p", **more), state)
    assert list(change.todo) == ways


def test_a_server_of_mariadb_with_databases_of_its_own_is_not_replaced() -> None:
    words = {"host": "a", "user": "u", "passfile": "/p"}
    with pytest.raises(Failed, match="holds databases of its own"):
        mysql_replica.plan(parsed(mysql_replica, **words), maria(databases=["blog"]))
    with pytest.raises(Failed, match="go back first"):
        mysql_replica.plan(parsed(mysql_replica, **words, source_is_frozen=True), maria(is_copy=True))


def test_mariadb_is_restarted_only_where_that_is_allowed() -> None:
    state = mysql_access.State({}, {"log_bin": "0", "server_id": "1"}, "")
    wanted = {"log_bin": "ON", "server_id": 1}
    with pytest.raises(Failed, match="restarted for log_bin = ON"):
        mysql_access.plan(parsed(mysql_access, name="shop", settings=wanted), state)
    assert mysql_access.plan(parsed(mysql_access, name="shop", settings=wanted, restart=True), state).todo["settings"]


def test_a_newer_server_an_account_that_no_freeze_holds_and_a_full_disk_are_told() -> None:
    old: dict[str, Any] = {
        "version": "10.11.6-MariaDB", "lower_case_table_names": "0", "not_held_by_read_only": ["'app'@'%'"],
        "bytes": 1 << 30, "free_bytes": 1 << 30, "datadir": "/d", "follows": "",
    }  # fmt: skip
    new = {**old, "version": "10.5.1-MariaDB", "bytes": 0}
    found = mysql_server.obstacles_of(new, old)
    assert [each.partition(" ")[0] for each in found] == ["new", "the", "there"]


# ------------------------------------------------------------------------------------------------- Redis and forwarding


def test_a_replica_of_redis_gives_up_no_keys_of_its_own() -> None:
    given = parsed(redis_replica, host="a")
    master = redis_replica.State({"role": "master", "master_repl_offset": "7"}, 3, False)
    with pytest.raises(Failed, match="holds 3 keys"):
        redis_replica.plan(given, master)
    assert redis_replica.plan(given, master._replace(is_copy=True)).changed
    linked = {"role": "slave", "master_host": "a", "master_port": "6379", "master_link_status": "up"}
    assert redis_replica.plan(given, redis_replica.State(linked, 3, True)).changed is False


@pytest.fixture(name="service")
def _echo() -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        try:
            link, _ = listener.accept()
            with link:
                link.sendall(link.recv(100).upper())
        except OSError:
            return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)
    listener.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def test_a_forwarder_lets_in_whom_it_was_told_stays_one_and_ends(tmp_path: Path, service: int) -> None:
    note, port = str(tmp_path / "note.json"), free_port()
    words = {"note": note, "listen": "127.0.0.1", "port": port, "to_port": service}

    def run(**more: object) -> dict[str, Any]:
        return run_module(port_forward, {**words, **more}, Mode(), System(str(tmp_path)))

    try:
        assert run(allow=["10.9.9.9"])["changed"] is True
        with socket.create_connection(("127.0.0.1", port), 5) as refused:
            assert refused.recv(10) == b""
        assert run(allow=["127.0.0.1"])["changed"] is True
        assert run(allow=["127.0.0.1"])["changed"] is False
        with socket.create_connection(("127.0.0.1", port), 5) as link:
            link.sendall(b"hello")
            assert link.recv(10) == b"HELLO"
    finally:
        assert run(state="absent")["changed"] is True
    assert run(state="absent")["changed"] is False
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), 5)
