//! NumPy's `.npy`: a header that declares element type, order and shape, then the elements.

use super::error::{ArrayFault, ReadError};
use super::{Format, Row, rows};
use crate::template::TemplateShape;

/// Longest header read, in bytes; NumPy's own limit.
const HEADER_LIMIT_BYTES: usize = 10_000;

/// Reads a `.npy` file of vectors or bits, one row a record.
pub(super) fn rows(bytes: &[u8], shape: TemplateShape) -> Result<Vec<Row>, ReadError> {
    if matches!(shape, TemplateShape::Iris(_)) {
        return Err(ReadError::Unsupported { format: Format::Npy, shape });
    }
    let array = Array::parse(bytes).map_err(ReadError::in_array(""))?;
    Ok(rows::unnamed(rows::templates(&array, shape, "")?))
}

/// An array of which every element is there: the shape is never larger than the bytes.
pub(super) struct Array<'a> {
    element: Element,
    shape: Vec<usize>,
    fortran_order: bool,
    data: &'a [u8],
}

/// NumPy's type of an element, such as `<f4`.
struct Element {
    description: String,
    kind: char,
    bytes: usize,
    big_endian: bool,
}

impl<'a> Array<'a> {
    /// Reads the header and checks that the data have the size it declares.
    pub(super) fn parse(file: &'a [u8]) -> Result<Self, ArrayFault> {
        let (version, rest) =
            file.strip_prefix(b"\x93NUMPY").and_then(|rest| rest.split_at_checked(2)).ok_or(ArrayFault::NotNpy)?;
        let (length, rest) = match version {
            [1, 0] => rest.split_at_checked(2),
            [2 | 3, 0] => rest.split_at_checked(4),
            _ => None,
        }
        .ok_or(ArrayFault::NotNpy)?;
        let length = little_endian(length) as usize;
        if length > HEADER_LIMIT_BYTES {
            return Err(ArrayFault::HeaderLength { limit: HEADER_LIMIT_BYTES, actual: length });
        }
        let (text, data) = rest.split_at_checked(length).ok_or(ArrayFault::NotNpy)?;
        let header = std::str::from_utf8(text).ok().and_then(Header::parse).ok_or(ArrayFault::NotNpy)?;
        let element = Element::parse(header.descr)?;
        let declared = header.shape.iter().try_fold(element.bytes, |size, &n| size.checked_mul(n));
        match declared {
            Some(size) if size == data.len() => {
                Ok(Self { element, shape: header.shape, fortran_order: header.fortran_order, data })
            }
            _ => Err(ArrayFault::Size { expected: declared.unwrap_or(usize::MAX), actual: data.len() }),
        }
    }

    /// The length of each axis.
    pub(super) fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Whether the elements are bytes without a sign.
    pub(super) fn is_u8(&self) -> bool {
        self.element.kind == 'u' && self.element.bytes == 1
    }

    /// Whether the elements are boolean or integer.
    pub(super) fn is_integral(&self) -> bool {
        matches!(self.element.kind, 'b' | 'u' | 'i')
    }

    /// Whether the elements are floating-point numbers.
    pub(super) fn is_float(&self) -> bool {
        self.element.kind == 'f'
    }

    /// The fault that the elements are of another type.
    pub(super) fn not(&self, expected: &'static str) -> ArrayFault {
        ArrayFault::ElementType { expected, actual: self.element.description.clone() }
    }

    /// The element at a position counted in C order (last axis fastest), as a floating-point number.
    pub(super) fn float(&self, position: usize) -> Option<f64> {
        let bits = self.unsigned(position)?;
        match (self.element.kind, self.element.bytes) {
            ('f', 2) => Some(half(bits as u16)),
            ('f', 4) => Some(f32::from_bits(bits as u32).into()),
            ('f', 8) => Some(f64::from_bits(bits)),
            _ => None,
        }
    }

    /// The element at a position counted in C order, where it is a 0 or a 1.
    pub(super) fn bit(&self, position: usize) -> Option<bool> {
        match self.unsigned(position) {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        }
    }

    /// The element at a position counted in C order, where it is a byte without a sign.
    pub(super) fn byte(&self, position: usize) -> Option<u8> {
        self.element_bytes(position).filter(|_| self.is_u8())?.first().copied()
    }

    /// The element at a position counted in C order, as text: a string, or an integer in decimal.
    pub(super) fn text(&self, position: usize) -> Option<String> {
        let bytes = self.element_bytes(position)?;
        match self.element.kind {
            'U' => bytes
                .chunks(4)
                .map(|unit| if self.element.big_endian { big_endian(unit) } else { little_endian(unit) })
                .take_while(|&unit| unit != 0)
                .map(|unit| char::from_u32(unit as u32))
                .collect(),
            'S' => {
                let end = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
                std::str::from_utf8(bytes.get(..end)?).ok().map(str::to_owned)
            }
            'u' => self.unsigned(position).map(|number| number.to_string()),
            'i' => {
                let unused = 64 - 8 * self.element.bytes as u32;
                self.unsigned(position).map(|number| (((number << unused) as i64) >> unused).to_string())
            }
            _ => None,
        }
    }

