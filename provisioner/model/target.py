"""How a host is reached and as whom: the connection variables of a host, resolved."""

from __future__ import annotations

from dataclasses import field

from provisioner.records import dataclass


@dataclass(frozen=True, slots=True)
class Plugin:
    """A connection plugin of somebody else's: which one, where it is looked for, and what it is told.

    ``python`` is the interpreter of the ansible-core installation it runs with, ``variables`` a JSON object of the
    variables that it and its shell look at.
    """

    name: str
    python: str
    folders: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    variables: str = field(default="{}", repr=False)
    shell: str | None = None
    executable: str | None = None
    verbosity: int = 0


@dataclass(frozen=True, slots=True)
class Files:
    """How programs get to a host where they are put there as files, for each request anew.

    ``folder`` holds them; ``shared`` are the folders to be tried where another user, none of ``admins``, has to read
    them: one that ``group`` is for, or with ``is_open`` everybody. ``keeps``: they stay there.
    """

    folder: str = "~/.ansible/tmp"
    shared: tuple[str, ...] = ("/var/tmp", "/tmp")  # noqa: S108 - a private folder is made in it
    admins: tuple[str, ...] = ("root", "toor")
    group: str = ""
    is_open: bool = False
    keeps: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """Everything needed to open a connection. Passwords are kept out of every text form.

    ``connection`` names a connection type (``ssh``, ``openssh``, ``local``). ``ssh_args`` are the OpenSSH client's
    words from ``ansible_ssh_common_args`` and ``ansible_ssh_extra_args``. ``host_key_checking`` is ``yes`` (only known
    keys), ``accept-new`` (unknown keys are stored and named, changed ones refused) or ``no``.
    ``python`` is the interpreter's path, or ``auto`` to discover one. ``plugin``: the connection is a plugin's.
    ``files``: requests are put there as files, and no worker stays.
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
    plugin: Plugin | None = None
    files: Files | None = None


@dataclass(frozen=True, slots=True)
class Become:
    """As whom the worker runs where that is not the login user. ``method`` is sudo, su or doas."""

    user: str = "root"
    method: str = "sudo"
    password: str | None = field(default=None, repr=False)
    flags: str | None = None
    exe: str | None = None
