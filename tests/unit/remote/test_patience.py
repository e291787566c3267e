"""What takes too long is given up, and the rest is done all the same."""

from __future__ import annotations

import threading

import pytest

from provisioner.remote.facts import memory, mounts
from provisioner.remote.modules import setup
from provisioner.remote.patience import one_by_one
from provisioner.remote.runner import Mode, run_module
from provisioner.remote.system import System


def refuse() -> None:
    raise OSError("no")


def test_each_outcome_comes_in_order_and_an_error_is_raised_where_it_is_looked_at() -> None:
    for timeout_s in (None, 0, 60):
        first, second, third = one_by_one([lambda: 1, refuse, lambda: 3], timeout_s)
        assert (first.get(), third.get()) == (1, 3)
        with pytest.raises(OSError, match="no"):
            second.get()


def test_what_hangs_is_given_up_and_what_follows_is_done_once() -> None:
    gone, done = threading.Event(), []
    outcomes = list(one_by_one([lambda: 1, gone.wait, lambda: done.append("after")], 0.05))
    gone.set()
    assert [each.is_given_up for each in outcomes] == [False, True, False]
    assert done == ["after"]


def test_a_source_of_facts_that_hangs_costs_only_itself_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = threading.Event()
    monkeypatch.setattr(memory, "collect", lambda _system: gone.wait())
    result = run_module(setup, {"gather_timeout": 1, "gather_subset": ["hardware"]}, Mode(), System())
    gone.set()
    assert result["warnings"] == ["No memory facts were gathered due to timeout: 1 seconds"]
    assert "ansible_memtotal_mb" not in result["ansible_facts"]
    assert {"ansible_processor", "ansible_mounts", "ansible_kernel"} <= set(result["ansible_facts"])


def test_a_file_system_that_hangs_is_listed_without_its_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = threading.Event()

    def sizes(mount: str) -> dict[str, int]:
        if mount == "/srv/server":
            gone.wait()
        return {"size_total": 1}

    table = "/dev/sda / ext4 rw 0 0\nserver:/x /srv/server nfs rw 0 0\n/dev/sdb /home ext4 rw 0 0\n"
    monkeypatch.setattr(mounts, "sizes_of", sizes)
    monkeypatch.setattr(mounts, "lines", lambda _system, path: table.splitlines() if path == "/etc/mtab" else [])
    system = System()
    system.memory["gather_timeout"] = 0.05
    root, server, home = mounts.collect(system)["mounts"]
    gone.set()
    assert (root["size_total"], home["size_total"]) == (1, 1)
    assert "size_total" not in server
    assert server["note"].startswith("Timed out")
