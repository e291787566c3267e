"""A stand-in for a Docker engine: as much of its HTTP API on a Unix socket as the modules ask for.

What it tells of a container begins with what a real engine (20.10, API 1.41) told of ``docker create bb:1``.
"""

from __future__ import annotations

import contextlib
import copy
import io
import json
import re
import socketserver
import tarfile
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlparse

PLAIN = json.loads((Path(__file__).parents[1] / "unit/remote/recorded/docker_container.json").read_text())
Answer = tuple[int, Any]


class DockerEngine:
    """The engine's memory: containers, images and networks; ``heard`` is every request but questions."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self.containers: dict[str, dict[str, Any]] = {}
        self.images: dict[str, dict[str, Any]] = {"bb:1": image("1", Cmd=["/bin/sh"])}
        self.registry: dict[str, dict[str, Any]] = {}
        self.networks = {"bridge": {"Name": "bridge", "Id": "n0", "Driver": "bridge", "Options": {}}}
        self.heard: list[str] = []
        self.contexts: list[list[str]] = []
        self.about = {"ApiVersion": "1.41", "MinAPIVersion": "1.12"}
        self.exit_code, self.warnings = 0, list[str]()
        self._server = _Server(self.path, _Handler)
        self._server.engine = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def stop(self) -> None:
        """End the server."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, method: str, path: str, query: dict[str, str], body: bytes) -> Answer:
        """Return status and data of a request."""
        path = re.sub(r"^/v[0-9.]+", "", path)
        if method != "GET":
            self.heard.append(f"{method} {path}")
        if path == "/version":
            return 200, self.about
        kind, _, rest = path[1:].partition("/")
        name, _, verb = rest.rpartition("/") if method != "DELETE" else (rest, "", "")
        if not name:
            name, verb = rest, ""
        answered: Answer = getattr(self, f"_{kind}")(method, name, verb, query, body)
        return answered

    def _containers(self, method: str, name: str, verb: str, query: dict[str, str], body: bytes) -> Answer:
        if (name, verb) == ("create", ""):
            return self._create(query["name"], json.loads(body))
        container = self.containers.get(name)
        if container is None:
            return 404, {"message": f"No such container: {name}"}
        if method == "DELETE":
            del self.containers[name]
            return 204, None
        acting = getattr(self, f"_{verb}", None)
        if acting is not None:
            found: Answer = acting(container, query, body)
            return found
        return 200, container

    def _create(self, name: str, body: dict[str, Any]) -> Answer:
        there = self.images.get(body["Image"])
        if there is None:
            return 404, {"message": f"No such image: {body['Image']}"}
        made = copy.deepcopy(PLAIN)
        made.update(Id=f"id-{name}", Name=f"/{name}", Image=there["Id"])
        host, wanted = body.pop("HostConfig"), body.pop("NetworkingConfig", {})
        for key, value in host.items():
            made["HostConfig"][key] = value
        given = there["Config"].get("Env") or []
        env = dict(each.partition("=")[::2] for each in [*given, *(body.pop("Env", None) or [])])
        made["Config"].update(body, Env=[f"{key}={value}" for key, value in env.items()])
        made["Config"]["Labels"] = {**(there["Config"].get("Labels") or {}), **(body.get("Labels") or {})}
        first: tuple[str, dict[str, Any]] = next(iter(wanted.get("EndpointsConfig", {}).items()), ("bridge", {}))
        made["NetworkSettings"]["Networks"] = {first[0]: {**first[1], "NetworkID": self.networks[first[0]]["Id"]}}
        self.containers[name] = made
        return 201, {"Id": made["Id"], "Warnings": self.warnings}

    def _start(self, container: dict[str, Any], _query: dict[str, str], _body: bytes) -> Answer:
        container["State"].update(Running=True, Status="running")
        return 204, None

    def _restart(self, container: dict[str, Any], _query: dict[str, str], _body: bytes) -> Answer:
        return self._start(container, {}, b"")

    def _stop(self, container: dict[str, Any], _query: dict[str, str], _body: bytes) -> Answer:
        container["State"].update(Running=False, Status="exited")
        return 204, None

    def _kill(self, container: dict[str, Any], _query: dict[str, str], _body: bytes) -> Answer:
        return self._stop(container, {}, b"")

    def _pause(self, container: dict[str, Any], _query: dict[str, str], _body: bytes) -> Answer:
        container["State"]["Paused"] = True
        return 204, None

    def _unpause(self, container: dict[str, Any], _query: dict[str, str], _body: bytes) -> Answer:
        container["State"]["Paused"] = False
        return 204, None

    def _update(self, container: dict[str, Any], _query: dict[str, str], body: bytes) -> Answer:
        container["HostConfig"].update(json.loads(body))
        return 200, {"Warnings": None}

    def _wait(self, container: dict[str, Any], _query: dict[str, str], _body: bytes) -> Answer:
        self._stop(container, {}, b"")
        return 200, {"StatusCode": self.exit_code}

    def _logs(self, _container: dict[str, Any], _query: dict[str, str], _body: bytes) -> Answer:
        return 200, b"\1\0\0\0\0\0\0\3hi\n\2\0\0\0\0\0\0\4bye\n"

    def _networks(self, _method: str, name: str, verb: str, _query: dict[str, str], body: bytes) -> Answer:
        found = next((each for each in self.networks.values() if name in (each["Name"], each["Id"])), None)
        if verb not in ("connect", "disconnect"):
            name = verb if not name or name == "networks" else name
            found = found or self.networks.get(name)
            return (200, found) if found else (404, {"message": f"network {name} not found"})
        if found is None:
            return 404, {"message": f"network {name} not found"}
        told = json.loads(body)
        networks = self.containers[told["Container"]]["NetworkSettings"]["Networks"]
        if verb == "disconnect":
            networks.pop(str(found["Name"]))
        else:
            networks[str(found["Name"])] = {**told["EndpointConfig"], "NetworkID": found["Id"]}
        return 200, None

    def _images(self, method: str, name: str, verb: str, query: dict[str, str], body: bytes) -> Answer:
        if (name, verb) == ("create", ""):
            wanted = f"{query['fromImage']}:{query['tag']}"
            if wanted not in self.registry:
                return 200, [{"status": "Pulling"}, {"error": "not found", "errorDetail": {"message": "not found"}}]
            self.images[wanted] = self.registry[wanted]
            return 200, [{"status": "Pulling"}, {"status": "Downloaded"}]
        if (name, verb) == ("load", ""):
            self.images["loaded:1"] = image("7")
            return 200, [{"stream": "Loaded image: loaded:1\n"}]
        if verb == "push":
            return 200, [{"status": "Pushed"}]
        found = self.images.get(name) or next((i for i in self.images.values() if i["Id"] == name), None)
        if found is None:
            return 404, {"message": f"No such image: {name}"}
        if method == "DELETE":
            self.images = {key: each for key, each in self.images.items() if key != name}
        if verb == "tag":
            self.images[f"{query['repo']}:{query['tag']}"] = found
        return (200, archive(found, name)) if verb == "get" else (200, found)

    def _build(self, _method: str, _name: str, _verb: str, query: dict[str, str], body: bytes) -> Answer:
        with tarfile.open(fileobj=io.BytesIO(body)) as sent:
            self.contexts.append(sorted(sent.getnames()))
        self.images[query["t"]] = image("9", Labels={"args": query.get("buildargs", "")})
        return 200, [{"stream": "Step 1/1 : FROM bb:1\n"}, {"stream": "Successfully built\n"}]


