//! From arrays to records: one row each.

use super::array::Array;
use super::bit_order::BitOrder;
use super::error::{ArrayFault, Place, ReadError, RecordFault};
use super::names::MaskMarks;
use super::{Raw, Row};
use crate::template::{Bits, IrisShape, RealVector, Template, TemplateError, TemplateShape};

/// Rows that carry neither identifier nor eye.
pub(super) fn unnamed(templates: Vec<Result<Raw, RecordFault>>) -> Vec<Row<Raw>> {
    let row =
        |(index, template)| Row { place: Place::Row(index + 1), person: index + 1, subject: None, eye: None, template };
    templates.into_iter().enumerate().map(row).collect()
}

/// The vectors or bit strings in the rows of an array.
pub(super) fn templates(
    array: &Array<'_>,
    shape: TemplateShape,
    name: &str,
) -> Result<Vec<Result<Raw, RecordFault>>, ReadError> {
    match shape {
        TemplateShape::Vector(dimension) => vectors(array, dimension, name),
        TemplateShape::Bits(length) => {
            let bits = bits(array, length, name)?;
            Ok(bits.into_iter().map(|bits| Ok(Raw::Whole(Template::Bits(bits?)))).collect())
        }
        TemplateShape::Iris(_) => Err(ReadError::in_array(name)(array.not("a code with its mask"))),
    }
}

/// Whether an array can be the templates, of which the shape asks for vectors or bits.
pub(super) fn fits(array: &Array<'_>, shape: TemplateShape) -> bool {
    match shape {
        TemplateShape::Vector(dimension) => array.is_float() && array.rows_of(dimension).is_some(),
        TemplateShape::Bits(length) => {
            let packed = array.is_u8() && array.rows_of(length.div_ceil(8)).is_some();
            packed || array.is_numeric() && array.rows_of(length).is_some()
        }
        TemplateShape::Iris(_) => false,
    }
}

fn vectors(array: &Array<'_>, dimension: usize, name: &str) -> Result<Vec<Result<Raw, RecordFault>>, ReadError> {
    let fault = ReadError::in_array(name);
    if !array.is_float() {
        return Err(fault(array.not("float16, float32 or float64")));
    }
    let rows = array.rows_of(dimension).filter(|_| dimension > 0);
    let rows = rows.ok_or_else(|| fault(unexpected(array, format!("(records, {dimension})"))))?;
    let row = |row: usize| {
        let coordinates =
            (row * dimension..(row + 1) * dimension).map_while(|position| array.float(position)).collect();
        Ok(Raw::Whole(Template::Vector(RealVector::new(coordinates)?)))
    };
    Ok((0..rows).map(row).collect())
}

/// The bit strings of `length` bits in the rows of an array: as they are, or packed.
fn bits(array: &Array<'_>, length: usize, name: &str) -> Result<Vec<Result<Bits, RecordFault>>, ReadError> {
    let fault = ReadError::in_array(name);
    let packed = length.div_ceil(8);
    // A table says it best: a list may be one row or one column.
    let (mut whole, mut bytes) = (array.table_of(length), array.table_of(packed));
    if whole.or(bytes).is_none() {
        (whole, bytes) = (array.rows_of(length), array.rows_of(packed));
    }
    match (whole, bytes) {
        (Some(rows), _) if array.is_numeric() => Ok(unpacked(array, rows, length)),
        (_, Some(rows)) if array.is_u8() => {
            let row = |row: usize| {
                let bytes: Option<Vec<u8>> = (row * packed..(row + 1) * packed).map(|i| array.byte(i)).collect();
                Ok(Bits::from_msb_first(&bytes.unwrap_or_default(), length)?)
            };
            Ok((0..rows).map(row).collect())
        }
        (Some(_), _) => Err(fault(array.not("bool, or an integer type with 0 and 1 only"))),
        (_, Some(_)) => Err(fault(array.not("uint8 (packed, most significant bit first)"))),
        _ => Err(fault(unexpected(array, format!("(records, {length}), or packed (records, {packed}),")))),
    }
}

/// `rows` bit strings of `length` elements each, whatever the axes.
fn unpacked(array: &Array<'_>, rows: usize, length: usize) -> Vec<Result<Bits, RecordFault>> {
    let row = |row: usize| {
        let bit = |i| array.bit(row * length + i).ok_or(RecordFault::NotABit { column: i + 1 });
        let values = (0..length).map(bit).collect::<Result<Vec<bool>, _>>()?;
        Ok(Bits::new(values)?)
    };
    (0..rows).map(row).collect()
}

