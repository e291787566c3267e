"""Where packages come from: apt's sources, the repositories of yum and dnf, apk's; keys by checksum."""

from __future__ import annotations

import re

from provisioner.discovery.judging import Rule, extra_is_informative, informative
from provisioner.discovery.sections import Finding, Sections, masked
from provisioner.discovery.snapshot import Json

PROBE = r"""
for each in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources \
    /etc/yum.repos.d/*.repo /etc/zypp/repos.d/*.repo /etc/apk/repositories; do
  if [ -f "$each" ]; then
    section "$each"
    cat "$each" || partly "$each cannot be read"
  fi
done
section keys
[ -n "$SUM" ] || partly 'there is no sha256sum: keys are not compared'
if [ -n "$SUM" ]; then
  for each in /etc/apt/trusted.gpg /etc/apt/trusted.gpg.d/* /etc/apt/keyrings/* /etc/pki/rpm-gpg/* /etc/apk/keys/*; do
    [ -f "$each" ] && $SUM "$each"
  done
fi
"""
RULES: tuple[Rule, ...] = (
    extra_is_informative("more sources than the old server has"),
    informative("*", "the same source, written into another file", "file"),
)


def read(said: Sections) -> Finding:
    """Return a source an item, keyed by what it says and not by its file."""
    found = Finding()
    for path, text in said.texts.items():
        if path == "keys":
            for line in said.lines("keys"):
                digest, _space, name = line.partition(" ")
                found.items[f"key {name.strip(' *')}"] = {"sha256": digest}
        elif path.endswith(".sources"):
            _deb822(path, text, found)
        elif path.endswith(".repo"):
            _repo(path, text, found)
        else:
            _lines(path, text, found)
    return found


def _lines(path: str, text: str, found: Finding) -> None:
    """Read one-line sources, apt's and apk's."""
    for line in text.splitlines():
        words = masked(line.partition("#")[0].strip())
        if match := re.match(r"(deb|deb-src)\s+(?:\[([^\]]*)\]\s+)?(.*)", words):
            kind, options, rest = match.groups()
            _add(
                found, path, f"{kind} {' '.join(rest.split())}", dict(_option(each) for each in (options or "").split())
            )
        elif words:
            _add(found, path, " ".join(words.split()), {})


def _option(text: str) -> tuple[str, str]:
    name, _sign, value = text.partition("=")
    return name.lower().replace("-", "_"), value


def _deb822(path: str, text: str, found: Finding) -> None:
    for stanza in re.split(r"\n\s*\n", text):
        lines = [line for line in stanza.splitlines() if not line.startswith("#")]
        fields = {}
        for name, value in re.findall(r"^([\w-]+):((?:.*)(?:\n[ \t].*)*)", "\n".join(lines), re.MULTILINE):
            fields[name.lower()] = " ".join(value.split()) if name.lower() != "signed-by" else value.strip()
        known = ("types", "uris", "suites", "components", "enabled")
        options = {name.replace("-", "_"): value for name, value in fields.items() if name not in known}
        if "BEGIN PGP" in options.get("signed_by", ""):
            options["signed_by"] = "a key in the file"
        is_on = fields.get("enabled", "yes").lower() not in ("no", "false", "off", "0")
        for kind in fields.get("types", "").split():
            for uri in fields.get("uris", "").split():
                for suite in fields.get("suites", "").split():
                    source = f"{kind} {masked(uri)} {suite} {fields.get('components', '')}".strip()
                    _add(found, path, source, options, is_on=is_on)


def _repo(path: str, text: str, found: Finding) -> None:
    for name, body in re.findall(r"^\[([^\]]+)\]\s*\n((?:(?!\[).*\n?)*)", text, re.MULTILINE):
        fields = dict(re.findall(r"^\s*(\w+)\s*=\s*(.*?)\s*$", body, re.MULTILINE))
        where = next((fields[key] for key in ("baseurl", "metalink", "mirrorlist") if key in fields), "")
        options = {key: masked(value) for key, value in fields.items() if key in ("gpgcheck", "gpgkey", "priority")}
        is_on = fields.get("enabled", "1").lower() not in ("0", "no", "false")
        _add(found, path, f"[{name}] {masked(where)}".strip(), options, is_on=is_on)


def _add(found: Finding, path: str, source: str, options: dict[str, str], *, is_on: bool = True) -> None:
    rest: dict[str, Json] = {key: value for key, value in sorted(options.items()) if key != "signed_by"}
    uri = source.split(" ", 1)
    key = f"{uri[0]} {uri[1].replace('/ ', ' ')}" if len(uri) > 1 else source
    found.items[key] = {"file": path, "enabled": is_on, "signed_by": options.get("signed_by", ""), "options": rest}
