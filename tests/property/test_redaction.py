"""No secret leaves: whatever it looks like and wherever it stands, it is in no journal and on no console."""

from __future__ import annotations

import io
import json
import re
import string
import tempfile
from pathlib import Path
from urllib.parse import quote

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from provisioner.journal.journal import Journal
from provisioner.journal.redaction import MASK, Redactor
from provisioner.model import event as e
from provisioner.model.status import Status
from provisioner.reporting.renderer import Settings
from provisioner.reporting.renderers import plain

SAFE = st.characters(codec="utf-8", exclude_characters="*", exclude_categories=["Cs", "Cc"])
SECRETS = st.one_of(
    st.text(SAFE, min_size=4, max_size=40),
    st.text(string.ascii_letters + string.digits + string.punctuation.replace("*", ""), min_size=4, max_size=60),
    st.lists(st.text(string.ascii_letters + " :/\"'", min_size=6, max_size=30), min_size=2, max_size=4).map("\n".join),
).filter(lambda s: len(s.strip()) >= 4)
FILLER = st.text(string.ascii_lowercase + " =:\n", max_size=12)


def places(secret: str, text: str, before: str, after: str) -> list[e.Event]:
    """Return events that carry ``text`` in every field an event can show."""
    around = f"{before}{text}{after}"
    result = {
        "msg": around,
        "deep": [{"key": [text, {"json": json.dumps({"p": around})}]}],
        f"{before}{text}": 1,
        "stderr": quote(text),
        "failed": True,
        "diff": {"before": f"{before}\n{text}\n", "after": f"{text}\n"},
    }
    return [
        e.PlayStarted("p", around, ("h",), 1.0),
        e.OperationPlanned("o", "p", around, "command", "site.yml:1:1", around, False, (text,)),
        e.OperationStarted("o", "h", around, 2.0, False, around),
        e.ItemFinished("o", "h", {"label": around}, Status.CHANGED, {"stdout": around}, 3.0),
        e.OutputReceived("o", "h", "stdout", around),
        e.OperationFinished("o", "h", Status.FAILED, result, 4.0, 1.0, around, {"facts": {"f": around}}),
        e.HandlerOwed("o", "h", around, 5.0),
        e.CheckFinished("o", "h", around, False, around, around, around, 5.0),
        e.Noted("warning", around, 5.0, "h", "o"),
        e.RunFinished("run", 2, 6.0, 5.0, {"h": e.HostStats(failed=1)}, around),
    ]


CHAIN = re.compile(r'"prev":"[0-9a-f]*",')
"""Hashes hold any digits; they are made from redacted text."""


def told(events: list[e.Event], redactor: Redactor) -> str:
    """Return everything that is written anywhere for ``events``."""
    console = io.StringIO()
    renderer = plain.Renderer(Settings(stream=console, verbosity=3, diff=True))
    started = e.RunStarted("run", 0.0, "v", ("site.yml",), (), "u")
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal.create(Path(folder) / "run", started)
        for event in events:
            clean = redactor.event(event)
            journal.write(clean)
            renderer.handle(clean)
        journal.close()
        renderer.close()
        stored = CHAIN.sub("", journal.path.read_text())
    parsed = "\n".join(repr(list(_strings(json.loads(line)))) for line in stored.splitlines())
    return "\n".join([stored, parsed, *_all_strings(stored), console.getvalue()])


def _all_strings(stored: str) -> list[str]:
    return [text for line in stored.splitlines() for text in _strings(json.loads(line))]


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in _strings(part)]
    if isinstance(value, list):
        return [text for item in value for text in _strings(item)]
    return []


@settings(max_examples=150, deadline=None)
@given(secret=SECRETS, before=FILLER, after=FILLER)
def test_a_known_secret_is_written_nowhere(secret: str, before: str, after: str) -> None:
    baseline = told(places(secret, MASK, before, after), Redactor())
    looked_for = [secret.strip(), *[line.strip() for line in secret.splitlines() if len(line.strip()) >= 6]]
    assume(not any(piece in baseline or piece in MASK for piece in looked_for))
    redactor = Redactor()
    redactor.learn(secret)
    output = told(places(secret, secret, before, after), redactor)
    for piece in looked_for:
        assert piece not in output
        assert json.dumps(piece)[1:-1] not in output


@settings(max_examples=60, deadline=None)
@given(value=st.text(string.ascii_letters + string.digits, min_size=10, max_size=40), before=FILLER)
def test_what_a_no_log_task_brought_back_is_never_written_as_a_word_later(value: str, before: str) -> None:
    assume(not before or not (before[-1].isalnum() or before[-1] == "_"))  # inside a longer word it is left alone
    hidden = e.OperationFinished("o", "h", Status.CHANGED, {"stdout": value, "changed": True}, 1.0, no_log=True)
    item = e.ItemFinished("o", "h", value, Status.CHANGED, {"content": value}, 1.0, no_log=True)
    baseline = told([hidden, item, *places(value, MASK, before, "")], Redactor())
    assume(value not in baseline)
    assert value not in told([item, hidden, *places(value, value, before, "")], Redactor())
