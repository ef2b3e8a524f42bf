use super::*;
use crate::template::MaskSharing;
use crate::template::read::names::Two;
use crate::template::read::{self, Format, Given, IdSource, Reading};

const VECTOR: TemplateShape = TemplateShape::Vector(2);
const IRIS: IrisShape = IrisShape { rows: 1, columns: 4, channels: 2, mask: MaskSharing::ByPair };

fn reading(file: &str, shape: TemplateShape) -> Reading {
    read::read(Source::of(file.as_bytes()).unwrap(), Format::Json, shape, Given::default()).unwrap()
}

/// Subjects and vectors; all records must be usable.
fn vectors(file: &str) -> Vec<(String, Vec<f64>)> {
    let read = reading(file, VECTOR);
    assert!(read.unusable.is_empty(), "{file}: {:?}", read.unusable);
    let vector = |(_, record): (usize, crate::template::Record)| match record.template {
        Template::Vector(vector) => (record.subject.into(), vector.coordinates().to_vec()),
        _ => panic!(),
    };
    read.records.into_iter().map(vector).collect()
}

/// The only fault, and its place.
fn fault(file: &str, shape: TemplateShape) -> (Place, RecordFault) {
    match &reading(file, shape).unusable[..] {
        [one] => (one.place, one.fault.clone()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_same_records_are_read_in_every_structure() {
    let expected = [("a".to_owned(), vec![1.0, 2.5]), ("17".to_owned(), vec![3.0, 4.0])];
    for file in [
        "{\"id\":\"a\",\"vector\":[1,2.5]}\n\n{\"vector\":[3,4],\"id\":17}\r\n",
        "{\n \"id\": \"a\",\n \"vector\": [\n 1,\n 2.5\n ]\n}\n{\"id\": 17, \"embedding\": [3, 4]}",
        "[{\"id\":\"a\",\"values\":[1,2.5]}, {\"subject\":17,\"vector\":[3,4]}]",
        "[\n{\"id\":\"a\",\"vector\":\"[1, 2.5]\"},\n{\"Label\":\"17\",\"vector\":[[3,4]]}\n]\n",
        "{\"a\": [1, 2.5], \"17\": [3, 4]}",
        "{\"ids\": [\"a\", 17], \"embeddings\": [[1, 2.5], [3, 4]]}",
    ] {
        assert_eq!(vectors(file), expected, "{file}");
    }
    for file in ["[1,2.5]\n[3,4]\n", "[[1, 2.5], [3, 4]]", "[[1,2.5]]\n[[3,4]]"] {
        let numbered = [("1".to_owned(), vec![1.0, 2.5]), ("2".to_owned(), vec![3.0, 4.0])];
        assert_eq!(vectors(file), numbered, "{file}");
    }
}

#[test]
fn what_is_not_read_is_named() {
    let file = "{\"vector\":[1,2],\"score\":0.5,\"image\":\"x\"}\n{\"vector\":[1,2],\"score\":0.5}\n";
    let read = reading(file, VECTOR);
    assert_eq!(
        (read.found.unread, read.found.candidates),
        (vec!["score".into(), "image".into()], vec!["image".into()])
    );
    assert_eq!(read.ids, IdSource::Numbered);
}

#[test]
fn a_record_at_fault_leaves_the_others() {
    let file = "{\"id\":\"a\",\"vector\":[1,2]}\n{\"id\":\"b\",\"vector\":[NaN,2]}\n{\"id\":\"c\",\n{\"id\":\"d\",\"vector\":[\"]NaN\",2]}\n{\"id\":\"e\",\"vector\":[-Infinity,2]}\n{\"id\":\"f\",\"vector\":[3,4]}";
    let read = reading(file, VECTOR);
    let subjects: Vec<_> = read.records.iter().map(|(record, of)| (*record, of.subject.as_str())).collect();
    assert_eq!(subjects, [(1, "a"), (6, "f")]);
    let faults: Vec<_> =
        read.unusable.iter().map(|one| (one.place, one.subject.as_ref().map(SubjectId::as_str))).collect();
    let line = Place::Line;
    assert_eq!(faults, [(line(2), Some("b")), (line(3), None), (line(4), Some("d")), (line(5), Some("e"))]);
    assert!(matches!(read.unusable[1].fault, RecordFault::Json { .. }));
    assert_eq!(read.unusable[0].fault, RecordFault::NotANumber { column: 1 });
}

#[test]
fn faults_are_named_by_place_and_field() {
    let good = "{\"vector\":[1,2]}\n";
    let of = |line: &str| {
        let (place, fault) = fault(&format!("{good}{line}\n"), VECTOR);
        assert_eq!(place, Place::Line(2));
        fault
    };
    let two = |first: &str, second: &str| Two { first: first.to_owned(), second: second.to_owned() };
    let both = two("vector", "vectors");
    assert_eq!(of(r#"{"vector":[1,2],"vectors":[3,4]}"#), RecordFault::TwoTemplates(both));
    assert_eq!(of(r#"{"vector":[1,2],"id":"a","label":"b"}"#), RecordFault::TwoLabels(two("id", "label")));
    assert!(matches!(of(r#"{"id":"a","vec":[1,2]}"#), RecordFault::NoTemplate { found, .. } if found == ["id", "vec"]));
    assert_eq!(of(r#"{"vector":[1,2,3]}"#), RecordFault::Columns { expected: 2, actual: 3 });
    assert_eq!(of(r#"{"vector":[1,"2"]}"#), RecordFault::NotANumber { column: 2 });
    assert_eq!(of(r#"{"vector":[1,2],"eye":"up"}"#), RecordFault::Eye);
    assert_eq!(of(r#"{"vector":[1,2],"eye":3}"#), RecordFault::FieldType { name: "eye", expected: "a text" });
    assert!(matches!(of(r#"{"vector":[1,2],"id":""}"#), RecordFault::Identifier(_)));
    assert!(matches!(of(r#"{"vector":[1,2],"id":1.5}"#), RecordFault::FieldType { .. }));
    assert_eq!(fault("[{\"vector\":[1,2]},{\"vector\":[1]}]", VECTOR).0, Place::Record(2));
}

#[test]
fn what_is_cut_or_no_list_of_records_is_refused() {
    for file in [
        "[{\"vector\":[1,2]}",
        "[{\"vector\":[1,2]},",
        "{\"vector\":[1,",
        "[[1,2],[3,",
        "1 2",
        "\"a\"",
        "{\"vector\":[1,1e999]}",
    ] {
        let refused =
            read::read(Source::of(file.as_bytes()).unwrap(), Format::Json, VECTOR, Given::default()).err().unwrap();
        assert!(matches!(refused, ReadError::Record { fault: RecordFault::Json { .. }, .. }), "{file}: {refused}");
    }
    let lines = "{\"left\":[1,2],\"right\":[3,4]}\n{\"left\":[1,2],\"right\":[3,4]}\n";
    let refused =
        read::read(Source::of(lines.as_bytes()).unwrap(), Format::Json, VECTOR, Given::default()).err().unwrap();
    assert!(matches!(refused, ReadError::Structure { .. }), "{refused}");
}

#[test]
fn an_error_never_shows_a_value() {
    for line in [r#"{"vector":[0.123456,"x"]}"#, r#"{"vector":"a 0.123456"}"#, r#"{"vector":[0.123456"#, "0.123456"] {
        let message = match read::read(Source::of(line.as_bytes()).unwrap(), Format::Json, VECTOR, Given::default()) {
            Ok(read) => read.unusable[0].to_string(),
            Err(error) => error.to_string(),
        };
        assert!(!message.contains("123456"), "{message}");
    }
}

/// Person, eye, packed code and mask.
type Packed = (String, Option<Eye>, Vec<u8>, Vec<u8>);

fn irises(file: &str) -> Vec<Packed> {
    let read = reading(file, TemplateShape::Iris(IRIS));
    assert!(read.unusable.is_empty(), "{file}: {:?}", read.unusable);
    let packed = |(_, record): (usize, crate::template::Record)| match record.template {
        Template::Iris(iris) => {
            (record.subject.into(), record.eye, iris.code().to_msb_first(), iris.mask().to_msb_first())
        }
        _ => panic!(),
    };
    read.records.into_iter().map(packed).collect()
}

#[test]
fn both_eyes_of_an_object_are_of_one_person() {
    let both = r#"{"IRIS_version": "1.6.1", "left_iris_code": "oQ==", "left_mask_code": "/w==",
        "right_iris_code": "Hg==", "right_mask_code": "8A=="}"#;
    let nested = r#"{"left": {"iris_codes": "oQ==", "mask_codes": "/w=="}, "right": {"iris_codes": "Hg==", "mask_codes": "8A=="}}"#;
    let eyes = |person: &str| {
        let person = || person.to_owned();
        [(person(), Some(Eye::Left), vec![0xa1], vec![0xff]), (person(), Some(Eye::Right), vec![0x1e], vec![0xf0])]
    };
    for object in [both, nested] {
        assert_eq!(irises(object), eyes("1"));
        for file in [format!("{object}\n{object}\n"), format!("[{object}, {object}]")] {
            assert_eq!(irises(&file), [eyes("1"), eyes("2")].concat(), "{file}");
        }
    }
}

#[test]
fn masks_say_what_they_mark_or_are_refused_where_that_is_unlikely() {
    let one = |code: &str, mask: &str| {
        vec![(
            "1".to_owned(),
            None,
            vec![u8::from_str_radix(code, 16).unwrap()],
            vec![u8::from_str_radix(mask, 16).unwrap()],
        )]
    };
    assert_eq!(irises(r#"{"iris_codes": "oQ==", "mask_codes": "wA==", "iris_code_version": "v2.1"}"#), one("a1", "c0"));
    assert_eq!(irises(r#"{"code": "a1", "valid": "c0"}"#), one("a1", "c0"));
    assert_eq!(irises(r#"{"code": "a1", "noise": "3f"}"#), one("a1", "c0"));
    assert_eq!(irises(r#"{"code": "a1", "mask": "fc"}"#), one("a1", "fc"));
    // Each iris by the name of its own mask.
    let mixed = "{\"code\": \"a1\", \"noise\": \"3f\"}\n{\"code\": \"a1\", \"valid\": \"c0\"}\n{\"code\": \"a1\", \"mask\": \"fc\"}";
    let masks: Vec<Vec<u8>> = irises(mixed).into_iter().map(|(_, _, _, mask)| mask).collect();
    assert_eq!(masks, [[0xc0], [0xc0], [0xfc]]);
    let doubtful = read::read(
        Source::of(br#"{"code": "a1", "mask": "c0"}"#).unwrap(),
        Format::Json,
        TemplateShape::Iris(IRIS),
        Given::default(),
    );
    assert_eq!(doubtful.err().unwrap(), ReadError::MaskMarks { name: "mask".to_owned(), share: 0.25 });
    let fault = |file| fault(file, TemplateShape::Iris(IRIS)).1;
    assert!(matches!(fault(r#"{"code": "a1", "valid": "c0", "noise": "3f"}"#), RecordFault::TwoMasks(_)));
    assert_eq!(fault(r#"{"code": "a1"}"#), RecordFault::Missing { name: "mask" });
    assert_eq!(fault(r#"{"left_iris_code": "oQ=="}"#), RecordFault::Missing { name: "left_mask_code" });
}

#[test]
fn bits_are_read() {
    for file in [r#"{"bits": "101"}"#, r#"{"bits": [1, 0, 1]}"#] {
        let read = reading(file, TemplateShape::Bits(3));
        match &read.records[0].1.template {
            Template::Bits(bits) => assert_eq!(bits.iter().collect::<Vec<_>>(), [true, false, true]),
            _ => panic!(),
        }
    }
    assert_eq!(fault(r#"{"bits": [1, 0, 2]}"#, TemplateShape::Bits(3)).1, RecordFault::NotABit { column: 3 });
}
