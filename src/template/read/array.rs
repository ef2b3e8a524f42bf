//! An array in NumPy's `.npy`: a header that declares element type, order and shape, then the elements.
//!
//! `npyz` reads both, behind a guard, because it trusts a header: it would allocate the length that a header declares
//! for itself, its grammar takes exponential time on nested brackets, and it multiplies the axes unchecked.

use std::borrow::Cow;

use npyz::{DType, Deserialize, NpyHeader, TypeChar, TypeRead, half};

use super::error::ArrayFault;

/// Longest header read, in bytes; NumPy's own limit.
pub(super) const HEADER_LIMIT_BYTES: usize = 10_000;
/// Most digits of all axes together: no product of so many, decimal or hexadecimal, overflows 64 bits.
const SHAPE_LIMIT_DIGITS: usize = 15;

/// What every such file begins with.
pub(super) const MAGIC: &[u8] = b"\x93NUMPY";

const PLAIN: &str = "a boolean, an integer, a float of 2, 4 or 8 bytes, or text";

/// What a header says of an array.
pub(super) struct Declared {
    dtype: DType,
    kind: TypeChar,
    element_bytes: usize,
    shape: Vec<usize>,
    /// How many elements lie between neighbours on each axis.
    strides: Vec<usize>,
}

impl Declared {
    /// Reads the header at the beginning of a file, and tells how long it is.
    pub(super) fn of(beginning: &[u8]) -> Result<(Self, usize), ArrayFault> {
        let (header, data) = Header::split(beginning)?;
        let header = header.parse()?;
        let dtype = header.dtype();
        if matches!(&dtype, DType::Plain(scalar) if scalar.type_char() == TypeChar::Object) {
            return Err(ArrayFault::Pickled { dictionary: header.shape().is_empty() });
        }
        let (kind, element_bytes) = element(&dtype)?;
        let usize_of = |lengths: &[u64]| lengths.iter().map(|&n| usize::try_from(n)).collect::<Result<Vec<_>, _>>();
        let (Ok(shape), Ok(strides)) = (usize_of(header.shape()), usize_of(header.strides())) else {
            return Err(ArrayFault::Size { expected: usize::MAX, actual: data.len() });
        };
        Ok((Self { dtype, kind, element_bytes, shape, strides }, beginning.len() - data.len()))
    }

    /// The length of each axis.
    pub(super) fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The length of each axis but those of length one, which say nothing.
    pub(super) fn axes(&self) -> Vec<usize> {
        self.shape.iter().copied().filter(|&length| length != 1).collect()
    }

    /// How many rows a table has of so many columns.
    pub(super) fn table_of(&self, columns: usize) -> Option<usize> {
        match *self.shape.as_slice() {
            [rows, found] if found == columns => Some(rows),
            _ => None,
        }
    }

    /// How many rows there are of so many columns, in a table, or in a list that is one row or one column of it.
    pub(super) fn rows_of(&self, columns: usize) -> Option<usize> {
        if let Some(rows) = self.table_of(columns) {
            return Some(rows);
        }
        match (self.axes().as_slice(), self.shape.is_empty()) {
            (_, true) => None,
            ([], _) if columns == 1 => Some(1),
            ([length], _) if *length == columns => Some(1),
            ([length], _) if columns == 1 => Some(*length),
            ([rows, length], _) if *length == columns => Some(*rows),
            // No record at all is a table as well.
            _ if self.shape.first() == Some(&0) && self.shape.last() == Some(&columns) => Some(0),
            _ => None,
        }
    }

    /// Whether the elements are bytes without a sign.
    pub(super) fn is_u8(&self) -> bool {
        self.kind == TypeChar::Uint && self.element_bytes == 1
    }

    /// Whether the elements are boolean, integer or floating-point.
    pub(super) fn is_numeric(&self) -> bool {
        matches!(self.kind, TypeChar::Bool | TypeChar::Uint | TypeChar::Int | TypeChar::Float)
    }

    /// Whether the elements are floating-point numbers.
    pub(super) fn is_float(&self) -> bool {
        self.kind == TypeChar::Float
    }

    /// The fault that the elements are of another type.
    pub(super) fn not(&self, expected: &'static str) -> ArrayFault {
        ArrayFault::ElementType { expected, actual: description(&self.dtype) }
    }

    /// Whether the elements are text, or integers, which can stand for it.
    pub(super) fn is_textual(&self) -> bool {
        matches!(self.kind, TypeChar::ByteStr | TypeChar::UnicodeStr | TypeChar::Uint | TypeChar::Int)
    }

    /// How many bytes all elements take.
    pub(super) fn bytes(&self) -> usize {
        self.shape.iter().fold(self.element_bytes, |bytes, &length| bytes.saturating_mul(length))
    }

