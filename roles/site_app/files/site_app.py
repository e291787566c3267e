"""The demo site as a WSGI application: a page, a small JSON interface and a health page."""

import html
import json
import os
import socket
import sys
import uuid
from urllib.parse import parse_qs

import psycopg2
from site_store import Frozen, Store

REASONS = {200: "OK", 201: "Created", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed"}
REASONS |= {413: "Content Too Large", 500: "Internal Server Error", 503: "Service Unavailable"}
LARGEST_BODY = 1_000_000


class Refused(Exception):
    """A request that cannot be served, with the status that says why."""

    def __init__(self, status, message):
        """Keep the status and the message of the answer."""
        super().__init__(message)
        self.status = status


def page(store):
    """Show how many items there are and the newest of them."""
    health = store.health()
    rows = "\n".join(
        f'<li>{item["id"]}: <a href="/uploads/{html.escape(item["file"])}">{html.escape(item["title"])}</a></li>'
        if item["file"]
        else f"<li>{item['id']}: {html.escape(item['title'])}</li>"
        for item in store.latest(10)
    )
    return (
        "<!doctype html><html lang=en><head><meta charset=utf-8><title>Demo site</title></head><body>"
        f'<h1>Demo site</h1><p>It holds <b id="count">{health["items"]}</b> items.</p><ul>{rows}</ul>'
        f"<p>Served by {html.escape(store.server_name)}.</p></body></html>\n"
    )


def health(store):
    """Answer the health page; 503 when the database cannot be used."""
    about = {"server": store.server_name, "hostname": socket.gethostname(), "role": "web"}
    try:
        return 200, {"status": "ok", **about, **store.health()}
    except psycopg2.Error as error:
        return 503, {"status": "failed", **about, "frozen": store.is_frozen(), "error": str(error).strip()}


def items(store, query):
    """Answer the newest items as many as asked for."""
    limit = query.get("limit", ["20"])[0]
    if not limit.isdecimal() or not 1 <= int(limit) <= 1000:
        raise Refused(400, "limit must be a number from 1 to 1000")
    return {"items": store.latest(int(limit))}


def one_item(store, text):
    """Answer one item by the id given in the path."""
    found = store.item(int(text)) if text.isdecimal() else None
    if not found:
        raise Refused(404, "no such item")
    return found


def new_item(store, environ):
    """Write one row and one file from a JSON body with title, body and an optional token."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if length > LARGEST_BODY:
        raise Refused(413, "the body is too large")
    try:
        body = json.loads(environ["wsgi.input"].read(length))
        title, content = str(body["title"]), str(body["body"]).encode()
        token = str(body.get("token") or uuid.uuid4())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused(400, "a JSON object with title and body is needed") from error
    return store.add_item(token, title, content)


def route(store, environ):
    """Choose the answer: status and content (text for a page, anything else becomes JSON)."""
    method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "/")
    if method == "POST" and path == "/items":
        return 201, new_item(store, environ)
    if method not in ("GET", "HEAD"):
        raise Refused(405, "this cannot be done here")
    if path == "/":
        return 200, page(store)
    if path == "/healthz":
        return health(store)
    if path == "/items":
        return 200, items(store, parse_qs(environ.get("QUERY_STRING", "")))
    if path.startswith("/items/"):
        return 200, one_item(store, path.removeprefix("/items/"))
    raise Refused(404, "there is nothing here")


def answer(store, environ):
    """Turn a request into status, extra headers and content; every known trouble becomes an answer."""
    closed = [("Retry-After", str(store.retry_after_s))]
    try:
        status, content = route(store, environ)
    except Refused as refusal:
        return refusal.status, [], {"error": str(refusal)}
    except (Frozen, psycopg2.errors.ReadOnlySqlTransaction):
        return 503, closed, {"error": "closed for writes at present, please try again"}
    except (psycopg2.Error, OSError) as error:
        print(f"{environ.get('REQUEST_METHOD')} {environ.get('PATH_INFO')}: {error}", file=sys.stderr)  # noqa: T201
        return 500, [], {"error": "the site has a problem with its data"}
    return status, [], content


def application(environ, start_response):
    """Serve one request; the entry point gunicorn calls."""
    store = Store(os.environ["SITE_CONFIG"])
    status, headers, content = answer(store, environ)
    is_page = isinstance(content, str)
    body = content.encode() if is_page else json.dumps(content).encode() + b"\n"
    kind = "text/html; charset=utf-8" if is_page else "application/json"
    headers += [("Content-Type", kind), ("Content-Length", str(len(body)))]
    start_response(f"{status} {REASONS[status]}", headers)
    return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]
