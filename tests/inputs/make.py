#!/usr/bin/env python3
"""Writes the files that the tests of tests/inputs read: small, of invented values, each as the program of its user writes it.

    python3 tests/inputs/make.py tests/inputs/files

Needs NumPy and pandas, and for the containers that are refused h5py, pyarrow and SciPy. The files in the repository were
written with NumPy 2.4.6, pandas 3.1.1, h5py 3.16.0, pyarrow 26.0.1 and SciPy 1.17.1 under Python 3.11.

Four persons (ana, bo, cy, di) of eight coordinates each; `reference.npy` holds a first sample of each, every other file of
vectors a second one, in the same order. Irises are of 4 rows, 32 columns, 2 filters and 2 parts.
"""

import base64
import gzip
import io
import json
import pickle
import struct
import sys
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import scipy.io

FOLDER = Path(sys.argv[1])
PERSONS = ["ana", "bo", "cy", "di"]
VALUES = 8
ROWS, COLUMNS, FILTERS = 4, 32, 2


def path(name):
    return FOLDER / name


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def packed(bits):
    return base64.b64encode(np.packbits(bits).tobytes()).decode()


def arrays(X):
    """.npy: shapes and types."""
    np.save(path("one_axis.npy"), X[0])
    np.save(path("an_axis_of_one.npy"), X.reshape(4, 1, VALUES))
    np.save(path("fortran.npy"), np.asfortranarray(X))
    np.save(path("big_endian.npy"), X.astype(">f4"))
    np.save(path("half.npy"), X.astype("<f2"))
    np.save(path("scalar.npy"), np.float32(0.5))
    np.save(path("transposed.npy"), np.vstack([X, X[:1]]).T.copy())
    np.save(path("dictionary.npy"), {"ana": X[0]}, allow_pickle=True)
    objects = np.empty(4, dtype=object)
    objects[:] = list(X)
    np.save(path("objects.npy"), objects, allow_pickle=True)
    records = np.zeros(4, dtype=[("id", "<i8"), ("emb", "<f4", (VALUES,))])
    np.save(path("records.npy"), records)
    np.save(path("long_double.npy"), X.astype(np.longdouble))
    np.save(path("complex.npy"), X.astype("<c8"))
    np.save(path("int8.npy"), np.round(X * 127).astype("i1"))
    X.tofile(path("raw.npy"))
    with open(path("appended.npy"), "wb") as file:
        np.save(file, X[:2])
        np.save(file, X[2:])
    spoilt = X.copy()
    spoilt[2] = np.nan
    np.save(path("nan.npy"), spoilt)


def archives(X):
    """.npz: names of arrays."""
    np.savez(path("unnamed_arrays.npz"), X, np.array(PERSONS))
    np.savez(path("labels.npz"), embeddings=X, labels=np.array(PERSONS))
    np.savez(path("names.npz"), embeddings=X, names=np.array(PERSONS))
    np.savez(path("insightface.npz"), embedding=X, bbox=np.zeros((4, 4), "<f4"), det_score=np.ones(4, "<f4"))
    np.savez(path("object_ids.npz"), embeddings=X, ids=np.array(PERSONS, dtype=object))
    np.savez(path("float_ids.npz"), embeddings=X, ids=np.arange(4.0))
    np.savez(path("ids_in_a_column.npz"), embeddings=X, ids=np.array(PERSONS).reshape(4, 1))
    np.savez(path("two_embeddings.npz"), embeddings=X, vectors=X, ids=np.array(PERSONS))
    with zipfile.ZipFile(path("packed_again.npz"), "w") as archive:
        for name, array in (("export/embeddings.npy", X), ("export/ids.npy", np.array(PERSONS))):
            content = io.BytesIO()
            np.save(content, array)
            archive.writestr(name, content.getvalue())
    with zipfile.ZipFile(path("lzma.npz"), "w", zipfile.ZIP_LZMA) as archive:
        content = io.BytesIO()
        np.save(content, X)
        archive.writestr("embeddings.npy", content.getvalue())


def labelled(rng):
    """Two sets of one group of people, in different order, of which the labels say who is who."""
    people = unit(rng.normal(size=(12, VALUES)))
    order = rng.permutation(12)
    sample = lambda: unit(people + 0.05 * rng.normal(size=people.shape)).astype("<f4")
    for name, label in (("labels", "labels"), ("person", "person")):
        np.savez(path(f"{name}_probes.npz"), embeddings=sample(), **{label: np.arange(12)})
        np.savez(path(f"{name}_references.npz"), embeddings=sample()[order], **{label: np.arange(12)[order]})


