"""Whether text is a URN."""

from __future__ import annotations

from provisioner.templating.predicates.uri import uri


def urn(value: object) -> bool:
    """Tell whether text is a URI of the scheme urn.

    >>> urn("urn:isbn:0451450523"), urn("https://example.com")
    (True, False)
    """
    return uri(value, ["urn"])
