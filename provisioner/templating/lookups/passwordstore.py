"""Passwords of the standard Unix password store (``pass``)."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import Any

from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.position import Source
from provisioner.remote.params import boolean
from provisioner.syntax import yaml
from provisioner.templating.context import LookupContext
from provisioner.templating.errors import LookupFailed
from provisioner.templating.inline_options import split_options
from provisioner.templating.passwords import random_text

OPTIONS = ("create", "length", "nosymbols", "subkey", "returnall", "directory", "passwordstore", "missing", "overwrite",
           "backup", "userpass", "umask", "backend", "timestamp", "preserve", "missing_subkey", "lock",
           "locktimeout")  # fmt: skip
WAIT_S = 60


def run(terms: list[object], context: LookupContext, **options: Any) -> list[object]:
    """Return the password (first line) of each entry, or with ``subkey`` the value of a key below it.

    Options: create, length (16), nosymbols, userpass, overwrite, backup, subkey, returnall, directory,
    missing (error, warn, empty, create).
    """
    del context
    return [_password(*split_options(term, OPTIONS, options)) for term in terms]


def _password(name: str, options: dict[str, Any]) -> object:
    program = str(options.get("backend", "pass"))
    if shutil.which(program) is None:
        raise LookupFailed(f"passwordstore: there is no program '{program}' on this machine; install it")
    text = _pass([program, "show", name], options)
    creates = boolean(options.get("create", False)) or options.get("missing") == "create"
    if text is None and not creates:
        if options.get("missing", "error") in ("empty", "warn"):
            return None
        raise LookupFailed(f"passwordstore: passname {name} not found and missing=error is set")
    if text is None or boolean(options.get("overwrite", False)):
        return _create(program, name, text, options)
    return _wanted(text, name, options)


def _wanted(text: str, name: str, options: dict[str, Any]) -> object:
    if boolean(options.get("returnall", False)):
        return text.rstrip("\n")
    first, _, rest = text.partition("\n")
    subkey = str(options.get("subkey", "password"))
    if subkey == "password":
        return first
    try:
        values = yaml.load(Source(name, rest))
    except InputError:
        values = None
    pairs = values if isinstance(values, dict) else dict(_pairs(rest))
    if subkey not in pairs and options.get("missing_subkey") == "error":
        raise LookupFailed(f"passwordstore: subkey {subkey} for passname {name} not found")
    return pairs.get(subkey)


def _pairs(text: str) -> list[tuple[str, str]]:
    parts = [line.partition(":") for line in text.splitlines()]
    return [(key.strip(), value.strip()) for key, colon, value in parts if colon]


def _create(program: str, name: str, known: str | None, options: dict[str, Any]) -> str:
    length = int(options.get("length", 16))
    symbols = not boolean(options.get("nosymbols", False))
    password = str(options.get("userpass") or random_text(length, symbols=symbols))
    rest = known.partition("\n")[2] if known else ""
    if _pass([program, "insert", "-f", "-m", name], options, f"{password}\n{rest}") is None:
        raise LookupFailed(f"passwordstore: '{name}' could not be written")
    return password


def _pass(argv: list[str], options: dict[str, Any], given: str | None = None) -> str | None:
    environment = dict(os.environ)
    folder = options.get("directory") or options.get("passwordstore")
    if folder:
        environment["PASSWORD_STORE_DIR"] = os.path.expanduser(str(folder))  # noqa: PTH111 - a text for the program
    done = subprocess.run(
        argv, input=given, env=environment, capture_output=True, text=True, check=False, timeout=WAIT_S
    )
    if done.returncode == 0:
        return done.stdout
    if "is not in the password store" in done.stderr or given is not None:
        return None
    raise LookupFailed(f"passwordstore: {done.stderr.strip() or 'pass failed'}")
