"""The script that asks a host, and the reading of its answer: what fails is said, never left out."""

from __future__ import annotations

import shutil
import subprocess
from types import SimpleNamespace

import pytest

from provisioner.diagnostics.errors import InputError
from provisioner.discovery import probing
from provisioner.discovery.probing import Answer, Wanted, scope_module, scope_names, script, snapshot_of
from provisioner.discovery.sections import Finding, Sections
from provisioner.discovery.snapshot import Coverage, Snapshot, Taken

SHELLS = [shell for shell in ("sh", "dash", "bash", "busybox") if shutil.which(shell)]


def asked(text: str, shell: str = "sh") -> Answer:
    """Return what a shell of this machine says to a script, which reads only."""
    done = subprocess.run([*([shell, "sh"] if shell == "busybox" else [shell]), "-s"],
                          input=text, capture_output=True, text=True, timeout=60, check=False)  # fmt: skip
    return Answer(done.stdout, done.stderr, heard_at=1000.0, seconds=0.1)


def taken(answer: Answer, token: str = "t0") -> Snapshot:
    return snapshot_of("here", "10.0.0.1", answer, token, Taken(1000.0, 0.1, "", "0.1"))


@pytest.fixture
def scopes(monkeypatch: pytest.MonkeyPatch) -> dict[str, SimpleNamespace]:
    """Scopes of the test's own."""
    made: dict[str, SimpleNamespace] = {}
    monkeypatch.setattr(probing, "scope_names", lambda asked=(): tuple(asked or sorted(made)))
    monkeypatch.setattr(probing, "scope_module", made.__getitem__)
    return made


def lines(said: Sections) -> Finding:
    return Finding({line: {} for line in said.lines("all")}, partly=["by the reader"] if "gap" in said else [])


