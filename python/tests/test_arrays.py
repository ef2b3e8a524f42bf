"""What arrays are taken, and what is said of those that are not."""

import re

import numpy as np
import pytest

import cotejo
from conftest import insecure, people
from cotejo.errors import TemplatesError

PEOPLE = people(6)


def ids_of(terms, templates, **beside):
    return cotejo.Gallery(terms, templates, **beside).ids


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ">f4", ">f8", "int8", "int16", "int32", "int64", "uint8", "uint64"])
def test_element_types_are_taken_as_they_are(terms, querier, dtype):
    integers = np.random.default_rng(4).integers(0, 100, size=(6, 16))
    given = (integers if dtype[-2:] not in ("f4", "f8") and "float" not in dtype else PEOPLE).astype(dtype)
    custodian = cotejo.Custodian(terms, given)
    custodian.admit(querier.evaluation_key)
    # What is enrolled is what was given: the same probes as 64-bit numbers find it.
    query, pending = querier.encrypt(given.astype(np.float64)[:1])
    assert pending.decrypt(custodian.match(query)).tolist() == [True]


@pytest.mark.parametrize(
    "form",
    [
        np.asfortranarray,
        lambda x: np.repeat(x, 2, axis=0)[::2],
        lambda x: np.hstack([x, x])[:, :16],
        lambda x: np.ascontiguousarray(x[::-1])[::-1],
        lambda x: np.require(x, requirements="O").copy(order="F").T.T,
        lambda x: x.tolist(),
        lambda x: list(x),
        lambda x: x.view(np.ndarray).copy().reshape(6, 16),
    ],
)
def test_any_order_in_memory_is_the_same_gallery(form):
    terms = cotejo.Agreement.face(16, disclosure="each", **insecure())
    querier = cotejo.Querier.generate(terms, allow_insecure=True)
    custodian = cotejo.Custodian(terms, form(PEOPLE))
    custodian.admit(querier.evaluation_key)
    query, pending = querier.encrypt(PEOPLE)
    assert np.array_equal(pending.decrypt(custodian.match(query)).argmax(axis=1), np.arange(6))


def test_a_single_vector_is_one_template(terms):
    assert ids_of(terms, PEOPLE[0]) == ["1"]


def test_ids_are_texts_or_whole_numbers(terms):
    assert ids_of(terms, PEOPLE[:2], ids=[7, "Pérez"]) == ["7", "Pérez"]
    assert ids_of(terms, PEOPLE[:2], ids=np.array([7, 8])) == ["7", "8"]
    assert ids_of(terms, PEOPLE[:2], ids=np.array(["a", "b"])) == ["a", "b"]
    for ids in ([7.0, 8.0], [None, "a"], [True, False], [b"a", b"b"]):
        with pytest.raises(TemplatesError, match="and no id"):
            ids_of(terms, PEOPLE[:2], ids=ids)
    with pytest.raises(TemplatesError, match="there are 3 of them for 2 templates"):
        ids_of(terms, PEOPLE[:2], ids=["a", "b", "c"])
    with pytest.raises(TemplatesError, match="id number 2"):
        ids_of(terms, PEOPLE[:2], ids=["a", "b\nc"])


@pytest.mark.parametrize(
    ("templates", "what", "remedy"),
    [
        (np.array([[1, 2], [3]], dtype=object), "objects", "np.stack"),
        ([[1.0, 2.0], [3.0]], "objects", "np.stack"),
        (np.ones((2, 16), dtype=complex), "complex128", "astype"),
        (np.full((2, 16), "x"), "<U1", "astype"),
        (np.ones((2, 16), dtype=np.longdouble), "float", "astype"),
        (np.ones((2, 16), dtype=bool), "bits", "astype"),
        (np.ma.masked_array(np.ones((2, 16)), mask=np.eye(2, 16)), "masked", "X.mask"),
        (np.ones((2, 1, 16)), r"\(2, 1, 16\)", r"reshape\(-1, 16\)"),
        (np.ones(32), r"\(32,\)", r"reshape\(-1, 16\)"),
        (np.ones((16, 3)), r"\(16, 3\)", r"X\.T"),
        (np.ones((2, 17)), r"\(2, 17\)", "agree on another length"),
        (np.float64(3), r"\(\)", "give an array"),
    ],
)
def test_other_arrays_are_refused_with_what_to_do(terms, templates, what, remedy):
    with pytest.raises(TemplatesError, match=what) as refused:
        ids_of(terms, templates)
    assert re.search(remedy, refused.value.remedy), refused.value.remedy


def test_an_empty_array_is_refused(terms):
    with pytest.raises(TemplatesError, match="no record"):
        ids_of(terms, np.empty((0, 16)))


def test_rows_that_are_not_finite_are_refused_by_number_or_skipped(terms, querier):
    spoiled = PEOPLE.copy()
    spoiled[1, 3], spoiled[4, 0] = np.nan, np.inf
    spoiled[5] = 0
    with pytest.raises(TemplatesError, match="3 of 6 records cannot be used") as refused:
        ids_of(terms, spoiled, ids=list("abcdef"))
    assert any("row 2, 'b': coordinate 4 is not a finite number" in detail for detail in refused.value.details)
    assert "on_invalid" in refused.value.remedy
    gallery = cotejo.Gallery(terms, spoiled, ids=list("abcdef"), on_invalid="skip")
    assert gallery.ids == ["a", "c", "d"]
    assert [(one.record, one.id) for one in gallery.skipped] == [(2, "b"), (5, "e"), (6, "f")]
    _, pending = querier.encrypt(spoiled, ids=list("abcdef"), on_invalid="skip")
    assert pending.ids == ["a", "c", "d"] and [one.record for one in pending.skipped] == [2, 5, 6]
    with pytest.raises(TemplatesError):
        querier.encrypt(spoiled[4:], on_invalid="skip")
    with pytest.raises(cotejo.CotejoError, match="raise"):
        ids_of(terms, spoiled, on_invalid="ignore")


def test_what_is_asked_too_often_is_refused_as_on_the_command_line(terms, querier):
    with pytest.raises(TemplatesError, match="the id occurs 2 times"):
        ids_of(terms, PEOPLE[:2], ids=["a", "a"])
    with pytest.raises(TemplatesError, match="the agreement admits 100"):
        querier.encrypt(people(101))


def test_masks_go_with_irises_alone(terms):
    with pytest.raises(TemplatesError, match="masks, but"):
        ids_of(terms, PEOPLE, masks=PEOPLE)
    irises = cotejo.Agreement.iris(rows=4, columns=16, channels=4, rotations=1, **insecure())
    codes = np.ones((2, 4, 16, 2, 2), dtype=bool)
    with pytest.raises(TemplatesError, match="without masks"):
        ids_of(irises, codes)
    with pytest.raises(TemplatesError, match="broadcast_to"):
        ids_of(irises, codes, masks=codes[..., :1])
    with pytest.raises(TemplatesError, match="4 rows x 16 columns"):
        ids_of(irises, codes[:, :3], masks=codes[:, :3])
    with pytest.raises(TemplatesError, match="neither 0 nor 1"):
        ids_of(irises, codes * 2, masks=codes)
