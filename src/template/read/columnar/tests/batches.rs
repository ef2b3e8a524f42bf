use arrow_array::builder::{BooleanBuilder, FixedSizeListBuilder, ListBuilder, PrimitiveBuilder};
use arrow_array::types::{
    ArrowPrimitiveType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    BinaryArray, DictionaryArray, FixedSizeBinaryArray, FixedSizeListArray, Float64Array, Int64Array, LargeBinaryArray,
    LargeListArray, LargeStringArray, ListArray, StringViewArray, UInt64Array,
};
use arrow_schema::DataType;

use super::*;
use crate::template::{IrisShape, MaskSharing};

fn vectors() -> ArrayRef {
    let rows = [Some(vec![Some(1f32), Some(-0.5)]), Some(vec![Some(0.25), Some(2.0)])];
    Arc::new(FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(rows, 2))
}

const READ: [&str; 2] = ["1 a: [1.0, -0.5]", "2 b: [0.25, 2.0]"];

/// Lists of two numbers of a type, small and large ones and such of fixed size.
fn lists<T: ArrowPrimitiveType>(values: [T::Native; 4]) -> [ArrayRef; 3] {
    let [a, b, c, d] = values.map(Some);
    let rows = || [Some(vec![a, b]), Some(vec![c, d])];
    [
        Arc::new(FixedSizeListArray::from_iter_primitive::<T, _, _>(rows(), 2)),
        Arc::new(ListArray::from_iter_primitive::<T, _, _>(rows())),
        Arc::new(LargeListArray::from_iter_primitive::<T, _, _>(rows())),
    ]
}

#[test]
fn vectors_are_read_from_lists_of_every_type_of_number() {
    let floats = [lists::<Float32Type>([1.0, -0.5, 0.25, 2.0]), lists::<Float64Type>([1.0, -0.5, 0.25, 2.0])];
    let half = arrow_cast::cast(&vectors(), &DataType::new_list(DataType::Float16, true)).unwrap();
    assert_eq!(half.data_type(), &DataType::new_list(Float16Type::DATA_TYPE, true));
    for column in floats.into_iter().flatten().chain([half]) {
        let batch = batch(vec![("id", texts(&["a", "b"])), ("embedding", column)]);
        assert_eq!(told(read(&batch, SHAPE, Given::default())), READ, "{}", batch.schema());
    }
    let whole = [
        lists::<Int8Type>([1, -2, 3, 4]),
        lists::<Int16Type>([1, -2, 3, 4]),
        lists::<Int32Type>([1, -2, 3, 4]),
        lists::<Int64Type>([1, -2, 3, 4]),
    ];
    for column in whole.into_iter().flatten() {
        let batch = batch(vec![("embedding", column)]);
        assert_eq!(told(read(&batch, SHAPE, Given::default())), ["1 1: [1.0, -2.0]", "2 2: [3.0, 4.0]"]);
    }
    let positive = [
        lists::<UInt8Type>([1, 2, 3, 4]),
        lists::<UInt16Type>([1, 2, 3, 4]),
        lists::<UInt32Type>([1, 2, 3, 4]),
        lists::<UInt64Type>([1, 2, 3, 4]),
    ];
    for column in positive.into_iter().flatten() {
        let batch = batch(vec![("embedding", column)]);
        assert_eq!(told(read(&batch, SHAPE, Given::default())), ["1 1: [1.0, 2.0]", "2 2: [3.0, 4.0]"]);
    }
}

#[test]
fn a_part_of_a_larger_batch_is_read_as_what_it_is() {
    let rows = (0..8u8).map(|row| Some((0..2).map(move |at| Some(f32::from(2 * row + at)))));
    let small = ListArray::from_iter_primitive::<Float32Type, _, _>(rows.clone());
    let fixed = FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(rows, 2);
    for column in [Arc::new(small) as ArrayRef, Arc::new(fixed)] {
        let part =
            batch(vec![("id", texts(&["a", "b", "c", "d", "e", "f", "g", "h"])), ("vector", column)]).slice(3, 2);
        assert_eq!(told(read(&part, SHAPE, Given::default())), ["1 d: [6.0, 7.0]", "2 e: [8.0, 9.0]"]);
    }
}

