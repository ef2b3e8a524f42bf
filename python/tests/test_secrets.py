"""Who holds a secret neither prints, nor copies, nor pickles it."""

import copy
import pickle
import traceback

import numpy as np
import pytest

import cotejo
from conftest import people


@pytest.fixture
def pending(querier):
    return querier.encrypt(people(1), ids=["case 7"])[1]


@pytest.mark.parametrize("refuse", [pickle.dumps, copy.copy, copy.deepcopy])
def test_what_holds_secrets_stays(querier, pending, terms, refuse):
    for holder in (querier, pending, querier._native, pending._native):
        with pytest.raises(TypeError, match="holds secrets"):
            refuse(holder)
    for holder in (cotejo.Gallery(terms, people(1)), cotejo.Custodian(terms, people(1))):
        with pytest.raises(TypeError, match="biometric"):
            refuse(holder)


def test_what_is_printed_says_nothing_of_them(querier, pending, terms):
    shown = repr(querier) + repr(pending) + repr(cotejo.Custodian(terms, people(2), ids=["anna", "bert"]))
    assert "case 7" not in shown and "anna" not in shown
    assert querier.key_id in shown


def test_a_traceback_has_no_value_of_a_template(terms):
    spoiled = people(2)
    spoiled[1, 0] = np.nan
    try:
        cotejo.Gallery(terms, spoiled)
    except cotejo.CotejoError:
        told = traceback.format_exc()
    assert str(spoiled[0, 0])[:8] not in told


def test_keys_are_readable_for_their_owner_alone(querier, terms, tmp_path):
    folder = tmp_path / "keys"
    querier.save(folder)
    assert (folder / "secret.key").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    with pytest.raises(cotejo.errors.InputError, match="exists already"):
        querier.save(folder)
    (folder / "secret.key").chmod(0o644)
    with pytest.raises(cotejo.CotejoError, match="chmod 600"):
        cotejo.Querier.load(folder, terms)


def test_keys_under_a_passphrase(querier, terms, tmp_path):
    folder = tmp_path / "keys"
    with pytest.raises(cotejo.CotejoError, match="shorter than 12"):
        querier.save(folder, passphrase="short")
    querier.save(folder, passphrase="correct horse battery")
    with pytest.raises(cotejo.CotejoError, match="passphrase"):
        cotejo.Querier.load(folder, terms)
    with pytest.raises(cotejo.CotejoError):
        cotejo.Querier.load(folder, terms, passphrase="another horse battery")
    assert cotejo.Querier.load(folder, terms, passphrase="correct horse battery").key_id == querier.key_id


def test_insecure_keys_are_made_only_where_that_is_allowed(terms):
    with pytest.raises(cotejo.errors.InputError, match="less than 128 bits"):
        cotejo.Querier.generate(terms)
    with pytest.raises(cotejo.CotejoError, match="insecure-test"):
        cotejo.Agreement.face(16, parameter_set="insecure-test")
