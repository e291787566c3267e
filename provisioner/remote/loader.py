"""The worker's first code on a host: makes a package of the sources that were sent, then hands over to the worker.

It travels as text in front of the sources and runs in the interpreter's ``__main__``, so it imports nothing of ours.
Files are keyed by their path below the package (``system/files.py``). Nothing is written to the host's disk but
what ``compiled.py`` keeps.
``importlib.abc`` and ``importlib.util`` are left alone: what they import costs milliseconds on every host.
"""

import importlib
import importlib.machinery
import os
import sys
from typing import IO, Any, Dict, Optional

PACKAGE = "provisioner_remote"


class SourceFinder:
    """Imports the package's modules from a dictionary of sources that may still grow."""

    def __init__(self, package: str, sources: Dict[str, str]) -> None:
        self.package, self.sources = package, sources
        self.compiled: Any = None

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:  # noqa: ARG002 - Python's interface
        """Return how to load ``fullname``, or None where it is not ours."""
        name = self._file(fullname)
        if name is None:
            return None
        is_package = name.endswith("__init__.py")
        shown = self._shown(name)
        loader: Any = self
        spec = importlib.machinery.ModuleSpec(fullname, loader, origin=shown, is_package=is_package)
        spec.has_location = True
        return spec

    def create_module(self, spec: Any) -> None:  # noqa: ARG002 - Python's interface
        """Leave making the module to Python."""

    def exec_module(self, module: Any) -> None:
        """Run the module's source; tracebacks name its file and, through ``get_source``, show its lines."""
        name = self._file(module.__name__)
        if name is None:
            raise ImportError("no source for %s" % module.__name__, name=module.__name__)
        source, shown = self.sources[name], self._shown(name)
        code = self.compiled.code(source, shown) if self.compiled else compile(source, shown, "exec", 0, True)
        exec(code, module.__dict__)  # noqa: S102 - our own code

    def get_source(self, fullname: str) -> Optional[str]:
        """Return the text of a module, for tracebacks."""
        name = self._file(fullname)
        return None if name is None else self.sources[name]

    def _file(self, fullname: str) -> Optional[str]:
        if fullname == self.package:
            return "__init__.py"
        if not fullname.startswith(self.package + "."):
            return None
        stem = fullname[len(self.package) + 1 :].replace(".", "/")
        for name in (stem + ".py", stem + "/__init__.py"):
            if name in self.sources:
                return name
        return None

    def _shown(self, name: str) -> str:
        return self.package + "/" + name


def start(inbound: IO[bytes], sources: Dict[str, str]) -> None:
    """Take the protocol's streams away from what modules and their programs inherit, then serve."""
    outbound = os.fdopen(os.dup(1), "wb", 65536)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.close(nothing)
    finder: Any = SourceFinder(PACKAGE, sources)
    sys.meta_path.insert(0, finder)
    finder.compiled = importlib.import_module(PACKAGE + ".compiled").Compiled()
    importlib.import_module(PACKAGE + ".worker").main(inbound, outbound, sources)
