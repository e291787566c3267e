"""How one run was asked for; frozen and passed down, there are no globals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The command line's answer to how: what ansible-playbook's options of the same names mean.

    ``extra_vars`` are parsed already. ``connection``, ``remote_user``, ``become`` and so on are the command line's own
    values and count below every variable and keyword, as documented; None means not given.
    """

    inventories: tuple[str, ...] = ()
    limit: str | None = None
    tags: tuple[str, ...] = ("all",)
    skip_tags: tuple[str, ...] = ()
    extra_vars: Mapping[str, object] = field(default_factory=dict)
    check: bool = False
    diff: bool = False
    forks: int = 50
    connection: str | None = None
    remote_user: str | None = None
    private_key: str | None = None
    become: bool = False
    become_user: str | None = None
    become_method: str | None = None
    connection_password: str | None = field(default=None, repr=False)
    become_password: str | None = field(default=None, repr=False)
    timeout_s: float = 10.0
    ssh_args: tuple[str, ...] = ()
    host_key_checking: str = "yes"
    start_at_task: str | None = None
    step: bool = False
    force_handlers: bool = False
    flush_cache: bool = False
    verbosity: int = 0
