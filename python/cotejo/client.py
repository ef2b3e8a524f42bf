"""Asking a custodian over a network, as ``cotejo ask`` does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from . import _program
from ._telling import ProgressArgument
from ._templates import records
from .agreement import Agreement, Path
from .errors import ServiceError
from .parties import skips


class Reply:
    """What came of a request."""

    __slots__ = ("data",)

    data: dict[str, Any]
    """All that ``cotejo ask --json`` tells of it."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data

    @property
    def number(self) -> str:
        """The number of the request: ours."""
        return str(self.data["number"])

    @property
    def ids(self) -> list[str]:
        """Whose probes were asked about."""
        return [said["probe"] for said in self.data["verdicts"]]

    @property
    def hits(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Whether there is a hit, for each of :attr:`ids`."""
        return np.array([said["hit"] for said in self.data["verdicts"]], dtype=np.bool_)

    @property
    def verdicts(self) -> list[dict[str, Any]]:
        """The verdicts with what else the agreement discloses: places, counts, handles."""
        return list(self.data["verdicts"])

    def __repr__(self) -> str:
        return f"<Reply to request {self.number}: {int(self.hits.sum())} hits about {len(self.ids)} probes>"


class Client:
    """A querier at a custodian's service: configuration, keys and requests are those of ``cotejo ask``.

    ``config`` is ``querier.toml`` ('cotejo ask --help' shows what belongs into it), ``terms`` the agreement or its file.
    """

    __slots__ = ("config", "passphrase", "terms")

    def __init__(self, config: Path, terms: Agreement | Path = "agreement.toml", *, passphrase: str | None = None) -> None:
        self.config, self.passphrase = config, passphrase
        self.terms = terms if isinstance(terms, Agreement) else Agreement.load(terms)

    def ask(
        self,
        probes: Any,
        *,
        ids: Any = None,
        masks: Any = None,
        eyes: Iterable[str | None] | None = None,
        column: str | None = None,
        id_column: str | None = None,
        purpose: str | None = None,
        justification: str | None = None,
        case_category: str | None = None,
        officer: str | None = None,
        number: str | None = None,
        reference: str | None = None,
        on_invalid: str = "raise",
        progress: ProgressArgument = False,
        **options: Any,
    ) -> Reply:
        """Asks, and waits for the verdicts. What is interrupted, or has no reply yet, goes on with :meth:`resume`."""
        given = records(
            self.terms, probes, masks=masks, ids=ids, eyes=eyes, column=column, id_column=id_column, place="probes"
        )
        said = self._run(
            progress,
            given={"templates": given},
            purpose=purpose,
            justification=justification,
            case_category=case_category,
            officer=officer,
            number=number,
            reference=reference,
            skip_refused=skips(on_invalid),
            **options,
        )
        return _told(said["requests"])[0]

    def resume(self, number: str | None = None, *, progress: ProgressArgument = False) -> list[Reply]:
        """Goes on with a request, or with all that are not finished."""
        return _told(self._run(progress, resume=True if number is None else number)["requests"])

    def show(self, number: str) -> Reply:
        """The verdicts of a finished request once more; asks nobody."""
        return _told(self._run(False, show=number)["requests"])[0]

    def forget(self, number: str) -> None:
        """Forgets the verdicts of a finished request."""
        self._run(False, forget=number)

    def check(self) -> None:
        """Reads all that the configuration names, and raises what is wrong with it; asks nobody."""
        self._run(False, check=True)

    def _run(self, progress: ProgressArgument, **options: Any) -> dict[str, Any]:
        _, said, _ = _program.run(
            "ask", terms=self.terms, passphrase=self.passphrase, progress=progress, config=self.config, **options
        )
        return said

    def __repr__(self) -> str:
        return f"<Client of {self.config}>"


def _told(requests: list[dict[str, Any]]) -> list[Reply]:
    """The replies to requests; the first that has none is raised."""
    for request in requests:
        if "verdicts" not in request:
            what, _, remedy = str(request["why"]).partition("; ")
            error = ServiceError(f"request {request['number']}", what, remedy)
            error.number, error.ending = request["number"], request["ending"]
            raise error
    return [Reply(request) for request in requests]
