"""Fill a new, empty site with rows and files: site_seed.py ROWS FILES. Does nothing when there are rows already."""

import os
import sys
import uuid

from site_store import Store


def fill(store, rows, files):
    """Write the given number of rows, the first ones with a file each; all in one transaction."""
    with store.transaction() as cursor:
        cursor.execute("SELECT count(*) FROM items")
        if cursor.fetchone()[0]:
            return "unchanged"
    for number in range(files):
        text = f"Upload number {number} of the demo site.\n" * (1 + number % 40)
        store.add_item(f"seed-file-{number}", f"Seeded upload {number}", text.encode())
    values = [(str(uuid.uuid4()), f"Seeded row {number}", store.server_name) for number in range(files, rows)]
    with store.transaction() as cursor:
        cursor.executemany("INSERT INTO items (token, title, written_on) VALUES (%s, %s, %s)", values)
        cursor.execute("INSERT INTO history (item_id, action) SELECT id, 'seeded' FROM items WHERE file IS NULL")
    return "changed"


if __name__ == "__main__":
    print(fill(Store(os.environ["SITE_CONFIG"]), int(sys.argv[1]), int(sys.argv[2])))  # noqa: T201
