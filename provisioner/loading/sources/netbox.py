"""Devices and virtual machines of a NetBox: ``plugin: netbox`` or ``netbox.netbox.nb_inventory``.

Needs the package pynetbox (``provisioner[netbox]``). The options are those of nb_inventory that OPTIONS names; one that
is not there is refused, never ignored.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any

from provisioner.diagnostics.errors import InputError, UnmetNeed, nearest
from provisioner.diagnostics.position import position_of
from provisioner.loading import constructing
from provisioner.loading.draft import safe_group_name
from provisioner.loading.inventory_cache import cache_key
from provisioner.loading.plugin_running import open_cache
from provisioner.loading.reading import kind_of
from provisioner.loading.source_reading import SourceReading, is_config_file, read_config
from provisioner.syntax.vault import VaultText

try:
    import pynetbox
except ImportError:  # read() says what is missing
    pynetbox = None

OPTIONS = (
    "plugin", "api_endpoint", "token", "validate_certs", "timeout", "headers", "query_filters", "device_query_filters",
    "vm_query_filters", "group_by", "group_names_raw", "plurals", "config_context", "flatten_config_context",
    "flatten_custom_fields", "ansible_host_dns_name", "cache", "cache_plugin", "cache_connection", "cache_prefix",
    "cache_timeout", *constructing.OPTIONS,
)  # fmt: skip
"""Everything the file may say."""

TOKENS = ("NETBOX_TOKEN", "NETBOX_API_KEY")
ADDRESSES = ("NETBOX_API", "NETBOX_URL")

FIELDS = {
    "site": ("sites", "site"),
    "tenant": ("tenants", "tenant"),
    "rack": ("racks", "rack"),
    "location": ("locations", "location"),
    "role": ("device_roles", "role"),
    "platform": ("platforms", "platform"),
    "device_type": ("device_types", "device_type"),
    "manufacturer": ("manufacturers", "manufacturer"),
    "cluster": ("cluster", "cluster"),
    "cluster_group": ("cluster_group", "cluster_group"),
    "cluster_type": ("cluster_type", "cluster_type"),
    "region": ("regions", "region"),
    "tag": ("tags", "tags"),
}
"""What hosts are grouped by, and what that is called as a variable: in the plural, and without (``plurals: false``)."""

accepts = is_config_file


def read(path: str, reading: SourceReading) -> None:
    """Add every device and virtual machine with its variables and groups."""
    config = read_config(path, reading, "netbox")
    for key in config:
        if key not in OPTIONS:
            raise InputError.at(position_of(key), f"'{key}' is no option of netbox", hint=nearest(str(key), OPTIONS))
    construct = constructing.read_construct(config, reading)
    hosts = _Hosts(config, reading)
    names = [hosts.add(record) for record in _records(path, config, reading)]
    constructing.Constructor(reading, construct).apply(name for name in dict.fromkeys(names) if name)


def _records(path: str, config: Mapping[str, object], reading: SourceReading) -> list[dict[str, Any]]:
    """Return what NetBox knows, from the cache where that is asked for and still fresh."""
    if not constructing.truth(config, "cache", otherwise=reading.inventory.cache.enabled):
        return list(_asked(config, reading))
    cache, key = open_cache(config, reading.settings), cache_key("netbox", path)
    if not reading.inventory.is_flushing:
        try:
            found: list[dict[str, Any]] = cache[key]
        except KeyError:
            pass
        else:
            return found
    cache[key] = found = list(_asked(config, reading))
    cache.update_cache_if_changed()
    return found


def _asked(config: Mapping[str, object], reading: SourceReading) -> Iterator[dict[str, Any]]:
    if pynetbox is None:
        raise UnmetNeed("an inventory of NetBox needs the package pynetbox", "install provisioner[netbox]")
    address = _text("api_endpoint", config, reading, ADDRESSES)
    if not address:
        raise InputError.at(position_of(config["plugin"]), "netbox needs 'api_endpoint'", hint="or NETBOX_API")
    api = pynetbox.api(address, token=_text("token", config, reading, TOKENS))
    session = api.http_session
    session.verify = constructing.truth(config, "validate_certs", otherwise=True)
    session.headers.update({str(k): str(v) for k, v in constructing.mapping(config, "headers").items()})
    session.request = functools.partial(session.request, timeout=_seconds(config))
    common = _filters("query_filters", config)
    wants_context = constructing.truth(config, "config_context")
    try:
        regions = _regions(api) if {"region", "regions"} & set(_groupings(config)) else {}
        for kind, endpoint in (("device", api.dcim.devices), ("vm", api.virtualization.virtual_machines)):
            own = _filters(f"{kind}_query_filters", config)
            query = {key: [*common.get(key, ()), *own.get(key, ())] for key in (*common, *own)}
            if not wants_context:
                query["exclude"] = ["config_context"]
            for record in endpoint.filter(**query):
                found = _plain(record)
                site = found.get("site") or {}
                yield {**found, "is_virtual": kind == "vm", "region": regions.get(str(site.get("slug")), [])}
    except pynetbox.RequestError as error:
        raise InputError.at(None, f"NetBox at {address} refused: {error.error or error}") from None
    except OSError as error:  # what requests raises is one
        raise InputError.at(None, f"NetBox at {address} cannot be asked: {error}") from None


def _plain(record: Any) -> dict[str, Any]:
    """Return a record as it was answered, as plain data."""
    return {str(key): value for key, value in dict(record).items()}


def _regions(api: Any) -> dict[str, list[dict[str, Any]]]:
    """Return the regions of each site by its slug, the nearest first."""
    parents = {each["slug"]: each for each in map(_plain, api.dcim.regions.all())}
    found = {}
    for site in map(_plain, api.dcim.sites.all()):
        chain: list[dict[str, Any]] = []
        region = site.get("region")
        while region and region["slug"] not in {each["slug"] for each in chain}:
            chain.append({"slug": region["slug"], "name": region.get("name")})
            region = parents.get(region["slug"], {}).get("parent")
        found[site["slug"]] = chain
    return found


def _text(key: str, config: Mapping[str, object], reading: SourceReading, variables: tuple[str, ...]) -> str | None:
    """Return an option that may be encrypted, a template, or in the environment."""
    written = config.get(key)
    if written is None:
        return next((text for name in variables if (text := reading.inventory.configured(name, "", ""))), None)
    if isinstance(written, VaultText) and reading.settings.vault is not None:
        return reading.settings.vault.reveal(written)
    if reading.settings.render is not None and "{{" in str(written):
        return str(reading.settings.render(str(written), reading.settings.extra_vars))
    return str(written)


def _seconds(config: Mapping[str, object]) -> float:
    try:
        return float(str(config.get("timeout") or 60))
    except ValueError:
        raise InputError.at(position_of(config["timeout"]), "'timeout' must be a number of seconds") from None


def _filters(key: str, config: Mapping[str, object]) -> dict[str, list[object]]:
    """Return filters, a list of one-key mappings, with the values of each key together."""
    written = config.get(key) or []
    if not isinstance(written, list) or not all(isinstance(each, dict) for each in written):
        text = f"'{key}' must be a list of mappings such as '- role: leaf', not {kind_of(written)}"
        raise InputError.at(position_of(written), text)
    found: dict[str, list[object]] = {}
    for each in written:
        for name, value in each.items():
            values = value if isinstance(value, list) else [value]
            found.setdefault(str(name), []).extend(str(v).lower() if isinstance(v, bool) else v for v in values)
    return found


def _groupings(config: Mapping[str, object]) -> list[str]:
    written = config.get("group_by") or []
    words = [str(word) for word in (written if isinstance(written, list) else [written])]
    known = {name for field, names in FIELDS.items() for name in (field, *names)} | {"is_virtual", "status"}
    for word in words:
        if word not in known:
            raise InputError.at(position_of(written), f"netbox cannot group by '{word}'", hint=nearest(word, known))
    return words


class _Hosts:
    """Turns records into hosts of the inventory that is being read."""

    def __init__(self, config: Mapping[str, object], reading: SourceReading) -> None:
        self._draft = reading.draft
        self._groupings = _groupings(config)
        self._is_plural = constructing.truth(config, "plurals", otherwise=True)
        self._is_raw = constructing.truth(config, "group_names_raw")
        self._by_dns_name = constructing.truth(config, "ansible_host_dns_name")
        self._flattens_context = constructing.truth(config, "flatten_config_context")
        self._flattens_fields = constructing.truth(config, "flatten_custom_fields")
        self._has_context = constructing.truth(config, "config_context")

    def add(self, record: Mapping[str, Any]) -> str:
        """Add one record; return the host's name."""
        name = str(record.get("name") or f"{'vm' if record['is_virtual'] else 'device'}_{record.get('id')}")
        self._draft.add_host(name, "ungrouped", self._variables(record))
        for word in self._groupings:
            for value in self._values(word, record):
                group = self._draft.group(safe_group_name(value if self._is_raw else f"{word}_{value}"))
                self._draft.add_host(name, group, {})
        return name

    def _values(self, word: str, record: Mapping[str, Any]) -> list[str]:
        """Return what a host has of one grouping; it may be called in the singular or the plural."""
        if word == "is_virtual":
            return ["is_virtual"] if record["is_virtual"] else []
        if word == "status":
            return [str(_value_of(record.get("status")))] if record.get("status") else []
        field = next(field for field, names in FIELDS.items() if word in (field, *names))
        return _slugs(field, record)

    def _variables(self, record: Mapping[str, Any]) -> dict[str, object]:
        found: dict[str, object] = {"is_virtual": record["is_virtual"], "id": record.get("id")}
        for field, (plural, single) in FIELDS.items():
            slugs = _slugs(field, record)
            if not slugs and field != "tag":
                continue
            name = plural if self._is_plural else single
            found[name] = slugs if self._is_plural or name == "tags" else slugs[0]
        for key in ("status", "serial", "asset_tag", "local_context_data", "comments"):
            if record.get(key) is not None:
                found[key] = record[key]
        self._addresses(record, found)
        for key, is_flat, wanted in (
            ("custom_fields", self._flattens_fields, True),
            ("config_context", self._flattens_context, self._has_context),
        ):
            content = record.get(key)
            if wanted and isinstance(content, Mapping):
                found.update({str(k): v for k, v in content.items()} if is_flat else {key: dict(content)})
        return found

    def _addresses(self, record: Mapping[str, Any], found: dict[str, object]) -> None:
        for key in ("primary_ip4", "primary_ip6"):
            if isinstance(record.get(key), Mapping):
                found[key] = _bare(record[key])
        primary = record.get("primary_ip")
        if not isinstance(primary, Mapping):
            return
        dns_name = primary.get("dns_name")
        if dns_name:
            found["dns_name"] = dns_name
        found["ansible_host"] = dns_name if dns_name and self._by_dns_name else _bare(primary)


def _bare(address: Mapping[str, Any]) -> str:
    return str(address.get("address", "")).partition("/")[0]


def _slugs(field: str, record: Mapping[str, Any]) -> list[str]:
    """Return the slugs of a field; some are told inside another one."""
    value = record.get({"tag": "tags"}.get(field, field))
    if field == "manufacturer":
        value = (record.get("device_type") or {}).get("manufacturer")
    elif field == "role":
        value = value or record.get("device_role")
    elif field in ("cluster_group", "cluster_type"):
        value = (record.get("cluster") or {}).get(field.removeprefix("cluster_"))
    values = value if isinstance(value, list) else [value]
    return [_slug(each) for each in values if each]


def _slug(value: Any) -> str:
    return str(value.get("slug") or value.get("name") or value.get("id")) if isinstance(value, Mapping) else str(value)


def _value_of(status: Any) -> Any:
    return status.get("value") if isinstance(status, Mapping) else status
