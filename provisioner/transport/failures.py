"""Why no worker could be had, finer than Unreachable where the way out differs; and how a host is named in errors."""

from __future__ import annotations

from provisioner.diagnostics.errors import Unreachable
from provisioner.model.target import Become, Target


class ElevationFailed(Unreachable):
    """The login worked, becoming the other user did not."""


class NoInterpreter(Unreachable):
    """The login worked, but no Python that is new enough was found."""


def where(target: Target) -> str:
    """Return how errors name a host: its name and, where a network lies between, user, address and port."""
    if target.connection == "local" and target.plugin is None:
        return f"host {target.host} (this machine)"
    if target.plugin is not None:
        return f"host {target.host} (by {target.plugin.name})"
    user = f"{target.user}@" if target.user else ""
    return f"host {target.host} ({user}{target.address or target.host}:{target.port or 22})"


def masked(text: str, target: Target, become: Become | None) -> str:
    """Return the text without any password of the target in it."""
    for secret in (target.password, target.private_key_passphrase, become.password if become else None):
        if secret:
            text = text.replace(secret, "********")
    return text
