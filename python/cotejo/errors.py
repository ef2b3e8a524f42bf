"""Exceptions of cotejo: one class a cause, each with what to do next in ``remedy``.

The words are those of the command line. None of them carries a secret.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = [
    "AgreementError",
    "AnswerError",
    "CotejoError",
    "CotejoWarning",
    "DamagedError",
    "FileSystemError",
    "GalleryError",
    "InputError",
    "OtherAgreementError",
    "OtherKeyError",
    "QueryError",
    "ServiceError",
    "TemplatesError",
]


class CotejoError(Exception):
    """Why something was not done.

    >>> try:
    ...     raise CotejoError("answer", "the file ends too soon", "get it again")
    ... except CotejoError as error:
    ...     print(error)
    answer: the file ends too soon; get it again
    """

    place: str
    """The file, message or argument at fault."""
    what: str
    """What is wrong with it."""
    remedy: str
    """What to do next."""
    details: tuple[str, ...]
    """One line each, where there are several faults."""

    def __init__(self, place: str, what: str, remedy: str, details: Sequence[str] = ()) -> None:
        super().__init__(place, what, remedy, tuple(details))
        self.place, self.what, self.remedy, self.details = place, what, remedy, tuple(details)

    def __str__(self) -> str:
        shown = [f"{self.place}: {self.what}; {self.remedy}", *self.details[:10]]
        if len(self.details) > 10:
            shown.append(f"and {len(self.details) - 10} more")
        return "\n  ".join(shown)


class CotejoWarning(UserWarning):
    """What must be known, and is no error."""


class InputError(CotejoError, ValueError):
    """An argument or a configuration."""


class FileSystemError(CotejoError, OSError):
    """The system refuses to do something with a file."""

    def __init__(self, place: str, what: str, remedy: str, details: Sequence[str] = ()) -> None:
        super().__init__(place, what, remedy, details)
        # OSError takes the first of these for a number of the system's, and has a text of its own.
        self.errno = self.strerror = self.filename = None

    __str__ = CotejoError.__str__


class AgreementError(CotejoError, ValueError):
    """Terms that are no agreement."""


class TemplatesError(CotejoError, ValueError):
    """Templates that cannot be used, or ids that do not go with them."""


class GalleryError(CotejoError):
    """A gallery that is damaged, empty or of other terms."""


class DamagedError(CotejoError, ValueError):
    """Bytes that are damaged, or not what is expected."""


class OtherAgreementError(CotejoError, ValueError):
    """A file or message of another agreement, scheme, parameter set or version."""


class OtherKeyError(CotejoError, ValueError):
    """A file or message of another key."""


class QueryError(CotejoError, ValueError):
    """A query that is not answered."""


class AnswerError(CotejoError, ValueError):
    """An answer that is not read."""


class ServiceError(CotejoError):
    """What a custodian, or the network on the way to it, did."""

    number: str | None = None
    """The request that has no verdicts yet; ``Client.resume(number)`` goes on with it."""
    ending: str | None = None
    """How it ended: waiting, refused, unanswered, forgotten."""
