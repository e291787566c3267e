"""Add and remove repositories of yum and dnf."""

import configparser
import io
import os
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits, text_diff
from ..params import FileParameters, optional, required
from ..system import System, attributes
from ..system.attributes import Current, Wanted

TRAITS = Traits(locks=("rpm",))


class Params(FileParameters):
    """A section of a file below reposdir; what is not given is not written. See dnf.conf(5) for what each means."""

    name: str = required("str", "The repository's id: the section.")
    state: str = optional("str", "Whether it is there.", "present", choices=("absent", "present"))
    description: Optional[str] = optional("str", "What people call it.")
    file: Optional[str] = optional("str", "File below reposdir, without .repo; the id if not given.")
    reposdir: str = optional("path", "Where the files are.", "/etc/yum.repos.d")
    async_: Optional[bool] = optional("bool", "Fetch metadata in parallel.")
    bandwidth: Optional[str] = optional("str", "Bandwidth there is, in bytes a second.")
    baseurl: Optional[List[str]] = optional("list", "Addresses of the repository.", elements="str")
    cost: Optional[str] = optional("str", "What access costs beside others.")
    countme: Optional[bool] = optional("bool", "Whether to be counted.")
    deltarpm_metadata_percentage: Optional[str] = optional("str", "Largest size of delta metadata, in percent.")
    deltarpm_percentage: Optional[str] = optional("str", "Largest size of deltas, in percent.")
    enabled: Optional[bool] = optional("bool", "Whether it is used.")
    enablegroups: Optional[bool] = optional("bool", "Whether its groups are used.")
    exclude: Optional[List[str]] = optional(
        "list", "Packages not to take from it.", elements="str", aliases=("excludepkgs",)
    )
    failovermethod: Optional[str] = optional("str", "Order of addresses.", choices=("roundrobin", "priority"))
    gpgcakey: Optional[str] = optional("str", "Key that signs the keys.")
    gpgcheck: Optional[bool] = optional("bool", "Whether packages must be signed.")
    gpgkey: Optional[List[str]] = optional("list", "Addresses of the keys.", elements="str")
    module_hotfixes: Optional[bool] = optional("bool", "Whether module filtering is off.")
    http_caching: Optional[str] = optional("str", "What proxies may keep.", choices=("all", "packages", "none"))
    include: Optional[str] = optional("str", "More configuration to read.")
    includepkgs: Optional[List[str]] = optional("list", "The only packages to take from it.", elements="str")
    ip_resolve: Optional[str] = optional("str", "Kind of address.", choices=("4", "6", "IPv4", "IPv6", "whatever"))
    keepalive: Optional[bool] = optional("bool", "Keep connections open.")
    keepcache: Optional[str] = optional("str", "Keep packages after installing.", choices=("0", "1"))
    metadata_expire: Optional[str] = optional("str", "When metadata is old, in seconds.")
    metadata_expire_filter: Optional[str] = optional(
        "str",
        "What old metadata will do for.",
        choices=("never", "read-only:past", "read-only:present", "read-only:future"),
    )
    metalink: Optional[str] = optional("str", "Address of a metalink file.")
    mirrorlist: Optional[str] = optional("str", "Address of a list of mirrors.")
    mirrorlist_expire: Optional[str] = optional("str", "When that list is old, in seconds.")
    password: Optional[str] = optional("str", "Password for the repository.", no_log=True)
    priority: Optional[str] = optional("str", "Its priority, 1 to 99.")
    protect: Optional[bool] = optional("bool", "Protect its packages from updates by others.")
    proxy: Optional[str] = optional("str", "Address of the proxy.")
    proxy_password: Optional[str] = optional("str", "Password for the proxy.", no_log=True)
    proxy_username: Optional[str] = optional("str", "User for the proxy.")
    repo_gpgcheck: Optional[bool] = optional("bool", "Whether metadata must be signed.")
    retries: Optional[str] = optional("str", "How often to try.")
    s3_enabled: Optional[bool] = optional("bool", "Whether it lies in S3.")
    skip_if_unavailable: Optional[bool] = optional("bool", "Go on without it.")
    ssl_check_cert_permissions: Optional[bool] = optional("bool", "Check the permissions of certificates.")
    sslcacert: Optional[str] = optional("str", "Certificates of authorities.", aliases=("ca_cert",))
    sslclientcert: Optional[str] = optional("str", "Certificate to show.", aliases=("client_cert",))
    sslclientkey: Optional[str] = optional("str", "Its key.", aliases=("client_key",))
    sslverify: Optional[bool] = optional("bool", "Whether certificates are checked.", aliases=("validate_certs",))
    throttle: Optional[str] = optional("str", "Most bandwidth to use.")
    timeout: Optional[str] = optional("str", "Seconds to wait for a connection.")
    ui_repoid_vars: Optional[str] = optional("str", "Variables to show.")
    username: Optional[str] = optional("str", "User for the repository.")


