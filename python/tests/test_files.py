"""Files are the command line's: made there and read here, and back."""

import os
import pickle

import numpy as np
import pytest

import cotejo
from conftest import insecure, people
from cotejo.errors import (
    AgreementError,
    AnswerError,
    DamagedError,
    FileSystemError,
    GalleryError,
    InputError,
    OtherAgreementError,
    OtherKeyError,
)

INIT = "agreement init --modality face --dimension 16 --parameter-set insecure-test --allow-insecure".split()


def test_what_the_command_line_makes_is_read_here(program, tmp_path):
    np.save(tmp_path / "gallery.npy", people(5))
    np.save(tmp_path / "probes.npy", people(5)[3:])
    program(*INIT)
    program("keygen", "--allow-insecure")
    program("enroll", "--templates", "gallery.npy")
    program("encrypt", "--templates", "probes.npy")
    terms = cotejo.Agreement.load(tmp_path / "agreement.toml")
    querier = cotejo.Querier.load(tmp_path / "keys/querier", terms)
    custodian = cotejo.Custodian(terms, gallery=tmp_path / "gallery.cotejo")
    assert custodian.gallery.ids == ["1", "2", "3", "4", "5"]
    custodian.admit((tmp_path / "keys/querier/evaluation.key").read_bytes())
    answer = custodian.match((tmp_path / "probes.query.cotejo").read_bytes())
    assert querier.decrypt(answer, tmp_path / "keys/querier").tolist() == [True, True]
    assert querier.pending(answer, tmp_path / "keys/querier").ids == ["probes.npy row 1", "probes.npy row 2"]


def test_what_is_made_here_is_read_by_the_command_line(program, tmp_path):
    terms = cotejo.Agreement.face(16, **insecure())
    terms.save(tmp_path / "agreement.toml")
    assert terms.digest in program("agreement", "check")
    querier = cotejo.Querier.generate(terms, allow_insecure=True)
    querier.save(tmp_path / "keys/querier")
    said = cotejo.enroll(terms, people(5), tmp_path / "gallery.cotejo", ids=list("abcde"))
    assert (said["subjects"], said["refused"]) == (5, [])
    query, pending = querier.encrypt(people(5)[1:2], ids=["case 7"])
    pending.save(tmp_path / "keys/querier")
    (tmp_path / "query.cotejo").write_bytes(query)
    program("match", "--gallery", "gallery.cotejo", "--query", "query.cotejo", "--out", "answer.cotejo")
    assert program("decrypt", "--answer", "answer.cotejo") == "case 7\thit\n"
    assert pending.decrypt((tmp_path / "answer.cotejo").read_bytes()).tolist() == [True]


def test_a_gallery_is_written_from_files_and_added_to(program, tmp_path):
    terms = cotejo.Agreement.face(16, **insecure())
    np.savez(tmp_path / "more.npz", embeddings=people(3, seed=5), ids=["x", "y", "z"])
    out = tmp_path / "gallery.cotejo"
    cotejo.enroll(terms, people(2), out, ids=["a", "b"], progress=lambda *_: None)
    said = cotejo.enroll(terms, tmp_path / "more.npz", out, append=True)
    assert (said["subjects"], said["added"]["new_subjects"]) == (5, 3)
    assert cotejo.Gallery.load(out, terms).ids == ["a", "b", "x", "y", "z"]
    with pytest.raises(InputError, match="exists already"):
        cotejo.enroll(terms, people(2), out, ids=["a", "b"])
    with pytest.raises(cotejo.errors.TemplatesError, match="the id occurs 2 times"):
        cotejo.enroll(terms, people(1), out, ids=["a"], append=True)
    assert len(cotejo.Gallery.load(out, terms)) == 5


def test_who_is_enrolled_is_replaced_and_who_is_not_good_enough_is_told(tmp_path):
    terms = cotejo.Agreement.face(16, disclosure="each", **insecure())
    out = tmp_path / "gallery.cotejo"
    cotejo.enroll(terms, people(3), out, ids=list("abc"))
    beside = {"ids": list("bcd"), "quality": [0.9, 0.2, 0.8], "minimum_quality": 0.5}
    with pytest.warns(cotejo.errors.CotejoWarning, match="failure to enrol: row 2, 'c'"):
        said = cotejo.enroll(terms, people(3, seed=5), out, append=True, replace=True, **beside)
    assert said["subjects"] == 4 and len(said["failures_to_enrol"]) == 1
    assert sorted(cotejo.Gallery.load(out, terms).ids) == list("abcd")
    gallery = cotejo.Gallery(terms, people(3, seed=5), **beside)
    assert gallery.ids == ["b", "d"]
    assert [(one.record, one.failed_to_enrol) for one in gallery.skipped] == [(2, True)]
    with pytest.raises(cotejo.errors.TemplatesError, match="quality"):
        cotejo.Gallery(terms, people(3), minimum_quality=0.5)


