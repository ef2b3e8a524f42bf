"""Writes the files of columns that fuzzing begins from, as pyarrow 26.0.1 does."""

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet

beside = {"id": ["x", "y"], "eye": pa.array(["left", None]).dictionary_encode()}
vectors = pa.table(beside | {"vector": pa.array([[0.5, -1.0], [0.25, 2.0]], pa.list_(pa.float32(), 2))})
bits = pa.table(beside | {"bits": pa.array([b"\x5a", b"\x0f"])})
small = {"store_schema": False, "write_statistics": False}
pyarrow.parquet.write_table(vectors, "plain.parquet", compression="none", use_dictionary=False, **small)
pyarrow.parquet.write_table(vectors, "snappy.parquet", compression="snappy", **small)
pyarrow.parquet.write_table(bits, "bits.parquet", compression="zstd", **small)
with pyarrow.ipc.new_file("lz4.arrow", vectors.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as file:
    file.write_table(vectors)
with pyarrow.ipc.new_stream("stream.arrow", bits.schema) as stream:
    stream.write_table(bits)
