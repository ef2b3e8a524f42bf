"""The native part of cotejo. The package's own modules are what programs use."""

from os import PathLike
from typing import Any, Callable, NoReturn, Optional, Sequence, final

import numpy as np

__all__ = [
    "__version__",
    "Agreement",
    "Records",
    "Gallery",
    "Querier",
    "Pending",
    "Custodian",
    "Refused",
    "run",
    "main",
    "write_text",
    "compare",
    "enrol",
]

__version__: str

_Progress = Optional[Callable[[str, str, int, int], object]]
_Path = str | PathLike[str]

@final
class Agreement:
    def __new__(cls, text: str, place: str = "agreement") -> Agreement: ...
    @staticmethod
    def load(path: _Path) -> Agreement: ...
    @property
    def template(self) -> str: ...
    @property
    def toml(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def scheme(self) -> str: ...
    @property
    def parameter_set(self) -> str: ...
    @property
    def is_secure(self) -> bool: ...
    @property
    def shape(self) -> tuple[str, list[int]]: ...
    @property
    def terms_json(self) -> str: ...
    def sentences(self) -> list[str]: ...

@final
class Refused:
    """A record that was not taken."""

    @property
    def record(self) -> int:
        """Its number among those given, from 1; 0 where a subject as a whole is refused."""
    @property
    def id(self) -> str | None: ...
    @property
    def eye(self) -> str | None: ...
    @property
    def reason(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def failed_to_enrol(self) -> bool:
        """Whether it is not good enough (``minimum_quality``), and no error."""

@final
class Records:
    def __new__(
        cls,
        rows: np.ndarray[Any, Any],
        masks: np.ndarray[Any, Any] | None = None,
        ids: Sequence[str] | None = None,
        eyes: Sequence[str | None] | None = None,
        handles: Sequence[str | None] | None = None,
        quality: Sequence[float] | None = None,
    ) -> Records: ...
    @staticmethod
    def of_frame(
        frame: Any,
        count: int,
        column: str | None = None,
        id_column: str | None = None,
        handles: str | None = None,
        ids: Sequence[str] | None = None,
        eyes: Sequence[str | None] | None = None,
    ) -> Records: ...
    def __len__(self) -> int: ...

@final
class Gallery:
    def __new__(cls, agreement: Agreement, path: _Path) -> Gallery: ...
    def __len__(self) -> int: ...
    @property
    def references(self) -> int: ...
    @property
    def handles(self) -> int: ...
    @property
    def version(self) -> str: ...
    def ids(self) -> list[str]: ...

@final
class Querier:
    @staticmethod
    def generate(agreement: Agreement) -> Querier: ...
    @staticmethod
    def load(agreement: Agreement, folder: _Path, passphrase: str | None = None) -> Querier: ...
    def save(self, folder: _Path, passphrase: str | None = None, overwrite: bool = False) -> None: ...
    @property
    def evaluation_key(self) -> bytes: ...
    @property
    def key_id(self) -> str: ...
    def encrypt(
        self, records: Records, reference: str | None, skip: bool
    ) -> tuple[bytes, Pending, list[Refused]]: ...
    def pending(self, folder: _Path, answer: bytes) -> Pending: ...
    def __copy__(self) -> NoReturn: ...
    def __deepcopy__(self, _memo: Any) -> NoReturn: ...

@final
class Pending:
    @property
    def query_id(self) -> str: ...
    @property
    def ids(self) -> list[str]: ...
    def save(self, folder: _Path) -> None: ...
    def read(
        self, answer: bytes
    ) -> list[tuple[bool, list[bool] | None, int | None, list[str | None] | None, int | None]]: ...
    def __copy__(self) -> NoReturn: ...
    def __deepcopy__(self, _memo: Any) -> NoReturn: ...

@final
class Custodian:
    def __new__(cls, agreement: Agreement, gallery: Gallery, memory: int) -> Custodian: ...
    def admit(self, key: bytes) -> str: ...
    def match(self, query: bytes, progress: _Progress) -> bytes: ...

def compare(
    agreement: Agreement, probes: Records, references: Records, skip: bool, progress: _Progress
) -> tuple[
    np.ndarray[Any, np.dtype[np.float32]],
    np.ndarray[Any, np.dtype[np.bool_]],
    tuple[list[str], list[str]],
    tuple[list[Refused], list[Refused]],
]: ...
def enrol(
    agreement: Agreement, records: Records, skip: bool, minimum_quality: float | None, progress: _Progress
) -> tuple[Gallery, list[Refused]]: ...
def run(
    arguments: Sequence[str],
    agreement: tuple[str, Agreement] | None = None,
    templates: Sequence[tuple[str, Records]] = ...,
    passphrase: str | None = None,
    progress: _Progress = None,
) -> tuple[int, str | None, str]: ...
def write_text(path: _Path, text: str, overwrite: bool) -> None: ...
def main(arguments: Sequence[str]) -> int: ...
