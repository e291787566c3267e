"""Add and remove the keys that rpm trusts.

The program rpm does the work. Tested with rpm on Debian.
"""

import os
import re
import ssl
import urllib.request
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..openpgp import NoKey, keys_of
from ..params import Parameters, optional, required
from ..system import System

TRAITS = Traits(locks=("rpm",))
ID = re.compile(r"^(?:0x)?([0-9a-fA-F]{8}|[0-9a-fA-F]{16}|[0-9a-fA-F]{40})$")


class Params(Parameters):
    """One key."""

    key: str = required("str", "Its file on the host, its address, or (to remove it) its id.", no_log=False)
    state: str = optional("str", "Whether it is trusted.", "present", choices=("absent", "present"))
    validate_certs: bool = optional("bool", "Whether to check the certificate of the address.", True)
    fingerprint: Optional[List[str]] = optional("list", "Fingerprints, one of which the key must have.", elements="str")


class State(NamedTuple):
    """The key's content and fingerprints as far as there are any, and the short ids that rpm has."""

    content: bytes
    found: List[str]
    trusted: List[str]


def inspect(params: Params, system: System) -> State:
    """Read the key, and ask rpm for those it has."""
    content = b""
    named = ID.match(params.key)
    if "://" in params.key:
        content = _download(params)
    elif system.files.is_file(params.key):
        content = system.files.read(params.key)
    elif not named or params.state == "present":
        raise Failed("Not a valid key %s" % params.key)
    found = [named.group(1).upper() if named else ""]
    if content:
        try:
            found = [key.fingerprints[0] for key in keys_of(content)]
        except NoKey:
            raise Failed("Not a public key: %s" % params.key) from None
    done = system.commands.run(["rpm", "-q", "gpg-pubkey"])
    ids = [line.split("-")[2].upper() for line in done.out.splitlines() if line.count("-") >= 3]
    return State(content, found, ids)


def _download(params: Params) -> bytes:
    context = ssl.create_default_context()
    if not params.validate_certs:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with urllib.request.urlopen(params.key, timeout=30, context=context) as answer:  # noqa: S310 - as asked
            content: bytes = answer.read()
    except OSError as error:
        raise Failed("failed to fetch key at %s , error was: %s" % (params.key, error)) from error
    return content


def plan(params: Params, state: State) -> Change:
    """Compare by the last eight digits, which is what rpm calls a key."""
    wanted = {each.replace(" ", "").upper() for each in params.fingerprint or ()}
    if wanted and state.content and not wanted & set(state.found):
        raise Failed(
            "The specified fingerprint, '%s', does not match any key fingerprints in '%s'"
            % (", ".join(params.fingerprint or ()), ", ".join(state.found))
        )
    ids = [each[-8:] for each in state.found]
    there = [each for each in ids if each in state.trusted]
    if params.state == "present":
        missing = len(there) < len(ids)
        return Change(missing, "import", diff=_diff("", state.found) if missing else None)
    return Change(bool(there), there, diff=_diff(there, "") if there else None)


def _diff(before: Any, after: Any) -> Dict[str, str]:
    return {side: "".join("%s\n" % each for each in ids) for side, ids in (("before", before), ("after", after))}


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Hand the key to rpm, or take its package away."""
    if change.todo == "import":
        path = os.path.join(system.tmp, "rpm-key")
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(change.state.content)
            calls = [["rpm", "--import", path]]
            _run(calls, system)
        finally:
            os.unlink(path)
        return None
    _run([["rpm", "--erase", "--allmatches", "gpg-pubkey-%s" % each.lower()] for each in change.todo], system)
    return None


def _run(calls: List[List[str]], system: System) -> None:
    for call in calls:
        done = system.commands.run(call)
        if done.rc != 0:
            raise Failed("rpm failed: %s" % (done.err or done.out).strip(), rc=done.rc)


EXAMPLES = """
- name: The vendor's key
  rpm_key:
    key: https://packages.example.org/RPM-GPG-KEY
    fingerprint: EBC6 E12C 62B1 C734 026B  2122 A20E 5214 6B8D 79E6
- name: An old key
  rpm_key:
    key: 6b8d79e6
    state: absent
"""
