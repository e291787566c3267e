"""Databases with their sizes: PostgreSQL, MariaDB or MySQL, Redis; asked by the clients that are on the host."""

from __future__ import annotations

import re

from provisioner.discovery.judging import Difference, Kind, Rule, Severity, Verdict, extra_is_informative, informative
from provisioner.discovery.sections import Finding, Sections, masked, number, texts
from provisioner.discovery.snapshot import Item, Json
from provisioner.discovery.versions import is_older

PROBE = r"""
running() { cat /proc/[0-9]*/comm 2>/dev/null | grep -qxE "$1"; }
as_postgres() {
  if [ "$(id -un)" = postgres ]; then limited 10 "$@"
  elif is_root && have runuser; then limited 10 runuser -u postgres -- "$@"
  else limited 10 "$@"; fi
}
if running 'postgres|postmaster'; then
  if have psql; then
    sockets=$(ls -d /var/run/postgresql/.s.PGSQL.* /run/postgresql/.s.PGSQL.* /tmp/.s.PGSQL.* 2>/dev/null |
      grep -v '\.lock$' | sed 's|^/var/run/|/run/|' | sort -u)
    [ -n "$sockets" ] || partly 'PostgreSQL runs, but has no socket in a usual place'
    for socket in $sockets; do
      port=${socket##*.}
      section "postgresql $port"
      cd / && as_postgres psql -wXAtq -F "$TAB" -h "${socket%/*}" -p "$port" -d postgres -c "
        SELECT 'version', current_setting('server_version'), current_setting('data_directory', true);
        SELECT 'database', datname, pg_encoding_to_char(encoding), datcollate, pg_get_userbyid(datdba),
          CASE WHEN has_database_privilege(datname, 'CONNECT') THEN pg_database_size(datname) END
          FROM pg_database WHERE NOT datistemplate;
        SELECT 'role', rolname, rolsuper, rolcanlogin, rolcreatedb, rolreplication FROM pg_roles
          WHERE rolname !~ '^pg_';
        SELECT 'setting', name, CASE WHEN name ~ '(conninfo|password)' THEN '********' ELSE setting END
          FROM pg_settings WHERE source = 'configuration file' AND name !~ '(_file|_directory|directories)\$';" ||
        partly "PostgreSQL on port $port runs, but does not let us ask"
    done
  else partly 'PostgreSQL runs, but there is no psql'; fi
fi
if running 'mysqld|mariadbd'; then
  client=; for each in mariadb mysql; do have $each && client=$each && break; done
  if [ -n "$client" ]; then
    section mariadb
    limited 10 $client -N -B --connect-timeout=5 -e "
      SELECT 'version', VERSION(), @@version_comment;
      SELECT 'database', s.schema_name, s.default_character_set_name, s.default_collation_name,
        COALESCE((SELECT SUM(t.data_length + t.index_length) FROM information_schema.tables t
          WHERE t.table_schema = s.schema_name), 0) FROM information_schema.schemata s;
      SELECT 'account', user, host FROM mysql.user;" || partly 'MariaDB runs, but does not let us ask'
  else partly 'MariaDB runs, but there is no client'; fi
fi
if running 'redis-server|valkey-server'; then
  client=; for each in redis-cli valkey-cli; do have $each && client=$each && break; done
  if [ -n "$client" ]; then
    section redis
    limited 5 $client INFO 2>/dev/null | tr -d '\r' | grep -E '^(redis_version|tcp_port|used_memory|db[0-9]+|role):' ||
      partly 'Redis runs, but does not let us ask'
  else partly 'Redis runs, but there is no redis-cli'; fi
fi
for each in mongod:MongoDB slapd:OpenLDAP influxd:InfluxDB cassandra:Cassandra beam.smp:Erlang-based; do
  running "${each%%:*}" && partly "${each#*:} runs; nothing is known about its data"
done
"""
SYSTEM = frozenset({"information_schema", "performance_schema", "mysql", "sys"})
RULES: tuple[Rule, ...] = (
    extra_is_informative("more than the old server has"),
    informative("*", "another minor version", "minor"),
    informative("*", "where a server keeps its data is its own matter", "data_directory"),
    informative("*:setting:*", "settings are in configuration files, too"),
)


