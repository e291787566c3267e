"""Waivers count only when their owner signed the file, and only until their day."""

from __future__ import annotations

import subprocess
from datetime import date
from pathlib import Path

import pytest

from provisioner.diagnostics.errors import InputError
from provisioner.discovery.waivers import NAMESPACE, read_waivers

TODAY = date(2026, 11, 22)
TEXT = """\
waivers:
  - scope: packages
    what: "telnet*"
    reason: nobody uses it
    owner: jo@example.com
    until: 2027-01-31
  - scope: ports
    what: "tcp *:23"
    reason: it goes with telnet
    owner: jo@example.com
    until: 2026-11-21
"""


class Desk:
    """A folder with keys, waivers and a list of signers."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.signers = folder, folder / "signers"
        self.signers.write_text("# nobody yet\n", encoding="utf-8")

    def key(self, name: str, owner: str, kind: str = "ed25519") -> Path:
        path = self.folder / name
        bits = ["-b", "2048"] if kind == "rsa" else []
        subprocess.run(["ssh-keygen", "-q", "-t", kind, *bits, "-N", "", "-f", str(path)], check=True, timeout=30)
        with self.signers.open("a", encoding="utf-8") as stream:
            stream.write(f"{owner} {path.with_suffix('.pub').read_text(encoding='utf-8')}")
        return path

    def signed(self, key: Path, text: str = TEXT, namespace: str = NAMESPACE) -> Path:
        path = self.folder / "waivers.yml"
        path.write_text(text, encoding="utf-8")
        path.with_name("waivers.yml.sig").unlink(missing_ok=True)
        words = ["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", str(key), str(path)]
        subprocess.run(words, check=True, timeout=30, capture_output=True)
        return path


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_waivers_signed_by_their_owner_count_until_their_day(desk: Desk, kind: str) -> None:
    path = desk.signed(desk.key("jo", "jo@example.com", kind))
    found = read_waivers([path], desk.signers, TODAY)
    assert [(each.scope, each.what) for each in found.valid] == [("packages", "telnet*")]
    assert [(each.scope, each.until) for each in found.expired] == [("ports", date(2026, 11, 21))]


def test_a_file_changed_after_it_was_signed_does_not_count(desk: Desk) -> None:
    path = desk.signed(desk.key("jo", "jo@example.com"))
    path.write_text(TEXT.replace("telnet", "sshd"), encoding="utf-8")
    with pytest.raises(InputError, match="the file was changed after it was signed"):
        read_waivers([path], desk.signers, TODAY)


def test_a_key_that_nobody_named_does_not_count(desk: Desk) -> None:
    path = desk.signed(desk.key("jo", "jo@example.com"))
    other = desk.folder / "others"
    other.write_text("# none\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"its key SHA256:.* is none of the signers"):
        read_waivers([path], other, TODAY)


def test_a_signature_made_for_something_else_does_not_count(desk: Desk) -> None:
    path = desk.signed(desk.key("jo", "jo@example.com"), namespace="git")
    with pytest.raises(InputError, match="made for 'git', not for 'provisioner-waivers'"):
        read_waivers([path], desk.signers, TODAY)


def test_nobody_signs_for_another_owner(desk: Desk) -> None:
    path = desk.signed(desk.key("eve", "eve@example.com"))
    with pytest.raises(InputError, match=r"waivers\.yml:5:\d+.*the waiver's owner is jo@example.com, and eve@example"):
        read_waivers([path], desk.signers, TODAY)


def test_without_a_signature_the_way_to_make_one_is_shown(desk: Desk) -> None:
    path = desk.folder / "waivers.yml"
    path.write_text(TEXT, encoding="utf-8")
    with pytest.raises(InputError, match=r"is not signed(.|\n)*ssh-keygen -Y sign -n provisioner-waivers"):
        read_waivers([path], desk.signers, TODAY)
    with pytest.raises(InputError, match="nobody says whose keys may sign"):
        read_waivers([path], None, TODAY)


EMPTY = "-----BEGIN SSH SIGNATURE-----\nU1NIU0lHAAAAAQ==\n-----END SSH SIGNATURE-----\n"


@pytest.mark.parametrize("sign", ["", EMPTY, EMPTY.replace("U1NIU0lHAAAAAQ==", "%%%")])
def test_a_broken_signature_is_refused(desk: Desk, sign: str) -> None:
    path = desk.signed(desk.key("jo", "jo@example.com"))
    path.with_name("waivers.yml.sig").write_text(sign, encoding="utf-8")
    with pytest.raises(InputError, match="does not hold"):
        read_waivers([path], desk.signers, TODAY)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- x\n", "has no list 'waivers'"),
        ("waivers:\n  - just words\n", "a waiver is a mapping"),
        ("waivers:\n  - {scope: ports, what: x, owner: jo@example.com, until: 2027-01-01}\n", "has no reason"),
        (TEXT.replace("2027-01-31", "soon"), "'soon' is no date"),
        (TEXT.replace("reason: nobody", "why: x\n    reason: nobody"), "has an unknown why"),
    ],
)
def test_mistakes_in_the_file_are_named(desk: Desk, text: str, said: str) -> None:
    path = desk.signed(desk.key("jo", "jo@example.com"), text)
    with pytest.raises(InputError, match=said):
        read_waivers([path], desk.signers, TODAY)
