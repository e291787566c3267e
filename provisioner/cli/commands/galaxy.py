"""Install, list, build and remove roles and collections."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from provisioner.app.galaxy import Asked, Galaxy
from provisioner.cli.options import add_verbosity
from provisioner.diagnostics.errors import UnmetNeed
from provisioner.galaxy.requirement import collection_of_word
from provisioner.loading.variables import extra_variables

KINDS = ("role", "collection")
REFUSED = {"publish": "nothing is published from here", "import": "nothing is published from here",
           "login": "nothing is published from here"}  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what to work on, the verbs and their options."""
    parser.add_argument("kind", choices=KINDS, help="what to work on")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    install = _verb(verbs, "install", "install from a repository, an archive, a folder, a server, a requirements file")
    _add_installing(install)
    download = _verb(verbs, "download", "fetch artifacts of collections and of what they need")
    _add_wanted(download, "-r", "--requirements-file")
    download.add_argument("-n", "--no-deps", action="store_true", help="leave out what they need")
    download.add_argument("--pre", action="store_true", help="take pre-releases too")
    download.add_argument("-p", "--download-path", default="./collections", help="folder to put them into")
    listing = _verb(verbs, "list", "list what is installed")
    listing.add_argument("name", nargs="?", default="", help="this one only")
    listing.add_argument("--format", choices=("human", "json", "yaml"), default="human", help="how (collections)")
    _add_path(listing)
    remove = _verb(verbs, "remove", "remove roles")
    remove.add_argument("name", nargs="+", help="their names")
    _add_path(remove)
    info = _verb(verbs, "info", "tell what is known of roles")
    info.add_argument("name", nargs="+", help="their names")
    info.add_argument("--offline", action="store_true", help="ask no server")
    _add_path(info)
    verify = _verb(verbs, "verify", "compare installed collections with their checksums")
    _add_wanted(verify, "-r", "--requirements-file")
    verify.add_argument("--offline", action="store_true", help="accepted: no server is asked anyway")
    _add_path(verify)
    build = _verb(verbs, "build", "make the artifact of a collection")
    build.add_argument("name", nargs="*", metavar="FOLDER", help="its folder (default: here)")
    build.add_argument("--output-path", default=".", help="folder to put it into")
    _add_force(build)
    _add_init(verbs)
    for verb, reason in REFUSED.items():
        _verb(verbs, verb, f"refused: {reason}").add_argument("rest", nargs="*", help="anything")


def _verb(verbs: argparse._SubParsersAction[argparse.ArgumentParser], name: str, about: str) -> argparse.ArgumentParser:
    parser = verbs.add_parser(name, help=about, description=about)
    parser.add_argument("-s", "--server", default="", metavar="SERVER", help="name or address of the Galaxy server")
    parser.add_argument("--token", "--api-key", default="", metavar="TOKEN", help="the token to show it")
    parser.add_argument("-c", "--ignore-certs", action="store_true", help="accept any certificate")
    parser.add_argument("--timeout", type=float, metavar="SECONDS", help="give up on a server after this long")
    add_verbosity(parser)
    return parser


def _add_path(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-p", "--roles-path", "--collections-path", dest="path", default="", metavar="FOLDER",
                        help="look here first")  # fmt: skip


