//! NumPy's `.npy`: one array, one row a record.

use super::array::Array;
use super::error::ReadError;
use super::{Format, Raw, Row, rows};
use crate::template::TemplateShape;

/// Reads a `.npy` file of vectors or bits, one row a record.
pub(super) fn rows(bytes: &[u8], shape: TemplateShape) -> Result<Vec<Row<Raw>>, ReadError> {
    if matches!(shape, TemplateShape::Iris(_)) {
        return Err(ReadError::Unsupported { format: Format::Npy, shape });
    }
    let array = Array::parse(bytes).map_err(ReadError::in_array(""))?;
    Ok(rows::unnamed(rows::templates(&array, shape, "")?))
}

#[cfg(test)]
#[path = "npy_tests.rs"]
mod tests;
