"""Copy files, folders or given text to hosts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from provisioner.execution.files import SMALL, KnownFile, Leaf, tree
from provisioner.execution.judge import result_of
from provisioner.execution.needs import Result, Steps, locally
from provisioner.execution.sending import offer_file, pack, read, unreadable, write_file
from provisioner.execution.task_run import ActionCall
from provisioner.remote.change import Traits
from provisioner.remote.modules.copy import EXAMPLES, Params
from provisioner.remote.params import demand

__all__ = ["EXAMPLES", "TRAITS", "Params", "run"]

TRAITS = Traits()
OF_TEXT = "0600"
"""What ``mode: preserve`` means for content that no file has: that of the file Ansible would have written it to."""


def run(call: ActionCall) -> Steps:
    """Send what the task names; what is on the host already is the module's own business."""
    written = _without_aliases(call.args)
    _look_over(written)
    params = Params.parse(written)
    if params.remote_src:
        return result_of((yield call.remote("copy", written)))
    if written.get("content") is not None:
        return (yield from _text(call, written))
    source = call.find_file(str(params.src), "files")
    if source.is_dir():
        return (yield from _folder(call, params, written, source))
    known = yield from read(call, source, decrypts=params.decrypt)
    args = {**written, "src": str(source), "_original_basename": source.name, "_source_mode": known.mode}
    if known.content is not None and known.size <= SMALL:
        return (yield from write_file(call, _without_content(args, known), known.content, str(source)))
    return (yield from offer_file(call, args, known))


def _look_over(args: Mapping[str, Any]) -> None:
    source, content, dest = args.get("src"), args.get("content"), args.get("dest")
    demand(bool(source) or content is not None, "src (or content) is required")
    demand(bool(dest), "dest is required")
    demand(not source or content is None, "src and content are mutually exclusive")
    demand(content is None or not str(dest).endswith("/"), "can not use content with a dir as dest")


def _without_aliases(args: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments by their own names. They are not parsed: a ``~`` in them means a home on the host."""
    names = Params.names()
    return {names.get(key, key): value for key, value in args.items() if value is not None}


def _without_content(args: dict[str, Any], known: KnownFile) -> dict[str, Any]:
    """An empty file is sent as empty text, which cannot be given beside ``src``."""
    return args if known.size else {key: value for key, value in args.items() if key != "src"}


def _text(call: ActionCall, args: dict[str, Any]) -> Steps:
    args.pop("src", None)
    content = args.pop("content")
    text = content if isinstance(content, str) else json.dumps(content)
    args["_source_mode"] = OF_TEXT
    return (yield from write_file(call, args, text.encode("utf-8", "surrogateescape"), str(args.get("dest"))))


# ---------------------------------------------------------------------- folders


def _folder(call: ActionCall, params: Params, args: dict[str, Any], source: Path) -> Steps:
    """Send the list of what the folder holds, then one body with the content the host lacks."""
    is_inside = str(params.src).endswith("/")
    cache, loading = call.run.play.run.files, call.run.play.run.loading
    vault = loading.vault if params.decrypt else None

    def known(path: Path) -> KnownFile:
        return cache.file(path, vault)

    def listed() -> list[Leaf]:
        return list(tree(source, known, whole=not is_inside, follows=params.local_follow))

    try:
        leaves = yield from locally(listed, call.resolved.route)
    except OSError as error:
        raise unreadable(call, source, error) from None
    manifest = [leaf.words for leaf in leaves]
    sent = {**args, "src": f"{source}/" if is_inside else str(source), "_tree": manifest}
    result = result_of((yield call.remote("copy", sent, last=False)))
    needed = result.pop("_needed", None)
    if not needed or call.check:
        return result
    sources = {leaf.path: leaf.source for leaf in leaves}
    packed = yield from locally(lambda: pack(call, [(name, known(sources[name])) for name in needed]))
    try:
        return _with_diff(result_of((yield call.remote("copy", sent, body=packed))), result)
    finally:
        packed.unlink(missing_ok=True)


def _with_diff(result: Result, asked: Result) -> Result:
    if "diff" in asked:
        result.setdefault("diff", asked["diff"])
    return result
