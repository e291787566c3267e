"""What to install: words of the command line, and the ``roles`` and ``collections`` of a requirements file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.home import expanded
from provisioner.diagnostics.position import position_of
from provisioner.galaxy.semver import ANY
from provisioner.loading.files import read_source
from provisioner.records import dataclass
from provisioner.syntax import yaml
from provisioner.syntax.vault import Vault

COLLECTION_NAME = re.compile(r"[a-zA-Z_]\w*\.[a-zA-Z_]\w*", re.ASCII)
_GIT = re.compile(r"git\+|git@")
_ARCHIVE = (".tar.gz", ".tgz", ".tar", ".tar.xz", ".tar.bz2")
TYPES = ("galaxy", "git", "url", "file", "dir", "subdirs")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One role or collection to get.

    ``place`` says where from: an address, a path, or empty for a Galaxy server, ``server`` which one. ``way`` is git,
    hg, file, url, dir, subdirs or galaxy. ``inside`` is the folder within a repository.
    """

    name: str = ""
    place: str = ""
    way: str = "galaxy"
    version: str = ""
    inside: str = ""
    server: str = ""

    def __str__(self) -> str:
        shown = self.name or self.place
        return f"{shown}:{self.version}" if self.version else shown


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a file or a command line asks for."""

    roles: tuple[Requirement, ...] = ()
    collections: tuple[Requirement, ...] = ()


# ---------------------------------------------------------------------- roles


def role_of_word(word: str) -> Requirement:
    """Return the role a word means: ``name``, ``address``, ``path``, each with ``,version,name`` behind it."""
    parts = [part.strip() for part in word.split(",")]
    if len(parts) > 3:
        raise InputError.at(None, f"Invalid role line ({word}). Proper format is 'role_name[,version[,name]]'")
    version, name = (*parts[1:], "", "")[:2]
    return _role(parts[0], "", version, name)


def _role(source: str, scm: str, version: str, name: str) -> Requirement:
    """Return a role by its parts; the name is that of the address unless it is given."""
    if source.startswith(("git+", "hg+")):
        scm, _, source = source.partition("+")
    if not scm and ("github.com" in source and source.startswith("http") and not source.endswith(_ARCHIVE)):
        scm = "git"
    if scm or _GIT.match(source):
        return Requirement(name or name_of_address(source), source, scm or "git", version)
    if "://" in source:
        return Requirement(name or name_of_address(source), source, "url", version)
    if source.endswith(_ARCHIVE) or Path(source).is_file():
        return Requirement(name or name_of_address(source), source, "file", version)
    return Requirement(name or source, source, "galaxy", version)


def name_of_address(address: str) -> str:
    """Return the name a role has by its address: the last part, without its ending."""
    last = address.rstrip("/").rsplit("/", 1)[-1].rsplit(":", 1)[-1].split(",")[0]
    for ending in (".git", *_ARCHIVE):
        if last.endswith(ending):
            return last.removesuffix(ending)
    return last


def roles_of_list(written: object, where: str, vault: Vault | None = None) -> Iterator[Requirement]:
    """Yield the roles of a list of a requirements file or of a role's dependencies."""
    if not isinstance(written, list):
        raise InputError.at(position_of(written), "Expected role dependencies to be a list.", detail=f"in {where}")
    for each in written:
        if isinstance(each, str):
            yield role_of_word(each)
        elif isinstance(each, Mapping) and each.get("include"):
            path = Path(where).parent / str(each["include"])
            yield from roles_of_list(_content(path, vault), str(path), vault)
        elif isinstance(each, Mapping):
            yield _role_of_mapping(each)
        else:
            raise InputError.at(position_of(each), "a role must be a name or a mapping")


def _role_of_mapping(written: Mapping[str, object]) -> Requirement:
    def text(key: str) -> str:
        return "" if written.get(key) is None else str(written[key])

    source = text("src") or text("role") or text("name")
    if not source:
        raise InputError.at(position_of(written), "Must specify name or src for role")
    if "," in source and not text("version"):
        parts = role_of_word(source)
        return Requirement(text("name") or parts.name, parts.place, parts.way, parts.version)
    scm = "" if text("scm") in ("galaxy", "file", "url") else text("scm")
    return _role(source, scm, text("version"), text("name") if text("src") else "")


# ---------------------------------------------------------------------- collections


def collection_of_word(word: str) -> Requirement:
    """Return the collection a word means: ``ns.name[:version]``, a path, or an address with ``#folder,version``."""
    if _GIT.match(word):
        return _from_git(word, "")
    if word.startswith(("http://", "https://")):
        return Requirement("", word, "url")
    path = expanded(word)
    if path.is_file():
        return Requirement("", str(path.absolute()), "file")
    if path.is_dir():
        return Requirement("", str(path.absolute()), _folder_kind(path))
    name, _, version = word.partition(":")
    if not COLLECTION_NAME.fullmatch(name):
        raise _no_name(name)
    return Requirement(name, "", "galaxy", version or ANY)