def tables(X):
    """CSV, as pandas and others write it."""
    named = pd.DataFrame(X.astype(float), columns=[f"v{i}" for i in range(VALUES)])
    with_ids = named.assign(id=PERSONS)[["id", *named.columns]]
    plain = pd.DataFrame(X.astype(float))
    plain.to_csv(path("pandas_index.csv"))
    plain.to_csv(path("pandas_index_without_header.csv"), header=False)
    pd.read_csv(path("pandas_index.csv")).to_csv(path("unnamed_0.csv"), index=False)
    with_ids.to_csv(path("pandas_index_and_ids.csv"))
    with_ids.assign(age=[30, 40, 50, 60]).to_csv(path("stray_column.csv"), index=False)
    pd.DataFrame({"id": PERSONS, "embedding": [list(map(float, x)) for x in X]}).to_csv(path("lists.csv"), index=False)
    pd.DataFrame({"id": PERSONS, "embedding": [list(x) for x in X]}).to_csv(path("numpy_2_lists.csv"), index=False)
    with np.printoptions(threshold=4, edgeitems=2):
        pd.DataFrame({"id": PERSONS, "embedding": list(X)}).to_csv(path("shortened.csv"), index=False)
    pgvector = [f'{name},"[{",".join(f"{v:.7g}" for v in x)}]"' for name, x in zip(PERSONS, X)]
    path("pgvector.csv").write_text("\n".join(["id,embedding", *pgvector, ""]))
    deepface = {
        "embedding": [list(map(float, x)) for x in X],
        "facial_area": [{"x": 1, "y": 2, "w": 3, "h": 4}] * 4,
        "face_confidence": [0.9] * 4,
    }
    pd.DataFrame(deepface).to_csv(path("deepface.csv"))
    with_ids.to_csv(path("decimal_commas.csv"), index=False, sep=";", decimal=",")
    with_ids.to_csv(path("tabs.tsv"), index=False, sep="\t")
    np.savetxt(path("savetxt.txt"), X)
    np.savetxt(path("savetxt_header.csv"), X, delimiter=",", header=",".join(named.columns))
    path("last_comma.csv").write_text("".join(",".join(repr(float(v)) for v in x) + ",\n" for x in X))
    path("comment.csv").write_text("# exported on a day\n" + with_ids.to_csv(index=False))
    path("utf_16.csv").write_bytes(with_ids.to_csv(index=False).encode("utf-16"))
    missing = with_ids.copy()
    missing.iloc[1, 3] = np.nan
    missing.to_csv(path("missing_value.csv"), index=False)
    missing.to_csv(path("nan.csv"), index=False, na_rep="NaN")
    with_ids.assign(id=[1.0, 2.0, 3.0, 4.0]).to_csv(path("float_ids.csv"), index=False)
    pd.DataFrame(X.astype(float), columns=range(1, VALUES + 1)).to_csv(path("counted_header.csv"), index=False)
    path("float_ids.txt").write_text("1.0\n2.0\n3.0\n4.0\n")


def documents(X):
    """JSON."""
    lists = [list(map(float, x)) for x in X]

    def lines(name, objects, **how):
        path(name).write_text("".join(json.dumps(one, **how) + "\n" for one in objects))

    area = {"facial_area": {"x": 1, "y": 2, "w": 3, "h": 4}, "face_confidence": 0.9}
    lines("deepface.jsonl", [{"embedding": x, **area} for x in lists])
    lines("pinecone.jsonl", [{"id": name, "values": x, "metadata": {}} for name, x in zip(PERSONS, lists)])
    lines("qdrant.jsonl", [{"id": name, "vector": x, "payload": {}} for name, x in zip(PERSONS, lists)])
    lines("bare.jsonl", lists)
    lines("nested.jsonl", [{"id": name, "vector": [x]} for name, x in zip(PERSONS, lists)])
    lines("texts.jsonl", [{"id": name, "vector": json.dumps(x)} for name, x in zip(PERSONS, lists)])
    lines("pretty.jsonl", [{"id": name, "vector": x} for name, x in zip(PERSONS, lists)], indent=1)
    path("list.json").write_text(json.dumps([{"id": name, "vector": x} for name, x in zip(PERSONS, lists)]))
    path("by_id.json").write_text(json.dumps(dict(zip(PERSONS, lists))))
    path("chroma.json").write_text(json.dumps({"ids": PERSONS, "embeddings": lists, "metadatas": None}))
    spoilt = [list(x) for x in lists]
    spoilt[1][2] = float("nan")
    lines("nan.jsonl", [{"id": name, "vector": x} for name, x in zip(PERSONS, spoilt)])


