"""Templates as people have them, as the records that the native part takes.

Nothing is copied here that lies as it is needed: views, either order in memory, any plain element type.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _native
from .errors import TemplatesError

if TYPE_CHECKING:
    from .agreement import Agreement

#: Element types that the native part reads.
_KINDS = "bfiu"


def records(
    terms: Agreement,
    templates: Any,
    *,
    masks: Any = None,
    ids: Any = None,
    eyes: Iterable[str | None] | None = None,
    handles: Iterable[str | None] | str | None = None,
    quality: Iterable[float] | None = None,
    column: str | None = None,
    id_column: str | None = None,
    place: str = "templates",
) -> _native.Records:
    """The records of templates: an array, a list of them, iris codes with masks, Open-IRIS' templates, a frame."""
    if isinstance(templates, _native.Records):
        return templates
    if hasattr(templates, "__arrow_c_stream__"):
        if quality is not None:
            raise TemplatesError(place, "qualities beside a frame", "give them as a column that is called `quality`")
        return _frame(templates, masks, ids, eyes, handles, column, id_column, place)
    for name, value in (("column", column), ("id_column", id_column)):
        if value is not None:
            raise TemplatesError(place, f"{name}={value!r}, but an array has no columns of names", f"leave {name} out")
    if isinstance(handles, str):
        raise TemplatesError(place, f"handles={handles!r}, but an array has no columns of names", "give them as a list")
    kind, axes = terms._native.shape
    if kind == "iris":
        codes, its_masks = _irises(templates, masks, axes, place)
        rows, flat_masks = codes, its_masks
    else:
        if masks is not None:
            raise TemplatesError(place, f"masks, but the agreement is about {terms.template}", "leave masks out")
        rows, flat_masks = _rows(_array(templates, place), kind, axes[0], place), None
    return _native.Records(
        rows,
        flat_masks,
        None if ids is None else identifiers(ids),
        None if eyes is None else [None if eye is None else _eye(eye) for eye in eyes],
        None if handles is None else [None if _missing(handle) else str(handle) for handle in handles],
        None if quality is None else [float(one) for one in quality],
    )


def _frame(
    frame: Any,
    masks: Any,
    ids: Any,
    eyes: Iterable[str | None] | None,
    handles: Iterable[str | None] | str | None,
    column: str | None,
    id_column: str | None,
    place: str,
) -> _native.Records:
    """The rows of a frame of pandas, polars or pyarrow: its columns say whose they are."""
    if type(frame).__name__ in ("Series", "ChunkedArray"):
        remedy = "give the frame with its ids, or an array: np.stack(column)"
        raise TemplatesError(place, "a single column, and no frame", remedy)
    if masks is not None:
        raise TemplatesError(place, "masks beside a frame", "give them as a column that is called `mask` or `valid`")
    if handles is not None and not isinstance(handles, str):
        raise TemplatesError(place, "handles beside a frame", "name the column that has them: handles=\"case_number\"")
    if eyes is not None and ids is None:
        raise TemplatesError(place, "eyes beside a frame, without ids", "give both apart, or as columns `id` and `eye`")
    try:
        count = len(frame)
    except TypeError:
        # A reader of batches: it is known at its end.
        count = 0 if ids is None else len(ids)
    return _native.Records.of_frame(
        frame,
        count,
        column,
        id_column,
        handles,
        None if ids is None else identifiers(ids),
        None if eyes is None else [None if eye is None else _eye(eye) for eye in eyes],
    )


def identifiers(ids: Any) -> list[str]:
    """Ids as texts: texts, or whole numbers. Measures are no ids.

    >>> identifiers([7, "anna"])
    ['7', 'anna']
    """
    texts = []
    for number, one in enumerate(ids, 1):
        if isinstance(one, str):
            texts.append(str(one))
        elif isinstance(one, (int, np.integer)) and not isinstance(one, (bool, np.bool_)):
            texts.append(str(int(one)))
        else:
            remedy = "give texts or whole numbers: [str(x) for x in ids], or ids.astype(int) where 7.0 stands for 7"
            raise TemplatesError("ids", f"number {number} is a {type(one).__name__}, and no id", remedy)
    return texts


def _missing(value: Any) -> bool:
    return value is None or value == "" or isinstance(value, float) and math.isnan(value)


def _eye(eye: str) -> str:
    known = {"l": "left", "left": "left", "r": "right", "right": "right"}
    return known.get(str(eye).lower(), str(eye))


