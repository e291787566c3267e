"""Ask a web service from the host; what is sent may lie on the controller."""

from __future__ import annotations

import base64
from collections.abc import Generator, Mapping
from typing import Any

from provisioner.execution.judge import result_of
from provisioner.execution.needs import Need, Steps
from provisioner.execution.sending import read
from provisioner.execution.task_run import ActionCall
from provisioner.remote.modules.uri import EXAMPLES, TRAITS, Params
from provisioner.remote.system.web_bodies import CONTENT

__all__ = ["EXAMPLES", "TRAITS", "Params", "run"]


def run(call: ActionCall) -> Steps:
    """Send the content of ``src`` and of files of a form along, unless they lie on the host."""
    if call.check:
        return {"changed": False, "skipped": True, "msg": "This action (uri) does not support check mode."}
    args = dict(call.args)
    params = Params.parse(args)
    if params.remote_src:
        return result_of((yield call.remote("uri", args)))
    if params.body_format == "form-multipart" and isinstance(params.body, Mapping):
        args["body"] = yield from _with_files(call, params.body)
    if params.src is None:
        return result_of((yield call.remote("uri", args)))
    known = yield from read(call, call.find_file(params.src, "files"), decrypts=True)
    return result_of((yield call.remote("uri", args, body=known.body)))


def _with_files(call: ActionCall, form: Mapping[str, Any]) -> Generator[Need, Any, Mapping[str, Any]]:
    """Return the form with the content of files that are named in it."""
    found = dict(form)
    for name, field in form.items():
        if isinstance(field, Mapping) and field.get("filename") and not field.get("content"):
            known = yield from read(call, call.find_file(str(field["filename"]), "files"), decrypts=True)
            content = known.body if isinstance(known.body, bytes) else known.path.read_bytes()
            found[name] = {**field, CONTENT: base64.b64encode(content).decode("ascii")}
    return found
