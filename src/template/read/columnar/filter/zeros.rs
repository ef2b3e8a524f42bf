//! Zeros, of which floating-point numbers have two.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, Float16Type, Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;

/// The same numbers, of which 0 and -0 are equal: arrow orders them.
pub(super) fn positive_zeros(column: ArrayRef) -> ArrayRef {
    fn positive<T>(column: &ArrayRef, sum: impl Fn(T::Native) -> T::Native) -> Option<ArrayRef>
    where
        T: ArrowPrimitiveType,
    {
        Some(Arc::new(column.as_primitive_opt::<T>()?.unary::<_, T>(sum)))
    }
    let positive = match column.data_type() {
        DataType::Float16 => {
            positive::<Float16Type>(&column, |value| value + <Float16Type as ArrowPrimitiveType>::Native::default())
        }
        DataType::Float32 => positive::<Float32Type>(&column, |value| value + 0.0),
        DataType::Float64 => positive::<Float64Type>(&column, |value| value + 0.0),
        _ => None,
    };
    positive.unwrap_or(column)
}
