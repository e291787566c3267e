"""Fill a new, empty site with rows and files: site_seed.py ROWS FILES. Does nothing when there are rows already."""

import hashlib
import os
import sys

from site_store import Store


def fill(store, rows, files):
    """Write the given number of rows, the first ones with a file each; all in one transaction."""
    with store.transaction() as cursor:
        cursor.execute("SELECT items FROM totals")
        if cursor.fetchone()[0]:
            return "unchanged"
        cursor.executemany(
            "INSERT INTO items (token, title, file, size, sha256, written_on) VALUES (%s, %s, %s, %s, %s, %s)",
            [_upload(store, number) for number in range(files)],
        )
        cursor.execute(
            "INSERT INTO items (token, title, written_on)"
            " SELECT gen_random_uuid()::text, 'Seeded row ' || number, %s FROM generate_series(%s, %s) AS number",
            (store.server_name, files, rows - 1),
        )
        cursor.execute("INSERT INTO history (item_id, action) SELECT id, 'seeded' FROM items")
        cursor.execute("UPDATE totals SET items = (SELECT count(*) FROM items)")
    os.sync()
    return "changed"


def _upload(store, number):
    text = f"Upload number {number} of the demo site.\n" * (1 + number % 40)
    name = store.write_file(text.encode(), durable=False)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"seed-file-{number}", f"Seeded upload {number}", name, len(text), digest, store.server_name


if __name__ == "__main__":
    print(fill(Store(os.environ["SITE_CONFIG"]), int(sys.argv[1]), int(sys.argv[2])))  # noqa: T201
