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
    column: str | None = None,
    id_column: str | None = None,
    append: bool = False,
    overwrite: bool = False,
    on_invalid: str = "raise",
    progress: ProgressArgument = False,
    **options: Any,
) -> dict[str, Any]:
    """Writes a gallery's file, whole or not at all, as ``cotejo enroll`` does: what it says in JSON.

    ``templates`` are arrays, or the path of a file that ``cotejo enroll`` reads, with its further options: ``where="expires > '2026-01-01'"``.
    """
    beside = {"append": append, "force": overwrite, "skip_refused": skips(on_invalid), "out": out, **options}
    if isinstance(templates, str) or hasattr(templates, "__fspath__"):
        named = {"templates": templates, "ids": ids, "handles": handles, "column": column, "id_column": id_column}
        _, said, _ = _program.run("enroll", terms=terms, progress=progress, **named, **beside)
    else:
        of_frame = {"column": column, "id_column": id_column}
        given = records(
            terms, templates, masks=masks, ids=ids, eyes=eyes, handles=handles, **of_frame, place="gallery"
        )
        _, said, _ = _program.run("enroll", terms=terms, progress=progress, given={"templates": given}, **beside)
    return said
