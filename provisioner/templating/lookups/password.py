"""Random passwords, kept in files of the controller."""

from __future__ import annotations

import os
import random
import shlex
import string
from contextlib import suppress
from pathlib import Path
from typing import Any

from provisioner.diagnostics.home import expanded
from provisioner.templating.context import LookupContext
from provisioner.templating.errors import LookupFailed
from provisioner.templating.passwords import SAME_AS, SCHEMES, hashed, random_salt

DEFAULT_LENGTH = 20
CHARACTERS = ("ascii_letters", "digits", ".,:-_")
OPTIONS = ("length", "encrypt", "chars", "ident", "seed")


def run(terms: list[object], context: LookupContext, **options: Any) -> list[object]:
    """Return the password kept in each file; where there is none, one is made and kept (``/dev/null``: not kept).

    Options: length (20), chars (sets of Python's string module or characters), encrypt, seed, ident; also written as
    ``/path/file length=15 chars=digits``.
    """
    return [_password(str(term), dict(options), context) for term in terms]


def _password(term: str, options: dict[str, Any], context: LookupContext) -> str:
    path, written = _split(term)
    options = {**written, **options}
    strange = set(options) - set(OPTIONS)
    if strange:
        raise LookupFailed(f"unknown option {', '.join(sorted(strange))}; there are {', '.join(OPTIONS)}")
    encrypt = options.get("encrypt")
    file = _place(path, context)
    kept, salt = _read(file) if file else ("", "")
    password = kept or _made(options)
    kind = SAME_AS.get(str(encrypt), str(encrypt))
    fresh = not kept
    if encrypt and not salt:
        size = SCHEMES[kind].salt_size if kind in SCHEMES else 16
        salt, fresh = random_salt(min(size, 22)), True
    if file and fresh:
        _keep(file, password, salt if encrypt else "")
    context.settings.on_secret(password)
    if not encrypt:
        return password
    return hashed(password, str(encrypt), salt=salt, ident=options.get("ident"))


def _split(term: str) -> tuple[str, dict[str, Any]]:
    words = shlex.split(term)
    first = next((at for at, word in enumerate(words) if word.split("=")[0] in OPTIONS and "=" in word), len(words))
    return " ".join(words[:first]), dict(word.split("=", 1) for word in words[first:] if "=" in word)


def _place(path: str, context: LookupContext) -> Path | None:
    if path == "/dev/null":
        return None
    place = expanded(path)
    if place.is_absolute():
        return place
    found = context.scope.find("playbook_dir")
    return (Path(str(found.value)) if found is not None else Path()) / place


def _read(file: Path) -> tuple[str, str]:
    """Return password and salt of a file; empty where there is none."""
    if not file.exists():
        return "", ""
    content = file.read_text("utf-8").rstrip()
    password, _, rest = content.partition(" salt=")
    return password, rest.split(" ident=")[0]


def _keep(file: Path, password: str, salt: str) -> None:
    """Write the file for its owner alone; a file made meanwhile by somebody else is never overwritten in part."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = file.with_name(f".{file.name}.{os.getpid()}")
    with suppress(FileNotFoundError):
        new.unlink()
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(password + (f" salt={salt}" if salt else "") + "\n")
    new.replace(file)


def _made(options: dict[str, Any]) -> str:
    seed = options.get("seed")
    source = random.SystemRandom() if seed is None else random.Random(seed)  # noqa: S311 - a seed is asked for
    characters = _characters(options.get("chars"))
    return "".join(source.choice(characters) for _ in range(int(options.get("length", DEFAULT_LENGTH))))


def _characters(chars: object) -> str:
    if isinstance(chars, str):
        sets = [part for part in chars.replace(",,", ",\0").split(",") if part]
        sets = ["," if part == "\0" else part for part in sets]
    else:
        sets = [str(part) for part in chars] if isinstance(chars, (list, tuple)) else list(CHARACTERS)
    joined = "".join(getattr(string, name, name) for name in sets)
    return joined.replace('"', "").replace("'", "")
