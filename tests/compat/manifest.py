"""Describes a host, so that two can be compared: files, packages, units, accounts. Runs on the host itself."""

from __future__ import annotations

import grp
import hashlib
import json
import os
import pwd
import stat
import subprocess
import sys
from pathlib import Path

ROOTS = ("/etc", "/opt", "/srv", "/usr/local", "/home", "/root", "/var/spool/cron", "/var/www", "/var/tmp")
# written anew by the machine itself, or by the connection, whatever a playbook does
OWN = (
    "/etc/ld.so.cache",
    "/etc/resolv.conf",
    "/etc/mtab",
    "/etc/machine-id",
    "/etc/.pwd.lock",
    "/etc/apt/apt.conf.d/01autoremove-kernels",
    "/root/.ansible",
    "/root/.provisioner",
    "/root/.cache",
    "/root/.bash_history",
    "/var/tmp/systemd-private-",
    "/etc/ssl/certs/ssl-cert-snakeoil",
    "/etc/ssl/private/ssl-cert-snakeoil",
    "/etc/subuid-",
    "/etc/subgid-",
    "/opt/packed.tgz",
)


def name_of(table, number):
    """Return the name of a user or group, or its number where it has none."""
    try:
        return table(number)[0]
    except KeyError:
        return str(number)


def described(path):
    """Return what matters of one file."""
    about = os.lstat(path)
    kind = stat.S_IFMT(about.st_mode)
    what = {
        "mode": oct(stat.S_IMODE(about.st_mode)),
        "owner": name_of(pwd.getpwuid, about.st_uid),
        "group": name_of(grp.getgrgid, about.st_gid),
        "type": {stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "link"}.get(kind, "other"),
    }
    if stat.S_ISLNK(about.st_mode):
        what["target"] = os.readlink(path)
        del what["mode"]
    if stat.S_ISREG(about.st_mode):
        content = Path(path).read_bytes()
        if path.startswith("/var/spool/cron/crontabs/"):  # crontab(1) notes when and from which file it installed
            content = b"".join(line for line in content.splitlines(True) if not line.startswith(b"# ("))
        what["sha256"] = hashlib.sha256(content).hexdigest()
        if path in ("/etc/shadow", "/etc/shadow-"):  # the third field is the day of the last change
            what["sha256"] = ""
    return what


def files():
    """Return all files below the roots."""
    found = {}
    for root in ROOTS:
        for folder, folders, names in os.walk(root):
            for name in [*folders, *names]:
                path = os.path.join(folder, name)
                if not path.startswith(OWN):
                    found[path] = described(path)
    return found


def output(*command):
    """Return the lines of a command's output."""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()


def units(kind):
    """Return the services and timers in a state."""
    if kind == "enabled":
        lines = output("systemctl", "list-unit-files", "--state=enabled", "--plain", "--no-legend")
    else:
        lines = output(
            "systemctl", "list-units", "--type=service,timer,socket", "--state=active", "--plain", "--no-legend"
        )
    # sessions, timers' work, and what D-Bus starts for one call (timedatectl, hostnamectl) and ends when it is idle
    called = ("systemd-timedated", "systemd-hostnamed", "systemd-localed")
    short_lived = ("session-", "user@", "user-runtime-dir@", "apt-daily", "dpkg-db-backup", *called)
    return sorted(line.split()[0] for line in lines if line and not line.startswith(short_lived))


def main():
    """Print the host as JSON."""
    host = {
        "files": files(),
        "packages": output("dpkg-query", "-W", "-f", "${Package} ${Version} ${Status}\n"),
        "held": output("apt-mark", "showhold"),
        "manual": output("apt-mark", "showmanual"),
        "enabled": units("enabled"),
        "active": units("active"),
        "users": [list(entry) for entry in pwd.getpwall()],
        "groups": [list(entry) for entry in grp.getgrall()],
        "hostname": output("hostname"),
        "sysctl": output("sysctl", "-n", "net.ipv4.ip_forward"),
        "passwords": [
            line.split(":")[:2] + line.split(":")[3:] for line in Path("/etc/shadow").read_text().splitlines()
        ],
    }
    json.dump(host, sys.stdout)


main()
