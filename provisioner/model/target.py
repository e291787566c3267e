"""How a host is reached and as whom: the connection variables of a host, resolved."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Target:
    """Everything needed to open a connection. Passwords are kept out of every text form.

    ``connection`` names a connection type (``ssh``, ``openssh``, ``local``). ``ssh_args`` are the OpenSSH client's
    words from ``ansible_ssh_common_args`` and ``ansible_ssh_extra_args``. ``host_key_checking`` is ``yes`` (only known
    keys), ``accept-new`` (unknown keys are stored and named, changed ones refused) or ``no``.
    ``python`` is the interpreter's path, or ``auto`` to discover one.
    """

    host: str
    connection: str = "ssh"
    address: str = ""
    port: int | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    private_key: str | None = None
    private_key_passphrase: str | None = field(default=None, repr=False)
    ssh_args: tuple[str, ...] = ()
    ssh_config: str | None = None
    known_hosts: str | None = None
    host_key_checking: str = "yes"
    connect_timeout_s: float = 10.0
    keepalive_s: float = 15.0
    python: str = "auto"


@dataclass(frozen=True, slots=True)
class Become:
    """As whom the worker runs where that is not the login user. ``method`` is sudo, su or doas."""

    user: str = "root"
    method: str = "sudo"
    password: str | None = field(default=None, repr=False)
    flags: str | None = None
    exe: str | None = None