def judge(difference: Difference, old: Item, new: Item) -> Verdict:
    """A newer server does not block, an older one does."""
    if difference.kind is Kind.CHANGED and difference.attribute == "version":
        if is_older(str(new.get("version")), str(old.get("version"))):
            return Severity.BLOCKING, "older than on the old server"
        return Severity.INFORMATIVE, "newer than on the old server"
    return None


def read(said: Sections) -> Finding:
    """Return servers, databases and roles; sizes are measured."""
    found = Finding()
    sizes: dict[str, Json] = {}
    for name in said.texts:
        if name.startswith("postgresql "):
            _postgresql(said, name, sizes, found)
    _mariadb(said, sizes, found)
    _redis(said, sizes, found)
    if sizes:
        found.measured["sizes"] = dict(sorted(sizes.items()))
    return found


def _version(text: str) -> dict[str, Json]:
    major = re.match(r"\d+(\.\d+)?", text)
    whole = re.match(r"[\w.]+", text)
    kept = major.group() if major else text
    if whole and number(text) >= 10 and "mariadb" not in text.lower():
        kept = str(number(text))
    return {"version": kept, "minor": whole.group() if whole else text}


def _postgresql(said: Sections, section: str, sizes: dict[str, Json], found: Finding) -> None:
    server = section.replace(" ", ":")
    for line in said.lines(section):
        word, *rest = line.split("\t")
        if word == "version" and rest:
            found.items[server] = {**_version(rest[0]), "data_directory": "".join(rest[1:2])}
        elif word == "database" and len(rest) == 5:
            found.items[f"{server}:{rest[0]}"] = {"encoding": rest[1], "collation": rest[2], "owner": rest[3]}
            sizes[f"{server}:{rest[0]}"] = number(rest[4])
        elif word == "role" and len(rest) == 5:
            keys = ("superuser", "login", "createdb", "replication")
            item: dict[str, Json] = {key: value == "t" for key, value in zip(keys, rest[1:], strict=True)}
            found.items[f"{server}:role:{rest[0]}"] = item
        elif word == "setting" and len(rest) == 2:
            found.items[f"{server}:setting:{rest[0]}"] = {"value": masked(f"{rest[0]}={rest[1]}").partition("=")[2]}


def _mariadb(said: Sections, sizes: dict[str, Json], found: Finding) -> None:
    accounts = []
    for line in said.lines("mariadb"):
        word, *rest = line.split("\t")
        if word == "version" and rest:
            found.items["mariadb"] = _version(rest[0])
        elif word == "database" and len(rest) == 4 and rest[0] not in SYSTEM:
            found.items[f"mariadb:{rest[0]}"] = {"encoding": rest[1], "collation": rest[2]}
            sizes[f"mariadb:{rest[0]}"] = number(rest[3])
        elif word == "account" and len(rest) == 2:
            accounts.append(f"{rest[0]}@{rest[1]}")
    for each in texts(accounts):
        found.items[f"mariadb:role:{each}"] = {"login": True}


def _redis(said: Sections, sizes: dict[str, Json], found: Finding) -> None:
    info = said.pairs("redis", ":")
    if "redis_version" not in info:
        return
    server = f"redis:{info.get('tcp_port', '6379')}"
    found.items[server] = {**_version(info["redis_version"]), "role": info.get("role", "")}
    sizes[server] = number(info.get("used_memory", "0"))
    keys: dict[str, Json] = {
        f"{server}:{name}": number(value.partition("keys=")[2]) for name, value in info.items() if name.startswith("db")
    }
    found.measured["keys"] = keys
