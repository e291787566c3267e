"""Keywords that plays, blocks and tasks share, where their writing holds a trap."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from provisioner.model.keywords import Retry
from provisioner.model.play import Play


@pytest.mark.parametrize("key", ["on", '"on"'])
def test_the_outcomes_of_retry_may_be_written_as_a_plain_word_which_yaml_reads_as_true(
    good_play: Callable[..., Play], key: str
) -> None:
    play = good_play(
        f"- hosts: all\n  tasks:\n    - ping:\n      retry: {{attempts: 2, {key}: [failed, unreachable]}}\n"
    )
    (task,) = play.tasks
    assert task.keywords.retry == Retry(attempts=2, on=frozenset({"failed", "unreachable"}))
