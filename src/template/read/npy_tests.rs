use npyz::WriterBuilder;
use proptest::prelude::*;

use super::super::error::{ArrayFault, Place, RecordFault};
use super::*;
use crate::template::read::{Beside, Raw, Row, testing};
use crate::template::{Template, TemplateError};

/// Written by another implementation than ours.
fn written<T: npyz::AutoSerialize>(shape: &[u64], order: npyz::Order, values: &[T]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut writer =
        npyz::WriteOptions::new().default_dtype().shape(shape).order(order).writer(&mut file).begin_nd().unwrap();
    values.iter().for_each(|value| writer.push(value).unwrap());
    writer.finish().unwrap();
    file
}

/// A header as given, padded as NumPy does, then data.
fn file(header: &str, data: &[u8]) -> Vec<u8> {
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.as_bytes());
    file.extend(data);
    file
}

fn rows(file: &[u8], shape: TemplateShape) -> Result<Vec<Row<Raw>>, ReadError> {
    let read = |source: Source<'_>, sink: &mut dyn Sink| super::rows(source, shape, sink).map(|()| Beside::default());
    testing::rows(file, read).map(|read| read.rows)
}

fn vectors(file: &[u8], dimension: usize) -> Vec<Vec<f64>> {
    let read = rows(file, TemplateShape::Vector(dimension)).unwrap();
    read.iter()
        .map(|row| match &row.template {
            Ok(Raw::Whole(Template::Vector(vector))) => vector.coordinates().to_vec(),
            _ => panic!(),
        })
        .collect()
}

fn bit_strings(file: &[u8], length: usize) -> Vec<Vec<u8>> {
    let read = rows(file, TemplateShape::Bits(length)).unwrap();
    read.iter()
        .map(|row| match &row.template {
            Ok(Raw::Whole(Template::Bits(bits))) => bits.to_msb_first(),
            _ => panic!(),
        })
        .collect()
}

fn fault(file: &[u8], shape: TemplateShape) -> ArrayFault {
    match rows(file, shape).err().unwrap() {
        ReadError::Array { fault, .. } => fault,
        other => panic!("{other}"),
    }
}

#[test]
fn what_numpy_writes_is_read() {
    // numpy.save(f, numpy.array([[1, 2, 3], [4, 5, 6]], dtype="f4", order="F")), NumPy 1.26.
    let text = "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }";
    let elements: Vec<u8> = [1f32, 4.0, 2.0, 5.0, 3.0, 6.0].iter().flat_map(|x| x.to_le_bytes()).collect();
    let file = file(&format!("{text:117}\n"), &elements);
    assert_eq!(file.len(), 128 + 24);
    assert_eq!(vectors(&file, 3), [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
}

proptest! {
    #[test]
    fn what_another_program_writes_is_read(rows in 1usize..5, columns in 1usize..5, seed in any::<u32>()) {
        let values: Vec<f64> = (0..rows * columns).map(|i| f64::from(seed) + i as f64 / 8.0).collect();
        let shape = [rows as u64, columns as u64];
        let expected: Vec<Vec<f64>> = values.chunks(columns).map(<[f64]>::to_vec).collect();
        prop_assert_eq!(&vectors(&written(&shape, npyz::Order::C, &values), columns), &expected);
        let transposed: Vec<f64> = (0..columns).flat_map(|c| expected.iter().map(move |row| row[c])).collect();
        prop_assert_eq!(&vectors(&written(&shape, npyz::Order::Fortran, &transposed), columns), &expected);
    }

    #[test]
    fn no_file_is_too_odd_to_be_refused_in_order(mut bytes in proptest::collection::vec(any::<u8>(), 0..300), magic: bool) {
        if magic {
            bytes.splice(0..0, b"\x93NUMPY\x01\x00".iter().copied());
        }
        let _ = rows(&bytes, TemplateShape::Vector(2));
    }

    #[test]
    fn no_header_is_too_odd_to_be_refused_in_order(header in "[{}(),: 0-9'a-z<_]{0,80}") {
        let _ = rows(&file(&header, &[0; 16]), TemplateShape::Vector(2));
    }
}

#[test]
fn floats_of_every_width_and_byte_order_are_read() {
    assert_eq!(vectors(&written(&[1, 2], npyz::Order::C, &[0.5f32, -3.0]), 2), [[0.5, -3.0]]);
    let big = file("{'descr': '>f4', 'fortran_order': False, 'shape': (1, 1), }", &1.25f32.to_be_bytes());
    assert_eq!(vectors(&big, 1), [[1.25]]);
    let halves: Vec<u8> = [0x3c00u16, 0xc000, 0x3555, 0x0001, 0x7bff].iter().flat_map(|h| h.to_le_bytes()).collect();
    let halves = file("{'descr': '<f2', 'fortran_order': False, 'shape': (1, 5)}", &halves);
    assert_eq!(vectors(&halves, 5), [[1.0, -2.0, 0.333_251_953_125, 2f64.powi(-24), 65504.0]]);
}

#[test]
fn halves_that_are_not_finite_stay_so() {
    for infinite_or_nan in [0x7c00u16, 0xfc00, 0x7e00] {
        let file = file("{'descr': '<f2', 'fortran_order': False, 'shape': (1, 1)}", &infinite_or_nan.to_le_bytes());
        assert!(!Array::parse(&file).unwrap().float(0).unwrap().is_finite());
    }
}

#[test]
fn a_header_that_is_hard_to_parse_is_refused_at_once() {
    let vector = TemplateShape::Vector(2);
    for bracket in ["(", "{", "{'a':", "(1,"] {
        assert_eq!(fault(&file(&bracket.repeat(2000), &[]), vector), ArrayFault::NotNpy);
    }
    assert!(matches!(fault(&file(&"[".repeat(9999), &[]), vector), ArrayFault::Structured { .. }));
    let number = "9".repeat(4900);
    for value in [&number, &format!("{number}j"), &format!("-{number}.5 + {number}"), "0x1", "'\\777'", "b'\\x41'"] {
        let header = format!("{{'fortran_order': {value}, 'descr': '<f4', 'shape': (1, 2)}}");
        assert_eq!(fault(&file(&header, &[0; 8]), vector), ArrayFault::NotNpy, "{value:.20}");
    }
    for (descr, shape) in [("<f99999999999999999999", "(1,)"), ("<f4", "(-1,)"), ("<f4", "(1.5,)"), ("<f4", "1")] {
        let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}}}");
        assert_eq!(fault(&file(&header, &[0; 8]), vector), ArrayFault::NotNpy, "{header}");
    }
}

