"""A request to a host's worker and the reply to it, as the layers above the wire see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from provisioner.diagnostics.errors import TargetError
from provisioner.records import dataclass

ABOUT_CONNECTION = "connection plugin"
"""In place of a module's name: what the connection plugin itself is asked, which runs nothing on the host.

With ``option`` among the parameters the result's ``value`` is that option of the plugin's; without, the result says
what the plugin knows of itself and of its shell.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Parcel:
    """The files of a foreign module: path in its own tree to digest, and the contents by digest.

    A worker is sent each content once, whatever module it comes with.
    """

    files: Mapping[str, str]
    contents: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Carried:
    """What a request needs besides its module: who carries it on the worker (``foreign``), how, and its files."""

    carrier: str
    how: Mapping[str, object]
    parcel: Parcel


@dataclass(frozen=True, slots=True)
class Request:
    """Run one module once.

    ``body`` is raw content that travels beside the JSON: bytes, or a file that is streamed. ``chain`` and ``link``:
    when a request with ``stop_chain`` fails, later requests of the same chain with another link are dropped unrun.
    ``reply_path`` is where a raw reply body (fetch) is written; without it the body arrives in memory. ``op`` is the
    operation's key in the run, which the host records with what came of it (see remote/oplog.py); without one nothing
    is recorded. ``secret``: what it said is recorded sealed. ``again``: it may have been sent before; ``lost``: it was,
    and no answer came. ``hold``: what would change something fails instead. ``cwd`` is the folder to run it in, where
    that is not wherever the worker is.
    """

    module: str
    params: Mapping[str, object]
    check: bool = False
    diff: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Path | None = None
    reply_path: Path | None = None
    chain: str = ""
    link: str = ""
    stop_chain: bool = True
    carried: Carried | None = None
    detach: Mapping[str, object] | None = None
    op: str = ""
    secret: bool = False
    again: bool = False
    lost: bool = False
    hold: bool = False
    cwd: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a request: a module's result, or dropped unrun, or a target error."""

    result: Mapping[str, object] | None = None
    dropped: bool = False
    body: bytes = b""
    error: TargetError | None = None
    started: float = 0.0
    seconds: float = 0.0
    interpreter: str = ""
    """The Python that the worker runs on, where a worker answered."""
    folder: str = ""
    """Where on the host the files of the request lie that were kept."""
