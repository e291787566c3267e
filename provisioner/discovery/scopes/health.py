"""What disks, arrays, file systems and the kernel say of their own health. Nothing here is compared."""

from __future__ import annotations

import re

from provisioner.discovery.judging import Rule
from provisioner.discovery.sections import Finding, Sections, texts
from provisioner.discovery.snapshot import Json

PROBE = r"""
section kernel
{ if have journalctl; then limited 5 journalctl -k -p 3 -q --no-pager -o cat -n 400 2>/dev/null; fi
  limited 3 dmesg 2>/dev/null | tail -n 2000
} | grep -iE -e 'I/O error|(medium|target) error|remount.*read-only|EXT[234]-fs.*error' \
    -e '(XFS|btrfs).*(corrupt|error)|hardware error|uncorrect|machine check.*error' \
    -e 'nvme.*(timeout|abort)|ata[0-9.]+: (error|failed command)' |
  tail -n 50
section mdstat; cat /proc/mdstat 2>/dev/null
section ext4
for each in /sys/fs/ext4/*/errors_count; do
  [ -r "$each" ] && printf '%s\t%s\n' "$(basename "$(dirname "$each")")" "$(cat "$each")"
done
section readonly
awk '$1 ~ /^\/dev\// && $4 ~ /(^|,)ro(,|$)/ && $3 !~ /^(squashfs|iso9660|erofs)$/ {print $2}' \
  /proc/self/mounts 2>/dev/null
section fstab; cat /etc/fstab 2>/dev/null
section smart
if have smartctl && is_root; then
  for each in /sys/block/sd* /sys/block/nvme*; do
    [ -e "$each/device" ] && limited 5 smartctl -A "/dev/${each##*/}" 2>/dev/null |
      awk -v d="${each##*/}" '
        /Reallocated_Sector_Ct|Current_Pending_Sector|Offline_Uncorrectable|Reported_Uncorrect/ {print d"\t"$2"\t"$10}
        /^Media and Data Integrity Errors:/ {print d"\tmedia errors\t"$NF}
        /^Percentage Used:/ {print d"\tpercentage used\t"$NF}
        /^Critical Warning:/ {print d"\tcritical warning\t"$NF}'
  done
fi
is_root || partly 'not asked as root: disks and the kernel say less'
"""
RULES: tuple[Rule, ...] = ()
TIME = re.compile(r"^\[[\s\d.]+\]\s*")
COUNTS = re.compile(r"^(\w+) : active.*\n\s+(\d+ blocks.*\[(\d+)/(\d+)\].*)", re.MULTILINE)
USED_UP = 90


def read(said: Sections) -> Finding:
    """Return complaints by who makes them."""
    found = Finding()
    arrays: list[Json] = [
        f"array {name}: {there} of {wanted} disks"
        for name, _, wanted, there in COUNTS.findall(said.texts.get("mdstat", ""))
        if wanted != there
    ]
    systems: list[Json] = [
        f"{disk}: {count} errors noted by the file system"
        for disk, count in said.rows("ext4", 2)
        if count.strip() != "0"
    ]
    writable = _meant_writable(said)
    systems += [
        f"{path}: mounted read-only, as the kernel does after an error"
        for path in said.lines("readonly")
        if path.strip() in writable
    ]
    smart: list[Json] = [
        f"{disk}: {name} {count}" for disk, name, count in said.rows("smart", 3) if _is_bad(name, count)
    ]
    kernel = texts([TIME.sub("", line).strip()[:200] for line in said.lines("kernel")])
    found.measured = {"kernel": kernel, "arrays": arrays, "file_systems": systems, "smart": smart}
    return found


def _is_bad(name: str, count: str) -> bool:
    match = re.match(r"\s*(?:0x)?(\d+)", count)
    figure = int(match[1]) if match else 0
    return figure >= USED_UP if name == "percentage used" else figure > 0


def _meant_writable(said: Sections) -> set[str]:
    """Return the paths that fstab wants to be written to; what else is read-only was mounted so."""
    rows = (line.split() for line in said.lines("fstab") if not line.strip().startswith("#"))
    return {row[1] for row in rows if len(row) >= 4 and "ro" not in row[3].split(",")}
