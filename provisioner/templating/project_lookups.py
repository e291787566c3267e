"""Runs a project's own LookupModule as if it were one of ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from provisioner.diagnostics.errors import ProvisionerError
from provisioner.templating.context import LookupContext
from provisioner.templating.errors import LookupFailed
from provisioner.templating.lookup_base import LazyVariables, Loader, LookupBase, Templar
from provisioner.templating.undefined import UndefinedUsed
from provisioner.variables.scope import NotYet

LookupRun = Callable[..., list[Any]]


def run_of(holder: type[Any], name: str) -> LookupRun:
    """Return the ``run`` of a LookupModule in our shape: terms, the context, options by name."""

    def run(terms: list[Any], context: LookupContext, /, **options: Any) -> list[Any]:
        """Run the project's lookup with all variables."""
        variables = LazyVariables(context)
        try:
            lookup = _made(holder, context, variables)
            if isinstance(lookup, LookupBase):
                lookup.surroundings, lookup._load_name = context, name
            return list(lookup.run(terms, variables=variables, **options))
        except (ProvisionerError, NotYet, UndefinedUsed, LookupFailed):
            raise
        except Exception as error:  # the plugin is somebody else's code: whatever it raises is its mistake
            said = str(error)
            told = f"An unhandled exception occurred while running the lookup plugin '{name}'. "
            raise LookupFailed(said, f"{told}Error was a {type(error)}, original message: {said}") from error

    return run


def _made(holder: type[Any], context: LookupContext, variables: LazyVariables) -> Any:
    try:
        return holder(loader=Loader(context), templar=Templar(context, variables))
    except TypeError:  # a class of its own, without the arguments of the base class
        return holder()
