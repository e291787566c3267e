"""Installs, lists, describes and removes roles."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.home import expanded
from provisioner.galaxy.archives import replace_folder, unpack
from provisioner.galaxy.fetching import Fetcher
from provisioner.galaxy.requirement import Requirement, roles_of_list
from provisioner.galaxy.server import Server
from provisioner.loading.files import read_source
from provisioner.records import dataclass
from provisioner.syntax import yaml

Say = Callable[[str], None]
RECORD = ".galaxy_install_info"
UNKNOWN = "(unknown version)"


@dataclass(frozen=True, slots=True)
class Role:
    """An installed role."""

    name: str
    path: Path

    @property
    def is_role(self) -> bool:
        """Whether the folder is a role: one with a meta file."""
        return any((self.path / "meta" / f"main{ending}").is_file() for ending in (".yml", ".yaml"))

    @property
    def version(self) -> str:
        """The version it was installed with, empty where nothing tells."""
        found = self.record.get("version")
        return str(found) if found else ""

    @property
    def record(self) -> Mapping[str, object]:
        """What was written down when it was installed."""
        return _mapping(self.path / "meta" / RECORD)

    @property
    def meta(self) -> Mapping[str, object]:
        """Its meta file."""
        for ending in (".yml", ".yaml"):
            if (self.path / "meta" / f"main{ending}").is_file():
                return _mapping(self.path / "meta" / f"main{ending}")
        return {}


def _mapping(path: Path) -> Mapping[str, object]:
    content = yaml.load(read_source(str(path))) if path.is_file() else None
    return content if isinstance(content, Mapping) else {}


def find(name: str, folders: Sequence[Path]) -> Role | None:
    """Return an installed role."""
    return next((role for folder in folders if (role := Role(name, folder / name)).path.is_dir()), None)


def installed(folder: Path) -> Iterator[Role]:
    """Yield the roles in a folder."""
    for path in sorted(folder.iterdir()):
        role = Role(path.name, path)
        if path.is_dir() and (role.is_role or (path / "tasks").is_dir()):
            yield role


@dataclass(frozen=True, slots=True)
class Installing:
    """How to install: where, over what, and whether with what roles need."""

    target: Path
    search: tuple[Path, ...] = ()
    force: bool = False
    force_dependencies: bool = False
    with_dependencies: bool = True
    ignores_errors: bool = False
    keeps_history: bool = False


class Installer:
    """Installs roles one after the other, and what each needs behind it."""

    def __init__(self, how: Installing, fetcher: Fetcher, servers: Sequence[Server], say: Say) -> None:
        self._how, self._fetcher, self._servers, self._say = how, fetcher, servers, say
        self._done: set[str] = set()

    def install(self, wanted: Sequence[Requirement]) -> bool:
        """Install; return whether all of it worked. InputError for the first failure unless errors are ignored."""
        self._say("Starting galaxy role install process")
        waiting = [(each, self._how.force or self._how.force_dependencies) for each in wanted]
        complete = True
        while waiting:
            requirement, force = waiting.pop(0)
            try:
                needs = self._one(requirement, force)
            except InputError as error:
                if not self._how.ignores_errors:
                    raise
                complete = False
                self._say(f"- {requirement.name} was NOT installed successfully: {error.diagnostics[0].summary}")
                continue
            waiting += [(each, self._how.force_dependencies) for each in needs]
        return complete

    def _one(self, requirement: Requirement, force: bool) -> list[Requirement]:
        name = requirement.name
        known = self._known(name)
        if name in self._done or (known is not None and not force and self._is_same(known, requirement)):
            version = requirement.version or (known.version if known else "")
            self._say(f"- {name}{f' ({version})' if version else ''} is already installed, skipping.")
            return []
        if known is not None and not force and known.path.parent == self._how.target:
            raise InputError.at(
                None,
                f"- {name} ({known.version or 'unknown version'}) is already installed; the version asked for is "
                f"{requirement.version}",
                hint="use --force to change the version",
            )
        self._done.add(name)
        target = self._how.target / name
        version = self._fetch(requirement, target)
        role = Role(name, target)
        try:
            needs = self._needs(role) if self._how.with_dependencies else []
        except InputError:
            shutil.rmtree(target, ignore_errors=True)
            raise
        self._record(role, version)
        self._say(f"- {name}{f' ({version})' if version else ''} was installed successfully")
        for each in needs:
            self._say(f"- adding dependency: {each}")
        return needs

    def _known(self, name: str) -> Role | None:
        """Return the role if it is installed: in the target, or elsewhere by us."""
        here = find(name, (self._how.target,))
        return here or next((r for f in self._how.search if (r := Role(name, f / name)).record), None)

    def _is_same(self, known: Role, requirement: Requirement) -> bool:
        return not requirement.version or not known.version or known.version == requirement.version

    def _fetch(self, requirement: Requirement, target: Path) -> str:
        """Put a role where it belongs and return its version."""
        if not target.resolve().is_relative_to(self._how.target.resolve()) or target == self._how.target:
            raise InputError.at(None, f"'{requirement.name}' cannot be the name of a role")
        self._how.target.mkdir(parents=True, exist_ok=True)
        if requirement.way in ("git", "hg"):
            clone = self._fetcher.clone(requirement.place, requirement.version, way=requirement.way)
            self._say(f"- extracting {requirement.name} to {target}")
            if not self._how.keeps_history:
                shutil.rmtree(clone / f".{requirement.way}", ignore_errors=True)
            fresh = target.with_name(f".{target.name}.new")
            shutil.rmtree(fresh, ignore_errors=True)
            shutil.move(str(clone), fresh)
            replace_folder(fresh, target)
            return requirement.version
        version, archive = requirement.version, expanded(requirement.place)
        if requirement.way == "url":
            archive = self._downloaded(requirement.place)
        elif requirement.way == "galaxy":
            version, archive = self._of_server(requirement)
        self._say(f"- extracting {requirement.name} to {target}")
        unpack(archive, target, what="role", strip=None)
        return version

    def _downloaded(self, address: str) -> Path:
        self._say(f"- downloading role from {address}")
        return self._fetcher.download(address)

    def _of_server(self, requirement: Requirement) -> tuple[str, Path]:
        """Return version and archive of a role that a server knows; they lie on GitHub."""
        if requirement.name.count(".") != 1:
            raise InputError.at(None, f"- {requirement.name} was NOT installed successfully: it is no file, no address "
                                "and no name such as owner.role")  # fmt: skip
        for server in self._servers:
            told = server.role(requirement.name)
            if told is not None:
                summary = told.get("summary_fields")
                versions = summary.get("versions", []) if isinstance(summary, Mapping) else []
                names = [str(each["name"]) for each in versions if isinstance(each, Mapping) and "name" in each]
                version = requirement.version or (names[0] if names else str(told.get("github_branch") or "main"))
                self._say(
                    f"- downloading role '{requirement.name.partition('.')[2]}', owned by {told.get('github_user')}"
                )
                address = f"https://github.com/{told['github_user']}/{told['github_repo']}/archive/{version}.tar.gz"
                return version, self._downloaded(address)
        raise InputError.at(None, f"- sorry, {requirement.name} was not found on {self._server_names()}.")

    def _server_names(self) -> str:
        return ", ".join(server.url for server in self._servers) or "any server: none is configured"

    def _needs(self, role: Role) -> list[Requirement]:
        listed = role.path / "meta" / "requirements.yml"
        if listed.is_file():
            return list(roles_of_list(yaml.load(read_source(str(listed))) or [], str(listed)))
        if not role.is_role:
            raise InputError.at(None, f"this role does not appear to have a meta/main.yml file: {role.name}")
        written = role.meta.get("dependencies") or []
        if not isinstance(written, list):
            raise InputError.at(
                None, "Expected role dependencies to be a list.", detail=f"in {role.path}/meta/main.yml"
            )
        named = [each for each in written if _names_a_source(each)]
        found = roles_of_list(named, str(role.path / "meta/main.yml"))
        return [each for each in found if self._known(each.name) is None]

    def _record(self, role: Role, version: str) -> None:
        (role.path / "meta").mkdir(exist_ok=True)
        date = f"{datetime.now(UTC):%a %b %d %H:%M:%S %Y}"
        text = f"install_date: {date}\nversion: {yaml_word(version)}\n"
        (role.path / "meta" / RECORD).write_text(text, encoding="utf-8")


def yaml_word(text: str) -> str:
    """Return a word as YAML that stays a word."""
    return "'" + text.replace("'", "''") + "'"


def _names_a_source(written: object) -> bool:
    """Tell whether a dependency says where it is from; one by its bare name is the user's own role."""
    if isinstance(written, str):
        return "." in written or "/" in written
    if not isinstance(written, Mapping):
        return False
    return bool(written.get("src")) or "." in str(written.get("role") or written.get("name") or "")


def remove(name: str, folders: Sequence[Path], say: Say) -> bool:
    """Remove a role; return whether it was there."""
    found = find(name, folders)
    if found is None or not found.is_role:
        say(f"- {name} is not installed, skipping.")
        return False
    shutil.rmtree(found.path)
    say(f"- successfully removed {name}")
    return True


def described(role: Role) -> str:
    """Return what is known of an installed role."""
    meta = role.meta
    info = meta.get("galaxy_info")
    told: dict[str, object] = {str(k): v for k, v in meta.items() if k != "galaxy_info"}
    known = {str(k): v for k, v in info.items()} if isinstance(info, Mapping) else {}
    summary = told.pop("description", None) or known.pop("description", None) or ""
    lines = ["", f"Role: {role.name}", f"\tdescription: {summary}"]
    for key, value in sorted(told.items()):
        lines.append(f"\t{key}: {value}")
    lines.append("\tgalaxy_info:")
    lines += [f"\t\t{key}: {value}" for key, value in sorted(known.items()) if key != "description"]
    record = [f"\t\t{key}: {value}" for key, value in sorted(role.record.items())]
    lines += ["\tinstall info:", *record] if record else []
    return "\n".join([*lines, f"\tpath: {role.path.parent}"])
