"""Files that name this very machine: its addresses, its name, its hardware's. What such a file says moves with care."""

from __future__ import annotations

import re

from provisioner.discovery.judging import Rule, informative
from provisioner.discovery.sections import Finding, Sections, texts

PROBE = r"""
have grep || { nothing 'there is no grep'; return 0; }
have ip || partly 'there is no ip: files that name addresses are not found'
own=$(have ip && ip -o addr show scope global 2>/dev/null | awk '{sub(/\/.*/, "", $4); print $4}')
macs=$(cat /sys/class/net/*/address 2>/dev/null | grep -v '^00:00:00:00:00:00$')
name=$(hostname -f 2>/dev/null || hostname 2>/dev/null || uname -n)
words=$(printf '%s\n%s\n' "$own" "$macs" | grep .)
case "$name" in ?????*) words=$(printf '%s\n%s\n' "$words" "$name") ;; esac
section words; printf '%s\n' "$own" | sed 's/^/address\t/'; printf '%s\n' "$macs" | sed 's/^/mac\t/'
case "$name" in ?????*) printf 'name\t%s\n' "$name" ;; esac
[ -n "$words" ] || return 0
section found
for place in $PLACES; do
  [ -d "$place" ] && find "$place" -xdev \( -path /etc/ssl/certs -o -path /etc/alternatives -o -name .git \
      -o -name '*.pyc' \) -prune -o -type f -size -256k -print 2>/dev/null
done | grep -vE '^/etc/(hosts|hostname|mailname|resolv.conf|machine-id|ssh/ssh_host_.*)$|[-~]$' |
  head -n "$MANY" | each_path grep -IoFw -e "$words" /dev/null 2>/dev/null
"""
RULES: tuple[Rule, ...] = (informative("*", "names the machine itself; see whether it has to be changed"),)


def read(said: Sections) -> Finding:
    """Return by file which kinds of its machine's names are in it."""
    kinds = {word.lower(): kind for kind, word in said.rows("words", 2)}
    found: dict[str, set[str]] = {}
    for line in said.lines("found"):
        if (match := re.match(r"(/[^:]*):(.*)", line)) and (kind := kinds.get(match.group(2).strip().lower())):
            found.setdefault(match.group(1), set()).add(kind)
    return Finding({path: {"contains": texts(each)} for path, each in found.items()})
