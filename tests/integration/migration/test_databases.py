"""The movers of databases between two real hosts, written to all the time: forward, back, and what breaks."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from provisioner.lab.lab import Lab
from provisioner.migration.movers import mariadb, postgresql, redis
from provisioner.migration.steps import Step
from tests.integration.migration.steps_playbook import Trial
from tests.integration.migration.writers import MARIADB, POSTGRESQL, REDIS, Database, Writers

pytestmark = [pytest.mark.hosts, pytest.mark.timeout(300)]
On = Callable[..., str]
INSTALL = (
    "DEBIAN_FRONTEND=noninteractive; export DEBIAN_FRONTEND; apt-get -q update && apt-get -qy install %s >/dev/null"
)
FILL_POSTGRESQL = """cd / && su postgres -c 'psql -Xq' <<'S'
CREATE ROLE app LOGIN PASSWORD 'app'; CREATE DATABASE shop OWNER app;
\\c shop
SET ROLE app;
CREATE TABLE orders(id bigserial PRIMARY KEY, who text, n int);
INSERT INTO orders(who, n) SELECT 'customer ' || g, g FROM generate_series(1, 20000) g;
CREATE TABLE keyless(a int, b text); INSERT INTO keyless SELECT g, 'x' FROM generate_series(1, 100) g;
CREATE TABLE ledger(id bigserial PRIMARY KEY, w text UNIQUE);
S
"""
FILL_MARIADB = """mariadb <<'S'
CREATE DATABASE shop; USE shop;
CREATE TABLE orders(id bigint AUTO_INCREMENT PRIMARY KEY, who varchar(40), n int);
INSERT INTO orders(who, n) SELECT concat('customer ', seq), seq FROM seq_1_to_20000;
CREATE TABLE ledger(id bigint AUTO_INCREMENT PRIMARY KEY, w varchar(40) UNIQUE);
CREATE USER app@localhost IDENTIFIED BY 'app'; GRANT ALL ON shop.* TO app@localhost;
S
"""
FILL_REDIS = 'redis-cli eval \'for i = 1, 20000 do redis.call("set", "base:" .. i, i) end\' 0'
CUT_OVER = ("delta", "freeze", "final", "verify", "promote")


class Moving:
    """One data set's verbs, run on the hosts."""

    def __init__(self, mover: ModuleType, trial: Trial, **params: object) -> None:
        self.mover, self.trial, self.params = mover, trial, mover.Params.parse(params)

    def __call__(self, *verbs: str) -> int:
        steps = [step for verb in verbs for step in getattr(self.mover, verb)("shop", self.params)]
        return self.trial(steps)

    @property
    def why(self) -> str:
        """Return what the tasks that failed said."""
        results = [(task, each) for task, by in self.trial.results.items() for each in by.values()]
        return "; ".join(f"{task}: {each.get('msg')}" for task, each in results if each["status"] == "failed")

    def result(self, task: str) -> Any:
        """Return the result of a task on the only host that did it."""
        (found,) = self.trial.results[f"shop: {task}"].values()
        return found


@pytest.fixture(scope="module", name="pair")
def two_hosts_of_their_own() -> Iterator[Lab]:
    """Packages and data stay on these hosts, so that they are not those of other tests."""
    made = Lab(f"bases{os.environ.get('PYTEST_XDIST_WORKER', '')}")
    made.up(["old", "new"])
    yield made
    made.down()


@pytest.fixture(scope="module", autouse=True)
def _filled(pair: Lab, on: On) -> Iterator[None]:
    for host in ("old", "new"):
        on(host, INSTALL % "postgresql mariadb-server redis-server")
    for script in (FILL_POSTGRESQL, FILL_MARIADB, FILL_REDIS):
        on("old", script)
    yield
    del pair


def until(is_so: Callable[[], bool]) -> None:
    """Wait for what another process does; AssertionError where it does not."""
    for _ in range(400):
        if is_so():
            return
        time.sleep(0.1)
    raise AssertionError("it did not come to pass")


def forward_and_back(move: Moving, writers: Writers, on: On) -> None:
    """Move, write on the new host, go back; then every confirmed word is there once."""
    writers.start("old", "a", 12)
    until(lambda: writers.has_confirmed("old", "a"))
    assert move(*CUT_OVER, "reverse") == 0, move.why
    writers.start("new", "b", 4)
    until(lambda: writers.has_confirmed("new", "b"))
    assert move("back") == 0, move.why
    confirmed = [*writers.confirmed("old", "a"), *writers.confirmed("new", "b")]
    assert Counter(writers.there("old")) == Counter(confirmed)
    assert len({word[0] for word in confirmed}) == 2, "both have written"
    assert move("back") == 0, move.why
    assert move.trial.changed() == []
    del on


@pytest.mark.parametrize(
    ("mover", "database", "params"),
    [
        (postgresql, POSTGRESQL, {"restart": True}),
        (mariadb, MARIADB, {"restart": True}),
        (redis, REDIS, {}),
    ],
    ids=["postgresql", "mariadb", "redis"],
)
def test_a_database_moves_and_comes_back_and_nothing_that_was_confirmed_is_lost(
    mover: ModuleType, database: Database, params: dict[str, object], trial: Trial, on: On
) -> None:
    move = Moving(mover, trial, **params)
    assert move("prepare", "seed") == 0, move.why
    assert move("prepare", "seed") == 0, move.why
    assert trial.changed() == [], "the second time there is nothing to do"
    forward_and_back(move, Writers(on, database), on)
    assert move("seed") == 0, move.why
    assert move(*CUT_OVER, "reverse") == 0, move.why
    assert move(*CUT_OVER, "reverse") == 0, "a cut-over that was cut off is run again"
    assert move("finish") == 0, move.why
    assert move("finish") == 0, move.why
    assert trial.changed() == []