def image(digit: str, **config: Any) -> dict[str, Any]:
    """Return what an engine tells of an image."""
    return {"Id": f"sha256:{digit * 64}", "RepoTags": [], "Config": config}


def archive(found: dict[str, Any], name: str) -> bytes:
    """Return an archive as engines write it, as far as it is looked into."""
    stream = io.BytesIO()
    manifest = json.dumps([{"Config": found["Id"][7:] + ".json", "RepoTags": [name]}]).encode()
    with tarfile.open(fileobj=stream, mode="w") as made:
        member = tarfile.TarInfo("manifest.json")
        member.size = len(manifest)
        made.addfile(member, io.BytesIO(manifest))
    return stream.getvalue()


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    engine: DockerEngine


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    methods: ClassVar = ("GET", "POST", "DELETE")

    def _answer(self) -> None:
        asked = urlparse(self.path)
        query = {key: values[0] for key, values in parse_qs(asked.query).items()}
        server = self.server
        assert isinstance(server, _Server)
        status, data = server.engine.answer(self.command, unquote(asked.path), query, self._body())
        lines = b"".join(json.dumps(each).encode() + b"\r\n" for each in data) if isinstance(data, list) else b""
        body = lines or (data if isinstance(data, bytes) else json.dumps(data).encode() if data is not None else b"")
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(BrokenPipeError):  # who has heard enough hangs up
            self.wfile.write(body)

    do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - the names http.server asks for

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            pieces = []
            while size := int(self.rfile.readline(), 16):
                pieces.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(pieces)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def address_string(self) -> str:
        """Return no address: a Unix socket has none."""
        return ""
