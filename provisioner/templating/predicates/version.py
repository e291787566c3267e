"""Compares versions."""

from __future__ import annotations

from provisioner.templating.versions import compared


def version(
    value: object, other: object, operator: str = "eq", strict: bool | None = None, version_type: str | None = None
) -> bool:
    """Tell whether ``value operator other`` holds; types: loose, strict, semver, pep440.

    >>> version("12.04", "12.4", ">="), version("1.2.0-rc1", "1.2.0", "<", version_type="semver")
    (True, True)
    """
    if strict is not None and version_type is not None:
        raise ValueError("version: give 'strict' or 'version_type', not both")
    return compared(value, other, operator, version_type or ("strict" if strict else "loose"))
