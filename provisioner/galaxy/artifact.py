"""A collection as a folder or an artifact: what its manifest says, the list of its files, its checksums.

The format is Ansible's (https://docs.ansible.com/ansible/latest/dev_guide/collections_galaxy_meta.html): an artifact
is a tar archive that begins with ``MANIFEST.json``, which holds the checksum of ``FILES.json``, which holds those of
all files.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path

from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.position import position_of
from provisioner.galaxy.archives import opened
from provisioner.galaxy.semver import ANY, Version
from provisioner.loading.files import read_source
from provisioner.records import dataclass
from provisioner.syntax import yaml

MANIFEST, FILES, SOURCE = "MANIFEST.json", "FILES.json", "galaxy.yml"
_IGNORED = (MANIFEST, FILES, SOURCE, "galaxy.yaml", ".git", "*.pyc", "*.retry", "tests/output", "__pycache__")
_TEXTS = ("namespace", "name", "version", "readme", "description", "license_file", "repository", "documentation",
          "homepage", "issues")  # fmt: skip
_LISTS = ("authors", "tags", "license")
_KNOWN = frozenset({*_TEXTS, *_LISTS, "dependencies", "build_ignore", "manifest"})


@dataclass(frozen=True, slots=True)
class About:
    """What a collection says of itself. ``build_ignore`` are patterns of files that no artifact holds.

    ``has_directives``: its ``galaxy.yml`` chooses files by ``manifest``, which is not understood here.
    """

    namespace: str
    name: str
    version: str
    dependencies: Mapping[str, str]
    info: Mapping[str, object]
    build_ignore: tuple[str, ...] = ()
    has_directives: bool = False

    @property
    def full_name(self) -> str:
        """Namespace and name."""
        return f"{self.namespace}.{self.name}"

    @property
    def artifact_name(self) -> str:
        """The name of its archive."""
        return f"{self.namespace}-{self.name}-{self.version}.tar.gz"


def about_folder(folder: Path) -> About:
    """Return what the collection in a folder says of itself: its ``galaxy.yml``, else its manifest."""
    if (folder / SOURCE).is_file():
        content = yaml.load(read_source(str(folder / SOURCE)))
        if not isinstance(content, Mapping):
            raise InputError.at(position_of(content), f"{folder / SOURCE} must be a mapping")
        return _about_source(content, folder)
    if (folder / MANIFEST).is_file():
        return about_manifest((folder / MANIFEST).read_bytes(), str(folder / MANIFEST))
    raise InputError.at(None, f"{folder} holds no collection: neither {SOURCE} nor {MANIFEST} is there")


def about_archive(path: Path) -> About:
    """Return what an artifact says of itself."""
    with opened(path) as tar:
        for name in (MANIFEST, f"./{MANIFEST}"):
            try:
                stream = tar.extractfile(name)
            except KeyError:
                continue
            if stream is not None:
                return about_manifest(stream.read(), f"{path}:{MANIFEST}")
    raise InputError.at(None, f"Collection at '{path}' does not contain the required file {MANIFEST}.")


def about_manifest(content: bytes, where: str) -> About:
    """Return what a manifest says."""
    try:
        info = json.loads(content)["collection_info"]
        needs = {str(k): str(v) for k, v in (info.get("dependencies") or {}).items()}
        return About(str(info["namespace"]), str(info["name"]), str(info["version"]), needs, info)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError.at(None, f"{where} is no manifest of a collection", detail=repr(error)) from None


def _about_source(content: Mapping[str, object], folder: Path) -> About:
    missing = [key for key in ("namespace", "name", "version", "readme", "authors") if content.get(key) is None]
    if missing:
        keys = ", ".join(missing)
        raise InputError.at(
            position_of(dict(content)),
            f"The collection galaxy.yml at '{folder / SOURCE}' is missing the following mandatory keys: {keys}",
        )
    version = content["version"]
    asked = f"{content['namespace']}.{content['name']}:{version}"
    if version != ANY and not (isinstance(version, str) and Version.parse(version)):
        kind = "" if isinstance(version, (list, dict)) else f": {version} (<class '{_class(version)}'>)"
        raise InputError.at(
            position_of(version),
            f"Invalid version found for the collection '{asked}'{kind}. A SemVer-compliant version or '*' is required.",
        )
    needs = content.get("dependencies") or {}
    if not isinstance(needs, Mapping):
        raise InputError.at(position_of(needs), "'dependencies' must be a mapping of collections and versions")
    ignored = content.get("build_ignore") or []
    return About(
        str(content["namespace"]),
        str(content["name"]),
        str(version),
        {str(k): str(v) for k, v in needs.items()},
        _info(content, {str(k): str(v) for k, v in needs.items()}),
        tuple(map(str, ignored if isinstance(ignored, list) else [ignored])),
        content.get("manifest") is not None,
    )


def _class(value: object) -> str:
    return "str" if isinstance(value, str) else type(value).__name__


def _info(content: Mapping[str, object], needs: Mapping[str, str]) -> dict[str, object]:
    info: dict[str, object] = {}
    for key in _TEXTS:
        info[key] = None if content.get(key) is None else str(content[key])
    for key in _LISTS:
        value = content.get(key) or []
        info[key] = list(map(str, value)) if isinstance(value, list) else [str(value)]
    info["dependencies"] = dict(needs)
    return info


def unknown_keys(folder: Path) -> list[str]:
    """Return the keys of a ``galaxy.yml`` that mean nothing."""
    content = yaml.load(read_source(str(folder / SOURCE))) if (folder / SOURCE).is_file() else {}
    return sorted(str(key) for key in content if key not in _KNOWN) if isinstance(content, Mapping) else []


# ---------------------------------------------------------------------- files and checksums


def listed_files(folder: Path, about: About) -> list[Path]:
    """Return what an artifact of the folder holds, folders before what is in them, relative to it."""
    ignored = (*_IGNORED, f"{about.namespace}-{about.name}-*.tar.gz", *about.build_ignore)
    return list(_walk(folder, Path(), ignored, folder.resolve()))


def _walk(folder: Path, below: Path, ignored: Sequence[str], root: Path) -> Iterator[Path]:
    for path in sorted((folder / below).iterdir()):
        inside = below / path.name
        if any(fnmatch(str(inside), pattern) or fnmatch(path.name, pattern) for pattern in ignored):
            continue
        if path.is_symlink() and not path.resolve().is_relative_to(root):
            continue  # a link out of the collection would carry somebody else's file
        yield inside
        if path.is_dir() and not path.is_symlink():
            yield from _walk(folder, inside, ignored, root)


def sha256(path: Path) -> str:
    """Return a file's checksum."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def file_manifest(folder: Path, files: Sequence[Path]) -> bytes:
    """Return the content of ``FILES.json``."""
    entries: list[dict[str, object]] = [_entry(".", None)]
    for each in files:
        path = folder / each
        entries.append(_entry(str(each), sha256(path) if path.is_file() else None))
    return _json({"files": entries, "format": 1})


