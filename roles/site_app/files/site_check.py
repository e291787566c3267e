"""Try the site's whole write path with its own configuration and leave nothing behind: exit 0 when it works.

The row is written in a transaction that is rolled back (with an id of its own, so that no sequence moves), the file is
taken away again. It says so even where the site is closed for writes, which is when it is needed: before a server is
trusted with them.
"""

import os
import sys

from site_store import Store


def check(store):
    """Write and undo one file and one row."""
    file = store.write_file(b"write check\n")
    path = store.uploads / file
    path.unlink()
    if not any(path.parent.iterdir()):
        path.parent.rmdir()
    with store.transaction() as cursor:
        cursor.execute("SET TRANSACTION READ WRITE")
        cursor.execute("INSERT INTO items (id, token, title, written_on) VALUES (-1, 'check', 'check', 'check')")
        cursor.execute("INSERT INTO history (id, item_id, action) VALUES (-1, -1, 'check')")
        cursor.execute("SELECT count(*) FROM items")
        count = cursor.fetchone()[0] - 1
        cursor.connection.rollback()
    return count


if __name__ == "__main__":
    try:
        print(f"writing works, {check(Store(os.environ['SITE_CONFIG']))} items")  # noqa: T201
    except Exception as trouble:  # noqa: BLE001 - whatever is wrong is the answer
        sys.exit(f"writing does not work: {type(trouble).__name__}: {trouble}")
