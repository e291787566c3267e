"""Print what this site holds as JSON, equal on two servers exactly when their data are equal.

For every table the number of rows and a checksum over all of them, for every sequence its position, for the uploads
their number, size and a checksum over names and contents. Text forms are pinned (time zone, date style), so servers
with other settings or another PostgreSQL version still agree.
"""

import hashlib
import json
import os

from psycopg2 import sql
from site_store import Store


def tables(cursor):
    """Answer rows and checksum of every table, in one pass each."""
    cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
    found = {}
    for (name,) in cursor.fetchall():
        cursor.execute(
            sql.SQL(
                "SELECT count(*), md5(coalesce(string_agg(line, '' ORDER BY line COLLATE \"C\"), ''))"
                " FROM (SELECT md5(t::text) AS line FROM {} AS t) AS hashed"
            ).format(sql.Identifier(name))
        )
        rows, checksum = cursor.fetchone()
        found[name] = {"rows": rows, "md5": checksum}
    return found


def sequences(cursor):
    """Answer the position of every sequence."""
    cursor.execute("SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1")
    return dict(cursor.fetchall())


def files(uploads):
    """Answer number, total size and checksum of the uploads."""
    digest, count, size = hashlib.sha256(), 0, 0
    for path in sorted(path for path in uploads.rglob("*") if path.is_file()):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(uploads)} {hashlib.sha256(content).hexdigest()}\n".encode())
        count, size = count + 1, size + len(content)
    return {"count": count, "bytes": size, "sha256": digest.hexdigest()}


def fingerprint(store):
    """Answer everything as one value; the database part is one snapshot."""
    with store.transaction() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SET LOCAL TimeZone = 'UTC'")
        cursor.execute("SET LOCAL DateStyle = 'ISO, YMD'")
        cursor.execute("SET LOCAL extra_float_digits = 3")
        return {"tables": tables(cursor), "sequences": sequences(cursor), "files": files(store.uploads)}


if __name__ == "__main__":
    print(json.dumps(fingerprint(Store(os.environ["SITE_CONFIG"])), sort_keys=True))  # noqa: T201
