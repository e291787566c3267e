"""Inventories that are read with templates rendered."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from provisioner.diagnostics.diagnostic import Findings
from provisioner.loading.inventory import load_inventory
from provisioner.loading.inventory_settings import InventorySettings
from provisioner.loading.settings import LoadSettings
from provisioner.loading.variables import host_variables
from provisioner.model.inventory import Inventory
from provisioner.templating.renderer import Renderer
from provisioner.templating.settings import RenderSettings
from provisioner.variables.scope import Layer, Level, Scope

Load = Callable[..., tuple[Inventory, Findings]]
Good = Callable[..., Inventory]


@pytest.fixture
def load() -> Load:
    """Load sources; what is given by name are settings of inventories, ``extra`` are extra variables."""
    renderer = Renderer(RenderSettings())

    def render(text: str, values: Mapping[str, object]) -> object:
        return renderer.render(text, Scope((Layer(Level.PLAY_VARS, "known", values),)))

    def load_sources(
        *sources: str, extra: Mapping[str, object] | None = None, **given: object
    ) -> tuple[Inventory, Findings]:
        folders = tuple(str(each) for each in given.pop("playbook_dirs", ()))  # type: ignore[attr-defined]
        own = InventorySettings(**given)  # type: ignore[arg-type]
        settings = LoadSettings(render=render, inventory=own, extra_vars=extra or {}, playbook_dirs=folders)
        return load_inventory(sources, settings)

    return load_sources


@pytest.fixture
def good(load: Load) -> Good:
    """Load sources that must be without a mistake."""

    def load_good(*sources: str, **given: object) -> Inventory:
        inventory, findings = load(*sources, **given)
        assert [each.render() for each in findings.all] == []
        return inventory

    return load_good


def merged(inventory: Inventory, host: str) -> dict[str, object]:
    """Return a host's variables, the strongest of each name."""
    return {key: value for layer in host_variables(inventory, host) for key, value in layer.values.items()}
