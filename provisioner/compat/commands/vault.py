"""Encrypt and decrypt data files and values."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from provisioner.app import vault as vaults
from provisioner.app.credentials import Asked, gather
from provisioner.cli.asking import ask, ask_secret
from provisioner.cli.commands.vault import confirmed, edit_in_editor, show_in_pager
from provisioner.compat import messages
from provisioner.compat import options as shared
from provisioner.compat.refusal import Refused
from provisioner.compat.terminal import configuration_of, screen
from provisioner.diagnostics.errors import ProvisionerError
from provisioner.syntax.vault import Vault, VaultSecret, is_encrypted

STANDARD = Path("-")
ENCRYPTING = frozenset({"encrypt", "encrypt_string", "create"})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verbs and their options."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("-v", "--verbose", action="count", default=0, help="say more")
    shared.add_vault(common)
    writes = argparse.ArgumentParser(add_help=False)
    writes.add_argument("--encrypt-vault-id", metavar="ID", help="encrypt with the password of this id")
    goes = argparse.ArgumentParser(add_help=False)
    goes.add_argument("--output", type=Path, metavar="FILE", help="write there instead of in place; - is the screen")
    verbs.add_parser("create", parents=[common, writes], help="write a new file in $EDITOR").add_argument(
        "--skip-tty-check", action="store_true", help="open the editor although there is no terminal")  # fmt: skip
    verbs.add_parser("decrypt", parents=[common, goes], help="decrypt files")
    verbs.add_parser("edit", parents=[common, writes], help="change files in $EDITOR")
    verbs.add_parser("view", parents=[common], help="show files")
    verbs.add_parser("encrypt", parents=[common, writes, goes], help="encrypt files")
    rekey = verbs.add_parser("rekey", parents=[common, writes], help="encrypt files with another password")
    new = rekey.add_mutually_exclusive_group()
    new.add_argument("--new-vault-password-file", metavar="FILE", help="the new password's file")
    new.add_argument("--new-vault-id", metavar="ID@SOURCE", help="the new password by id")
    strings = verbs.add_parser("encrypt_string", parents=[common, writes, goes], help="encrypt values")
    strings.add_argument("-p", "--prompt", action="store_true", help="ask for the value")
    strings.add_argument("--show-input", action="store_true", help="show what is typed when asked")
    strings.add_argument("-n", "--name", action="append", default=[], help="the variable's name; once for each text")
    strings.add_argument("--stdin-name", metavar="NAME", help="the name of the value read from standard input")
    for name, verb in verbs.choices.items():
        metavar = "TEXT" if name == "encrypt_string" else "FILE"
        verb.add_argument("words", nargs="*", metavar=metavar, help="files" if metavar == "FILE" else "values")


def run(arguments: argparse.Namespace) -> int:
    """Do what the verb says; return the exit code."""
    vault = _vault(arguments)
    verbs: dict[str, Callable[[argparse.Namespace, Vault], str]] = {
        "create": _create, "decrypt": _decrypt, "edit": _edit, "view": _view, "encrypt": _encrypt, "rekey": _rekey,
        "encrypt_string": _strings,
    }  # fmt: skip
    done = verbs[arguments.verb](arguments, vault)
    if done and sys.stdout.isatty():
        screen().say(f"{done} successful", is_error=True)
    return 0


def _vault(arguments: argparse.Namespace) -> Vault:
    asked = Asked(tuple(arguments.vault_id), tuple(arguments.vault_password_file), arguments.ask_vault_pass)
    question = confirmed if arguments.verb in ENCRYPTING else ask_secret
    found = gather(asked, question, warn=messages.tell_warning).vault
    return found if found.secrets else gather(Asked(ask_vault=True), question).vault


def _secret(arguments: argparse.Namespace, vault: Vault) -> VaultSecret:
    """Return the password to encrypt with: the one named, else the only one."""
    named = arguments.encrypt_vault_id or configuration_of(os.environ).text("DEFAULT_VAULT_ENCRYPT_IDENTITY")
    if named:
        found = next((each for each in vault.secrets if each.id == named), None)
        if found is None:
            known = [each.id for each in vault.secrets]
            raise ProvisionerError(
                f"Did not find a match for --encrypt-vault-id={named} in the known vault-ids {known}"
            )
        return found
    if len(vault.secrets) > 1:
        known_ids = ",".join(each.id for each in vault.secrets)
        raise Refused(f"The vault-ids {known_ids} are available to encrypt. Specify the vault-id to encrypt with "
                      "--encrypt-vault-id")  # fmt: skip
    return vault.secrets[0]


def _sealed(data: bytes, secret: VaultSecret) -> bytes:
    salt = configuration_of(os.environ).text("VAULT_ENCRYPT_SALT")
    return Vault([secret]).encrypt(data, secret.id, (salt or "").encode()).encode("ascii")


def _paths(arguments: argparse.Namespace) -> list[Path]:
    paths = [Path(word) for word in arguments.words] or [STANDARD]
    if getattr(arguments, "output", None) and len(paths) > 1:
        raise Refused("At most one input file may be used with the --output option")
    return paths


def _read(path: Path) -> bytes:
    return sys.stdin.buffer.read() if path == STANDARD else vaults.read(path)


def _write(path: Path, data: bytes) -> None:
    if path == STANDARD:
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
    else:
        vaults.write(path, data)


def _encrypt(arguments: argparse.Namespace, vault: Vault) -> str:
    secret = _secret(arguments, vault)
    for path in _paths(arguments):
        data = _read(path)
        if is_encrypted(data):
            raise ProvisionerError("input is already encrypted")
        _write(arguments.output or path, _sealed(data, secret))
    return "Encryption"


def _decrypt(arguments: argparse.Namespace, vault: Vault) -> str:
    for path in _paths(arguments):
        _write(arguments.output or path, vaults.decrypted(_read(path), vault, str(path)))
    return "Decryption"


def _view(arguments: argparse.Namespace, vault: Vault) -> str:
    for path in _paths(arguments):
        show_in_pager(vaults.decrypted(_read(path), vault, str(path)))
    return ""


def _edit(arguments: argparse.Namespace, vault: Vault) -> str:
    for path in _paths(arguments):
        vaults.edit_file(path, vault, edit_in_editor)
    return ""


def _create(arguments: argparse.Namespace, vault: Vault) -> str:
    if len(arguments.words) != 1:
        raise Refused("ansible-vault create can take only one filename argument")
    if not (sys.stdout.isatty() or arguments.skip_tty_check):
        raise ProvisionerError("not a tty, editor cannot be opened")
    secret = _secret(arguments, vault)
    vaults.create_file(Path(arguments.words[0]), Vault([secret]), secret.id, edit_in_editor)
    return ""


def _rekey(arguments: argparse.Namespace, vault: Vault) -> str:
    ids = (arguments.new_vault_id,) if arguments.new_vault_id else ()
    files = (arguments.new_vault_password_file,) if arguments.new_vault_password_file else ()
    asked = Asked(ids, files, ask_vault=not (ids or files))
    new = gather(asked, lambda question: confirmed(f"New {question}"), {}).vault.secrets[0]
    done = [(path, vaults.decrypted(_read(path), vault, str(path))) for path in _paths(arguments)]
    for path, data in done:
        _write(path, _sealed(data, new))
    return "Rekey"


def _strings(arguments: argparse.Namespace, vault: Vault) -> str:
    secret = _secret(arguments, vault)
    names = list(arguments.name)
    values = []
    if arguments.prompt:
        name = names.pop(0) if names else ask("Variable name (enter for no name): ")
        question = "String to encrypt: "
        values.append((ask(question) if arguments.show_input else ask_secret(question), name))
    texts = [word for word in arguments.words if word != "-"]
    if len(texts) < len(arguments.words) or arguments.stdin_name is not None or not (texts or values):
        values.append((sys.stdin.read(), arguments.stdin_name or ""))
    values += list(zip(texts, [*names, *[""] * len(texts)], strict=False))
    shown = [vaults.tagged(_sealed(text.encode(), secret).decode(), name) for text, name in values]
    _write(arguments.output or STANDARD, ("\n".join(shown) + "\n").encode())
    return "Encryption"
