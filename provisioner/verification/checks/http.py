"""A web server answers as it should, asked from the host or from the controller."""

from __future__ import annotations

from collections.abc import Sequence

from provisioner.remote.params import optional, required
from provisioner.verification.assertions import Assertion, Seen, SoonParams, contains, matches, one_of, unseen


class Params(SoonParams):
    """The request, and what is expected of the answer."""

    url: str = required("str", "The address.")
    status: list[int] = optional("list", "Statuses that are fine.", (200,), elements="int", aliases=("status_code",))
    contains: object = optional("raw", "A text, or a list of texts, that stand in the answer.")
    matches: str | None = optional("str", "A regular expression that finds something in the answer.")
    from_: str = optional("str", "Who asks.", "target", choices=("target", "controller"))
    method: str = optional("str", "The verb.", "GET")
    body: str | None = optional("str", "What to send.")
    headers: dict[str, object] = optional("dict", "Headers to send.", {})
    redirects: str = optional("str", "Which redirects to follow.", "all", choices=("all", "safe", "none"))
    validate_certs: bool = optional("bool", "Whether the server's certificate must be valid.", True)
    ca_path: str | None = optional("str", "Certificates to trust.")
    timeout: float = optional("float", "Seconds the server may be silent.", 10)
    free_form = "url"


WORDS = ("url", "method", "body", "headers", "redirects", "validate_certs", "ca_path", "timeout")


def question(params: Params) -> dict[str, object]:
    """Return what to look at."""
    return {"kind": "http", **{name: getattr(params, name) for name in WORDS}}


def is_asked_here(params: Params) -> bool:
    """Tell whether the controller asks."""
    return params.from_ == "controller"


def assertions(params: Params, seen: Seen) -> Sequence[Assertion]:
    """Return what has to hold."""
    found = unseen("answer", seen)
    if found:
        return found
    found.append(one_of("status", params.status, seen["status"]))
    body = str(seen["body"])
    found += contains("answer", params.contains, body)
    if params.matches is not None:
        found.append(matches("answer", params.matches, body))
    return found
