//! From arrays to templates: one row a record.

use super::Row;
use super::array::Array;
use super::error::{ArrayFault, Place, ReadError, RecordFault};
use crate::template::{Bits, IrisCode, IrisShape, RealVector, Template, TemplateError, TemplateShape};

/// Rows that carry neither identifier nor eye.
pub(super) fn unnamed(templates: Vec<Template>) -> Vec<Row> {
    let row =
        |(index, template)| Row { place: Place::Row(index + 1), person: index + 1, subject: None, eye: None, template };
    templates.into_iter().enumerate().map(row).collect()
}

/// The vectors or bit strings in the rows of an array.
pub(super) fn templates(array: &Array<'_>, shape: TemplateShape, name: &str) -> Result<Vec<Template>, ReadError> {
    match shape {
        TemplateShape::Vector(dimension) => vectors(array, dimension, name),
        TemplateShape::Bits(length) => Ok(bits(array, length, name)?.into_iter().map(Template::Bits).collect()),
        TemplateShape::Iris(_) => Err(ReadError::in_array(name)(array.not("a code with its mask"))),
    }
}

fn vectors(array: &Array<'_>, dimension: usize, name: &str) -> Result<Vec<Template>, ReadError> {
    let fault = ReadError::in_array(name);
    if !array.is_float() {
        return Err(fault(array.not("float16, float32 or float64")));
    }
    let rows = match *array.shape() {
        [rows, columns] if columns == dimension && columns > 0 => rows,
        _ => return Err(fault(unexpected(array, format!("(records, {dimension})")))),
    };
    let row = |row: usize| {
        let coordinates =
            (row * dimension..(row + 1) * dimension).map_while(|position| array.float(position)).collect();
        let vector = RealVector::new(coordinates).map_err(|e| ReadError::at(Place::Row(row + 1))(e.into()))?;
        Ok(Template::Vector(vector))
    };
    (0..rows).map(row).collect()
}

/// The bit strings of `length` bits in the rows of an array: as they are, or packed.
pub(super) fn bits(array: &Array<'_>, length: usize, name: &str) -> Result<Vec<Bits>, ReadError> {
    let fault = ReadError::in_array(name);
    let packed = length.div_ceil(8);
    match *array.shape() {
        [rows, columns] if columns == length && array.is_integral() => unpacked(array, rows, length),
        [rows, columns] if columns == packed && array.is_u8() => {
            let row = |row: usize| {
                let bytes: Option<Vec<u8>> = (row * packed..(row + 1) * packed).map(|i| array.byte(i)).collect();
                Bits::from_msb_first(&bytes.unwrap_or_default(), length)
                    .map_err(|e| ReadError::at(Place::Row(row + 1))(e.into()))
            };
            (0..rows).map(row).collect()
        }
        [_, columns] if columns == length => Err(fault(array.not("bool, or an integer type with 0 and 1 only"))),
        [_, columns] if columns == packed => Err(fault(array.not("uint8 (packed, most significant bit first)"))),
        _ => Err(fault(unexpected(array, format!("(records, {length}), or packed (records, {packed}),")))),
    }
}

/// `rows` bit strings of `length` elements each, whatever the axes.
fn unpacked(array: &Array<'_>, rows: usize, length: usize) -> Result<Vec<Bits>, ReadError> {
    let row = |row: usize| {
        let at = ReadError::at(Place::Row(row + 1));
        let values = (0..length)
            .map(|i| array.bit(row * length + i).ok_or(RecordFault::NotABit { column: i + 1 }))
            .collect::<Result<Vec<bool>, _>>()
            .map_err(&at)?;
        Bits::new(values).map_err(|e| at(e.into()))
    };
    (0..rows).map(row).collect()
}

/// The codes, or the masks, of irises: packed rows, rows of bits, or `(rows, columns, channels...)` once or many times.
///
/// `channels` may be fewer than the shape has, where an array holds one filter only.
pub(super) fn iris_bits(
    array: &Array<'_>,
    shape: IrisShape,
    channels: usize,
    name: &str,
) -> Result<Vec<Bits>, ReadError> {
    let fault = ReadError::in_array(name);
    let is_one = |axes: &[usize]| match axes {
        [rows, columns, rest @ ..] => {
            *rows == shape.rows && *columns == shape.columns && !rest.is_empty() && product(rest) == Some(channels)
        }
        _ => false,
    };
    let count = match array.shape() {
        axes if is_one(axes) => 1,
        [count, axes @ ..] if is_one(axes) => *count,
        [_, _] => return bits(array, shape.rows * shape.columns * channels, name),
        _ => {
            let expected = format!("(records, {}, {}, {channels})", shape.rows, shape.columns);
            return Err(fault(unexpected(array, expected)));
        }
    };
    if !array.is_integral() {
        return Err(fault(array.not("bool, or an integer type with 0 and 1 only")));
    }
    unpacked(array, count, shape.rows * shape.columns * channels)
}

/// Irises from codes and their masks.
pub(super) fn irises(
    codes: Vec<Bits>,
    masks: Vec<Bits>,
    shape: IrisShape,
    mask_name: &str,
) -> Result<Vec<Template>, ReadError> {
    if codes.len() != masks.len() {
        let expected = format!("{} masks, one for each code,", codes.len());
        return Err(ReadError::in_array(mask_name)(ArrayFault::Shape { expected, actual: vec![masks.len()] }));
    }
    let iris = |(index, (code, mask))| {
        let iris: Result<IrisCode, TemplateError> = IrisCode::new(shape, code, mask);
        iris.map(Template::Iris).map_err(|e| ReadError::at(Place::Row(index + 1))(e.into()))
    };
    codes.into_iter().zip(masks).enumerate().map(iris).collect()
}

/// Puts the channels of several filters side by side at each position.
pub(super) fn interleave(filters: &[Bits], positions: usize) -> Result<Bits, TemplateError> {
    let filters: Vec<(usize, Vec<bool>)> =
        filters.iter().map(|bits| (bits.len() / positions.max(1), bits.iter().collect())).collect();
    Bits::new((0..positions).flat_map(|position| {
        filters.iter().flat_map(move |(channels, bits)| bits.iter().skip(position * channels).take(*channels).copied())
    }))
}

fn unexpected(array: &Array<'_>, expected: String) -> ArrayFault {
    ArrayFault::Shape { expected, actual: array.shape().to_vec() }
}

fn product(axes: &[usize]) -> Option<usize> {
    axes.iter().try_fold(1usize, |product, &axis| product.checked_mul(axis))
}
