"""The options of a run with the configuration below them: what was given on the command line always wins."""

from __future__ import annotations

import shlex
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
    tags, skipped = found.texts("TAGS_RUN"), found.texts("TAGS_SKIP")
    keys = "accept-new" if found.flag("PARAMIKO_HOST_KEY_AUTO_ADD") else "yes"
    keys = keys if settings.host_key_checking else "no"
    return replace(
        _connecting(options, found),
        remote_user=options.remote_user or settings.remote_user,
        private_key=options.private_key or settings.private_key_file,
        forks=settings.forks if settings.forks and options.forks == plain.forks else options.forks,
        timeout_s=settings.timeout_s
        if settings.timeout_s and options.timeout_s == plain.timeout_s
        else options.timeout_s,
        force_handlers=options.force_handlers or settings.force_handlers,
        host_key_checking=keys if options.host_key_checking == plain.host_key_checking else options.host_key_checking,
        diff=options.diff or found.flag("DIFF_ALWAYS"),
        tags=tags if tags and options.tags == plain.tags else options.tags,
        skip_tags=options.skip_tags or skipped,
        verbosity=options.verbosity or int(found.number("DEFAULT_VERBOSITY") or 0),
        policy=settings.policy,
    )


def _connecting(options: RunOptions, found: Configuration) -> RunOptions:
    """Return the options with the settings about logins and other users below them."""
    transport = found.text("DEFAULT_TRANSPORT") or ""
    port, python = found.number("DEFAULT_REMOTE_PORT"), found.text("INTERPRETER_PYTHON")
    names = ("ssh_args", "ssh_common_args", "ssh_extra_args")
    words = [found.text(f"connection/ssh/{name}") or "" for name in names if found.given(f"connection/ssh/{name}")]
    return replace(
        options,
        connection=options.connection or (None if transport in OWN_CONNECTIONS else transport or None),
        become=options.become or found.flag("DEFAULT_BECOME"),
        become_user=options.become_user or _given(found, "DEFAULT_BECOME_USER"),
        become_method=options.become_method or _given(found, "DEFAULT_BECOME_METHOD"),
        become_exe=options.become_exe or _of_method(options, found, "become_exe"),
        become_flags=options.become_flags or _of_method(options, found, "become_flags"),
        port=options.port or (int(port) if port else None),
        python=options.python or python,
        ssh_args=(*options.ssh_args, *(each for text in words for each in shlex.split(text))),
    )


def _of_method(options: RunOptions, found: Configuration, option: str) -> str | None:
    """Return an option of the way to become another user: what its own section says, else what all have."""
    method = options.become_method or found.text("DEFAULT_BECOME_METHOD")
    name = f"become/{method}/{option}"
    return _given(found, name if name in table().settings else f"DEFAULT_{option.upper()}")


def _given(found: Configuration, name: str) -> str | None:
    """Return a text somebody set; what nobody set is for the connection to decide."""
    return found.text(name) or None if found.given(name) else None
