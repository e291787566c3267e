"""The public host keys of the SSH server."""

from typing import Any, Dict

from ..system import System
from ..system.reading import text

SUBSET = "ssh_pub_keys"
MINIMAL = True
KINDS = ("dsa", "rsa", "ecdsa", "ed25519")
FOLDERS = ("/etc/ssh", "/etc/openssh", "/etc")
FACTS = ("ssh_host_pub_keys", *("ssh_host_key_%s_public" % kind for kind in KINDS))


def collect(system: System) -> Dict[str, Any]:
    """Read the public halves."""
    facts = {}
    for folder in FOLDERS:
        for kind in KINDS:
            words = text(system, "%s/ssh_host_%s_key.pub" % (folder, kind)).split()
            if len(words) >= 2:
                facts["ssh_host_key_%s_public" % kind] = words[1]
                facts["ssh_host_key_%s_public_keytype" % kind] = words[0]
        if facts:
            break
    return facts
