"""Unpacks archives of roles and collections, and takes them for hostile: nothing in one may reach out of its folder."""

from __future__ import annotations

import os
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from provisioner.diagnostics.errors import InputError


class Hostile(InputError):
    """An archive wants to write where it must not."""

    @classmethod
    def because(cls, text: str) -> Hostile:
        """Return the error with its text."""
        return cls(InputError.at(None, text).diagnostics)


def unpack(archive: Path, target: Path, *, what: str, strip: str | None = "") -> None:
    """Unpack into a new folder ``target``; ``strip`` is the folder inside whose content alone counts.

    ``strip`` empty takes everything, None finds the one folder that all entries share. The folder appears only when
    everything is there.
    """
    fresh = target.with_name(f".{target.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        with opened(archive) as tar:
            members = list(tar.getmembers())
            top = _shared_top(members) if strip is None else strip
            for member, name in _inside(members, top):
                _extract(tar, member, fresh, name, what)
        replace_folder(fresh, target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def opened(archive: Path) -> tarfile.TarFile:
    """Open a tar archive; InputError where it is none."""
    try:
        return tarfile.open(archive)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise InputError.at(None, f"the file {archive} is no tar archive that can be read", detail=str(error)) from None


def replace_folder(fresh: Path, target: Path) -> None:
    """Put a complete folder where another may be."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_symlink() or target.is_file():
        target.unlink()
    elif target.exists():
        shutil.rmtree(target)
    fresh.rename(target)


def _shared_top(members: list[tarfile.TarInfo]) -> str:
    tops = {PurePosixPath(each.name).parts[0] for each in members if PurePosixPath(each.name).parts}
    tops.discard("pax_global_header")
    return tops.pop() if len(tops) == 1 else ""


def _inside(members: list[tarfile.TarInfo], top: str) -> Iterator[tuple[tarfile.TarInfo, PurePosixPath]]:
    for member in members:
        path = PurePosixPath(member.name)
        if top:
            if path.parts[:1] != (top,):
                continue
            path = PurePosixPath(*path.parts[1:])
        if path.parts:
            yield member, path


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, root: Path, name: PurePosixPath, what: str) -> None:
    if name.is_absolute() or ".." in name.parts:
        raise Hostile.because(f"Failed to extract the {what}: '{member.name}' is not a subpath of the {what}")
    place = root / name
    if not place.parent.resolve().is_relative_to(root.resolve()):
        raise Hostile.because(f"Failed to extract the {what}: '{member.name}' is not a subpath of the {what}")
    place.parent.mkdir(parents=True, exist_ok=True)
    if member.isdir():
        place.mkdir(exist_ok=True)
        place.chmod(0o755)
    elif member.issym() or member.islnk():
        _link(tar, member, root, place, what)
    elif member.isfile():
        stream = tar.extractfile(member)
        if stream is not None:
            place.unlink(missing_ok=True)
            with place.open("wb") as out:
                shutil.copyfileobj(stream, out)
            place.chmod(0o755 if member.mode & 0o111 else 0o644)


def _link(tar: tarfile.TarFile, member: tarfile.TarInfo, root: Path, place: Path, what: str) -> None:
    """Make a symbolic link that stays inside; a hard link becomes a copy of what it names."""
    base = place.parent if member.issym() else root
    target = Path(os.path.normpath(base / member.linkname))
    if (
        Path(member.linkname).is_absolute()
        or not target.is_relative_to(root)
        or not (target.resolve().is_relative_to(root.resolve()))
    ):
        raise Hostile.because(f"Failed to extract the {what}: the link '{member.name}' to '{member.linkname}' "
                              f"is not a subpath of the {what}")  # fmt: skip
    place.unlink(missing_ok=True)
    if member.issym():
        place.symlink_to(member.linkname)
    else:
        stream = tar.extractfile(member)
        if stream is not None:
            place.write_bytes(stream.read())
