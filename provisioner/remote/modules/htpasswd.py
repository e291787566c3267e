"""Manage users in password files of web servers."""

from typing import Any, Dict, List, Optional, Tuple

from ..change import Change, Failed
from ..params import FileParameters, optional, required, required_if
from ..passwords import hashed, matches
from ..system import System, editing


class Params(FileParameters):
    """One user. A hash that fits the password stays, whatever its scheme."""

    path: str = required("path", "The file.", aliases=("dest", "destfile"))
    name: str = required("str", "The user.", aliases=("username",))
    password: Optional[str] = optional("str", "The password.", no_log=True)
    hash_scheme: str = optional(
        "str",
        "How a new password is hashed: apr_md5_crypt, bcrypt, sha512_crypt, sha256_crypt, ldap_sha1, md5_crypt, "
        "des_crypt or plaintext.",
        "apr_md5_crypt",
        aliases=("crypt_scheme",),
    )
    state: str = optional("str", "Whether the user is there.", "present", choices=("absent", "present"))
    create: bool = optional("bool", "Make a file that is not there.", True)
    rules = (required_if("state", "present", "password"),)
    validate: Optional[str] = None
    backup = False


State = editing.Text


def inspect(params: Any, system: System) -> editing.Text:
    """Read the file."""
    return editing.read(params, system)


def plan(params: Params, state: editing.Text) -> Change:
    """Compare the hash; the diff names the user only."""
    if ":" in params.name:
        raise Failed("the name of a user has no colon: %s" % params.name)
    if state.content is None:
        if params.state == "absent":
            return Change(False, result={"msg": "%s not present" % params.name})
        if not params.create:
            raise Failed("Destination %s does not exist" % params.path)
    said: List[str] = []

    def edit(content: bytes) -> Tuple[bytes, str]:
        lines = content.decode("utf-8", "surrogateescape").splitlines(True)
        if not said:
            said.append(_said(params, lines))
        return _edited(params, lines).encode("utf-8", "surrogateescape"), said[0]

    planned = editing.change(state, edit)
    planned.settles = True
    if planned.diff:
        planned.diff = [_named(params, each) if "content" in each["after_header"] else each for each in planned.diff]
    planned.result["msg"] = (
        said[0]
        if planned.changed
        else "%s %s"
        % (
            params.name,
            "not present" if params.state == "absent" else "present",
        )
    )
    return planned


def _named(params: Params, diff: Dict[str, Any]) -> Dict[str, Any]:
    shown = "%s: (a password)\n" % params.name
    gone = params.state == "absent"
    return dict(diff, before=shown if gone else "", after="" if gone else shown)


def _said(params: Params, lines: List[str]) -> str:
    if params.state == "absent":
        return "Remove %s" % params.name
    return "%s %s" % ("Update" if any(_is_of(params, line) for line in lines) else "Add", params.name)


def _is_of(params: Params, line: str) -> bool:
    return line.startswith(params.name + ":")


def _edited(params: Params, lines: List[str]) -> str:
    kept: List[str] = []
    found = False
    for line in lines:
        if not _is_of(params, line):
            kept.append(line)
        elif params.state == "present" and not found:
            found = True
            known = line.rstrip("\r\n").split(":")[1]
            kept.append(line if matches(params.password or "", known) else _line(params))
    if params.state == "present" and not found:
        if kept and not kept[-1].endswith("\n"):
            kept[-1] += "\n"
        kept.append(_line(params))
    return "".join(kept)


def _line(params: Params) -> str:
    try:
        return "%s:%s\n" % (params.name, hashed(params.password or "", params.hash_scheme))
    except ValueError as error:
        raise Failed(str(error)) from None


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Write the file and set its attributes."""
    return editing.write(change, change.state, change.params, system, "backup_file")


EXAMPLES = """
- name: Who may see the statistics
  htpasswd:
    path: /etc/nginx/passwords
    name: ann
    password: "{{ password_of_ann }}"
    owner: root
    group: www-data
    mode: "0640"
"""
