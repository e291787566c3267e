"""Which release, mirror and settings the hosts get, read from a controller laid out in a temporary folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from provisioner.lab.apt_settings import SETTINGS_FILE, AptSettings, Release
from provisioner.lab.commands import Commands, Outcome

DUMP = 'Acquire "";\nAcquire::http::Proxy "http://cache.example:3142";\nAcquire::Languages:: "none";\n'
DEB822 = "Types: deb\nURIs: http://mirror.example/debian\n# more\nSuites: bookworm bookworm-updates\nComponents: main\n"
SECURITY = "deb http://mirror.example/debian-security bookworm-security main\n"


class Recorded(Commands):
    """Answers every command with one text."""

    def __init__(self, out: str) -> None:
        self.out = out
        self.calls: list[list[str]] = []

    def attempt(
        self,
        argv: Sequence[str],
        *,
        text: str | None = None,
        timeout_s: float = 60,
        environment: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Note the call."""
        self.calls.append(list(argv))
        return Outcome(0, self.out, "")


@pytest.fixture(name="controller")
def a_controller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("http_proxy", raising=False)
    monkeypatch.delenv("https_proxy", raising=False)
    root = tmp_path / "controller"
    (root / "etc/apt/sources.list.d").mkdir(parents=True)
    (root / "etc/os-release").write_text('ID=debian\nVERSION_CODENAME=bookworm\nNAME="Debian GNU/Linux"\n')
    (root / "etc/apt/sources.list.d/debian.sources").write_text(DEB822)
    (root / "etc/apt/sources.list.d/security.list").write_text(SECURITY)
    (root / "etc/apt/sources.list.d/old.list.disabled").write_text("deb http://gone.example x main\n")
    (root / "etc/apt/sources.list").write_text("# see sources.list.d\n")
    return root


@pytest.mark.parametrize(
    ("text", "codename", "is_ours"),
    [
        ("ID=debian\nVERSION_CODENAME=bookworm\n", "bookworm", True),
        ('ID=debian\nVERSION_CODENAME="trixie"\n', "trixie", True),
        ("ID=debian\nVERSION_CODENAME=bullseye\n", "bookworm", False),
        ("ID=ubuntu\nVERSION_CODENAME=noble\n", "bookworm", False),
        ("", "bookworm", False),
    ],
)
def test_the_release_follows_a_debian_controller(text: str, codename: str, is_ours: bool) -> None:
    assert Release.following(text) == Release(codename, is_ours)


def test_active_sources_are_taken_and_others_are_not(controller: Path) -> None:
    settings = AptSettings.of_controller(Recorded(DUMP), controller)
    assert sorted(settings.sources) == ["etc/apt/sources.list.d/debian.sources", "etc/apt/sources.list.d/security.list"]


def test_the_mirror_is_the_one_that_has_the_release_itself(controller: Path) -> None:
    assert AptSettings.of_controller(Recorded(DUMP), controller).mirror == "http://mirror.example/debian"
    (controller / "etc/apt/sources.list.d/debian.sources").unlink()
    one_line = "deb [signed-by=/k.gpg] http://old.example/debian bookworm main\n"
    (controller / "etc/apt/sources.list").write_text(one_line)
    assert AptSettings.of_controller(Recorded(DUMP), controller).mirror == "http://old.example/debian"


def test_a_proxy_of_apt_serves_debootstrap_too(controller: Path) -> None:
    settings = AptSettings.of_controller(Recorded(DUMP), controller)
    assert settings.environment == {"http_proxy": "http://cache.example:3142"}


def test_a_proxy_of_the_environment_reaches_the_hosts(controller: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://out.example:8080")
    settings = AptSettings.of_controller(Recorded(""), controller)
    assert 'Acquire::https::Proxy "http://out.example:8080";' in settings.acquire


def test_another_system_gets_debian_s_own_sources(controller: Path) -> None:
    (controller / "etc/os-release").write_text("ID=ubuntu\nVERSION_CODENAME=noble\n")
    settings = AptSettings.of_controller(Recorded(DUMP), controller)
    assert list(settings.sources) == ["etc/apt/sources.list"]
    assert settings.mirror == "http://deb.debian.org/debian"


def test_other_settings_ask_for_another_image(controller: Path) -> None:
    before = AptSettings.of_controller(Recorded(DUMP), controller).fingerprint
    assert AptSettings.of_controller(Recorded(DUMP), controller).fingerprint == before
    assert AptSettings.of_controller(Recorded(""), controller).fingerprint != before


def test_sources_settings_logins_keys_and_certificates_arrive(controller: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    (target / "etc/apt/apt.conf.d").mkdir(parents=True)
    (target / "etc/apt/sources.list").write_text("deb http://made.by.debootstrap x main\n")
    for name in ("usr/local/share/ca-certificates/own.crt", "etc/apt/keyrings/own.gpg", "etc/apt/auth.conf.d/own.conf"):
        (controller / name).parent.mkdir(parents=True)
        (controller / name).write_text(name)
    (controller / "etc/apt/auth.conf.d/own.conf").chmod(0o600)
    AptSettings.of_controller(Recorded(DUMP), controller).install_into(target, controller)
    files = sorted(str(path.relative_to(target)) for path in target.rglob("*") if path.is_file())
    assert files == [
        "etc/apt/apt.conf.d/90lab-controller",
        "etc/apt/auth.conf.d/own.conf",
        "etc/apt/keyrings/own.gpg",
        "etc/apt/sources.list.d/debian.sources",
        "etc/apt/sources.list.d/security.list",
        "usr/local/share/ca-certificates/own.crt",
    ]
    assert (target / "etc/apt/auth.conf.d/own.conf").stat().st_mode & 0o777 == 0o600
    assert (target / SETTINGS_FILE).read_text().splitlines() == DUMP.splitlines()[1:]
