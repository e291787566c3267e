"""The options of a run with the configuration below them: what was given on the command line always wins."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import replace

from provisioner.app.settings import Settings
from provisioner.configuration.configuration import Configuration
from provisioner.configuration.table import table
from provisioner.model.options import RunOptions

OWN_CONNECTIONS = frozenset({"ssh", "smart", "paramiko", "paramiko_ssh"})
"""What ``transport`` may say and is what we do anyway."""


def settled(options: RunOptions, settings: Settings) -> RunOptions:
    """Return the options with the settings below them."""
    found, plain = settings.configuration, RunOptions()
    below: dict[str, object] = {
        "forks": settings.forks,
        "timeout_s": settings.timeout_s,
        "tags": found.texts("TAGS_RUN"),
        "skip_tags": found.texts("TAGS_SKIP"),
        "verbosity": int(found.number("DEFAULT_VERBOSITY") or 0),
        "diff": found.flag("DIFF_ALWAYS"),
        "force_handlers": settings.force_handlers,
        "host_key_checking": _host_keys(settings),
    }
    below |= _connecting(options, settings)
    changes = {name: value for name, value in below.items() if value and getattr(options, name) == getattr(plain, name)}
    words = (*options.ssh_args, *_ssh_words(found))
    return replace(options, **changes, ssh_args=words, policy=settings.policy)  # type: ignore[arg-type]


def _host_keys(settings: Settings) -> str:
    if not settings.host_key_checking:
        return "no"
    return "accept-new" if settings.configuration.flag("PARAMIKO_HOST_KEY_AUTO_ADD") else "yes"


def _connecting(options: RunOptions, settings: Settings) -> dict[str, object]:
    """Return the settings about logins and other users."""
    found = settings.configuration
    transport, port = found.text("DEFAULT_TRANSPORT") or "", found.number("DEFAULT_REMOTE_PORT")
    return {
        "remote_user": settings.remote_user,
        "private_key": settings.private_key_file,
        "connection": "" if transport in OWN_CONNECTIONS else transport,
        "become": found.flag("DEFAULT_BECOME"),
        "become_user": _given(found, "DEFAULT_BECOME_USER"),
        "become_method": _given(found, "DEFAULT_BECOME_METHOD"),
        "become_exe": _of_method(options, found, "become_exe"),
        "become_flags": _of_method(options, found, "become_flags"),
        "become_password": _of_method(options, found, "become_pass"),
        "port": int(port) if port else None,
        "python": found.text("INTERPRETER_PYTHON"),
    }


def _ssh_words(found: Configuration) -> Iterator[str]:
    """Yield the words of the SSH client's options that somebody set."""
    for name in ("ssh_args", "ssh_common_args", "ssh_extra_args"):
        yield from shlex.split(_given(found, f"connection/ssh/{name}") or "")


def _of_method(options: RunOptions, found: Configuration, option: str) -> str | None:
    """Return an option of the way to become another user: what its own section says, else what all have."""
    method = options.become_method or found.text("DEFAULT_BECOME_METHOD")
    names = (f"become/{method}/{option}", f"DEFAULT_{option.upper()}")
    return next((_given(found, name) for name in names if name in table().settings), None)


def _given(found: Configuration, name: str) -> str | None:
    """Return a text somebody set; what nobody set is for the connection to decide."""
    return found.text(name) or None if found.given(name) else None
