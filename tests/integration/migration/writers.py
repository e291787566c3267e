"""A client that writes into a database all the time, and notes what the database has confirmed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

On = Callable[..., str]
PROGRAM = """
import json, subprocess, sys, time
argv, statement, path, seconds = json.loads(sys.argv[1])
pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
def client():
    return subprocess.Popen(argv, text=True, bufsize=1, **pipes)
connection, number, end = client(), 0, time.time() + seconds
with open(path, "a") as confirmed:
    while time.time() < end:
        number += 1
        word = "%s-%d" % (path.rpartition("-")[2], number)
        try:
            connection.stdin.write(statement.replace("WORD", word) + "\\n")
            connection.stdin.flush()
            said = connection.stdout.readline()
            while said and not said.startswith("end") and "NOREPLICAS" not in said and "READONLY" not in said:
                said = connection.stdout.readline()
        except OSError:
            said = ""
        if not said:
            connection = client()
        elif said.strip() == "end 1":
            confirmed.write(word + "\\n")
            confirmed.flush()
        time.sleep(0.002)
"""


@dataclass(frozen=True, slots=True)
class Database:
    """How to write a word into a database as an application does, and how to read all that are there."""

    argv: tuple[str, ...]
    statement: str
    listing: str


POSTGRESQL = Database(
    ("env", "PGPASSWORD=app", "psql", "-XqAt", "-h", "localhost", "-U", "app", "shop"),
    "INSERT INTO ledger(w) VALUES('WORD'); SELECT 'end ' || count(*) FROM ledger WHERE w = 'WORD';",
    "cd / && su postgres -c 'psql -XqAt shop -c \"SELECT w FROM ledger\"'",
)
MARIADB = Database(
    ("mariadb", "-uapp", "-papp", "-N", "-n", "--force", "shop"),
    "INSERT INTO ledger(w) VALUES('WORD'); SELECT CONCAT('end ', COUNT(*)) FROM ledger WHERE w = 'WORD';",
    "mariadb -N -e 'SELECT w FROM shop.ledger'",
)
REDIS = Database(
    ("redis-cli",),
    "EVAL \"redis.call('rpush', 'ledger', ARGV[1]) return 'end 1'\" 0 WORD",
    "redis-cli lrange ledger 0 -1",
)


@dataclass(slots=True)
class Writers:
    """Writers on hosts, each with a letter of its own."""

    on: On
    database: Database

    def start(self, host: str, letter: str, seconds: float) -> None:
        """Start writing on a host, without waiting for it."""
        told = json.dumps([list(self.database.argv), self.database.statement, f"/tmp/confirmed-{letter}", seconds])
        self.on(host, f"cat > /tmp/writer.py <<'END'\n{PROGRAM}\nEND\n")
        quoted = told.replace("'", "'\\''")
        self.on(
            host, f"rm -f /tmp/confirmed-{letter}; nohup python3 /tmp/writer.py '{quoted}' >/tmp/log-{letter} 2>&1 &"
        )

    def has_confirmed(self, host: str, letter: str) -> bool:
        """Tell whether something has been confirmed to a writer that still writes."""
        return self.on(host, f"head -c 1 /tmp/confirmed-{letter} 2>/dev/null || true") != ""

    def confirmed(self, host: str, letter: str) -> list[str]:
        """Return what was confirmed to a writer, once it has ended."""
        wait = "while pgrep -f '[w]riter.py' >/dev/null; do sleep 0.2; done"
        return self.on(host, f"{wait}; cat /tmp/confirmed-{letter}").split()

    def there(self, host: str) -> list[str]:
        """Return the words that a host's database holds."""
        return self.on(host, self.database.listing).split()
