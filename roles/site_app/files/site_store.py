"""Rows and files of the demo site: configuration, database access, uploads and the lock that makes a freeze exact."""

import configparser
import contextlib
import fcntl
import hashlib
import os
import uuid
from pathlib import Path

import psycopg2


class Frozen(Exception):
    """The site is closed for writes; try again later."""


class Store:
    """One site's data: a PostgreSQL database and a folder of uploads."""

    def __init__(self, config_path):
        """Read the configuration; nothing is connected yet."""
        config = configparser.ConfigParser(interpolation=None)
        with Path(config_path).open(encoding="utf-8") as file:
            config.read_file(file)
        self.server_name = config["site"]["server_name"]
        self.retry_after_s = config["site"].getint("retry_after_s", 2)
        self.data = Path(config["site"]["data_directory"])
        self.uploads = self.data / "uploads"
        self.flag = self.data / "frozen"
        self.lock = self.data / "write.lock"
        self._database = config["database"]

    @contextlib.contextmanager
    def transaction(self):
        """One connection with one transaction: committed at the end, rolled back on any error."""
        database = self._database
        connection = psycopg2.connect(
            host=database["host"],
            port=database["port"],
            dbname=database["name"],
            user=database["user"],
            password=database["password"],
            connect_timeout=3,
        )
        try:
            with connection, connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()

    def is_frozen(self):
        """Tell whether writes are refused at present."""
        return self.flag.exists()

    @contextlib.contextmanager
    def write_allowed(self):
        """Hold the shared side of the write lock; whoever freezes the site takes the exclusive side."""
        with self.lock.open("a", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH)
            if self.is_frozen():
                raise Frozen
            yield

    def write_file(self, content, durable=True):
        """Keep content as a new upload, complete or not at all; answer its name relative to the uploads."""
        name = uuid.uuid4().hex
        relative = f"{name[:2]}/{name}.txt"
        path = self.uploads / relative
        path.parent.mkdir(mode=0o755, exist_ok=True)
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        part.rename(path)
        return relative

    def add_item(self, token, title, content):
        """Write one row and its file; a token that is known already answers the row it belongs to."""
        with self.write_allowed():
            known = self._item_by_token(token)
            if known:
                return known
            file = self.write_file(content) if content is not None else None
            try:
                return self._insert(token, title, file, content)
            except BaseException:
                if file:
                    (self.uploads / file).unlink(missing_ok=True)
                raise

    def _insert(self, token, title, file, content):
        size = None if content is None else len(content)
        digest = None if content is None else hashlib.sha256(content).hexdigest()
        with self.transaction() as cursor:
            cursor.execute(
                "INSERT INTO items (token, title, file, size, sha256, written_on)"
                " VALUES (%s, %s, %s, %s, %s, %s) RETURNING id",
                (token, title, file, size, digest, self.server_name),
            )
            item_id = cursor.fetchone()[0]
            cursor.execute("INSERT INTO history (item_id, action) VALUES (%s, 'created')", (item_id,))
            cursor.execute("UPDATE totals SET items = items + 1")
        return {"id": item_id, "token": token, "title": title, "file": file, "sha256": digest}

    def _item_by_token(self, token):
        with self.transaction() as cursor:
            cursor.execute("SELECT id, token, title, file, sha256 FROM items WHERE token = %s", (token,))
            return _as_item(cursor.fetchone())

    def item(self, item_id):
        """Answer one item by its id, or None."""
        with self.transaction() as cursor:
            cursor.execute("SELECT id, token, title, file, sha256 FROM items WHERE id = %s", (item_id,))
            return _as_item(cursor.fetchone())

    def latest(self, limit):
        """Answer the newest items, newest first."""
        with self.transaction() as cursor:
            cursor.execute("SELECT id, token, title, file, sha256 FROM items ORDER BY id DESC LIMIT %s", (limit,))
            return [_as_item(row) for row in cursor.fetchall()]

    def health(self):
        """Answer what a load balancer and an operator want to know; fails when the database does."""
        with self.transaction() as cursor:
            cursor.execute("SELECT items, current_setting('default_transaction_read_only') FROM totals")
            count, read_only = cursor.fetchone()
        return {"items": count, "frozen": self.is_frozen(), "database_read_only": read_only == "on"}


def _as_item(row):
    return dict(zip(("id", "token", "title", "file", "sha256"), row, strict=True)) if row else None
