"""The networks of a container: which are wanted, which there are, and the steps from one to the other."""

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

from ..change import Failed
from ..params import Parameters, optional, required
from .docker import Engine, named

BINDING = "com.docker.network.bridge.host_binding_ipv4"


class NetworkParameters(Parameters):
    """One network of a container."""

    name: str = required("str", "The network.")
    aliases: Optional[List[str]] = optional("list", "Further names of the container in it.", elements="str")
    links: Optional[List[str]] = optional("list", "Containers to link to, as container:alias.", elements="str")
    ipv4_address: Optional[str] = optional("str", "Its address in it.")
    ipv6_address: Optional[str] = optional("str", "Its IPv6 address in it.")
    mac_address: Optional[str] = optional("str", "Its hardware address in it; API 1.44 and later.")


class Network(NamedTuple):
    """A network that a container shall be in: its name, its number, and what the API takes of the container's place."""

    name: str
    id: str
    endpoint: Dict[str, Any]


def look_up(engine: Engine, given: List[NetworkParameters]) -> List[Network]:
    """Return the networks given, as the engine knows them."""
    networks = []
    for each in given:
        there = engine.look("/networks/" + named(each.name))
        if there is None:
            raise Failed("Parameter error: network named %s could not be found. Does it exist?" % each.name)
        networks.append(Network(there["Name"], there["Id"], _endpoint(each)))
    return networks


def _endpoint(given: NetworkParameters) -> Dict[str, Any]:
    told: Dict[str, Any] = {}
    addresses = {"IPv4Address": given.ipv4_address, "IPv6Address": given.ipv6_address}
    addresses = {key: value for key, value in addresses.items() if value}
    if addresses:
        told["IPAMConfig"] = addresses
    for key, value in (("Aliases", given.aliases), ("Links", given.links), ("MacAddress", given.mac_address)):
        if value is not None:
            told[key] = value
    return told


def host_ip(engine: Engine, networks: List[Network]) -> str:
    """Return the address that ports are bound to where none is written: that of a bridge which names one."""
    for name in [*(each.id for each in networks), "bridge"]:
        there = engine.look("/networks/" + named(name)) or {}
        address = (there.get("Options") or {}).get(BINDING)
        if there.get("Driver") == "bridge" and address:
            return str(address)
    return "0.0.0.0"  # noqa: S104 - the engine's own default, as documented


def connected(container: Mapping[str, Any]) -> Dict[str, Dict[str, Any]]:
    """Return the networks a container is in."""
    networks = (container.get("NetworkSettings") or {}).get("Networks") or {}
    return {name: place or {} for name, place in networks.items()}


Steps = List[Tuple[Any, ...]]


def steps(container: Mapping[str, Any], wanted: List[Network], rule: str) -> Tuple[Steps, Dict[str, Any]]:
    """Return what is to do, and the places in networks that are not as wanted: by name, before and after."""
    there = connected(container)
    todo: Steps = []
    changed: Dict[str, Any] = {}
    for network in wanted if rule != "ignore" else ():
        place = there.get(network.name)
        if place is not None and _fits(network.endpoint, place):
            continue
        todo += [("disconnect", network.id)] if place is not None else []
        todo.append(("connect", network.id, network.endpoint))
        changed["network." + network.name] = (_shown(place), dict(network.endpoint, connected=True))
    names = {network.name for network in wanted}
    for name, place in there.items() if rule == "strict" else ():
        if name not in names:
            todo.append(("disconnect", place.get("NetworkID") or name))
            changed["network." + name] = ({"connected": True}, {"connected": False})
    return todo, changed


def _shown(place: Optional[Mapping[str, Any]]) -> Dict[str, Any]:
    if place is None:
        return {"connected": False}
    keys = ("IPAMConfig", "Aliases", "Links", "MacAddress")
    return dict({key: place[key] for key in keys if place.get(key)}, connected=True)


def _fits(endpoint: Mapping[str, Any], place: Mapping[str, Any]) -> bool:
    there = place.get("IPAMConfig") or {}
    if any(there.get(key) != value for key, value in (endpoint.get("IPAMConfig") or {}).items()):
        return False
    for key in ("Aliases", "Links"):
        known = place.get(key) or []
        if any(each not in known for each in endpoint.get(key) or []):
            return False
    return str(endpoint.get("MacAddress", "")).lower() in ("", str(place.get("MacAddress", "")).lower())
