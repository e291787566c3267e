"""uri: what is sent may lie on the controller; nothing is asked in check mode."""

from __future__ import annotations

import base64

from provisioner.execution.needs import Call
from provisioner.model.call import Reply
from tests.support.stage import Stage

URL = {"url": "http://192.0.2.1/", "method": "POST"}


def answered(call: Call) -> Reply:
    return Reply({"changed": False, "params": dict(call.request.params), "sent": str(call.request.body)})


def test_the_content_of_src_travels_along(stage: Stage) -> None:
    stage.answer = answered
    (stage.files / "files").mkdir()
    (stage.files / "files/note").write_text("hello")
    assert stage.run("uri", {**URL, "src": "note"})["sent"] == "b'hello'"


def test_a_file_of_the_host_stays_there(stage: Stage) -> None:
    stage.answer = answered
    assert stage.run("uri", {**URL, "src": "/etc/note", "remote_src": True})["sent"] == "None"


def test_files_of_a_form_travel_along_and_other_fields_as_they_are(stage: Stage) -> None:
    stage.answer = answered
    (stage.files / "note").write_bytes(b"\xff")
    form = {"a": {"filename": "note"}, "b": {"filename": "other", "content": "x"}, "c": "y"}
    said = stage.run("uri", {**URL, "body_format": "form-multipart", "body": form})
    sent = {**form["a"], "_content": base64.b64encode(b"\xff").decode()}  # type: ignore[dict-item]
    assert said["params"]["body"] == {**form, "a": sent}


def test_check_mode_asks_nobody(stage: Stage) -> None:
    said = stage.run("uri", URL, check=True)
    assert (said["skipped"], said["msg"]) == (True, "This action (uri) does not support check mode.")
    assert stage.needs == []
