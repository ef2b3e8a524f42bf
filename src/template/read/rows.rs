//! From arrays to records: one row each.

use super::array::{Array, Declared};
use super::bit_order::BitOrder;
use super::error::{ArrayFault, Place, ReadError, RecordFault};
use super::names::MaskMarks;
use super::{Raw, Row};
use crate::template::{Bits, IrisShape, RealVector, Template, TemplateError, TemplateShape};

/// A row that carries neither identifier nor eye, from 0.
pub(super) fn unnamed(index: usize, template: Result<Raw, RecordFault>) -> Row<Raw> {
    Row {
        place: Place::Row(index + 1),
        person: index + 1,
        subject: None,
        eye: None,
        handle: None,
        quality: None,
        template,
    }
}

/// The vectors or bit strings in the rows of an array, made one by one.
pub(super) struct Templates<'a> {
    array: &'a Array<'a>,
    kind: Kind,
    count: usize,
}

/// What a row is.
#[derive(Clone, Copy)]
enum Kind {
    /// So many coordinates.
    Vector(usize),
    /// So many bits.
    Bits(usize),
    /// So many bits, eight in a byte.
    PackedBits(usize),
}

impl<'a> Templates<'a> {
    /// Those of an array of this name, of which the shape asks for vectors or bits.
    pub(super) fn of(array: &'a Array<'a>, shape: TemplateShape, name: &str) -> Result<Self, ReadError> {
        let (kind, count) = kind(array, shape).map_err(ReadError::in_array(name))?;
        Ok(Self { array, kind, count })
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The template of a row, from 0.
    pub(super) fn get(&self, row: usize) -> Result<Raw, RecordFault> {
        Ok(Raw::Whole(match self.kind {
            Kind::Vector(dimension) => Template::Vector(RealVector::new(self.array.floats(row, dimension))?),
            Kind::Bits(_) | Kind::PackedBits(_) => Template::Bits(self.string(row)?),
        }))
    }

    /// The bits of a row, from 0.
    fn string(&self, row: usize) -> Result<Bits, RecordFault> {
        match self.kind {
            Kind::PackedBits(length) => {
                let packed = length.div_ceil(8);
                let bytes: Option<Vec<u8>> = (row * packed..(row + 1) * packed).map(|i| self.array.byte(i)).collect();
                Ok(Bits::from_msb_first(&bytes.unwrap_or_default(), length)?)
            }
            Kind::Bits(length) | Kind::Vector(length) => unpacked(self.array, row, length),
        }
    }
}

/// How many templates there are in an array, by its header.
pub(super) fn count(array: &Declared, shape: TemplateShape) -> Option<usize> {
    kind(array, shape).ok().map(|(_, count)| count)
}

/// What the rows of an array are, by its header, and how many there are.
fn kind(array: &Declared, shape: TemplateShape) -> Result<(Kind, usize), ArrayFault> {
    match shape {
        TemplateShape::Vector(_) if !array.is_float() => Err(array.not("float16, float32 or float64")),
        TemplateShape::Vector(dimension) => {
            let count = array.rows_of(dimension).filter(|_| dimension > 0);
            let count = count.ok_or_else(|| unexpected(array, format!("(records, {dimension})")))?;
            Ok((Kind::Vector(dimension), count))
        }
        TemplateShape::Bits(length) => {
            let packed = length.div_ceil(8);
            // A table says it best: a list may be one row or one column.
            let (mut whole, mut bytes) = (array.table_of(length), array.table_of(packed));
            if whole.or(bytes).is_none() {
                (whole, bytes) = (array.rows_of(length), array.rows_of(packed));
            }
            match (whole, bytes) {
                (Some(count), _) if array.is_numeric() => Ok((Kind::Bits(length), count)),
                (_, Some(count)) if array.is_u8() => Ok((Kind::PackedBits(length), count)),
                (Some(_), _) => Err(array.not("bool, or an integer type with 0 and 1 only")),
                (_, Some(_)) => Err(array.not("uint8 (packed, most significant bit first)")),
                _ => Err(unexpected(array, format!("(records, {length}), or packed (records, {packed}),"))),
            }
        }
        TemplateShape::Iris(_) => Err(array.not("a code with its mask")),
    }
}

/// Whether an array is a table of which each row is a template, whichever other rows there are.
pub(super) fn is_table(array: &Declared, shape: TemplateShape) -> bool {
    match shape {
        TemplateShape::Vector(dimension) => array.table_of(dimension).is_some(),
        TemplateShape::Bits(length) => array.table_of(length).or(array.table_of(length.div_ceil(8))).is_some(),
        TemplateShape::Iris(_) => false,
    }
}

/// Whether an array can be the templates, of which the shape asks for vectors or bits.
pub(super) fn fits(array: &Declared, shape: TemplateShape) -> bool {
    match shape {
        TemplateShape::Vector(dimension) => array.is_float() && array.rows_of(dimension).is_some(),
        TemplateShape::Bits(length) => {
            let packed = array.is_u8() && array.rows_of(length.div_ceil(8)).is_some();
            packed || array.is_numeric() && array.rows_of(length).is_some()
        }
        TemplateShape::Iris(_) => false,
    }
}

/// The bit string of a row of `length` elements, whatever the axes.
fn unpacked(array: &Array<'_>, row: usize, length: usize) -> Result<Bits, RecordFault> {
    let bit = |i| array.bit(row * length + i).ok_or(RecordFault::NotABit { column: i + 1 });
    let values = (0..length).map(bit).collect::<Result<Vec<bool>, _>>()?;
    Ok(Bits::new(values)?)
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
            let strings = Templates::of(array, TemplateShape::Bits(shape.bits()), name)?;
            return Ok(Strings { bits: (0..strings.count).map(|row| strings.string(row)).collect(), flat: true });
        }
        _ => {
            let expected = format!("(records, {}, {}, {})", shape.rows, shape.columns, shape.channels);
            return Err(fault(unexpected(array, expected)));
        }
    };
    if !array.is_numeric() {
        return Err(fault(array.not("bool, or an integer type with 0 and 1 only")));
    }
    let bits = |row| Ok(order.normal(&unpacked(array, row, shape.bits())?, shape)?);
    Ok(Strings { bits: (0..count).map(bits).collect(), flat: false })
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
    Ok((0..count).map(|row| unpacked(array, row, filter.bits())).collect())
}

