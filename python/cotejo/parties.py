"""The two parties of an exchange, and what crosses between them: bytes."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, Union

import numpy as np

from . import _native
from ._native import Refused
from ._telling import ProgressArgument, Telling
from ._templates import records
from .agreement import Agreement, Path
from .errors import InputError, TemplatesError

Verdicts = Union["np.ndarray[Any, np.dtype[np.bool_]]", "np.ndarray[Any, np.dtype[np.int64]]", "list[Handles]"]


class Handles(list["str | None"]):
    """The record handles of those who match a probe; ``None`` of one to whom the custodian gave none.

    Where more match than handles are told of, it is empty, and :attr:`more_than` says how many are told of.
    """

    more_than: int | None = None


def skips(on_invalid: str) -> bool:
    """Whether templates that cannot be used are left out.

    >>> skips("skip"), skips("raise")
    (True, False)
    """
    if on_invalid not in ("raise", "skip"):
        raise InputError("on_invalid", f"{on_invalid!r}", 'give "raise" or "skip"')
    return on_invalid == "skip"


class _Stays:
    """What is neither copied nor pickled: it would be where nobody looks after it."""

    __slots__ = ()

    _because: str

    def __reduce__(self) -> Any:
        raise TypeError(f"a {type(self).__name__} {self._because}")

    def __copy__(self) -> Any:
        return self.__reduce__()

    def __deepcopy__(self, _: object) -> Any:
        return self.__reduce__()


_SECRETS = "holds secrets: it cannot be copied or pickled; write it to a folder with save()"
_TEMPLATES = "holds biometric data: it cannot be copied or pickled; galleries are written with cotejo.enroll()"


class Querier(_Stays):
    """The authority that asks. Holds the secret key: it cannot be printed, copied or pickled.

    >>> terms = Agreement.face(4, parameter_set="insecure-test", allow_insecure=True)
    >>> querier = Querier.generate(terms, allow_insecure=True)
    >>> custodian = Custodian(terms, gallery=[[0.7, -0.2, 0.5, 0.1], [0.1, 0.9, -0.2, 0.4]], ids=["anna", "bert"])
    >>> custodian.admit(querier.evaluation_key)
    >>> query, pending = querier.encrypt([[0.1, 0.9, -0.3, 0.4], [-1, 0, 0, 0]], ids=["case 7", "case 8"])
    >>> answer = custodian.match(query)
    >>> pending.decrypt(answer)
    array([ True, False])
    """

    __slots__ = ("_native", "terms")

    _because = _SECRETS

    def __init__(self, terms: Agreement, native: _native.Querier) -> None:
        self.terms, self._native = terms, native

    @classmethod
    def generate(cls, terms: Agreement, *, allow_insecure: bool = False) -> Querier:
        """Makes fresh keys, of a set of less than 128 bits of security only where that is allowed."""
        if not (terms.is_secure or allow_insecure):
            what = f"parameter set {terms.parameter_set} has less than 128 bits of security"
            raise InputError("agreement", what, "agree on another, or allow it for a test: allow_insecure=True")
        return cls(terms, _native.Querier.generate(terms._native))

    @classmethod
    def load(cls, folder: Path, terms: Agreement, *, passphrase: str | None = None) -> Querier:
        """Reads the keys of a folder of ``cotejo keygen`` or :meth:`save`."""
        return cls(terms, _native.Querier.load(terms._native, folder, passphrase))

    def save(self, folder: Path, *, passphrase: str | None = None, overwrite: bool = False) -> None:
        """Writes ``secret.key``, readable for its owner alone, and ``evaluation.key``."""
        self._native.save(folder, passphrase, overwrite)

    @property
    def evaluation_key(self) -> bytes:
        """The public key: the custodian gets it, once."""
        return self._native.evaluation_key

    @property
    def key_id(self) -> str:
        """Names the keys."""
        return self._native.key_id

    def encrypt(
        self,
        probes: Any,
        *,
        ids: Any = None,
        masks: Any = None,
        eyes: Iterable[str | None] | None = None,
        column: str | None = None,
        id_column: str | None = None,
        reference: str | None = None,
        on_invalid: str = "raise",
    ) -> tuple[bytes, Pending]:
        """Encrypts probes: the query, for the custodian, and what waits for its answer, which stays here.

        ``reference`` asks about one enrolled person alone (1:1), whom it names to the custodian.
        """
        given = records(
            self.terms, probes, masks=masks, ids=ids, eyes=eyes, column=column, id_column=id_column, place="probes"
        )
        query, pending, skipped = self._native.encrypt(given, reference, skips(on_invalid))
        return query, Pending(self.terms, pending, skipped)

    def decrypt(self, answer: bytes, folder: Path) -> Verdicts:
        """The verdicts of an answer to a query of which the folder of the keys remembers (:meth:`Pending.save`, ``cotejo encrypt``)."""
        return self.pending(answer, folder).decrypt(answer)

    def pending(self, answer: bytes, folder: Path) -> Pending:
        """What the folder of the keys remembers of the query that is answered."""
        return Pending(self.terms, self._native.pending(folder, bytes(answer)), [])

    def __repr__(self) -> str:
        return repr(self._native)


class Pending(_Stays):
    """A query that waits for its answer. Whom it is about stays here: it cannot be copied or pickled."""

    __slots__ = ("_native", "skipped", "terms")

    _because = _SECRETS

    skipped: list[Refused]
    """Probes that were left out (``on_invalid="skip"``), each with its number, from 1, and the reason."""

    def __init__(self, terms: Agreement, native: _native.Pending, skipped: list[Refused]) -> None:
        self.terms, self._native, self.skipped = terms, native, skipped

    @property
    def query_id(self) -> str:
        """Names the query."""
        return self._native.query_id

    @property
    def ids(self) -> list[str]:
        """Whose probes were asked about, in the order of the verdicts."""
        return self._native.ids

    def save(self, folder: Path) -> None:
        """Writes it into the folder of the keys, where ``cotejo decrypt`` and :meth:`Querier.decrypt` find it."""
        self._native.save(folder)

    def decrypt(self, answer: bytes) -> Verdicts:
        """The verdicts, in the order of :attr:`ids`; an answer is read once.

        ========== ==========================================================================
        disclosure verdicts
        ========== ==========================================================================
        any        an array of bool: whether anybody matches
        each       an array of bool, a row a probe and a column an enrolled subject
        count      an array of int: how many match
        labelled   a list a probe of the handles of those who match (:class:`Handles`)
        ========== ==========================================================================
        """
        said = self._native.read(bytes(answer))
        disclosure = self.terms.disclosure
        if disclosure == "each":
            return np.array([bits for _, bits, *_ in said], dtype=np.bool_)
        if disclosure == "count":
            return np.array([count for _, _, count, *_ in said], dtype=np.int64)
        if disclosure == "labelled":
            return [_handles(handles, more_than) for *_, handles, more_than in said]
        return np.array([hit for hit, *_ in said], dtype=np.bool_)

    def __repr__(self) -> str:
        return repr(self._native)


def _handles(handles: list[str | None] | None, more_than: int | None) -> Handles:
    made = Handles(handles or [])
    made.more_than = more_than
    return made


class Gallery(_Stays):
    """Enrolled references, in the clear: the custodian's alone."""

    __slots__ = ("_native", "skipped", "terms")

    _because = _TEMPLATES

    skipped: list[Refused]
    """Records that were left out, each with its number, from 1, and the reason.

    These are those that cannot be used (``on_invalid="skip"``), and those below ``minimum_quality``: failures to enrol.
    """

    def __init__(
        self,
        terms: Agreement,
        templates: Any,
        *,
        ids: Any = None,
        masks: Any = None,
        eyes: Iterable[str | None] | None = None,
        handles: Iterable[str | None] | str | None = None,
        quality: Iterable[float] | None = None,
        minimum_quality: float | None = None,
        column: str | None = None,
        id_column: str | None = None,
        on_invalid: str = "raise",
        progress: ProgressArgument = False,
    ) -> None:
        self.terms = terms
        beside = {"masks": masks, "ids": ids, "eyes": eyes, "handles": handles, "quality": quality}
        given = records(terms, templates, **beside, column=column, id_column=id_column, place="gallery")
        skip = skips(on_invalid)
        with Telling(progress) as telling:
            self._native, self.skipped = _native.enrol(terms._native, given, skip, minimum_quality, telling)

    @classmethod
    def load(cls, path: Path, terms: Agreement) -> Gallery:
        """Maps the file of a gallery (``cotejo enroll``, :func:`cotejo.enroll`): it need not fit in memory."""
        made = cls.__new__(cls)
        made.terms, made._native, made.skipped = terms, _native.Gallery(terms._native, path), []
        return made

    def __len__(self) -> int:
        return len(self._native)

    @property
    def references(self) -> int:
        """How many references there are in all."""
        return self._native.references

    @property
    def version(self) -> str:
        """Names this content in answers."""
        return self._native.version

    @property
    def ids(self) -> list[str]:
        """The ids, in the order of enrolment."""
        return self._native.ids()

    def __repr__(self) -> str:
        return f"<Gallery of {len(self)} subjects with {self.references} references>"


