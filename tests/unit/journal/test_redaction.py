"""Redaction: what is found, what is left alone."""

from __future__ import annotations

import base64
import json
import shlex
from urllib.parse import quote, quote_plus

import pytest

from provisioner.journal.redaction import CENSORED, MASK, Redactor
from provisioner.model import event as e
from provisioner.model.status import Status

SECRET = "p@ss'w\"ö rd/7+"
KEY = "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----\n"


def taught(*secrets: str) -> Redactor:
    redactor = Redactor()
    for secret in secrets:
        redactor.learn(secret)
    return redactor


def finished(result: dict[str, object], **more: object) -> e.OperationFinished:
    return e.OperationFinished("op", "h", Status.OK, result, 1.0, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "shown",
    [
        SECRET,
        json.dumps({"p": SECRET}),
        json.dumps(SECRET, ensure_ascii=False),
        quote(SECRET),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        shlex.quote(SECRET),
        repr(SECRET),
        base64.b64encode(SECRET.encode()).decode(),
        base64.b64encode(f"user:{SECRET}".encode()).decode(),
        base64.b64encode(f"me:{SECRET}:more".encode()).decode(),
        base64.urlsafe_b64encode(f"a:{SECRET}".encode()).decode(),
    ],
)
def test_every_usual_spelling_is_found(shown: str) -> None:
    clean = taught(SECRET).text(f"before {shown} after")
    assert MASK in clean
    assert clean.startswith("before ")
    assert clean.endswith(" after")
    for spelled in ('w"ö', 'w\\"', "%22", base64.b64encode(SECRET.encode()).decode()[4:12]):
        assert spelled not in clean


def test_each_line_of_a_key_is_found_but_not_its_armour() -> None:
    redactor = taught(KEY)
    assert redactor.text("got MIIEvQIBADANBgkq here") == f"got {MASK} here"
    assert redactor.text("-----BEGIN KEY-----") == "-----BEGIN KEY-----"
    assert redactor.text(KEY.strip()) == MASK


def test_a_short_secret_is_hidden_only_where_it_stands_alone_and_warned_of() -> None:
    redactor = Redactor()
    assert not redactor.warning
    redactor.learn("abc")
    redactor.learn("42")
    assert redactor.text("abc") == MASK
    assert redactor.text("abcd") == "abcd"
    event = redactor.event(finished({"pin": 42, "other": 43, "l": ["42", True]}))
    assert event.result == {"pin": MASK, "other": 43, "l": [MASK, True]}  # type: ignore[union-attr]
    assert "fewer than 4 characters" in redactor.warning


@pytest.mark.parametrize("empty", ["", "  ", "\n"])
def test_nothing_is_learned_from_blanks(empty: str) -> None:
    assert taught(empty).text("a  \n b") == "a  \n b"


def test_the_longest_of_overlapping_secrets_wins() -> None:
    assert taught("secret", "secret-long").text("secret-long secret-lo") == f"{MASK} {MASK}-lo"


def test_every_field_is_cleaned_deeply_keys_too() -> None:
    redactor = taught("hunter2")
    event = redactor.event(
        finished({"a": [{"hunter2": "x hunter2"}]}, effects={"facts": {"f": "hunter2"}}, delegated_to="hunter2")
    )
    assert event == finished({"a": [{MASK: f"x {MASK}"}]}, effects={"facts": {"f": MASK}}, delegated_to=MASK)
    noted = redactor.event(e.Noted("warning", "is hunter2", 1.0))
    assert noted == e.Noted("warning", f"is {MASK}", 1.0)


def test_names_that_identify_are_left_alone() -> None:
    event = e.OperationStarted("hunter2-op", "hunter2", "title hunter2", 1.0)
    clean = taught("hunter2").event(event)
    assert clean == e.OperationStarted("hunter2-op", "hunter2", f"title {MASK}", 1.0)


def test_an_event_without_secrets_passes_as_the_same_object() -> None:
    event = finished({"a": ["b", {"c": (1, 2)}]})
    assert taught("hunter2").event(event) is event
    assert Redactor().event(event) is event


