"""Whether a file of the controller is a vault."""

from __future__ import annotations

from pathlib import Path

from provisioner.syntax.vault import HEADER


def vaulted_file(path: str) -> bool:
    """Tell whether the file begins as a vault does.

    >>> vaulted_file("/dev/null")
    False
    """
    with Path(path).open("rb") as stream:
        return stream.read(len(HEADER)) == HEADER.encode()