class Custodian(_Stays):
    """The authority that holds records. It has no name for a secret key.

    ``gallery`` is a :class:`Gallery`, the path of a gallery's file, or templates with their ``ids``.
    """

    __slots__ = ("_native", "gallery", "terms")

    _because = _TEMPLATES

    def __init__(
        self,
        terms: Agreement,
        gallery: Any,
        *,
        ids: Any = None,
        masks: Any = None,
        eyes: Iterable[str | None] | None = None,
        handles: Iterable[str | None] | str | None = None,
        quality: Iterable[float] | None = None,
        minimum_quality: float | None = None,
        column: str | None = None,
        id_column: str | None = None,
        on_invalid: str = "raise",
        memory: int = 1 << 30,
        progress: ProgressArgument = False,
    ) -> None:
        self.terms = terms
        beside = {
            "ids": ids,
            "masks": masks,
            "eyes": eyes,
            "handles": handles,
            "quality": quality,
            "minimum_quality": minimum_quality,
            "column": column,
            "id_column": id_column,
        }
        if isinstance(gallery, (str, os.PathLike, Gallery)):
            given = [name for name, value in beside.items() if value is not None]
            if given:
                raise TemplatesError("gallery", f"it has its own {given[0]}", f"leave {given[0]} out")
            self.gallery = gallery if isinstance(gallery, Gallery) else Gallery.load(gallery, terms)
        else:
            self.gallery = Gallery(terms, gallery, **beside, on_invalid=on_invalid, progress=progress)
        self._native = _native.Custodian(terms._native, self.gallery._native, memory)

    def admit(self, evaluation_key: bytes) -> None:
        """Admits a querier's public key, for every query to come."""
        self._native.admit(bytes(evaluation_key))

    def match(self, query: bytes, *, progress: ProgressArgument = False) -> bytes:
        """The answer to a query. Other threads run meanwhile, and Ctrl-C ends it."""
        with Telling(progress) as telling:
            return self._native.match(bytes(query), telling)

    def __repr__(self) -> str:
        return f"<Custodian of {len(self.gallery)} subjects>"