@pytest.mark.parametrize("shell", SHELLS)
def test_the_whole_script_is_one_that_every_shell_reads(shell: str) -> None:
    words = [shell, "sh", "-n"] if shell == "busybox" else [shell, "-n"]
    done = subprocess.run(words, input=script(Wanted(), "t0"), capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", scope_names())
def test_every_scope_has_a_probe_a_reader_rules_and_a_reader_that_takes_an_empty_answer(name: str) -> None:
    module = scope_module(name)
    assert (module.__doc__ or "").strip().partition("\n")[0].endswith(".")
    assert isinstance(module.RULES, tuple)
    assert "mktemp" not in module.PROBE
    assert isinstance(module.read(Sections({})), Finding)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_probe_that_fails_is_said_and_does_not_hurt_the_others(
    scopes: dict[str, SimpleNamespace], shell: str
) -> None:
    scopes["bad"] = SimpleNamespace(PROBE="echo 'no such table' >&2; return 3", read=lines)
    scopes["exits"] = SimpleNamespace(PROBE="exit 4", read=lines)
    scopes["good"] = SimpleNamespace(PROBE="section all; echo one; printf two; false", read=lines)
    scopes["some"] = SimpleNamespace(PROBE="section all; echo one; partly no second; echo three", read=lines)
    scopes["none"] = SimpleNamespace(PROBE="nothing there is no tool; section all; echo one", read=lines)
    scopes["silent"] = SimpleNamespace(PROBE="section all; cat", read=lines)
    found = taken(asked(script(Wanted(), "t0"), shell)).scopes
    assert (found["bad"].coverage, found["bad"].why) == (Coverage.NONE, ("the probe failed with 3: no such table",))
    assert found["exits"].why == ("the probe failed with 4",)
    assert (found["good"].coverage, list(found["good"].items)) == (Coverage.FULL, ["one", "two"])
    assert (found["some"].coverage, found["some"].why) == (Coverage.PARTLY, ("no second",))
    assert list(found["some"].items) == ["one", "three"]
    assert (found["none"].coverage, found["none"].items) == (Coverage.NONE, {})
    assert found["silent"].items == {}


def test_an_answer_that_breaks_off_covers_nothing_from_there_on(scopes: dict[str, SimpleNamespace]) -> None:
    scopes["first"] = SimpleNamespace(PROBE="section all; echo one", read=lines)
    scopes["second"] = SimpleNamespace(PROBE="section all; echo two", read=lines)
    whole = asked(script(Wanted(), "t0"))
    found = taken(Answer(whole.out[: whole.out.index("two")], whole.err)).scopes
    assert found["first"].coverage is Coverage.FULL
    assert found["second"].why == ("the answer ended in the middle",)


def test_a_reader_that_stumbles_is_said(scopes: dict[str, SimpleNamespace]) -> None:
    def stumbles(_said: Sections) -> Finding:
        raise ValueError("odd line")

    scopes["odd"] = SimpleNamespace(PROBE=":", read=stumbles)
    assert taken(asked(script(Wanted(), "t0"))).scopes["odd"].why == (
        "its answer could not be read: ValueError: odd line",
    )


def test_what_a_login_says_before_and_carriage_returns_do_no_harm(scopes: dict[str, SimpleNamespace]) -> None:
    scopes["good"] = SimpleNamespace(PROBE="section all; echo one", read=lines)
    answer = asked(script(Wanted(), "t0"))
    noisy = Answer("Welcome!\nno newline" + answer.out.replace("\n", "\r\n"), answer.err)
    assert list(taken(noisy).scopes["good"].items) == ["one"]


def test_a_file_cannot_pretend_to_be_a_mark(scopes: dict[str, SimpleNamespace]) -> None:
    scopes["good"] = SimpleNamespace(PROBE="section all; echo '@@other section all'; echo '@@ over'", read=lines)
    found = taken(asked(script(Wanted(), "t0"))).scopes["good"]
    assert list(found.items) == ["@@ over", "@@other section all"]


def test_bytes_of_another_encoding_are_shown_as_escapes(scopes: dict[str, SimpleNamespace]) -> None:
    scopes["good"] = SimpleNamespace(PROBE="section all; echo caf?", read=lines)
    answer = asked(script(Wanted(), "t0"))
    found = taken(Answer(answer.out.replace("caf?", "caf\udce9"), answer.err))
    assert list(found.scopes["good"].items) == ["caf\\xe9"]
    assert found.text().encode("utf-8")


def test_a_host_whose_shell_did_not_begin_is_an_error() -> None:
    with pytest.raises(ValueError, match="did not run the probe: This account is not available"):
        taken(Answer("hello\n", "This account is not available\n"))


def test_the_user_and_the_offset_of_the_clock_are_noted(scopes: dict[str, SimpleNamespace]) -> None:
    scopes["os"] = SimpleNamespace(PROBE=":", read=lambda _said: Finding())
    answer = Answer("\n@@t0 start ops 1002.250000000\n\n@@t0 scope os\n\n@@t0 end 0\n\n@@t0 over\n", "", 1000.0, 1.0)
    found = taken(answer)
    assert found.taken.user == "ops"
    assert found.measured["os"] == {"epoch": 1002.25, "clock_offset_s": 2.25}


def test_a_scope_there_is_not_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(InputError, match=r"there is no scope 'packges'(.|\n)*did you mean 'packages'"):
        script(Wanted(scopes=("packges",)), "t0")


@pytest.mark.parametrize("place", ["etc", "/etc;reboot $(x)", "/a b", "/a*"])
def test_a_place_with_signs_of_the_shell_is_refused(place: str) -> None:
    with pytest.raises(InputError, match="cannot be a place"):
        script(Wanted(places=(place,)), "t0")


def test_this_machine_can_be_asked_for_what_it_is() -> None:
    wanted = Wanted(scopes=("os", "hardware", "mounts"))
    first, second = (taken(asked(script(wanted, "t0"))) for _time in range(2))
    assert first.hash == second.hash
    assert first.items("os")["kernel"]["architecture"]
    assert first.items("hardware")["memory"]["bytes"]
