"""Render a template file on the controller and write the result on the host."""

from __future__ import annotations

import datetime
import os
import pwd
import socket
from pathlib import Path
from typing import Any

from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.position import position_of
from provisioner.execution.context import Live
from provisioner.execution.files import KnownFile
from provisioner.execution.needs import Steps
from provisioner.execution.sending import read, write_file
from provisioner.execution.task_run import ActionCall
from provisioner.remote.change import Traits
from provisioner.remote.params import FileParameters, demand, optional, required
from provisioner.templating.managed import managed
from provisioner.templating.settings import TemplateOptions
from provisioner.variables.scope import Layer, Level, Scope

TRAITS = Traits()
NEWLINES = {"\n": "\n", "\\n": "\n", "\r": "\r", "\\r": "\r", "\r\n": "\r\n", "\\r\\n": "\r\n"}
MARKS = (
    "block_start_string", "block_end_string", "variable_start_string", "variable_end_string", "comment_start_string",
    "comment_end_string", "trim_blocks", "lstrip_blocks",
)  # fmt: skip


class Params(FileParameters):
    """The template, where its text goes, and how the template language is written."""

    src: str = required("path", "The template; looked for in the role's or playbook's templates folder.")
    dest: str = required("path", "The file to write.")
    backup: bool = optional("bool", "Keep the replaced file under a name with the time in it.", False)
    force: bool = optional("bool", "Replace a file that differs.", True)
    follow: bool = optional("bool", "Write through a link at the destination.", False)
    validate: str | None = optional("str", "A command that must accept the new file, %s, before it is put in place.")
    newline_sequence: str = optional("str", "What ends a line: \\n, \\r or \\r\\n.", "\\n")
    output_encoding: str = optional("str", "The encoding to write in.", "utf-8")
    block_start_string: str | None = optional("str", "Begins a statement; {% by default.")
    block_end_string: str | None = optional("str", "Ends a statement.")
    variable_start_string: str | None = optional("str", "Begins an expression; {{ by default.")
    variable_end_string: str | None = optional("str", "Ends an expression.")
    comment_start_string: str | None = optional("str", "Begins a comment; {# by default.")
    comment_end_string: str | None = optional("str", "Ends a comment.")
    trim_blocks: bool = optional("bool", "Drop the newline behind a statement.", True)
    lstrip_blocks: bool = optional("bool", "Drop the spaces before a statement.", False)


OWN = frozenset({"src", "newline_sequence", "output_encoding", *MARKS})
"""Parameters the host never sees."""


def run(call: ActionCall) -> Steps:
    """Render and send: one call, whatever the host has."""
    demand(bool(call.args.get("src") and call.args.get("dest")), "src and dest are required")
    demand(call.args.get("state") is None, "'state' cannot be specified on a template")
    params = Params.parse(call.args)
    source = call.find_file(params.src, "templates")
    if source.is_dir():
        raise InputError.at(position_of(call.args.get("src")) or call.run.operation.position, f"{source} is a folder")
    known = yield from read(call, source)
    text = _rendered(call, params, known)
    args: dict[str, Any] = {name: value for name, value in call.args.items() if name not in OWN}
    args.update(_original_basename=source.name, _source_mode=known.mode)
    result = yield from write_file(call, args, _encoded(call, params, text), str(source))
    return result if result.get("failed") else {**result, "src": str(source)}


def _rendered(call: ActionCall, params: Params, known: KnownFile) -> str:
    content = known.content if known.content is not None else known.path.read_bytes()
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"template {known.path} is not UTF-8: {error.reason}"
        raise InputError.at(call.run.operation.position, message) from None
    if params.newline_sequence not in NEWLINES:
        raise InputError.at(call.run.operation.position, r"newline_sequence must be \n, \r or \r\n")
    options: dict[str, Any] = {name: getattr(params, name) for name in MARKS if getattr(params, name) is not None}
    overrides = TemplateOptions(newline_sequence=NEWLINES[params.newline_sequence], **options)
    scope, readable = _scope(call, known.path, params.dest), known.sha1 == known.checksum
    return call.renderer.file(text, str(known.path), scope, overrides, readable=readable)


def _scope(call: ActionCall, path: Path, dest: str) -> Scope:
    def text_of_managed() -> str:
        status = path.stat()
        about = {"file": str(path), "uid": _owner(status.st_uid), "host": socket.gethostname()}
        setting = call.renderer.settings.ansible_managed
        return managed(setting, about, status.st_mtime, lambda text: call.renderer.text(text, call.scope))

    values = Live(
        {"template_path": str(path), "template_destpath": dest},
        {
            "ansible_managed": text_of_managed,
            "template_host": socket.gethostname,
            "template_fullpath": lambda: str(path.resolve()),
            "template_uid": lambda: _owner(path.stat().st_uid),
            "template_mtime": lambda: datetime.datetime.fromtimestamp(path.stat().st_mtime).astimezone(),
            "template_run_date": lambda: datetime.datetime.now().astimezone(),
        },
    )
    return call.scope.with_layers(Layer(Level.MAGIC, "template", values, rendered=True))


def _owner(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return os.fspath(str(uid))


def _encoded(call: ActionCall, params: Params, text: str) -> bytes:
    try:
        return text.encode(params.output_encoding or "utf-8", "surrogateescape")
    except (LookupError, UnicodeEncodeError) as error:
        raise InputError.at(call.run.operation.position, f"output_encoding: {error}") from None


RETURNS = """
dest: The file written.
checksum: SHA-1 of the content.
md5sum: MD5 of the content, where that is not switched off.
uid: Number of the file's owner.
gid: Number of the file's group.
owner: Name of the file's owner.
group: Name of the file's group.
mode: The file's permissions in octal.
state: What is there now, or what was asked for.
size: The file's size in bytes.
src: Where the content came from.
msg: What was done, in words.
diff: What was before and what is after; whole with --diff.
"""

EXAMPLES = """
- name: The configuration
  template:
    src: app.conf.j2
    dest: /etc/app/app.conf
    owner: root
    group: app
    mode: "0640"
    validate: /usr/bin/app --check %s
"""
