"""What web addresses answer."""

from __future__ import annotations

import ssl
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPBasicAuthHandler, HTTPPasswordMgrWithDefaultRealm, HTTPSHandler, Request, build_opener

from provisioner.templating.context import LookupContext
from provisioner.templating.errors import LookupFailed

OPTIONS = ("split_lines", "headers", "validate_certs", "username", "password", "force_basic_auth", "timeout",
           "http_agent", "ca_path", "use_proxy", "force", "follow_redirects")  # fmt: skip


def run(terms: list[object], context: LookupContext, **options: Any) -> list[object]:
    """Return the lines of each answer, or its text with ``split_lines=False``.

    Options: headers, username, password, force_basic_auth, validate_certs, timeout, http_agent, ca_path.
    """
    del context
    strange = set(options) - set(OPTIONS)
    if strange:
        raise LookupFailed(f"unknown option {', '.join(sorted(strange))}; there are {', '.join(OPTIONS)}")
    found: list[object] = []
    for term in terms:
        text = _answer(str(term), options)
        found += text.splitlines() if options.get("split_lines", True) else [text]
    return found


def _answer(url: str, options: dict[str, Any]) -> str:
    if not url.startswith(("http://", "https://", "ftp://", "file://")):
        raise LookupFailed(f"'{url}' is no http, https, ftp or file address")
    given = options.get("headers")
    headers = {str(key): str(value) for key, value in given.items()} if isinstance(given, Mapping) else {}
    headers.setdefault("User-Agent", str(options.get("http_agent", "ansible-httpget")))
    if options.get("force_basic_auth") and options.get("username"):
        pair = f"{options['username']}:{options.get('password') or ''}".encode()
        headers["Authorization"] = f"Basic {b64encode(pair).decode()}"
    request = Request(url, headers=headers)  # noqa: S310 - the scheme was checked
    try:
        with _opener(url, options).open(request, timeout=float(options.get("timeout", 10))) as reply:
            content: bytes = reply.read()
    except HTTPError as error:
        raise LookupFailed(f"{url} answered {error.code} {error.reason}") from error
    except URLError as error:
        raise LookupFailed(f"{url} cannot be read: {error.reason}") from error
    return content.decode("utf-8", "surrogateescape")


def _opener(url: str, options: dict[str, Any]) -> Any:
    context = ssl.create_default_context(cafile=options.get("ca_path"))
    if not options.get("validate_certs", True):
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    handlers: list[Any] = [HTTPSHandler(context=context)]
    if options.get("username"):
        passwords = HTTPPasswordMgrWithDefaultRealm()
        passwords.add_password(None, url, str(options["username"]), str(options.get("password") or ""))
        handlers.append(HTTPBasicAuthHandler(passwords))
    return build_opener(*handlers)
