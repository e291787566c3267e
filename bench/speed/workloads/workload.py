"""What a workload is: files for every contender, how hosts are made clean, and how the outcome is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = "/srv/bench"
CLEAN = f"rm -rf {ROOT} ~/.cache/provisioner && mkdir -p {ROOT}"
STATE = (
    f"cd {ROOT} && find . -printf '%P %y %m %u %g %l\\n' | LC_ALL=C sort && "
    "find . -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum"
)


@dataclass(frozen=True, slots=True)
class Workload:
    """One thing to measure on hosts.

    ``write`` puts ``play.yml``, ``deploy.py`` and ``floor.sh`` with their files into a folder. The floor script runs
    on each host, or on the controller if ``floor_here`` (with $OPTIONS for ssh and $HOST); its host's name is ``$1``.
    ``ready`` prepares the hosts once, ``clean`` undoes the work, ``state`` prints the outcome.
    """

    name: str
    title: str
    write: Callable[[Path], None]
    hosts: int = 1
    aliases: int | None = None
    delay_ms: float = 0
    clean: str = CLEAN
    state: str = STATE
    ready: str = ""
    floor_here: bool = False


def write_play(folder: Path, play: Mapping[str, object]) -> None:
    """Write one play in block style, as people write it."""
    (folder / "play.yml").write_text("---\n" + block([play], 0), encoding="utf-8")


def block(value: object, depth: int) -> str:
    """Return a value as YAML in block style."""
    indent = "  " * depth
    if isinstance(value, Mapping):
        return "".join(f"{indent}{key}:{_below(each, depth)}" for key, each in value.items())
    if isinstance(value, list):
        return "".join(f"{indent}- {block(each, depth + 1).lstrip()}" for each in value)
    return f"{indent}{json.dumps(value)}\n"


def _below(value: object, depth: int) -> str:
    if isinstance(value, (Mapping, list)) and value:
        return "\n" + block(value, depth + 1)
    return f" {json.dumps(value)}\n"
