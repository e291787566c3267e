"""What modules that move a MariaDB server share: one row of variables, its own settings file, its unit, small notes."""

import os
import time
from typing import Any, Dict, List, Sequence, Tuple

from ..change import Failed
from ..params import optional
from . import mysql
from .commands import PLAIN
from .system import System

FOLDERS = ("/etc/mysql/mariadb.conf.d", "/etc/my.cnf.d", "/etc/mysql/conf.d")
SYSTEM_SCHEMAS = ("information_schema", "mysql", "performance_schema", "sys")


class ServerParameters(mysql.LoginParameters):
    """How to reach the server of this host, and which unit it is."""

    unit: str = optional("str", "The server's systemd unit.", "mariadb")
    wait_for_start_s: float = optional("float", "How long a restart may take.", 60.0)


def look(client: mysql.Client, *names: str) -> Tuple[Dict[str, str], Dict[str, str]]:
    """Return global variables of the server, and what it says of the primary it follows: nothing for none.

    Both with one start of the client program: while writes are held every one counts.
    """
    listed = ", ".join("@@GLOBAL.%s AS %s" % (each, mysql.name(each)) for each in names)
    found = ask(client, "SELECT " + listed, "SHOW SLAVE STATUS")
    plain = [{key: value or "" for key, value in each[0].items()} for each in found if each]
    return plain[0], plain[1] if len(plain) > 1 else {}


def variables(client: mysql.Client, *names: str) -> Dict[str, str]:
    """Return global variables of the server, under the names asked for."""
    return look(client, *names)[0]


def replica_status(client: mysql.Client) -> Dict[str, str]:
    """Return what the server says of the primary it follows; empty where it follows none."""
    return look(client, "server_id")[1]


def ask(client: mysql.Client, *statements: str) -> List[List[mysql.Row]]:
    """Run statements; a refusal fails the task."""
    try:
        return client.rows(*statements)
    except mysql.Refused as refused:
        raise Failed(refused.message) from None


def settings_path(name: str) -> str:
    """Return where a file of settings is read, after those of the package."""
    folder = next((each for each in FOLDERS if os.path.isdir(each)), None)
    if folder is None:
        raise Failed("no folder for settings of the server was found (%s)" % ", ".join(FOLDERS))
    return os.path.join(folder, "zz-provisioner-%s.cnf" % name)


def settings_text(settings: Dict[str, Any]) -> str:
    """Return a file of settings; empty for none."""
    if not settings:
        return ""
    return "[mysqld]\n" + "".join("%s = %s\n" % item for item in sorted(settings.items()))


def restart(system: System, params: ServerParameters) -> None:
    """Restart the server and wait until it answers."""
    done = system.commands.run(["systemctl", "restart", params.unit], env=PLAIN)
    if done.rc != 0:
        raise Failed("systemctl restart %s failed: %s" % (params.unit, done.err.strip()), rc=done.rc)
    deadline = time.monotonic() + params.wait_for_start_s
    while True:
        try:
            mysql.Client(system, params).rows("SELECT 1")
        except mysql.Refused as refused:
            if time.monotonic() > deadline:
                raise Failed("the server does not come back: %s" % refused.message) from None
            time.sleep(0.1)
        else:
            return


def user_databases(client: mysql.Client, wanted: Sequence[str] = ()) -> List[str]:
    """Return the databases that are not the server's own."""
    found = client.rows("SHOW DATABASES")
    names = [value or "" for row in (found[0] if found else []) for value in row.values()]
    return [each for each in names if each not in SYSTEM_SCHEMAS and (not wanted or each in wanted)]