def _no_name(name: str) -> InputError:
    return InputError.at(
        position_of(name),
        f"Neither the collection requirement entry key 'name', nor 'source' point to a concrete resolvable collection "
        f"artifact. Also '{name}' is not an FQCN. A valid collection name must be in the format "
        "<namespace>.<collection>. Please make sure that the namespace and the collection name contain characters "
        "from [a-zA-Z0-9_] only.",
    )


def _folder_kind(path: Path) -> str:
    is_one = (path / "galaxy.yml").is_file() or (path / "MANIFEST.json").is_file()
    return "dir" if is_one else "subdirs"


def _from_git(word: str, version: str) -> Requirement:
    address, _, given = word.removeprefix("git+").partition(",")
    address, _, inside = address.partition("#")
    if not inside and "#" in given:
        given, _, inside = given.partition("#")
    return Requirement("", address, "git", given or version, inside.strip("/"))


def _collection_of_mapping(written: Mapping[str, object], folder: Path) -> Requirement:
    words = {
        key: "" if written.get(key) is None else str(written[key]) for key in ("name", "version", "type", "source")
    }
    name, version, way = words["name"], words["version"], words["type"]
    named = name or words["source"]
    _check_entry(written, named, way)
    if way == "git" or _GIT.match(name):
        return _from_git(named, "" if version == ANY else version)
    if way in ("file", "dir", "subdirs"):
        return Requirement("", str((folder / expanded(named)).absolute()), way, version)
    if way == "url" or name.startswith(("http://", "https://")):
        return Requirement("", named, "url", version)
    return _of_name(written, words, folder)


def _check_entry(written: Mapping[str, object], named: str, way: str) -> None:
    if not named:
        raise InputError.at(position_of(written), "Collections requirement entry should contain the key name.")
    if way and way not in TYPES:
        raise InputError.at(
            position_of(written), f"The collection requirement entry key 'type' must be one of {', '.join(TYPES)}."
        )


def _of_name(written: Mapping[str, object], words: Mapping[str, str], folder: Path) -> Requirement:
    """Return the requirement of an entry that names a path, or a collection of a server."""
    name, source = words["name"], words["source"]
    if not name:
        raise _no_name(name)
    path = folder / expanded(name)
    if not COLLECTION_NAME.fullmatch(name):
        if path.exists():
            way = "file" if path.is_file() else _folder_kind(path)
            return Requirement("", str(path.absolute()), way, words["version"])
        raise InputError.at(
            position_of(name), f"Collection name '{name}': name must be in the format <namespace>.<collection>."
        )
    if source.startswith("git+"):
        raise InputError.at(
            position_of(written["source"]),
            "Collections requirement 'source' entry should contain a valid Galaxy API URL but it does not: "
            f"{source} is not an HTTP URL.",
        )
    return Requirement(name, "", "galaxy", words["version"] or ANY, server=source)


def collections_of_list(written: object, path: Path) -> Iterator[Requirement]:
    """Yield the collections of a requirements file."""
    if not isinstance(written, list):
        raise InputError.at(position_of(written), f"'collections' of {path} must be a list")
    for each in written:
        if isinstance(each, Mapping):
            yield _collection_of_mapping(each, path.parent.absolute())
        else:
            yield collection_of_word(str(each))


def dependency(name: str, version: str) -> Requirement:
    """Return what a collection's ``dependencies`` entry asks for."""
    if _GIT.match(name):
        return _from_git(name, "" if version == ANY else version)
    if COLLECTION_NAME.fullmatch(name):
        return Requirement(name, "", "galaxy", version or ANY)
    return collection_of_word(name)


# ---------------------------------------------------------------------- files


def read_requirements(path: Path, vault: Vault | None = None) -> Requirements:
    """Return what a requirements file asks for; a list in it means roles."""
    if not path.is_file():
        raise InputError.at(None, f"The requirements file '{path}' does not exist.")
    content = _content(path, vault)
    if content is None:
        raise InputError.at(None, f"No requirements found in file '{path}'")
    if isinstance(content, list):
        return Requirements(tuple(roles_of_list(content, str(path), vault)))
    if not isinstance(content, Mapping):
        raise InputError.at(
            position_of(content), f"Expecting requirements yaml to be a list or dictionary but got {path}"
        )
    unknown = [str(key) for key in content if key not in ("roles", "collections")]
    if unknown:
        raise InputError.at(
            position_of(next(iter(content))),
            f"Expecting only 'roles' and/or 'collections' as base keys in the requirements file. Found: "
            f"{', '.join(sorted(unknown))}",
        )
    return Requirements(
        tuple(roles_of_list(content.get("roles") or [], str(path), vault)),
        tuple(collections_of_list(content.get("collections") or [], path)),
    )


def _content(path: Path, vault: Vault | None) -> object:
    if not path.is_file():
        raise InputError.at(None, f"the file {path} does not exist")
    return yaml.load(read_source(str(path)), vault=vault)
