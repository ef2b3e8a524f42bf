//! The quality of templates, in every format that has a place for it: read where it is asked for, and no coordinate.

use super::testing::archive;
use super::*;

const VECTOR: TemplateShape = TemplateShape::Vector(2);

fn read(file: &[u8], format: Format, minimum_quality: Option<f64>) -> Result<Reading, ReadError> {
    super::read(Source::of(file)?, format, VECTOR, Given { minimum_quality, ..Given::default() })
}

/// Who is read, and of the others the place and what is said of their quality.
fn split(file: &[u8], format: Format, minimum: f64) -> (Vec<String>, Vec<(usize, Option<f64>)>) {
    let reading = read(file, format, Some(minimum)).unwrap();
    assert_eq!(reading.found.quality.as_deref(), Some("quality"));
    let failed = reading.unusable.into_iter().map(|one| match one.fault {
        RecordFault::Quality { quality, minimum: asked } if asked == minimum => (one.record, quality),
        other => panic!("{other}"),
    });
    (reading.records.into_iter().map(|(_, record)| record.subject.into()).collect(), failed.collect())
}

/// Five records: of 0.9, 0.6, 0.5, of none, and of what is no number.
fn files() -> [(Format, Vec<u8>); 4] {
    let csv = "id,quality,a,b\na,0.9,1,2\nb,0.6,3,4\nc,0.5,5,6\nd,,7,8\ne,good,9,1\n";
    let json = "{\"id\": \"a\", \"vector\": [1, 2], \"quality\": 0.9}\n{\"id\": \"b\", \"vector\": [3, 4], \"quality\": \"0.6\"}\n\
                {\"id\": \"c\", \"vector\": [5, 6], \"quality\": 0.5}\n{\"id\": \"d\", \"vector\": [7, 8]}\n\
                {\"id\": \"e\", \"vector\": [9, 1], \"quality\": [1]}\n";
    let columns = "{\"ids\": [\"a\", \"b\", \"c\", \"d\", \"e\"], \"embeddings\": [[1, 2], [3, 4], [5, 6], [7, 8], [9, 1]], \
                   \"quality\": [0.9, 0.6, 0.5, null, \"good\"]}";
    let lists = "id;quality;embedding\na;0,9;[1, 2]\nb;0,6;[3, 4]\nc;0,5;[5, 6]\nd;;[7, 8]\ne;good;[9, 1]\n";
    [
        (Format::Csv, csv.into()),
        (Format::Json, json.into()),
        (Format::Json, columns.into()),
        (Format::Csv, lists.into()),
    ]
}

#[test]
fn whoever_is_below_the_minimum_or_has_no_quality_is_a_failure_to_enrol() {
    for (format, file) in files() {
        let (read, failed) = split(&file, format, 0.6);
        assert_eq!(read, ["a", "b"], "{format}");
        assert_eq!(failed[..2], [(3, Some(0.5)), (4, None)], "{format}");
        assert!(failed[2].0 == 5 && failed[2].1.unwrap().is_nan(), "{format}");
    }
}

#[test]
fn of_an_archive_the_quality_is_an_array_of_numbers() {
    let vectors: Vec<u8> = [1_f32, 2.0, 3.0, 4.0, 5.0, 6.0].iter().flat_map(|value| value.to_le_bytes()).collect();
    let floats: Vec<u8> = [0.9_f32, f32::NAN, 0.25].iter().flat_map(|value| value.to_le_bytes()).collect();
    let with = |element, shape, quality: &[u8]| {
        archive(&[("embeddings", "<f4", "(3, 2)", &vectors), ("quality", element, shape, quality)])
    };
    let (read, failed) = split(&with("<f4", "(3,)", &floats), Format::Npz, 0.5);
    assert_eq!((read, failed.len(), failed[1]), (vec!["1".to_owned()], 2, (3, Some(0.25))));
    assert!(failed[0].0 == 2 && failed[0].1.unwrap().is_nan());
    let (read, failed) = split(&with("|u1", "(3,)", &[90, 40, 60]), Format::Npz, 60.0);
    assert_eq!((read, failed), (vec!["1".to_owned(), "3".to_owned()], vec![(2, Some(40.0))]));
    // One for each record.
    let refused = super::read(
        Source::of(&with("|u1", "(2,)", &[90, 40])).unwrap(),
        Format::Npz,
        VECTOR,
        Given { minimum_quality: Some(1.0), ..Given::default() },
    );
    assert!(matches!(refused.err(), Some(ReadError::Array { array, .. }) if array == "quality"));
    // Not asked for, it is not read, and nobody's id.
    let reading = self::read(&with("|u1", "(3,)", &[90, 40, 60]), Format::Npz, None).unwrap();
    assert_eq!((reading.records.len(), &reading.found.unread[..]), (3, &["quality".to_owned()][..]));
    assert!(reading.found.candidates.is_empty() && reading.found.quality.is_none());
}

