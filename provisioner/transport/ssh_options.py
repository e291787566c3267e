"""What OpenSSH's configuration says about a target: words for the client, then the user's file, then the system's."""

from __future__ import annotations

import getpass
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from paramiko.config import SSHConfig
from paramiko.ssh_exception import ConfigParseError

from provisioner.diagnostics.errors import Unreachable
from provisioner.model.target import Target

WORD_OPTIONS = {"-p": "Port", "-l": "User", "-i": "IdentityFile", "-J": "ProxyJump"}
FLAGS = "4 6 A a C f G g K k M N n q s T t tt v vv vvv X x Y y"
VALUED_FLAGS = "B b c D E e I L m O Q R S W w"
HONOURED_OPTIONS = """
    port user hostname identityfile identitiesonly proxyjump proxycommand connecttimeout userknownhostsfile
    globalknownhostsfile stricthostkeychecking hostkeyalias compression serveraliveinterval"""
HARMLESS_OPTIONS = """
    controlmaster controlpath controlpersist batchmode loglevel passwordauthentication kbdinteractiveauthentication
    pubkeyauthentication preferredauthentications numberofpasswordprompts serveralivecountmax tcpkeepalive
    addkeystoagent gssapiauthentication hashknownhosts checkhostip updatehostkeys visualhostkey forwardx11
    challengeresponseauthentication forwardagent sendenv setenv escapechar requesttty ipqos canonicalizehostname
    addressfamily exitonforwardfailure connectionattempts"""
MEANINGLESS_FLAGS = frozenset(FLAGS.split())
TAKES_VALUE = frozenset(VALUED_FLAGS.split())
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
        connect_timeout_s=float(_own(options, "connecttimeout") or target.connect_timeout_s),
        keepalive_s=keepalive(target),
        known_hosts=_known_hosts(target, found),
        checking=_checking(target, str(found.get("stricthostkeychecking", ""))),
        key_name=_key_name(str(found.get("hostkeyalias", "")), host, port),
        compression=found.get("compression") == "yes",
    )


def keepalive(target: Target) -> float:
    """Return how many seconds of silence are followed by a sign of life; 0 where none is wanted."""
    if target.connection == "local":
        return 0.0
    return float(_own(client_options(target.ssh_args), "serveraliveinterval") or target.keepalive_s)


def _name_unknown(target: Target, options: list[tuple[str, str]], notice: Callable[[str], None]) -> None:
    unknown = sorted({name for name, _value in options if name.lower() not in HONOURED | HARMLESS})
    if unknown:
        notice(
            f"host {target.host}: ssh options without effect on the built-in client: {', '.join(unknown)}"
            " (ansible_connection=openssh uses the system's client)"
        )


def client_options(words: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return the (option, value) pairs in an OpenSSH client's words; flags without meaning here are left out."""
    options: list[tuple[str, str]] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        flag, glued = word[:2], word[2:]
        if word == "-C":
            options.append(("Compression", "yes"))
        elif flag in WORD_OPTIONS or flag in {"-o", "-F"} or (flag[:1] == "-" and flag[1:] in TAKES_VALUE):
            value = glued or (rest.pop(0) if rest else "")
            options.append(_pair(value) if flag == "-o" else (WORD_OPTIONS.get(flag, flag), value))
        elif word[1:] not in MEANINGLESS_FLAGS:
            options.append((word, ""))
    return options


def _pair(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or " " in name.strip():
        name, _separator, value = text.strip().partition(" ")
    return name.strip(), value.strip().strip('"')


def _own(options: list[tuple[str, str]], name: str) -> str:
    return next((value for option, value in options if option.lower() == name), "")


def _config(target: Target, options: list[tuple[str, str]]) -> SSHConfig:
    """Return one configuration in which the first mention wins, as in the client."""
    lines = ["Host *", *(f"    {name} {value}" for name, value in options if name.lower() in HONOURED)]
    explicit = target.ssh_config or _own(options, "-f")
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
                folder = path.parent if path.parent == Path("/etc/ssh") else Path("~/.ssh").expanduser()
                wanted = folder / Path(pattern).expanduser()
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
    return str(Path(path).expanduser())
