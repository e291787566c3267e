"""Scopes: precedence, order within a level, what is not known yet, and what it costs."""

from __future__ import annotations

import timeit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.variables.scope import Layer, Level, NotYet, Scope


def layer(level: Level, **values: object) -> Layer:
    return Layer(level, level.name, values)


def test_the_levels_are_the_documented_twenty_two_and_two_above() -> None:
    assert [level.value for level in Level] == list(range(1, 25))
    assert Level.ROLE_DEFAULTS < Level.GROUP_VARS_FILE < Level.FACTS < Level.PLAY_VARS < Level.ROLE_VARS
    assert Level.TASK_VARS < Level.INCLUDE_VARS < Level.SET_FACTS < Level.ROLE_PARAMS < Level.EXTRA_VARS < Level.LOOP


def test_the_higher_level_wins_whatever_the_order_given() -> None:
    scope = Scope([layer(Level.EXTRA_VARS, x="extra"), layer(Level.ROLE_DEFAULTS, x="default", y=1)])
    found = scope.find("x")
    assert found is not None
    assert (found.value, found.layer.level) == ("extra", Level.EXTRA_VARS)
    assert scope.find("nope") is None


def test_of_one_level_the_later_layer_wins() -> None:
    first, second = layer(Level.SET_FACTS, x=1), layer(Level.SET_FACTS, x=2)
    assert Scope([first, second]).find("x") == (2, second)
    assert Scope([first]).with_layers(second).find("x") == (2, second)
    assert Scope([second]).with_layers(first).find("x") == (1, first)


@given(st.lists(st.sampled_from(list(Level)), max_size=12), st.integers(0, 12))
def test_deriving_gives_the_same_order_as_building_at_once(levels: list[Level], cut: int) -> None:
    layers = [Layer(level, str(number), {"x": number}) for number, level in enumerate(levels)]
    assert Scope(layers[:cut]).with_layers(*layers[cut:]).layers == Scope(layers).layers


def test_explain_lists_every_layer_that_has_the_name() -> None:
    low, high = layer(Level.PLAY_VARS, x=1), layer(Level.TASK_VARS, x=2)
    assert Scope([low, layer(Level.FACTS, y=0), high]).explain("x") == [(high, 2), (low, 1)]


def test_names_are_those_of_all_layers() -> None:
    scope = Scope([layer(Level.PLAY_VARS, a=1), layer(Level.TASK_VARS, b=2)])
    assert scope.names() == {"a", "b"}
    assert "a" in scope
    assert "c" not in scope


def test_a_pending_name_is_not_known_yet_unless_a_higher_layer_has_it() -> None:
    pending = Layer(Level.SET_FACTS, "register", pending=frozenset({"result"}))
    scope = Scope([layer(Level.PLAY_VARS, result="old", other=1), pending])
    with pytest.raises(NotYet) as raised:
        scope.find("result")
    assert raised.value.name == "result"
    assert scope.find("other") is not None
    assert scope.with_layers(layer(Level.EXTRA_VARS, result="given")).find("result") is not None


def test_a_pending_name_counts_before_an_older_value_of_the_same_level() -> None:
    old = Layer(Level.SET_FACTS, "register", {"result": 1}, rendered=True)
    scope = Scope([old]).with_layers(Layer(Level.SET_FACTS, "sent", pending=frozenset({"result"})))
    with pytest.raises(NotYet):
        scope.find("result")
    assert scope.known_names() == {"result"}


def test_a_layer_that_may_bring_any_name_hides_everything_below() -> None:
    any_name = Layer(Level.FACTS, "setup", pending_any=True)
    scope = Scope([layer(Level.ROLE_DEFAULTS, low=1), any_name, layer(Level.PLAY_VARS, high=2)])
    assert scope.find("high") is not None
    for name in ("low", "unknown"):
        with pytest.raises(NotYet):
            scope.find(name)
    with pytest.raises(NotYet):
        scope.names()


def test_dictionaries_replace_each_other_unless_merging_is_asked_for() -> None:
    layers = [
        layer(Level.ROLE_DEFAULTS, d={"a": {"x": 1}, "l": [1]}),
        layer(Level.PLAY_VARS, d={"a": {"y": 2}, "l": [2]}),
    ]
    assert Scope(layers).find("d") == ({"a": {"y": 2}, "l": [2]}, layers[1])
    merged = Scope(layers, merge=True).with_layers().find("d")
    assert merged is not None
    assert merged.value == {"a": {"x": 1, "y": 2}, "l": [2]}


def test_merging_stops_at_a_value_that_is_no_dictionary() -> None:
    layers = [layer(Level.ROLE_DEFAULTS, d={"a": 1}), layer(Level.FACTS, d="text"), layer(Level.PLAY_VARS, d={"b": 2})]
    merged = Scope(layers, merge=True).find("d")
    assert merged is not None
    assert merged.value == {"b": 2}


def test_merging_keeps_final_data_from_becoming_a_template() -> None:
    facts = Layer(Level.FACTS, "facts", {"d": {"a": "{{ not a template }}"}}, rendered=True)
    merged = Scope([facts, layer(Level.PLAY_VARS, d={"b": "{{ one }}"})], merge=True).find("d")
    assert merged is not None
    assert isinstance(merged.value, dict)
    assert [type(merged.value[key]).__name__ for key in ("a", "b")] == ["Unsafe", "str"]
    assert not merged.layer.rendered


def test_deriving_a_scope_for_a_loop_item_takes_microseconds() -> None:
    scope = Scope([Layer(Level(1 + number % 22), str(number), {"x": number}) for number in range(25)])
    item = Layer(Level.LOOP, "loop", {"item": 1}, rendered=True)
    best = min(timeit.repeat(lambda: scope.with_layers(item), number=1000, repeat=5)) / 1000
    assert best < 20e-6


def test_what_a_task_says_replaces_what_its_block_says_even_where_dictionaries_are_merged() -> None:
    layers = [
        Layer(Level.PLAY_VARS, "play", {"d": {"play": 1}}),
        Layer(Level.BLOCK_VARS, "block", {"d": {"block": 1}}),
        Layer(Level.TASK_VARS, "task", {"d": {"task": 1}}),
    ]
    found = Scope(layers, merge=True).find("d")
    assert found is not None
    assert found.value == {"play": 1, "task": 1}
