"""A first playbook from a snapshot: role, inventory, tests, and the list of what it does not do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import field

from provisioner.discovery.archive import Archive
from provisioner.discovery.drafting import role
from provisioner.discovery.drafting.contents import Contents, contents_of
from provisioner.discovery.drafting.gaps import not_covered
from provisioner.discovery.drafting.people import People, people_of
from provisioner.discovery.drafting.running import Running, running_of
from provisioner.discovery.drafting.suite import TESTS, expected
from provisioner.discovery.drafting.text import HEADER, flow, listed
from provisioner.discovery.scopes.packages import LOCAL
from provisioner.discovery.snapshot import Json, Snapshot
from provisioner.records import dataclass

STANDARD_LOCALES = frozenset({"C", "C.utf8", "POSIX"})
SITE = """\
{header}- name: What {host} was
  hosts: "{{{{ target | default('new') }}}}"
  become: true
  roles:
    - {role}
"""
INVENTORY = """\
{header}all:
  children:
    old:
      hosts:
        {host}:
          ansible_host: {address}
    new:
      hosts:
        {host}-new:
          ansible_host: 192.0.2.1  # the new server's address
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """The files of a draft by name; ``secret`` names those whose content looks like a secret."""

    files: Mapping[str, bytes]
    gaps: Sequence[str] = ()
    secret: Sequence[str] = field(default_factory=tuple)


def draft(snapshot: Snapshot, archive: Archive) -> Draft:
    """Return everything a first playbook needs."""
    contents = contents_of(snapshot, archive)
    people = people_of(snapshot, archive, contents)
    running = running_of(snapshot, archive, contents)
    header, name = HEADER.format(host=snapshot.host), role_name(snapshot.host)
    top = f"roles/{name}"
    gaps = not_covered(snapshot, contents, people, running)
    address = flow(snapshot.address or snapshot.host)
    package_format, init = _package_format(snapshot), str(snapshot.items("os").get("init", {}).get("value", "systemd"))
    texts = {
        "site.yml": SITE.format(header=header, host=snapshot.host, role=name),
        "inventory.yml": INVENTORY.format(header=header, host=snapshot.host, address=address),
        f"{top}/vars/main.yml": header + _variables(snapshot, contents, people, running),
        f"{top}/defaults/main.yml": header + role.EXACT,
        "tests/test_server.py": TESTS,
        "tests/expected.json": expected(snapshot, contents, people, running),
        "NOT-COVERED.md": gaps.text,
        **{f"{top}/tasks/{file}": text for file, text in role.tasks(package_format, init).items()},
    }
    files = {path: text.encode("utf-8") for path, text in texts.items()}
    files |= {f"{top}/files/{path}": content for path, content in contents.kept.items()}
    return Draft(dict(sorted(files.items())), gaps.lines, tuple(contents.secret))


def role_name(host: str) -> str:
    """Return a host's name as that of a role."""
    name = re.sub(r"\W+", "_", host.partition(".")[0].lower()).strip("_")
    return name if name[:1].isalpha() else f"host_{name}"


def _package_format(snapshot: Snapshot) -> str:
    return next((str(item.get("format")) for item in snapshot.items("packages").values()), "")


def _variables(snapshot: Snapshot, contents: Contents, people: People, running: Running) -> str:
    packages = {name: item for name, item in snapshot.items("packages").items() if item.get("origin") != LOCAL}
    asked = [f"{name}={item.get('version')}" for name, item in packages.items() if not item.get("automatic")]
    along = [f"{name}={item.get('version')}" for name, item in packages.items() if item.get("automatic")]
    parts = [
        role.CHANGED,
        *([role.MISSING] if _package_format(snapshot) == "dpkg" else []),
        listed("draft_source_folders", contents.source_folders),
        listed("draft_source_files", contents.source_files, "Sources of packages and their keys"),
        listed("draft_groups", people.groups),
        listed("draft_users", people.users),
        listed("draft_members", people.members, "The distribution's own users in more groups"),
        listed("draft_keys", people.keys),
        listed("draft_packages", asked, "Packages that somebody asked for"),
        listed("draft_packages_come_along", along, "Packages that others need"),
        listed("draft_packages_held", [name for name, item in packages.items() if item.get("held")]),
        _system(snapshot),
        listed("draft_folders", contents.folders, "What no package brought, and configuration that was changed"),
        listed("draft_files", contents.files),
        listed("draft_links", contents.links),
        listed("draft_removed", contents.removed),
        listed("draft_sysctl", _sysctl(snapshot)),
        listed("draft_crontabs", running.crontabs),
        listed("draft_jobs", running.jobs),
        listed("draft_units", running.units),
        listed("draft_restarts", running.restarts, "Which services read which files"),
    ]
    return "\n".join(parts)


def _system(snapshot: Snapshot) -> str:
    os = snapshot.items("os")
    locale = os.get("locale", {})
    generated = locale.get("generated")
    locales = [str(each) for each in generated if each not in STANDARD_LOCALES] if isinstance(generated, list) else []
    language = "".join(f"{key}={value}\n" for key, value in sorted(locale.items()) if key != "generated")
    entries = os.get("hosts", {}).get("entries")
    others = (
        [each for each in entries if not str(each).startswith(("127.", "::1", "fe00", "ff0"))]
        if isinstance(entries, list)
        else []
    )
    return "".join([
        f"draft_timezone: {flow(os.get('timezone', {}).get('value', ''))}\n",
        f"draft_language: {flow(language)}\n",
        listed("draft_locales", [each.replace("utf8", "UTF-8") for each in locales]),
        listed("draft_hosts_entries", others),
        listed("draft_mounts", _mounts(snapshot)),
    ])  # fmt: skip


def _mounts(snapshot: Snapshot) -> list[dict[str, Json]]:
    """Return lines for fstab; the root, how a machine starts and swap are its own matter."""
    found: list[dict[str, Json]] = []
    for key, item in snapshot.items("mounts").items():
        path = key.removeprefix("fstab:")
        if key.startswith("fstab:/") and path != "/" and not path.startswith("/boot"):
            options = item.get("options")
            found.append({"path": path, "src": item.get("source"), "fstype": item.get("type"),
                          "opts": ",".join(map(str, options)) if isinstance(options, list) else "defaults",
                          "dump": str(item.get("dump", 0)), "passno": str(item.get("pass", 0))})  # fmt: skip
    return found


def _sysctl(snapshot: Snapshot) -> list[dict[str, Json]]:
    return [
        {"name": key, "value": item.get("value"), "file": item.get("file")}
        for key, item in snapshot.items("sysctl").items()
        if str(item.get("file")).startswith("/etc/") and item.get("value") == item.get("configured")
    ]
