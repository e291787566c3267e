"""The functions every template can call: lookup, query, q, now, undef."""

from __future__ import annotations

import datetime
import inspect
from collections.abc import Callable
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context, Undefined

from provisioner import catalog
from provisioner.diagnostics.diagnostic import Diagnostic, Severity
from provisioner.diagnostics.errors import nearest
from provisioner.diagnostics.position import Unsafe
from provisioner.templating.context import LookupContext
from provisioner.templating.errors import LookupFailed
from provisioner.templating.plugins import short_name
from provisioner.templating.project_lookups import LookupRun, run_of
from provisioner.templating.project_plugins import ProjectPlugins
from provisioner.templating.settings import RenderSettings
from provisioner.templating.undefined import Missing
from provisioner.templating.values import FinalText
from provisioner.variables.scope import NotYet


class Lookups:
    """Finds lookups by name and runs them."""

    def __init__(
        self,
        settings: RenderSettings,
        project: ProjectPlugins,
        surroundings: Callable[[Context | None], LookupContext],
    ) -> None:
        self._settings, self._project, self._surroundings = settings, project, surroundings
        self._runs: dict[str, LookupRun] = {}

    def names(self) -> set[str]:
        """Return every lookup there is, without those of collections."""
        return set(catalog.names("lookup")) | self._project.names("lookup")

    def find(self, written: str) -> LookupRun:
        """Return the function of a lookup; LookupFailed where there is none."""
        if written not in self._runs:
            self._runs[written] = self._load(written)
        return self._runs[written]

    def _load(self, written: str) -> LookupRun:
        holder = None if written.startswith("ansible.builtin.") else self._project.lookup(written)
        if holder is not None:
            return run_of(holder, short_name(written))
        name = short_name(self._project.redirected("lookup", written))
        if name in catalog.names("lookup"):
            run: LookupRun = catalog.load("lookup", name).run
            return run
        text = f"there is no lookup '{written}'; {nearest(name, self.names())}".rstrip("; ")
        raise LookupFailed(text, f"lookup plugin ({written}) not found")

    def run(self, name: str, terms: list[Any], context: LookupContext, /, **options: Any) -> list[Any]:
        """Run a lookup; ``errors`` (strict, warn, ignore) says what a failure does: the latter two give nothing."""
        return self._attempt(name, terms, context, options) or []

    def _attempt(
        self, name: str, terms: list[Any], context: LookupContext, options: dict[str, Any]
    ) -> list[Any] | None:
        """Run a lookup; None where it failed and that is to be ignored."""
        errors, trusts = options.pop("errors", "strict"), options.pop("allow_unsafe", False)
        function = self.find(name)
        try:
            found = function(terms, context, **self._accepted(name, function, options))
            return found if trusts else _as_data(found)
        except NotYet:
            raise
        except (LookupFailed, OSError, ValueError, TypeError) as error:
            text = f"lookup '{name}': {error}"
            if errors == "strict":
                raise LookupFailed(text, error.plainly if isinstance(error, LookupFailed) else text) from error
            if errors == "warn":
                self._settings.warn(Diagnostic(text, severity=Severity.WARNING))
            return None

    def _accepted(self, name: str, function: LookupRun, options: dict[str, Any]) -> dict[str, Any]:
        """Return the options the lookup has; others are left out with a warning, as playbooks expect."""
        parameters = inspect.signature(function).parameters.values()
        if not options or any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
            return options
        known = {parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY}
        for option in sorted(set(options) - known):
            there = f"it has: {', '.join(sorted(known))}" if known else "it has none"
            text = f"lookup '{name}' has no option '{option}'; {there}"
            self._settings.warn(Diagnostic(text, severity=Severity.WARNING))
        return {option: value for option, value in options.items() if option in known}

    def functions(self) -> dict[str, Callable[..., Any]]:
        """Return what templates call."""

        @pass_context
        def lookup(context: Context, name: str, /, *terms: Any, **options: Any) -> Any:
            """Return what a lookup finds: one value, or strings joined by commas."""
            wantlist = options.pop("wantlist", False)
            found = self._called(context, name, terms, options)
            return found if found is None and not wantlist else _one(found or [], wantlist)

        @pass_context
        def query(context: Context, name: str, /, *terms: Any, **options: Any) -> Any:
            """Return what a lookup finds as a list."""
            options.pop("wantlist", None)
            return self._called(context, name, terms, options) or []

        return {"lookup": lookup, "query": query, "q": query, "now": now, "undef": undef}

    def _called(self, context: Context, name: str, terms: tuple[Any, ...], options: dict[str, Any]) -> list[Any] | None:
        for term in terms:
            if isinstance(term, Missing):
                term.fail()
        return self._attempt(name, list(terms), self._surroundings(context), options)


def _one(found: list[Any], wantlist: bool) -> Any:
    if wantlist or not found:
        return found
    if all(isinstance(item, str) for item in found):
        return found[0] if len(found) == 1 else ",".join(found)
    return found[0] if len(found) == 1 else found


def _as_data(value: Any) -> Any:
    """Return what a lookup found, its texts marked: they come from outside and are never templates."""
    if isinstance(value, str):
        return value if isinstance(value, (FinalText, Unsafe)) else Unsafe(value)
    if type(value) is dict:
        return {key: _as_data(item) for key, item in value.items()}
    return [_as_data(item) for item in value] if type(value) is list else value


def now(utc: bool = False, fmt: str | None = None) -> Any:
    """Return the time, as a date or in the given format."""
    moment = datetime.datetime.now(datetime.UTC).replace(tzinfo=None) if utc else datetime.datetime.now()  # noqa: DTZ005
    return moment.strftime(fmt) if fmt else moment


def undef(hint: str | None = None) -> Undefined:
    """Return an undefined value that says ``hint`` when it is used."""
    return Missing(hint=hint or "Mandatory variable has not been overridden")
