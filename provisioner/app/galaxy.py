"""Installs, lists, builds and removes roles and collections, with places and servers as they are configured."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field
from pathlib import Path

from provisioner.configuration.configuration import Configuration, Setting, read_configuration
from provisioner.diagnostics.errors import InputError, UnmetNeed
from provisioner.diagnostics.home import expanded
from provisioner.galaxy import artifact, collections, roles, skeleton
from provisioner.galaxy.fetching import Fetcher
from provisioner.galaxy.requirement import (
    COLLECTION_NAME,
    Requirement,
    Requirements,
    collection_of_word,
    read_requirements,
    role_of_word,
)
from provisioner.galaxy.resolving import Resolver
from provisioner.galaxy.server import Server
from provisioner.loading.collections import Collections, Installed, as_root
from provisioner.records import dataclass
from provisioner.templating.renderer import Renderer
from provisioner.templating.settings import RenderSettings
from provisioner.templating.yaml_text import dump
from provisioner.variables.scope import Layer, Level, Scope

Say = Callable[[str], None]
Render = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says besides the names. ``path`` is where to install, None for the configured place."""

    server: str = ""
    token: str = ""
    checks_certificates: bool = True
    timeout_s: float | None = None
    path: str = ""
    force: bool = False
    force_dependencies: bool = False
    with_dependencies: bool = True
    ignores_errors: bool = False
    allows_pre: bool = False
    upgrades: bool = False
    offline: bool = False
    keeps_history: bool = False


