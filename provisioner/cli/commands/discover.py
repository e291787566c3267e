"""Take a snapshot of servers: what they are, scope by scope, read-only and without Python on them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

from provisioner.app.discovery import discover_on, routes_to
from provisioner.cli.options import (
    add_connection_options,
    add_inventory_options,
    add_variable_options,
    add_verbosity,
    credentials_from,
    run_options,
)
from provisioner.diagnostics.errors import Exit, InputError
from provisioner.discovery import archive
from provisioner.discovery.probing import PLACES, Wanted, scope_names
from provisioner.discovery.snapshot import Coverage, Snapshot, load, save
from provisioner.discovery.watching import remembered
from provisioner.reporting.printable import printable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("hosts", nargs="+", metavar="HOST", help="names, groups or patterns of the inventory")
    parser.add_argument("-o", "--output", default=".", metavar="PATH",
                        help="the snapshot's file, or a folder for HOST.json; default: the current folder")  # fmt: skip
    parser.add_argument("--scopes", default="", metavar="SCOPES",
                        help="only these, with commas between them; all are: " + ", ".join(scope_names()))  # fmt: skip
    parser.add_argument("--places", default=",".join(PLACES), metavar="PATHS",
                        help="where files are looked for that no package brought; default: %(default)s")  # fmt: skip
    parser.add_argument("--watch", type=_seconds, default=0, metavar="SECONDS",
                        help="watch for so long who talks to the server; default: a single look")  # fmt: skip
    parser.add_argument("--with-files", action="store_true",
                        help="keep contents of changed and unmanaged files beside the snapshot")  # fmt: skip
    parser.add_argument("--anew", action="store_true",
                        help="forget who was seen talking to it in a snapshot that is written over")  # fmt: skip
    add_verbosity(parser)
    add_inventory_options(parser)
    add_variable_options(parser)
    add_connection_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Take the snapshots, write a file each and say in a line what was seen."""
    wanted = Wanted(
        scopes=scope_names(_words(arguments.scopes)), places=_words(arguments.places) or PLACES,
        watch_s=arguments.watch, files=arguments.with_files,
    )  # fmt: skip
    credentials = credentials_from(arguments)
    routes = routes_to(arguments.hosts, run_options(arguments, credentials), credentials)
    paths = _paths(Path(arguments.output), routes)
    before = {} if arguments.anew else {host: load(path) for host, path in paths.items() if path.exists()}
    found = discover_on(routes, wanted, _warn)
    for host, taken in found.snapshots.items():
        snapshot = remembered(taken, before[host]) if host in before else taken
        save(snapshot, paths[host])
        print(printable(f"{host}: {_summary(snapshot)}\n  {paths[host]} {snapshot.hash}"))
        _tell_gaps(snapshot)
        if host in found.archives:
            _keep(found.archives[host], archive.beside(paths[host]))
    for problem in found.problems.values():
        _warn(problem)
    return Exit.HOSTS_UNREACHABLE if found.problems else Exit.OK


def _paths(output: Path, hosts: Collection[str]) -> Mapping[str, Path]:
    """Return where each snapshot goes."""
    is_file = output.suffix == ".json" and not output.is_dir()
    if is_file and len(hosts) > 1:
        raise InputError.at(
            None, f"{len(hosts)} hosts do not go into one file", hint=f"-o {output.stem}/ names a folder"
        )
    return {host: output if is_file else output / f"{host}.json" for host in hosts}


def _summary(snapshot: Snapshot) -> str:
    counts = [f"{name} {len(scope.items)}" for name, scope in sorted(snapshot.scopes.items()) if scope.items]
    return f"{', '.join(counts)} ({snapshot.taken.seconds:.1f} s)"


def _tell_gaps(snapshot: Snapshot) -> None:
    for name, scope in sorted(snapshot.scopes.items()):
        if scope.coverage is not Coverage.FULL:
            word = "not coverable" if scope.coverage is Coverage.NONE else "only partly covered"
            print(printable(f"  {name} is {word}: {'; '.join(scope.why)}"))


def _keep(contents: archive.Archive, path: Path) -> None:
    archive.save(contents, path)
    print(printable(f"  {path} holds {len(contents.contents)} files, readable for you alone"))
    secret = list(archive.secrets_in(contents))
    if secret:
        more = f" and {len(secret) - 5} more" if len(secret) > 5 else ""
        _warn(f"warning: {path} looks as if it held secrets: {', '.join(secret[:5])}{more}")


def _warn(text: str) -> None:
    print(printable(text), file=sys.stderr)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _seconds(text: str) -> int:
    found = int(text)
    if found < 0:
        raise argparse.ArgumentTypeError("must not be negative")
    return found
