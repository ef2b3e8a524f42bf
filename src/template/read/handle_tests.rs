//! Handles are read beside templates, in every format that has a place for them, and refused by place where they are none.

use std::ops::ControlFlow;

use super::testing::archive;
use super::*;
use crate::template::{HandleError, IrisShape, MaskSharing};

const SHAPE: TemplateShape = TemplateShape::Vector(2);

/// Whose each record is, and with which handle; and those that are unusable.
type Read = (Vec<(String, String)>, Vec<Unusable>, Found);

fn read_as(file: &[u8], format: Format, shape: TemplateShape, handles: &str) -> Result<Read, ReadError> {
    let given = Given { handles: Some(handles.to_owned()), ..Given::default() };
    let (mut records, mut unusable) = (Vec::new(), Vec::new());
    let end = each(Source::of(file)?, format, shape, given, &mut |_, entry| {
        match entry {
            Ok((_, Filed { record, handle })) => records.push((
                record.subject.to_string(),
                handle.map(|handle| handle.as_str().to_owned()).unwrap_or_default(),
            )),
            Err(one) => unusable.push(one),
        }
        ControlFlow::Continue(())
    })?;
    Ok((records, unusable, end.found))
}

fn read(file: &str, format: Format, handles: &str) -> Result<Read, ReadError> {
    read_as(file.as_bytes(), format, SHAPE, handles)
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|&(id, text)| (id.to_owned(), text.to_owned())).collect()
}

#[test]
fn a_column_or_field_of_handles_is_read_by_the_name_that_was_given() {
    let expected = pairs(&[("a", "H-1"), ("b", ""), ("c", "7")]);
    for (format, file) in [
        (Format::Csv, "id,case,x,y\na,H-1,1,2\nb,,1,2\nc,7,1,2\n"),
        (Format::Csv, "x;Case;id;y\n1;H-1;a;2\n1; ;b;2\n1;7;c;2\n"),
        (Format::Csv, "id,embedding,case\na,\"[1, 2]\",H-1\nb,\"[1, 2]\",\nc,\"[1, 2]\",7\n"),
        (
            Format::Json,
            "{\"id\": \"a\", \"case\": \"H-1\", \"vector\": [1, 2]}\n{\"id\": \"b\", \"vector\": [1, 2]}\n\
             {\"id\": \"c\", \"vector\": [1, 2], \"CASE\": 7}\n",
        ),
        (
            Format::Json,
            "{\"ids\": [\"a\", \"b\", \"c\"], \"case\": [\"H-1\", null, 7], \"vectors\": [[1, 2], [1, 2], [1, 2]]}",
        ),
    ] {
        let (records, unusable, found) = read(file, format, "case").unwrap();
        assert_eq!((records, unusable.len()), (expected.clone(), 0), "{file}");
        assert!(found.handles.unwrap().eq_ignore_ascii_case("case") && found.unread.is_empty(), "{file}");
    }
    // Where nothing asks for it, it is a column that is not read.
    let file = "id,embedding,case\na,\"[1, 2]\",H-1\n";
    let given = super::read(Source::of(file.as_bytes()).unwrap(), Format::Csv, SHAPE, Given::default()).unwrap();
    assert_eq!((given.found.handles, given.found.unread), (None, vec!["case".to_owned()]));
}

#[test]
fn an_array_of_texts_or_integers_has_handles() {
    let data: Vec<u8> = [1f32, 2.0, 3.0, 4.0].iter().flat_map(|x| x.to_le_bytes()).collect();
    let file = |element: &str, handles: &[u8]| {
        archive(&[
            ("ids", "|S1", "(2,)", b"ab"),
            ("embeddings", "<f4", "(2, 2)", &data),
            ("case", element, "(2,)", handles),
        ])
    };
    let npz = |element: &str, handles: &[u8], name: &str| read_as(&file(element, handles), Format::Npz, SHAPE, name);
    let (records, _, found) = npz("|S3", b"H-1\0\0\0", "CASE").unwrap();
    assert_eq!((records, found.handles.as_deref()), (pairs(&[("a", "H-1"), ("b", "")]), Some("case")));
    assert!(found.unread.is_empty());
    let (records, ..) = npz("|u1", &[7, 9], "case").unwrap();
    assert_eq!(records, pairs(&[("a", "7"), ("b", "9")]));
    assert!(matches!(npz("<f4", &data[..8], "case"), Err(ReadError::Array { array, .. }) if array == "case"));
    let one = archive(&[("emb", "<f4", "(2, 2)", &data), ("case", "|u1", "(1,)", &[7])]);
    assert!(
        matches!(read_as(&one, Format::Npz, SHAPE, "case"), Err(ReadError::Array { array, .. }) if array == "case")
    );
    let found = ["ids", "embeddings", "case"].map(str::to_owned).to_vec();
    assert_eq!(npz("|u1", &[7, 9], "number").err(), Some(ReadError::NoHandles { name: "number".to_owned(), found }));
}

#[test]
fn the_two_eyes_of_a_person_have_one_handle() {
    let iris = IrisShape { rows: 1, columns: 4, channels: 2, mask: MaskSharing::ByPair };
    let file = "{\"id\": \"a\", \"case\": \"H-1\", \"left_iris_code\": \"a1\", \"left_mask_code\": \"ff\", \
                \"right_iris_code\": \"a1\", \"right_mask_code\": \"ff\"}";
    let (records, unusable, _) = read_as(file.as_bytes(), Format::Json, TemplateShape::Iris(iris), "case").unwrap();
    assert_eq!((records, unusable.len()), (pairs(&[("a", "H-1"), ("a", "H-1")]), 0));
    let file = "id,code,valid,case\na,a1,ff,H-1\n";
    let (records, ..) = read_as(file.as_bytes(), Format::Csv, TemplateShape::Iris(iris), "case").unwrap();
    assert_eq!(records, pairs(&[("a", "H-1")]));
}

