"""Values of settings."""

from __future__ import annotations

from provisioner.configuration.table import Definition, table
from provisioner.diagnostics.diagnostic import Diagnostic, Severity
from provisioner.templating.context import LookupContext
from provisioner.templating.errors import LookupFailed
from provisioner.templating.lookup_base import LazyVariables

MISSING = ("error", "warn", "skip")


def run(
    terms: list[object],
    context: LookupContext,
    *,
    on_missing: str = "error",
    plugin_type: str | None = None,
    plugin_name: str | None = None,
    show_origin: bool = False,
) -> list[object]:
    """Return the value of each setting (``DEFAULT_ROLES_PATH``) or of a plugin's option; ``show_origin``: and whence.

    ``on_missing`` is error, warn or skip.
    """
    if on_missing not in MISSING:
        raise LookupFailed(f"on_missing is '{on_missing}', valid values are {', '.join(MISSING)}")
    if (plugin_type is None) != (plugin_name is None):
        raise LookupFailed("Both plugin_type and plugin_name are required, cannot use one without the other")
    found: list[object] = []
    for term in terms:
        if not isinstance(term, str):
            raise LookupFailed(f"Invalid setting identifier, '{term}' is not a string, its a {type(term)}")
        name = f"{plugin_type}/{plugin_name}/{term}" if plugin_type else str(term)
        definition = table().settings.get(name)
        if definition is not None:
            found.append(_value(definition, context, show_origin))
        else:
            _missing(term, on_missing, context)
    return found


def _missing(term: str, on_missing: str, context: LookupContext) -> None:
    known = "" if term.isupper() else "Invalid setting: "
    text = f"{known}Unable to find setting {term}"
    if on_missing == "error":
        raise LookupFailed(text)
    if on_missing == "warn":
        context.settings.warn(Diagnostic(f"Skipping, did not find setting {term}", severity=Severity.WARNING))


def _value(definition: Definition, context: LookupContext, show_origin: bool) -> object:
    variables = LazyVariables(context) if definition.variables else None
    setting = context.settings.configuration.find(definition, variables)
    return [setting.value, setting.origin] if show_origin else setting.value
