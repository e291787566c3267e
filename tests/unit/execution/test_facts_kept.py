"""Facts between plays and runs: what gathers, what is kept, and under which names tasks see them."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from provisioner.diagnostics.errors import InputError
from provisioner.execution.fact_cache import GATHERED, JsonFiles, Nothing, Redis, open_cache
from provisioner.model.policy import FactCache, Policy
from tests.support.theatre import Theatre

TWO = "- hosts: all\n  tasks: []\n- hosts: all\n  tasks:\n  - debug: {msg: '{{ ansible_os | default(0) }}'}\n"
FACTS = {"h1": {"ansible_os": "debian"}, "h2": {"ansible_os": "debian"}}


def gathered(theatre: Theatre) -> int:
    return sum(1 for _host, request in theatre.sessions.ran if request.module == "setup")


def test_every_play_gathers_by_itself(theatre: Theatre) -> None:
    theatre.facts = FACTS
    theatre.run(TWO)
    assert gathered(theatre) == 4


def test_smart_gathering_asks_each_host_once(theatre: Theatre) -> None:
    theatre.facts = FACTS
    theatre.run(TWO, policy=Policy(gathering="smart"))
    assert gathered(theatre) == 2
    assert theatre.said("h2") == ["debian"]


def test_explicit_gathering_waits_to_be_asked(theatre: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSIBLE_GATHERING", "explicit")
    theatre.run(TWO)
    assert gathered(theatre) == 0
    theatre.run("- hosts: all\n  gather_facts: true\n")
    assert gathered(theatre) == 2


@pytest.mark.parametrize(("word", "count"), [("yes", 2), ("no", 0)])
def test_a_play_may_say_it_with_a_template(theatre: Theatre, word: str, count: int) -> None:
    theatre.run("- hosts: all\n  gather_facts: '{{ wanted }}'\n", extra_vars={"wanted": word})
    assert gathered(theatre) == count


def test_facts_may_be_kept_out_of_the_variables(theatre: Theatre) -> None:
    theatre.facts = FACTS
    text = "- hosts: h1\n  tasks:\n  - debug: {msg: '{{ ansible_facts.os }} {{ ansible_os | default(0) }}'}\n"
    theatre.run(text, policy=Policy(inject_facts=False))
    assert theatre.said() == ["debian 0"]


def test_a_file_keeps_facts_for_the_next_run(tmp_path: Path) -> None:
    cache = open_cache(FactCache("jsonfile", str(tmp_path / "facts"), "x_"))
    cache.store("h1", {"ansible_os": "debian", GATHERED: True})
    assert json.loads((tmp_path / "facts/x_h1").read_text()) == {"ansible_os": "debian", GATHERED: True}
    assert cache.load("h1")["ansible_os"] == "debian"
    cache.forget("h1")
    assert cache.load("h1") == {}


def test_what_is_too_old_or_no_json_counts_as_nothing(tmp_path: Path) -> None:
    cache = JsonFiles(FactCache("jsonfile", str(tmp_path), timeout_s=60))
    cache.store("h1", {"a": 1})
    old = time.time() - 61
    os.utime(tmp_path / "h1", (old, old))
    (tmp_path / "h2").write_text("{")
    assert cache.load("h1") == cache.load("h2") == {}


def test_a_file_cache_needs_a_folder() -> None:
    with pytest.raises(InputError, match="needs a folder"):
        open_cache(FactCache("jsonfile"))


def test_memory_keeps_nothing() -> None:
    cache = open_cache(FactCache())
    cache.store("h1", {"a": 1})
    cache.forget("h1")
    assert isinstance(cache, Nothing)
    assert cache.load("h1") == {}


class Client:
    """Speaks as redis-py's client does."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[str, Any]] = {}

    def get(self, key: str) -> str | None:
        return self.kept.get(key, (None, None))[0]

    def set(self, key: str, value: str, ex: int | None = None) -> None:
        self.kept[key] = (value, ex)

    def delete(self, key: str) -> None:
        self.kept.pop(key, None)


def test_a_redis_server_keeps_facts_for_a_time() -> None:
    client = Client()
    cache = Redis(FactCache("redis", prefix="p", timeout_s=90), client)
    cache.store("h1", {"a": 1})
    assert client.kept == {"ph1": ('{"a": 1}', 90)}
    assert cache.load("h1") == {"a": 1}
    cache.forget("h1")
    assert cache.load("h1") == {}


def test_a_run_begins_with_the_facts_that_were_kept(theatre: Theatre, tmp_path: Path) -> None:
    cache = JsonFiles(FactCache("jsonfile", str(tmp_path / "facts")))
    cache.store("h1", {"ansible_os": "kept", GATHERED: True})
    text = "- hosts: h1\n  tasks:\n  - debug: {msg: '{{ ansible_os }}'}\n  - set_fact: {x: 1, cacheable: true}\n"
    theatre.cache = cache
    theatre.run(text, policy=Policy(gathering="smart"))
    assert theatre.said() == ["kept"]
    assert cache.load("h1") == {"ansible_os": "kept", "x": 1, GATHERED: True}


def test_clear_facts_forgets_what_is_kept_too(theatre: Theatre, tmp_path: Path) -> None:
    cache = JsonFiles(FactCache("jsonfile", str(tmp_path / "facts")))
    cache.store("h1", {"ansible_os": "kept"})
    theatre.cache = cache
    theatre.run("- hosts: h1\n  gather_facts: false\n  tasks:\n  - meta: clear_facts\n")
    assert cache.load("h1") == {}
