"""Users, groups and who may log in by key. Passwords are only set, locked or absent; keys are fingerprints."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator

from provisioner.discovery.judging import Rule, extra_is_informative, informative
from provisioner.discovery.sections import Finding, Sections, masked, number, texts
from provisioner.discovery.snapshot import Json

PROBE = r"""
section passwd; cat /etc/passwd || return 1
section group; cat /etc/group
section password
if [ -r /etc/shadow ]; then
  awk -F: '{s="set"; if ($2=="") s="none"; else if ($2 ~ /^[!*]/) s="locked"; print $1"\t"s}' /etc/shadow
fi
section keys
cut -d: -f1,6 /etc/passwd | while IFS=: read -r name home; do
  for each in "$home/.ssh/authorized_keys" "$home/.ssh/authorized_keys2" "/etc/ssh/authorized_keys/$name"; do
    [ -f "$each" ] || continue
    if [ -r "$each" ]; then grep -vE '^[[:space:]]*(#|$)' "$each" | sed "s|^|$name$TAB|"
    else partly "$each cannot be read"; fi
  done
done
needs_root 'passwords and keys of other users are not known'
"""
KEY = re.compile(
    r"(?P<options>.*?)\s*(?P<type>(?:sk-)?(?:ssh|ecdsa)-[\w@.-]+)\s+(?P<blob>[A-Za-z0-9+/=]{16,})\s*(?P<comment>.*)"
)
RULES: tuple[Rule, ...] = (
    informative("*", "only a remark", "comment"),
    extra_is_informative("more than the old server has"),
)


def read(said: Sections) -> Finding:
    """Return users, groups and keys."""
    found = Finding()
    names: dict[str, str] = {}
    member_of: dict[str, set[str]] = {}
    for name, _password, gid, members in said.rows("group", 4, ":"):
        names[gid] = name
        people = [each for each in members.split(",") if each]
        found.items[f"group:{name}"] = {"gid": number(gid), "members": texts(people)}
        for each in people:
            member_of.setdefault(each, set()).add(name)
    passwords = {name: state for name, state in said.rows("password", 2)}
    for name, _password, uid, gid, comment, home, shell in said.rows("passwd", 7, ":"):
        if name[:1] in "+-":
            continue
        found.items[f"user:{name}"] = {
            "uid": number(uid), "gid": number(gid), "group": names.get(gid, ""), "home": home, "shell": shell.strip(),
            "comment": comment.rstrip(","), "groups": texts(member_of.get(name, set())),
            "password": passwords.get(name, "unknown"),
        }  # fmt: skip
    for name, line in said.rows("keys", 2):
        for fingerprint, item in _key(line):
            found.items[f"key:{name}:{fingerprint}"] = item
    return found


def _key(line: str) -> Iterator[tuple[str, dict[str, Json]]]:
    match = KEY.fullmatch(line.strip())
    if match is None:
        return
    try:
        blob = base64.b64decode(match.group("blob"), validate=True)
    except (binascii.Error, ValueError):
        return
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode("ascii").rstrip("=")
    yield (
        f"SHA256:{digest}",
        {"type": match["type"], "comment": match["comment"].strip(), "options": masked(match["options"])},
    )
