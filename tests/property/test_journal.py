"""A journal gives back exactly what was written; whatever is cut off is missed, whatever is changed is found."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from provisioner.diagnostics.errors import InputError
from provisioner.journal.journal import Journal
from provisioner.journal.replay import replay
from provisioner.model import event as e
from provisioner.model.status import Status

TEXT = st.text(st.characters(exclude_categories=[]), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
DATA = st.dictionaries(TEXT, JSON, max_size=4)
TIME = st.floats(0, 4e9)
EVENTS = st.lists(
    st.one_of(
        st.builds(e.PlayStarted, TEXT, TEXT, st.lists(TEXT, max_size=3).map(tuple), TIME),
        st.builds(e.OperationStarted, TEXT, TEXT, TEXT, TIME, st.booleans()),
        st.builds(e.ItemFinished, TEXT, TEXT, JSON, st.sampled_from(Status), DATA, TIME),
        st.builds(e.OperationFinished, TEXT, TEXT, st.sampled_from(Status), DATA, TIME, TIME, TEXT, DATA),
        st.builds(e.OutputReceived, TEXT, TEXT, TEXT, TEXT),
        st.builds(e.RunFinished, TEXT, st.integers(0, 255), TIME, TIME,
                  st.dictionaries(TEXT, st.builds(e.HostStats, st.integers(0), st.integers(0)), max_size=3)),
    ),
    max_size=6,
)  # fmt: skip
STARTED = e.RunStarted("r", 1.0, "v", ("site.yml",), (), "u", {"check": False})


def written(events: list[e.Event], folder: str) -> Path:
    journal = Journal.create(Path(folder) / "run", STARTED)
    for event in events:
        journal.write(event)
    journal.close()
    return journal.path


@settings(max_examples=80, deadline=None)
@given(events=EVENTS)
def test_what_was_written_is_read_back(events: list[e.Event]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert list(replay(written(events, folder))) == [STARTED, *events]


@settings(max_examples=80, deadline=None)
@given(events=EVENTS, data=st.data())
def test_a_cut_leaves_the_whole_lines_before_it_and_counts_the_rest(events: list[e.Event], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = written(events, folder)
        whole = path.read_bytes()
        cut = data.draw(st.integers(0, len(whole)))
        path.write_bytes(whole[:cut])
        replayed = replay(path)
        kept = list(replayed)
        assert kept == [STARTED, *events][: whole[:cut].count(b"\n")]
        assert replayed.torn_bytes == cut - (whole[:cut].rfind(b"\n") + 1)


@settings(max_examples=120, deadline=None)
@given(events=EVENTS.filter(bool), data=st.data())
def test_a_changed_byte_in_front_of_the_last_line_is_found(events: list[e.Event], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = written(events, folder)
        whole = bytearray(path.read_bytes())
        last_line = whole.rstrip(b"\n").rfind(b"\n") + 1
        place = data.draw(st.integers(0, last_line - 1))
        whole[place] ^= data.draw(st.integers(1, 255))
        path.write_bytes(bytes(whole))
        try:
            list(replay(path))
        except InputError:
            return
        raise AssertionError("the change went unnoticed")
