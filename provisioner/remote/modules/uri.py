"""Ask a web service and take what it answers into a variable, or a file."""

import io
import json
import os
import re
import time
import urllib.parse
import uuid
from http.cookies import CookieError, SimpleCookie
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..change import Change, Failed, Traits
from ..params import boolean, mutually_exclusive, optional
from ..system import System, attributes
from ..system.placing import Placing, place, sha1_of
from ..system.urls import Answer, Question, UrlParameters, ask

TRAITS = Traits(predictable="no", reach="others", rerun=False, settles=False)
JSON_TYPE = re.compile(r"^(application|text)/([\w.-]+\+)?json\b", re.IGNORECASE)


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
    follow_redirects: Any = optional("raw", "all, safe (only without a body) or none.", "safe")
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
    body, headers = _body(params, system)
    question = Question(
        params.method, body, headers, _redirects(params.follow_redirects), params.timeout, params.unix_socket
    )
    answer = ask(params, question)
    with answer.stream:
        content = b"" if params.dest and answer.status in params.status_code else answer.stream.read()
        result = _result(params, answer, content)
        result["elapsed"] = int(time.monotonic() - started)
        accepted = answer.status in params.status_code
        if params.dest and accepted:
            result.update(_save(params, answer, system))
    if not accepted:
        wanted = ", ".join(str(code) for code in params.status_code)
        msg = "Status code was %d and not [%s]: %s" % (answer.status, wanted, answer.msg)
        raise Failed(msg, **{key: value for key, value in result.items() if key != "msg"})
    return result


def _redirects(given: Any) -> str:
    word = str(given).lower()
    if word in ("all", "safe", "none"):
        return word
    if word == "urllib2":
        return "safe"
    try:
        return "all" if boolean(given) else "none"
    except ValueError:
        raise Failed("follow_redirects must be all, safe or none, not %r" % (given,)) from None


def _body(params: Params, system: System) -> Tuple[Optional[bytes], Dict[str, str]]:
    if params.src is not None:
        if system.payload is not None:
            return system.payload.read(), {}
        try:
            return system.files.read(params.src), {}
        except OSError as error:
            raise Failed("Unable to open source file %s: %s" % (params.src, error.strerror)) from error
    if params.body is None:
        return None, {}
    if params.body_format == "json":
        text = params.body if isinstance(params.body, str) else json.dumps(params.body)
        return text.encode("utf-8"), {"Content-type": "application/json"}
    if params.body_format == "form-urlencoded":
        text = params.body if isinstance(params.body, str) else urllib.parse.urlencode(_pairs(params.body), doseq=True)
        return text.encode("utf-8"), {"Content-type": "application/x-www-form-urlencoded"}
    if params.body_format == "form-multipart":
        return _multipart(params.body, system)
    text = params.body if isinstance(params.body, str) else json.dumps(params.body)
    return text.encode("utf-8"), {}


def _pairs(body: Any) -> Any:
    if isinstance(body, dict):
        return list(body.items())
    if isinstance(body, list) and all(isinstance(each, (list, tuple)) and len(each) == 2 for each in body):
        return [tuple(each) for each in body]
    raise Failed("failed to parse body as form_urlencoded: it must be a dictionary or a list of pairs")


def _multipart(body: Any, system: System) -> Tuple[bytes, Dict[str, str]]:
    if not isinstance(body, dict):
        raise Failed("failed to parse body as form-multipart: it must be a dictionary")
    boundary = uuid.uuid4().hex
    parts = []
    for name, value in body.items():
        field = value if isinstance(value, dict) else {"content": value}
        head = 'Content-Disposition: form-data; name="%s"' % name
        content = str(field.get("content", "")).encode("utf-8")
        if field.get("filename"):
            head += '; filename="%s"' % os.path.basename(field["filename"])
            content = content if "content" in field else system.files.read(field["filename"])
        head += "\r\nContent-Type: %s" % field.get("mime_type", "text/plain")
        parts.append(("--%s\r\n%s\r\n\r\n" % (boundary, head)).encode("utf-8") + content + b"\r\n")
    whole = b"".join(parts) + ("--%s--\r\n" % boundary).encode("ascii")
    return whole, {"Content-type": "multipart/form-data; boundary=" + boundary}


def _result(params: Params, answer: Answer, content: bytes) -> Dict[str, Any]:
    result: Dict[str, Any] = {
        name.lower().replace("-", "_"): value for name, value in sorted(dict(answer.headers).items())
    }
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
        name = os.path.basename(urllib.parse.unquote(urllib.parse.urlsplit(answer.url).path)) or "index.html"
        path = path.rstrip("/") + "/" + name
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
