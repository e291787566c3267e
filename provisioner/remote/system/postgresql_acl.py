"""Who may do what with which object of PostgreSQL: asked of its catalogs, by type of object."""

import re
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from ..change import Failed
from .postgresql import Client, name, text

Held = Dict[str, Dict[str, bool]]
PLAIN = {
    "database": ("pg_database", "datname", "datacl", "datdba", "d", "DATABASE"),
    "schema": ("pg_namespace", "nspname", "nspacl", "nspowner", "n", "SCHEMA"),
    "language": ("pg_language", "lanname", "lanacl", "lanowner", "l", "LANGUAGE"),
    "tablespace": ("pg_tablespace", "spcname", "spcacl", "spcowner", "t", "TABLESPACE"),
    "foreign_data_wrapper": ("pg_foreign_data_wrapper", "fdwname", "fdwacl", "fdwowner", "F", "FOREIGN DATA WRAPPER"),
    "foreign_server": ("pg_foreign_server", "srvname", "srvacl", "srvowner", "S", "FOREIGN SERVER"),
}
IN_SCHEMA = {
    "table": (
        "pg_class",
        "relname",
        "relacl",
        "relowner",
        "relnamespace",
        "r",
        "TABLE",
        "relkind IN ('r','v','m','p','f')",
    ),
    "sequence": ("pg_class", "relname", "relacl", "relowner", "relnamespace", "s", "SEQUENCE", "relkind = 'S'"),
    "type": ("pg_type", "typname", "typacl", "typowner", "typnamespace", "T", "TYPE", "typtype <> 'p' AND typelem = 0"),
}
DEFAULTS = {"TABLES": "r", "SEQUENCES": "S", "FUNCTIONS": "f", "TYPES": "T", "SCHEMAS": "n"}
ARGUMENTS = re.compile(r"^([^(]+)\((.*)\)$")


class Grantable(NamedTuple):
    """One object as statements write it, all that can be granted on it, and what each role holds, with the option."""

    written: str
    every: Tuple[str, ...]
    held: Held


def objects(client: Client, kind: str, names: Sequence[str], schema: str) -> List[Grantable]:
    """Return the objects named, or all of a schema; one that is not there raises Failed."""
    if kind in PLAIN:
        return [_plain(client, kind, each) for each in names]
    if kind in ("function", "procedure"):
        return _routines(client, kind, names, schema)
    table, column, acl, owner, namespace, letter, word, which = IN_SCHEMA[kind]
    wanted = [] if list(names) == ["ALL_IN_SCHEMA"] else list(names)
    parts = [_schema_of(each, schema) for each in wanted]
    clauses = ["(n.nspname = %s AND c.%s = %s)" % (text(place), column, text(each)) for place, each in parts]
    condition = " OR ".join(clauses) or "n.nspname = %s" % text(schema)
    query = (
        "SELECT n.nspname AS place, c.{1} AS object, c.{2} AS acl, c.{3} AS owner FROM {0} c "
        "JOIN pg_namespace n ON n.oid = c.{4} WHERE {5} AND ({6})"
    )
    found = _held(client, query.format(table, column, acl, owner, namespace, which, condition), letter)
    for place, each in parts:
        if (place, each) not in found:
            raise Failed("%s %s.%s does not exist" % (kind, place, each))
    return [
        Grantable("%s %s.%s" % (word, name(place), name(each)), every, held)
        for (place, each), (every, held) in sorted(found.items())
    ]


def _schema_of(written: str, schema: str) -> Tuple[str, str]:
    place, dot, each = written.partition(".")
    return (place.strip('"'), each.strip('"')) if dot else (schema, written.strip('"'))


def _plain(client: Client, kind: str, each: str) -> Grantable:
    table, column, acl, owner, letter, word = PLAIN[kind]
    query = "SELECT '' AS place, {1} AS object, {2} AS acl, {3} AS owner FROM {0} WHERE {1} = {4}"
    found = _held(client, query.format(table, column, acl, owner, text(each)), letter)
    if ("", each) not in found:
        raise Failed("%s %s does not exist" % (kind, each))
    every, held = found["", each]
    return Grantable("%s %s" % (word, name(each)), every, held)