#[test]
fn whole_numbers_that_lose_digits_are_refused() {
    let most = 1 << 53;
    for (values, fault) in
        [([most, -most, 0, 1], None), ([0, most + 1, 0, 1], Some("row 1: column 2 is a whole number"))]
    {
        let batch = batch(vec![("vector", lists::<Int64Type>(values)[1].clone())]);
        let first = told(read(&batch, SHAPE, Given::default())).remove(0);
        assert_eq!(fault.is_some_and(|fault| first.starts_with(fault)), fault.is_some(), "{first}");
    }
    let batch = batch(vec![("vector", lists::<UInt64Type>([0, u64::MAX, 0, 1])[0].clone())]);
    assert!(told(read(&batch, SHAPE, Given::default()))[0].contains("beyond 2^53"));
}

#[test]
fn what_is_null_or_of_another_length_is_unusable_by_row() {
    let rows = [
        Some(vec![Some(1.0), Some(2.0)]),
        None,
        Some(vec![Some(1.0), None]),
        Some(vec![Some(1.0)]),
        Some(vec![]),
        Some(vec![Some(f32::NAN), Some(1.0)]),
        Some(vec![Some(3.0), Some(4.0)]),
        Some(vec![Some(5.0), Some(6.0)]),
    ];
    let ids =
        StringArray::from(vec![Some("a"), Some("b"), Some("c"), Some("d"), Some("e"), Some("f"), None, Some(" ")]);
    let column = ListArray::from_iter_primitive::<Float32Type, _, _>(rows);
    let batch = batch(vec![("id", Arc::new(ids)), ("embedding", Arc::new(column))]);
    let (told, end) = read(&batch, SHAPE, Given::default()).unwrap();
    assert_eq!(told[0], "1 a: [1.0, 2.0]");
    assert_eq!(told[1], "row 2, 'b': `embedding` is null");
    assert_eq!(told[2], "row 3, 'c': column 2 is empty");
    assert_eq!(told[3], "row 4, 'd': 1 value columns where 2 are expected");
    assert_eq!(told[4], "row 5, 'e': 0 value columns where 2 are expected");
    assert_eq!(told[5], "row 6, 'f': coordinate 1 is not a finite number");
    assert_eq!(told[6], "row 7: `id` is null");
    assert!(told[7].starts_with("row 8: "), "{}", told[7]);
    assert_eq!(end.records, 8);
}

#[test]
fn ids_are_texts_or_integers_and_no_fractions() {
    let dictionary: DictionaryArray<Int32Type> = ["7", "8"].into_iter().collect();
    let numbers = DictionaryArray::<Int8Type>::new(vec![1, 0].into(), Arc::new(Int64Array::from(vec![8, 7])));
    let read_as = |column: ArrayRef| {
        let batch = batch(vec![("Subject", column), ("embedding", vectors())]);
        read(&batch, SHAPE, Given::default())
    };
    let all: [ArrayRef; 7] = [
        texts(&["7", "8"]),
        Arc::new(LargeStringArray::from(vec!["7", "8"])),
        Arc::new(StringViewArray::from(vec!["7", "8"])),
        Arc::new(Int64Array::from(vec![7, 8])),
        Arc::new(UInt64Array::from(vec![7, 8])),
        Arc::new(dictionary),
        Arc::new(numbers),
    ];
    for column in all {
        assert_eq!(told(read_as(column)), ["1 7: [1.0, -0.5]", "2 8: [0.25, 2.0]"]);
    }
    let fractions = refused(read_as(Arc::new(Float64Array::from(vec![7.0, 8.0]))));
    assert_eq!(
        fractions,
        "column `Subject` is of type float64: ids written as fractions, such as 7.0, are no ids of anybody else's records"
    );
    assert!(refused(read_as(texts(&["7.0", "8.0"]))).contains("written as fractions"));
    assert_eq!(
        refused(read_as(vectors())),
        "column `Subject` is of type fixed_size_list<float32>[2] where text or integers is expected"
    );
}

#[test]
fn eyes_and_handles_are_read_and_the_rest_is_named() {
    let dictionary: DictionaryArray<Int32Type> = [Some("left"), None].into_iter().collect();
    let cases = Int64Array::from(vec![Some(17), None]);
    let batch = batch(vec![
        ("__index_level_0__", Arc::new(Int64Array::from(vec![0, 1]))),
        ("id", texts(&["a", "b"])),
        ("EYE", Arc::new(dictionary)),
        ("Case", Arc::new(cases)),
        ("site", texts(&["x", "y"])),
        ("embedding", vectors()),
    ]);
    let given = Given { handles: Some("case".to_owned()), ..Given::default() };
    let (told, End { found, .. }) = read(&batch, SHAPE, given).unwrap();
    assert_eq!(told, ["1 a Left (17): [1.0, -0.5]", "2 b: [0.25, 2.0]"]);
    assert_eq!((found.label.as_deref(), found.handles.as_deref()), (Some("id"), Some("Case")));
    assert_eq!((found.unread, found.templates, found.candidates), (vec!["site".to_owned()], None, vec![]));
    let given = Given { handles: Some("number".to_owned()), ..Given::default() };
    assert!(refused(read(&batch, SHAPE, given)).contains("nothing is called `number`"));
}