    /// The bytes of a row, where the array is a table that lies row by row.
    pub(super) fn table_row_bytes(&self) -> Option<usize> {
        match (self.shape.as_slice(), self.strides.as_slice()) {
            ([_, columns], [stride, 1]) if stride == columns => columns.checked_mul(self.element_bytes),
            _ => None,
        }
    }

    /// So many rows of a table that lies row by row.
    pub(super) fn rows<'a>(&self, rows: usize, data: &'a [u8]) -> Array<'a> {
        let shape = [rows].into_iter().chain(self.shape.iter().skip(1).copied()).collect();
        let declared = Self { dtype: self.dtype.clone(), shape, strides: self.strides.clone(), ..*self };
        Array { declared, data }
    }
}

/// An array of which every element is there: the shape is never larger than the bytes.
pub(super) struct Array<'a> {
    declared: Declared,
    data: &'a [u8],
}

impl std::ops::Deref for Array<'_> {
    type Target = Declared;

    fn deref(&self) -> &Declared {
        &self.declared
    }
}

impl<'a> Array<'a> {
    /// Reads the header and checks that the data have the size it declares.
    pub(super) fn parse(file: &'a [u8]) -> Result<Self, ArrayFault> {
        let (declared, header_bytes) = Declared::of(file)?;
        let data = file.get(header_bytes..).unwrap_or_default();
        match declared.shape.iter().try_fold(declared.element_bytes, |size, &n| size.checked_mul(n)) {
            Some(size) if size == data.len() => Ok(Self { declared, data }),
            Some(size) if data.get(size..).is_some_and(|rest| rest.starts_with(MAGIC)) => Err(ArrayFault::Appended),
            Some(size) => Err(ArrayFault::Size { expected: size, actual: data.len() }),
            None => Err(ArrayFault::Size { expected: usize::MAX, actual: data.len() }),
        }
    }

    /// The elements of a row of so many, in C order, as floating-point numbers.
    pub(super) fn floats(&self, row: usize, columns: usize) -> Vec<f64> {
        let positions = row * columns..(row + 1) * columns;
        let read = |element_bytes: usize| -> Option<&[u8]> {
            let start = positions.start.checked_mul(element_bytes)?;
            self.data.get(start..positions.end.checked_mul(element_bytes)?)
        };
        // Where rows lie one after the other, the type is looked at once.
        let in_order = self.table_row_bytes().is_some_and(|bytes| bytes == columns * self.element_bytes);
        let bytes = read(self.element_bytes).filter(|_| in_order);
        let values = match (bytes, self.element_bytes) {
            (Some(bytes), 4) => self.elements::<f32, f64>(bytes),
            (Some(bytes), 8) => self.elements::<f64, f64>(bytes),
            _ => None,
        };
        values.unwrap_or_else(|| positions.map_while(|position| self.float(position)).collect())
    }

    fn elements<T: Deserialize, U: From<T>>(&self, bytes: &[u8]) -> Option<Vec<U>> {
        let reader = T::reader(&self.dtype).ok()?;
        bytes.chunks(self.element_bytes).map(|element| reader.read_one(element).ok().map(U::from)).collect()
    }

    /// The element at a position counted in C order (last axis fastest), as a floating-point number.
    pub(super) fn float(&self, position: usize) -> Option<f64> {
        match self.element_bytes {
            2 => self.element::<half::f16>(position).map(f64::from),
            4 => self.element::<f32>(position).map(f64::from),
            _ => self.element(position),
        }
    }

    /// The element at a position counted in C order, where it is a 0 or a 1, or in a picture of bytes a 0 or a 255.
    pub(super) fn bit(&self, position: usize) -> Option<bool> {
        if self.is_float() {
            return match self.float(position)? {
                0.0 => Some(false),
                1.0 => Some(true),
                _ => None,
            };
        }
        match self.integer(position) {
            Some(0) => Some(false),
            Some(1) => Some(true),
            Some(255) if self.is_u8() => Some(true),
            _ => None,
        }
    }

    /// The element at a position counted in C order, where it is a byte without a sign.
    pub(super) fn byte(&self, position: usize) -> Option<u8> {
        self.element(position)
    }

    /// The element at a position counted in C order, as text: a string, or an integer in decimal.
    pub(super) fn text(&self, position: usize) -> Option<String> {
        match self.kind {
            TypeChar::ByteStr | TypeChar::UnicodeStr => self.element(position),
            TypeChar::Uint | TypeChar::Int => self.integer(position).map(|number| number.to_string()),
            _ => None,
        }
    }

