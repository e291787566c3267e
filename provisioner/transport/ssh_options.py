"""What OpenSSH's configuration says about a target: words for the client, then the user's file, then the system's."""

from __future__ import annotations

import getpass
import shlex
from collections.abc import Callable
from pathlib import Path

from paramiko.config import SSHConfig
from paramiko.ssh_exception import ConfigParseError

from provisioner.diagnostics.errors import Unreachable
from provisioner.diagnostics.home import expanded
from provisioner.model.target import Target
from provisioner.records import dataclass

from .ssh_words import client_options, keepalive, own_value

HONOURED_OPTIONS = """
    port user hostname identityfile identitiesonly proxyjump proxycommand connecttimeout userknownhostsfile
    globalknownhostsfile stricthostkeychecking hostkeyalias compression serveraliveinterval"""
HARMLESS_OPTIONS = """
    controlmaster controlpath controlpersist batchmode loglevel passwordauthentication kbdinteractiveauthentication
    pubkeyauthentication preferredauthentications numberofpasswordprompts serveralivecountmax tcpkeepalive
    addkeystoagent gssapiauthentication hashknownhosts checkhostip updatehostkeys visualhostkey forwardx11
    challengeresponseauthentication forwardagent sendenv setenv escapechar requesttty ipqos canonicalizehostname
    addressfamily exitonforwardfailure connectionattempts"""
HONOURED = frozenset(HONOURED_OPTIONS.split())
HARMLESS = frozenset(HARMLESS_OPTIONS.split())
MAX_INCLUDES = 16
DEFAULT_KEYS = ("~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa")
DEFAULT_KNOWN_HOSTS = ("~/.ssh/known_hosts", "~/.ssh/known_hosts2")
SYSTEM_KNOWN_HOSTS = ("/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2")


@dataclass(frozen=True, slots=True)
class Route:
    """How a target is reached once every source of settings has been asked."""

    host: str
    port: int
    user: str
    keys: tuple[str, ...]
    default_keys: tuple[str, ...]
    identities_only: bool
    jumps: tuple[str, ...]
    proxy_command: str
    connect_timeout_s: float
    keepalive_s: float
    known_hosts: tuple[str, ...]
    checking: str
    key_name: str
    compression: bool


def route(target: Target, notice: Callable[[str], None]) -> Route:
    """Return the way to ``target``; options in ``ssh_args`` that are not understood here are named by ``notice``."""
    options = client_options(target.ssh_args)
    _refuse_stray(target, options)
    _name_unknown(target, options, notice)
    name = target.address or target.host
    found = _config(target, options).lookup(name)
    host = str(found.get("hostname", name))
    port = target.port or int(found.get("port", 22))
    jump = str(found.get("proxyjump", "none"))
    command = str(found.get("proxycommand", "none"))
    keys = [target.private_key] if target.private_key else []
    keys += [key for key in found.get("identityfile", []) if key not in keys]
    return Route(
        host=host,
        port=port,
        user=target.user or str(found.get("user", "")) or getpass.getuser(),
        keys=tuple(_expanded(key) for key in keys),
        default_keys=() if keys else tuple(key for key in map(_expanded, DEFAULT_KEYS) if Path(key).is_file()),
        identities_only=found.get("identitiesonly") == "yes",
        jumps=tuple(hop.strip() for hop in jump.split(",")) if jump.lower() != "none" else (),
        proxy_command=command if command.lower() != "none" else "",
        connect_timeout_s=float(own_value(options, "connecttimeout") or target.connect_timeout_s),
        keepalive_s=keepalive(target),
        known_hosts=_known_hosts(target, found),
        checking=_checking(target, str(found.get("stricthostkeychecking", ""))),
        key_name=_key_name(str(found.get("hostkeyalias", "")), host, port),
        compression=found.get("compression") == "yes",
    )


def _refuse_stray(target: Target, options: list[tuple[str, str]]) -> None:
    stray = next((name for name, value in options if not value and not name.startswith("-")), "")
    if stray:
        raise Unreachable(f"host {target.host}: '{stray}' stands among the ssh options, and is none that has a value")


def _name_unknown(target: Target, options: list[tuple[str, str]], notice: Callable[[str], None]) -> None:
    unknown = sorted({name for name, _value in options if name.lower() not in HONOURED | HARMLESS})
    if unknown:
        notice(
            f"host {target.host}: ssh options without effect on the built-in client: {', '.join(unknown)}"
            " (ansible_connection=openssh uses the system's client)"
        )


def _config(target: Target, options: list[tuple[str, str]]) -> SSHConfig:
    """Return one configuration in which the first mention wins, as in the client."""
    lines = ["Host *", *(f"    {name} {value}" for name, value in options if name.lower() in HONOURED)]
    explicit = target.ssh_config or own_value(options, "-f")
    files = [explicit] if explicit else ["~/.ssh/config", "/etc/ssh/ssh_config"]
    for name in files:
        path = Path(_expanded(name))
        if path.is_file():
            lines.append("Host *")
            lines += _lines(path, target)
        elif explicit:
            raise Unreachable(f"host {target.host}: the ssh configuration {path} does not exist")
    config = SSHConfig()
    try:
        config.parse(lines)
    except ConfigParseError as error:
        raise Unreachable(f"host {target.host}: the ssh configuration cannot be read: {error}") from None
    return config


def _lines(path: Path, target: Target, depth: int = 0) -> list[str]:
    """Return a configuration file's lines with those of included files in their place."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise Unreachable(f"host {target.host}: {path} cannot be read: {error.strerror}") from None
    lines = []
    for line in text.splitlines():
        words = line.split()
        if words and words[0].lower() == "include" and depth < MAX_INCLUDES:
            for pattern in words[1:]:
                folder = path.parent if path.parent == Path("/etc/ssh") else expanded("~/.ssh")
                wanted = folder / expanded(pattern)
                for name in sorted(Path(wanted.anchor).glob(str(wanted.relative_to(wanted.anchor)))):
                    lines += _lines(name, target, depth + 1)
        else:
            lines.append(line)
    return lines


def _known_hosts(target: Target, found: dict[str, str]) -> tuple[str, ...]:
    named = [target.known_hosts] if target.known_hosts else []
    configured = shlex.split(str(found.get("userknownhostsfile", "")))
    system = shlex.split(str(found.get("globalknownhostsfile", "")))
    files = [*named, *(configured or DEFAULT_KNOWN_HOSTS), *(system or SYSTEM_KNOWN_HOSTS)]
    return tuple(dict.fromkeys(_expanded(name) for name in files))


def _checking(target: Target, configured: str) -> str:
    """Return ``yes``, ``accept-new`` or ``no``; ``ask`` becomes ``yes``, because nobody is asked."""
    if target.host_key_checking != "yes":
        return target.host_key_checking
    return {"accept-new": "accept-new", "no": "no", "off": "no"}.get(configured.lower(), "yes")


def _key_name(alias: str, host: str, port: int) -> str:
    if alias:
        return alias
    return host if port == 22 else f"[{host}]:{port}"


def _expanded(path: str) -> str:
    return str(expanded(path))
