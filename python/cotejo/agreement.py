"""What both parties sign."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Union

from . import _native, _program

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Self, TypedDict, Unpack

    class Options(TypedDict, total=False):
        """What an agreement may say beside its comparison; absent is what ``cotejo agreement init`` takes."""

        disclosure: str
        """What the querier learns: any, each, count or labelled."""
        references: int
        references_per_subject: int
        probes_per_query: int
        hits_per_probe: int
        bits_per_query: int
        scheme: str
        parameter_set: str
        deviation: float
        allow_insecure: bool
        querier: str
        custodian: str
        title: str
        service: bool
        purpose: Sequence[str]
        probes_per_day: int


Path = Union[str, "os.PathLike[str]"]


class Agreement:
    """The terms of an exchange: what is compared, where a hit begins, what is disclosed. Both parties hold the same.

    >>> terms = Agreement.face(512, threshold=0.35)
    >>> terms.scheme, terms.template
    ('hybrid', 'a vector of 512 coordinates')
    >>> print(terms)  # doctest: +ELLIPSIS
    Authority A asks; Authority B holds the records. ...
    """

    __slots__ = ("_native",)

    _native: _native.Agreement

    def __init__(self, toml: str) -> None:
        self._native = _native.Agreement(toml)

    @classmethod
    def face(cls, dimension: int = 512, *, threshold: float = 0.35, **options: Unpack[Options]) -> Self:
        """Face embeddings by cosine similarity: a hit from ``threshold`` up."""
        return cls._of("face", dimension=dimension, threshold=threshold, **options)

    @classmethod
    def fingerprint(cls, dimension: int = 192, *, threshold: float = 0.4, **options: Unpack[Options]) -> Self:
        """Fingerprint vectors of fixed length by cosine similarity: a hit from ``threshold`` up."""
        return cls._of("fingerprint", dimension=dimension, threshold=threshold, **options)

    @classmethod
    def iris(
        cls,
        *,
        threshold: float = 0.345,
        rows: int = 16,
        columns: int = 200,
        channels: int = 4,
        rotations: int = 15,
        eyes: str = "ignored",
        mask: str = "by-pair",
        minimum_common_bits: int | None = None,
        **options: Unpack[Options],
    ) -> Self:
        """Iris codes with masks by fractional Hamming distance: a hit below ``threshold``, at the best of all rotations."""
        common = {} if minimum_common_bits is None else {"minimum_common_bits": minimum_common_bits}
        shape = {"rows": rows, "columns": columns, "channels": channels, "mask": mask}
        return cls._of("iris", threshold=threshold, rotations=rotations, eyes=eyes, **shape, **common, **options)

    @classmethod
    def bits(cls, dimension: int, *, threshold: int, **options: Unpack[Options]) -> Self:
        """Bit strings by Hamming distance: a hit up to ``threshold`` differing bits."""
        return cls._of("generic", metric="hamming", dimension=dimension, threshold=threshold, **options)

    @classmethod
    def vectors(
        cls,
        dimension: int,
        *,
        metric: str,
        threshold: float,
        maximum_norm: float | None = None,
        **options: Unpack[Options],
    ) -> Self:
        """Vectors by any metric: cosine, inner-product or squared-euclidean."""
        norm = {} if maximum_norm is None else {"maximum_norm": maximum_norm}
        return cls._of("generic", metric=metric, dimension=dimension, threshold=threshold, **norm, **options)

    @classmethod
    def _of(cls, modality: str, **options: Any) -> Self:
        _, _, text = _program.run("agreement", "init", modality=modality, out="-", **options)
        return cls(text)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Reads ``agreement.toml``."""
        made = cls.__new__(cls)
        made._native = _native.Agreement.load(path)
        return made

    def save(self, path: Path, *, overwrite: bool = False) -> None:
        """Writes it, with its comments: whole or not at all."""
        _native.write_text(path, self.toml, overwrite)

    @property
    def toml(self) -> str:
        """The text, with its comments."""
        return self._native.toml

    @property
    def digest(self) -> str:
        """SHA-256 of the terms: what the parties read each other."""
        return self._native.digest

    @property
    def scheme(self) -> str:
        """How it is encrypted: tfhe, bgv or hybrid."""
        return self._native.scheme

    @property
    def parameter_set(self) -> str:
        """Which set of that scheme."""
        return self._native.parameter_set

    @property
    def is_secure(self) -> bool:
        """Whether the set has 128 bits of security."""
        return self._native.is_secure

    @property
    def terms(self) -> dict[str, Any]:
        """All terms."""
        terms: dict[str, Any] = json.loads(self._native.terms_json)
        return terms

    @property
    def disclosure(self) -> str:
        """What the querier learns: any, each, count or labelled."""
        return str(self.terms["disclosure"])

    @property
    def template(self) -> str:
        """What a template is, in words."""
        return self._native.template

    def __str__(self) -> str:
        return "\n".join(self._native.sentences())

    def __repr__(self) -> str:
        return f"<Agreement {self.digest[:16]} on {self.template}, {self.scheme}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Agreement) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __reduce__(self) -> tuple[type[Agreement], tuple[str]]:
        return type(self), (self.toml,)
