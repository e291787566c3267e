"""IPv6 addresses in brackets, as URLs need them."""

from __future__ import annotations

from provisioner.templating.addresses import ask, read


def ipwrap(value: object, query: object = "") -> object:
    """Return IPv6 addresses in brackets, everything else as it is.

    >>> ipwrap("2001:db8::1"), ipwrap("192.0.2.1"), ipwrap("example.com")
    ('[2001:db8::1]', '192.0.2.1', 'example.com')
    """
    if isinstance(value, (list, tuple)):
        return [ipwrap(item, query) for item in value]
    entry = read(value)
    if entry is None:
        return value
    answer = ask(entry, query)
    wrapped = read(answer)
    return ask(wrapped, "wrap") if wrapped is not None else answer
