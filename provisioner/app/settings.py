"""What a run takes from the configuration: what counts where neither an option nor a variable says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from provisioner.app.policy import read_policy
from provisioner.configuration.configuration import Configuration, read_configuration
from provisioner.diagnostics.errors import InputError
from provisioner.loading.files import read_source
from provisioner.model.policy import Policy
from provisioner.records import dataclass
from provisioner.syntax import yaml

_PRIVATE = "DEFAULT_PRIVATE_ROLE_VARS"
NO_CONFIGURATION = Configuration({}, Path("/"))


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run uses where neither option nor variable says otherwise. Paths are absolute.

    A field that is None was set by nobody. ``configuration`` answers for everything else.
    """

    inventories: tuple[str, ...] = ()
    roles_path: tuple[str, ...] = ()
    collections_path: tuple[str, ...] = ()
    library: tuple[str, ...] = ()
    ansible_managed: str = "Ansible managed"
    jinja2_native: bool = False
    host_key_checking: bool = True
    forks: int | None = None
    remote_user: str | None = None
    private_key_file: str | None = None
    timeout_s: float | None = None
    force_handlers: bool = False
    source: str = ""
    private_role_vars: bool | None = None
    rejected_modules: frozenset[str] = frozenset()
    policy: Policy = field(default_factory=Policy)
    configuration: Configuration = field(default=NO_CONFIGURATION, compare=False, repr=False)


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings of this process; InputError with everything that is set to something it cannot be."""
    configuration = read_configuration(environ)
    mistakes = configuration.mistakes()
    if mistakes.errors:
        raise InputError(mistakes.all)
    return settings_of(configuration)


def settings_of(found: Configuration) -> Settings:
    """Return the settings a configuration holds."""
    forks, timeout = found.setting("DEFAULT_FORKS"), found.setting("connection/ssh/timeout")
    return Settings(
        inventories=_inventories(found),
        roles_path=found.texts("DEFAULT_ROLES_PATH"),
        collections_path=found.texts("COLLECTIONS_PATHS"),
        library=found.texts("DEFAULT_MODULE_PATH") if found.given("DEFAULT_MODULE_PATH") else (),
        ansible_managed=found.text("DEFAULT_MANAGED_STR") or "Ansible managed",
        jinja2_native=found.flag("DEFAULT_JINJA2_NATIVE"),
        host_key_checking=found.flag("connection/ssh/host_key_checking"),
        forks=None if forks.is_default or not isinstance(forks.value, int) else forks.value,
        remote_user=found.text("DEFAULT_REMOTE_USER"),
        private_key_file=found.text("DEFAULT_PRIVATE_KEY_FILE"),
        timeout_s=None if timeout.is_default or not isinstance(timeout.value, int) else float(timeout.value),
        force_handlers=found.flag("DEFAULT_FORCE_HANDLERS"),
        source=found.source,
        private_role_vars=found.flag(_PRIVATE) if found.given(_PRIVATE) else None,
        rejected_modules=_rejected(found.text("PLUGIN_FILTERS_CFG")),
        policy=read_policy(found),
        configuration=found,
    )


def _inventories(found: Configuration) -> tuple[str, ...]:
    """Return the inventories: files, or else the names of hosts with commas between them as they are written."""
    setting = found.setting("DEFAULT_HOST_LIST")
    paths = found.texts("DEFAULT_HOST_LIST")
    if setting.is_default:
        return tuple(path for path in paths if Path(path).exists())
    written = found.environ.get("ANSIBLE_INVENTORY") if setting.origin.startswith("env") else None
    if written and "," in written and not any(Path(path).exists() for path in paths):
        return (written,)
    return paths


def _rejected(path: str | None) -> frozenset[str]:
    """Return the modules a filter file says must not be used; a file that is not there rejects nothing."""
    if not path or not Path(path).is_file():
        return frozenset()
    content = yaml.load(read_source(path))
    if not isinstance(content, dict):
        raise InputError.at(None, f"the plugin filter file {path} must be a mapping")
    if str(content.get("filter_version")) != "1.0":
        raise InputError.at(
            None, f"the plugin filter file {path} has the unknown version {content.get('filter_version')}"
        )
    names = next((content[key] for key in ("module_rejectlist", "module_blacklist") if content.get(key)), None)
    if names is None:
        return frozenset()
    if not isinstance(names, list):
        raise InputError.at(None, f"'module_rejectlist' of {path} must be a list of modules")
    if "stat" in names:
        known = (
            f"The stat module was specified in the module reject list file, {path}, but Ansible will not function "
            "without the stat module.  Please remove stat from the reject list."
        )
        raise InputError.at(None, f"{path} rejects the module stat, which others are built on", known_as=known)
    return frozenset(str(name) for name in names)
