"""The words of an OpenSSH client's command line: pairs of option and value. Paramiko need not be there to read them."""

from __future__ import annotations

from provisioner.model.target import Target

WORD_OPTIONS = {"-p": "Port", "-l": "User", "-i": "IdentityFile", "-J": "ProxyJump"}
FLAGS = "4 6 A a C f G g K k M N n q s T t tt v vv vvv X x Y y"
VALUED_FLAGS = "B b c D E e I L m O Q R S W w"
MEANINGLESS_FLAGS = frozenset(FLAGS.split())
TAKES_VALUE = frozenset(VALUED_FLAGS.split())


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


def keepalive(target: Target) -> float:
    """Return how many seconds of silence are followed by a sign of life; 0 where none is wanted."""
    if target.connection == "local":
        return 0.0
    return float(own_value(client_options(target.ssh_args), "serveraliveinterval") or target.keepalive_s)


def own_value(options: list[tuple[str, str]], name: str) -> str:
    """Return the value of an option where it is given, else nothing."""
    return next((value for option, value in options if option.lower() == name), "")