#[test]
fn without_a_minimum_a_quality_is_told_as_not_read() {
    for (format, file) in files() {
        let reading = read(&file, format, None).unwrap();
        assert_eq!((reading.records.len(), reading.unusable.len()), (5, 0), "{format}");
        assert_eq!(reading.found.unread, ["quality"], "{format}");
        assert!(reading.found.quality.is_none() && reading.found.candidates.is_empty(), "{format}");
    }
    // A whole number is nobody's id.
    let reading = read(b"quality,a,b\n90,1,2.5\n80,3,4.5\n", Format::Csv, None).unwrap();
    assert!(reading.found.candidates.is_empty() && reading.ids == IdSource::Numbered);
}

#[test]
fn a_column_of_that_name_is_a_coordinate_where_one_would_be_missing() {
    for minimum in [None, Some(0.5)] {
        let reading = read(b"id,quality,size\na,0.25,2\n", Format::Csv, minimum).unwrap();
        assert_eq!(reading.found.quality, None);
        match minimum {
            None => match &reading.records[0].1.template {
                Template::Vector(vector) => assert_eq!(vector.coordinates(), [0.25, 2.0]),
                _ => panic!(),
            },
            Some(minimum) => {
                assert_eq!(reading.unusable[0].fault, RecordFault::Quality { quality: None, minimum });
            }
        }
    }
    let twice = read(b"id,quality,Quality,a,b\na,1,1,1,2\n", Format::Csv, None).err();
    assert!(matches!(twice, Some(ReadError::Record { fault: RecordFault::Repeated { .. }, .. })));
}

#[test]
fn a_bad_sample_may_have_no_template_and_a_good_one_must() {
    let file = b"id,quality,a,b\na,0.1,,\nb,0.9,,\nc,0.9,1,2\n";
    let reading = read(file, Format::Csv, Some(0.5)).unwrap();
    let faults: Vec<_> = reading.unusable.into_iter().map(|one| one.fault).collect();
    assert_eq!(faults, [RecordFault::Quality { quality: Some(0.1), minimum: 0.5 }, RecordFault::NoValue { column: 3 }]);
}

#[cfg(feature = "columnar")]
#[test]
fn of_columns_the_quality_is_one_of_numbers() {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Float32Array, Int64Array, ListArray, RecordBatch, StringArray};

    let vectors = (0..4).map(|row| Some([Some(1.0 + row as f32), Some(2.0)]));
    let vectors: ArrayRef = Arc::new(ListArray::from_iter_primitive::<arrow_array::types::Float32Type, _, _>(vectors));
    let ids: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "c", "d"]));
    let split = |quality: ArrayRef| {
        let columns = [("id", ids.clone()), ("Quality", quality), ("embedding", vectors.clone())];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let given = Given { minimum_quality: Some(60.0), ..Given::default() };
        let (mut read, mut failed) = (Vec::new(), Vec::new());
        let end = each_of_batches(&batch.schema(), &mut [Ok(batch)].into_iter(), VECTOR, given, &mut |_, entry| {
            match entry {
                Ok((_, filed)) => read.push(String::from(filed.record.subject)),
                Err(one) => failed.push((one.record, one.fault)),
            }
            ControlFlow::Continue(())
        });
        end.map(|end| (end.found.quality, read, failed))
    };
    let (name, read, failed) = split(Arc::new(Int64Array::from(vec![Some(60), Some(59), None, Some(90)]))).unwrap();
    assert_eq!((name.as_deref(), read), (Some("Quality"), vec!["a".to_owned(), "d".to_owned()]));
    let fault = |quality| RecordFault::Quality { quality, minimum: 60.0 };
    assert_eq!(failed, [(2, fault(Some(59.0))), (3, fault(None))]);
    let (_, read, _) = split(Arc::new(Float32Array::from(vec![f32::NAN, 60.5, -1.0, f32::INFINITY]))).unwrap();
    assert!(!read.contains(&"a".to_owned()) && read.contains(&"b".to_owned()), "{read:?}");
    let refused = split(Arc::new(StringArray::from(vec!["90"; 4]))).unwrap_err().to_string();
    assert!(refused.contains("numbers"), "{refused}");
}
