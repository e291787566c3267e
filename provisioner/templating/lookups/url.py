"""What web addresses answer."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from provisioner.remote.change import Failed
from provisioner.remote.params import boolean
from provisioner.remote.system.urls import Question, UrlParameters, ask
from provisioner.templating.context import LookupContext
from provisioner.templating.errors import LookupFailed

NAMES = {
    "username": "url_username", "password": "url_password", "headers": "headers", "validate_certs": "validate_certs",
    "use_proxy": "use_proxy", "force": "force", "http_agent": "http_agent", "force_basic_auth": "force_basic_auth",
    "use_gssapi": "use_gssapi", "use_netrc": "use_netrc", "ca_path": "ca_path", "ciphers": "ciphers",
    "unredirected_headers": "unredirected_headers",
}  # fmt: skip
"""Options and the names they have for modules that ask web servers."""
OPTIONS = (*NAMES, "split_lines", "timeout", "follow_redirects", "unix_socket")
ELSEWHERE = {
    "force": "force", "timeout": "timeout", "http_agent": "agent", "force_basic_auth": "force_basic_auth",
    "follow_redirects": "follow_redirects", "use_gssapi": "use_gssapi", "use_netrc": "use_netrc",
    "unix_socket": "unix_socket", "ca_path": "ca_path", "ciphers": "ciphers",
    "unredirected_headers": "unredir_headers",
}  # fmt: skip
"""Options that a variable ``ansible_lookup_url_NAME`` or ``ANSIBLE_LOOKUP_URL_NAME`` in the environment may give."""


def run(terms: list[object], context: LookupContext, **options: Any) -> list[object]:
    """Return the lines of each answer, or its text with ``split_lines=False``.

    Options: headers, username, password, force_basic_auth, use_netrc, validate_certs, ca_path, ciphers, use_proxy,
    timeout, http_agent, force, follow_redirects, unredirected_headers, unix_socket. Most may also be given by
    a variable ``ansible_lookup_url_NAME`` (``agent`` for http_agent).
    """
    strange = set(options) - set(OPTIONS)
    if strange:
        raise LookupFailed(f"unknown option {', '.join(sorted(strange))}; there are {', '.join(OPTIONS)}")
    options = {**_from_elsewhere(context), **options}
    found: list[object] = []
    for term in terms:
        text = _answer(str(term), options)
        found += text.splitlines() if boolean(options.get("split_lines", True)) else [text]
    return found


def _from_elsewhere(context: LookupContext) -> dict[str, object]:
    found: dict[str, object] = {}
    for option, name in ELSEWHERE.items():
        if context.scope.find(f"ansible_lookup_url_{name}") is not None:
            found[option] = context.variable(f"ansible_lookup_url_{name}")
        elif (value := os.environ.get(f"ANSIBLE_LOOKUP_URL_{name.upper()}")) is not None:
            found[option] = value
    return found


def _answer(url: str, options: Mapping[str, Any]) -> str:
    if not url.startswith(("http://", "https://", "ftp://", "file://")):
        raise LookupFailed(f"'{url}' is no http, https, ftp or file address")
    given = {NAMES[name]: value for name, value in options.items() if name in NAMES and value is not None}
    redirects, socket = str(options.get("follow_redirects", "urllib2")).lower(), options.get("unix_socket")
    redirects = {"yes": "all", "true": "all", "no": "none", "false": "none"}.get(redirects, redirects)
    try:
        params = UrlParameters.parse({**given, "url": url})
        asked = Question(redirects=redirects, timeout_s=float(options.get("timeout", 10)), socket_path=socket)
        answer = ask(params, asked)
    except (Failed, ValueError) as error:
        raise LookupFailed(f"{url} cannot be read: {error}") from error
    with answer.stream as stream:
        content: bytes = stream.read()
    if answer.status == -1:
        raise LookupFailed(f"{url} cannot be read: {answer.msg.removeprefix('Request failed: ')}")
    if answer.status >= 400 or answer.status in {301, 302, 303, 307, 308}:
        raise LookupFailed(f"{url} answered {answer.status}: {answer.msg}")
    return content.decode("utf-8", "surrogateescape")
