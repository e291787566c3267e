"""Roles of public distributions, unmodified: as under ansible-core, and nothing left to do the second time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from public_roles import LAB, LEAST_TASKS, ROLES, PublicRole, compared
from twice import HOST

from provisioner.lab.lab import Lab


@pytest.fixture(scope="module")
def role_lab() -> Iterator[Lab]:
    """A lab of one host that no other test uses, as roles change whatever they like on it."""
    made = Lab(LAB)
    made.up([HOST])
    yield made
    if not os.environ.get("PROVISIONER_KEEP_LAB"):
        made.down()


@pytest.mark.hosts
@pytest.mark.compat
@pytest.mark.campaign
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_public_role_does_the_same_and_nothing_the_second_time(
    role: PublicRole, role_lab: Lab, tmp_path: Path
) -> None:
    done = compared(role, role_lab, tmp_path)
    told = done.told()
    if told:
        pytest.fail("\n".join(told), pytrace=False)
    assert done.ours.first.exit_code == 0, done.ours.first.text[-2000:]
    assert done.ours.first.recap[HOST]["changed"] > 0
    assert done.ours.second.recap[HOST]["changed"] == role.again
    assert done.tasks >= LEAST_TASKS
