"""Writes the files that README.md describes."""

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet

people = ["anna", "bert", "carl", "dora"]
rows = [[1.0 if at // 4 == person else 0.0 for at in range(16)] for person in range(4)]
quality = pa.array([0.9, None, 0.4, 0.8])
faces = pa.table({
    "person": pa.array(people).dictionary_encode(),
    "face": pa.array(rows, pa.list_(pa.float32(), 16)),
    "quality": quality,
    "taken": pa.array([20000, 20001, None, 20003], pa.date32()),
})
pyarrow.parquet.write_table(faces, "faces.parquet", compression="snappy")
pyarrow.feather.write_feather(faces, "faces.feather", compression="lz4")
nulls = pa.table({
    "id": pa.array(["anna", "bert", "carl", None, "emma"]),
    "embedding": pa.array([rows[0], None, rows[2][:15] + [None], rows[3], rows[3][:5]], pa.list_(pa.float32())),
})
pyarrow.parquet.write_table(nulls, "nulls.parquet", compression="zstd")