def containers(X):
    """Files of other kinds, each refused with the line that converts it."""
    fvecs = b"".join(struct.pack("<i", VALUES) + x.tobytes() for x in X)
    path("o.fvecs").write_bytes(fvecs)
    path("fvecs_as.npy").write_bytes(fvecs)
    path("o.pkl").write_bytes(pickle.dumps({"embeddings": X, "names": PERSONS}))
    with gzip.GzipFile(path("o.npy.gz"), "wb", mtime=0) as file:
        np.save(file, X)
    with h5py.File(path("o.h5"), "w") as file:
        file["embeddings"] = X
    pd.DataFrame(X, columns=[f"v{i}" for i in range(VALUES)]).to_parquet(path("o.parquet"))
    scipy.io.savemat(path("o.mat"), {"features": X})
    path("without_extension").write_bytes(path("reference.npy").read_bytes())


def iris(rng):
    """A code whose neighbouring columns agree as those of a filter do, and a mask that its pairs share."""
    change = rng.random((ROWS, COLUMNS, FILTERS, 2)) < 0.15
    code = np.cumsum(change, axis=1) % 2 == 1
    mask = np.repeat(rng.random((ROWS, COLUMNS, FILTERS, 1)) < 0.85, 2, axis=3)
    return code, mask


def irises(rng):
    """What Open-IRIS, iris-mpc, OSIRIS and others keep: a first sample of two persons, and files of a second one, rolled by two columns."""
    eyes = [iris(rng) for _ in range(4)]
    rolled = [(np.roll(code, 2, axis=1), np.roll(mask, 2, axis=1)) for code, mask in eyes]
    stack = lambda which: (np.stack([c for c, _ in which[:2]]), np.stack([m for _, m in which[:2]]))
    codes, masks = stack(eyes)
    np.savez(path("iris_reference.npz"), code=codes, valid=masks, ids=np.array(["ana", "bo"]))
    codes, masks = stack(rolled)
    flat = lambda bits: bits.reshape(2, ROWS, COLUMNS, 2 * FILTERS)
    by_filter = lambda bits: bits.transpose(0, 3, 1, 2, 4)
    strings = lambda bits: np.packbits(bits.reshape(2, -1), axis=1)
    np.savez(path("iris_noise.npz"), code=flat(codes), noise=flat(~masks))
    np.savez(path("iris_mask_of_noise.npz"), code=flat(codes), mask=flat(~masks))
    np.savez(path("iris_mask.npz"), code=flat(codes), mask=flat(masks))
    np.savez(path("iris_255.npz"), code=flat(codes).astype("u1") * 255, mask=flat(masks).astype("u1") * 255)
    np.savez(path("iris_floats.npz"), code=flat(codes).astype(float), valid=flat(masks).astype(float))
    np.savez(path("iris_without_mask.npz"), code=flat(codes))
    np.savez(path("iris_by_filter.npz"), iris_codes=by_filter(codes), mask_codes=by_filter(masks))
    np.savez(path("iris_packed.npz"), code=strings(codes), valid=strings(masks))
    np.savez(path("iris_packed_by_filter.npz"), code=strings(by_filter(codes)), valid=strings(by_filter(masks)))
    filters = {f"iris_codes_{f}": codes[:, :, :, f] for f in range(FILTERS)}
    filters |= {f"mask_codes_{f}": masks[:, :, :, f] for f in range(FILTERS)}
    np.savez(path("iris_filters.npz"), **filters)
    one = lambda code, mask: {"iris_codes": packed(code), "mask_codes": packed(mask), "iris_code_version": "v2.1"}
    path("open_iris.json").write_text(json.dumps(one(*rolled[0]) | {"image_id": "img-7"}))
    path("open_iris_list.json").write_text(json.dumps([one(*rolled[0]), one(*rolled[1])], indent=2))

    def person(left, right):
        return {
            "IRIS_version": "1.6.1",
            "left_iris_code": packed(left[0]),
            "left_mask_code": packed(left[1]),
            "right_iris_code": packed(right[0]),
            "right_mask_code": packed(right[1]),
        }

    persons = [person(rolled[0], rolled[2]), person(rolled[1], rolled[3])]
    path("iris_mpc.json").write_text(json.dumps(persons[0]))
    path("iris_mpc_list.json").write_text(json.dumps(persons))
    path("iris_mpc.jsonl").write_text("".join(json.dumps(one) + "\n" for one in persons))
    nested = {"left": one(*rolled[0]), "right": one(*rolled[2])}
    path("open_iris_eyes.json").write_text(json.dumps(nested))


def main():
    FOLDER.mkdir(exist_ok=True)
    rng = np.random.default_rng(16)
    people = unit(rng.normal(size=(4, VALUES)))
    np.save(path("reference.npy"), people.astype("<f4"))
    path("reference.ids.txt").write_text("\n".join(PERSONS) + "\n")
    X = unit(people + 0.05 * rng.normal(size=people.shape)).astype("<f4")
    arrays(X)
    archives(X)
    labelled(rng)
    tables(X)
    documents(X)
    containers(X)
    irises(rng)
    print(f"{len(list(FOLDER.iterdir()))} files in {FOLDER}")


main()