def test_an_agreement_is_the_same_wherever_it_is_read(program, tmp_path):
    terms = cotejo.Agreement.face(16, threshold=0.41, disclosure="each", title="Trial", **insecure())
    terms.save(tmp_path / "agreement.toml")
    again = cotejo.Agreement.load(tmp_path / "agreement.toml")
    assert again == terms and again.toml == terms.toml and hash(again) == hash(terms)
    assert pickle.loads(pickle.dumps(terms)) == terms
    assert terms.terms["comparison"]["threshold"] == "0.41"
    assert "Title" not in str(terms) and "Trial" in str(terms) and terms.digest[:16] in repr(terms)
    program(*INIT, "--threshold", "0.41", "--disclosure", "each", "--title", "Trial", "--out", "other.toml")
    assert (tmp_path / "other.toml").read_text() == terms.toml


def test_the_whole_command_line_is_there(program):
    assert program("--version").startswith("cotejo ")
    assert "usage" in program("enroll", "--help").lower()


def test_what_is_wrong_with_a_file_has_a_class_of_its_own(program, tmp_path, querier, terms):
    custodian = cotejo.Custodian(terms, people(2))
    query, pending = querier.encrypt(people(1))
    with pytest.raises(OtherKeyError, match="admit"):
        custodian.match(query)
    custodian.admit(querier.evaluation_key)
    for damaged in (b"", b"COTEJO", query[:-1], query + b"x", query[:200] + b"x" + query[201:]):
        with pytest.raises(DamagedError):
            custodian.match(damaged)
    with pytest.raises(DamagedError):
        custodian.match(querier.evaluation_key)
    other = cotejo.Agreement.face(16, threshold=0.9, **insecure())
    stranger = cotejo.Querier.generate(other, allow_insecure=True)
    with pytest.raises(OtherAgreementError):
        custodian.admit(stranger.evaluation_key)
    answer = custodian.match(query)
    _, another = querier.encrypt(people(1))
    with pytest.raises(AnswerError, match="answers query"):
        another.decrypt(answer)
    with pytest.raises(DamagedError):
        pending.decrypt(answer[:-1])
    assert pending.decrypt(answer).tolist() == [True], "what is refused leaves it waiting"
    with pytest.raises(AnswerError, match="was read"):
        pending.decrypt(answer)
    with pytest.raises(FileSystemError, match="check the path") as missing:
        cotejo.Gallery.load(tmp_path / "none.cotejo", terms)
    assert isinstance(missing.value, OSError) and missing.value.remedy == "check the path"
    with pytest.raises(AgreementError, match="there is no agreement here"):
        cotejo.Agreement.load(tmp_path / "none.toml")
    with pytest.raises(AgreementError):
        cotejo.Agreement("version = 1")
    (tmp_path / "gallery.cotejo").write_bytes(b"COTEJO\x1a\n")
    with pytest.raises((GalleryError, DamagedError)):
        cotejo.Gallery.load(tmp_path / "gallery.cotejo", terms)


def test_bytes_like_objects_cross_as_well(querier, terms):
    custodian = cotejo.Custodian(terms, people(2))
    custodian.admit(memoryview(querier.evaluation_key))
    query, pending = querier.encrypt(people(1))
    assert pending.decrypt(bytearray(custodian.match(bytearray(query)))).tolist() == [True]


@pytest.mark.skipif("COTEJO_POSTGRES" not in os.environ, reason="scripts/postgres.sh starts a server")
def test_rows_of_a_database_are_enrolled(tmp_path):
    terms, database = cotejo.Agreement.face(16, **insecure()), os.environ["COTEJO_POSTGRES"]
    rows = (f"('p{row}', ARRAY{person.tolist()}::real[])" for row, person in enumerate(people(5)))
    query = f"SELECT id, embedding FROM (VALUES {', '.join(rows)}) AS people(id, embedding)"
    said = cotejo.enroll(terms, database, tmp_path / "gallery.cotejo", query=query)
    assert (said["subjects"], said["refused"]) == (5, [])
    assert cotejo.Custodian(terms, gallery=tmp_path / "gallery.cotejo").gallery.ids == ["p0", "p1", "p2", "p3", "p4"]
    with pytest.raises(InputError, match="does not exist") as caught:
        cotejo.enroll(terms, database, tmp_path / "other.cotejo", query="SELECT id FROM nowhere")
    assert caught.value.place == "--query"
    with pytest.raises(TypeError, match="connection string"):
        cotejo.enroll(terms, people(5), tmp_path / "other.cotejo", query=query)
