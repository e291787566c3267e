"""Makes the run's renderer from the settings, and passes on what it remarks while hosts are worked on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from provisioner.app.credentials import Credentials
from provisioner.app.keeping import kept_templates
from provisioner.app.settings import Settings
from provisioner.diagnostics.diagnostic import Diagnostic
from provisioner.diagnostics.position import Position, Source
from provisioner.loading.collections import Collections
from provisioner.syntax.vault import is_encrypted
from provisioner.templating.renderer import Renderer
from provisioner.templating.settings import PluginFolders, RenderSettings

Tell = Callable[[Diagnostic], None]


class Remarks:
    """Keeps what templates are warned about until somebody listens; the same remark is passed on once."""

    def __init__(self) -> None:
        self.kept: list[Diagnostic] = []
        self._told: set[Diagnostic] = set()
        self._tell: Tell | None = None

    def __call__(self, remark: Diagnostic) -> None:
        """Take a remark."""
        if remark in self._told:
            return
        self._told.add(remark)
        if self._tell is None:
            self.kept.append(remark)
        else:
            self._tell(remark)

    def listen(self, tell: Tell) -> None:
        """Pass on every further remark."""
        self._tell = tell


def make_renderer(
    folders: Sequence[str], credentials: Credentials, settings: Settings, collections: Collections, warn: Tell
) -> Renderer:
    """Return the run's renderer, with the plugin folders beside the playbooks and those of the settings."""
    found = settings.configuration
    return Renderer(
        RenderSettings(
            native=settings.jinja2_native,
            merges=found.value("DEFAULT_HASH_BEHAVIOUR") == "merge",
            extensions=found.texts("DEFAULT_JINJA2_EXTENSIONS"),
            strict=found.flag("DEFAULT_UNDEFINED_VAR_BEHAVIOR"),
            decrypt=credentials.vault.reveal,
            read_file=lambda path: _plain(path, credentials),
            plugin_folders=PluginFolders(
                filters=_plugin_folders("filter", folders, settings),
                tests=_plugin_folders("test", folders, settings),
                lookups=_plugin_folders("lookup", folders, settings),
            ),
            collections=collections,
            configuration=found,
            ansible_managed=settings.ansible_managed,
            warn=warn,
            on_secret=credentials.redactor.learn,
            on_named_secret=credentials.redactor.learn_named,
            keeper=cache(kept_templates),
        )
    )


def _plugin_folders(kind: str, folders: Sequence[str], settings: Settings) -> tuple[Path, ...]:
    configured = settings.configuration.texts(f"DEFAULT_{kind.upper()}_PLUGIN_PATH")
    return (*(Path(folder, f"{kind}_plugins") for folder in folders), *map(Path, configured))


def _plain(path: Path, credentials: Credentials) -> bytes:
    """Return a file's content, decrypted where it is a vault file."""
    content = path.read_bytes()
    if not is_encrypted(content):
        return content
    return credentials.vault.decrypt(content.decode("ascii"), Position(Source(str(path)), 1, 1))