#[test]
fn columns_are_found_by_name_or_by_type_or_are_named() {
    let batch = batch(vec![("person", texts(&["a", "b"])), ("x", vectors()), ("y_2", texts(&["", ""]))]);
    let (records, end) = read(&batch, SHAPE, Given::default()).unwrap();
    assert_eq!(records, ["1 1: [1.0, -0.5]", "2 2: [0.25, 2.0]"]);
    assert_eq!((ids_of(&end), end.found.templates.as_deref()), (IdSource::Numbered, Some("x")));
    assert_eq!(end.found.candidates, ["person", "y_2"]);
    let named = |column: &str, id_column: &str| Given {
        column: Some(column.to_owned()),
        id_column: Some(id_column.to_owned()),
        ..Given::default()
    };
    assert_eq!(told(read(&batch, SHAPE, named("X", "Person"))), READ);
    let unknown = refused(read(&batch, SHAPE, named("z", "person")));
    assert_eq!(
        unknown,
        "no column is called `z`, but `person` (utf8), `x` (fixed_size_list<float32>[2]), `y_2` (utf8)"
    );
    assert!(refused(read(&batch, SHAPE, named("x", "z"))).starts_with("no column is called `z`"));
    let other = refused(read(&batch, TemplateShape::Vector(3), named("x", "person")));
    assert_eq!(
        other,
        "column `x` is of type fixed_size_list<float32>[2] where a list of 3 floating-point numbers or integers is expected"
    );
    assert!(
        refused(read(&batch, TemplateShape::Vector(3), Given::default())).starts_with("no `embedding` and no other")
    );
}

#[test]
fn two_columns_of_which_either_may_be_meant_are_refused() {
    let with = |names: [&'static str; 4]| {
        let [a, b, c, d] = names;
        batch(vec![(a, texts(&["a", "b"])), (b, texts(&["c", "d"])), (c, vectors()), (d, vectors())])
    };
    let message = |names| refused(read(&with(names), SHAPE, Given::default()));
    assert_eq!(message(["id", "note", "v", "w"]), "columns `v` and `w` may both be the template");
    assert_eq!(
        message(["id", "note", "vector", "embedding"]),
        "columns `vector` and `embedding` may both be the template"
    );
    assert_eq!(
        message(["id", "label", "vector", "w"]),
        "columns `id` and `label` may both say whose the templates are"
    );
    assert_eq!(told(read(&with(["id", "name", "vector", "w"]), SHAPE, Given::default())), READ);
    let given = |column: &str| Given { column: Some(column.to_owned()), ..Given::default() };
    let twice = with(["id", "note", "V", "v"]);
    assert_eq!(told(read(&twice, SHAPE, given("v"))), READ);
    let both = refused(read(&with(["id", "note", "V", "V"]), SHAPE, given("v")));
    assert_eq!(both, "columns `V` and `V` are both called so");
}

/// Eleven bits, twice, in every way in which they may be written.
fn bits() -> Vec<ArrayRef> {
    let rows = [[1, 0, 1, 0, 0, 0, 0, 0, 1, 1, 1], [0; 11]];
    let packed = [[0b1010_0000, 0b1110_0000], [0, 0]];
    let mut booleans = ListBuilder::new(BooleanBuilder::new());
    let mut bytes = FixedSizeListBuilder::new(PrimitiveBuilder::<UInt8Type>::new(), 2);
    let mut numbers = ListBuilder::new(PrimitiveBuilder::<Int32Type>::new());
    for (row, packed) in rows.iter().zip(packed) {
        row.iter().for_each(|bit| booleans.values().append_value(*bit == 1));
        booleans.append(true);
        row.iter().for_each(|bit| numbers.values().append_value(*bit));
        numbers.append(true);
        packed.iter().for_each(|byte| bytes.values().append_value(*byte));
        bytes.append(true);
    }
    let binary = || packed.iter().map(|row| Some(row.as_slice()));
    vec![
        Arc::new(booleans.finish()),
        Arc::new(numbers.finish()),
        Arc::new(bytes.finish()),
        Arc::new(BinaryArray::from_iter(binary())),
        Arc::new(LargeBinaryArray::from_iter(binary())),
        Arc::new(FixedSizeBinaryArray::try_from_iter(packed.iter()).unwrap()),
        texts(&["10100000111", "0000"]),
        texts(&["a0e0", "AAA="]),
    ]
}

