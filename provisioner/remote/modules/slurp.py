"""Bring a file's content into a variable, base64-encoded."""

import base64
from typing import Any, Dict, NamedTuple, Optional

from ..change import Change, Failed
from ..params import Parameters, required
from ..system import System


class Params(Parameters):
    """For large files use ``fetch``: this content lives in memory and in the journal."""

    src: str = required("path", "The file to read.", aliases=("path",))


class State(NamedTuple):
    """The content, encoded."""

    content: str


def inspect(params: Params, system: System) -> State:
    """Read the file."""
    try:
        return State(base64.b64encode(system.files.read(params.src)).decode("ascii"))
    except FileNotFoundError:
        raise Failed("file not found: %s" % params.src) from None
    except IsADirectoryError:
        raise Failed("source is a directory and must be a file: %s" % params.src) from None
    except PermissionError:
        raise Failed("file is not readable: %s" % params.src) from None
    except OSError as error:
        raise Failed("unable to slurp file: %s: %s" % (error.strerror, params.src)) from error


def plan(params: Params, state: State) -> Change:
    """Nothing ever changes."""
    return Change(False, result={"content": state.content, "source": params.src, "encoding": "base64"})


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Nothing to do."""
    return None


RETURNS = """
content: The content in base64.
source: The file read.
encoding: How content is encoded: base64.
"""

EXAMPLES = """
- name: The host's public key
  slurp:
    src: /etc/ssh/ssh_host_ed25519_key.pub
  register: host_key
"""
