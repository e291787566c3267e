"""Web sites by the names they answer to: nginx and Apache, read from their configuration."""

from __future__ import annotations

import re
from collections.abc import Iterator

from provisioner.discovery.judging import Rule, extra_is_informative, informative
from provisioner.discovery.sections import Finding, Sections, masked, texts
from provisioner.discovery.snapshot import Item, Json

PROBE = r"""
kept() {
  awk -v path="$1" '{sub(/^[ \t]+/, ""); sub(/[ \t]+$/, "")}
    /^#/ {next}
    /^(server|location|upstream|http|stream)[ \t{]|[{}]/ {print path "\t" $0; next}
    /^(server_name|listen|root|(proxy|fastcgi|uwsgi)_pass|return|ssl_certificate)[ \t]/ {print path "\t" $0}' "$1"
}
if [ -d /etc/nginx ] || [ -d /usr/local/nginx/conf ]; then
  section nginx
  for each in /etc/nginx/nginx.conf /etc/nginx/conf.d/*.conf /etc/nginx/sites-enabled/* /etc/nginx/http.d/*.conf \
      /usr/local/nginx/conf/nginx.conf; do
    [ -f "$each" ] && { kept "$each" || partly "$each cannot be read"; }
  done
fi
kept='(</?VirtualHost|ServerName|ServerAlias|DocumentRoot|ProxyPass |Redirect |SSLCertificateFile)'
for folder in /etc/apache2 /etc/httpd; do
  [ -d "$folder" ] || continue
  section "apache $folder"
  for each in "$folder"/apache2.conf "$folder"/conf/httpd.conf "$folder"/ports.conf "$folder"/sites-enabled/* \
      "$folder"/conf.d/*.conf "$folder"/conf-enabled/*.conf; do
    [ -f "$each" ] && grep -iE "^[[:space:]]*$kept" "$each" |
      sed "s|^[[:space:]]*|$each$TAB|"
  done
done
[ -d /etc/caddy ] && partly 'Caddy is there; its sites are not read'
[ -d /etc/haproxy ] && partly 'HAProxy is there; its sites are not read'
[ -d /etc/lighttpd ] && partly 'lighttpd is there; its sites are not read'
"""
RULES: tuple[Rule, ...] = (
    informative("*", "the same site, written into another file", "file"),
    extra_is_informative("more than the old server has"),
)
FIELDS = {
    "server_name": "names", "servername": "names", "serveralias": "names", "listen": "listen", "root": "root",
    "documentroot": "root", "proxy_pass": "passes_to", "fastcgi_pass": "passes_to", "uwsgi_pass": "passes_to",
    "proxypass": "passes_to", "return": "redirects", "redirect": "redirects", "ssl_certificate": "certificate",
    "sslcertificatefile": "certificate",
}  # fmt: skip


def read(said: Sections) -> Finding:
    """Return an item for each site."""
    found = Finding()
    for path, site in _nginx(said):
        _add(found, "nginx", path, site)
    for name in said.texts:
        if name.startswith("apache "):
            for path, site in _apache(said, name):
                _add(found, "apache", path, site)
    return found


Site = dict[str, set[str]]


def _add(found: Finding, server: str, path: str, site: Site) -> None:
    names = sorted(site.get("names", set()) - {"_", ""}) or ["(default)"]
    listen = sorted(site.get("listen", set()) or {"80"})
    key = f"{server} {' '.join(names)} on {' '.join(listen)}"
    item: dict[str, Json] = {field: texts(site.get(field, set())) for field in sorted(set(FIELDS.values()))}
    found.items[key] = _with(item, path)


def _with(item: dict[str, Json], path: str) -> Item:
    return {**item, "file": path}


def _nginx(said: Sections) -> Iterator[tuple[str, Site]]:
    """Yield the server blocks of nginx; blocks nest, and a line may hold several words of the language."""
    stack: list[str] = []
    site: Site | None = None
    depth, where = 0, ""
    for path, line in said.rows("nginx", 2):
        if path != where:
            stack, site, where = [], None, path
        for word in re.findall(r"[^{};]+[{;]|[{};]", line.partition(" #")[0]):
            text = word.strip().rstrip("{;").strip()
            if word.strip().endswith("{"):
                stack.append(text.split()[0] if text else "")
                if text == "server" and site is None and "upstream" not in stack and "stream" not in stack:
                    site, depth = {}, len(stack)
            elif word.strip() == "}" and stack:
                if site is not None and len(stack) == depth:
                    yield path, site
                    site = None
                stack.pop()
            elif site is not None and text:
                _note(site, text)


def _note(site: Site, text: str) -> None:
    name, *values = text.split()
    field = FIELDS.get(name.lower())
    if field is None or not values:
        return
    if field == "names":
        site.setdefault(field, set()).update(values)
    elif field == "passes_to" and name.lower() == "proxypass":
        site.setdefault(field, set()).add(masked(values[-1]))
    elif field == "redirects":
        site.setdefault(field, set()).add(
            masked(" ".join(each for each in values if re.match(r"\d{3}$|/|http|\$", each)))
        )
    else:
        site.setdefault(field, set()).add(masked(" ".join(values)).strip("\"'"))


def _apache(said: Sections, section: str) -> Iterator[tuple[str, Site]]:
    site: Site | None = None
    for path, line in said.rows(section, 2):
        text = line.strip()
        if match := re.match(r"<VirtualHost\s+([^>]*)>", text, re.IGNORECASE):
            site = {"listen": set(match.group(1).split())}
        elif text.lower().startswith("</virtualhost") and site is not None:
            yield path, site
            site = None
        elif site is not None:
            _note(site, text)
