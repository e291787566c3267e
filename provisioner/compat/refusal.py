"""What makes no sense on a command line, found after it was parsed."""

from __future__ import annotations

from provisioner.diagnostics.errors import Exit, ProvisionerError


class Refused(ProvisionerError):
    """Wrong options or arguments; exit 5."""

    exit_code = Exit.BAD_OPTIONS
