"""Frames and tables, through the Arrow C data interface."""

import numpy as np
import pytest

import cotejo
from conftest import people
from cotejo.errors import TemplatesError

pa = pytest.importorskip("pyarrow")

NAMES = ["anna", "bert", "carl", "dora"]
VECTORS = people(4).astype(np.float32)


def table(**columns):
    return pa.table({"id": NAMES, "embedding": list(VECTORS), **columns})


def of_pandas():
    pandas = pytest.importorskip("pandas")
    return pandas.DataFrame({"id": NAMES, "embedding": list(VECTORS), "age": [30, 40, 50, 60]})


def of_polars():
    polars = pytest.importorskip("polars")
    return polars.DataFrame({"id": NAMES, "embedding": VECTORS.tolist()})


def fixed():
    values = pa.array(VECTORS.ravel().astype(np.float16))
    return pa.table({"id": pa.array(NAMES).dictionary_encode(), "embedding": pa.FixedSizeListArray.from_arrays(values, 16)})


@pytest.mark.parametrize("frame", [table, of_pandas, of_polars, fixed, lambda: table().to_reader(max_chunksize=2)])
def test_a_frame_is_enrolled_with_its_ids(terms, querier, frame):
    custodian = cotejo.Custodian(terms, frame())
    assert custodian.gallery.ids == NAMES
    custodian.admit(querier.evaluation_key)
    query, pending = querier.encrypt(frame())
    assert pending.ids == NAMES and pending.decrypt(custodian.match(query)).tolist() == [True] * 4


def test_columns_of_other_names_are_said(terms):
    frame = table().rename_columns(["person", "face_512"])
    assert cotejo.Gallery(terms, frame, column="face_512", id_column="person").ids == NAMES
    assert cotejo.Gallery(terms, frame.select(["face_512"]), column="face_512", ids=NAMES).ids == NAMES
    with pytest.raises(TemplatesError, match="none|nothing|no column"):
        cotejo.Gallery(terms, frame, column="other", id_column="person")


def test_a_frame_without_ids_makes_no_gallery_but_probes(terms, querier):
    frame = table().select(["embedding"])
    with pytest.raises(TemplatesError, match="a frame without ids") as refused:
        cotejo.Gallery(terms, frame)
    assert "id_column" in refused.value.remedy
    assert querier.encrypt(frame)[1].ids == ["1", "2", "3", "4"]


def test_rows_that_are_missing_or_not_finite_are_refused_by_number_or_skipped(terms):
    rows = [list(map(float, VECTORS[0])), None, [float("nan")] * 16, list(map(float, VECTORS[3]))]
    frame = pa.table({"id": NAMES, "embedding": rows})
    with pytest.raises(TemplatesError, match="2 of 4"):
        cotejo.Gallery(terms, frame)
    gallery = cotejo.Gallery(terms, frame, on_invalid="skip")
    assert gallery.ids == ["anna", "dora"] and [one.record for one in gallery.skipped] == [2, 3]


def test_a_frame_is_evaluated_and_written_to_a_file(terms, tmp_path):
    twice = pa.table({"subject": NAMES * 2, "embedding": list(np.concatenate([VECTORS, VECTORS + 0.01]))})
    card = cotejo.evaluate(terms, twice, "subject", encrypt="none")
    assert card.json()["data"]["genuine_pairs"] == 4
    assert cotejo.enroll(terms, table(), tmp_path / "gallery.cotejo")["subjects"] == 4
    assert cotejo.Gallery.load(tmp_path / "gallery.cotejo", terms).ids == NAMES


def test_a_file_of_parquet_is_enrolled_in_part(terms, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(table(nationality=["X", "Y", "X", "Y"], age=[30, 40, 50, 60]), tmp_path / "people.parquet")
    out = tmp_path / "gallery.cotejo"
    cotejo.enroll(terms, tmp_path / "people.parquet", out, where="nationality = 'X' and age > 40")
    assert cotejo.Gallery.load(out, terms).ids == ["carl"]


def test_what_does_not_go_with_a_frame_is_refused(terms):
    with pytest.raises(TemplatesError, match="masks beside a frame"):
        cotejo.Gallery(terms, table(), masks=VECTORS)
    with pytest.raises(TemplatesError, match="handles beside a frame"):
        cotejo.Gallery(terms, table(), handles=NAMES)
    with pytest.raises(TemplatesError, match="a single column"):
        cotejo.Gallery(terms, table()["embedding"])
    with pytest.raises(TemplatesError, match="no columns of names"):
        cotejo.Gallery(terms, VECTORS, id_column="id")
