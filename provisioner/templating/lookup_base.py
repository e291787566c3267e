"""What a project's own LookupModule inherits and is given: its options, files, and a way to render."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from provisioner.configuration.configuration import Configuration
from provisioner.diagnostics.home import expanded
from provisioner.diagnostics.position import Source
from provisioner.loading.plugin_options import declared
from provisioner.remote.params import boolean
from provisioner.syntax import yaml
from provisioner.templating.context import LookupContext
from provisioner.templating.errors import LookupFailed
from provisioner.templating.filters.flatten import flatten
from provisioner.templating.search import find_file
from provisioner.variables.scope import Layer, Level


class AnsibleError(LookupFailed):
    """What plugins raise; the text is its message."""

    def __init__(self, message: object = "", *_args: object, **_kwargs: object) -> None:
        self.message = str(message)
        super().__init__(self.message)


class AnsibleOptionsError(AnsibleError):
    """An option that is missing or wrong."""


class Loader:
    """Reads files for a plugin (``self._loader``)."""

    def __init__(self, context: LookupContext) -> None:
        self._context = context

    def get_basedir(self) -> str:
        """Return the folder of the playbook."""
        found = self._context.scope.find("playbook_dir")
        return str(found.value) if found is not None else str(Path.cwd())

    def path_dwim(self, given: str) -> str:
        """Return the absolute path of a file."""
        return os.path.normpath(Path(self.get_basedir(), expanded(str(given))))

    def path_dwim_relative(self, path: str, dirname: str, source: str, is_role: bool = False) -> str:
        """Return a file that belongs to a role's or task file's folder ``path``, or to the playbook.

        It lies in ``dirname`` or beside that, the first found counts; where there is none, the last place looked at.
        """
        given = expanded(str(source))
        if given.is_absolute():
            return os.path.normpath(given)
        home, base = Path(path), Path(self.get_basedir())
        if home.name == "tasks" and (is_role or (home / "main.yml").is_file()):
            home = home.parent
        beside = [home / "tasks"] if is_role or (home / "tasks").is_dir() else []
        places = [root / given for root in (home / dirname, *beside, home, base / dirname, base)]
        return os.path.normpath(next((place for place in places if place.exists()), places[-1]))

    def path_dwim_relative_stack(self, paths: Sequence[str], dirname: str, source: str, is_role: bool = False) -> str:
        """Return the first file found for one of several folders; the playbook's place of that name where none is."""
        found = [self.path_dwim_relative(path, dirname, source, is_role) for path in (*paths, self.get_basedir())]
        return next((each for each in found if Path(each).exists()), found[-1])

    def path_exists(self, path: str) -> bool:
        """Tell whether something is there."""
        return Path(self.path_dwim(path)).exists()

    def is_file(self, path: str) -> bool:
        """Tell whether it is a file."""
        return Path(self.path_dwim(path)).is_file()

    def is_directory(self, path: str) -> bool:
        """Tell whether it is a folder."""
        return Path(self.path_dwim(path)).is_dir()

    def list_directory(self, path: str) -> list[str]:
        """Return the names in a folder."""
        return os.listdir(self.path_dwim(path))  # noqa: PTH208 - names only

    def get_real_file(self, path: str, decrypt: bool = True) -> str:
        """Return the file to read; the content of an encrypted one is only had through ``_get_file_contents``."""
        del decrypt
        return self.path_dwim(path)

    def _get_file_contents(self, path: str) -> tuple[bytes, bool]:
        """Return a file's content, decrypted where it is a vault, and whether it may be shown."""
        content = self._context.settings.read_file(Path(self.path_dwim(path)))
        return content, True

    get_text_file_contents = _get_file_contents

    def load_from_file(self, path: str, *_args: object, **_kwargs: object) -> Any:
        """Return the content of a YAML or JSON file."""
        return self.load(self._get_file_contents(path)[0].decode("utf-8"), path)

    def load(self, data: str, name: str = "text", *_args: object, **_kwargs: object) -> Any:
        """Return the content of YAML or JSON text."""
        return yaml.load(Source(name, str(data)))


class Templar:
    """Renders for a plugin (``self._templar``)."""

    def __init__(self, context: LookupContext, variables: Mapping[str, Any]) -> None:
        self._context, self.available_variables = context, variables
        self.environment = None

    def template(self, variable: object, **_options: object) -> Any:
        """Return a value rendered."""
        return self._context.renderer.render(variable, self._scope())

    def copy_with_new_env(self, available_variables: Mapping[str, Any] | None = None, **_options: object) -> Templar:
        """Return the same with other variables."""
        return Templar(self._context, self.available_variables if available_variables is None else available_variables)

    def is_template(self, data: object) -> bool:
        """Tell whether a text is a template."""
        return isinstance(data, str) and ("{{" in data or "{%" in data)

    def _scope(self) -> Any:
        if isinstance(self.available_variables, LazyVariables):
            return self._context.scope
        layer = Layer(Level.MAGIC, "a lookup", self.available_variables)
        return self._context.scope.with_layers(layer)


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


