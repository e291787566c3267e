"""Packages with versions, and from where they came: dpkg, rpm, apk."""

from __future__ import annotations

import re

from provisioner.discovery.judging import Difference, Kind, Rule, Severity, Verdict, extra_is_informative, informative
from provisioner.discovery.sections import Finding, Sections
from provisioner.discovery.snapshot import Item
from provisioner.discovery.versions import is_older

PROBE = r"""
if have dpkg-query; then
  section dpkg
  dpkg-query -W -f='${Package}\t${Version}\t${Architecture}\t${db:Status-Abbrev}\n' || return 1
  section native; dpkg --print-architecture 2>/dev/null
  section automatic
  awk '/^Package:/{p=$2} /^Architecture:/{a=$2} /^Auto-Installed: 1/{print p"\t"a}' \
    /var/lib/apt/extended_states 2>/dev/null
  if have apt; then section origins
    limited 20 apt -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= list --installed 2>/dev/null ||
      partly 'apt does not tell from where packages came'
  fi
fi
if have rpm && [ ! -e /etc/debian_version ]; then
  section rpm
  rpm -qa --qf '%{NAME}\t%{EPOCH}\t%{VERSION}-%{RELEASE}\t%{ARCH}\t%{VENDOR}\n' || return 1
  section user
  if have dnf; then limited 20 dnf -q -C repoquery --userinstalled --qf '%{name}\n' 2>/dev/null; fi
  section locks; cat /etc/dnf/plugins/versionlock.list /etc/yum/pluginconf.d/versionlock.list 2>/dev/null
fi
if [ -r /lib/apk/db/installed ]; then
  section apk
  awk '/^P:/{p=substr($0,3)} /^V:/{v=substr($0,3)} /^A:/{print p"\t"v"\t"substr($0,3)}' /lib/apk/db/installed
  section world; cat /etc/apk/world 2>/dev/null
fi
have dpkg-query || have rpm || [ -r /lib/apk/db/installed ] || nothing 'there is neither dpkg nor rpm nor apk'
"""
LOCAL = "local"
"""The origin of a package that no source of the host has."""
RULES: tuple[Rule, ...] = (
    extra_is_informative("more packages than the old server has"),
    informative("*", "where a package came from; its version is what counts", "origin"),
    informative("*", "the machine's architecture is compared apart", "architecture"),
    informative("*", "only says whether a package goes with the last that needs it", "automatic"),
)


def judge(difference: Difference, _old: Item, _new: Item) -> Verdict:
    """A newer version does not block, an older one does."""
    if difference.kind is not Kind.CHANGED or difference.attribute != "version":
        return None
    if is_older(str(difference.new), str(difference.old)):
        return Severity.BLOCKING, "older than on the old server"
    return Severity.INFORMATIVE, "newer than on the old server"


def read(said: Sections) -> Finding:
    """Return the packages of all formats that are there."""
    found = Finding()
    if "dpkg" in said:
        _dpkg(said, found)
    if "rpm" in said:
        _rpm(said, found)
    if "apk" in said:
        _apk(said, found)
    if not found.items and not found.nothing:
        found.nothing = "no package is known to the package system"
    return found


def _dpkg(said: Sections, found: Finding) -> None:
    native = said.text("native")
    automatic = {(name, arch) for name, arch in said.rows("automatic", 2)}
    origins, upgradable = _origins(said)
    broken = []
    for name, version, arch, status in said.rows("dpkg", 4):
        if status[1:2] not in ("i", "U", "H", "F", "W", "t") or version == "":
            continue
        if status[1:2] != "i" or status.strip()[2:]:
            broken.append(f"{name} ({status.strip()})")
        own = arch if arch != "all" else native
        found.items[_key(name, arch, native)] = {
            "format": "dpkg", "version": version, "architecture": arch, "held": status[0] == "h",
            "automatic": bool({(name, arch), (name, own)} & automatic), "origin": origins.get((name, arch), ""),
        }  # fmt: skip
    found.measured["upgradable"] = sorted(upgradable)
    if broken:
        found.partly.append(f"not whole: {', '.join(sorted(broken))}")


def _origins(said: Sections) -> tuple[dict[tuple[str, str], str], list[str]]:
    """Return the suites of packages by name and architecture, and which have a newer version there."""
    suites: dict[tuple[str, str], str] = {}
    upgradable = []
    for line in said.lines("origins"):
        if match := re.match(r"([^/\s]+)/(\S+)\s+(\S+)\s+(\S+)\s+\[(.*)\]", line):
            name, suite, _version, arch, state = match.groups()
            suites[name, arch] = ",".join(each for each in suite.split(",") if each != "now")
            if "local" in state.split(","):
                suites[name, arch] = LOCAL
            if "upgradable" in state:
                upgradable.append(name)
    return suites, upgradable


def _key(name: str, arch: str, native: str) -> str:
    return name if arch in ("all", native, "") else f"{name}:{arch}"


def _rpm(said: Sections, found: Finding) -> None:
    user = {line.strip() for line in said.lines("user")}
    locks = "\n".join(said.lines("locks"))
    versions: dict[tuple[str, str], list[str]] = {}
    vendors: dict[tuple[str, str], str] = {}
    for name, epoch, version, arch, vendor in said.rows("rpm", 5):
        if name == "gpg-pubkey":
            continue
        versions.setdefault((name, arch), []).append(version if epoch in ("(none)", "0", "") else f"{epoch}:{version}")
        vendors[name, arch] = "" if vendor == "(none)" else vendor
    counts: dict[str, int] = {}
    for name, _arch in versions:
        counts[name] = counts.get(name, 0) + 1
    for (name, arch), each in versions.items():
        found.items[name if counts[name] == 1 else f"{name}:{arch}"] = {
            "format": "rpm", "version": " ".join(sorted(each)), "architecture": arch, "origin": vendors[name, arch],
            "automatic": bool(user) and name not in user, "held": f"{name}-" in locks,
        }  # fmt: skip


def _apk(said: Sections, found: Finding) -> None:
    world = {re.split(r"[<>=~@]", word)[0] for word in said.text("world").split()}
    for name, version, arch in said.rows("apk", 3):
        item: Item = {"format": "apk", "version": version, "architecture": arch, "origin": "", "held": False,
                      "automatic": name not in world}  # fmt: skip
        found.items[name] = item
