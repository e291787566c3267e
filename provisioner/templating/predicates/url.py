"""Whether text is a URL."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from provisioner.templating.predicates.uri import uri


def url(value: object, schemes: Collection[str] | None = None) -> bool:
    """Tell whether text is a URI that names a host.

    >>> url("https://example.com/x"), url("mailto:someone")
    (True, False)
    """
    return uri(value, schemes) and bool(urlsplit(str(value)).netloc)
