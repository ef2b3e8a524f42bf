"""What a comparison is worth and what it costs, on data of one's own: accuracy, predictions."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import _native, _program
from ._native import Refused
from ._telling import ProgressArgument, Telling
from ._templates import records
from .agreement import Agreement, Path
from .parties import skips

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Card:
    """The accuracy card: how often a comparison errs on one's own templates, as read, as integers, and under encryption."""

    __slots__ = ("_data", "_page")

    def __init__(self, data: dict[str, Any], page: str) -> None:
        self._data, self._page = data, page

    def json(self) -> dict[str, Any]:
        """All figures."""
        return self._data

    def html(self, path: Path | None = None, *, overwrite: bool = False) -> str:
        """A page that stands alone; written to ``path``, if one is given."""
        if path is not None:
            _native.write_text(path, self._page, overwrite)
        return self._page

    def plot(self) -> Figure:
        """FNMR against FMR, and the scores of genuine and impostor pairs: a figure of matplotlib, where that is installed."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(10, 4.5), layout="constrained")
        rates, scores = figure.subplots(1, 2)
        for name, column in (("scores as read", "float"), ("integers, in the clear", "oracle")):
            curve = self._data[column]["curve"]
            rates.plot([point["fmr"] for point in curve], [point["fnmr"] for point in curve], label=name)
        # Rates of 0 are shown as well.
        smallest = 1 / max(1, self._data["data"]["impostor_pairs"])
        rates.set_xscale("symlog", linthresh=smallest)
        rates.set_yscale("symlog", linthresh=smallest)
        rates.set(xlabel="FMR", ylabel="FNMR", title="Detection error trade-off")
        rates.legend()
        histogram, terms = self._data["histogram"], self._data["terms"]
        bins = len(histogram["genuine"])
        width = (histogram["to"] - histogram["from"]) / max(1, bins)
        edges = [histogram["from"] + width * number for number in range(bins)]
        for name in ("impostor", "genuine"):
            pairs = max(1, self._data["data"][f"{name}_pairs"])
            shares = [100 * count / pairs for count in histogram[name]]
            scores.bar(edges, shares, width, align="edge", alpha=0.6, label=f"{name} pairs")
        scores.axvline(terms["threshold"], color="black", linestyle="--", label=f"threshold {terms['threshold']}")
        scores.set(xlabel=f"score ({terms['metric']})", ylabel="pairs, in per cent", title="Scores")
        scores.legend()
        return figure

    def __repr__(self) -> str:
        data, agreed = self._data["data"], self._data["oracle"]["agreed"]
        return (
            f"<Card of {data['templates']} templates, {data['subjects']} subjects: "
            f"FMR {agreed['fmr']['value']:.3g}, FNMR {agreed['fnmr']['value']:.3g}>"
        )


class Compared(NamedTuple):
    """Every probe with every reference, in the clear."""

    hits: np.ndarray[Any, np.dtype[np.bool_]]
    """Whether a pair is a hit: a row a probe, a column a reference. The definition of every encrypted verdict."""
    scores: np.ndarray[Any, np.dtype[np.float32]]
    """Scores in the metric's own unit, of the integers that are encrypted: a cosine, a number of bits, a fraction."""
    probes: list[str]
    """Whose the rows are."""
    references: list[str]
    """Whose the columns are."""
    skipped: tuple[list[Refused], list[Refused]]
    """Probes and references that were left out (``on_invalid="skip"``)."""


def compare(
    terms: Agreement,
    probes: Any,
    references: Any,
    *,
    probe_ids: Any = None,
    reference_ids: Any = None,
    probe_masks: Any = None,
    reference_masks: Any = None,
    on_invalid: str = "raise",
    progress: ProgressArgument = False,
) -> Compared:
    """The clear oracle, on data that one holds oneself: exact verdicts, and scores, of all pairs.

    >>> terms = Agreement.bits(8, threshold=2, parameter_set="insecure-test", allow_insecure=True)
    >>> compared = compare(terms, [[1, 1, 0, 0, 0, 0, 0, 0]], [[1, 1, 1, 1, 0, 0, 0, 0], [0, 0, 0, 0, 1, 1, 1, 1]])
    >>> compared.hits, compared.scores
    (array([[ True, False]]), array([[2., 6.]], dtype=float32))
    """
    skip = skips(on_invalid)
    of_probes = records(terms, probes, masks=probe_masks, ids=probe_ids, place="probes")
    of_references = records(terms, references, masks=reference_masks, ids=reference_ids, place="references")
    with Telling(progress) as telling:
        scores, hits, ids, skipped = _native.compare(terms._native, of_probes, of_references, skip, telling)
    return Compared(hits, scores, *ids, skipped)


def evaluate(
    terms: Agreement,
    templates: Any,
    labels: Any,
    *,
    masks: Any = None,
    eyes: Iterable[str | None] | None = None,
    quality: Iterable[float] | None = None,
    minimum_quality: float | None = None,
    column: str | None = None,
    encrypt: int | str = 400,
    target_fmr: float | None = None,
    seed: int = 1,
    progress: ProgressArgument = False,
) -> Card:
    """How accurate the comparison is on labelled templates: templates of one label are of one person.

    ``encrypt`` is how many pairs are decided under encryption too: a number, ``"all"`` or ``"none"``. ``target_fmr`` proposes a threshold.
    """
    # Of a frame, labels may be a column.
    named = labels if isinstance(labels, str) else None
    ids = None if named is not None else labels
    given = records(
        terms, templates, masks=masks, ids=ids, eyes=eyes, quality=quality, column=column, id_column=named
    )
    with tempfile.TemporaryDirectory(prefix="cotejo-") as folder:
        page = os.path.join(folder, "card.html")
        _, data, _ = _program.run(
            "evaluate",
            terms=terms,
            given={"templates": given},
            progress=progress,
            encrypt=encrypt,
            target_fmr=target_fmr,
            minimum_quality=minimum_quality,
            seed=seed,
            html=page,
            partial=os.path.join(folder, "partial"),
        )
        with open(page, encoding="utf-8") as file:
            return Card(data, file.read())


def plan(
    terms: Agreement, references: int, probes: int = 1, *, progress: ProgressArgument = False, **options: Any
) -> dict[str, Any]:
    """Time, bytes and memory of an exchange before it runs, as ``cotejo plan`` predicts them. Measures this machine for some seconds."""
    _, data, _ = _program.run("plan", terms=terms, progress=progress, references=references, probes=probes, **options)
    return data
