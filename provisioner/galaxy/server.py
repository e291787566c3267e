"""A Galaxy server as a client sees it: versions of collections, their artifacts, and roles (API v3 and v1)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin

from provisioner.diagnostics.errors import InputError
from provisioner.galaxy.fetching import Fetcher
from provisioner.records import dataclass

PAGES = 200
"""How many pages of a list are read at most: a server that never ends a list must not keep us for ever."""


@dataclass(frozen=True, slots=True)
class Release:
    """One version of a collection on a server."""

    name: str
    version: str
    address: str
    sha256: str
    dependencies: Mapping[str, str]


class Server:
    """One server. The address of its API is asked for once."""

    def __init__(self, name: str, url: str, fetcher: Fetcher, token: str = "") -> None:
        self.name, self.url, self._fetcher = name, url if url.endswith("/") else url + "/", fetcher
        self._headers = {"Authorization": f"Token {token}"} if token else {}
        self._roots: dict[str, str] | None = None

    def versions(self, name: str) -> list[str]:
        """Return the versions of a collection, none where the server does not have it."""
        base = self._collection(name)
        found: list[str] = []
        for page in self._pages(urljoin(base, "versions/?limit=100")):
            entries = page.get("data", page.get("results", []))
            found += [str(each["version"]) for each in entries if isinstance(each, dict) and "version" in each]
        return found

    def release(self, name: str, version: str) -> Release:
        """Return what the server says of one version."""
        told = self._get(urljoin(self._collection(name), f"versions/{version}/"))
        try:
            info = told.get("metadata", {}).get("dependencies", {})
            address = urljoin(self.url, str(told["download_url"]))
            digest = str(told.get("artifact", {}).get("sha256", ""))
        except (KeyError, AttributeError) as error:
            raise InputError.at(None, f"{self.url} describes {name}:{version} in a form that is not known") from error
        return Release(name, version, address, digest, {str(k): str(v) for k, v in info.items()})

    def download(self, release: Release) -> Path:
        """Return the artifact of a version; InputError where its checksum is another than the server's."""
        fetched = Fetcher(
            self._fetcher.scratch, self._fetcher.checks_certificates, self._fetcher.timeout_s, self._headers
        )
        path = fetched.download(release.address)
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        if release.sha256 and digest != release.sha256:
            raise InputError.at(None, f"Mismatch artifact hash with downloaded file: {release.name}:{release.version}",
                                detail=f"{self.url} announced {release.sha256}, what came is {digest}")  # fmt: skip
        return path

    def role(self, name: str) -> Mapping[str, Any] | None:
        """Return what the server says of a role ``owner.name``, None where it has none."""
        owner, _, short = name.rpartition(".")
        root = self._api("v1")
        if not owner or root is None:
            return None
        told = self._get(urljoin(root, "roles/?" + urlencode({"owner__username": owner, "name": short})))
        results = told.get("results") or []
        return results[0] if results and isinstance(results[0], dict) else None

    def _collection(self, name: str) -> str:
        root = self._api("v3")
        if root is None:
            raise InputError.at(None, f"{self.url} offers no API of version 3")
        namespace, _, short = name.partition(".")
        index = "plugin/ansible/content/published/collections/index/" if "published" in root else "collections/"
        return urljoin(root, f"{index}{namespace}/{short}/")

    def _api(self, version: str) -> str | None:
        """Return the address of one version of the API."""
        if self._roots is None:
            told, base = self._overview()
            versions = told.get("available_versions", {})
            self._roots = {str(key): urljoin(base, str(path)) for key, path in versions.items()}
        return self._roots.get(version)

    def _overview(self) -> tuple[Mapping[str, Any], str]:
        errors = []
        for address in (self.url, urljoin(self.url, "api/")):
            try:
                told = self._get(address)
            except InputError as error:
                errors.append(error)
                continue
            if told.get("available_versions"):
                return told, address
        if errors:
            raise errors[0]
        raise InputError.at(
            None, f"Unable to find a Galaxy API at {self.url}", hint="is that the address of a Galaxy server?"
        )

    def _pages(self, address: str) -> Iterator[Mapping[str, Any]]:
        following: str | None = address
        for _ in range(PAGES):
            if following is None:
                return
            try:
                page = self._get(following)
            except InputError as error:
                if "answers 404" in str(error):
                    return
                raise
            yield page
            link = (page.get("links") or {}).get("next") or page.get("next")
            following = urljoin(self.url, str(link)) if link else None

    def _get(self, address: str) -> Mapping[str, Any]:
        with self._fetcher.open(address, {**self._headers, "Accept": "application/json"}) as answer:
            content = answer.read()
        try:
            told = json.loads(content)
        except ValueError:
            raise InputError.at(None, f"{address} answers with something that is no JSON") from None
        if not isinstance(told, dict):
            raise InputError.at(None, f"{address} answers with something unknown")
        return told
