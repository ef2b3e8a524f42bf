//! Literals as values of the column that they are compared with.

use std::fmt;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, StringArray};
use arrow_cast::{CastOptions, cast, cast_with_options};
use arrow_schema::{DataType, TimeUnit};

use super::Literal;
use super::zeros::positive_zeros;

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => f.write_str(number),
            Self::Text(text) => write!(f, "'{text}'"),
            Self::Boolean(value) => f.write_str(if *value { "TRUE" } else { "FALSE" }),
            Self::Null => f.write_str("NULL"),
        }
    }
}

/// The one value of this type that a literal stands for; none where there is none, or where it would be another than is written.
pub(super) fn as_value(literal: &Literal, of: &DataType) -> Option<ArrayRef> {
    let is_text = *of == DataType::Utf8View;
    let is_time = matches!(
        of,
        DataType::Date32 | DataType::Date64 | DataType::Time32(_) | DataType::Time64(_) | DataType::Timestamp(..)
    );
    let text = match literal {
        Literal::Boolean(value) if *of == DataType::Boolean => {
            return Some(Arc::new(BooleanArray::from(vec![*value])));
        }
        Literal::Number(number) if of.is_numeric() => number,
        Literal::Text(text) if is_text || is_time => text,
        _ => return None,
    };
    let written: ArrayRef = Arc::new(StringArray::from(vec![text.as_str()]));
    let value = cast_with_options(&written, of, &CastOptions { safe: false, ..CastOptions::default() }).ok()?;
    (value.is_valid(0) && is_exact(text, &written, &value)).then(|| positive_zeros(value))
}

/// Whether nothing was cut off or rounded; floating-point numbers are the nearest to what is written.
fn is_exact(text: &str, written: &ArrayRef, value: &ArrayRef) -> bool {
    let same = |finest: DataType| {
        let (first, second) = (cast(written, &finest), cast(value, &finest));
        matches!((first, second), (Ok(first), Ok(second)) if first.is_valid(0) && first.to_data() == second.to_data())
    };
    match value.data_type() {
        DataType::Date32 => text.trim().len() == "2026-11-30".len(),
        DataType::Time32(_) | DataType::Time64(_) => same(DataType::Time64(TimeUnit::Nanosecond)),
        DataType::Timestamp(_, zone) => same(DataType::Timestamp(TimeUnit::Nanosecond, zone.clone())),
        DataType::Date64 => same(DataType::Timestamp(TimeUnit::Nanosecond, None)),
        DataType::Decimal128(_, scale) | DataType::Decimal256(_, scale) => {
            let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.trim_end_matches('0').len());
            !text.contains(['e', 'E']) && i64::try_from(decimals).is_ok_and(|decimals| decimals <= i64::from(*scale))
        }
        _ => true,
    }
}
