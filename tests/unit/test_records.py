"""Our data classes behave as those of the standard library that they stand for."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from dataclasses import field
from typing import Any

import pytest

from provisioner import records


@dataclasses.dataclass(frozen=True, slots=True)
class Standard:
    """What it should be like."""

    name: str
    ports: tuple[int, ...] = ()
    note: str = field(default="", compare=False, repr=False)


@records.dataclass(frozen=True, slots=True)
class Ours:
    """The same, made here."""

    name: str
    ports: tuple[int, ...] = ()
    note: str = field(default="", compare=False, repr=False)


@records.dataclass(frozen=True, slots=True)
class Lone:
    """One value."""

    name: str


@records.dataclass(frozen=True, slots=True)
class Empty:
    """No value."""


@records.dataclass(slots=True)
class Changing:
    """One that changes has no hash."""

    items: list[Any]


@records.dataclass(frozen=True, slots=True, eq=False)
class Itself:
    """One that equals nothing but itself."""

    name: str


@records.dataclass(frozen=True, slots=True)
class Written:
    """One that says itself how it is shown and compared."""

    name: str

    def __repr__(self) -> str:
        return "written"

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 5


@records.dataclass(frozen=True, slots=True)
class More(Ours):
    """One with more fields than the one it is."""

    more: int = 0


@pytest.mark.parametrize(
    "does",
    [
        lambda kind: repr(kind("web", (80,), "hidden")).replace(kind.__name__, ""),
        lambda kind: kind("web", (80,), "a") == kind("web", (80,), "b"),
        lambda kind: kind("web", (80,)) == kind("web", (81,)),
        lambda kind: kind("web") == "web",
        lambda kind: hash(kind("web", (80,), "a")) == hash(("web", (80,))),
        lambda kind: dataclasses.asdict(dataclasses.replace(kind("web"), ports=(1, 2))),
        lambda kind: [each.name for each in dataclasses.fields(kind)],
        lambda kind: copy.deepcopy(kind("web", (1,))) == kind("web", (1,)),
        lambda kind: pickle.loads(pickle.dumps(kind("web", (1,), "kept"))).note,
        lambda kind: hasattr(kind("web"), "__dict__"),
        lambda kind: kind.__match_args__,
        lambda kind: kind.__doc__ is not None,
    ],
)
def test_it_does_what_the_standard_one_does(does: Callable[[type], object]) -> None:
    assert does(Ours) == does(Standard)


def test_too_few_values_are_refused_as_ever() -> None:
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'name'"):
        Ours()  # type: ignore[call-arg]


def test_one_value_and_none_compare_and_hash() -> None:
    assert (Lone("a"), Empty()) == (Lone("a"), Empty())
    assert Lone("a") != Lone("b")
    assert len({Lone("a"), Lone("a"), Empty(), Empty()}) == 2


def test_what_changes_has_no_hash_and_is_shown_though_it_holds_itself() -> None:
    changing = Changing([])
    changing.items.append(changing)
    assert repr(changing) == "Changing(items=[...])"
    with pytest.raises(TypeError, match="unhashable"):
        hash(changing)


def test_without_equality_only_itself_is_equal() -> None:
    one = Itself("a")
    assert one != Itself("a")
    assert len({one, one, Itself("a")}) == 2


def test_what_a_class_says_itself_stays() -> None:
    assert (repr(Written("a")), hash(Written("a")), Written("a")) == ("written", 5, Written("b"))


def test_another_class_with_the_same_values_is_not_equal() -> None:
    assert More("web") != Ours("web")
    assert More("web", more=1) != More("web", more=2)
    assert repr(More("web", more=1)) == "More(name='web', ports=(), more=1)"