class LookupBase:
    """What a project's LookupModule inherits. ``surroundings`` is set by whoever runs it."""

    def __init__(self, loader: object = None, templar: object = None, **_kwargs: object) -> None:
        self._loader, self._templar = loader, templar
        self._display = Display()
        self._options: dict[str, Any] = {}
        self._load_name = type(self).__module__.rpartition(".")[2]
        self.surroundings: LookupContext | None = None

    def set_options(
        self,
        task_keys: object = None,
        var_options: Mapping[str, Any] | None = None,
        direct: Mapping[str, Any] | None = None,
    ) -> None:
        """Keep the options of the call; what DOCUMENTATION declares comes from further places too."""
        del task_keys
        given, variables = dict(direct or {}), var_options or {}
        specs = declared(sys.modules[type(self).__module__], self._load_name)
        configuration = self.surroundings.settings.configuration if self.surroundings else None
        for name, spec in specs.items():
            if name in {"_terms", "_raw"}:
                continue
            names = [name, *(spec.get("aliases") or ())]
            value = next((given[each] for each in names if each in given), None)
            for found in _elsewhere(spec, variables, configuration) if value is None else ():
                value = found
                break
            if value is None and spec.get("required") and name not in given:
                raise AnsibleOptionsError(f"required option '{name}' of the lookup '{self._load_name}' is not set")
            self._options[name] = None if value is None else _typed(name, value, spec)
        self._options.update({key: value for key, value in given.items() if key not in self._options})

    def get_option(self, option: str, hostvars: object = None) -> Any:
        """Return an option of the call."""
        del hostvars
        if option not in self._options:
            self.set_options()
        if option not in self._options:
            raise KeyError(f"Requested option {option} was not defined in configuration")
        return self._options[option]

    def get_options(self, hostvars: object = None) -> dict[str, Any]:
        """Return all options of the call."""
        del hostvars
        return dict(self._options)

    def set_option(self, option: str, value: Any) -> None:
        """Set one option."""
        self._options[option] = value

    def has_option(self, option: str) -> bool:
        """Tell whether there is such an option."""
        return option in self._options

    def find_file_in_search_path(
        self, myvars: Mapping[str, Any], subdir: str, needle: str, ignore_missing: bool = False
    ) -> str | None:
        """Return where a file is, looked for as tasks do."""
        paths = myvars.get("ansible_search_path") or [myvars.get("playbook_dir", ".")]
        found = find_file(needle, subdir, [Path(str(path)) for path in paths])
        if found is None and not ignore_missing:
            raise AnsibleError(f"Unable to find '{needle}' in expected paths")
        return None if found is None else str(found)

    def get_basedir(self, variables: Mapping[str, Any]) -> str:
        """Return the role's or playbook's folder."""
        return str(variables.get("role_path") or variables.get("playbook_dir") or ".")

    @staticmethod
    def _flatten(terms: Iterable[object]) -> list[object]:
        return flatten(list(terms), levels=1)

    @staticmethod
    def _combine(a: Iterable[Any], b: Iterable[Any]) -> list[list[Any]]:
        known, more = list(a), list(b)
        return [LookupBase._flatten([x, y]) for x in known for y in more]

    @staticmethod
    def _flatten_hash_to_list(terms: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [{"key": key, "value": value} for key, value in terms.items()]


class Display:
    """Takes messages; a plugin's remarks are not part of a run's record."""

    verbosity = 0

    def __getattr__(self, name: str) -> Any:
        if name[:2] == "__":
            raise AttributeError(name)
        return lambda *_args, **_kwargs: None


def _elsewhere(
    spec: Mapping[str, Any], variables: Mapping[str, Any], configuration: Configuration | None
) -> Iterator[Any]:
    """Yield an option's values in the order in which they count: variables, environment, settings, default."""
    for place in spec.get("vars") or ():
        if place.get("name") in variables:
            yield variables[place["name"]]
    for place in spec.get("env") or ():
        if place.get("name") in os.environ:
            yield os.environ[place["name"]]
    file = configuration.cfg if configuration is not None else None
    for place in spec.get("ini") or ():
        key = (str(place.get("section", "")), str(place.get("key", "")))
        if file is not None and key in file.values:
            yield file.values[key]
    if spec.get("default") is not None:
        yield spec["default"]


def _typed(name: str, value: Any, spec: Mapping[str, Any]) -> Any:
    """Return an option's value in the type its documentation says; LookupFailed where it cannot be."""
    kind = str(spec.get("type", "str"))
    try:
        value = _KINDS.get(kind, _as_it_is)(value)
    except (ValueError, TypeError):
        raise AnsibleOptionsError(f"option '{name}' must be of type {kind}, not {value!r}") from None
    choices = spec.get("choices")
    for each in value if isinstance(value, list) else [value]:
        if choices and each not in choices:
            known = ", ".join(map(str, choices))
            wrong = f'Invalid value "{each}" for configuration option "{name}"'
            raise AnsibleOptionsError(f"{wrong}, valid values are: {known}")
    return value


def _as_it_is(value: Any) -> Any:
    return value


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, (int, float)) else value


def _list(value: Any) -> Any:
    if isinstance(value, str):
        return [word.strip() for word in value.split(",")]
    return value if isinstance(value, (list, tuple)) else [value]


def _path(value: Any) -> str:
    return str(expanded(os.path.expandvars(str(value))))


def _mapping(value: Any) -> Any:
    if not isinstance(value, Mapping):
        raise TypeError(value)
    return value


_KINDS: Mapping[str, Callable[[Any], Any]] = {
    "bool": boolean, "boolean": boolean, "int": int, "integer": int, "float": float, "str": _text, "string": _text,
    "list": _list, "pathlist": _list, "path": _path, "tmppath": _path, "dict": _mapping, "dictionary": _mapping,
}  # fmt: skip
