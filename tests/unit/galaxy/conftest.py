"""What tests of roles and collections from elsewhere work with: small sources, a git repository, a server."""

from __future__ import annotations

import hashlib
import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from provisioner.galaxy import artifact

GALAXY_YML = """\
namespace: {namespace}
name: {name}
version: {version}
readme: README.md
authors: [somebody]
dependencies: {dependencies}
build_ignore: ['*.secret']
"""

MakeCollection = Callable[..., Path]


@pytest.fixture
def make_collection(tmp_path: Path) -> MakeCollection:
    """Return a maker of collections' sources."""

    def make(full: str, version: str = "1.0.0", needs: dict[str, str] | None = None, below: Path | None = None) -> Path:
        namespace, _, name = full.partition(".")
        folder = (below or tmp_path / "sources") / f"{name}-{version}" if below is None else below / name
        (folder / "plugins/filter").mkdir(parents=True)
        (folder / "README.md").write_text(f"{full} {version}\n")
        (folder / "x.secret").write_text("no\n")
        (folder / "plugins/filter/f.py").write_text("class FilterModule: pass\n")
        text = GALAXY_YML.format(namespace=namespace, name=name, version=version, dependencies=json.dumps(needs or {}))
        (folder / "galaxy.yml").write_text(text)
        return folder

    return make


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *words], cwd=folder, check=True,
                   capture_output=True)  # fmt: skip


@pytest.fixture
def as_repository() -> Callable[[Path], Path]:
    """Return what makes a repository of a folder."""

    def make(folder: Path) -> Path:
        git(folder, "init", "-q")
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", "all")
        return folder

    return make


class StandIn:
    """A Galaxy server with what was put into it."""

    def __init__(self, token: str = "") -> None:
        self.artifacts: dict[str, bytes] = {}
        self.versions: dict[str, dict[str, dict[str, str]]] = {}
        self.asked: list[str] = []
        self.token = token
        self.lies = False
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.answer(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/"

    def put(self, folder: Path, scratch: Path) -> None:
        """Publish a collection."""
        about = artifact.about_folder(folder)
        path = artifact.build(folder, scratch)
        self.artifacts[path.name] = path.read_bytes()
        self.versions.setdefault(about.full_name, {})[about.version] = dict(about.dependencies)

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        self.asked.append(request.path)
        content = self.content(request)
        if content is None:
            request.send_error(404)
            return
        request.send_response(200)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    def content(self, request: BaseHTTPRequestHandler) -> bytes | None:
        path = request.path.partition("?")[0].strip("/")
        if self.token and request.headers.get("Authorization") != f"Token {self.token}":
            return None
        if path == "api":
            return json.dumps({"available_versions": {"v3": "v3/"}}).encode()
        if path.startswith("files/"):
            return self.artifacts.get(path.removeprefix("files/"))
        words = path.split("/")
        if words[:3] != ["api", "v3", "collections"] or len(words) < 6:
            return None
        name = ".".join(words[3:5])
        if name not in self.versions:
            return None
        return json.dumps(self.told(name, words[6] if len(words) > 6 else "")).encode()

    def told(self, name: str, version: str) -> dict[str, object]:
        if not version:
            return {"data": [{"version": each} for each in self.versions[name]], "links": {"next": None}}
        file = f"{name.replace('.', '-')}-{version}.tar.gz"
        digest = "0" * 64 if self.lies else hashlib.sha256(self.artifacts[file]).hexdigest()
        return {
            "download_url": f"/files/{file}", "artifact": {"sha256": digest},
            "metadata": {"dependencies": self.versions[name][version]},
        }  # fmt: skip


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    """Return a running server."""
    server = StandIn()
    thread = threading.Thread(target=server.http.serve_forever, daemon=True)
    thread.start()
    yield server
    server.http.shutdown()
    server.http.server_close()
    thread.join()
