"""What is sent to a web service: text, JSON, forms."""

import base64
import json
import mimetypes
import os
import urllib.parse
import uuid
from typing import Any, Dict, Optional, Tuple

from ..change import Failed
from .system import System

CONTENT = "_content"
"""In a field of a form: the content of a file of the controller's, in base64."""


def body(params: Any, system: System) -> Tuple[Optional[bytes], Dict[str, str]]:
    """Return what ``body``, ``body_format`` and ``src`` of the module's parameters say, with its headers."""
    kind = {"json": "application/json", "form-urlencoded": "application/x-www-form-urlencoded"}.get(params.body_format)
    headers = {} if kind is None else {"Content-type": kind}
    if params.src is not None:
        if system.payload is not None:
            return system.payload.read(), headers
        try:
            return system.files.read(params.src), headers
        except OSError as error:
            raise Failed("Unable to open source file %s: %s" % (params.src, error.strerror)) from error
    if params.body is None:
        return None, {}
    if params.body_format == "form-multipart":
        return _multipart(params.body, system)
    text = params.body
    if params.body_format == "form-urlencoded" and not isinstance(text, str):
        text = urllib.parse.urlencode(_pairs(text), doseq=True)
    if not isinstance(text, str):
        text = json.dumps(text)
    return text.encode("utf-8"), headers


def _pairs(given: Any) -> Any:
    if isinstance(given, dict):
        return list(given.items())
    if not isinstance(given, list):
        raise Failed("failed to parse body as form_urlencoded: it must be a dictionary or a list of pairs")
    if all(isinstance(each, (list, tuple)) and len(each) == 2 for each in given):
        return [tuple(each) for each in given]
    few = any(isinstance(each, (list, tuple, str)) and len(each) < 2 for each in given)
    problem = "not enough" if few else "too many"
    raise Failed("failed to parse body as form_urlencoded: %s values to unpack; a list must hold pairs" % problem)


def _multipart(given: Any, system: System) -> Tuple[bytes, Dict[str, str]]:
    if not isinstance(given, dict):
        kind = type(given).__name__
        raise Failed("failed to parse body as form-multipart: it must be a dictionary, not %s" % kind)
    boundary = uuid.uuid4().hex
    parts = [b"--%s\r\n%s\r\n" % (boundary.encode(), _part(name, given[name], system)) for name in given]
    whole = b"".join(parts) + ("--%s--\r\n" % boundary).encode("ascii")
    return whole, {"Content-type": "multipart/form-data; boundary=" + boundary}


def _part(name: str, value: Any, system: System) -> bytes:
    """Return one field: its headers, an empty line, its content; files are written in base64, as Ansible does."""
    problem = "failed to parse body as form-multipart: "
    if isinstance(value, str):
        value = {"content": value, "mime_type": "text/plain"}
    elif not isinstance(value, dict):
        raise Failed(problem + "value must be a string, or mapping, cannot be type %s" % type(value).__name__)
    path = value.get("filename")
    if not path and not value.get("content"):
        raise Failed(problem + "at least one of filename or content must be provided")
    kind = value.get("mime_type") or mimetypes.guess_type(path or "", strict=False)[0] or "application/octet-stream"
    head = 'Content-Disposition: form-data; name="%s"' % name
    if path:
        head += '; filename="%s"' % os.path.basename(path)
    head += "\r\nContent-Type: " + kind
    if value.get("content"):
        content = str(value["content"]).encode("utf-8")
    else:
        head += "\r\nContent-Transfer-Encoding: base64"
        content = base64.encodebytes(_file(path, value.get(CONTENT), system)).rstrip()
    return (head + "\r\n\r\n").encode("utf-8") + content


def _file(path: str, sent: Optional[str], system: System) -> bytes:
    if sent is not None:
        return base64.b64decode(sent)
    try:
        return system.files.read(path)
    except OSError as error:
        raise Failed("failed to parse body as form-multipart: %s: %s" % (path, error.strerror)) from error
