//! The templates in a column, or in two: of one batch.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BinaryViewArray, FixedSizeBinaryArray, StringViewArray};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;

use super::super::error::RecordFault;
use super::super::names::{self, MaskMarks, shortened};
use super::super::{Raw, text};
use super::lists::Lists;
use super::types::Kind;
use crate::template::{Bits, RealVector, Template, TemplateShape};

/// One column: a vector or bits in each row.
pub(super) struct Part {
    name: String,
    kind: Kind,
    written: Written,
    nulls: Option<NullBuffer>,
}

enum Written {
    Lists(Lists),
    Texts(StringViewArray),
    Bytes(BinaryViewArray),
    FixedBytes(FixedSizeBinaryArray),
}

/// The template of each row: whole, or a code with its mask.
pub(super) struct Templates {
    pub(super) part: Part,
    pub(super) mask: Option<Part>,
}

impl Part {
    /// The column of a name; none where it is of another type than is read.
    pub(super) fn of(name: &str, kind: Kind, column: &ArrayRef) -> Option<Self> {
        let written = match column.data_type() {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Written::Texts(super::texts::views(column)?),
            DataType::Binary => Written::Bytes(BinaryViewArray::from(column.as_binary_opt::<i32>()?)),
            DataType::LargeBinary => Written::Bytes(BinaryViewArray::from(column.as_binary_opt::<i64>()?)),
            DataType::BinaryView => Written::Bytes(column.as_binary_view_opt()?.clone()),
            DataType::FixedSizeBinary(_) => Written::FixedBytes(column.as_fixed_size_binary_opt()?.clone()),
            _ => Written::Lists(Lists::of(column)?),
        };
        let nulls = column.nulls().filter(|nulls| nulls.null_count() > 0).cloned();
        Some(Self { name: shortened(name), kind, written, nulls })
    }

    /// Refuses what is null.
    fn there(&self, row: usize) -> Result<(), RecordFault> {
        match &self.nulls {
            Some(nulls) if row < nulls.len() && nulls.is_null(row) => {
                Err(RecordFault::Null { name: self.name.clone() })
            }
            _ => Ok(()),
        }
    }

    fn template(&self, row: usize) -> Result<Template, RecordFault> {
        self.there(row)?;
        let Kind::Vector(dimension) = self.kind else { return Ok(Template::Bits(self.bits(row)?)) };
        let values = match &self.written {
            Written::Lists(lists) => lists.coordinates(row, dimension)?,
            Written::Texts(texts) => text::numbers(texts.value(row), &self.name)?,
            Written::Bytes(_) | Written::FixedBytes(_) => {
                return Err(RecordFault::NoNumbers { name: self.name.clone() });
            }
        };
        match values.len() == dimension {
            true => Ok(Template::Vector(RealVector::new(values)?)),
            false => Err(RecordFault::Columns { expected: dimension, actual: values.len() }),
        }
    }

    fn bits(&self, row: usize) -> Result<Bits, RecordFault> {
        self.there(row)?;
        let (Kind::Bits(length) | Kind::Vector(length)) = self.kind;
        match &self.written {
            Written::Lists(lists) => lists.bits(row, length),
            Written::Texts(texts) => text::bits(texts.value(row), length, &self.name),
            Written::Bytes(bytes) => Ok(Bits::from_msb_first(bytes.value(row), length)?),
            Written::FixedBytes(bytes) => Ok(Bits::from_msb_first(bytes.value(row), length)?),
        }
    }

    /// What the ones of this mask mark, where its name says it.
    fn marks(&self) -> Option<MaskMarks> {
        names::marks_of(&self.name)
    }
}

impl Templates {
    /// The template of a row of the batch, from 0.
    pub(super) fn get(&self, row: usize) -> Result<Raw, RecordFault> {
        let Some(mask) = &self.mask else { return Ok(Raw::Whole(self.part.template(row)?)) };
        Ok(Raw::Iris { code: self.part.bits(row)?, mask: mask.bits(row)?, marks: mask.marks(), flat: true })
    }
}

/// How many bytes a template takes in a column at most, as it is usually written.
pub(super) fn usual_bytes(shape: TemplateShape) -> usize {
    match shape {
        TemplateShape::Vector(dimension) => dimension.saturating_mul(4),
        TemplateShape::Bits(length) => length,
        TemplateShape::Iris(iris) => iris.bits().saturating_mul(2),
    }
}
