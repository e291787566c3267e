"""Who works on a host: what its worker is told before the first request."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, datetime

from provisioner.model.target import Become, Target
from provisioner.records import dataclass

RECONNECT_S = 60.0
LATEST = 4102444800.0
"""The year 2100: what a holder says beyond it is no time."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A run as hosts see it.

    ``record`` names the run whose record of operations is kept there: its own id, or that of the run it resumes.
    ``exclusive``: no other run may work on the hosts meanwhile. Contact that was lost is sought for ``reconnect_s``
    seconds; 0 gives up at once. ``seal`` is the key by which hosts seal what they record of secret results.
    """

    run: str
    record: str
    owner: str = ""
    reason: str = ""
    since: float = 0.0
    exclusive: bool = False
    reconnect_s: float = RECONNECT_S
    seal: bytes = field(default=b"", repr=False)

    def log(self, target: Target, become: Become | None) -> str:
        """Return the name of the record of one session: runs and sessions never share one."""
        way = (target.host, target.connection, target.address, target.port, target.user, target.python)
        whom = "\0".join(map(str, (*way, *((become.user, become.method) if become else ("",)))))
        return f"{self.record}-{hashlib.sha256(whom.encode()).hexdigest()[:12]}"

    def lease(self, target: Target) -> Mapping[str, object] | None:
        """Return what others are told who want the host; None where it is not taken: shared, or this machine itself."""
        if not self.exclusive or target.connection == "local":
            return None
        return {"run": self.record, "owner": self.owner, "reason": self.reason, "since": self.since}


def held_by(holder: Mapping[str, object]) -> str:
    """Return who has a host, in words; all but the ids is what the holder said of itself."""
    said = [f"{name} {holder[name]}" for name in ("run", "owner", "reason") if holder.get(name)]
    since = holder.get("since")
    if isinstance(since, (int, float)) and 0 < since < LATEST:
        said.append(f"since {datetime.fromtimestamp(since, UTC):%Y-%m-%d %H:%M:%S}Z")
    return f"{', '.join(said) or 'somebody'} (process {holder.get('pid')} of user {holder.get('uid')} there)"
