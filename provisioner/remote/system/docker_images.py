"""What goes to the engine to build an image, and what an archive of one says of itself."""

import contextlib
import fnmatch
import json
import os
import re
import tarfile
import tempfile
from typing import IO, Any, Dict, Iterator, List, NamedTuple, Optional, Pattern, Tuple

from ..change import Failed
from .docker_options import size
from .system import System

PIECE = 1 << 16


class Archived(NamedTuple):
    """The image in an archive: its number and its names."""

    id: str
    names: List[str]


def archived(system: System, path: str) -> Optional[Archived]:
    """Return what an archive holds; None where there is none, or one of another kind or of several images."""
    if not system.files.is_file(path):
        return None
    try:
        with system.files.open(path) as stream, tarfile.open(fileobj=stream) as archive:
            member = archive.extractfile("manifest.json")
            images = json.loads(member.read().decode("utf-8")) if member else []
    except (OSError, tarfile.TarError, ValueError, KeyError):
        return None
    if not isinstance(images, list) or len(images) != 1:
        return None
    config = os.path.basename(str(images[0].get("Config", "")))
    return Archived("sha256:" + config.partition(".")[0], list(images[0].get("RepoTags") or []))


def write(system: System, path: str, answer: Any) -> None:
    """Write what the engine sends beside ``path`` and put it in its place when it is whole."""
    with system.files.replacing(path) as stream:
        while True:
            piece = answer.read(PIECE)
            if not piece:
                break
            stream.write(piece)


@contextlib.contextmanager
def context(system: System, path: str, dockerfile: Optional[str]) -> Iterator[Tuple[IO[bytes], str]]:
    """Yield a folder as an archive without what ``.dockerignore`` names, and the file to build by, as named in it.

    A file to build by that lies elsewhere goes along under a name that nothing else has.
    """
    folder = system.files.real(path)
    file = dockerfile or "Dockerfile"
    real = os.path.normpath(os.path.join(folder, file)) if not os.path.isabs(file) else system.files.real(file)
    if not os.path.isfile(real):
        raise Failed("Cannot find the Dockerfile %s" % file)
    inside = os.path.relpath(real, folder)
    is_outside = inside.startswith("..")
    name = ".dockerfile.%s" % os.urandom(8).hex() if is_outside else inside
    with tempfile.TemporaryFile(dir=system.tmp or None) as stream:
        with tarfile.open(fileobj=stream, mode="w") as archive:
            for each in _chosen(folder, {name, ".dockerignore"}):
                member = archive.gettarinfo(os.path.join(folder, each), each)
                member.uid = member.gid = 0
                member.uname = member.gname = ""
                _add(archive, member, os.path.join(folder, each))
            if is_outside:
                archive.add(real, name, recursive=False)
        stream.seek(0)
        yield stream, name


def _add(archive: tarfile.TarFile, member: tarfile.TarInfo, path: str) -> None:
    if member.isreg():
        with open(path, "rb") as content:
            archive.addfile(member, content)
    else:
        archive.addfile(member)


def _chosen(folder: str, always: Any) -> Iterator[str]:
    rules = _ignored(folder)
    for place, folders, files in os.walk(folder):
        folders.sort()
        inside = os.path.relpath(place, folder)
        for name in sorted([*folders, *files]):
            path = name if inside == "." else os.path.join(inside, name)
            if path in always or not _is_ignored(path, rules):
                yield path


Rule = Tuple[Pattern[str], bool]


def _ignored(folder: str) -> List[Rule]:
    try:
        with open(os.path.join(folder, ".dockerignore"), encoding="utf-8") as stream:
            lines = [line.strip() for line in stream]
    except OSError:
        return []
    rules = []
    for line in lines:
        if line and not line.startswith("#"):
            pattern = os.path.normpath(line.lstrip("!").strip().lstrip("/"))
            rules.append((re.compile(_expression(pattern)), line.startswith("!")))
    return rules


def _expression(pattern: str) -> str:
    """Return a pattern of .dockerignore as an expression: * ends with the name, ** does not; all below counts, too."""
    parts = []
    for piece in re.split(r"(\*\*/?|\*|\?|\[[^\]]*\])", pattern):
        if piece in ("**", "**/"):
            parts.append("(?:.*/)?" if piece.endswith("/") else ".*")
        elif piece == "*":
            parts.append("[^/]*")
        elif piece == "?":
            parts.append("[^/]")
        elif piece.startswith("["):
            parts.append(fnmatch.translate(piece)[4:].rpartition(")")[0])
        else:
            parts.append(re.escape(piece))
    return "^%s(?:/.*)?$" % "".join(parts)


def _is_ignored(path: str, rules: List[Rule]) -> bool:
    ignored = False
    for pattern, is_exception in rules:
        if pattern.match(path):
            ignored = not is_exception
    return ignored


def query(given: Any, name: str, dockerfile: str) -> Dict[str, Any]:
    """Return what the engine is told of a build."""
    hosts = ",".join("%s:%s" % pair for pair in sorted((given.etc_hosts or {}).items()))
    return {
        "t": name,
        "dockerfile": dockerfile,
        "nocache": given.nocache,
        "pull": True if given.pull else None,
        "rm": given.rm,
        "forcerm": True,
        "buildargs": {key: str(value) for key, value in given.args.items()} if given.args else None,
        "labels": {key: str(value) for key, value in given.labels.items()} if given.labels else None,
        "cachefrom": given.cache_from or None,
        "networkmode": given.network,
        "platform": given.platform,
        "target": given.target,
        "shmsize": size(given.shm_size) if given.shm_size else None,
        "extrahosts": hosts or None,
    }
