"""Secrets made to break or to slow down the search for secrets."""

from __future__ import annotations

import time

from provisioner.journal.redaction import MASK, Redactor


def test_secrets_that_each_begin_the_next_are_all_found() -> None:
    redactor = Redactor()
    for length in range(4, 1200):
        redactor.learn("a" * length)
    assert redactor.text(f"x {'a' * 1199} {'a' * 5}") == f"x {MASK} {MASK}"


def test_a_search_stays_linear_in_what_nearly_matches() -> None:
    redactor = Redactor()
    redactor.learn("a" * 40 + "b")
    redactor.learn("(a+)+$")
    redactor.text("")
    began = time.process_time()
    redactor.text("a" * 200_000)
    assert time.process_time() - began < 20


def test_thousands_of_secrets_cost_little() -> None:
    redactor = Redactor()
    for number in range(3000):
        redactor.learn(f"{number * 7919 % 1_000_003:06d}-secret-{number}")
    began = time.process_time()
    assert MASK in redactor.text("plain " * 50_000 + "000000-secret-0")
    assert time.process_time() - began < 30