#[test]
fn elements_without_bytes_are_refused() {
    for descr in ["|S0", "<U0", "|V0"] {
        let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': (999999999999999,)}}");
        assert!(matches!(Array::parse(&file(&header, &[])), Err(ArrayFault::ElementType { .. })), "{descr}");
    }
}

#[test]
fn bits_are_booleans_integers_or_packed() {
    let bits = [true, false, true, false, false, false, false, true, true, false];
    assert_eq!(bit_strings(&written(&[1, 10], npyz::Order::C, &bits), 10), [[0xa1, 0x80]]);
    let integers = bits.map(i64::from);
    assert_eq!(bit_strings(&written(&[1, 10], npyz::Order::C, &integers), 10), [[0xa1, 0x80]]);
    assert_eq!(bit_strings(&written(&[2, 2], npyz::Order::C, &[0xa1u8, 0x80, 0, 0xff]), 10), [[0xa1, 0x80], [0, 0xc0]]);
    let stray = rows(&written(&[2, 2], npyz::Order::C, &[0i32, 1, 1, 2]), TemplateShape::Bits(2)).unwrap();
    assert!(stray[0].template.is_ok());
    assert_eq!(stray[1].template.as_ref().err(), Some(&RecordFault::NotABit { column: 2 }));
    // What pictures have, and what has been computed with.
    assert_eq!(bit_strings(&written(&[1, 3], npyz::Order::C, &[255u8, 0, 255]), 3), [[0xa0]]);
    assert_eq!(bit_strings(&written(&[1, 3], npyz::Order::C, &[1.0f64, 0.0, 1.0]), 3), [[0xa0]]);
}

#[test]
fn what_is_not_finite_is_named_by_its_row() {
    let refused = rows(&written(&[2, 2], npyz::Order::C, &[0f32, 1.0, f32::NAN, 2.0]), TemplateShape::Vector(2));
    let fault = RecordFault::Template(TemplateError::NotFinite { coordinate: 0 });
    let refused = refused.unwrap();
    assert_eq!((refused[1].place, refused[1].template.as_ref().err()), (Place::Row(2), Some(&fault)));
    assert!(refused[0].template.is_ok());
}

