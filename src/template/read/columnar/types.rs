//! Which types of columns can hold what.

use arrow_schema::{DataType, Field, Schema};

use super::super::names::shortened;
use crate::template::TemplateShape;

/// A kind of value that is looked for in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// So many coordinates.
    Vector(usize),
    /// So many bits.
    Bits(usize),
}

impl Kind {
    /// What a template of this shape is, or each of the two parts of an iris.
    pub(super) fn of(shape: TemplateShape) -> Self {
        match shape {
            TemplateShape::Vector(dimension) => Self::Vector(dimension),
            TemplateShape::Bits(length) => Self::Bits(length),
            TemplateShape::Iris(iris) => Self::Bits(iris.bits()),
        }
    }

    /// Whether a column of this type is read as this kind, where it is named.
    pub(super) fn is_read(self, found: &DataType) -> bool {
        let packed = |length: usize| length.div_ceil(8);
        match (self, found) {
            (_, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) => true,
            (Self::Bits(_), DataType::Binary | DataType::LargeBinary | DataType::BinaryView) => true,
            (Self::Bits(length), DataType::FixedSizeBinary(bytes)) => is(*bytes, packed(length)),
            (Self::Vector(dimension), DataType::FixedSizeList(item, size)) => {
                is_number(item.data_type()) && is(*size, dimension)
            }
            (Self::Vector(_), DataType::List(item) | DataType::LargeList(item)) => is_number(item.data_type()),
            (Self::Bits(length), DataType::FixedSizeList(item, size)) => {
                let bytes = *item.data_type() == DataType::UInt8 && is(*size, packed(length));
                is_bit(item.data_type()) && is(*size, length) || bytes
            }
            (Self::Bits(_), DataType::List(item) | DataType::LargeList(item)) => is_bit(item.data_type()),
            _ => false,
        }
    }

    /// Whether a column of this type can hardly be anything else, so that its name does not matter.
    pub(super) fn is_likely(self, found: &DataType) -> bool {
        let item = match found {
            DataType::FixedSizeList(item, _) | DataType::List(item) | DataType::LargeList(item) => item.data_type(),
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => return false,
            _ => return self.is_read(found),
        };
        self.is_read(found) && (matches!(self, Self::Bits(_)) || item.is_floating())
    }

    /// What is looked for, in words.
    pub(super) fn expected(self) -> String {
        match self {
            Self::Vector(dimension) => format!("a list of {dimension} floating-point numbers or integers"),
            Self::Bits(length) => {
                format!("{length} bits (a list of booleans or of 0 and 1, {} bytes, or text)", length.div_ceil(8))
            }
        }
    }
}

fn is(size: i32, expected: usize) -> bool {
    usize::try_from(size) == Ok(expected)
}

/// Whether it is a number that a coordinate can be.
fn is_number(found: &DataType) -> bool {
    found.is_floating() || found.is_integer()
}

fn is_bit(found: &DataType) -> bool {
    *found == DataType::Boolean || found.is_integer()
}

/// The type of the values, of which a dictionary may hold each once.
pub(super) fn plain(found: &DataType) -> &DataType {
    match found {
        DataType::Dictionary(_, values) => values,
        _ => found,
    }
}

/// Whether these are texts, or integers that stand for them.
pub(super) fn is_text_or_integer(found: &DataType) -> bool {
    is_text(found) || plain(found).is_integer()
}

/// Whether these are texts.
pub(super) fn is_text(found: &DataType) -> bool {
    matches!(plain(found), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

/// The name of a type, shortened.
pub(super) fn named(found: &DataType) -> String {
    let short = |item: &Field| named(item.data_type());
    match found {
        DataType::List(item) => format!("list<{}>", short(item)),
        DataType::LargeList(item) => format!("large_list<{}>", short(item)),
        DataType::FixedSizeList(item, size) => format!("fixed_size_list<{}>[{size}]", short(item)),
        DataType::Struct(_) => "struct".to_owned(),
        DataType::Dictionary(_, values) => format!("dictionary<{}>", named(values)),
        _ => shortened(&found.to_string().to_lowercase()),
    }
}

/// The columns of a schema with their types, as a message lists them: at most sixteen.
pub(super) fn listed(schema: &Schema) -> Vec<String> {
    let column =
        |field: &std::sync::Arc<Field>| format!("`{}` ({})", shortened(field.name()), named(field.data_type()));
    schema.fields().iter().take(16).map(column).collect()
}
