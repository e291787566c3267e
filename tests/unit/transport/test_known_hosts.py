"""Which host keys are known, and what is done about the others."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import paramiko
import pytest

from provisioner.diagnostics.errors import Unreachable
from provisioner.model.target import Target
from provisioner.transport.known_hosts import HostKeys, fingerprint, known_keys
from provisioner.transport.ssh_options import route


@pytest.fixture(name="key", scope="module")
def a_host_key() -> paramiko.PKey:
    return paramiko.ECDSAKey.generate()


@pytest.fixture(name="file")
def known_hosts_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / "known_hosts"


def line(name: str, key: paramiko.PKey) -> str:
    return f"{name} {key.get_name()} {key.get_base64()}\n"


def decide(file: Path, key: paramiko.PKey, *, checking: str = "yes", port: int = 22) -> list[str]:
    notices: list[str] = []
    target = Target("web", address="10.0.0.1", port=port, known_hosts=str(file), host_key_checking=checking)
    way = replace(route(target, notices.append), known_hosts=(str(file),))
    HostKeys(target, way, notices.append).missing_host_key(None, "10.0.0.1", key)
    return notices


def test_a_known_key_is_accepted(file: Path, key: paramiko.PKey) -> None:
    file.write_text(line("other,10.0.0.1", key))
    assert decide(file, key) == []


def test_a_port_of_its_own_has_a_name_of_its_own(file: Path, key: paramiko.PKey) -> None:
    file.write_text(line("[10.0.0.1]:2222", key))
    assert decide(file, key, port=2222) == []
    with pytest.raises(Unreachable):
        decide(file, key)


def test_a_key_known_by_plain_name_counts_on_any_port(file: Path, key: paramiko.PKey) -> None:
    file.write_text(line("10.0.0.1", key))
    assert decide(file, key, port=2222) == []


def test_an_unknown_key_is_refused_with_fingerprint_and_remedy(file: Path, key: paramiko.PKey) -> None:
    with pytest.raises(Unreachable) as caught:
        decide(file, key)
    text = str(caught.value)
    assert fingerprint(key) in text
    assert "ssh-keyscan" in text
    assert "accept-new" in text
    assert "host web" in text


def test_a_changed_key_is_refused_loudly_even_when_new_ones_are_accepted(file: Path, key: paramiko.PKey) -> None:
    file.write_text(line("10.0.0.1", paramiko.ECDSAKey.generate()))
    for checking in ("yes", "accept-new"):
        with pytest.raises(Unreachable, match="REFUSED"):
            decide(file, key, checking=checking)


def test_a_revoked_key_is_refused(file: Path, key: paramiko.PKey) -> None:
    file.write_text(line("10.0.0.1", key) + "@revoked " + line("*", key))
    with pytest.raises(Unreachable, match="revoked"):
        decide(file, key)


def test_new_keys_are_stored_and_named_when_asked(file: Path, key: paramiko.PKey) -> None:
    file.write_text("# no newline at the end")
    notices = decide(file, key, checking="accept-new")
    assert fingerprint(key) in notices[0]
    assert file.read_text() == "# no newline at the end\n" + line("10.0.0.1", key)
    assert decide(file, key) == []


def test_without_checking_everything_goes(file: Path, key: paramiko.PKey) -> None:
    file.write_text(line("10.0.0.1", paramiko.ECDSAKey.generate()))
    assert decide(file, key, checking="no") == []


def test_hashed_names_and_patterns_match(file: Path, key: paramiko.PKey) -> None:
    file.write_text(line("10.0.0.1", key))
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(file)], check=True, capture_output=True)
    assert file.read_text().startswith("|1|")
    assert known_keys([str(file)], "10.0.0.1") == [("", key.get_name(), key.get_base64())]
    assert known_keys([str(file)], "10.0.0.2") == []
    file.write_text(line("10.0.*,!10.0.0.9", key))
    assert len(known_keys([str(file)], "10.0.0.1")) == 1
    assert known_keys([str(file)], "10.0.0.9") == []


def test_a_fingerprint_reads_as_ssh_keygen_shows_it(tmp_path: Path, key: paramiko.PKey) -> None:
    public = tmp_path / "k.pub"
    public.write_text(f"{key.get_name()} {key.get_base64()}\n")
    shown = subprocess.run(["ssh-keygen", "-lf", str(public)], check=True, capture_output=True, text=True).stdout
    assert fingerprint(key).split()[1] in shown
