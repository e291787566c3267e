"""Diffs as they are shown."""

from __future__ import annotations

from provisioner.reporting.diff import NO_NEWLINE, coloured, diff_lines
from provisioner.reporting.paint import Paint
from provisioner.reporting.wording import duration


def test_a_changed_line_is_shown_with_its_surroundings() -> None:
    lines = list(diff_lines({"diff": {"before": "a\nb\n", "after": "a\nc\n", "after_header": "/x"}}))
    assert lines == ["--- before", "+++ after: /x", "@@ -1,2 +1,2 @@", " a", "-b", "+c"]


def test_a_missing_last_newline_is_said() -> None:
    lines = list(diff_lines({"diff": {"before": "a", "after": "b\n"}}))
    assert lines[-3:] == ["-a", NO_NEWLINE, "+b"]


def test_structures_lists_of_diffs_and_prepared_text_are_shown_too() -> None:
    lines = list(diff_lines({"diff": [{"before": {"mode": "0600"}, "after": {"mode": "0644"}}, {"prepared": "x\ny"}]}))
    assert '-    "mode": "0600"' in lines
    assert lines[-2:] == ["x", "y"]


def test_nothing_is_shown_where_nothing_differs_or_nothing_is_known() -> None:
    assert list(diff_lines({})) == []
    assert list(diff_lines({"diff": {"before": "a", "after": "a"}})) == []
    assert list(diff_lines({"diff": None})) == []


def test_binary_content_is_not_shown_and_that_is_said() -> None:
    assert list(diff_lines({"diff": {"dst_binary": True}})) == ["diff skipped: dst is binary"]


def test_lines_have_the_usual_colours() -> None:
    paint = Paint(is_coloured=True)
    assert coloured("+a", paint) == "\x1b[32m+a\x1b[0m"
    assert coloured("-a", paint) == "\x1b[31m-a\x1b[0m"
    assert coloured(" a", paint) == " a"


def test_durations_are_short_and_readable() -> None:
    assert [duration(s) for s in (0.04, 9.96, 12.4, 61, 3725)] == ["0.0s", "10.0s", "12s", "1m01s", "1h02m"]