@dataclass
class Galaxy:
    """The use cases. ``say`` gets the lines to show, ``warn`` what goes wrong and does not matter."""

    asked: Asked
    say: Say
    warn: Say
    configuration: Configuration = field(default_factory=read_configuration)

    # ------------------------------------------------------------------ places and servers

    @property
    def role_folders(self) -> list[Path]:
        """Where roles are looked for, the given path in front."""
        given = [str(expanded(self.asked.path).absolute())] if self.asked.path else []
        return [Path(each) for each in dict.fromkeys([*given, *self.configuration.texts("DEFAULT_ROLES_PATH")])]

    @property
    def collection_roots(self) -> list[str]:
        """Where collections are looked for, the given path in front."""
        given = [str(expanded(self.asked.path).absolute())] if self.asked.path else []
        found = [as_root(each) for each in [*given, *self.configuration.texts("COLLECTIONS_PATHS")]]
        if self.configuration.flag("COLLECTIONS_SCAN_SYS_PATH"):
            paths = [Path(each).absolute() for each in os.environ.get("PYTHONPATH", "").split(":") if each]
            found += [as_root(str(each)) for each in paths if Path(as_root(str(each))).is_dir()]
        return list(dict.fromkeys(found))

    @contextmanager
    def _fetcher(self) -> Iterator[Fetcher]:
        ignores = self.configuration.flag("GALAXY_IGNORE_CERTS")
        timeout = self.asked.timeout_s or self.configuration.number("GALAXY_SERVER_TIMEOUT") or 60.0
        scratch = Path(tempfile.mkdtemp(prefix="provisioner-galaxy-"))
        try:
            yield Fetcher(scratch, self.asked.checks_certificates and not ignores, timeout)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def servers(self, fetcher: Fetcher) -> list[Server]:
        """Return the servers to ask: the one named on the command line, those listed, or the default one."""
        listed = self.configuration.servers()
        if self.asked.server:
            told = listed.get(self.asked.server)
            if told is None:
                return [Server("cmd_arg", self.asked.server, fetcher, self.asked.token)]
            listed = {self.asked.server: told}
        if listed:
            return [self._server(name, told, fetcher) for name, told in listed.items()]
        address = self.configuration.text("GALAXY_SERVER") or ""
        return [Server("default", address, fetcher, self.asked.token or self._stored_token())] if address else []

    def _server(self, name: str, told: Mapping[str, Setting], fetcher: Fetcher) -> Server:
        address = told["url"].value
        if not address:
            raise InputError.at(
                None, f"the Galaxy server '{name}' has no url", hint=f"write it below [galaxy_server.{name}]"
            )
        checks = fetcher.checks_certificates and told["validate_certs"].value is not False
        own = Fetcher(fetcher.scratch, checks, _seconds(told["timeout"].value, fetcher.timeout_s))
        return Server(name, str(address), own, self.asked.token or str(told["token"].value or ""))

    def _stored_token(self) -> str:
        path = Path(self.configuration.text("GALAXY_TOKEN_PATH") or "")
        if not path.is_file():
            return ""
        from_file = load_yaml_token(path)
        return from_file or ""

    # ------------------------------------------------------------------ roles

    def requirements(self, words: Sequence[str], path: str, kind: str) -> Requirements:
        """Return what words and a requirements file ask for; words mean roles or collections by ``kind``."""
        found = read_requirements(Path(path)) if path else Requirements()
        if kind == "role":
            return Requirements((*found.roles, *map(role_of_word, words)), found.collections)
        return Requirements(found.roles, (*found.collections, *map(collection_of_word, words)))

    def install_roles(self, wanted: Sequence[Requirement]) -> bool:
        """Install roles; return whether all of it worked."""
        asked, folders = self.asked, self.role_folders
        how = roles.Installing(
            folders[0], () if asked.path else tuple(folders), asked.force, asked.force_dependencies,
            asked.with_dependencies, asked.ignores_errors, asked.keeps_history,
        )  # fmt: skip
        with self._fetcher() as fetcher:
            return roles.Installer(how, fetcher, self.servers(fetcher), self.say).install(wanted)

    def remove_roles(self, names: Sequence[str]) -> None:
        """Remove roles."""
        for name in names:
            roles.remove(name, self.role_folders, self.say)

    def list_roles(self, name: str = "") -> bool:
        """Tell of the installed roles, or of one; return whether any folder of roles is there."""
        is_any = False
        for folder in self.role_folders:
            if not folder.is_dir():
                self.warn(f"- the configured path {folder} does not exist.")
                continue
            is_any = True
            found = [each for each in roles.installed(folder) if name in ("", each.name)]
            if found or not name:
                self.say(f"# {folder}")
            for each in found:
                self.say(f"- {each.name}, {each.version or roles.UNKNOWN}")
        if name and roles.find(name, self.role_folders) is None:
            self.say(f"- the role {name} was not found")
        return is_any

    def describe_roles(self, names: Sequence[str]) -> None:
        """Tell what is known of roles, of servers too unless offline."""
        for name in names:
            found = roles.find(name, self.role_folders)
            told = None if found is not None or self.asked.offline else self._told_of_role(name)
            if found is not None:
                self.say(roles.described(found))
            elif told is not None:
                lines = ["", f"Role: {name}", *(f"\t{key}: {value}" for key, value in sorted(told.items()))]
                self.say("\n".join(lines))
            else:
                self.say(f"\n- the role {name} was not found")

    def _told_of_role(self, name: str) -> Mapping[str, object] | None:
        with self._fetcher() as fetcher:
            for server in self.servers(fetcher) if "." in name else ():
                try:
                    told = server.role(name)
                except InputError as error:
                    self.warn(error.diagnostics[0].summary)
                    continue
                if told is not None:
                    return told
        return None

    def make_role(self, name: str, folder: str, source: str, values: Mapping[str, str]) -> None:
        """Make the folder of a new role."""
        target = Path(folder) / name
        skeleton.prepare(target, name, force=self.asked.force)
        source = source or self.configuration.text("GALAXY_ROLE_SKELETON") or ""
        known = {"name": name, "role_name": name, **values}
        if source:
            skeleton.copy(Path(source), target, self.configuration.texts("GALAXY_ROLE_SKELETON_IGNORE"), _render(known))
        else:
            skeleton.make(skeleton.ROLE, target, known)
        self.say(f"- Role {name} was created successfully")

    # ------------------------------------------------------------------ collections

    def _installed(self) -> list[Installed]:
        return list(Collections(self.collection_roots).installed())

    def install_collections(self, wanted: Sequence[Requirement]) -> None:
        """Install collections."""
        roots = self.collection_roots
        searched = {as_root(each) for each in self.configuration.texts("COLLECTIONS_PATHS")}
        if roots[0] not in searched and self.configuration.flag("GALAXY_COLLECTIONS_PATH_WARNING"):
            self.warn(f"The specified collections path '{roots[0]}' is not part of the configured Ansible collections "
                      f"paths '{':'.join(sorted(searched))}'. The installed collection will not be picked up in an "
                      "Ansible run, unless within a playbook-adjacent collections directory.")  # fmt: skip
        asked = self.asked
        how = collections.Installing(
            Path(roots[0]), asked.force, asked.force_dependencies, asked.with_dependencies, asked.allows_pre
        )
        here = [each for each in self._installed() if not asked.path or each.path.startswith(roots[0])]
        with self._fetcher() as fetcher:
            found = collections.Found(fetcher, self.servers(fetcher), here, asked.upgrades)
            collections.install(wanted, how, found, self.say)

    def download_collections(self, wanted: Sequence[Requirement], target: str) -> None:
        """Put artifacts of collections into a folder."""
        with self._fetcher() as fetcher:
            found = collections.Found(fetcher, self.servers(fetcher))
            resolver = Resolver(found, self.asked.with_dependencies, self.asked.allows_pre)
            collections.download(wanted, Path(target).absolute(), resolver, found, self.say)

    def collections_by_root(self, name: str = "") -> dict[str, list[Installed]]:
        """Return the installed collections, or those of one name, by the folder they are in."""
        if name and not COLLECTION_NAME.fullmatch(name):
            raise InputError.at(None, f"Invalid collection name '{name}', name must be in the format "
                                "<namespace>.<collection>.")  # fmt: skip
        found: dict[str, list[Installed]] = {}
        roots = self.collection_roots
        for root in roots:
            if not Path(root).is_dir():
                place = Path(root.removesuffix("/ansible_collections"))
                if not place.is_dir():
                    self.warn(f"- the configured path {place} does not exist.")
                continue
            here = [each for each in Collections([root]).installed() if name in ("", each.name)]
            if here:
                found[root] = here
        if not any(Path(root.removesuffix("/ansible_collections")).is_dir() for root in roots):
            raise UnmetNeed("None of the provided paths were usable", "name a folder that exists with -p")
        if name and not found:
            raise InputError.at(None, f"the collection {name} is not installed in {', '.join(roots)}")
        return found

    def list_collections(self, name: str = "", format: str = "human") -> None:
        """Tell of the installed collections, as a table, JSON or YAML."""
        found = self.collections_by_root(name)
        if format != "human":
            data = {root: {each.name: {"version": each.version} for each in here} for root, here in found.items()}
            self.say(json.dumps(data) if format == "json" else dump(data, default_flow_style=False).rstrip())
            return
        for root, here in found.items():
            width = max(len("Collection"), *(len(each.name) for each in here))
            size = max(len("Version"), *(len(each.version) for each in here))
            self.say(f"\n# {root}\n{'Collection':<{width}} {'Version':<{size}}\n{'-' * width} {'-' * size}")
            for each in here:
                self.say(f"{each.name:<{width}} {each.version:<{size}}".rstrip())

    def verify_collections(self, wanted: Sequence[Requirement]) -> bool:
        """Compare installed collections with their manifests; return whether nothing was changed."""
        intact = True
        for each in wanted:
            found = self.collections_by_root(each.name)
            intact = collections.verified(next(iter(found.values()))[0], self.say) and intact
        return intact

    def build_collections(self, folders: Sequence[str], output: str) -> None:
        """Make artifacts."""
        for each in folders or ["."]:
            folder = expanded(each).absolute()
            if not (folder / artifact.SOURCE).is_file():
                raise InputError.at(
                    None, f"The collection galaxy.yml path '{folder / artifact.SOURCE}' does not exist."
                )
            for key in artifact.unknown_keys(folder):
                self.warn(f"Found unknown keys in collection galaxy.yml at '{folder / artifact.SOURCE}': {key}")
            about = artifact.about_folder(folder)
            path = artifact.build(folder, Path(output).absolute(), force=self.asked.force)
            self.say(f"Created collection for {about.full_name} at {path}")

    def make_collection(self, name: str, folder: str, source: str, values: Mapping[str, str]) -> None:
        """Make the folder of a new collection."""
        if not COLLECTION_NAME.fullmatch(name):
            raise InputError.at(
                None, f"Invalid collection name '{name}', name must be in the format <namespace>.<collection>."
            )
        namespace, _, short = name.partition(".")
        target = Path(folder) / namespace / short
        skeleton.prepare(target, name, force=self.asked.force)
        source = source or self.configuration.text("GALAXY_COLLECTION_SKELETON") or ""
        known = {"namespace": namespace, "name": short, "collection_name": short, **values}
        if source:
            ignored = self.configuration.texts("GALAXY_COLLECTION_SKELETON_IGNORE")
            skeleton.copy(Path(source), target, ignored, _render(known))
        else:
            skeleton.make(skeleton.COLLECTION, target, known)
        self.say(f"- Collection {name} was created successfully")


def _seconds(value: object, otherwise: float) -> float:
    return float(value) if isinstance(value, (int, float)) and value else otherwise


def load_yaml_token(path: Path) -> str:
    """Return the token a token file holds: alone, or under the key ``token``."""
    text = path.read_text(encoding="utf-8").strip()
    return text.partition("token:")[2].strip().strip("'\"") if "token:" in text else text


def _render(values: Mapping[str, str]) -> Render:
    renderer = Renderer(RenderSettings())
    scope = Scope((Layer(Level.EXTRA_VARS, "skeleton", dict(values)),))
    return lambda text: str(renderer.render(text, scope))