def _array(templates: Any, place: str) -> np.ndarray[Any, Any]:
    """An array of numbers or bits, in the byte order of this machine."""
    if isinstance(templates, np.ma.MaskedArray) and np.ma.is_masked(templates):
        raise TemplatesError(place, "a masked array: some values are missing", "leave out those rows: X[~X.mask.any(axis=1)]")
    try:
        array = np.asarray(templates)
    except ValueError:
        array = np.empty(0, dtype=object)
    if array.dtype == object:
        what = "an array of objects, and not of numbers"
        raise TemplatesError(place, what, "np.stack(X) makes one array of vectors of one length; X.astype(np.float32) of numbers")
    if array.dtype.kind not in _KINDS or array.dtype.itemsize > 8:
        raise TemplatesError(place, f"an array of {array.dtype}", "X.astype(np.float32) makes numbers of it, if it means any")
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    return array


def _rows(array: np.ndarray[Any, Any], kind: str, length: int, place: str) -> np.ndarray[Any, Any]:
    """A row a template."""
    packed = -(-length // 8)
    fitting = [length]
    if kind == "bits" and array.dtype == np.uint8:
        fitting.append(packed)
    if kind == "vector" and array.dtype.kind == "b":
        raise TemplatesError(place, "bits, where vectors are agreed", "X.astype(np.float32), if they mean numbers")
    if array.ndim == 1 and array.shape[0] in fitting:
        array = array.reshape(1, -1)
    if array.ndim == 2 and array.shape[1] in fitting:
        return array
    name = "coordinates" if kind == "vector" else "bits"
    what = f"an array of shape {array.shape}, where templates of {length} {name} are agreed"
    if array.ndim == 2 and array.shape[0] == length and array.shape[1] != length:
        remedy = "X.T has a template a row"
    elif array.size and array.size % length == 0 and array.ndim != 2:
        remedy = f"X.reshape(-1, {length}) has a template a row"
    else:
        remedy = f"give an array of shape (templates, {length}), or agree on another length"
    raise TemplatesError(place, what, remedy)


def _irises(
    templates: Any, masks: Any, axes: Sequence[int], place: str
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Codes and masks, a row of bits an iris: rows, columns, channels."""
    of_open_iris = [templates] if _is_open_iris(templates) else templates
    if isinstance(of_open_iris, (list, tuple)) and of_open_iris and all(map(_is_open_iris, of_open_iris)):
        by_filter = [(np.stack(one.iris_codes), np.stack(one.mask_codes)) for one in of_open_iris]
        templates, masks = np.stack([code for code, _ in by_filter]), np.stack([mask for _, mask in by_filter])
    elif masks is None and isinstance(templates, tuple) and len(templates) == 2:
        templates, masks = templates
    if masks is None:
        what = "iris codes without masks"
        raise TemplatesError(place, what, "give them: masks=..., of the same shape, with ones at valid bits")
    codes, masks = _array(templates, place), _array(masks, place)
    if codes.shape != masks.shape:
        what = f"codes of shape {codes.shape}, and masks of shape {masks.shape}"
        raise TemplatesError(place, what, "give a mask bit for each code bit: np.broadcast_to(masks, codes.shape)")
    return _flat(codes, axes, place), _flat(masks, axes, place)


def _flat(array: np.ndarray[Any, Any], axes: Sequence[int], place: str) -> np.ndarray[Any, Any]:
    rows, columns, channels = axes
    filters = channels // 2
    one = {(rows, columns, channels), (rows, columns, filters, 2)}
    by_filter = (filters, rows, columns, 2)
    if array.shape in one or array.shape == by_filter:
        array = array[np.newaxis]
    if array.shape[1:] == by_filter and array.shape[1:] not in one:
        array = np.moveaxis(array, 1, 3)
    if array.shape[1:] in one or array.ndim == 2 and array.shape[1] == rows * columns * channels:
        return array.reshape(array.shape[0], -1)
    expected = f"({rows}, {columns}, {filters}, 2)" if channels % 2 == 0 else f"({rows}, {columns}, {channels})"
    what = f"an array of shape {array.shape}, where irises of {rows} rows x {columns} columns x {channels} channels are agreed"
    raise TemplatesError(place, what, f"give codes of shape {expected}, once or many times, or agree on another shape")


def _is_open_iris(template: Any) -> bool:
    """Whether this is an ``IrisTemplate`` of Open-IRIS, or one that looks like it."""
    return hasattr(template, "iris_codes") and hasattr(template, "mask_codes")