def _add_force(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-f", "--force", action="store_true", help="write over what is there")


def _add_wanted(parser: argparse.ArgumentParser, *flags: str) -> None:
    parser.add_argument("name", nargs="*", metavar="WHAT",
                        help="a name, an address (git+https://...#folder,version), an archive, a folder")  # fmt: skip
    parser.add_argument(*flags, dest="requirements", default="", metavar="FILE", help="a requirements file")


def _add_installing(parser: argparse.ArgumentParser) -> None:
    _add_wanted(parser, "-r", "--role-file", "--requirements-file")
    _add_path(parser)
    _add_force(parser)
    parser.add_argument("--force-with-deps", action="store_true", help="write over what is needed too")
    parser.add_argument("-n", "--no-deps", action="store_true", help="leave out what is needed")
    parser.add_argument("-i", "--ignore-errors", action="store_true", help="go on with the next role after a failure")
    parser.add_argument("-g", "--keep-scm-meta", action="store_true", help="keep the history of repositories")
    parser.add_argument("--pre", action="store_true", help="take pre-releases too")
    parser.add_argument("-U", "--upgrade", action="store_true", help="look for newer versions of what is installed")
    parser.add_argument("--offline", action="store_true", help="ask no server")
    for flag in ("--no-cache", "--clear-response-cache", "--disable-gpg-verify"):
        parser.add_argument(flag, action="store_true", help="accepted: there is nothing of the kind here")


def _add_init(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    init = _verb(verbs, "init", "make the folder of a new role or collection")
    init.add_argument("name", help="its name")
    init.add_argument("--init-path", default=".", metavar="FOLDER", help="where to make it")
    init.add_argument("--role-skeleton", "--collection-skeleton", dest="skeleton", default="", metavar="FOLDER",
                      help="copy this folder instead of ours")  # fmt: skip
    init.add_argument(
        "-e", "--extra-vars", action="append", default=[], metavar="VARS", help="variables for its templates"
    )
    init.add_argument("--type", default="default", help="accepted: there is one kind of role")
    init.add_argument("--offline", action="store_true", help="accepted: no server is asked")
    _add_force(init)


def run(arguments: argparse.Namespace) -> int:
    """Do what the verb says; exit code 1 where something was not done."""
    return act(arguments, print, lambda text: print(f"warning: {text}", file=sys.stderr))


def act(arguments: argparse.Namespace, say: Callable[[str], None], warn: Callable[[str], None]) -> int:
    """Do what the verb says and tell of it; the command of Ansible's name uses this too."""
    if arguments.verb in REFUSED:
        raise UnmetNeed(f"'{arguments.kind} {arguments.verb}' does not exist here: {REFUSED[arguments.verb]}",
                        "use ansible-galaxy itself")  # fmt: skip
    galaxy = Galaxy(_asked(arguments), say, warn)
    done = _ROLE_VERBS if arguments.kind == "role" else _COLLECTION_VERBS
    if arguments.verb not in done:
        raise UnmetNeed(f"there is no '{arguments.kind} {arguments.verb}'", f"there is {', '.join(sorted(done))}")
    return 0 if done[arguments.verb](galaxy, arguments) is not False else 1


def _asked(arguments: argparse.Namespace) -> Asked:
    get = vars(arguments).get
    return Asked(
        server=get("server") or "",
        token=get("token") or "",
        checks_certificates=not get("ignore_certs"),
        timeout_s=get("timeout"),
        path=get("path") or "",
        force=bool(get("force")),
        force_dependencies=bool(get("force_with_deps")),
        with_dependencies=not get("no_deps"),
        ignores_errors=bool(get("ignore_errors")),
        allows_pre=bool(get("pre")),
        upgrades=bool(get("upgrade")),
        offline=bool(get("offline")),
        keeps_history=bool(get("keep_scm_meta")),
    )


def _install(galaxy: Galaxy, arguments: argparse.Namespace) -> bool:
    kind = arguments.kind
    wanted = galaxy.requirements(arguments.name, arguments.requirements, kind)
    if not (arguments.name or arguments.requirements):
        raise UnmetNeed("nothing to install was named", "name it, or a requirements file with -r")
    complete = True
    both = getattr(arguments, "both", False)
    if wanted.roles and (kind == "role" or both):
        complete = galaxy.install_roles(wanted.roles)
    if wanted.collections and (kind == "collection" or both):
        galaxy.install_collections(wanted.collections)
    return complete


def _download(galaxy: Galaxy, arguments: argparse.Namespace) -> None:
    wanted = galaxy.requirements(arguments.name, arguments.requirements, "collection")
    galaxy.download_collections(wanted.collections, arguments.download_path)


def _verify(galaxy: Galaxy, arguments: argparse.Namespace) -> bool:
    wanted = galaxy.requirements((), arguments.requirements, "collection").collections
    return galaxy.verify_collections((*wanted, *map(collection_of_word, arguments.name)))


def _values(arguments: argparse.Namespace) -> dict[str, str]:
    return {key: str(value) for key, value in extra_variables(arguments.extra_vars).items()}


def _make_role(galaxy: Galaxy, arguments: argparse.Namespace) -> None:
    galaxy.make_role(arguments.name, arguments.init_path, arguments.skeleton, _values(arguments))


def _make_collection(galaxy: Galaxy, arguments: argparse.Namespace) -> None:
    galaxy.make_collection(arguments.name, arguments.init_path, arguments.skeleton, _values(arguments))


Verb = Callable[[Galaxy, argparse.Namespace], bool | None]
_ROLE_VERBS: dict[str, Verb] = {
    "install": _install,
    "list": lambda galaxy, arguments: galaxy.list_roles(arguments.name),
    "remove": lambda galaxy, arguments: galaxy.remove_roles(arguments.name),
    "info": lambda galaxy, arguments: galaxy.describe_roles(arguments.name),
    "init": _make_role,
}
_COLLECTION_VERBS: dict[str, Verb] = {
    "install": _install,
    "download": _download,
    "list": lambda galaxy, arguments: galaxy.list_collections(arguments.name, arguments.format),
    "verify": _verify,
    "build": lambda galaxy, arguments: galaxy.build_collections(arguments.name, arguments.output_path),
    "init": _make_collection,
}


def with_kind(words: Sequence[str]) -> list[str]:
    """Return the words of Ansible's command with the kind it leaves out: a role."""
    first = next((word for word in words if not word.startswith("-")), "")
    return list(words) if first in KINDS else ["role", *words]
