"""Release, kernel, names, time zone, locales, resolver: what the system itself says it is."""

from __future__ import annotations

import re

from provisioner.discovery.judging import Difference, Rule, Severity, Verdict, expected, informative
from provisioner.discovery.sections import Finding, Sections, number, texts
from provisioner.discovery.snapshot import Item
from provisioner.discovery.versions import is_older

PROBE = r"""
section release; cat /etc/os-release 2>/dev/null || cat /usr/lib/os-release 2>/dev/null
section issue; cat /etc/redhat-release /etc/debian_version /etc/alpine-release 2>/dev/null | head -n 1
section kernel; uname -r; uname -m
section hostname; hostname 2>/dev/null || uname -n
section fqdn; limited 5 hostname -f 2>/dev/null
section machine_id; cat /etc/machine-id 2>/dev/null
section timezone
if [ -L /etc/localtime ]; then readlink /etc/localtime; else cat /etc/timezone 2>/dev/null; fi
section locale; cat /etc/default/locale /etc/locale.conf /etc/sysconfig/i18n 2>/dev/null
section locales; have locale && locale -a 2>/dev/null
section init; cat /proc/1/comm 2>/dev/null
[ -d /run/systemd/system ] && echo systemd; [ -d /run/openrc ] && echo openrc
section virtualization
if have systemd-detect-virt; then systemd-detect-virt 2>/dev/null
else cat /sys/class/dmi/id/product_name 2>/dev/null; fi
section selinux; have getenforce && getenforce 2>/dev/null
section apparmor; cat /sys/module/apparmor/parameters/enabled 2>/dev/null
section resolver; cat /etc/resolv.conf 2>/dev/null
section hosts; cat /etc/hosts 2>/dev/null
section uptime; cat /proc/uptime 2>/dev/null
section synchronised
if have timedatectl; then limited 3 timedatectl show -p NTPSynchronized --value 2>/dev/null
elif have chronyc; then limited 3 chronyc -n tracking 2>/dev/null | grep Leap; fi
"""
ZONES = re.compile(r".*/zoneinfo/(?:posix/|right/)?")
RULES: tuple[Rule, ...] = (
    expected("hostname", "every machine has its own name"),
    expected("machine_id", "every machine has its own id"),
    informative("kernel", "the new server may run another kernel", "release"),
    informative("virtualization", "the new server may run on other hardware"),
    informative("resolver", "resolvers belong to the network a server is in"),
)


def judge(difference: Difference, old: Item, new: Item) -> Verdict:
    """A newer release of the same system, and more locales than before, do not block."""
    if difference.item == "release" and old.get("id") == new.get("id"):
        if difference.attribute == "name":
            return Severity.INFORMATIVE, "what counts is the version"
        if difference.attribute == "version" and is_older(str(old.get("version")), str(new.get("version"))):
            return Severity.INFORMATIVE, "a newer release"
    if difference.attribute == "generated" and set(texts(old.get("generated"))) <= set(texts(new.get("generated"))):
        return Severity.INFORMATIVE, "more locales than the old server has"
    return None


def read(said: Sections) -> Finding:
    """Return what the system says."""
    release = {key: value.strip("\"'") for key, value in said.pairs("release").items()}
    kernel = said.text("kernel").split()
    items: dict[str, Item] = {
        "release": {
            "id": release.get("ID", ""),
            "version": release.get("VERSION_ID", "") or said.text("issue"),
            "name": release.get("PRETTY_NAME", "") or said.text("issue"),
        },
        "kernel": {"release": "".join(kernel[:1]), "architecture": "".join(kernel[1:2])},
        "hostname": {"name": said.text("hostname"), "fqdn": said.text("fqdn")},
        "machine_id": {"value": said.text("machine_id")},
        "timezone": {"value": ZONES.sub("", said.text("timezone")) or "UTC"},
        "locale": {**{key: value.strip("\"'") for key, value in said.pairs("locale").items()},
                   "generated": sorted({_spelled(line) for line in said.lines("locales")})},
        "init": {"value": next((each for each in ("systemd", "openrc") if each in said.text("init").split()),
                               said.text("init").partition("\n")[0])},
        "virtualization": {"value": said.text("virtualization")},
        "selinux": {"value": said.text("selinux").lower()},
        "apparmor": {"value": said.text("apparmor")},
        "resolver": _resolver(said),
        "hosts": {"entries": _hosts(said)},
    }  # fmt: skip
    uptime = said.text("uptime").split()
    synchronised = said.text("synchronised").lower()
    return Finding(items, {
        "uptime_s": number(uptime[0]) if uptime else 0,
        "synchronised": "yes" if re.search(r"yes|normal", synchronised) else "no" if synchronised else "",
    })  # fmt: skip


def _spelled(locale: str) -> str:
    return re.sub(r"utf-?8$", "utf8", locale.strip(), flags=re.IGNORECASE)


def _resolver(said: Sections) -> Item:
    words = [line.split() for line in said.lines("resolver")]
    return {
        "nameservers": [each[1] for each in words if each[0] == "nameserver" and len(each) > 1],
        "search": [name for each in words if each[0] in ("search", "domain") for name in each[1:]],
    }


def _hosts(said: Sections) -> list[str]:
    """Return the entries of /etc/hosts but for those of the machine's own name."""
    own = {said.text("hostname"), said.text("hostname").partition(".")[0], said.text("fqdn")}
    lines = (" ".join(line.partition("#")[0].split()) for line in said.lines("hosts"))
    return sorted({line for line in lines if line and not own & set(line.split()[1:])})
