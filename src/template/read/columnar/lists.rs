//! Lists of numbers or bits in a column: of one batch, with their types found out once.

use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_buffer::{BooleanBuffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::DataType;

use super::super::error::RecordFault;
use crate::template::{Bits, TemplateError};

/// The lists of a column, one a row.
pub(super) struct Lists {
    spans: Spans,
    values: Values,
    /// Which values are there, where some are not.
    there: Option<NullBuffer>,
}

/// Which values are a row's.
enum Spans {
    /// So many each.
    Fixed(usize),
    Small(OffsetBuffer<i32>),
    Large(OffsetBuffer<i64>),
}

type Of<T> = ScalarBuffer<<T as ArrowPrimitiveType>::Native>;

/// The values of all rows.
enum Values {
    Boolean(BooleanBuffer),
    Float16(Of<Float16Type>),
    Float32(Of<Float32Type>),
    Float64(Of<Float64Type>),
    Int8(Of<Int8Type>),
    Int16(Of<Int16Type>),
    Int32(Of<Int32Type>),
    Int64(Of<Int64Type>),
    UInt8(Of<UInt8Type>),
    UInt16(Of<UInt16Type>),
    UInt32(Of<UInt32Type>),
    UInt64(Of<UInt64Type>),
}

impl Lists {
    /// Those of a column; none where it holds something else.
    pub(super) fn of(column: &ArrayRef) -> Option<Self> {
        let (spans, values) = match column.data_type() {
            DataType::FixedSizeList(_, size) => {
                (Spans::Fixed(usize::try_from(*size).ok()?), column.as_fixed_size_list_opt()?.values())
            }
            DataType::List(_) => {
                let lists = column.as_list_opt::<i32>()?;
                (Spans::Small(lists.offsets().clone()), lists.values())
            }
            DataType::LargeList(_) => {
                let lists = column.as_list_opt::<i64>()?;
                (Spans::Large(lists.offsets().clone()), lists.values())
            }
            _ => return None,
        };
        let there = values.nulls().filter(|nulls| nulls.null_count() > 0).cloned();
        Some(Self { spans, values: Values::of(values)?, there })
    }

    /// The coordinates of a row, which must be so many.
    pub(super) fn coordinates(&self, row: usize, expected: usize) -> Result<Vec<f64>, RecordFault> {
        let span = self.span(row)?;
        if span.len() != expected {
            return Err(RecordFault::Columns { expected, actual: span.len() });
        }
        match &self.values {
            Values::Boolean(_) => Err(RecordFault::NotANumber { column: 1 }),
            Values::Float16(values) => widened(values, span),
            Values::Float32(values) => widened(values, span),
            Values::Float64(values) => widened(values, span),
            Values::Int8(values) => widened(values, span),
            Values::Int16(values) => widened(values, span),
            Values::Int32(values) => widened(values, span),
            Values::UInt8(values) => widened(values, span),
            Values::UInt16(values) => widened(values, span),
            Values::UInt32(values) => widened(values, span),
            Values::Int64(values) => exactly(values, span, |value| (value as f64, value.unsigned_abs())),
            Values::UInt64(values) => exactly(values, span, |value| (value as f64, value)),
        }
    }

    /// The bits of a row, which must be so many; or the bytes that hold them.
    pub(super) fn bits(&self, row: usize, expected: usize) -> Result<Bits, RecordFault> {
        let span = self.span(row)?;
        if span.len() != expected {
            return match &self.values {
                Values::UInt8(bytes) if span.len() == expected.div_ceil(8) => {
                    Ok(Bits::from_msb_first(bytes.get(span).unwrap_or_default(), expected)?)
                }
                _ => Err(RecordFault::Columns { expected, actual: span.len() }),
            };
        }
        match &self.values {
            Values::Boolean(values) => Ok(Bits::new(values.slice(span.start, span.len()).iter())?),
            Values::Int8(values) => zeros_and_ones(values, span),
            Values::Int16(values) => zeros_and_ones(values, span),
            Values::Int32(values) => zeros_and_ones(values, span),
            Values::Int64(values) => zeros_and_ones(values, span),
            Values::UInt8(values) => zeros_and_ones(values, span),
            Values::UInt16(values) => zeros_and_ones(values, span),
            Values::UInt32(values) => zeros_and_ones(values, span),
            Values::UInt64(values) => zeros_and_ones(values, span),
            Values::Float16(_) | Values::Float32(_) | Values::Float64(_) => Err(RecordFault::NotABit { column: 1 }),
        }
    }

    /// Where a row's values are, all of which are there.
    fn span(&self, row: usize) -> Result<Range<usize>, RecordFault> {
        let span = match &self.spans {
            Spans::Fixed(size) => row * size..(row + 1) * size,
            Spans::Small(offsets) => between(offsets, row),
            Spans::Large(offsets) => between(offsets, row),
        };
        let missing = |there: &NullBuffer| span.clone().position(|value| value < there.len() && there.is_null(value));
        match self.there.as_ref().and_then(missing) {
            Some(column) => Err(RecordFault::NoValue { column: column + 1 }),
            None => Ok(span),
        }
    }
}

impl Values {
    fn of(values: &ArrayRef) -> Option<Self> {
        fn primitive<T: ArrowPrimitiveType>(values: &ArrayRef) -> Option<Of<T>> {
            Some(values.as_primitive_opt::<T>()?.values().clone())
        }
        Some(match values.data_type() {
            DataType::Boolean => Self::Boolean(values.as_boolean_opt()?.values().clone()),
            DataType::Float16 => Self::Float16(primitive::<Float16Type>(values)?),
            DataType::Float32 => Self::Float32(primitive::<Float32Type>(values)?),
            DataType::Float64 => Self::Float64(primitive::<Float64Type>(values)?),
            DataType::Int8 => Self::Int8(primitive::<Int8Type>(values)?),
            DataType::Int16 => Self::Int16(primitive::<Int16Type>(values)?),
            DataType::Int32 => Self::Int32(primitive::<Int32Type>(values)?),
            DataType::Int64 => Self::Int64(primitive::<Int64Type>(values)?),
            DataType::UInt8 => Self::UInt8(primitive::<UInt8Type>(values)?),
            DataType::UInt16 => Self::UInt16(primitive::<UInt16Type>(values)?),
            DataType::UInt32 => Self::UInt32(primitive::<UInt32Type>(values)?),
            DataType::UInt64 => Self::UInt64(primitive::<UInt64Type>(values)?),
            _ => return None,
        })
    }
}

/// From one offset to the next; empty where there is none.
fn between<O: Copy + TryInto<usize>>(offsets: &[O], row: usize) -> Range<usize> {
    let offset = |at: usize| offsets.get(at).and_then(|offset| (*offset).try_into().ok()).unwrap_or_default();
    offset(row)..offset(row + 1)
}

fn widened<T: Copy + Into<f64>>(values: &[T], span: Range<usize>) -> Result<Vec<f64>, RecordFault> {
    Ok(values.get(span).unwrap_or_default().iter().map(|value| (*value).into()).collect())
}

/// Whole numbers as floating-point numbers, refused where some digits would be lost; `parts` are the number and its absolute value.
fn exactly<T: Copy>(
    values: &[T],
    span: Range<usize>,
    parts: impl Fn(T) -> (f64, u64),
) -> Result<Vec<f64>, RecordFault> {
    let value = |(at, value): (usize, &T)| match parts(*value) {
        (value, size) if size <= 1 << f64::MANTISSA_DIGITS => Ok(value),
        _ => Err(RecordFault::Inexact { column: at + 1 }),
    };
    values.get(span).unwrap_or_default().iter().enumerate().map(value).collect()
}

fn zeros_and_ones<T: Copy + PartialEq + From<bool>>(values: &[T], span: Range<usize>) -> Result<Bits, RecordFault> {
    let values = values.get(span).unwrap_or_default();
    match values.iter().position(|value| *value != T::from(false) && *value != T::from(true)) {
        Some(at) => Err(RecordFault::NotABit { column: at + 1 }),
        None => {
            Bits::new(values.iter().map(|value| *value == T::from(true))).map_err(|fault: TemplateError| fault.into())
        }
    }
}
