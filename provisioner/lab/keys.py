"""The lab's own SSH keys: one to log in with, one for each host, all made before a host boots."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .commands import Commands, write_atomically


def ensure_key(commands: Commands, path: Path, comment: str) -> Path:
    """Make the ed25519 key ``path`` unless it exists whole; a half-made one is made anew."""
    public = path.with_name(path.name + ".pub")
    if path.exists() and public.exists() and public.stat().st_size:
        return path
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.unlink(missing_ok=True)
    public.unlink(missing_ok=True)
    commands.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)])
    return path


def public_key(path: Path) -> str:
    """Return the public half of the key ``path`` as one line."""
    return path.with_name(path.name + ".pub").read_text(encoding="ascii").strip()


def write_known_hosts(path: Path, addresses: Mapping[str, str], keys: Path) -> None:
    """Write exactly the hosts' keys, under their names and addresses, so that strict checking works."""
    lines = []
    for name, address in addresses.items():
        kind, key = public_key(keys / name).split()[:2]
        lines.append(f"{name},{address} {kind} {key}\n")
    write_atomically(path, "".join(lines))
