"""Files that no package brought, in the places where people and programs put them."""

from __future__ import annotations

import re

from provisioner.discovery.judging import Rule, expected, extra_is_informative, informative
from provisioner.discovery.sections import Finding, Sections, number
from provisioner.discovery.snapshot import Item, Json

PROBE = r"""
section unmanaged
owned() {
  if have dpkg-query; then cat /var/lib/dpkg/info/*.list 2>/dev/null
  elif have rpm; then rpm -qal 2>/dev/null
  elif [ -r /lib/apk/db/installed ]; then
    awk '/^F:/{d="/"substr($0,3); print d} /^R:/{print d"/"substr($0,3)}' /lib/apk/db/installed
  fi
}
for place in $PLACES; do
  [ -d "$place" ] || continue
  list=$( { owned | grep "^$place/"; echo @@; find "$place" -xdev \
      \( -path /etc/ssl/certs -o -path /etc/alternatives -o -path '/etc/rc?.d' -o -path '/etc/systemd/system/*.wants' \
         -o -path '/etc/systemd/system/*.requires' -o -name .git -o -name __pycache__ -o -name lost+found \
         -o -path /etc/pki/ca-trust/extracted \) -prune -o -print 2>/dev/null
    } | awk -v top="$place" '/^@@$/{second=1; next} !second{o[$0]=1; next} $0!=top && !($0 in o)')
  [ -n "$list" ] || continue
  count=$(printf '%s\n' "$list" | wc -l)
  if [ "$count" -gt "$MANY" ]; then
    mark partly "$place has $((count)) files of no package, more than $MANY: they were not looked at"
    continue
  fi
  stats=$(printf '%s\n' "$list" | each_path stat -c "%F${TAB}%U${TAB}%G${TAB}%a${TAB}%s${TAB}%N" 2>/dev/null)
  printf '%s\n' "$stats"
  [ "$(printf '%s\n' "$stats" | wc -l)" -eq "$count" ] || mark partly "some names in $place could not be read"
  if [ -n "$SUM" ]; then
    sums=$(printf '%s\n' "$stats" | awk -F'\t' -v large="$LARGE" '$1 ~ /^regular/ && $5+0 <= large+0 {print $6}')
    [ -n "$sums" ] && printf '%s\n' "$sums" | each_path $SUM 2>/dev/null | sed 's/^/@/'
  fi
done
[ -n "$SUM" ] || partly 'there is no sha256sum: contents are not compared'
have stat || nothing 'there is no stat'
needs_root 'folders and files that only root may read are missing'
"""
ELSEWHERE = re.compile(
    r"/etc/(passwd|group|shadow|gshadow|subuid|subgid)-?$|/etc/(fstab|hostname|hosts|timezone|localtime|resolv\.conf|"
    r"mtab|machine-id|adjtime|ld\.so\.cache|\.pwd\.lock|\.updated|blkid\.tab|default/locale|locale\.conf|"
    r"apt/sources\.list|motd\.dynamic|aliases\.db|ssl/certs/.*|udev/hwdb\.bin|crypttab\.initramfs-key)$|"
    r".*\.(dpkg-(old|new|dist|tmp|bak)|ucf-(old|dist)|rpm(save|new|orig)|swp|pyc)$|"
    r"/etc/(apt/sources\.list\.d|yum\.repos\.d)/[^/]+$|/usr/local/lib/python[^/]*/.*\.egg-info/.*"
)
"""Files that other scopes read, or that are made of other files."""
RULES: tuple[Rule, ...] = (
    expected("/etc/ssh/ssh_host_*", "every machine has its own host keys"),
    expected("/etc/ssl/*/ssl-cert-snakeoil*", "made anew on every machine"),
    expected("/etc/machine-info", "names the machine"),
    expected("/etc/hostid", "every machine has its own id"),
    expected("/etc/iscsi/initiatorname.iscsi", "every machine has its own name"),
    expected("/etc/.*lock", "a lock"),
    informative("/etc/network/*", "addresses belong to the network a server is in"),
    informative("/etc/netplan/*", "addresses belong to the network a server is in"),
    informative("/etc/systemd/network/*", "addresses belong to the network a server is in"),
    informative("/etc/NetworkManager/*", "addresses belong to the network a server is in"),
    informative("/etc/sysconfig/network-scripts/*", "addresses belong to the network a server is in"),
    informative("*", "what counts is the checksum", "size"),
    extra_is_informative("more than the old server has"),
)


def read(said: Sections) -> Finding:
    """Return every file that is nobody's."""
    found = Finding()
    digests: dict[str, str] = {}
    stats: list[list[str]] = []
    for line in said.lines("unmanaged"):
        if match := re.match(r"@\\?([0-9a-f]{40,})\s[ *](.*)", line):
            digests[match.group(2)] = match.group(1)
        elif len(fields := line.split("\t", 5)) == 6:
            stats.append(fields)
    unread = []
    counts: dict[str, list[int]] = {}
    for kind, owner, group, mode, size, name in stats:
        path, target = _link(name) if kind.startswith("symbolic") else (name, "")
        if ELSEWHERE.match(path):
            continue
        item: dict[str, Json] = {"kind": _kind(kind), "owner": owner, "group": group}
        if target:
            item["target"] = target
        else:
            item["mode"] = mode.zfill(4)
        if kind.startswith("regular"):
            item |= {"size": number(size), "sha256": digests.get(path, "")}
            if path not in digests and number(size) and _is_small(number(size)):
                unread.append(path)
            _count(counts, path, number(size))
        found.items[path] = _frozen(item)
    found.measured["counts"] = {top: {"files": each[0], "bytes": each[1]} for top, each in sorted(counts.items())}
    if unread:
        found.partly.append(f"{len(unread)} files could not be read, {unread[0]} for one")
    return found


def _is_small(size: int) -> bool:
    return size <= 4 * 1024 * 1024


def _count(counts: dict[str, list[int]], path: str, size: int) -> None:
    top = "/usr/local" if path.startswith("/usr/local/") else f"/{path.split('/')[1]}"
    each = counts.setdefault(top, [0, 0])
    each[0] += 1
    each[1] += size


def _frozen(item: dict[str, Json]) -> Item:
    return dict(sorted(item.items()))


def _link(name: str) -> tuple[str, str]:
    path, _arrow, target = name.partition(" -> ")
    if path[:1] == "'" and path[-1:] == "'":
        path, target = path[1:-1], target.strip("'")
    return path, target


def _kind(text: str) -> str:
    kinds = {"regular": "file", "directory": "directory", "symbolic": "link", "socket": "socket", "fifo": "fifo"}
    return kinds.get(text.split(maxsplit=1)[0], text)
