"""A web server with three sites: a package, templates, links, a service and a handler."""

from __future__ import annotations

from pathlib import Path

from bench.speed.workloads.workload import CLEAN, ROOT, write_play

QUIET = "export DEBIAN_FRONTEND=noninteractive LC_ALL=C;"
READY = f"{QUIET} apt-get -qq update && apt-get -qq install -y --download-only nginx >/dev/null"
UNDO = (
    f"{QUIET} systemctl stop nginx 2>/dev/null; apt-get -qq purge -y 'nginx*' 'libnginx*' >/dev/null 2>&1; "
    f"apt-get -qq autoremove -y --purge >/dev/null 2>&1; rm -rf /etc/nginx /var/log/nginx /var/lib/nginx; {CLEAN}"
)
STATE = (
    f"cd / && find etc/nginx {ROOT[1:]} -printf '%p %y %m %u %g %l\\n' | LC_ALL=C sort && "
    f"find etc/nginx {ROOT[1:]} -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum && "
    "systemctl is-active nginx; systemctl is-enabled nginx; dpkg -s nginx | grep Status; "
    "for n in 0 1 2; do curl -s localhost:808$n; done"
)
SITES = [{"name": "red", "port": 8080}, {"name": "green", "port": 8081}, {"name": "blue", "port": 8082}]
SITE = (
    "server {{\n    listen {port};\n    root "
    + ROOT
    + "/{name};\n    location / {{\n        index index.html;\n    }}\n}}\n"
)
PAGE = "<h1>{name}</h1>\n<p>Port {port}</p>\n"


def write(folder: Path) -> None:
    """Write what the contenders need."""
    (folder / "templates").mkdir()
    for kind, text in (("site.conf", SITE), ("index.html", PAGE)):
        jinja = text.format(name="{{ item.name }}", port="{{ item.port }}")
        (folder / "templates" / f"{kind}.j2").write_text(jinja, encoding="utf-8")
    write_play(folder, _play())
    (folder / "deploy.py").write_text(_deploy(), encoding="utf-8")
    (folder / "floor.sh").write_text(_script(), encoding="utf-8")


def _play() -> dict[str, object]:
    def each(name: str, module: str, notify: bool = True, **params: str) -> dict[str, object]:
        told = {"notify": "Reload nginx"} if notify else {}
        return {"name": name, f"ansible.builtin.{module}": params, "loop": "{{ sites }}", **told}

    tasks = [
        {"name": "Package", "ansible.builtin.apt": {"name": "nginx", "state": "present"}},
        {"name": "Default site", "notify": "Reload nginx",
         "ansible.builtin.file": {"path": "/etc/nginx/sites-enabled/default", "state": "absent"}},
        each("Roots", "file", False, path=f"{ROOT}/{{{{ item.name }}}}", state="directory", mode="0755"),
        each("Pages", "template", False, src="index.html.j2", dest=f"{ROOT}/{{{{ item.name }}}}/index.html",
             mode="0644"),
        each("Sites", "template", src="site.conf.j2", dest="/etc/nginx/sites-available/{{ item.name }}", mode="0644"),
        each("Links", "file", src="/etc/nginx/sites-available/{{ item.name }}",
             dest="/etc/nginx/sites-enabled/{{ item.name }}", state="link"),
        {"name": "Service", "ansible.builtin.service": {"name": "nginx", "state": "started", "enabled": True}},
    ]  # fmt: skip
    handlers = [{"name": "Reload nginx", "ansible.builtin.service": {"name": "nginx", "state": "reloaded"}}]
    return {"hosts": "all", "gather_facts": False, "vars": {"sites": SITES}, "tasks": tasks, "handlers": handlers}


def _deploy() -> str:
    return f"""from types import SimpleNamespace
from pyinfra.operations import apt, files, systemd
apt.packages(packages=['nginx'])
changed = [files.link(path='/etc/nginx/sites-enabled/default', present=False)]
for site in {SITES!r}:
    name, item = site['name'], SimpleNamespace(**site)
    files.directory(path=f'{ROOT}/{{name}}', mode='755')
    files.template(src='templates/index.html.j2', dest=f'{ROOT}/{{name}}/index.html', mode='644', item=item)
    changed.append(files.template(src='templates/site.conf.j2', dest=f'/etc/nginx/sites-available/{{name}}',
                                  mode='644', item=item))
    changed.append(files.link(path=f'/etc/nginx/sites-enabled/{{name}}', target=f'/etc/nginx/sites-available/{{name}}'))
systemd.service(service='nginx', running=True, enabled=True)
systemd.service(service='nginx', reloaded=True, _if=lambda: any(each.did_change() for each in changed))
"""


def _script() -> str:
    lines = [
        "set -eu\nexport DEBIAN_FRONTEND=noninteractive",
        'put() { cat > "$new"; cmp -s "$new" "$1" || { cp "$new" "$1"; chmod 644 "$1"; return 1; }; }',
        "new=$(mktemp)\nchanged=",
        "dpkg-query -W -f '${Status}' nginx 2>/dev/null | grep -q '^install ok installed' "
        "|| apt-get -qq install -y nginx >/dev/null",
        "[ ! -e /etc/nginx/sites-enabled/default ] || { rm /etc/nginx/sites-enabled/default; changed=1; }",
    ]
    for site in SITES:
        name, here = site["name"], f"{ROOT}/{site['name']}"
        available, enabled = f"/etc/nginx/sites-available/{name}", f"/etc/nginx/sites-enabled/{name}"
        lines += [
            f"[ -d {here} ] || mkdir {here}\nput {here}/index.html <<'END' || :\n{PAGE.format(**site)}END",
            f"put {available} <<'END' || changed=1\n{SITE.format(**site)}END",
            f'[ "$(readlink {enabled})" = {available} ] || {{ ln -s {available} {enabled}; changed=1; }}',
        ]
    lines += [
        "systemctl -q is-active nginx || systemctl start nginx",
        "systemctl -q is-enabled nginx || systemctl -q enable nginx",
        '[ -z "$changed" ] || systemctl reload nginx',
        'rm "$new"',
    ]
    return "\n".join(lines) + "\n"
