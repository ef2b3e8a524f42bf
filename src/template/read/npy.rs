//! NumPy's `.npy`: one array, one row a record.

use super::array::{self, Array, Declared, HEADER_LIMIT_BYTES};
use super::error::{ArrayFault, ReadError, RecordFault};
use super::rows::{self, Templates};
use super::source::Source;
use super::{Format, Raw, Sink};
use crate::template::TemplateShape;

/// So many bytes of a table are read together, or one row.
const PART_BYTES: usize = 1 << 22;

/// Reads a `.npy` file of vectors or bits, one row a record.
pub(super) fn rows(source: Source<'_>, shape: TemplateShape, sink: &mut dyn Sink) -> Result<(), ReadError> {
    if matches!(shape, TemplateShape::Iris(_)) {
        return Err(ReadError::Unsupported { format: Format::Npy, shape });
    }
    sink.named(false);
    templates(source, shape, "", &mut |index, template| sink.row(rows::unnamed(index, template))).map(drop)
}

/// Takes the templates in the rows of an array of this name, from 0; how many there are. A table that lies row by row is read in parts of it,
/// another array as a whole.
pub(super) fn templates(
    mut source: Source<'_>,
    shape: TemplateShape,
    name: &str,
    take: &mut dyn FnMut(usize, Result<Raw, RecordFault>) -> Result<(), ReadError>,
) -> Result<usize, ReadError> {
    let fault = ReadError::in_array(name);
    let (declared, header_bytes) = Declared::of(source.ahead(2 * HEADER_LIMIT_BYTES)?).map_err(&fault)?;
    let row_bytes = declared.table_row_bytes().filter(|bytes| *bytes > 0 && rows::is_table(&declared, shape));
    let Some(row_bytes) = row_bytes else {
        let file = source.rest()?;
        let array = Array::parse(&file).map_err(fault)?;
        let templates = Templates::of(&array, shape, name)?;
        (0..templates.count()).try_for_each(|index| take(index, templates.get(index)))?;
        return Ok(templates.count());
    };
    source.pass(header_bytes);
    let (all, part_rows) = (declared.shape().first().copied().unwrap_or_default(), (PART_BYTES / row_bytes).max(1));
    let mut done = 0;
    while done < all {
        let part = part_rows.min(all - done);
        let bytes = source.ahead(part * row_bytes)?;
        let Some(bytes) = bytes.get(..part * row_bytes) else {
            let actual = done * row_bytes + bytes.len();
            return Err(fault(ArrayFault::Size { expected: all.saturating_mul(row_bytes), actual }));
        };
        let array = declared.rows(part, bytes);
        let templates = Templates::of(&array, shape, name)?;
        (0..part).try_for_each(|index| take(done + index, templates.get(index)))?;
        source.pass(part * row_bytes);
        done += part;
    }
    match source.ahead(1)? {
        [] => Ok(all),
        rest if rest.starts_with(array::MAGIC) => Err(fault(ArrayFault::Appended)),
        _ => {
            let (expected, mut actual) = (all * row_bytes, all * row_bytes);
            loop {
                match source.ahead(1)?.len() {
                    0 => break Err(fault(ArrayFault::Size { expected, actual })),
                    more => {
                        actual += more;
                        source.pass(more);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
#[path = "npy_tests.rs"]
mod tests;
