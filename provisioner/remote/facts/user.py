"""Who the tasks run as."""

import getpass
import os
import pwd
from typing import Any, Dict

from ..system import System

SUBSET = "user"
FACTS = (
    "user_id",
    "user_uid",
    "user_gid",
    "user_gecos",
    "user_dir",
    "user_shell",
    "real_user_id",
    "effective_user_id",
    "effective_group_ids",
)
MINIMAL = True


def collect(system: System) -> Dict[str, Any]:
    """Ask the account database about the effective user."""
    try:
        account = pwd.getpwnam(getpass.getuser())
    except KeyError:
        account = pwd.getpwuid(os.geteuid())
    return {
        "user_id": account.pw_name,
        "user_uid": account.pw_uid,
        "user_gid": account.pw_gid,
        "user_gecos": account.pw_gecos,
        "user_dir": account.pw_dir,
        "user_shell": account.pw_shell,
        "real_user_id": os.getuid(),
        "effective_user_id": os.geteuid(),
        "real_group_id": os.getgid(),
        "effective_group_id": os.getegid(),
    }
