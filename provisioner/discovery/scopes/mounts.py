"""File systems: what is mounted, what shall be at boot, and how full each is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from provisioner.discovery.judging import Kind, Rule, Severity, expected, extra_is_informative, informative
from provisioner.discovery.sections import Finding, Sections, masked, number
from provisioner.discovery.snapshot import Item, Json

PROBE = r"""
section mounts; cat /proc/self/mounts 2>/dev/null || cat /proc/mounts 2>/dev/null || mount
section fstab; cat /etc/fstab 2>/dev/null
section sizes
have df || partly 'there is no df: how full file systems are is not known'
if have df; then limited 5 df -kP 2>/dev/null || partly 'df did not answer: a file system may hang'; fi
section inodes; have df && limited 5 df -iP 2>/dev/null
"""
VIRTUAL = re.compile(
    r"(proc|sysfs|cgroup2?|devpts|devtmpfs|mqueue|hugetlbfs|debugfs|tracefs|securityfs|pstore|bpf|configfs|"
    r"fusectl|ramfs|autofs|binfmt_misc|efivarfs|rpc_pipefs|nsfs|selinuxfs|squashfs|rootfs)$"
)
PASSING = re.compile(r"/(proc|sys|dev|run)(/|$)|/var/lib/(docker|containers|kubelet)/|/tmp/|/var/tmp/systemd-private")
LAYERS = re.compile(r"(lowerdir|upperdir|workdir|x-systemd\.[\w.-]+|size|nr_inodes|inode64|inode32|subvolid)(=|$)")
RULES: tuple[Rule, ...] = (
    expected("*", "devices have other names on every machine", "source"),
    Rule("mount:/", Severity.INFORMATIVE, "the root may be on another file system"),
    informative("mount:/boot*", "how a machine starts is its own matter"),
    informative("fstab:/boot*", "how a machine starts is its own matter"),
    informative("fstab:/", "how a machine starts is its own matter"),
    Rule("fstab:swap*", Severity.INFORMATIVE, "swap belongs to the machine", kinds=(Kind.MISSING, Kind.EXTRA)),
    informative("*", "options a kernel adds or drops by itself", "options"),
    extra_is_informative("more than the old server has"),
)


def read(said: Sections) -> Finding:
    """Return mounts of real file systems, the lines of fstab, and use."""
    found = Finding()
    real: set[str] = set()
    for source, path, kind, options in _mounted(said):
        if VIRTUAL.match(kind) or PASSING.match(path):
            continue
        real.add(path)
        kept = sorted(each for each in masked_options(options) if not LAYERS.match(each))
        found.items[f"mount:{path}"] = {"source": source, "type": kind, "options": [str(each) for each in kept]}
    found.items |= _at_boot(said)
    found.measured["usage"] = _usage(said, real)
    return found


def _mounted(said: Sections) -> Iterator[tuple[str, ...]]:
    """Yield source, path, type and options of what is mounted."""
    for line in said.lines("mounts"):
        words = line.split()
        if len(words) > 5 and words[1] == "on" and "type" in words:  # the answer of `mount`
            words = [words[0], words[2], words[4], words[5].strip("()")]
        if len(words) >= 4:
            yield tuple(_plain(each) for each in words[:4])


def _at_boot(said: Sections) -> dict[str, Item]:
    """Return the lines of fstab; swap has no path."""
    found: dict[str, Item] = {}
    for line in said.lines("fstab"):
        words = line.split()
        if len(words) >= 4 and not words[0].startswith("#"):
            source, path, kind, options = (_plain(each) for each in words[:4])
            key = f"fstab:{path}" if path.startswith("/") else f"fstab:{kind}:{source}"
            found[key] = {
                "source": source, "type": kind, "options": [str(each) for each in sorted(masked_options(options))],
                "dump": number("".join(words[4:5])), "pass": number("".join(words[5:6])),
            }  # fmt: skip
    return found


def masked_options(options: str) -> list[str]:
    """Return mount options, passwords of network file systems hidden."""
    return [masked(each) for each in options.split(",") if each]


def _usage(said: Sections, real: set[str]) -> dict[str, Json]:
    usage: dict[str, dict[str, Json]] = {}
    for words in (line.split(None, 5) for line in said.lines("sizes")):
        if len(words) == 6 and words[5] in real and words[1].isdigit():
            size, used, free = (number(each) * 1024 for each in words[1:4])
            usage[words[5]] = {"size": size, "used": used, "available": free}
    for words in (line.split(None, 5) for line in said.lines("inodes")):
        if len(words) == 6 and words[5] in usage and words[1].isdigit():
            usage[words[5]] |= {"inodes": number(words[1]), "inodes_used": number(words[2])}
    return {path: dict(each) for path, each in sorted(usage.items())}


def _plain(text: str) -> str:
    """Undo the octal escapes of mount tables."""
    return re.sub(r"\\(\d{3})", lambda match: chr(int(match.group(1), 8)), text)
