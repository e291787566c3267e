"""Run by the interpreter of an ansible-core installation, as a program: says what is there and what a module needs.

Nothing of that installation is ever imported into our own process: this one reads its files, follows their imports by
their syntax trees, and prints paths. One JSON object on standard input, one on standard output. Standard library only.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import json
import os
import re
import sys
from typing import Any, NamedTuple

UTILS = "ansible.module_utils"
COLLECTION = re.compile(r"ansible_collections\.(\w+)\.(\w+)(?:\.(.*))?$")
ALWAYS = UTILS + ".basic"
DEEPEST = 20


class Missing(Exception):
    """Something that is imported is nowhere; the argument are the names that were looked for."""


class Import(NamedTuple):
    """One imported name: what it may be, the likeliest first. ``optional``: the module can do without."""

    names: tuple[str, ...]
    optional: bool


def describe() -> dict[str, Any]:
    """Return where the installation lies, its version, and which internal arguments its modules know."""
    found = importlib.util.find_spec("ansible")
    if found is None or not found.submodule_search_locations:
        return {}
    folder = next(iter(found.submodule_search_locations))
    with open(os.path.join(folder, "release.py"), encoding="utf-8") as stream:
        version = re.search(r"^__version__ = ['\"]([^'\"]+)", stream.read(), re.MULTILINE)
    parameters = importlib.import_module("ansible.module_utils.common.parameters")
    return {
        "ansible": folder,
        "version": version[1] if version else "",
        "internal": sorted(parameters.PASS_VARS),
        "collections": list(filter(os.path.isdir, (os.path.join(each, "ansible_collections") for each in sys.path))),
    }


class Following:
    """Collects the files one module needs."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self.folders: list[str] = [*asked["module_utils"], os.path.join(asked["ansible"], "module_utils")]
        self.roots: list[str] = asked["collections"]
        self.version: str = asked["version"]
        self.files: dict[str, str] = {}
        self.texts: dict[str, str] = {}
        self.looked: dict[str, int] = {}
        self.runtimes: dict[str, dict[str, Any]] = {}

    def follow(self, module: str, path: str) -> None:
        """Collect a module and all it imports; Missing where something is not to be found."""
        self._make("ansible", f'__version__ = "{self.version}"\n')
        self._make(UTILS, "")
        self._packages(module)
        self.files[module.replace(".", "/") + ".py"] = path
        waiting = [(Import((ALWAYS,), False), module)]
        waiting += [(each, module) for each in self._imports(path, module, is_package=False)]
        while waiting:
            wanted, _by = waiting.pop()
            for name, file in self._resolve(wanted):
                waiting += [(each, name) for each in self._imports(file, name, file.endswith("__init__.py"))]

    def _resolve(self, wanted: Import) -> list[tuple[str, str]]:
        """Return the new files behind an import, packages around it included."""
        for name in wanted.names:
            found = self._locate(name)
            if found is not None:
                return found
        if wanted.optional:
            return []
        raise Missing(f"{list(wanted.names)}")

    def _locate(self, name: str) -> list[tuple[str, str]] | None:
        """Return the files that importing ``name`` reads and that are not collected yet; None where it is nowhere."""
        for _ in range(DEEPEST):
            match = COLLECTION.match(name)
            if match is None:
                return self._among(name, [(UTILS, folder) for folder in self.folders])
            collection, inner = f"{match[1]}.{match[2]}", match[3] or ""
            target = self._redirected(collection, inner)
            if target is None:
                places = [(f"ansible_collections.{collection}", f"{root}/{match[1]}/{match[2]}")
                          for root in self.roots]  # fmt: skip
                return self._among(name, [each for each in places if os.path.isdir(each[1])][:1])
            self._packages(name)
            text = f"import sys\nimport {target} as _moved\nsys.modules[{name!r}] = _moved\n"
            self._text(name.replace(".", "/") + ".py", text)
            name = target
        return None

    def _redirected(self, collection: str, inner: str) -> str | None:
        prefix = "plugins.module_utils."
        if not inner.startswith(prefix):
            return None
        target = (self._runtime(collection).get(inner[len(prefix) :]) or {}).get("redirect")
        if target and not target.startswith(("ansible.", "ansible_collections.")):
            namespace, name, rest = target.split(".", 2)
            target = f"ansible_collections.{namespace}.{name}.{prefix}{rest}"
        return target or None

    def _runtime(self, collection: str) -> dict[str, Any]:
        """Return what a collection's ``meta/runtime.yml`` says of its module_utils."""
        if collection not in self.runtimes:
            table: dict[str, Any] = {}
            for root in self.roots:
                path = f"{root}/{collection.replace('.', '/')}/meta/runtime.yml"
                if os.path.isfile(path):
                    self._look(path)
                    with open(path, encoding="utf-8") as stream:
                        whole = importlib.import_module("yaml").safe_load(stream) or {}
                    table = (whole.get("plugin_routing") or {}).get("module_utils") or {}
                    break
            self.runtimes[collection] = table
        return self.runtimes[collection]

    def _among(self, name: str, places: list[tuple[str, str]]) -> list[tuple[str, str]] | None:
        """Look for a module or package among folders that stand for a prefix of its name."""
        for prefix, folder in places:
            if name == prefix:
                return []
            if not name.startswith(prefix + "."):
                continue
            path = os.path.join(folder, *name[len(prefix) + 1 :].split("."))
            self._look(os.path.dirname(path))
            for file in (path + ".py", os.path.join(path, "__init__.py")):
                if os.path.isfile(file):
                    return self._collected(name, file, (prefix, folder))
            if prefix != UTILS and os.path.isdir(path):
                self._make(name, "")
                return self._packages(name, (prefix, folder))
        if name.startswith(UTILS + ".six."):
            return self._locate(UTILS + ".six")
        return None

    def _collected(self, name: str, file: str, place: tuple[str, str]) -> list[tuple[str, str]]:
        found = self._packages(name, place)
        key = name.replace(".", "/") + ("/__init__.py" if file.endswith("__init__.py") else ".py")
        if key not in self.files:
            self.files[key] = file
            self.texts.pop(key, None)
            found.append((name, file))
        return found

    def _packages(self, name: str, place: tuple[str, str] = ("", "")) -> list[tuple[str, str]]:
        """Collect the packages around ``name``, their own files where they have some."""
        found = []
        words = name.split(".")
        for depth in range(1, len(words)):
            parent = ".".join(words[:depth])
            key = parent.replace(".", "/") + "/__init__.py"
            if key in self.files:
                continue
            prefix, folder = place
            own = os.path.join(folder, *parent[len(prefix) + 1 :].split("."), "__init__.py") if folder else ""
            if folder and parent.startswith(prefix + ".") and os.path.isfile(own):
                self.files[key] = own
                self.texts.pop(key, None)
                found.append((parent, own))
            else:
                self._make(parent, "")
        return found

    def _make(self, package: str, text: str) -> None:
        self._text(package.replace(".", "/") + "/__init__.py", text)

    def _text(self, key: str, text: str) -> None:
        if key not in self.files:
            self.texts.setdefault(key, text)

    def _look(self, path: str) -> None:
        try:
            self.looked[path] = os.stat(path).st_mtime_ns
        except OSError:
            self.looked[path] = 0

    def _imports(self, path: str, name: str, is_package: bool) -> list[Import]:
        self._look(path)
        with open(path, "rb") as stream:
            tree = ast.parse(stream.read(), path)
        package = name if is_package else name.rpartition(".")[0]
        return [each for node, optional in _statements(tree, False) for each in _imported(node, package, optional)]


