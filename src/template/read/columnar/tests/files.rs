use std::io::{Cursor, Read as _};

use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::Compression;
use ::parquet::file::properties::{WriterProperties, WriterVersion};
use arrow_array::types::{Float32Type, Int32Type};
use arrow_array::{DictionaryArray, FixedSizeListArray, Int64Array, ListArray};
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};

use super::*;

/// Records with ids in a dictionary, of which some are null, and columns that nobody reads.
pub(super) fn people(rows: usize) -> RecordBatch {
    let ids: DictionaryArray<Int32Type> = (0..rows)
        .map(|row| (row % 5 != 4).then(|| format!("p{row}")))
        .collect::<Vec<_>>()
        .iter()
        .map(Option::as_deref)
        .collect();
    let vector = |row: usize| (row % 7 != 6).then(|| vec![Some(row as f32), Some(0.5)]);
    let notes = ListArray::from_iter_primitive::<Int32Type, _, _>((0..rows).map(|row| Some(vec![Some(1); row % 3])));
    batch(vec![
        ("note", Arc::new(notes)),
        ("id", Arc::new(ids)),
        ("site", Arc::new(StringArray::from_iter_values((0..rows).map(|row| if row % 2 == 0 { "a" } else { "b" })))),
        ("year", Arc::new(Int64Array::from_iter((0..rows).map(|row| (row % 3 > 0).then_some(2000 + row as i64))))),
        ("embedding", Arc::new(FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>((0..rows).map(vector), 2))),
    ])
}

pub(super) fn parquet(batch: &RecordBatch, properties: WriterProperties) -> Vec<u8> {
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap()
}

pub(super) fn arrow(batch: &RecordBatch, compression: Option<CompressionType>, is_file: bool) -> Vec<u8> {
    let options = IpcWriteOptions::default().try_with_compression(compression).unwrap();
    let half = batch.num_rows() / 2;
    let parts = [batch.slice(0, half), batch.slice(half, batch.num_rows() - half)];
    if is_file {
        // One dictionary a file: batches that share it.
        let mut writer = FileWriter::try_new_with_options(Vec::new(), &batch.schema(), options).unwrap();
        parts.iter().for_each(|part| writer.write(part).unwrap());
        writer.finish().unwrap();
        return writer.into_inner().unwrap();
    }
    let mut writer = StreamWriter::try_new_with_options(Vec::new(), &batch.schema(), options).unwrap();
    parts.iter().for_each(|part| writer.write(part).unwrap());
    writer.finish().unwrap();
    writer.into_inner().unwrap()
}

/// The same records in every way in which they may be written.
pub(super) fn every_way(batch: &RecordBatch) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let compressions = [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(Default::default()),
        Compression::ZSTD(Default::default()),
        Compression::LZ4,
        Compression::LZ4_RAW,
    ];
    for compression in compressions {
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            let properties = WriterProperties::builder()
                .set_compression(compression)
                .set_writer_version(version)
                .set_encoding(::parquet::basic::Encoding::PLAIN)
                .set_max_row_group_row_count(Some(16))
                .build();
            files.push((format!("Parquet {version:?} {compression}"), parquet(batch, properties)));
        }
    }
    for compression in [None, Some(CompressionType::LZ4_FRAME), Some(CompressionType::ZSTD)] {
        for is_file in [true, false] {
            files.push((format!("Arrow {compression:?} {is_file}"), arrow(batch, compression, is_file)));
        }
    }
    files
}

#[test]
fn files_hold_the_records_of_their_batches_however_they_are_written() {
    let people = people(40);
    let filtered = || Given { filter: Some("site = 'a' AND year > 2010".parse().unwrap()), ..Given::default() };
    let (records, end) = read(&people, SHAPE, Given::default()).unwrap();
    let (few, _) = read(&people, SHAPE, filtered()).unwrap();
    assert!(records.len() == 40 && !few.is_empty() && few.len() < 15, "{few:?}");
    for (way, bytes) in every_way(&people) {
        let (found, there) = file(&bytes, SHAPE, Given::default()).unwrap_or_else(|error| panic!("{way}: {error}"));
        assert_eq!((found, there.records, there.found), (records.clone(), end.records, end.found.clone()), "{way}");
        assert_eq!(told(file(&bytes, SHAPE, filtered())), few, "{way}");
        // From a file that is read at any place, and from a pipe.
        let format = Format::of(&mut Source::of(&bytes).unwrap(), SHAPE).unwrap();
        for source in [Source::file(Cursor::new(bytes.clone())), Source::new(bytes.as_slice().chain(&b""[..]))] {
            let mut found = Vec::new();
            let end = each(source.unwrap(), format, SHAPE, Given::default(), &mut |_, entry| take(&mut found, entry));
            assert_eq!((end.unwrap().records, found), (40, records.clone()), "{way}");
        }
    }
}

#[test]
fn whoever_takes_the_records_of_a_file_may_stop() {
    for (way, bytes) in every_way(&people(10)) {
        let source = Source::of(&bytes).unwrap();
        let format = Format::of(&mut Source::of(&bytes).unwrap(), SHAPE).unwrap();
        let end = each(source, format, SHAPE, Given::default(), &mut |_, _| ControlFlow::Break(()));
        assert_eq!(end.err(), Some(ReadError::Stopped), "{way}");
    }
}

#[test]
fn a_file_without_rows_holds_no_record() {
    for (way, bytes) in every_way(&people(0)) {
        assert_eq!(file(&bytes, SHAPE, Given::default()).err(), Some(ReadError::NoRecords), "{way}");
    }
}

#[test]
fn formats_without_columns_say_what_to_do() {
    let asked = [
        (Given { column: Some("v".to_owned()), ..Given::default() }, "templates"),
        (Given { id_column: Some("v".to_owned()), ..Given::default() }, "ids"),
        (Given { filter: Some("v > 1".parse().unwrap()), ..Given::default() }, "rows"),
    ];
    for (given, what) in asked {
        let refused = file(b"id,a,b\nx,1,2\n", SHAPE, given).err();
        assert_eq!(refused, Some(ReadError::NotByColumn { format: Format::Csv, what }));
    }
}
