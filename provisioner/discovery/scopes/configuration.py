"""Configuration files of packages that are not as their package brought them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from provisioner.discovery.judging import Rule, expected
from provisioner.discovery.sections import Finding, Sections, number
from provisioner.discovery.snapshot import Item

PROBE = r"""
if have dpkg-query; then
  have md5sum || { nothing 'there is no md5sum, by which dpkg knows configuration files'; return 0; }
  section dpkg
  known=$(dpkg-query -W -f='@ ${Package} ${db:Status-Abbrev}\n${Conffiles}\n') || return 1
  known=$(printf '%s\n' "$known" |
    awk '/^@ /{p=$2; ok=($3 ~ /^.i/); next} ok && NF>=2 && $3=="" && $2 ~ /^[0-9a-f]+$/{print $2"\t"p"\t"$1}')
  printf '%s\n' "$known"
  section sums
  changed=$(printf '%s\n' "$known" | cut -f3 | each_path md5sum 2>/dev/null)
  printf '%s\n' "$changed" | awk '{s=$1; sub(/^[^ ]+ [ *]/, ""); print s"\t"$0}'
  section there
  paths=$( { printf '%s\n' "$known"; echo @@; printf '%s\n' "$changed"; } | awk '
    /^@@$/{second=1; next}
    !second{split($0, f, "\t"); want[f[3]]=f[1]; next}
    {s=$1; sub(/^[^ ]+ [ *]/, ""); if (want[$0] != s) print}')
  if [ -n "$paths" ]; then
    printf '%s\n' "$paths" | each_path stat -c "%U${TAB}%G${TAB}%a${TAB}%s${TAB}%n" 2>/dev/null
    if [ -n "$SUM" ]; then section digests; printf '%s\n' "$paths" | each_path $SUM 2>/dev/null; fi
  fi
  section exists; printf '%s\n' "$known" | cut -f3 | while IFS= read -r each; do [ -e "$each" ] || echo "$each"; done
elif have rpm; then
  section rpm
  listed=$(rpm -qac --dump 2>/dev/null | awk 'length($4) >= 32 {print $4"\t"$1}')
  printf '%s\n' "$listed"
  section sums
  case "$listed" in
    ????????????????????????????????"$TAB"*) digest=md5sum ;;
    *) digest=$SUM ;;
  esac
  sums=$(printf '%s\n' "$listed" | cut -f2 | each_path $digest 2>/dev/null)
  printf '%s\n' "$sums" | awk '{s=$1; sub(/^[^ ]+ [ *]/, ""); print s"\t"$0}'
  section there
  paths=$( { printf '%s\n' "$listed"; echo @@; printf '%s\n' "$sums"; } | awk '
    /^@@$/{second=1; next}
    !second{split($0, f, "\t"); want[f[2]]=f[1]; next}
    {s=$1; sub(/^[^ ]+ [ *]/, ""); if (want[$0] != s) print}')
  if [ -n "$paths" ]; then
    printf '%s\n' "$paths" | each_path stat -c "%U${TAB}%G${TAB}%a${TAB}%s${TAB}%n" 2>/dev/null
    section digests; printf '%s\n' "$paths" | each_path $SUM 2>/dev/null
    section owners; printf '%s\n' "$paths" | each_path rpm -qf --qf '%{NAME}\n' 2>/dev/null
  fi
  section exists; printf '%s\n' "$listed" | cut -f2 | while IFS= read -r each; do [ -e "$each" ] || echo "$each"; done
else
  nothing 'no package system keeps checksums of configuration files here'
fi
needs_root 'files that only root may read are not compared with their package'
"""
ELSEWHERE = frozenset({"/etc/hosts", "/etc/hostname", "/etc/fstab", "/etc/resolv.conf", "/etc/passwd", "/etc/group",
                       "/etc/shadow", "/etc/gshadow", "/etc/machine-id", "/etc/adjtime", "/etc/localtime",
                       "/etc/subuid", "/etc/subgid"})  # fmt: skip
"""Files that other scopes read line by line."""
RULES: tuple[Rule, ...] = (expected("/etc/ssh/ssh_host_*", "every machine has its own host keys"),)


def read(said: Sections) -> Finding:
    """Return the files that were changed or removed."""
    found = Finding()
    digests = dict(_digests(said))
    packages = {path: (digest, package) for digest, package, path in said.rows("dpkg", 3)}
    packages |= {path: (digest, "") for digest, path in said.rows("rpm", 2)}
    there = list(said.rows("there", 5))
    owners = list(said.lines("owners"))  # of rpm, which names packages file by file
    for place, (owner, group, mode, size, path) in enumerate(there):
        if path not in ELSEWHERE:
            package = owners[place] if len(owners) == len(there) else packages.get(path, ("", ""))[1]
            found.items[path] = _item(package, "changed", owner=owner, group=group,
                                      mode=mode.zfill(4), size=number(size), sha256=digests.get(path, ""))  # fmt: skip
    for path in said.lines("exists"):
        if path in packages and path not in ELSEWHERE:
            found.items[path] = _item(packages[path][1], "deleted")
    seen = {path for _digest, path in said.rows("sums", 2)}
    unread = sorted(set(packages) - seen - set(said.lines("exists")))
    if unread:
        found.partly.append(f"{len(unread)} configuration files could not be read, {unread[0]} for one")
    return found


def _item(package: str, state: str, **more: str | int) -> Item:
    return {"package": package, "state": state, **more}


def _digests(said: Sections) -> Iterator[tuple[str, str]]:
    for line in said.lines("digests"):
        if match := re.match(r"\\?([0-9a-f]{40,})\s[ *](.*)", line):
            yield match.group(2), match.group(1)
