"""Options that several commands share, and what becomes of them: RunOptions and the secrets that were asked for."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from provisioner.app.credentials import Asked, Credentials, gather
from provisioner.cli.asking import ask_secret
from provisioner.loading.keywords import seconds_of
from provisioner.loading.variables import extra_variables
from provisioner.model.options import AT_LOAD, AT_RUN, RunOptions


def add_inventory_options(parser: argparse.ArgumentParser) -> None:
    """Declare where hosts come from and which of them count."""
    parser.add_argument(
        "-i", "--inventory", "--inventory-file", action="append", default=[], metavar="INVENTORY",
        help="inventory file or folder, or a list of host names with a comma; may be repeated",
    )  # fmt: skip
    parser.add_argument("-l", "--limit", metavar="PATTERN", help="work on these hosts only")


def add_variable_options(parser: argparse.ArgumentParser) -> None:
    """Declare extra variables and vault passwords."""
    parser.add_argument(
        "-e", "--extra-vars", action="append", default=[], metavar="VARS",
        help="variables as key=value, YAML, JSON or @FILE; they win over all others; may be repeated",
    )  # fmt: skip
    add_vault_options(parser)


def add_vault_options(parser: argparse.ArgumentParser) -> None:
    """Declare where vault passwords come from."""
    group = parser.add_argument_group("vault")
    group.add_argument("--vault-id", action="append", default=[], metavar="ID@SOURCE",
                       help="a vault password by id; SOURCE is 'prompt', a file or an executable")  # fmt: skip
    group.add_argument("--vault-password-file", "--vault-pass-file", action="append", default=[], metavar="FILE",
                       help="a file or executable that holds a vault password")  # fmt: skip
    group.add_argument("-J", "--ask-vault-pass", "--ask-vault-password", action="store_true",
                       help="ask for a vault password")  # fmt: skip


def add_connection_options(parser: argparse.ArgumentParser) -> None:
    """Declare how hosts are reached and as whom."""
    group = parser.add_argument_group("connection")
    group.add_argument("-u", "--user", dest="remote_user", metavar="USER", help="log in as this user")
    group.add_argument("-c", "--connection", metavar="TYPE", help="connection type: ssh, openssh or local")
    group.add_argument("--private-key", "--key-file", metavar="FILE", help="log in with this key")
    group.add_argument("-T", "--timeout", type=float, metavar="SECONDS", help="give up connecting after this long")
    group.add_argument("--ssh-common-args", metavar="ARGS", help="arguments for every SSH connection")
    group.add_argument("--ssh-extra-args", metavar="ARGS", help="further arguments for SSH connections")
    group.add_argument("-f", "--forks", type=_positive, metavar="N", help="work on this many hosts at once")
    add_login_password(group)
    become = parser.add_argument_group("becoming another user")
    become.add_argument("-b", "--become", action="store_true", help="become another user (root if none is named)")
    become.add_argument("--become-user", metavar="USER", help="become this user")
    become.add_argument("--become-method", metavar="METHOD", help="sudo, su or doas")
    add_become_password(become)


def add_login_password(parser: argparse._ActionsContainer) -> None:
    """Declare where the login password comes from."""
    secret = parser.add_mutually_exclusive_group()
    secret.add_argument("-k", "--ask-pass", action="store_true", help="ask for the login password")
    secret.add_argument("--connection-password-file", "--conn-pass-file", metavar="FILE", help="read it from a file")


def add_become_password(parser: argparse._ActionsContainer) -> None:
    """Declare where the password for becoming another user comes from."""
    secret = parser.add_mutually_exclusive_group()
    secret.add_argument("-K", "--ask-become-pass", action="store_true", help="ask for the password this takes")
    secret.add_argument("--become-password-file", "--become-pass-file", metavar="FILE", help="read it from a file")


def add_mode_options(parser: argparse.ArgumentParser) -> None:
    """Declare check mode, diff and verbosity."""
    parser.add_argument("-C", "--check", action="store_true", help="change nothing; say what would change")
    parser.add_argument("-D", "--diff", action="store_true", help="show what changes inside files")
    add_verbosity(parser)


def add_strictness(parser: argparse.ArgumentParser) -> None:
    """Declare when mistakes in tasks count."""
    parser.add_argument(
        "--mistakes", choices=(AT_LOAD, AT_RUN),
        help="at-load (default): a mistake in any task refuses the run; at-run: what Ansible finds only when a task "
        "runs fails that task alone",
    )  # fmt: skip


def add_owed(parser: argparse.ArgumentParser) -> None:
    """Declare what happens to handlers that earlier runs left owing."""
    parser.add_argument(
        "--leave-owed", action="store_true", help="do not run handlers that earlier runs of this playbook left owing"
    )


def add_contact(parser: argparse.ArgumentParser) -> None:
    """Declare how a run shares its hosts, and how long it seeks them."""
    parser.add_argument(
        "--share", action="store_true", help="work on hosts even while another run does; else that is refused"
    )
    parser.add_argument(
        "--reconnect", type=float, metavar="SECONDS",
        help="seek a host for so long when contact is lost, then go on where it was (default: 60; 0 never)",
    )  # fmt: skip


def add_time_limit(parser: argparse.ArgumentParser) -> None:
    """Declare how long a run may take."""
    parser.add_argument(
        "--max-time", type=_duration, metavar="TIME",
        help="stop as Ctrl-C does when the run takes longer (seconds, or 90s, 30m, 2h); it can be resumed",
    )  # fmt: skip


def add_ignore_window(parser: argparse.ArgumentParser) -> None:
    """Declare the way past a window that is shut."""
    parser.add_argument(
        "--ignore-window", metavar="REASON", help="start plays outside their windows, too; the reason is in the record"
    )


def add_verbosity(parser: argparse.ArgumentParser) -> None:
    """Declare ``-v``."""
    parser.add_argument("-v", "--verbose", action="count", default=0, help="say more; may be repeated")


def credentials_from(arguments: argparse.Namespace, warn: Callable[[str], None] | None = None) -> Credentials:
    """Return the passwords that were asked for, asking the user for those that have no file; ``warn`` as for gather."""
    get = vars(arguments).get
    asked = Asked(
        vault_ids=tuple(get("vault_id") or ()),
        vault_password_files=tuple(get("vault_password_file") or ()),
        ask_vault=bool(get("ask_vault_pass")),
        ask_connection=bool(get("ask_pass")),
        ask_become=bool(get("ask_become_pass")),
        connection_password_file=get("connection_password_file"),
        become_password_file=get("become_password_file"),
    )
    return gather(asked, ask_secret, warn=warn)


UNLESS = {"exclusive": "share", "pays_owed": "leave_owed"}
"""Options that hold unless a flag says otherwise; where a command has no such flag they do not."""
SECONDS = {"reconnect_s": "reconnect", "timeout_s": "timeout", "max_time_s": "max_time"}


def run_options(
    arguments: argparse.Namespace, credentials: Credentials, warn: Callable[[str], None] | None = None
) -> RunOptions:
    """Return the options that were given; what was not given keeps its default. ``warn``: as for extra_variables."""
    get = vars(arguments).get
    names = ("limit", "connection", "remote_user", "private_key", "become_user", "become_method", "start_at_task",
             "mistakes", "ignore_window")  # fmt: skip
    flags = ("check", "diff", "become", "step", "force_handlers", "flush_cache")
    given = RunOptions(
        inventories=tuple(get("inventory") or ()),
        verbosity=get("verbose") or 0,
        extra_vars=extra_variables(get("extra_vars") or (), credentials.vault, warn=warn),
        connection_password=credentials.connection_password,
        become_password=credentials.become_password,
        library=tuple(str(Path(p).absolute()) for each in get("module_path") or () for p in each.split(":") if p),
        ssh_args=tuple(shlex.split(get("ssh_common_args") or "") + shlex.split(get("ssh_extra_args") or "")),
    )
    changes: dict[str, object] = {name: get(name) for name in (*names, "forks") if get(name) is not None}
    changes |= {name: True for name in flags if get(name)}
    changes |= {option: True for option, name in UNLESS.items() if get(name) is False}
    changes |= {option: get(name) for option, name in SECONDS.items() if get(name) is not None}
    changes |= {name: words for name in ("tags", "skip_tags") if (words := _split(get(name) or ()))}
    return replace(given, **changes)  # type: ignore[arg-type]


def _split(words: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(tag.strip() for word in words for tag in word.split(",") if tag.strip())


def _duration(text: str) -> float:
    seconds = seconds_of(text)
    if not seconds:
        raise argparse.ArgumentTypeError(f"'{text}' is not a duration: write seconds, or 90s, 5m, 2h")
    return seconds


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number
