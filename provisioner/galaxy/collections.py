"""Installs collections: finds out what is needed, fetches it, checks its checksums, puts it in place."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import field
from pathlib import Path

from provisioner.diagnostics.errors import InputError
from provisioner.galaxy import artifact
from provisioner.galaxy.archives import replace_folder, unpack
from provisioner.galaxy.artifact import About, about_archive, about_folder
from provisioner.galaxy.fetching import Fetcher
from provisioner.galaxy.requirement import Requirement
from provisioner.galaxy.resolving import Candidate, Resolver, needs_of
from provisioner.galaxy.semver import ANY, allows, is_range
from provisioner.galaxy.server import Server
from provisioner.loading.collections import Installed
from provisioner.records import dataclass

Say = Callable[[str], None]
UNPINNED = frozenset({"git", "dir", "subdirs"})
"""Ways of getting a collection whose version does not say whether it is the same one: it is installed again."""


@dataclass
class Found:
    """The sources of one command: its servers, and what is installed already."""

    fetcher: Fetcher
    servers: Sequence[Server] = ()
    installed: Sequence[Installed] = ()
    upgrades: bool = False
    _known: dict[tuple[str, ...], list[Candidate]] = field(default_factory=dict)

    def concrete(self, requirement: Requirement) -> Sequence[Candidate]:
        """Return the collections of a path, a repository or an address."""
        key = (requirement.way, requirement.place, requirement.version, requirement.inside)
        if key not in self._known:
            path = self._fetched(requirement)
            folders = list(_folders(path, requirement)) if path.is_dir() else [path]
            if not folders:
                raise InputError.at(None, f"{requirement} holds no collection: there is no galaxy.yml in it")
            self._known[key] = [_candidate(each, requirement) for each in folders]
        return self._known[key]

    def _fetched(self, requirement: Requirement) -> Path:
        if requirement.way == "git":
            return self.fetcher.clone(requirement.place, requirement.version)
        if requirement.way == "url":
            return self.fetcher.download(requirement.place)
        path = Path(requirement.place)
        if not path.exists():
            raise InputError.at(None, f"{path} does not exist")
        return path

    def available(self, requirement: Requirement) -> Sequence[Candidate]:
        """Return what is installed of a collection, and unless that counts alone what servers have."""
        here = [each for each in self.installed if each.name == requirement.name]
        suiting = [each for each in here if each.version == ANY or allows(requirement.version, each.version)]
        mine = [_installed(each) for each in suiting[:1]]
        if mine and not self.upgrades:
            return mine
        return [*mine, *self._of_servers(requirement)]

    def _of_servers(self, requirement: Requirement) -> list[Candidate]:
        problems: list[InputError] = []
        for server in self._servers(requirement):
            try:
                versions = server.versions(requirement.name)
            except InputError as error:
                problems.append(error)
                continue
            suiting = [
                each for each in versions if allows(requirement.version, each) or not is_range(requirement.version)
            ]
            if suiting:
                return [self._of_server(server, requirement.name, version) for version in suiting]
        if problems:
            raise problems[0]
        return []

    def _servers(self, requirement: Requirement) -> list[Server]:
        if not requirement.server:
            return list(self.servers)
        named = [each for each in self.servers if requirement.server in (each.name, each.url, each.url.rstrip("/"))]
        return named or [Server(requirement.server, requirement.server, self.fetcher)]

    def _of_server(self, server: Server, name: str, version: str) -> Candidate:
        release = server.release(name, version)
        return Candidate(name, version, needs_of(dict(release.dependencies)), server.name or server.url, "galaxy")

    def artifact(self, candidate: Candidate) -> Path:
        """Return the artifact of a version that a server has."""
        server = next(each for each in self.servers if candidate.origin in (each.name, each.url))
        return server.download(server.release(candidate.name, candidate.version))


def _folders(path: Path, requirement: Requirement) -> Iterable[Path]:
    """Yield the collections in a folder: itself, or those one or two levels below it."""
    home = path / requirement.inside if requirement.inside else path
    if not home.resolve().is_relative_to(path.resolve()) or not home.is_dir():
        raise InputError.at(None, f"{requirement.place} has no folder '{requirement.inside}'")
    if (home / artifact.SOURCE).is_file() or (home / artifact.MANIFEST).is_file():
        return [home]
    return sorted({each.parent for pattern in ("*/galaxy.yml", "*/*/galaxy.yml") for each in home.glob(pattern)})


def _candidate(path: Path, requirement: Requirement) -> Candidate:
    about = about_folder(path) if path.is_dir() else about_archive(path)
    origin = "#".join(filter(None, (requirement.place, requirement.inside))) or str(path)
    return Candidate(about.full_name, about.version, needs_of(dict(about.dependencies)), origin, requirement.way, path)


def _installed(found: Installed) -> Candidate:
    try:
        about = about_folder(Path(found.path))
    except InputError:
        return Candidate(found.name, found.version, (), found.path, "installed", Path(found.path))
    return Candidate(
        found.name, found.version, needs_of(dict(about.dependencies)), found.path, "installed", Path(found.path)
    )


@dataclass(frozen=True, slots=True)
class Installing:
    """How to install: where, and over what."""

    target: Path
    force: bool = False
    force_dependencies: bool = False
    with_dependencies: bool = True
    allows_pre: bool = False
    checks: bool = True


def install(wanted: Sequence[Requirement], how: Installing, found: Found, say: Say) -> None:
    """Install collections and what they need."""
    say("Starting galaxy collection install process")
    direct = {each.name for each in wanted if each.way == "galaxy"}
    if how.force or how.force_dependencies:
        found.installed = [each for each in found.installed if not how.force_dependencies and each.name not in direct]
    if not wanted:
        return
    present = {each.name: each for each in found.installed}
    say("Process install dependency map")
    chosen = Resolver(found, how.with_dependencies, how.allows_pre).resolve(wanted)
    todo = [each for each in chosen if _is_due(each, how, present, direct)]
    if not todo:
        say("Nothing to do. All requested collections are already installed. If you want to reinstall them, "
            "consider using `--force`.")  # fmt: skip
        return
    say("Starting collection install process")
    for candidate in todo:
        _put(candidate, how, found, say)


def _is_due(candidate: Candidate, how: Installing, present: dict[str, Installed], direct: set[str]) -> bool:
    if candidate.way == "installed":
        return False
    if candidate.way in UNPINNED or how.force_dependencies or (how.force and candidate.name in direct):
        return True
    known = present.get(candidate.name)
    return how.force or known is None or known.version != candidate.version


def _put(candidate: Candidate, how: Installing, found: Found, say: Say) -> None:
    target = how.target / candidate.name.replace(".", "/")
    say(f"Installing '{candidate}' to '{target}'")
    source = candidate.path or found.artifact(candidate)
    if source.is_dir():
        place_folder(source, target)
        say(f"Created collection for {candidate} at {target}")
    else:
        place_artifact(source, target, checks=how.checks)
    say(f"{candidate} was installed successfully")


def place_artifact(source: Path, target: Path, *, checks: bool = True) -> None:
    """Unpack an artifact beside its place, compare every checksum, then put it there."""
    waiting = target.with_name(f".{target.name}.checked")
    try:
        unpack(source, waiting, what="collection")
        wrong = artifact.differences(waiting) if checks else []
        if wrong:
            raise InputError.at(None, f"{source} is not what it says: the checksum of {wrong[0]} is another",
                                detail="\n".join(wrong[1:]))  # fmt: skip
        replace_folder(waiting, target)
    finally:
        shutil.rmtree(waiting, ignore_errors=True)


def place_folder(source: Path, target: Path) -> None:
    """Copy a collection from its sources, as its artifact would hold it."""
    about = about_folder(source)
    fresh = target.with_name(f".{target.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        files = artifact.listed_files(source, about)
        for each in files:
            _copy(source / each, fresh / each)
        listed = artifact.file_manifest(source, files)
        (fresh / artifact.FILES).write_bytes(listed)
        (fresh / artifact.MANIFEST).write_bytes(artifact.manifest(about, listed))
        replace_folder(fresh, target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _copy(source: Path, target: Path) -> None:
    if source.is_symlink():
        target.symlink_to(source.readlink())
    elif source.is_dir():
        target.mkdir()
    else:
        shutil.copyfile(source, target)
        target.chmod(0o755 if source.stat().st_mode & 0o111 else 0o644)


def download(wanted: Sequence[Requirement], target: Path, resolver: Resolver, found: Found, say: Say) -> None:
    """Put artifacts of collections and of what they need into a folder, with a requirements file that names them."""
    say("Process download dependency map")
    target.mkdir(parents=True, exist_ok=True)
    names = []
    say(f"Starting collection download process to '{target}'")
    for candidate in resolver.resolve(wanted):
        say(f"Downloading collection '{candidate}' to '{target}'")
        source = candidate.path or found.artifact(candidate)
        if source.is_dir():
            path = artifact.build(source, target, force=True)
        else:
            path = target / about_archive(source).artifact_name
            shutil.copyfile(source, path)
        names.append(path.name)
        say(f"Collection '{candidate}' was downloaded successfully")
    text = "collections:\n" + "".join(f"- name: {name}\n  version: '*'\n" for name in names)
    (target / "requirements.yml").write_text(text, encoding="utf-8")
    say(f"Writing requirements.yml file of downloaded collections to '{target / 'requirements.yml'}'")


def verified(installed: Installed, say: Say) -> bool:
    """Compare an installed collection with its own manifests; tell what differs."""
    folder = Path(installed.path)
    if not (folder / artifact.MANIFEST).is_file():
        raise InputError.at(None, f"{installed.name} in {folder} has no MANIFEST.json to compare it with",
                            hint="install it from an artifact or a server")  # fmt: skip
    wrong = artifact.differences(folder)
    if wrong:
        say(f"Collection {installed.name} contains modified content in the following files:")
        for name in wrong:
            say(f"    {name}")
        return False
    say(f"Successfully verified that checksums for '{installed.name}:{installed.version}' match the local manifest.")
    return True


__all__ = ["About", "Found", "Installing", "download", "install", "verified"]