/// Irises from codes and their masks.
pub(super) fn irises(
    codes: Strings,
    masks: Vec<Result<Bits, RecordFault>>,
    mask_name: &str,
    marks: Option<MaskMarks>,
) -> Result<Vec<Result<Raw, RecordFault>>, ReadError> {
    let Strings { bits: codes, flat } = codes;
    if codes.len() != masks.len() {
        let expected = format!("{} masks, one for each code,", codes.len());
        return Err(ReadError::in_array(mask_name)(ArrayFault::Shape { expected, actual: vec![masks.len()] }));
    }
    let iris = |(code, mask)| Ok(Raw::Iris { code: code?, mask: mask?, marks, flat });
    Ok(codes.into_iter().zip(masks).map(iris).collect())
}

/// The filters of an iris, each with the bits of its positions, as one string of bits.
pub(super) fn joined(filters: Vec<Bits>, shape: IrisShape) -> Result<Bits, TemplateError> {
    let whole = Bits::new(filters.iter().flat_map(Bits::iter))?;
    BitOrder::FilterFirst.normal(&whole, shape)
}

fn unexpected(array: &Declared, expected: String) -> ArrayFault {
    ArrayFault::Shape { expected, actual: array.shape().to_vec() }
}

fn product(axes: &[usize]) -> Option<usize> {
    axes.iter().try_fold(1usize, |product, &axis| product.checked_mul(axis))
}