def _routines(client: Client, kind: str, names: Sequence[str], schema: str) -> List[Grantable]:
    everything = list(names) == ["ALL_IN_SCHEMA"]
    conditions = []
    for each in [] if everything else names:
        match = ARGUMENTS.match(each.strip())
        if not match:
            raise Failed('Illegal function / procedure signature: "%s".' % each)
        place, routine = _schema_of(match.group(1), schema)
        kinds = ", ".join(
            "%s::regtype" % text(part.strip()) for part in re.split("[:,]", match.group(2)) if part.strip()
        )
        conditions.append(
            "(n.nspname = %s AND p.proname = %s AND p.proargtypes::text = array_to_string(ARRAY[%s]::oid[], ' '))"
            % (text(place), text(routine), kinds)
        )
    condition = " OR ".join(conditions) or "n.nspname = %s" % text(schema)
    if everything and client.version() >= 110000:
        condition = "p.prokind %s 'p' AND (%s)" % ("=" if kind == "procedure" else "<>", condition)
    query = (
        "SELECT quote_ident(n.nspname) AS place, "
        "quote_ident(p.proname) || '(' || pg_get_function_identity_arguments(p.oid) || ')' AS object, "
        "p.proacl AS acl, p.proowner AS owner FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE "
        + condition
    )
    found = _held(client, query, "f")
    if not everything and len(found) < len(conditions):
        raise Failed("not all of these exist: %s" % ", ".join(names))
    word = kind.upper()
    return [
        Grantable("%s %s.%s" % (word, place, each), every, held)
        for (place, each), (every, held) in sorted(found.items())
    ]


def _held(
    client: Client, objects_query: str, letter: str, unset: str = "acldefault('%s', o.owner)"
) -> Dict[Tuple[str, str], Tuple[Tuple[str, ...], Held]]:
    """Return for each object all its privileges (those its owner has at first) and who holds which.

    ``unset`` is what holds where nothing was ever granted.
    """
    rows = client.rows(
        "SELECT o.place, o.object, (a.x).privilege_type AS privilege, (a.x).is_grantable AS option, a.kind, "
        "CASE (a.x).grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid((a.x).grantee) END AS role, "
        "(a.x).grantee = o.owner AS owns FROM (%s) o LEFT JOIN LATERAL ("
        "SELECT aclexplode(coalesce(o.acl, %s)) AS x, 'now' AS kind UNION ALL "
        "SELECT aclexplode(acldefault('%s', o.owner)), 'first') a ON true"
        % (objects_query, unset.replace("%s", letter), letter)
    )
    every: Dict[Tuple[str, str], List[str]] = {}
    held: Dict[Tuple[str, str], Held] = {}
    for row in rows:
        key = (row["place"] or "", row["object"] or "")
        listed, roles = every.setdefault(key, []), held.setdefault(key, {})
        privilege = row["privilege"]
        if privilege is None:
            continue
        if row["kind"] == "first":
            listed += [privilege] if row["owns"] == "t" else []
        else:
            _hold(roles, row["role"] or "", privilege, row["option"] == "t")
    return {key: (tuple(every[key]), held[key]) for key in every}


def _hold(roles: Held, role: str, privilege: str, option: bool) -> None:
    privileges = roles.setdefault(role, {})
    privileges[privilege] = privileges.get(privilege, False) or option


def defaults(client: Client, owner: Optional[str], kind: str, schema: Optional[str]) -> Grantable:
    """Return what new objects of a kind, made by ``owner``, will let others do."""
    if kind not in DEFAULTS:
        raise Failed("default_privs: objs are %s, not %s" % (", ".join(DEFAULTS), kind))
    letter = DEFAULTS[kind]
    who = "(SELECT oid FROM pg_roles WHERE rolname = %s)" % (text(owner) if owner else "current_user")
    place = "(SELECT oid FROM pg_namespace WHERE nspname = %s)" % text(schema) if schema else "0"
    query = (
        "SELECT 'x' AS place, 'x' AS object, (SELECT defaclacl FROM pg_default_acl WHERE defaclrole = %s "
        "AND defaclobjtype = '%s' AND defaclnamespace = %s) AS acl, %s AS owner" % (who, letter, place, who)
    )
    unset = ("NULL",) if schema else ()  # in a schema, default privileges only add to the general ones
    every, held = _held(client, query, letter.replace("S", "s"), *unset)["x", "x"]
    words = ["ALTER DEFAULT PRIVILEGES"]
    words += ["FOR ROLE " + name(owner)] if owner else []
    words += ["IN SCHEMA " + name(schema)] if schema else []
    return Grantable("%s\0%s" % (" ".join(words), kind), every, held)


def statement(verb: str, privileges: Any, grantable: Grantable, role: str, option: str) -> str:
    """Return one GRANT or REVOKE; ``option`` is the clause behind GRANT or before REVOKE's privileges."""
    head, _, kind = grantable.written.partition("\0")
    target = kind or head
    prefix = head + " " if kind else ""
    listed = ", ".join(privileges)
    who = "PUBLIC" if role == "PUBLIC" else name(role)
    if verb == "GRANT":
        return "%sGRANT %s ON %s TO %s%s" % (prefix, listed, target, who, option)
    return "%sREVOKE %s%s ON %s FROM %s" % (prefix, option, listed, target, who)