/// The codes, or the masks, of a file.
pub(super) struct Strings {
    pub(super) bits: Vec<Result<Bits, RecordFault>>,
    /// Whether no axis says what is where.
    pub(super) flat: bool,
}

/// The codes, or the masks, of irises: packed rows, rows of bits, `(rows, columns, channels...)` or `(filters, rows, columns, 2)`, the
/// latter two once or many times.
pub(super) fn iris_bits(array: &Array<'_>, shape: IrisShape, name: &str) -> Result<Strings, ReadError> {
    let fault = ReadError::in_array(name);
    let by_position = |axes: &[usize]| match axes {
        [rows, columns, rest @ ..] => {
            *rows == shape.rows
                && *columns == shape.columns
                && !rest.is_empty()
                && product(rest) == Some(shape.channels)
        }
        _ => false,
    };
    let by_filter = |axes: &[usize]| match axes {
        [filters, rows, columns, 2] => {
            *rows == shape.rows && *columns == shape.columns && filters.checked_mul(2) == Some(shape.channels)
        }
        _ => false,
    };
    let (count, order) = match array.shape() {
        axes if by_position(axes) => (1, BitOrder::PositionFirst),
        [count, axes @ ..] if by_position(axes) => (*count, BitOrder::PositionFirst),
        axes if by_filter(axes) => (1, BitOrder::FilterFirst),
        [count, axes @ ..] if by_filter(axes) => (*count, BitOrder::FilterFirst),
        [] | [_] | [_, _] => {
            return Ok(Strings { bits: bits(array, shape.bits(), name)?, flat: true });
        }
        _ => {
            let expected = format!("(records, {}, {}, {})", shape.rows, shape.columns, shape.channels);
            return Err(fault(unexpected(array, expected)));
        }
    };
    if !array.is_numeric() {
        return Err(fault(array.not("bool, or an integer type with 0 and 1 only")));
    }
    let found = unpacked(array, count, shape.bits()).into_iter();
    let bits = found.map(|bits| Ok(order.normal(&bits?, shape)?)).collect();
    Ok(Strings { bits, flat: false })
}

/// The bits of one filter, `(rows, columns, 2)`, of one iris or of many.
pub(super) fn filter_bits(
    array: &Array<'_>,
    shape: IrisShape,
    name: &str,
) -> Result<Vec<Result<Bits, RecordFault>>, ReadError> {
    let parts = shape.channels.min(2);
    let filter = IrisShape { channels: parts, ..shape };
    let count = match *array.shape() {
        [rows, columns, channels] if [rows, columns, channels] == [shape.rows, shape.columns, parts] => 1,
        [count, rows, columns, channels] if [rows, columns, channels] == [shape.rows, shape.columns, parts] => count,
        _ => {
            let expected = format!("({}, {}, 2), once or many times,", shape.rows, shape.columns);
            return Err(ReadError::in_array(name)(unexpected(array, expected)));
        }
    };
    if !array.is_numeric() {
        return Err(ReadError::in_array(name)(array.not("bool, or an integer type with 0 and 1 only")));
    }
    Ok(unpacked(array, count, filter.bits()))
}

/// Irises from codes and their masks.
pub(super) fn irises(
    codes: Vec<Result<Bits, RecordFault>>,
    masks: Vec<Result<Bits, RecordFault>>,
    mask_name: &str,
    marks: Option<MaskMarks>,
) -> Result<Vec<Result<Raw, RecordFault>>, ReadError> {
    if codes.len() != masks.len() {
        let expected = format!("{} masks, one for each code,", codes.len());
        return Err(ReadError::in_array(mask_name)(ArrayFault::Shape { expected, actual: vec![masks.len()] }));
    }
    let iris = |(code, mask)| Ok(Raw::Iris { code: code?, mask: mask?, marks });
    Ok(codes.into_iter().zip(masks).map(iris).collect())
}

/// The filters of an iris, each with the bits of its positions, as one string of bits.
pub(super) fn joined(filters: Vec<Bits>, shape: IrisShape) -> Result<Bits, TemplateError> {
    let whole = Bits::new(filters.iter().flat_map(Bits::iter))?;
    BitOrder::FilterFirst.normal(&whole, shape)
}

fn unexpected(array: &Array<'_>, expected: String) -> ArrayFault {
    ArrayFault::Shape { expected, actual: array.shape().to_vec() }
}

fn product(axes: &[usize]) -> Option<usize> {
    axes.iter().try_fold(1usize, |product, &axis| product.checked_mul(axis))
}
