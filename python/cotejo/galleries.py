"""Galleries as files: those of the command line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from . import _program
from ._telling import ProgressArgument
from ._templates import records
from .agreement import Agreement, Path
from .parties import skips


def enroll(
    terms: Agreement,
    templates: Any,
    out: Path,
    *,
    ids: Any = None,
    masks: Any = None,
    eyes: Iterable[str | None] | None = None,
    handles: Iterable[str | None] | str | None = None,
    quality: Iterable[float] | None = None,
    minimum_quality: float | None = None,
    column: str | None = None,
    id_column: str | None = None,
    query: str | None = None,
    append: bool = False,
    replace: bool = False,
    overwrite: bool = False,
    on_invalid: str = "raise",
    progress: ProgressArgument = False,
    **options: Any,
) -> dict[str, Any]:
    """Writes a gallery's file, whole or not at all, as ``cotejo enroll`` does: what it says in JSON.

    ``templates`` are arrays, or the path of a file that ``cotejo enroll`` reads, with its further options: ``where="expires > '2026-01-01'"``.
    With a ``query``, ``templates`` is the PostgreSQL database that it is for, and what it finds is enrolled:
    ``enroll(terms, "postgresql://reader@localhost/records", out, query="SELECT id, embedding FROM faces")``.
    ``append`` adds to a gallery that is there; with ``replace``, ids that are enrolled get these references instead of theirs.
    """
    options.update(append=append, replace=replace, force=overwrite, skip_refused=skips(on_invalid), out=out)
    options.update(minimum_quality=minimum_quality)
    if isinstance(templates, str) or hasattr(templates, "__fspath__"):
        source = {"templates": templates} if query is None else {"from": templates, "query": query}
        options.update(source, ids=ids, handles=handles, column=column, id_column=id_column)
        _, said, _ = _program.run("enroll", terms=terms, progress=progress, **options)
        return said
    if query is not None:
        raise TypeError("a query is for a database: give its connection string as templates")
    beside = {"masks": masks, "ids": ids, "eyes": eyes, "handles": handles, "quality": quality}
    given = records(terms, templates, **beside, column=column, id_column=id_column, place="gallery")
    _, said, _ = _program.run("enroll", terms=terms, progress=progress, given={"templates": given}, **options)
    return said