def test_secrets_that_a_result_brings_along_are_learned_and_dropped() -> None:
    redactor = Redactor()
    result = {
        "cmd": "mysql -phunter2",
        "_secrets": ["hunter2"],
        "results": [{"_secrets": ["hidden99"], "m": "hidden99"}],
    }
    event = redactor.event(finished(result))
    assert event.result == {"cmd": f"mysql -p{MASK}", "results": [{"m": MASK}]}  # type: ignore[union-attr]
    assert redactor.text("hunter2") == MASK


def test_no_log_leaves_only_how_it_went() -> None:
    redactor = Redactor()
    result = {"changed": True, "rc": 0, "stdout": "the token is 77", "failed": False, "invocation": {"p": "x"}}
    effects = {"facts": {"token": "77", "on": True}, "notified": ["restart"]}
    event = redactor.event(finished(result, no_log=True, effects=effects))
    hidden = {"censored": CENSORED, "changed": True, "failed": False, "rc": 0}
    clean_effects = {"facts": {"token": MASK, "on": True}, "notified": ["restart"]}
    assert event == finished(hidden, no_log=True, effects=clean_effects)
    assert redactor.text("later: the token is 77!") == f"later: {MASK}!"


def test_no_log_hides_items_output_and_checks() -> None:
    redactor = Redactor()
    item = redactor.event(e.ItemFinished("o", "h", "label", Status.OK, {"stdout": "x"}, 1.0, no_log=True))
    assert isinstance(item, e.ItemFinished)
    assert item.result == {"censored": CENSORED}
    assert "label" not in str(item.label)
    output = redactor.event(e.OutputReceived("o", "h", "stdout", "text", no_log=True))
    assert output == e.OutputReceived("o", "h", "stdout", CENSORED, no_log=True)
    check = redactor.event(e.CheckFinished("o", "h", "http", False, "a", "b", "w", 1.0, no_log=True))
    assert check == e.CheckFinished("o", "h", "http", False, CENSORED, CENSORED, "w", 1.0, no_log=True)


def test_learn_all_takes_every_leaf_of_a_vault_file() -> None:
    redactor = Redactor()
    redactor.learn_all({"db": {"password": "s3cr3t!", "pin": 987654, "on": True}, "keys": ["k1-long"]})
    assert redactor.text("s3cr3t! k1-long 987654 True") == f"{MASK} {MASK} {MASK} True"


def test_a_text_without_a_secret_stays_as_it_is_among_many() -> None:
    redactor = taught(*[f"secret-{n:05d}-{n * 7919:x}" for n in range(1000)])
    text = "a line of plain output with nothing to hide in it\n" * 200
    assert redactor.text(text) == text
    assert redactor.text(text + "secret-00999-78b6a9") != text


def test_what_has_the_name_of_a_secret_is_hidden_as_a_word_of_its_own() -> None:
    redactor = Redactor()
    redactor.learns_names = True
    redactor.learn_named("postgres")
    assert redactor.text("ALTER USER app PASSWORD 'postgres'") == f"ALTER USER app PASSWORD '{MASK}'"
    assert redactor.text("package postgresql-16") == "package postgresql-16"


def test_names_mean_nothing_where_nobody_wants_that() -> None:
    redactor = Redactor()
    redactor.learn_named("postgres")
    event = finished({"msg": "hunter22 postgres"}, effects={"variables": {"db_password": "hunter22"}})
    assert redactor.event(event) is event


def test_a_variable_that_is_set_is_hidden_in_the_very_event_that_sets_it() -> None:
    redactor = Redactor()
    redactor.learns_names = True
    setting = {"variables": {"db": [{"password": "hunter22", "password_file": "/etc/hunter22"}]}}
    event = redactor.event(finished({"ansible_facts": setting["variables"]}, effects=setting))
    assert "'hunter22'" not in repr(event)
    assert MASK in repr(event)
