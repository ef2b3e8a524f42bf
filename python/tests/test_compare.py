"""The clear oracle: it defines every encrypted verdict."""

import numpy as np
import pytest

import cotejo
from conftest import SETS, insecure, people
from cotejo.errors import TemplatesError


@pytest.mark.parametrize("scheme", SETS)
def test_encrypted_verdicts_are_those_of_the_oracle(scheme):
    terms = cotejo.Agreement.face(16, threshold=0.2, disclosure="each", references=1000, **insecure(scheme))
    gallery, probes = people(200), people(10, seed=4)
    querier = cotejo.Querier.generate(terms, allow_insecure=True)
    custodian = cotejo.Custodian(terms, gallery)
    custodian.admit(querier.evaluation_key)
    query, pending = querier.encrypt(probes)
    compared = cotejo.compare(terms, probes, gallery)
    assert 0.05 < compared.hits.mean() < 0.5
    far = np.abs(compared.scores - 0.2) > 0.05
    assert np.array_equal(pending.decrypt(custodian.match(query))[far], compared.hits[far])
    assert far.mean() > 0.8


def test_scores_are_those_of_the_metric():
    gallery, probes = people(300, 64), people(20, 64, seed=4)
    terms = cotejo.Agreement.face(64, threshold=0.1, **insecure())
    compared = cotejo.compare(terms, probes, gallery)
    cosines = probes @ gallery.T
    assert np.abs(compared.scores - cosines).max() < 0.02
    assert np.array_equal(compared.hits, compared.scores >= np.float32(0.1)), "the threshold is that of the scores"
    bits = np.random.default_rng(2).integers(0, 2, size=(50, 100)).astype(bool)
    terms = cotejo.Agreement.bits(100, threshold=45, **insecure())
    compared = cotejo.compare(terms, bits[:7], bits)
    distances = (bits[:7, None] ^ bits[None]).sum(axis=2)
    assert np.array_equal(compared.scores, distances) and np.array_equal(compared.hits, distances <= 45)


def test_whose_rows_and_columns_are_is_told_also_where_some_are_skipped():
    terms = cotejo.Agreement.face(16, **insecure())
    spoiled = people(4)
    spoiled[2] = np.nan
    with pytest.raises(TemplatesError, match="row 3, 'c'") as refused:
        cotejo.compare(terms, people(2), spoiled, reference_ids=list("abcd"))
    assert refused.value.place == "references"
    compared = cotejo.compare(terms, people(2), spoiled, reference_ids=list("abcd"), on_invalid="skip")
    assert compared.references == ["a", "b", "d"] and compared.probes == ["1", "2"] and compared.hits.shape == (2, 3)
    assert [one.record for one in compared.skipped[1]] == [3] and compared.skipped[0] == []
