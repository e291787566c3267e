"""``vars_files`` of a play, for one host: names may be templates, a list means the first one found."""

from __future__ import annotations

from pathlib import Path

from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.position import position_of
from provisioner.execution.context import RunContext
from provisioner.loading.variables import load_vars_file
from provisioner.model.play import Play
from provisioner.templating.errors import UndefinedVariable
from provisioner.variables.scope import Layer, Level, Scope


class MissingFile(InputError):
    """None of the files that an entry names is there."""


def vars_file_layers(play: Play, run: RunContext, scope: Scope) -> tuple[Layer, ...]:
    """Return a layer for each file; InputError where none of an entry's candidates exists.

    Where mistakes are left for the run, such an entry counts for nothing, as in Ansible. One whose name needs a
    variable that is not known yet (a fact, before facts are gathered) is left out.
    """
    found = []
    for entry in play.vars_files:
        try:
            path = _first(play, run.renderer.render(entry, scope), entry)
        except UndefinedVariable:
            continue
        except MissingFile:
            if run.loading.defers_mistakes:
                continue
            raise
        found.append(Layer(Level.VARS_FILES, str(path), load_vars_file(path, run.loading.vault)))
    return tuple(found)


def _first(play: Play, rendered: object, written: object) -> Path:
    candidates = rendered if isinstance(rendered, list) else [rendered]
    places = [Path(play.basedir) / part / str(c) for c in candidates for part in ("vars", ".")]
    for place in places:
        if place.is_file():
            return place
    looked = "\n".join(f"looked at {p}" for p in places)
    raise MissingFile.at(position_of(written) or play.position, f"vars_files: no file '{rendered}'", detail=looked)
