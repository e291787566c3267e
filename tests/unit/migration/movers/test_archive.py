"""The steps of the mover of archives."""

from __future__ import annotations

import pytest

from provisioner import catalog
from provisioner.migration.movers import archive
from provisioner.remote.params import BadParameters


def params(**more: object) -> archive.Params:
    return archive.Params.parse({"paths": ["/srv/www"], **more})


@pytest.mark.parametrize("verb", ["prepare", "seed", "verify", "finish"])
@pytest.mark.parametrize("more", [{}, {"on": "vault"}, {"old_python": False}], ids=str)
def test_every_task_takes_parameters_its_module_has(verb: str, more: dict[str, object]) -> None:
    for step in getattr(archive, verb)("backup", params(**more)):
        assert str(step.task["name"]).startswith("backup: ")
        for name, given in step.task.items():
            if isinstance(given, dict) and name in catalog.names("module"):
                assert catalog.load("module", name).Params.problems(given, lambda value: "{{" in str(value)) == []


def test_it_is_packed_fetched_proven_and_then_removed_where_it_was_packed() -> None:
    steps = archive.seed("backup", params(on="vault", throttle="5M"))

    assert [step.roles for step in steps] == [("old",), ("vault",), ("vault",), ("old",)]
    assert [dict(step.task.get("tree_archive", {})).get("state") for step in steps] == [None, None, "proven", "dropped"]  # type: ignore[call-overload]
    assert steps[1].task["sync_tree"]["throttle"] == "5M"  # type: ignore[index]


def test_a_host_without_python_packs_with_its_shell() -> None:
    dumps = [{"name": "shop.sql", "command": "mysqldump shop"}]
    packing, _, _, dropping = archive.seed("backup", params(old_python=False, dumps=dumps, exclude=["*.tmp"]))

    script = str(packing.task["raw"])
    assert "( mysqldump shop ) > " in script
    assert "--exclude='*.tmp' ./srv/www " in script
    assert "rm -rf" in str(dropping.task["raw"])


@pytest.mark.parametrize(
    "dumps", [[{"name": "../x", "command": "true"}], [{"name": "x"}], [{"name": "x", "command": "y", "user": "z"}]]
)
def test_a_dump_has_a_plain_name_and_a_command(dumps: list[dict[str, str]]) -> None:
    with pytest.raises(BadParameters, match=r"dump|name of a file"):
        params(dumps=dumps)


@pytest.mark.parametrize("given", [{"exclude": ["/cache/"]}, {"include": ["x"]}, {"method": "tar", "old_python": True}])
def test_what_a_host_without_python_cannot_do_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(BadParameters, match=r"old_python|without Python"):
        params(**{"old_python": False, **given})
