"""Kernel settings: those that files set, with their live values, and some that matter wherever they come from."""

from __future__ import annotations

import re

from provisioner.discovery.judging import Difference, Rule, Severity, Verdict, extra_is_informative, informative
from provisioner.discovery.sections import Finding, Sections
from provisioner.discovery.snapshot import Item

PROBE = r"""
section files
for each in /usr/lib/sysctl.d/*.conf /lib/sysctl.d/*.conf /usr/local/lib/sysctl.d/*.conf /run/sysctl.d/*.conf \
    /etc/sysctl.d/*.conf /etc/sysctl.conf; do
  [ -r "$each" ] || continue
  grep -vE '^[[:space:]]*([#;]|$)' "$each" 2>/dev/null | sed "s|^|$each$TAB|"
done
section live
{
  for each in /usr/lib/sysctl.d/*.conf /lib/sysctl.d/*.conf /usr/local/lib/sysctl.d/*.conf /run/sysctl.d/*.conf \
      /etc/sysctl.d/*.conf /etc/sysctl.conf; do
    [ -r "$each" ] && grep -vE '^[[:space:]]*([#;]|$)' "$each" 2>/dev/null
  done | sed 's/^[[:space:]]*-*//; s/[[:space:]]*=.*//'
  cat <<END
net.ipv4.ip_forward
net.ipv6.conf.all.forwarding
net.ipv4.conf.all.rp_filter
net.ipv4.tcp_syncookies
net.ipv4.ip_local_port_range
net.ipv4.tcp_keepalive_time
net.core.somaxconn
net.core.rmem_max
net.core.wmem_max
vm.swappiness
vm.overcommit_memory
vm.max_map_count
vm.nr_hugepages
kernel.shmmax
kernel.pid_max
fs.inotify.max_user_watches
END
} | sort -u | while IFS= read -r key; do
  case "$key" in *'*'*|'') continue ;; esac
  case "$key" in */*) path=$key ;; *) path=$(printf '%s' "$key" | tr . /) ;; esac
  if [ -r "/proc/sys/$path" ]; then
    printf '%s\t%s\n' "$key" "$(cat "/proc/sys/$path" 2>/dev/null | tr '\t\n' '  ')"
  fi
done
"""
RULES: tuple[Rule, ...] = (
    informative("*", "set in another file", "file"),
    informative("kernel.pid_max", "the kernel chooses it by the machine's size"),
    informative("kernel.shmmax", "the kernel chooses it by the machine's size"),
    extra_is_informative("set on the new server alone"),
)


def judge(difference: Difference, old: Item, new: Item) -> Verdict:
    """What nobody set is the kernel's own choice."""
    if difference.attribute == "value" and not old.get("configured") and not new.get("configured"):
        return Severity.INFORMATIVE, "nobody set it; the kernel's choice"
    return None


def read(said: Sections) -> Finding:
    """Return each setting with its live value and what files say; of files with one name the later folder counts."""
    chosen: dict[str, str] = {}
    for path, _text in said.rows("files", 2):
        chosen[path.rsplit("/", 1)[-1]] = path
    order = sorted(chosen, key=lambda name: (name == "sysctl.conf", name))
    wanted: dict[str, tuple[str, str]] = {}
    lines = list(said.rows("files", 2))
    for path in (chosen[name] for name in order):
        for where, text in lines:
            key, sign, value = text.strip().lstrip("-").partition("=")
            if where == path and sign and "*" not in key:
                wanted[_dotted(key.strip())] = (_spaced(value), path)
    found = Finding()
    live = {_dotted(key): _spaced(value) for key, value in said.rows("live", 2)}
    for key in sorted(live):
        configured, path = wanted.get(key, ("", ""))
        found.items[key] = {"value": live[key], "configured": configured, "file": path}
    return found


def _dotted(key: str) -> str:
    """Return the spelling with dots; dots that belong to a name (of an interface) become slashes."""
    return key.translate(str.maketrans("./", "/.")) if "/" in key and "." not in key.split("/", maxsplit=1)[0] else key


def _spaced(value: str) -> str:
    return re.sub(r"\s+", " ", value.strip())
