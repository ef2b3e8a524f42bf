"""Whole exchanges: every disclosure, every kind of template, every scheme."""

import numpy as np
import pytest

import cotejo
from conftest import SETS, insecure, people


def exchange(terms, gallery, probes, **beside):
    """The verdicts of an exchange in one process."""
    querier = cotejo.Querier.generate(terms, allow_insecure=True)
    custodian = cotejo.Custodian(terms, gallery, **beside.pop("of_gallery", {}))
    custodian.admit(querier.evaluation_key)
    query, pending = querier.encrypt(probes, **beside)
    return pending.decrypt(custodian.match(query))


@pytest.mark.parametrize("scheme", SETS)
def test_any_says_whether_somebody_matches(scheme):
    terms = cotejo.Agreement.face(16, threshold=0.5, **insecure(scheme))
    gallery = people(20)
    verdicts = exchange(terms, gallery, np.concatenate([gallery[3:5], people(2, seed=9)]))
    assert verdicts.dtype == np.bool_
    assert verdicts.tolist() == [True, True, False, False]


def test_each_says_who_in_the_order_of_the_gallery():
    terms = cotejo.Agreement.face(16, threshold=0.5, disclosure="each", **insecure())
    gallery = people(7)
    verdicts = exchange(terms, gallery, gallery[[5, 0]])
    assert verdicts.shape == (2, 7)
    assert np.flatnonzero(verdicts[0]).tolist() == [5] and np.flatnonzero(verdicts[1]).tolist() == [0]


def test_count_says_how_many():
    terms = cotejo.Agreement.face(16, threshold=0.5, disclosure="count", references_per_subject=1, **insecure())
    gallery = np.concatenate([people(5), people(5)[2:3]])
    assert exchange(terms, gallery, people(5)[1:4]).tolist() == [1, 2, 1]


def test_labelled_says_the_handles_of_those_who_match():
    terms = cotejo.Agreement.face(16, threshold=0.5, disclosure="labelled", references=10, **insecure())
    gallery = people(3)
    verdicts = exchange(
        terms,
        gallery,
        np.concatenate([gallery[1:], people(1, seed=9)]),
        of_gallery={"ids": ["anna", "bert", "carl"], "handles": ["B-1", "B-2", None]},
    )
    assert verdicts == [["B-2"], [None], []]
    assert verdicts[0].more_than is None


def test_one_enrolled_person_may_be_asked_about():
    terms = cotejo.Agreement.face(16, threshold=0.5, **insecure())
    gallery = people(3)
    of_gallery = {"ids": ["anna", "bert", "carl"]}
    for reference, hit in (("bert", True), ("anna", False), ("nobody", False)):
        verdicts = exchange(terms, gallery, gallery[1:2], of_gallery=of_gallery, reference=reference)
        assert verdicts.tolist() == [hit], reference


@pytest.mark.parametrize("scheme", ["tfhe", "bgv"])
def test_bits_are_compared_packed_or_not(scheme):
    terms = cotejo.Agreement.bits(64, threshold=6, **insecure(scheme))
    gallery = np.random.default_rng(2).integers(0, 2, size=(9, 64)).astype(bool)
    probe = gallery[4:5].copy()
    probe[0, :6] ^= True
    further = probe.copy()
    further[0, 6] ^= True
    for made in (lambda x: x, lambda x: x.astype(np.int64), lambda x: np.packbits(x, axis=1)):
        verdicts = exchange(terms, made(gallery), made(np.concatenate([probe, further])))
        assert verdicts.tolist() == [True, False]


def irises(count, seed=3):
    drawn = np.random.default_rng(seed)
    codes = drawn.integers(0, 2, size=(count, 4, 16, 2, 2)).astype(bool)
    masks = np.repeat(drawn.random(size=(count, 4, 16, 2, 1)) < 0.9, 2, axis=-1)
    return codes, masks


class OpenIris:
    """Looks like ``iris.IrisTemplate`` of Open-IRIS: a code and a mask of each filter."""

    def __init__(self, code, mask):
        self.iris_codes = [code[:, :, number] for number in range(code.shape[2])]
        self.mask_codes = [mask[:, :, number] for number in range(mask.shape[2])]


def test_irises_are_compared_with_their_masks_in_every_form():
    terms = cotejo.Agreement.iris(rows=4, columns=16, channels=4, rotations=1, threshold=0.3, **insecure())
    codes, masks = irises(4)
    rolled = np.roll(codes[2:3], 1, axis=2), np.roll(masks[2:3], 1, axis=2)
    strangers = irises(1, seed=8)
    probes = np.concatenate([rolled[0], strangers[0]]), np.concatenate([rolled[1], strangers[1]])
    forms = {
        "as an array and its masks": lambda c, m: (c, m),
        "flat": lambda c, m: (c.reshape(len(c), -1), m.reshape(len(m), -1)),
        "by channel": lambda c, m: (c.reshape(*c.shape[:3], 4), m.reshape(*m.shape[:3], 4)),
        "by filter": lambda c, m: (np.moveaxis(c, 3, 1), np.moveaxis(m, 3, 1)),
        "as templates of Open-IRIS": lambda c, m: [OpenIris(*pair) for pair in zip(c, m)],
    }
    for name, form in forms.items():
        verdicts = exchange(terms, form(codes, masks), form(*probes))
        assert verdicts.tolist() == [True, False], name


def test_the_two_eyes_of_a_person_are_one_probe():
    terms = cotejo.Agreement.iris(rows=4, columns=16, channels=4, rotations=0, threshold=0.3, eyes="all", **insecure())
    codes, masks = irises(2)
    both = {"ids": ["anna", "anna"], "eyes": ["left", "right"]}
    verdicts = exchange(terms, (codes, masks), (codes, masks), of_gallery=both, **both)
    assert verdicts.tolist() == [True]
    other = exchange(terms, (codes, masks), (codes[::-1], masks[::-1]), of_gallery=both, **both)
    assert other.tolist() == [False], "left is compared with left"


def test_production_parameters_end_to_end():
    terms = cotejo.Agreement.face(128, threshold=0.4, references=100, scheme="tfhe")
    assert terms.is_secure
    gallery = people(2, 128).astype(np.float32)
    querier = cotejo.Querier.generate(terms)
    custodian = cotejo.Custodian(terms, gallery, ids=["anna", "bert"])
    custodian.admit(querier.evaluation_key)
    query, pending = querier.encrypt(np.concatenate([gallery[1:], -gallery[:1]]), ids=["case 7", "case 8"])
    assert pending.ids == ["case 7", "case 8"]
    assert pending.decrypt(custodian.match(query)).tolist() == [True, False]
