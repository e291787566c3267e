"""Encrypt, view and change secrets in files that ansible-vault reads too.

A file name of ``-`` means standard input and output. Without a password option the password is asked for.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from provisioner.app import vault as vaults
from provisioner.app.credentials import Asked, gather
from provisioner.cli.asking import ask_secret
from provisioner.diagnostics.errors import InputError, UnmetNeed
from provisioner.syntax.vault import Vault, VaultSecret

STANDARD = Path("-")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verbs and their options."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    common, writes = _passwords(), argparse.ArgumentParser(add_help=False)
    writes.add_argument("--encrypt-vault-id", metavar="ID", help="encrypt with the password of this id")
    for name, parents, help_text in (
        ("encrypt", [common, writes], "encrypt files"),
        ("decrypt", [common], "decrypt files"),
        ("view", [common], "show files"),
    ):
        verb = verbs.add_parser(name, parents=parents, help=help_text)
        verb.add_argument("files", nargs="*", type=Path, metavar="FILE")
        if name != "view":
            verb.add_argument("--output", type=Path, metavar="FILE", help="write there instead of in place")
    edit = verbs.add_parser("edit", parents=[common], help="change files in $EDITOR")
    edit.add_argument("files", nargs="+", type=Path, metavar="FILE")
    create = verbs.add_parser("create", parents=[common, writes], help="write a new file in $EDITOR")
    create.add_argument("files", nargs=1, type=Path, metavar="FILE")
    rekey = verbs.add_parser("rekey", parents=[common], help="encrypt files with another password")
    rekey.add_argument("files", nargs="+", type=Path, metavar="FILE")
    rekey.add_argument("--new-vault-id", metavar="ID@SOURCE", help="the new password by id")
    rekey.add_argument("--new-vault-password-file", metavar="FILE", help="the new password's file")
    strings = verbs.add_parser("encrypt-string", aliases=["encrypt_string"], parents=[common, writes],
                               help="print values to paste into a YAML file")  # fmt: skip
    strings.add_argument("strings", nargs="*", metavar="TEXT")
    strings.add_argument("-n", "--name", action="append", default=[], help="the variable's name; once for each text")
    strings.add_argument("--stdin-name", metavar="NAME", help="the name of the value read from standard input")
    strings.add_argument("-p", "--prompt", action="store_true", help="ask for the value")


def _passwords() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--vault-id", action="append", default=[], metavar="ID@SOURCE",
                        help="a vault password by id; SOURCE is 'prompt', a file or an executable")  # fmt: skip
    parser.add_argument("--vault-password-file", "--vault-pass-file", action="append", default=[], metavar="FILE",
                        help="a file or executable that holds a vault password")  # fmt: skip
    parser.add_argument("-J", "--ask-vault-pass", "--ask-vault-password", action="store_true", help="ask for it")
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Do what the verb says; return the exit code."""
    vault = _vault(arguments, confirm=arguments.verb in {"encrypt", "encrypt-string", "encrypt_string", "create"})
    match arguments.verb:
        case "encrypt":
            _each(arguments, lambda data, _name: vaults.encrypted(data, vault, arguments.encrypt_vault_id))
        case "decrypt":
            _each(arguments, lambda data, name: vaults.decrypted(data, vault, name))
        case "view":
            for path in arguments.files or [STANDARD]:
                show_in_pager(vaults.decrypted(_read(path), vault, str(path)))
        case "edit":
            for path in arguments.files:
                vaults.edit_file(path, vault, edit_in_editor)
        case "create":
            vaults.create_file(arguments.files[0], vault, arguments.encrypt_vault_id, edit_in_editor)
        case "rekey":
            _rekey(arguments, vault)
        case _:
            _strings(arguments, vault)
    return 0


def _vault(arguments: argparse.Namespace, *, confirm: bool) -> Vault:
    asked = Asked(tuple(arguments.vault_id), tuple(arguments.vault_password_file), arguments.ask_vault_pass)
    found = gather(asked, confirmed if confirm else ask_secret).vault
    if found.secrets:
        return found
    ask = confirmed if confirm else ask_secret
    return gather(Asked(ask_vault=True), ask).vault


def confirmed(question: str) -> str:
    """Ask for a new password twice: a slip of the finger would lock its content away."""
    first = ask_secret(question)
    if sys.stdin.isatty() and ask_secret(f"Confirm {question[:1].lower()}{question[1:]}") != first:
        raise InputError.at(None, "the two passwords differ")
    return first


def _each(arguments: argparse.Namespace, change: Callable[[bytes, str], bytes]) -> None:
    paths = arguments.files or [STANDARD]
    if arguments.output and len(paths) > 1:
        raise InputError.at(None, "--output takes one input file", hint="leave it out to change files in place")
    for path in paths:
        data = change(_read(path), str(path))
        target = arguments.output or path
        if target == STANDARD:
            sys.stdout.buffer.write(data)
        else:
            vaults.write(target, data)


def _read(path: Path) -> bytes:
    return sys.stdin.buffer.read() if path == STANDARD else vaults.read(path)


def show_in_pager(data: bytes) -> None:
    """Show content in the user's pager on a terminal, else as it is."""
    if sys.stdout.isatty():
        pager = shlex.split(os.environ.get("PAGER") or "less -F")
        try:
            subprocess.run(pager, input=data, check=False)
        except FileNotFoundError:
            pass  # no pager here: print it
        else:
            return
    sys.stdout.buffer.write(data)
    sys.stdout.flush()


def edit_in_editor(path: Path) -> None:
    """Let the user change a file in the editor."""
    editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    try:
        done = subprocess.run([*editor, str(path)], check=False)
    except FileNotFoundError:
        raise UnmetNeed(f"the editor '{editor[0]}' was not found", "set EDITOR") from None
    if done.returncode:
        raise InputError.at(None, f"the editor failed with {done.returncode}; nothing was changed")


def _rekey(arguments: argparse.Namespace, vault: Vault) -> None:
    ids = (arguments.new_vault_id,) if arguments.new_vault_id else ()
    files = (arguments.new_vault_password_file,) if arguments.new_vault_password_file else ()
    asked = Asked(ids, files, ask_vault=not (ids or files))
    new: VaultSecret = gather(asked, lambda question: confirmed(f"New {question}")).vault.secrets[0]
    done = [(path, vaults.rekeyed(vaults.read(path), vault, new, str(path))) for path in arguments.files]
    for path, data in done:
        vaults.write(path, data)


def _strings(arguments: argparse.Namespace, vault: Vault) -> None:
    values = list(zip(arguments.strings, [*arguments.name, *[""] * len(arguments.strings)], strict=False))
    if arguments.prompt:
        values.append((ask_secret("String to encrypt: "), next(iter(arguments.name[len(values) :]), "")))
    if arguments.stdin_name is not None or not values:
        values.append((sys.stdin.read(), arguments.stdin_name or ""))
    for text, name in values:
        print(vaults.encrypted_value(text, vault, arguments.encrypt_vault_id, name))
