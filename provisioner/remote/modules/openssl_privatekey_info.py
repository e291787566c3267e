"""Report what a private key is: kind, size, public half."""

from typing import Any, Dict, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, mutually_exclusive, optional, required_one_of
from ..system import System, der, openssl

TRAITS = Traits()


class Params(Parameters):
    """The key."""

    path: Optional[str] = optional("path", "The file.")
    content: Optional[str] = optional("str", "The key itself.", no_log=True)
    passphrase: Optional[str] = optional("str", "What it is encrypted with.", no_log=True)
    return_private_key_data: bool = optional("bool", "Accepted; private numbers are never returned.", False)
    check_consistency: bool = optional("bool", "See whether the key fits itself.", False)
    select_crypto_backend: str = optional(
        "str", "Accepted; the openssl program is used.", "auto", choices=("auto", "cryptography")
    )
    rules = (mutually_exclusive("path", "content"), required_one_of("path", "content"))


class State(NamedTuple):
    """Whether the key could be loaded and read, its public half, and whether it is consistent."""

    public: Optional[bytes]
    problem: str
    consistent: Optional[bool]


def inspect(params: Params, system: System) -> State:
    """Let openssl read the key."""
    content = openssl.key_content(system, params.path, params.content)
    known = openssl.read_key(system, content, params.passphrase)
    consistent = None
    if params.check_consistency and known.public:
        words = ["pkey", "-check", "-noout", "-passin", "env:KEY_PASSPHRASE"]
        consistent = openssl.run(system, words, content, params.passphrase).rc == 0
    return State(known.public, known.problem, consistent)


def plan(params: Params, state: State) -> Change:
    """Report; nothing is changed."""
    if state.public is None:
        raise Failed(
            "cannot parse the private key: %s" % state.problem,
            can_load_key=True,
            can_parse_key=False,
            key_is_consistent=None,
        )
    kind = der.key_kind(state.public)
    data: Dict[str, Any] = {key: value for key, value in kind.items() if key != "type"}
    if kind["type"] == "ECC":
        data["exponent_size"] = data.pop("size")
    result: Dict[str, Any] = {"can_load_key": True, "can_parse_key": True, "key_is_consistent": state.consistent}
    result.update(type=kind["type"], public_data=data, public_key=openssl.pem("PUBLIC KEY", state.public))
    result["public_key_fingerprints"] = openssl.fingerprints(state.public)
    return Change(False, result=result)


def apply(change: Change, system: System) -> None:
    """Do nothing: there is nothing to change."""


RETURNS = """
can_load_key: Whether the file could be read.
can_parse_key: Whether it is a key.
key_is_consistent: Whether its parts fit each other, with check_consistency.
public_key: The public half.
public_key_fingerprints: Fingerprints of the public half, by algorithm.
type: The kind of key.
public_data: The numbers of the public half.
"""

EXAMPLES = """
- name: What kind of key is it?
  openssl_privatekey_info:
    path: /etc/ssl/private/www.example.org.pem
  register: key
"""
