"""What a draft does not do, said before anybody finds out."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.discovery.drafting.contents import Contents
from provisioner.discovery.drafting.people import People
from provisioner.discovery.drafting.running import Running
from provisioner.discovery.scopes.packages import LOCAL
from provisioner.discovery.snapshot import Coverage, Snapshot
from provisioner.records import dataclass

ALWAYS = (
    "hardware, addresses, routes and resolvers: they are the new machine's own",
    "packages the new server has and the old one has not: nothing is removed",
    "data below `/home`, `/var`, `/srv` that is larger than what was fetched: movers move it",
)


@dataclass(frozen=True, slots=True)
class Gaps:
    """The lines, and the page made of them."""

    lines: tuple[str, ...]
    text: str


def not_covered(snapshot: Snapshot, contents: Contents, people: People, running: Running) -> Gaps:
    """Return everything the draft leaves to people."""
    groups = {
        "Scopes that could not be seen": list(_scopes(snapshot)),
        "Packages to see to by hand": list(_local(snapshot)),
        "Accounts": people.gaps,
        "Files without content": contents.gaps,
        "Files that look as if they held a secret (put them into a vault)": [f"`{each}`" for each in contents.secret],
        "Services and jobs": running.gaps,
        "Databases (their data is moved by a mover)": list(_databases(snapshot)),
        "Kernel settings that are not as files say": list(_sysctl(snapshot)),
        "File systems that have to be made and mounted": list(_mounts(snapshot)),
        "Packet filters that no file sets": list(_firewall(snapshot)),
        "Files that name the machine itself": [f"`{path}`" for path in snapshot.items("bindings")],
        "Always": list(ALWAYS),
    }
    lines = [f"{title}: {each}" for title, entries in groups.items() for each in entries]
    text = [f"# What the draft of {snapshot.host} does not cover", ""]
    for title, entries in groups.items():
        if entries:
            text += [f"## {title}", "", *(f"- {each}" for each in entries), ""]
    return Gaps(tuple(lines), "\n".join(text))


def _scopes(snapshot: Snapshot) -> Iterator[str]:
    for name, scope in sorted(snapshot.scopes.items()):
        if scope.coverage is not Coverage.FULL:
            yield f"{name}: {'; '.join(scope.why)}"


def _local(snapshot: Snapshot) -> Iterator[str]:
    for name, item in snapshot.items("packages").items():
        if item.get("origin") == LOCAL:
            yield f"`{name}` {item.get('version')}: install it by hand, from where the old server had it"
        elif item.get("held") and item.get("format") != "dpkg":
            yield f"`{name}` is held at {item.get('version')}: hold it by hand"


def _databases(snapshot: Snapshot) -> Iterator[str]:
    sizes = snapshot.measured.get("databases", {}).get("sizes")
    known = sizes if isinstance(sizes, dict) else {}
    for key in snapshot.items("databases"):
        if ":setting:" not in key:
            size = known.get(key)
            yield f"`{key}`" + (f", {size} bytes" if isinstance(size, int) else "")


def _sysctl(snapshot: Snapshot) -> Iterator[str]:
    for key, item in snapshot.items("sysctl").items():
        if item.get("configured") and item.get("configured") != item.get("value"):
            yield f"`{key}` is {item.get('value')}, and {item.get('file')} says {item.get('configured')}"


def _mounts(snapshot: Snapshot) -> Iterator[str]:
    for key, item in snapshot.items("mounts").items():
        if key.startswith("mount:") and key != "mount:/" and item.get("type") != "tmpfs":
            yield f"`{key.removeprefix('mount:')}` ({item.get('type')} on {item.get('source')})"
        elif key.startswith("fstab:swap"):
            yield f"swap on {item.get('source')}"


def _firewall(snapshot: Snapshot) -> Iterator[str]:
    chains = snapshot.items("firewall")
    is_kept = any("nftables" in path or "iptables" in path or "/ufw/" in path or "firewalld" in path
                  for scope in ("configuration", "files") for path in snapshot.items(scope))  # fmt: skip
    if chains and not is_kept:
        yield f"{len(chains)} chains, {next(iter(chains))} for one: no file of a packet filter was changed"
