"""The functions every template can call: lookup, query, q, now, undef."""

from __future__ import annotations

import datetime
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context, Undefined

from provisioner import catalog
from provisioner.diagnostics.diagnostic import Diagnostic, Severity
from provisioner.diagnostics.errors import ProvisionerError, nearest
from provisioner.templating.context import LookupContext
from provisioner.templating.errors import LookupFailed
from provisioner.templating.plugins import import_file, plugin_files, short_name
from provisioner.templating.settings import RenderSettings
from provisioner.templating.undefined import Missing
from provisioner.variables.scope import NotYet

LookupRun = Callable[..., list[Any]]


class Lookups:
    """Finds lookups by name and runs them."""

    def __init__(self, settings: RenderSettings, surroundings: Callable[[Context | None], LookupContext]) -> None:
        self._settings, self._surroundings = settings, surroundings
        self._runs: dict[str, LookupRun] = {}

    def names(self) -> set[str]:
        """Return every lookup there is."""
        own = {path.stem for folder in self._settings.plugin_folders.lookups for path in plugin_files(folder)}
        return set(catalog.names("lookup")) | own

    def find(self, written: str) -> LookupRun:
        """Return the function of a lookup; LookupFailed where there is none."""
        if written not in self._runs:
            self._runs[written] = self._load(written)
        return self._runs[written]

    def _load(self, written: str) -> LookupRun:
        for folder in self._settings.plugin_folders.lookups:
            path = folder / f"{written}.py"
            if path.is_file():
                return _class_run(import_file(path).LookupModule)
        name = short_name(written)
        if name in catalog.names("lookup"):
            run: LookupRun = catalog.load("lookup", name).run
            return run
        raise LookupFailed(f"there is no lookup '{written}'; {nearest(name, self.names())}".rstrip("; "))

    def run(self, name: str, terms: list[Any], context: LookupContext, **options: Any) -> list[Any]:
        """Run a lookup; ``errors`` (strict, warn, ignore) says what a failure does: the latter two give nothing."""
        return self._attempt(name, terms, context, options) or []

    def _attempt(
        self, name: str, terms: list[Any], context: LookupContext, options: dict[str, Any]
    ) -> list[Any] | None:
        """Run a lookup; None where it failed and that is to be ignored."""
        errors = options.pop("errors", "strict")
        function = self.find(name)
        try:
            return function(terms, context, **self._accepted(name, function, options))
        except NotYet:
            raise
        except (LookupFailed, OSError, ValueError, TypeError) as error:
            text = f"lookup '{name}': {error}"
            if errors == "strict":
                raise LookupFailed(text) from error
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
        def lookup(context: Context, name: str, *terms: Any, **options: Any) -> Any:
            """Return what a lookup finds: one value, or strings joined by commas."""
            wantlist = options.pop("wantlist", False)
            found = self._called(context, name, terms, options)
            return found if found is None and not wantlist else _one(found or [], wantlist)

        @pass_context
        def query(context: Context, name: str, *terms: Any, **options: Any) -> Any:
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


class LazyVariables(Mapping[str, Any]):
    """All variables for a project's lookup, each rendered when it is asked for."""

    def __init__(self, context: LookupContext) -> None:
        self._context = context

    def __getitem__(self, name: str) -> Any:
        return self._context.variable(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._context.scope.known_names())

    def __len__(self) -> int:
        return len(self._context.scope.known_names())


def _class_run(holder: Any) -> LookupRun:
    """Return the ``run`` of a project's own LookupModule in our shape."""

    def run(terms: list[Any], context: LookupContext, **options: Any) -> list[Any]:
        """Run the project's lookup with all variables."""
        try:
            found = holder().run(terms, variables=LazyVariables(context), **options)
        except (ProvisionerError, NotYet):
            raise
        except Exception as error:
            raise LookupFailed(str(error)) from error
        return list(found)

    return run


def now(utc: bool = False, fmt: str | None = None) -> Any:
    """Return the time, as a date or in the given format."""
    moment = datetime.datetime.now(datetime.UTC).replace(tzinfo=None) if utc else datetime.datetime.now()  # noqa: DTZ005
    return moment.strftime(fmt) if fmt else moment


def undef(hint: str | None = None) -> Undefined:
    """Return an undefined value that says ``hint`` when it is used."""
    return Missing(hint=hint)