    fn integer(&self, position: usize) -> Option<i128> {
        match (self.kind, self.element_bytes) {
            (TypeChar::Bool, _) => self.element::<bool>(position).map(i128::from),
            (TypeChar::Uint, 1) => self.element::<u8>(position).map(i128::from),
            (TypeChar::Uint, 2) => self.element::<u16>(position).map(i128::from),
            (TypeChar::Uint, 4) => self.element::<u32>(position).map(i128::from),
            (TypeChar::Uint, _) => self.element::<u64>(position).map(i128::from),
            (TypeChar::Int, 1) => self.element::<i8>(position).map(i128::from),
            (TypeChar::Int, 2) => self.element::<i16>(position).map(i128::from),
            (TypeChar::Int, 4) => self.element::<i32>(position).map(i128::from),
            (TypeChar::Int, _) => self.element::<i64>(position).map(i128::from),
            _ => None,
        }
    }

    /// The element at a position counted in C order, where its type is `T`.
    fn element<T: Deserialize>(&self, position: usize) -> Option<T> {
        let start = self.stored(position).checked_mul(self.element_bytes)?;
        let bytes = self.data.get(start..start.checked_add(self.element_bytes)?)?;
        T::reader(&self.dtype).ok()?.read_one(bytes).ok()
    }

    /// Where the element at a position in C order is stored, counted in elements.
    fn stored(&self, position: usize) -> usize {
        let mut rest = position;
        let mut stored = 0;
        for (&length, &stride) in self.shape.iter().zip(&self.strides).rev() {
            stored += rest % length.max(1) * stride;
            rest /= length.max(1);
        }
        stored
    }
}

/// The kind and size of an element that can be read here.
fn element(dtype: &DType) -> Result<(TypeChar, usize), ArrayFault> {
    use TypeChar::{Bool, ByteStr, Float, Int, Uint, UnicodeStr};
    let found = match dtype {
        DType::Plain(scalar) => scalar.num_bytes().map(|bytes| (scalar.type_char(), bytes)),
        _ => None,
    };
    match found {
        Some(element @ (Bool | Uint | Int, _) | element @ (Float, ..=8) | element @ (ByteStr | UnicodeStr, 1..)) => {
            Ok(element)
        }
        _ => Err(ArrayFault::ElementType { expected: PLAIN, actual: description(dtype) }),
    }
}

fn description(dtype: &DType) -> String {
    match dtype {
        DType::Plain(scalar) => scalar.to_string(),
        _ => "a structured type".to_owned(),
    }
}

/// All that stands before the elements: magic, version, length, and the text of a Python dictionary.
struct Header<'a> {
    whole: &'a [u8],
    /// As UTF-8 (version 3) or Latin-1.
    text: Cow<'a, str>,
}

impl<'a> Header<'a> {
    /// Cuts the header off at its declared length.
    fn split(file: &'a [u8]) -> Result<(Self, &'a [u8]), ArrayFault> {
        let version = file.strip_prefix(MAGIC).and_then(|rest| rest.first()).ok_or(ArrayFault::NotNpy)?;
        let before = if *version == 1 { 10 } else { 12 };
        let length = file.get(8..before).ok_or(ArrayFault::NotNpy)?;
        let length = length.iter().rev().fold(0, |length, &byte| length << 8 | usize::from(byte));
        if length > HEADER_LIMIT_BYTES {
            return Err(ArrayFault::HeaderLength { limit: HEADER_LIMIT_BYTES, actual: length });
        }
        let (whole, data) = file.split_at_checked(before + length).ok_or(ArrayFault::NotNpy)?;
        let text = whole.get(before..).ok_or(ArrayFault::NotNpy)?;
        let latin = |_| Cow::Owned(text.iter().copied().map(char::from).collect());
        let text = std::str::from_utf8(text).map_or_else(latin, Cow::Borrowed);
        Ok((Self { whole, text }, data))
    }

    /// Parses `{'descr': '<f4', 'fortran_order': False, 'shape': (1095, 49), }`: one dictionary with one tuple in it.
    fn parse(&self) -> Result<NpyHeader, ArrayFault> {
        let brackets = |bracket| self.text.matches(bracket).count();
        if brackets('[') > 0 {
            return Err(ArrayFault::Structured { fields: self.fields() });
        }
        if brackets('{') > 1 || brackets('(') > 1 {
            return Err(ArrayFault::NotNpy);
        }
        let shape = self.text.split(['(', ')']).nth(1).unwrap_or_default();
        if shape.chars().filter(char::is_ascii_hexdigit).count() > SHAPE_LIMIT_DIGITS {
            return Err(ArrayFault::Axes { limit_digits: SHAPE_LIMIT_DIGITS });
        }
        NpyHeader::from_reader(self.whole).map_err(|_| ArrayFault::NotNpy)
    }

    /// The names of the fields of `[('id', '<i8'), ('emb', '<f4', (8,))]`.
    fn fields(&self) -> Vec<String> {
        let after = self.text.split('(').skip(1).filter_map(|field| field.trim_start().strip_prefix('\''));
        super::names::listed(after.filter_map(|field| field.split('\'').next()))
    }
}