#[test]
fn a_wrong_type_or_shape_is_named() {
    let vector = TemplateShape::Vector(2);
    let integers = written(&[1, 2], npyz::Order::C, &[1i32, 2]);
    assert!(matches!(fault(&integers, vector), ArrayFault::ElementType { actual, .. } if actual == "<i4"));
    let wide = written(&[1, 3], npyz::Order::C, &[1f32, 2.0, 3.0]);
    assert!(matches!(fault(&wide, vector), ArrayFault::Shape { actual, .. } if actual == [1, 3]));
    let object = file("{'descr': '|O', 'fortran_order': False, 'shape': (1, 2)}", &[0; 16]);
    assert_eq!(fault(&object, vector), ArrayFault::Pickled { dictionary: false });
    let dictionary = file("{'descr': '|O', 'fortran_order': False, 'shape': ()}", &[0; 16]);
    assert_eq!(fault(&dictionary, vector), ArrayFault::Pickled { dictionary: true });
    let record =
        file("{'descr': [('x', '<f4'), ('emb', '<f4', (2,))], 'fortran_order': False, 'shape': (1,)}", &[0; 12]);
    assert_eq!(fault(&record, vector), ArrayFault::Structured { fields: vec!["x".to_owned(), "emb".to_owned()] });
    let mut latin = file("{'descr': [('gr_sse', '<f4')], 'fortran_order': False, 'shape': (1,)}", &[0; 4]);
    let at = latin.iter().position(|&byte| byte == b'_').unwrap();
    latin[at] = 0xf6;
    assert_eq!(fault(&latin, vector), ArrayFault::Structured { fields: vec!["gr\u{f6}sse".to_owned()] });
    let one = written(&[1, 2], npyz::Order::C, &[1f32, 2.0]);
    assert_eq!(fault(&[&one[..], &one].concat(), vector), ArrayFault::Appended);
    assert!(
        matches!(fault(&written(&[], npyz::Order::C, &[1f32]), vector), ArrayFault::Shape { actual, .. } if actual.is_empty())
    );
}

#[test]
fn axes_of_length_one_say_nothing() {
    let values = [1f32, 2.0, 3.0, 4.0];
    for shape in [&[2, 2][..], &[2, 1, 2], &[1, 2, 2], &[2, 2, 1]] {
        assert_eq!(vectors(&written(shape, npyz::Order::C, &values), 2), [[1.0, 2.0], [3.0, 4.0]], "{shape:?}");
    }
    for shape in [&[4][..], &[1, 4], &[4, 1]] {
        assert_eq!(vectors(&written(shape, npyz::Order::C, &values), 4), [values.map(f64::from)], "{shape:?}");
    }
    let transposed = written(&[2, 3], npyz::Order::C, &[0f32; 6]);
    assert!(matches!(fault(&transposed, TemplateShape::Vector(2)), ArrayFault::Shape { .. }));
}

#[test]
fn a_declared_size_is_believed_only_when_the_data_are_there() {
    let vector = TemplateShape::Vector(2);
    let huge = file("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000, 2)}", &[0; 8]);
    assert_eq!(fault(&huge, vector), ArrayFault::Size { expected: 8_000_000_000_000, actual: 8 });
    let beyond = file("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}", &[0; 8]);
    assert_eq!(fault(&beyond, vector), ArrayFault::Axes { limit_digits: 15 });
    let mut cut = written(&[2, 2], npyz::Order::C, &[1f32, 2.0, 3.0, 4.0]);
    cut.pop();
    assert_eq!(fault(&cut, vector), ArrayFault::Size { expected: 16, actual: 15 });
    let header = [&b"\x93NUMPY\x02\x00"[..], &[0xff; 4]].concat();
    assert!(matches!(fault(&header, vector), ArrayFault::HeaderLength { actual: 0xffff_ffff, .. }));
    assert_eq!(fault(b"PK", vector), ArrayFault::NotNpy);
}

#[test]
fn texts_and_integers_serve_as_identifiers() {
    let unicode: Vec<u8> = "añ\0b\0\0".chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
    let unicode = file("{'descr': '<U3', 'fortran_order': False, 'shape': (2,)}", &unicode);
    let unicode = Array::parse(&unicode).unwrap();
    assert_eq!((unicode.text(0).unwrap(), unicode.text(1).unwrap()), ("añ".to_owned(), "b".to_owned()));
    let integers = written(&[2], npyz::Order::C, &[-7i16, 300]);
    let integers = Array::parse(&integers).unwrap();
    assert_eq!((integers.text(0).unwrap(), integers.text(1).unwrap()), ("-7".to_owned(), "300".to_owned()));
    let bytes = file("{'descr': '|S3', 'fortran_order': False, 'shape': (1,)}", b"ab\0");
    assert_eq!(Array::parse(&bytes).unwrap().text(0).unwrap(), "ab");
}
