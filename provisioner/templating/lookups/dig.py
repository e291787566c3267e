"""DNS records."""

from __future__ import annotations

import importlib
from typing import Any

from provisioner.templating.context import LookupContext
from provisioner.templating.errors import LookupFailed


def run(terms: list[object], context: LookupContext, **options: Any) -> list[object]:
    """Return the records of a name as text: ``example.com``, ``qtype=MX``, ``@8.8.8.8`` or ``example.com./TXT``.

    Options: qtype (A), retry_servfail, fail_on_error, real_empty, tcp, port. It needs the package dnspython.
    """
    del context
    try:
        resolver_module = importlib.import_module("dns.resolver")
        errors = importlib.import_module("dns.exception")
    except ImportError:
        raise LookupFailed("dig needs the Python package 'dnspython' where provisioner is installed") from None
    resolver = resolver_module.Resolver()
    kind, names = str(options.get("qtype", "A")), []
    for term in map(str, terms):
        if term.startswith("@"):
            resolver.nameservers = term[1:].split(",")
        elif "=" in term:
            name, _, value = term.partition("=")
            kind = value if name == "qtype" else kind
        else:
            name, _, own = term.partition("/")
            kind = own or kind
            names.append(name)
    found: list[object] = []
    for name in names:
        try:
            answers = resolver.resolve(name, kind.upper(), tcp=bool(options.get("tcp", False)))
            found += [record.to_text().strip('"') for record in answers]
        except errors.DNSException as error:
            if options.get("fail_on_error"):
                raise LookupFailed(f"dig: {name}: {error}") from error
            found += [] if options.get("real_empty") else [type(error).__name__.upper()]
    return found