    /// An element of at most eight bytes, as they stand.
    fn unsigned(&self, position: usize) -> Option<u64> {
        let bytes = self.element_bytes(position).filter(|bytes| bytes.len() <= 8)?;
        Some(if self.element.big_endian { big_endian(bytes) } else { little_endian(bytes) })
    }

    fn element_bytes(&self, position: usize) -> Option<&'a [u8]> {
        let start = self.stored(position).checked_mul(self.element.bytes)?;
        self.data.get(start..start.checked_add(self.element.bytes)?)
    }

    /// Where the element at a position in C order is stored.
    fn stored(&self, position: usize) -> usize {
        if !self.fortran_order {
            return position;
        }
        // The index on each axis, last axis first; and the distance between neighbours on it when the first is fastest.
        let mut rest = position;
        let mut distance: usize = self.shape.iter().product();
        let mut stored = 0;
        for &length in self.shape.iter().rev() {
            distance /= length.max(1);
            stored += rest % length.max(1) * distance;
            rest /= length.max(1);
        }
        stored
    }
}

impl Element {
    fn parse(description: &str) -> Result<Self, ArrayFault> {
        let parts = || {
            let mut characters = description.chars();
            let big_endian = match characters.next()? {
                '<' | '|' => false,
                '>' => true,
                _ => return None,
            };
            let kind = characters.next()?;
            let size: usize = characters.as_str().parse().ok()?;
            let bytes = match (kind, size) {
                ('b', 1) | ('u' | 'i', 1 | 2 | 4 | 8) | ('f', 2 | 4 | 8) => size,
                ('S', 1..) => size,
                ('U', 1..) => size.checked_mul(4)?,
                _ => return None,
            };
            Some(Self { description: description.to_owned(), kind, bytes, big_endian })
        };
        parts().ok_or_else(|| ArrayFault::ElementType {
            expected: "a boolean, an integer, a float of 2, 4 or 8 bytes, or text",
            actual: super::text::shortened(description),
        })
    }
}

struct Header<'a> {
    descr: &'a str,
    fortran_order: bool,
    shape: Vec<usize>,
}

impl<'a> Header<'a> {
    /// Parses `{'descr': '<f4', 'fortran_order': False, 'shape': (1095, 49), }`.
    fn parse(text: &'a str) -> Option<Self> {
        let (mut descr, mut fortran_order, mut shape) = (None, None, None);
        let mut rest = text.trim().strip_prefix('{')?.strip_suffix('}')?.trim();
        while !rest.is_empty() {
            let (key, value) = quoted(rest)?;
            let value = value.trim_start().strip_prefix(':')?.trim_start();
            rest = match key {
                "descr" if descr.is_none() => {
                    let (text, rest) = match value.starts_with('[') {
                        true => ("a structured type", value.rsplit_once(']')?.1),
                        false => quoted(value)?,
                    };
                    descr = Some(text);
                    rest
                }
                "fortran_order" if fortran_order.is_none() => {
                    fortran_order = Some(value.starts_with("True"));
                    value.strip_prefix("True").or_else(|| value.strip_prefix("False"))?
                }
                "shape" if shape.is_none() => {
                    let (axes, rest) = value.strip_prefix('(')?.split_once(')')?;
                    let axes = axes.trim();
                    let axes = axes.strip_suffix(',').unwrap_or(axes);
                    // Python 2 wrote long integers with an L.
                    let axis = |n: &str| n.trim().trim_end_matches('L').parse().ok();
                    shape = Some(axes.split(',').filter(|_| !axes.trim().is_empty()).map(axis).collect::<Option<_>>()?);
                    rest
                }
                _ => return None,
            };
            rest = rest.trim_start();
            rest = match rest.strip_prefix(',') {
                Some(rest) => rest.trim_start(),
                None if rest.is_empty() => rest,
                None => return None,
            };
        }
        Some(Self { descr: descr?, fortran_order: fortran_order?, shape: shape? })
    }
}

/// A text in single or double quotes, and what follows it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    text.get(1..)?.split_once(quote)
}

fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

fn big_endian(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

/// The value of an IEEE 754 half-precision number.
fn half(bits: u16) -> f64 {
    let fraction = f64::from(bits & 0x3ff) / 1024.0;
    let magnitude = match bits >> 10 & 0x1f {
        0 => fraction * 2f64.powi(-14),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        exponent => (1.0 + fraction) * 2f64.powi(i32::from(exponent) - 15),
    };
    if bits >> 15 == 1 { -magnitude } else { magnitude }
}

#[cfg(test)]
#[path = "npy_tests.rs"]
mod tests;
