"""Whether what runs on a host is put there as files, as Ansible does it, and in which folders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from provisioner.model.target import Files
from provisioner.remote.params import boolean

NAMES = frozenset(
    {
        "ansible_pipelining", "ansible_remote_tmp", "ansible_system_tmpdirs", "ansible_admin_users",
        "ansible_common_remote_group", "ansible_shell_allow_world_readable_temp",
    }
)  # fmt: skip
"""Every variable that has a say."""


def files(look: Callable[[str], Any], configured: Files) -> Files | None:
    """Return how programs get to a host as files; None where nobody wants files and a worker can stay there.

    They are wanted where remote files are to be kept, and where a variable of the host turns pipelining off.
    """
    pipelining = look("ansible_pipelining")
    if not configured.keeps and (pipelining in (None, "") or boolean(pipelining)):
        return None
    folder, group, is_open = (look(f"ansible_{name}") for name in ("remote_tmp", "common_remote_group", _OPEN))
    found = replace(
        configured,
        folder=str(folder or configured.folder),
        group=str(group or configured.group),
        is_open=configured.is_open if is_open is None else boolean(is_open),
    )
    shared, admins = look("ansible_system_tmpdirs"), look("ansible_admin_users")
    return replace(
        found, shared=_words(shared) if shared else found.shared, admins=_words(admins) if admins else found.admins
    )


_OPEN = "shell_allow_world_readable_temp"


def _words(value: object) -> tuple[str, ...]:
    listed = value if isinstance(value, (list, tuple)) else str(value).split(",")
    return tuple(str(each).strip() for each in listed)
