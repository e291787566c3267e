"""Ask a web service and take what it answers into a variable, or a file."""

import email.utils
import io
import json
import os
import re
import time
import urllib.parse
from http.cookies import CookieError, SimpleCookie
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import boolean, mutually_exclusive, optional
from ..system import System, attributes, web_bodies
from ..system.placing import Placing, place, sha1_of
from ..system.urls import Answer, Question, UrlParameters, ask, name_of

TRAITS = Traits(predictable="no", reach="others", rerun=False, settles=False)
JSON_TYPE = re.compile(r"^(application|text)/([\w.-]+\+)?json\b", re.IGNORECASE)
MASK = "********"
OWN_KEYS = frozenset(["changed", "content", "cookies", "json", "msg", "path", "redirected", "status", "url"])


class Params(UrlParameters):
    """Any answer whose status is not in ``status_code`` fails."""

    method: str = optional("str", "The verb.", "GET")
    body: Any = optional("raw", "What to send: text, or data for body_format.")
    body_format: str = optional(
        "str", "How data are written.", "raw", choices=("form-urlencoded", "json", "raw", "form-multipart")
    )
    src: Optional[str] = optional("path", "A file to send.")
    remote_src: bool = optional("bool", "Whether src is on the target.", False)
    dest: Optional[str] = optional("path", "Where to write the answer: a file, or a directory.")
    status_code: List[int] = optional("list", "Statuses that are fine.", (200,), elements="int")
    return_content: bool = optional("bool", "Whether the result holds the answer's text.", False)
    follow_redirects: Any = optional(
        "raw", "all, safe (only without a body), none, or urllib2: as Python does by itself.", "safe"
    )
    creates: Optional[str] = optional("path", "Do nothing where this is there.")
    removes: Optional[str] = optional("path", "Do nothing where this is not there.")
    timeout: int = optional("int", "Seconds the server may be silent.", 30)
    unix_socket: Optional[str] = optional("path", "A Unix socket to connect to in place of the URL's host.")
    rules = (mutually_exclusive("body", "src"),)


class State(NamedTuple):
    """Why there is nothing to do, if so."""

    skip: str


def inspect(params: Params, system: System) -> State:
    """Look at creates and removes."""
    if params.creates and system.files.exists(params.creates):
        return State("skipped, since '%s' exists" % params.creates)
    if params.removes and not system.files.exists(params.removes):
        return State("skipped, since '%s' does not exist" % params.removes)
    return State("")


def plan(params: Params, state: State) -> Change:
    """Only running tells."""
    if state.skip:
        return Change(False, result={"stdout": state.skip, "stdout_lines": [state.skip]})
    return Change(None)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Ask, write, judge."""
    params: Params = change.params
    started = time.monotonic()
    body, headers = web_bodies.body(params, system)
    had = _newer_than(params, system)
    question = Question(
        params.method,
        body,
        dict(headers, **had),
        _redirects(params.follow_redirects),
        params.timeout,
        params.unix_socket,
    )
    answer = ask(params, question)
    accepted = answer.status in params.status_code or (answer.status == 304 and bool(had))
    is_saved = bool(params.dest) and accepted and answer.status != 304
    with answer.stream:
        content = b"" if is_saved else answer.stream.read()
        result = _result(params, answer, content)
        result["elapsed"] = int(time.monotonic() - started)
        if is_saved:
            result.update(_save(params, answer, system))
    result = dict(_masked(result, [each for each in (params.url_password,) if each]))
    if not accepted:
        wanted = ", ".join(str(code) for code in params.status_code)
        msg = "Status code was %d and not [%s]: %s" % (answer.status, wanted, answer.msg)
        raise Failed(msg, **{key: value for key, value in result.items() if key != "msg"})
    return result


def _newer_than(params: Params, system: System) -> Dict[str, str]:
    """Return the header that asks only for what is newer than the file that is there."""
    status = system.files.stat(params.dest, follow=True) if params.dest and not params.force else None
    if status is None or system.files.is_dir(params.dest or ""):
        return {}
    return {"If-modified-since": email.utils.formatdate(status.st_mtime, usegmt=True)}


def _masked(value: Any, secrets: List[str]) -> Any:
    """Return a result without the password in it, whatever the server made of it, also in names."""
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, MASK)
    elif isinstance(value, dict):
        return {key if key in OWN_KEYS else _masked(key, secrets): _masked(value[key], secrets) for key in value}
    elif isinstance(value, list):
        return [_masked(each, secrets) for each in value]
    return value


def _redirects(given: Any) -> str:
    word = str(given).lower()
    if word in ("all", "safe", "none", "urllib2"):
        return word
    try:
        return "all" if boolean(given) else "none"
    except ValueError:
        raise Failed("follow_redirects must be all, safe or none, not %r" % (given,)) from None


def _result(params: Params, answer: Answer, content: bytes) -> Dict[str, Any]:
    result: Dict[str, Any] = {}
    for name, value in answer.headers.items():
        key = name.lower().replace("-", "_")
        result[key] = "%s, %s" % (result[key], value) if key in result else value
    if "location" in result:
        result["location"] = urllib.parse.urljoin(answer.url, result["location"])
    result.update(
        status=answer.status,
        url=answer.url,
        redirected=answer.url != params.url,
        msg=answer.msg,
        changed=False,
        cookies=_cookies(answer),
        cookies_string="; ".join("%s=%s" % each for each in _cookies(answer).items()),
    )
    text = content.decode("utf-8", "replace")
    if params.return_content or (answer.status not in params.status_code and text):
        result["content"] = text
    if JSON_TYPE.match(result.get("content_type") or ""):
        try:
            result["json"] = json.loads(text)
        except ValueError:
            pass  # not what its type says; the text is there to be read
    return result


def _cookies(answer: Answer) -> Dict[str, str]:
    found: Dict[str, str] = {}
    for line in answer.headers.get_all("Set-Cookie", []) if hasattr(answer.headers, "get_all") else []:
        try:
            jar: Any = SimpleCookie(line)
        except CookieError:
            continue
        found.update({name: morsel.value for name, morsel in jar.items()})
    return found


def _save(params: Params, answer: Answer, system: System) -> Dict[str, Any]:
    path = params.dest or ""
    if system.files.is_dir(path):
        path = path.rstrip("/") + "/" + name_of(answer)
    elif not system.files.is_dir(os.path.dirname(path) or "/"):
        raise Failed("Could not replace file: %s: its folder does not exist" % path)
    content = answer.stream.read()
    want = attributes.wanted(params)
    changed = not system.files.is_file(path) or system.files.checksum(path) != sha1_of(io.BytesIO(content))
    if changed:
        place(system, path, io.BytesIO(content), want, Placing(unsafe=params.unsafe_writes))
    changed = attributes.settle(system, path, want) or changed
    return dict(attributes.info(system, path), path=path, changed=changed)


RETURNS = """
url: The address asked, after redirections.
redirected: Whether the answer came from another address.
json: The answer, where it is JSON.
cookies: Cookies by name.
cookies_string: Cookies as a header holds them.
elapsed: Seconds it took.
content: The answer, where asked for or not 200.
status: The answer's status.
msg: The status in words, with the length.
path: The file written, with dest.
"""

EXAMPLES = """
- name: Is the application healthy?
  uri:
    url: http://127.0.0.1:8000/health
    return_content: true
  register: health
- name: Make a token
  uri:
    url: https://service.example.com/tokens
    method: POST
    body_format: json
    body: {name: deploy}
    status_code: [200, 201]
"""