#[test]
fn what_is_no_handle_is_told_by_its_place_and_whose_it_is_and_not_by_its_content() {
    let long = "4711".repeat(9);
    for (format, file, place) in [
        (Format::Csv, format!("id,case,x,y\na,1,1,2\nb,{long},1,2\n"), Place::Line(3)),
        (
            Format::Json,
            format!(
                "{{\"id\": \"a\", \"case\": \"1\", \"vector\": [1, 2]}}\n\
                 {{\"id\": \"b\", \"case\": \"{long}\", \"vector\": [1, 2]}}"
            ),
            Place::Line(2),
        ),
        (
            Format::Json,
            format!("{{\"ids\": [\"a\", \"b\"], \"case\": [1, \"{long}\"], \"vectors\": [[1, 2], [1, 2]]}}"),
            Place::Record(2),
        ),
    ] {
        let (records, unusable, _) = read(&file, format, "case").unwrap();
        assert_eq!(records, pairs(&[("a", "1")]));
        let [one] = &unusable[..] else { panic!("{unusable:?}") };
        assert_eq!(
            (one.place, &one.fault),
            (place, &RecordFault::Handle(HandleError::TooLong { bytes: 36 })),
            "{file}"
        );
        let told = one.to_string();
        assert!(told.contains("'b'") && told.contains("36 bytes") && !told.contains("4711"), "{told}");
    }
    let fault = |value: &str| {
        let file = format!("{{\"id\": \"a\", \"case\": {value}, \"vector\": [1, 2]}}\n");
        read(&file, Format::Json, "case").unwrap().1.pop().unwrap().fault
    };
    assert_eq!(fault("\" 7\""), RecordFault::Handle(HandleError::White));
    assert_eq!(fault("\"7\\u0000\""), RecordFault::Handle(HandleError::Invisible { character: 1 }));
    for value in ["7.0", "true", "[1]", "{}"] {
        assert_eq!(fault(value), RecordFault::HandleType { expected: "a text or an integer" }, "{value}");
    }
}

#[test]
fn handles_that_a_program_has_made_measures_of_are_refused() {
    // As pandas writes whole numbers of which one is missing.
    let refused = read("id,case,x,y\na,7.0,1,2\nb,,1,2\nc,9.0,1,2\n", Format::Csv, "case").err();
    assert_eq!(refused, Some(ReadError::Record { place: Place::Line(2), fault: RecordFault::FractionHandles }));
    let (records, ..) = read("id,case,x,y\na,7.0,1,2\nb,7.1,1,2\n", Format::Csv, "case").unwrap();
    assert_eq!(records, pairs(&[("a", "7.0"), ("b", "7.1")]));
}

#[test]
fn a_column_that_is_not_there_is_named_with_those_that_are() {
    let refused = |file: &str, format, found: &[&str]| {
        let found = found.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(read(file, format, "case").err(), Some(ReadError::NoHandles { name: "case".to_owned(), found }));
    };
    refused("id,number,x,y\na,7,1,2\n", Format::Csv, &["id", "number", "x", "y"]);
    // No header: what stands there are values, which are not told.
    refused("1,2\n3,4\n", Format::Csv, &[]);
    refused("{\"id\": \"a\", \"number\": 7, \"vector\": [1, 2]}\n", Format::Json, &["id", "number"]);
    refused("[1, 2]\n[1, 2]\n", Format::Json, &[]);
    refused("{\"a\": [1, 2], \"b\": [1, 2]}", Format::Json, &[]);
    let twice = read("id,case,CASE,x,y\na,7,8,1,2\n", Format::Csv, "case").err();
    let fault = RecordFault::Repeated { name: "CASE".to_owned() };
    assert_eq!(twice, Some(ReadError::Record { place: Place::Line(1), fault }));
    for format in [Format::Npy, Format::IrisBase64] {
        let shape = match format {
            Format::Npy => SHAPE,
            _ => TemplateShape::Iris(IrisShape { rows: 1, columns: 4, channels: 2, mask: MaskSharing::ByPair }),
        };
        let refused = read_as(b"oQ==\n/w==\n", format, shape, "case").err();
        assert_eq!(refused, Some(ReadError::NoPlaceForHandles { format }));
    }
}

#[test]
fn ids_may_be_the_handles_and_a_column_of_handles_is_no_second_id() {
    let (records, ..) = read("id,x,y\na,1,2\nb,1,2\n", Format::Csv, "id").unwrap();
    assert_eq!(records, pairs(&[("a", "a"), ("b", "b")]));
    let (records, _, found) = read("id,label,x,y\na,H-1,1,2\n", Format::Csv, "label").unwrap();
    assert_eq!((records, found.label.as_deref()), (pairs(&[("a", "H-1")]), Some("id")));
    let (records, ..) = read("{\"id\": \"a\", \"vector\": [1, 2]}\n", Format::Json, "id").unwrap();
    assert_eq!(records, pairs(&[("a", "a")]));
    let (records, ..) = read("{\"id\": \"a\", \"label\": 7, \"vector\": [1, 2]}\n", Format::Json, "label").unwrap();
    assert_eq!(records, pairs(&[("a", "7")]));
}
