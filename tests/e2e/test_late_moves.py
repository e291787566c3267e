"""A cut-over outside its window, or too late in it, is refused with the minutes, and no host notices."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from provisioner.journal import chronicle
from tests.e2e.conftest import Cli, Done

pytestmark = [pytest.mark.hosts, pytest.mark.e2e, pytest.mark.timeout(240)]
On = Callable[..., str]
HOUR = timedelta(hours=1)
DEFINITION = """
- migration: shop
  hosts: { old: h1, new: h2 }
  window: { from: "%s", until: "%s", zone: UTC }
  freeze: [{ command: touch /srv/frozen }]
  unfreeze: [{ command: rm -f /srv/frozen }]
  verify: { during: [{ command: test -d /srv, changed_when: false }] }
"""
TOUCHED = "find /srv /var/lib/provisioner ~/.provisioner -newer /run/mark 2>/dev/null || true"


def test_a_cut_over_outside_its_window_or_too_late_in_it_is_refused_and_no_host_is_touched(cli: Cli, on: On) -> None:
    now = datetime.now(UTC)
    defined(cli, now + 3 * HOUR, now + 4 * HOUR)
    ready = migrate(cli, "run", "--pause-after", "ready")
    assert ready.code == 0, ready.text
    refused(cli, on, r"window is shut: no window is open; one opens in (2\.[89]|3\.0) h; the next window opens ")

    defined(cli, now - HOUR, now + 2 * HOUR)
    for phase in ("rehearse", "ready"):
        assert migrate(cli, phase).code == 0
    rehearsed_for(cli, 4 * 3600.0)
    said = refused(
        cli, on, r"window is shut: too late by (\d+) min: moving takes (\d+\.\d) h and going back \d+ s, the window is"
    )
    late, needed = said.groups()
    assert float(needed) > 3.0, "it was quick twice, but one time of three it took four hours"
    assert 60 < int(late) < 90
    assert "no window follows" in said.string

    assert "too late by" in migrate(cli, "cutover", "--evaluate").text
    assert "too late by" in migrate(cli, "run").text, "no other command begins it either"


def defined(cli: Cli, opens: datetime, closes: datetime) -> None:
    cli.write("move.yml", DEFINITION % (f"{opens:%Y-%m-%d %H:%M}", f"{closes:%Y-%m-%d %H:%M}"))


def migrate(cli: Cli, verb: str, *words: str) -> Done:
    return cli.call("migrate", verb, "shop", *words, "-d", "move.yml", "-i", cli.inventory)


def rehearsed_for(cli: Cli, seconds: float) -> None:
    """Have the record say that the last rehearsal took so long: nobody waits for hours here."""
    path = cli.state / "migrations/shop/record.jsonl"
    with chronicle.opened(path) as record:
        last = [each for each in record.entries if each.kind == "defined"][-1]
        record.add("began", "ann", phase="rehearse")
        record.add("stage", "ann", stage="forward: smoke test", seconds=seconds)
        record.add("ended", "ann", ok=True, failure="", code=0, fingerprint=last.data["fingerprint"])


def refused(cli: Cli, on: On, pattern: str) -> re.Match[str]:
    """Ask for the cut-over; return what it said. It was not begun, and no host has changed."""
    for host in ("h1", "h2"):
        on(host, "touch /run/mark; sleep 0.1")
    runs = len(cli.journals())
    done = migrate(cli, "cutover")
    assert done.code == 1, done.text
    assert len(cli.journals()) == runs
    kinds = [each.data["phase"] for each in chronicle.read(cli.state / "migrations/shop/record.jsonl")
             if each.kind == "began"]  # fmt: skip
    assert "cutover" not in kinds
    assert [on(host, TOUCHED) for host in ("h1", "h2")] == ["", ""]
    found = re.search(pattern, done.text)
    assert found, done.text
    return found