def manifest(about: About, files: bytes) -> bytes:
    """Return the content of ``MANIFEST.json``."""
    listed = _entry(FILES, hashlib.sha256(files).hexdigest())
    return _json({"collection_info": dict(about.info), "file_manifest_file": listed, "format": 1})


def _entry(name: str, digest: str | None) -> dict[str, object]:
    kind = "dir" if digest is None else "file"
    return {"name": name, "ftype": kind, "chksum_type": digest and "sha256", "chksum_sha256": digest, "format": 1}


def _json(data: object) -> bytes:
    return json.dumps(data, indent=1).encode()


def build(folder: Path, output: Path, *, force: bool = False) -> Path:
    """Make the artifact of the collection in a folder and return its path; the same content gives the same bytes."""
    about = about_folder(folder)
    if about.version == ANY:
        raise InputError.at(None, f"a collection of the version '*' cannot be built: set one in {folder / SOURCE}")
    if about.has_directives:
        raise InputError.at(None, f"'manifest' in {folder / SOURCE} is not supported: files are chosen by build_ignore",
                            hint="build it with ansible-galaxy itself; installing it works here")  # fmt: skip
    target = output / about.artifact_name if output.is_dir() or output.suffix != ".gz" else output
    if target.is_dir():
        raise InputError.at(
            None, f"The output collection artifact '{target}' already exists, but is a directory - aborting"
        )
    if target.exists() and not force:
        raise InputError.at(
            None, f"The file '{target}' already exists. You can use --force to re-create the collection artifact."
        )
    files = listed_files(folder, about)
    listed = file_manifest(folder, files)
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.new")
    with (
        fresh.open("wb") as raw,
        gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for name, content in ((MANIFEST, manifest(about, listed)), (FILES, listed)):
            tar.addfile(_head(name, len(content), 0o644), io.BytesIO(content))
        for each in files:
            _add(tar, folder, each)
    fresh.replace(target)
    return target


def _head(name: str, size: int, mode: int) -> tarfile.TarInfo:
    head = tarfile.TarInfo(name)
    head.size, head.mode = size, mode
    return head


def _add(tar: tarfile.TarFile, folder: Path, inside: Path) -> None:
    path = folder / inside
    head = _head(str(inside), 0, 0o755)
    if path.is_symlink():
        head.type, head.linkname = tarfile.SYMTYPE, str(path.readlink())
        tar.addfile(head)
    elif path.is_dir():
        head.type = tarfile.DIRTYPE
        tar.addfile(head)
    else:
        head.size = path.stat().st_size
        head.mode = 0o755 if path.stat().st_mode & 0o111 else 0o644
        with path.open("rb") as stream:
            tar.addfile(head, stream)


def differences(folder: Path) -> list[str]:
    """Return the names in an installed collection whose content is not what its manifests say."""
    try:
        told = json.loads((folder / MANIFEST).read_bytes())
        listed = json.loads((folder / FILES).read_bytes())["files"]
        expected = str(told["file_manifest_file"]["chksum_sha256"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError.at(None, f"{folder} has no manifest that can be read", detail=repr(error)) from None
    wrong = [] if sha256(folder / FILES) == expected else [FILES]
    for entry in listed:
        path = folder / str(entry["name"])
        if entry.get("ftype") == "file" and not path.is_symlink():
            if not path.is_file() or sha256(path) != entry.get("chksum_sha256"):
                wrong.append(str(entry["name"]))
        elif entry.get("ftype") == "dir" and not path.is_dir():
            wrong.append(str(entry["name"]))
    return wrong
