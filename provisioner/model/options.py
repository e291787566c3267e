"""How one run was asked for; frozen and passed down, there are no globals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from provisioner.model.keywords import UNSET, Keywords
from provisioner.model.policy import Policy
from provisioner.records import dataclass

AT_LOAD, AT_RUN = "at-load", "at-run"
"""When mistakes in tasks count: before any host is touched, or, as with Ansible, where the task is carried out."""


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
    become_exe: str | None = None
    become_flags: str | None = None
    port: int | None = None
    python: str | None = None
    timeout_s: float = 10.0
    ssh_args: tuple[str, ...] = ()
    host_key_checking: str = "yes"
    start_at_task: str | None = None
    step: bool = False
    force_handlers: bool = False
    flush_cache: bool = False
    verbosity: int = 0
    policy: Policy = Policy()
    mistakes: str = AT_LOAD
    library: tuple[str, ...] = ()
    pays_owed: bool = False
    """Handlers that earlier runs of the same playbook left owing are taken for notified."""
    exclusive: bool = False
    """No other run may work on the hosts at the same time."""
    reconnect_s: float = 60.0
    """How long contact that was lost is sought before a host counts as out of reach."""
    max_time_s: float = 0.0
    """A run that takes longer is stopped as by Ctrl-C; 0 is no limit."""
    ignore_window: str = ""
    """Why plays may start outside their windows; empty where they may not."""

    all_or_nothing: bool = False
    """The run ends where a single host failed or was lost, whatever its play says."""

    def checks(self, keywords: Keywords) -> bool:
        """Tell whether something with these keywords runs in check mode, as far as that is known without a host."""
        return self.check if keywords.check_mode is UNSET else keywords.check_mode is True

    def compares(self, keywords: Keywords) -> bool:
        """Tell whether what changes inside files is to be shown of something with these keywords."""
        return self.diff if keywords.diff is UNSET else keywords.diff is True
