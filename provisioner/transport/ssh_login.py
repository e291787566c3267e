"""Logging in with Paramiko: key files, agent, password, in OpenSSH's spirit; what was tried is told when all fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import paramiko
from paramiko.auth_strategy import AuthResult, AuthSource, AuthStrategy
from paramiko.config import SSHConfig
from paramiko.pkey import UnknownKeyType
from paramiko.ssh_exception import AuthenticationException, BadAuthenticationType, SSHException

from provisioner.diagnostics.errors import Unreachable
from provisioner.model.target import Target

from .failures import where
from .ssh_options import Route

Attempt = tuple[str, Callable[[paramiko.Transport], list[str]]]


class Login(AuthStrategy):
    """Tries what the target offers until the host is content; a second factor (key, then password) is followed."""

    def __init__(self, target: Target, route: Route) -> None:
        super().__init__(ssh_config=SSHConfig())
        self._target, self._route = target, route
        self._tried: list[str] = []
        self._accepted: tuple[str, ...] = ()
        self._agent: paramiko.Agent | None = None

    def get_sources(self) -> Iterator[AuthSource]:
        """Paramiko's way to list methods; ours is ``authenticate``, which also follows second factors."""
        return iter(())

    def authenticate(self, transport: paramiko.Transport) -> AuthResult:
        """Log in or raise Unreachable naming every method tried."""
        try:
            for name, attempt in self._attempts():
                if self._succeeds(transport, name, attempt):
                    return AuthResult(strategy=self)
                if not transport.is_active():
                    self._tried.append("the host then closed the connection (too many attempts?)")
                    break
        finally:
            if self._agent is not None:
                self._agent.close()
        raise Unreachable(self._text())

    def _succeeds(self, transport: paramiko.Transport, name: str, attempt: Callable[..., list[str]]) -> bool:
        try:
            more = attempt(transport)
        except BadAuthenticationType as error:
            self._accepted = tuple(error.allowed_types)
            self._tried.append(f"{name}: not accepted by this host")
            return False
        except AuthenticationException as error:
            self._tried.append(f"{name}: {'refused' if 'uthentication' in str(error) else error}")
            return False
        except (SSHException, EOFError, OSError) as error:
            self._tried.append(f"{name}: {error or type(error).__name__}")
            return False
        if more:
            self._tried.append(f"{name}: accepted, but the host also wants {' or '.join(more)}")
        return not more

    def _attempts(self) -> Iterator[Attempt]:
        user = self._route.user
        for key in self._route.keys or ():
            yield from self._key_file(key)
        if not self._route.identities_only:
            self._agent = paramiko.Agent()
            for held in self._agent.get_keys():
                yield f"agent key {held.get_name()} {held.comment or ''}".strip(), _with_key(user, held)
        for key in self._route.default_keys:
            yield from self._key_file(key)
        password = self._target.password
        if password is not None:
            yield "password", lambda transport: transport.auth_password(user, password)

    def _key_file(self, path: str) -> Iterator[Attempt]:
        name = f"key {path}"
        try:
            passphrase = _bytes(self._target.private_key_passphrase)
            key = paramiko.PKey.from_path(path, passphrase)  # type: ignore[arg-type] # declared as text, wants bytes
        except FileNotFoundError:
            self._tried.append(f"{name}: there is no such file")
        except OSError as error:
            self._tried.append(f"{name}: {error.strerror}")
        except TypeError:
            self._tried.append(f"{name}: needs a passphrase and none was given")
        except (ValueError, SSHException, UnknownKeyType) as error:
            given = " (or the passphrase is wrong)" if self._target.private_key_passphrase else ""
            self._tried.append(f"{name}: cannot be read{given}: {error}")
        else:
            yield name, _with_key(self._route.user, key)

    def _text(self) -> str:
        tried = (
            "".join(f"\n    tried {each}" for each in self._tried) or "\n    nothing to try: no key, agent or password"
        )
        accepts = f"\n    the host accepts: {', '.join(self._accepted)}" if self._accepted else ""
        return (
            f"{where(self._target)}: login as '{self._route.user}' was refused{tried}{accepts}\n"
            "    hint: ansible_user, ansible_ssh_private_key_file, ansible_password (--ask-pass), or ssh-add the key"
        )


def _with_key(user: str, key: paramiko.PKey) -> Callable[[paramiko.Transport], list[str]]:
    return lambda transport: transport.auth_publickey(user, key)


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else text.encode()