def test_postgresql_needs_a_restart_only_where_it_is_allowed(trial: Trial, on: On) -> None:
    on("old", "cd / && su postgres -c 'psql -Xqc \"ALTER SYSTEM RESET ALL\"' && systemctl restart postgresql")
    move = Moving(postgresql, trial)
    assert move("prepare") == 2
    assert "allow it with restart: true" in move.result("the other server is let in")["msg"]


def test_a_frozen_postgresql_reads_on_keeps_its_connections_and_thaws(trial: Trial, on: On) -> None:
    on("old", "cd / && su postgres -c 'psql -Xqc \"ALTER SYSTEM RESET ALL\"' && systemctl restart postgresql")
    move, writers = Moving(postgresql, trial), Writers(on, POSTGRESQL)
    on("old", "cd / && su postgres -c 'psql -Xq shop -c \"TRUNCATE ledger\"'")
    asked = 'cd / && su postgres -c "psql -XAt shop -c \\"SELECT count(*) FROM %s\\""'
    pids = "pg_stat_activity WHERE usename = 'app'"
    writers.start("old", "c", 25)
    until(lambda: int(on("old", asked % "ledger")) > 0)
    assert move("freeze") == 0, move.why
    frozen = on("old", asked % "ledger")
    time.sleep(0.5)
    assert on("old", asked % "ledger") == frozen
    assert on("old", asked % pids).strip() == "1"
    writing = "cd / && su postgres -c 'psql -Xq shop -c \"INSERT INTO keyless VALUES (1, 1)\"' 2>&1 || true"
    assert "read-only" in on("old", writing)
    (step,) = postgresql.undo("shop", move.params)
    assert trial([Step("old", {str(step["module"]): step["params"]})]) == 0
    confirmed = writers.confirmed("old", "c")
    assert len(confirmed) > int(frozen)
    assert sorted(writers.there("old")) == sorted(confirmed)


def test_a_transaction_that_does_not_end_is_ended_at_the_freeze(trial: Trial, on: On) -> None:
    move = Moving(postgresql, trial, wait_s=0.2)
    on(
        "old",
        "cd /; nohup su postgres -c \"(echo 'BEGIN; DELETE FROM keyless;'; sleep 60; echo 'COMMIT;') | psql -Xq shop\" "
        ">/dev/null 2>&1 &",
    )
    open_now = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'"
    until(lambda: int(on("old", f'cd /; su postgres -c "psql -XAtc \\"{open_now}\\""')) == 1)
    assert move("freeze") == 0, move.why
    assert len(move.result("read-only")["ended"]) == 1
    (step,) = postgresql.undo("shop", move.params)
    assert trial([Step("old", {str(step["module"]): step["params"]})]) == 0
    asked = "cd / && su postgres -c 'psql -XAt shop -c \"SELECT count(*) FROM keyless\"'"
    assert int(on("old", asked)) >= 100


def test_a_copy_that_breaks_off_is_made_again_and_one_without_room_is_not_begun(trial: Trial, on: On) -> None:
    move = Moving(postgresql, trial, restart=True, replace=True, throttle="2M")
    on("new", "systemctl stop postgresql@15-main; pg_dropcluster 15 main; pg_createcluster 15 main --start")
    assert move("prepare") == 0, move.why
    on(
        "old",
        "cd /; cat > /tmp/cut.sh <<'S'\nfor i in $(seq 100); do psql -XAtc \"select pg_terminate_backend(pid) from "
        "pg_stat_activity where backend_type = 'walsender'\" | grep -q t && exit; sleep 0.2; done\nS\n"
        "chmod a+r /tmp/cut.sh; nohup sh -c 'sleep 2; su postgres -c \"sh /tmp/cut.sh\"' >/dev/null 2>&1 &",
    )
    assert move("seed") == 2
    assert "the copy broke off" in move.result("a copy that follows")["msg"]
    again = Moving(postgresql, trial, restart=True, replace=True)
    on("new", "cp -a /var/lib/postgresql /var/lib/postgresql.kept; systemctl stop postgresql@15-main")
    on(
        "new",
        "size=$(( $(du -sm /var/lib/postgresql.kept | cut -f1) + 40 ))M; mount -t tmpfs -o size=$size none"
        " /var/lib/postgresql && cp -a /var/lib/postgresql.kept/. /var/lib/postgresql/",
    )
    on("new", "systemctl start postgresql@15-main")
    try:
        assert again("seed") == 2
        assert "not enough room" in again.result("the new server fits")["msg"]
    finally:
        on("new", "systemctl stop postgresql@15-main; umount /var/lib/postgresql; systemctl start postgresql@15-main")
    assert again("seed") == 0, again.why


def test_a_dump_moves_and_comes_back_too(trial: Trial, on: On) -> None:
    move = Moving(postgresql, trial, restart=True, replace=True, method="dump")
    on("new", "systemctl stop postgresql@15-main; pg_dropcluster 15 main; pg_createcluster 15 main --start")
    on("old", "cd / && su postgres -c 'psql -Xqc \"ALTER SYSTEM RESET ALL\"' && systemctl restart postgresql")
    on("old", "cd / && su postgres -c 'psql -Xq shop -c \"TRUNCATE ledger\"'")
    assert move("prepare", "seed") == 0, move.why
    forward_and_back(move, Writers(on, POSTGRESQL), on)
    assert move("finish") == 0, move.why