#[test]
fn bits_are_read_from_lists_bytes_and_texts() {
    for column in bits() {
        let batch = batch(vec![("id", texts(&["a", "b"])), ("bits", column)]);
        assert_eq!(
            told(read(&batch, TemplateShape::Bits(11), Given::default())),
            ["1 a: 10100000111", "2 b: 00000000000"]
        );
    }
    let other = Int64Array::from(vec![2, 2]);
    let other = ListArray::from_iter_primitive::<Int64Type, _, _>([Some(other.iter()), None]);
    let batch = batch(vec![("bits", Arc::new(other))]);
    let (told, _) = read(&batch, TemplateShape::Bits(2), Given::default()).unwrap();
    assert_eq!(told, ["row 1: column 1 is neither 0 nor 1", "row 2: `bits` is null"]);
    let vectors = super::batch(vec![("bits", vectors())]);
    assert!(refused(read(&vectors, TemplateShape::Bits(2), Given::default())).contains("where 2 bits"));
}

#[test]
fn irises_have_a_code_and_a_mask_whose_name_says_what_it_marks() {
    let shape = IrisShape { rows: 1, columns: 2, channels: 2, mask: MaskSharing::ByPair };
    let of = |mask: &str, marked: &str| {
        let packed: &[u8] = &[0b1010_0000];
        let codes: ArrayRef = Arc::new(BinaryArray::from_iter([Some(packed), None]));
        let batch = batch(vec![("iris_code", codes), (mask, texts(&[marked, marked])), ("id", texts(&["a", "b"]))]);
        read(&batch, TemplateShape::Iris(shape), Given::default())
    };
    for (mask, marked) in [("valid", "1100"), ("noise_mask", "0011")] {
        let (told, _) = of(mask, marked).unwrap();
        assert_eq!(told[1], "row 2, 'b': `iris_code` is null");
        assert_eq!(told[0], "1 a: 1010/1100");
    }
    assert!(matches!(of("mask", "0001"), Err(ReadError::MaskMarks { name, .. }) if name == "mask"));
    assert!(refused(of("site", "1111")).starts_with("no `valid`, `noise` or `mask` among the columns"));
}

#[test]
fn rows_that_are_not_meant_keep_the_numbers_of_the_others() {
    let quality = Float64Array::from(vec![0.9, 0.1]);
    let batch = batch(vec![("id", texts(&["a", "b"])), ("v", vectors()), ("quality", Arc::new(quality))]);
    let filtered = |text: &str| Given { filter: Some(text.parse().unwrap()), ..Given::default() };
    let (taken, end) = read(&batch, SHAPE, filtered("quality < 0.5")).unwrap();
    assert_eq!((taken, end.records), (vec![READ[1].to_owned()], 2));
    assert_eq!(end.found.unread, Vec::<String>::new());
    let (taken, end) = read(&batch, SHAPE, filtered("quality > 1")).unwrap();
    assert_eq!((taken, end.records), (vec![], 2));
    // Identities are those of the rows of the file.
    let identities = super::super::super::identities(b"x\ny\n").unwrap();
    let given = Given { identities: Some(identities), ..filtered("QUALITY < 0.5") };
    assert_eq!(told(read(&batch, SHAPE, given)), ["2 y: [0.25, 2.0]"]);
}

#[test]
fn batches_of_other_columns_than_were_announced_are_refused() {
    let announced = batch(vec![("id", texts(&["a", "b"])), ("v", vectors())]);
    let others = [
        batch(vec![("id", texts(&["a", "b"]))]),
        batch(vec![("id", vectors()), ("v", vectors())]),
        batch(vec![("id", texts(&["a", "b"])), ("v", Arc::new(Int64Array::from(vec![1, 2])))]),
    ];
    for other in others {
        let mut batches = std::iter::once(Ok(other));
        let end = each_of_batches(&announced.schema(), &mut batches, SHAPE, Given::default(), &mut |_, _| {
            ControlFlow::Continue(())
        });
        assert!(matches!(end, Err(ReadError::Column(_))), "{end:?}");
    }
}