def _statements(node: ast.AST, optional: bool) -> Any:
    """Yield every import below ``node`` and whether it stands below a condition or a ``try``."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.Import, ast.ImportFrom)):
            yield child, optional
        else:
            yield from _statements(child, optional or isinstance(child, (ast.Try, ast.If)))


def _imported(node: Any, package: str, optional: bool) -> list[Import]:
    """Return what an import statement names, as far as it may travel."""
    if isinstance(node, ast.Import):
        return [Import((alias.name,), optional) for alias in node.names if _travels(alias.name)]
    base = node.module or ""
    if node.level:
        parts = package.split(".")
        base = ".".join([*parts[: len(parts) - node.level + 1], *([base] if base else [])])
    return [Import((f"{base}.{alias.name}", base), optional) for alias in node.names
            if _travels(f"{base}.{alias.name}")]  # fmt: skip


def _travels(name: str) -> bool:
    return name.startswith((UTILS + ".", "ansible_collections."))


def payload(asked: dict[str, Any]) -> dict[str, Any]:
    """Return the files a module needs: paths by name, texts made here, and when all that was looked at last changed."""
    following = Following(asked)
    try:
        following.follow(asked["module"], asked["path"])
    except Missing as error:
        told = f"Could not find imported module support code for {asked['module']}.  Looked for ({error})"
        return {"error": told}
    except (SyntaxError, ValueError) as error:
        return {"error": f"Unable to import {asked['module']} due to {error}"}
    return {"files": following.files, "texts": following.texts, "looked": following.looked}


if __name__ == "__main__":
    question = json.load(sys.stdin)
    json.dump(describe() if question["do"] == "describe" else payload(question), sys.stdout)
