"""script, raw, unarchive and assemble: what is sent, and what comes of it."""

from __future__ import annotations

import io
import tarfile

import pytest

from provisioner.execution.needs import RawCall
from provisioner.model.target import Target
from provisioner.remote.params import BadParameters
from tests.support.stage import Stage


def archive(**members: str) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as opened:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            opened.addfile(member, io.BytesIO(content.encode()))
    return packed.getvalue()


def test_a_script_runs_with_its_arguments_in_one_call(stage: Stage) -> None:
    stage.write("files/greet.sh", '#!/bin/sh\necho "hello $1"\n')
    result = stage.run("script", {"_raw_params": "greet.sh world"})
    assert (result["rc"], result["stdout"]) == (0, "hello world\n")
    assert len(stage.needs) == 1


def test_a_script_without_a_name_is_refused(stage: Stage) -> None:
    with pytest.raises(BadParameters, match="one of the following is required"):
        stage.run("script", {"_raw_params": ""})


def test_raw_passes_the_line_on_and_counts_as_a_change(stage: Stage) -> None:
    result = stage.run("raw", {"_raw_params": "uptime", "executable": "/bin/bash"})
    assert result["changed"]
    assert [need.command for need in stage.needs if isinstance(need, RawCall)] == ["/bin/bash -c uptime"]


def test_on_this_machine_everything_runs_in_the_playbooks_folder(stage: Stage) -> None:
    stage.target = Target("localhost", connection="local")
    stage.run("raw", {"_raw_params": "pwd"})
    stage.run("script", {"_raw_params": str(stage.write("files/x.sh", "#!/bin/sh\n"))})
    raw, script = stage.needs
    assert raw.command == f"cd {stage.files} 2>/dev/null; pwd"
    assert script.request.cwd == str(stage.files)


def test_elsewhere_it_runs_where_the_login_leads(stage: Stage) -> None:
    stage.run("raw", {"_raw_params": "pwd"})
    stage.run("script", {"_raw_params": str(stage.write("files/x.sh", "#!/bin/sh\n"))})
    raw, script = stage.needs
    assert (raw.command, script.request.cwd) == ("pwd", "")


def test_raw_is_skipped_in_check_mode(stage: Stage) -> None:
    assert stage.run("raw", {"_raw_params": "uptime"}, check=True)["skipped"]
    assert stage.needs == []


def test_an_archive_of_the_controllers_is_unpacked(stage: Stage) -> None:
    stage.write("files/site.tgz", archive(index="hello"))
    (stage.root / "srv").mkdir()
    assert stage.run("unarchive", {"src": "site.tgz", "dest": "/srv"})["changed"]
    assert (stage.root / "srv/index").read_text() == "hello"


def test_an_archive_is_not_sent_where_creates_is_there(stage: Stage) -> None:
    stage.write("files/site.tgz", archive(index="hello"))
    (stage.root / "srv").mkdir()
    args = {"src": "site.tgz", "dest": "/srv", "creates": "/srv/index"}
    assert stage.run("unarchive", args)["changed"]
    assert len(stage.calls) == 2
    stage.needs.clear()
    again = stage.run("unarchive", args)
    assert (again["changed"], again["skipped"]) == (False, True)
    assert [call.request.body for call in stage.calls] == [None]


def test_fragments_of_the_controllers_become_one_file(stage: Stage) -> None:
    for name, text in (("10-a", "one"), ("20-b", "two\n"), ("x.bak", "no")):
        stage.write(f"files/parts/{name}", text)
    args = {"src": "parts", "dest": "/whole", "remote_src": False, "regexp": r"^\d", "delimiter": "--"}
    assert stage.run("assemble", args)["changed"]
    assert (stage.root / "whole").read_text() == "one\n--\ntwo\n"
