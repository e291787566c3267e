"""meta actions: ending hosts, batches, plays; forgetting errors; connecting anew."""

from __future__ import annotations

from tests.support.theatre import Theatre


def play(tasks: str, head: str = "") -> str:
    return f"- hosts: all\n  gather_facts: false\n{head}  tasks:\n{tasks}"


NEXT = play("  - {name: next, command: ok}\n")


def kept(theatre: Theatre, host: str) -> list[str]:
    """What a host ran, without the meta tasks themselves."""
    return [line.split()[0] for line in theatre.on(host) if not line.startswith("meta")]


def test_end_host_ends_it_without_a_failure_for_this_play_only(theatre: Theatre) -> None:
    tasks = (
        "  - {name: a, command: ok}\n"
        "  - {meta: end_host, when: inventory_hostname == 'h1'}\n  - {name: b, command: ok}\n"
    )
    theatre.run(play(tasks) + NEXT)
    assert kept(theatre, "h1") == ["a", "next"]
    assert kept(theatre, "h2") == ["a", "b", "next"]


def test_end_host_inside_an_include_ends_the_host_for_what_lies_behind_too(theatre: Theatre) -> None:
    tasks = "  - include_tasks: t.yml\n  - {name: z, command: ok}\n"
    theatre.run(
        play(tasks),
        {
            "t.yml": (
                "- {name: a, command: ok}\n"
                "- {meta: end_host, when: inventory_hostname == 'h1'}\n- {name: b, command: ok}\n"
            )
        },
    )
    assert kept(theatre, "h1") == ["include_tasks", "a"]
    assert kept(theatre, "h2") == ["include_tasks", "a", "b", "z"]


def test_end_host_inside_a_block_does_not_run_its_rescue(theatre: Theatre) -> None:
    tasks = "  - block:\n    - meta: end_host\n    rescue:\n    - {name: r, command: ok}\n  - {name: z, command: ok}\n"
    theatre.run(play(tasks))
    assert kept(theatre, "h1") == []


def test_end_play_ends_all_batches_and_goes_on_with_the_next_play(theatre: Theatre) -> None:
    theatre.run(
        play("  - {name: a, command: ok}\n  - meta: end_play\n  - {name: b, command: ok}\n", "  serial: 1\n") + NEXT
    )
    assert kept(theatre, "h1") == ["a", "next"]
    assert kept(theatre, "h2") == ["next"]


def test_end_batch_goes_on_with_the_next_batch(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: ok}\n  - meta: end_batch\n  - {name: b, command: ok}\n", "  serial: 1\n"))
    assert kept(theatre, "h1") == kept(theatre, "h2") == ["a"]


def test_end_role_ends_the_role_on_the_host_and_goes_on_behind_it(theatre: Theatre) -> None:
    files = {
        "roles/r/tasks/main.yml": (
            "- {name: a, command: ok}\n- {meta: end_role, when: inventory_hostname == 'h1'}\n- {name: b, command: ok}\n"
        )
    }
    theatre.run(play("  - {name: z, command: ok}\n", "  roles: [r]\n"), files)
    assert kept(theatre, "h1") == ["r", "r", "z"] or [x for x in theatre.on("h1") if "meta" not in x] == [
        "r : a changed",
        "z changed",
    ]
    assert [x for x in theatre.on("h2") if "meta" not in x] == ["r : a changed", "r : b changed", "z changed"]


def test_cleared_host_errors_let_a_host_into_the_next_play_but_not_back_into_this_one(theatre: Theatre) -> None:
    tasks = "  - {name: a, command: fail@h1}\n  - meta: clear_host_errors\n  - {name: b, command: ok}\n"
    theatre.run(play(tasks) + NEXT)
    assert kept(theatre, "h1") == ["a", "next"]
    assert kept(theatre, "h2") == ["a", "b", "next"]


def test_cleared_host_errors_in_a_later_play_bring_hosts_back_after_it(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: die@h1}\n") + play("  - meta: clear_host_errors\n") + NEXT)
    assert kept(theatre, "h1") == ["a", "next"]


def test_reset_connection_closes_the_sessions_of_the_host(theatre: Theatre) -> None:
    theatre.run(play("  - command: ok\n  - meta: reset_connection\n  - {name: b, command: ok}\n"))
    assert sorted(theatre.sessions.resets) == ["h1", "h2"]
    assert kept(theatre, "h1")[-1] == "b"


def test_refresh_inventory_reads_new_hosts_for_the_next_play(theatre: Theatre) -> None:
    def answer(_host: str, request: object) -> None:
        theatre.write({"hosts": "h1\nh2\nh3\n"})

    theatre.script = answer
    theatre.run(play("  - command: ok\n  - meta: refresh_inventory\n") + NEXT)
    assert kept(theatre, "h3") == ["next"]


def test_noop_does_nothing(theatre: Theatre) -> None:
    theatre.run(play("  - meta: noop\n  - {name: a, command: ok}\n"))
    assert kept(theatre, "h1") == ["a"]
