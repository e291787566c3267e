"""Asks the domain name system which addresses names have and for how long caches keep them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rdatatype
import dns.resolver
import dns.rrset

from provisioner.migration.sight import NameAnswer

PATIENCE_S = 3.0
AT_ONCE = 8


def ask_names(names: Iterable[str], servers: Sequence[str] = ()) -> Mapping[str, NameAnswer]:
    """Return the answers for names, several asked at once; ``servers`` instead of those this machine asks."""
    wanted = sorted(set(names))
    if not wanted:
        return {}
    try:
        resolver = dns.resolver.Resolver(configure=not servers)
    except dns.resolver.NoResolverConfiguration as error:
        return {name: NameAnswer(problem=str(error)) for name in wanted}
    if servers:
        resolver.nameservers = list(servers)
    resolver.lifetime = PATIENCE_S
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="names") as threads:
        return dict(zip(wanted, threads.map(lambda name: _ask(name, resolver), wanted), strict=True))


def _ask(name: str, resolver: dns.resolver.Resolver) -> NameAnswer:
    """Ask for a name; then the zone's own server, as a cache only tells how much of the time is left."""
    try:
        answer = resolver.resolve(name, "A")
    except dns.exception.DNSException as error:
        return NameAnswer(problem=str(error) or type(error).__name__)
    chain = [each for each in answer.response.answer if isinstance(each, dns.rrset.RRset)]
    ttl = min((each.ttl for each in chain), default=0)
    addresses = tuple(sorted(record.address for record in answer))
    return NameAnswer(addresses, max(ttl, _full_ttl(name, resolver)))


def _full_ttl(name: str, resolver: dns.resolver.Resolver) -> int:
    """Return the time to live as the zone's first server gives it; 0 where it does not answer."""
    try:
        zone = dns.resolver.zone_for_name(name, resolver=resolver, lifetime=PATIENCE_S)
        master = next(iter(resolver.resolve(zone, "SOA"))).mname
        server = next(iter(resolver.resolve(master, "A"))).address
        said = dns.query.udp(dns.message.make_query(name, dns.rdatatype.A), server, timeout=PATIENCE_S)
    except (dns.exception.DNSException, OSError, StopIteration):
        return 0
    return min((each.ttl for each in said.answer), default=0)
