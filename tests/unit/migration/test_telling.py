"""The status in two voices, and the runbook as executed."""

from __future__ import annotations

from provisioner.journal.chronicle import Entry
from provisioner.migration.record import ORDER, standing
from provisioner.migration.runbook import html, markdown
from provisioner.migration.telling import PLAIN, plain_language, technical

TOLD = [
    ("defined", {"path": "shop.yml", "fingerprint": "f", "owner": "web <team>"}),
    ("began", {"phase": "rehearse"}), ("stage", {"stage": "forward: switch", "seconds": 1.5}),
    ("ended", {"ok": True, "fingerprint": "f"}),
    ("began", {"phase": "cutover"}), ("class", {"class": "C"}), ("stage", {"stage": "switch", "seconds": 2.25}),
    ("measured", {"part": "database", "values": {"lag_s": 0.1, "eta_s": 600}}),
    ("decided", {"host": "lb"}), ("ended", {"ok": True}), ("waived", {"gate": "stragglers", "reason": "a | b"}),
    ("state", {"state": "confirming", "because": "moved"}),
]  # fmt: skip
ENTRIES = [Entry(kind, 1000.0 + number, "ann", data) for number, (kind, data) in enumerate(TOLD)]


def test_those_who_do_it_see_class_cost_stages_and_figures() -> None:
    told = technical("shop", standing(ENTRIES), now=2000.0)
    assert (told["state"], told["because"], told["rollback class"]) == ("confirming", "moved", "C")
    assert told["going back costs"] == "the time of the switch; no write is lost"
    assert told["stages"] == {"switch": 2.25}
    assert told["data"] == {"database": {"lag_s": 0.1, "eta_s": 600}}
    assert told["waived"] == {"stragglers": "a | b (ann)"}


def test_those_who_wait_read_what_it_means_for_them() -> None:
    assert set(PLAIN) >= set(ORDER)
    lines = plain_language("shop", standing(ENTRIES), now=2000.0)
    assert lines[0] == "shop: You are using the new server. We are checking that everything works."
    assert "next news" in lines[-1]
    again = standing([*ENTRIES, Entry("state", 3000.0, "ann", {"state": "seeding", "because": "gone back: x"})])
    said = plain_language("shop", again, now=3000.0)
    assert "nothing was lost" in said[1]
    assert "about 10 more minutes" in said[2]


def test_the_runbook_sets_rehearsed_beside_actual_times_and_breaks_no_table() -> None:
    text = markdown("shop", ENTRIES)
    assert "| switch | 1.50 | 2.25 |" in text
    assert "gate 'stragglers' waived: a \\| b" in text
    assert "Owner: web <team>" in text


def test_the_page_escapes_what_people_wrote() -> None:
    page = html("shop", ENTRIES)
    assert "web &lt;team&gt;" in page
    assert "<team>" not in page