OWN = frozenset(["name", "state", "file", "reposdir", "description"])
LINES = frozenset(["baseurl", "gpgkey"])


class State(NamedTuple):
    """The file: where it is, what it holds, and its attributes."""

    path: str
    text: Optional[str]
    want: Wanted
    now: Optional[Current]


def inspect(params: Params, system: System) -> State:
    """Read the file."""
    if params.state == "present" and not system.files.is_dir(params.reposdir):
        raise Failed("Repo directory '%s' does not exist." % params.reposdir, details="")
    path = os.path.join(params.reposdir, (params.file or params.name) + ".repo")
    content = system.files.read_or_none(path)
    want = attributes.wanted(params)
    text = None if content is None else content.decode("utf-8", "surrogateescape")
    return State(path, text, want, attributes.current(system, path, want))


def plan(params: Params, state: State) -> Change:
    """Write the section anew and compare."""
    parser = _parsed(state)
    had = _sections(parser)
    parser.remove_section(params.name)
    if params.state == "present":
        _check(params)
        parser.add_section(params.name)
        for key, value in sorted(_values(params).items()):
            parser.set(params.name, key, value)
    differs = had != _sections(parser)
    after = _written(parser)
    delta = attributes.compare(state.want, state.now or attributes.fresh(state.want))
    settles_mode = delta.changed and after is not None
    sides = [text_diff(state.path, (state.text or "").encode(), (after or "").encode())]
    if settles_mode:
        sides.append({"before": delta.before, "after": delta.after})
    result = {"repo": params.name, "state": params.state, "diff": sides}
    return Change(differs or settles_mode, (after, differs), result, sides if differs or settles_mode else None)


def _check(params: Params) -> None:
    if not (params.baseurl or params.metalink or params.mirrorlist):
        raise Failed("Parameter 'baseurl', 'metalink' or 'mirrorlist' is required.")
    if params.description is None:
        raise Failed("Parameter 'description' is required.")


def _sections(parser: configparser.RawConfigParser) -> Dict[str, Dict[str, str]]:
    return {name: dict(parser.items(name)) for name in parser.sections()}


def _parsed(state: State) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(state.text or "")
    except configparser.Error as error:
        raise Failed("%s cannot be read: %s" % (state.path, error)) from None
    return parser


def _values(params: Params) -> Dict[str, str]:
    values: Dict[str, str] = {"name": params.description or ""}
    for name in Params.declared:
        value: Any = getattr(params, name)
        if name in OWN or name in FileParameters.declared or value is None:
            continue
        if isinstance(value, list):
            value = ("\n" if name in LINES else " ").join(value)
        values[name.rstrip("_")] = ("1" if value else "0") if isinstance(value, bool) else str(value)
    return values


def _written(parser: configparser.RawConfigParser) -> Optional[str]:
    """Return the file's text, None where nothing is left in it."""
    if not parser.sections():
        return None
    stream = io.StringIO()
    parser.write(stream)
    return stream.getvalue()


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Write the file, or remove it where nothing is left in it."""
    state, (text, differs) = change.state, change.todo
    if text is None:
        system.files.remove(state.path)
        return None
    if differs:
        system.files.write(state.path, text.encode("utf-8", "surrogateescape"), mode=None if state.now else 0o644)
    attributes.settle(system, state.path, state.want)
    return None


RETURNS = """
repo: The id as given.
state: As given.
diff: What was before and what is after; whole with --diff.
"""

EXAMPLES = """
- name: Extra packages
  yum_repository:
    name: epel
    description: Extra packages
    baseurl: https://download.example.org/pub/epel/$releasever/$basearch/
    gpgkey: https://download.example.org/pub/epel/KEY
- name: No longer
  yum_repository:
    name: epel
    state: absent
"""
