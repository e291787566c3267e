"""Variables and groups made from the variables hosts have already: ``compose``, ``groups``, ``keyed_groups``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from provisioner.diagnostics.errors import InputError, nearest
from provisioner.diagnostics.position import position_of
from provisioner.loading.draft import ALL, safe_group_name
from provisioner.loading.reading import kind_of
from provisioner.loading.source_reading import SourceReading
from provisioner.loading.variables import origin_of
from provisioner.records import dataclass
from provisioner.remote.params import boolean

OPTIONS = ("strict", "compose", "groups", "keyed_groups", "leading_separator", "use_extra_vars", "use_vars_plugins")
"""What a file may say of this; other sources of inventory take the same options."""

_KEYED = ("key", "prefix", "separator", "parent_group", "default_value", "trailing_separator")


@dataclass(frozen=True, slots=True)
class Construct:
    """What is to be made of every host. ``strict``: an expression that fails is an error, not nothing."""

    strict: bool = False
    compose: Mapping[str, object] | None = None
    groups: Mapping[str, object] | None = None
    keyed_groups: tuple[Mapping[str, object], ...] = ()
    leading_separator: bool = True
    use_extra_vars: bool = False
    use_vars_plugins: bool = False


def read_construct(config: Mapping[str, object], reading: SourceReading) -> Construct:
    """Return the options of a file; InputError for one of a wrong type."""
    keyed = config.get("keyed_groups") or []
    if not isinstance(keyed, list):
        raise _wrong("keyed_groups", "a list of mappings", keyed)
    for entry in keyed:
        if not isinstance(entry, dict):
            raise InputError.at(position_of(keyed), f"Invalid keyed group entry, it must be a dictionary: {entry}")
        for key in entry:
            if key not in _KEYED:
                raise InputError.at(position_of(key), f"keyed_groups has no '{key}'", hint=nearest(str(key), _KEYED))
    return Construct(
        truth(config, "strict"),
        mapping(config, "compose"),
        mapping(config, "groups"),
        tuple(keyed),
        truth(config, "leading_separator", otherwise=True),
        truth(config, "use_extra_vars", otherwise=reading.inventory.uses_extra_vars),
        truth(config, "use_vars_plugins"),
    )


def truth(config: Mapping[str, object], key: str, *, otherwise: bool = False) -> bool:
    """Return an option that is yes or no."""
    written = config.get(key)
    try:
        return otherwise if written is None else boolean(written)
    except ValueError:
        raise _wrong(key, "yes or no", written) from None


def mapping(config: Mapping[str, object], key: str) -> Mapping[str, object]:
    """Return an option that is a mapping."""
    written = config.get(key) or {}
    if not isinstance(written, dict):
        raise _wrong(key, "a mapping", written)
    return written


def _wrong(key: str, wanted: str, value: object) -> InputError:
    return InputError.at(position_of(value), f"'{key}' must be {wanted}, not {kind_of(value)}")


class Constructor:
    """Makes variables and groups of hosts, in the inventory that is being read."""

    def __init__(self, reading: SourceReading, construct: Construct) -> None:
        self._reading, self._draft, self._construct = reading, reading.draft, construct
        self._groups_of: dict[str, tuple[str, ...]] = {}
        self._links = -1

    def apply(self, hosts: Iterable[str]) -> None:
        """Do all that the options say for each of the hosts."""
        for host in hosts:
            if self._construct.compose:
                self.compose(host, self._construct.compose, self.variables(host))
            if self._construct.groups or self._construct.keyed_groups:
                variables = self.variables(host)
                self.join(host, self._construct.groups or {}, variables)
                self.key(host, self._construct.keyed_groups, variables)

    def variables(self, host: str) -> dict[str, object]:
        """Return what a host has so far: its groups' variables, its own, the extra ones, and what it is called."""
        if self._links != self._draft.links or host not in self._groups_of:
            self._groups_of = self._draft.memberships(self._draft.hosts)
            self._links = self._draft.links
        groups = self._groups_of[host]
        found: dict[str, object] = {}
        for name in (ALL, *groups):
            if name in self._draft.groups:
                found.update(self._draft.groups[name].vars)
        if self._construct.use_vars_plugins:
            for name in (ALL, *groups):
                found.update(self._reading.variables_beside("group", name))
        found.update(self._draft.hosts[host])
        if self._construct.use_vars_plugins:
            found.update(self._reading.variables_beside("host", host))
        found.update(self._reading.inventory.cached_facts(host))
        found.update(named(host, groups, self._draft.origins.get(host, "")))
        if self._construct.use_extra_vars:
            found.update(self._reading.settings.extra_vars)
        return found

    def compose(self, host: str, expressions: Mapping[str, object], variables: Mapping[str, object]) -> None:
        """Set a variable to what each expression yields; one that fails sets nothing unless all is strict."""
        for name, expression in expressions.items():
            try:
                value = self.evaluate(expression, variables)
            except InputError as error:
                self._refuse(f"Could not set {name} for host {host}", expression, error)
                continue
            self._draft.hosts[host][name] = value

    def join(self, host: str, conditions: Mapping[str, object], variables: Mapping[str, object]) -> None:
        """Put a host into each group whose condition it meets."""
        for group, condition in conditions.items():
            try:
                is_met = boolean(self._rendered(f"{{% if {condition} %}}True{{% else %}}False{{% endif %}}", variables))
            except (InputError, ValueError) as error:
                self._refuse(f"Could not add host {host} to group {group}", condition, error)
                continue
            if is_met:
                self._draft.add_host(host, safe_group_name(str(group)), {})

    def key(self, host: str, entries: Iterable[Mapping[str, object]], variables: Mapping[str, object]) -> None:
        """Put a host into the groups named after the value of each key."""
        for entry in entries:
            default, trailing = entry.get("default_value"), entry.get("trailing_separator")
            if default is not None and trailing is not None:
                raise InputError.at(position_of(entry.get("key")), "parameters are mutually exclusive for keyed "
                                    "groups: default_value|trailing_separator")  # fmt: skip
            try:
                value = self.evaluate(entry.get("key"), variables)
            except InputError as error:
                self._refuse(f"Could not generate group for host {host} from {entry.get('key')} entry", entry, error)
                continue
            if value or (value == "" and default is not None):
                self._put(host, entry, self._bare_names(value, entry), variables)
            elif self._construct.strict and value not in ([], {}):
                key = entry.get("key")
                raise InputError.at(
                    position_of(key), f"No key or key resulted empty for {key} in host {host}, invalid entry"
                )

    def _bare_names(self, value: object, entry: Mapping[str, object]) -> Iterator[str]:
        """Yield the names a value stands for, without prefix; an empty one is replaced by ``default_value``."""
        default, separator = entry.get("default_value"), _separator(entry)
        if isinstance(value, str):
            yield str(default) if value == "" else value
        elif isinstance(value, (list, tuple)):
            for item in value:
                yield str(default) if item == "" and default is not None else str(item)
        elif isinstance(value, Mapping):
            for name, item in value.items():
                shown = default if item == "" and default is not None else item
                is_bare = shown == "" and entry.get("trailing_separator") is False
                yield str(name) if is_bare else f"{name}{separator}{shown}"
        else:
            raise InputError.at(position_of(entry.get("key")), "Invalid group name format, expected a string or a list"
                                f" of them or dictionary, got: {kind_of(value)}")  # fmt: skip

    def _put(
        self, host: str, entry: Mapping[str, object], names: Iterable[str], variables: Mapping[str, object]
    ) -> None:
        prefix, separator = entry.get("prefix", ""), _separator(entry)
        if prefix is None or (prefix == "" and not self._construct.leading_separator):
            prefix, separator = prefix or "", "" if not self._construct.leading_separator else separator
        above = entry.get("parent_group")
        if above:
            try:
                above = self._rendered(str(above), variables)
            except InputError as error:
                self._refuse(f"Could not generate parent group {above} for host {host}", above, error)
                return
        for bare in names:
            group = safe_group_name(f"{prefix}{separator}{bare}")
            self._draft.add_host(host, group, {})
            if above:
                self._draft.child(safe_group_name(str(above)), group, position_of(entry.get("parent_group")))

    def evaluate(self, expression: object, variables: Mapping[str, object]) -> object:
        """Return what an expression means with these variables; InputError where it fails."""
        return self._rendered(f"{{{{ {expression} }}}}", variables)

    def _rendered(self, text: str, variables: Mapping[str, object]) -> object:
        render = self._reading.settings.render
        if render is None:
            raise InputError.at(position_of(text), "expressions cannot be evaluated here")
        try:
            return render(text, variables)
        except KeyError as error:
            raise InputError.at(position_of(text), f"{error} is undefined") from None

    def _refuse(self, what: str, written: object, error: Exception) -> None:
        if self._construct.strict:
            reason = error.diagnostics[0].summary if isinstance(error, InputError) else str(error)
            raise InputError.at(position_of(written), f"{what}: {reason}")


def _separator(entry: Mapping[str, object]) -> str:
    written = entry.get("separator")
    return "_" if written is None else str(written)


def named(host: str, groups: Iterable[str], source: str) -> dict[str, object]:
    """Return what a host is called, in which groups it is, and what names it."""
    return {
        "inventory_hostname": host,
        "inventory_hostname_short": host.split(".", maxsplit=1)[0],
        "group_names": sorted(groups),
        **origin_of(source),
    }
