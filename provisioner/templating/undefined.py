"""Values that do not exist: they may be asked whether they are defined, given a default, and nothing else."""

from __future__ import annotations

from typing import Any, NoReturn

from jinja2.exceptions import UndefinedError
from jinja2.runtime import Undefined
from jinja2.utils import missing

from provisioner.templating.errors import UndefinedVariable


class UndefinedUsed(UndefinedError):
    """An undefined value was used; ``what`` tells which."""

    def __init__(self, message: str, what: Missing) -> None:
        super().__init__(message)
        self.what = what


class Missing(Undefined):
    """A name or attribute without a value. Attributes and items of it are missing for the same reason.

    ``missing_cause`` is set for a variable that exists but whose own template uses something undefined. Everything of
    ours has a long name, as any name could be an attribute that a template asks for.
    """

    __slots__ = ("missing_cause",)

    def __init__(
        self,
        hint: str | None = None,
        obj: Any = missing,
        name: str | None = None,
        exc: type[Exception] = UndefinedError,
        cause: UndefinedVariable | None = None,
    ) -> None:
        super().__init__(hint, obj, name, exc)  # type: ignore[arg-type]
        self.missing_cause = cause

    @property
    def missing_name(self) -> str:
        """The name that has no value."""
        return "" if self._undefined_name is None else str(self._undefined_name)

    @property
    def missing_owner(self) -> object:
        """The value that lacks the attribute ``missing_name``, or None where a variable is missing."""
        return None if self._undefined_obj is missing else self._undefined_obj

    @property
    def missing_hint(self) -> str | None:
        """Why it is undefined, where somebody said so."""
        return self._undefined_hint

    @property
    def missing_message(self) -> str:
        """What to say when it is used."""
        return self._undefined_message

    def missing_fail(self) -> NoReturn:
        """Say that this value was used."""
        raise UndefinedUsed(self._undefined_message, self)

    def _fail(self, *_args: object, **_kwargs: object) -> NoReturn:
        raise UndefinedUsed(self._undefined_message, self)

    def __getattr__(self, name: str) -> Any:
        if name[:2] == "__":
            raise AttributeError(name)
        return self

    def __getitem__(self, _key: object) -> Any:
        return self

    def __repr__(self) -> str:
        return f"AnsibleUndefined({self._undefined_message!r})"

    __iter__ = __str__ = __len__ = __eq__ = __ne__ = __bool__ = __hash__ = __contains__ = _fail
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _fail
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = _fail
    __pos__ = __neg__ = __call__ = __lt__ = __le__ = __gt__ = __ge__ = _fail
    __int__ = __float__ = __complex__ = __pow__ = __rpow__ = _fail
