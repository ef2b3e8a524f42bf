//! Ids, eyes and handles of a batch, as texts.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, StringViewArray};
use arrow_schema::DataType;

/// The texts of a column, or its integers in decimal.
pub(super) struct Texts(StringViewArray);

impl Texts {
    /// None where the column is of another type.
    pub(super) fn of(column: &ArrayRef) -> Option<Self> {
        views(column).map(Self)
    }

    /// The text of a row of the batch, from 0; none where it is null.
    pub(super) fn get(&self, row: usize) -> Option<&str> {
        (row < self.0.len() && self.0.is_valid(row)).then(|| self.0.value(row))
    }
}

/// A column as views of its texts, which are not copied: not even where a dictionary holds each once.
pub(super) fn views(column: &ArrayRef) -> Option<StringViewArray> {
    match column.data_type() {
        DataType::Utf8View => column.as_string_view_opt().cloned(),
        _ => arrow_cast::cast(column, &DataType::Utf8View).ok()?.as_string_view_opt().cloned(),
    }
}
