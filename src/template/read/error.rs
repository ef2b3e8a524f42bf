//! Why an input is refused: where the fault is and what to do about it, never a value.

use std::borrow::Cow;

use super::Format;
use crate::remedy::Remedy;
use crate::template::{RecordError, SubjectId, TemplateError, TemplateShape};

/// Why a file of templates or of identifiers is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The format has no place for this kind of template.
    #[error("{format} does not hold {shape}")]
    Unsupported {
        /// The format that was asked for.
        format: Format,
        /// The shape that the agreement has.
        shape: TemplateShape,
    },
    /// Nothing in it.
    #[error("the file holds no record")]
    NoRecords,
    /// The identifiers given apart are not as many as the templates.
    #[error("{identities} identifiers for {records} records")]
    IdentityCount {
        /// Identifiers given.
        identities: usize,
        /// Records in the file.
        records: usize,
    },
    /// One record, or one line, is at fault.
    #[error("{place}: {fault}")]
    Record {
        /// Where it is.
        place: Place,
        /// What is wrong.
        fault: RecordFault,
    },
    /// An array of a NumPy file is at fault.
    #[error("{}: {fault}", describe(array))]
    Array {
        /// Its name; empty in a `.npy` file, which holds only one.
        array: String,
        /// What is wrong.
        fault: ArrayFault,
    },
    /// The `.npz` archive is at fault.
    #[error("{0}")]
    Archive(#[from] ArchiveFault),
}

impl Remedy for ReadError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::Unsupported { format, .. } => format.remedy(),
            Self::Record { fault, .. } => return fault.remedy(),
            Self::Array { fault, .. } => return fault.remedy(),
            Self::Archive(fault) => return fault.remedy(),
            Self::IdentityCount { .. } => "give one a line, in the order of the records",
            _ => return None,
        };
        Some(remedy.into())
    }
}

fn describe(array: &str) -> String {
    match array {
        "" => "the array".to_owned(),
        name => format!("array `{name}`"),
    }
}

/// Where in the input a record is, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A row of an array.
    Row(usize),
    /// A line of a text file, the header and comments counted.
    Line(usize),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Row(row) => write!(f, "row {row}"),
            Self::Line(line) => write!(f, "line {line}"),
        }
    }
}

/// What is wrong with one record. Columns are counted from 1.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordFault {
    /// The values make no template.
    #[error("{0}")]
    Template(#[from] TemplateError),
    /// The identifier is unusable.
    #[error("{0}")]
    Identifier(#[from] RecordError),
    /// The eye is not named as one.
    #[error("the eye must be `left` or `right` (or `l`, `r`)")]
    Eye,
    /// A quotation mark that does not enclose an id as CSV has it.
    #[error("quotation marks that do not enclose an id")]
    Quotes,
    /// A semicolon outside quotes: it separates, elsewhere.
    #[error("a semicolon")]
    Semicolon,
    /// Something that looks like a comment, behind an id.
    #[error("a comment behind an id")]
    Comment,
    /// The first line of a list of ids names a column.
    #[error("the line is a heading")]
    Heading,
    /// The first line of a CSV file may be a header of numbers.
    #[error("may be a header and not a template: {why}")]
    PerhapsHeader {
        /// What speaks for it.
        why: &'static str,
    },
    /// One record has no id where others have one.
    #[error("no id, where others have one")]
    Unnamed,
    /// Two columns that may say whose a template is.
    #[error("columns `{first}` and `{second}` may both say whose the templates are")]
    TwoLabels {
        /// The first 64 characters of its name.
        first: String,
        /// The first 64 characters of the other's name.
        second: String,
    },
    /// The line has neither an identifier nor a comment.
    #[error("a blank line")]
    Blank,
    /// Not UTF-8.
    #[error("not UTF-8 text")]
    NotText,
    /// Another number of columns than the header has or the agreement asks for.
    #[error("{actual} value columns where {expected} are expected")]
    Columns {
        /// As the agreement or the header says.
        expected: usize,
        /// Value columns in the line.
        actual: usize,
    },
    /// The first line mixes names and values.
    #[error("the first line is neither all names nor all values")]
    MixedHeader,
    /// Neither an identifier, an eye nor a number.
    #[error("column {column} is not a number, written as -1.25e-3")]
    NotANumber {
        /// The column's number.
        column: usize,
    },
    /// A bit is something else.
    #[error("column {column} is neither 0 nor 1")]
    NotABit {
        /// The column's number.
        column: usize,
    },
    /// A text does not encode the agreed number of bits.
    #[error(
        "`{field}` does not hold {expected} bits as 0/1 characters, as hexadecimal or as base64 (most significant bit first)"
    )]
    NotBits {
        /// Which field.
        field: &'static str,
        /// How many bits are agreed.
        expected: usize,
    },
    /// Not one JSON object.
    #[error("not a JSON object, at column {column}")]
    Json {
        /// Where parsing stopped.
        column: usize,
    },
    /// A field or column that nothing is known about; it could be the template under another name.
    #[error("`{name}` is unknown here")]
    Unknown {
        /// The first 64 characters of its name.
        name: String,
        /// What may stand here.
        known: &'static str,
    },
    /// A field or column stands there twice.
    #[error("`{name}` stands there twice")]
    Repeated {
        /// The first 64 characters of its name.
        name: String,
    },
    /// A field or column is missing.
    #[error("`{name}` is missing")]
    Missing {
        /// The field or column.
        name: &'static str,
    },
    /// A field is of another JSON type.
    #[error("`{name}` must be {expected}")]
    FieldType {
        /// The field.
        name: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// A line with a code is not followed by one with its mask.
    #[error("a code without a mask")]
    Unpaired,
}

impl Remedy for RecordFault {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::Unknown { known, .. } => return Some(format!("use one of: {known}").into()),
            Self::Template(error) => return error.remedy(),
            Self::Eye => "write one id a line, one with a comma or a tab in double quotes",
            Self::Quotes => "write it plain, or in double quotes as CSV does",
            Self::Semicolon => "write one id a line, one with a semicolon in double quotes",
            Self::Comment => "give it a line of its own that begins with #",
            Self::Heading => "remove it, or write it in double quotes if it is an id",
            Self::PerhapsHeader { .. } => "say which it is",
            Self::Unnamed => "give every record its id",
            Self::TwoLabels { .. } => "leave one out, or give the ids apart",
            Self::Blank => "remove it, or name the record",
            Self::NotText => "convert the file",
            Self::Columns { .. } => "columns are separated by commas",
            Self::MixedHeader => "give each column a name (id, eye, v1, v2, ...) or none",
            Self::NotANumber { .. } => "remove or repair it",
            Self::Json { .. } => "write one object a line",
            Self::Unpaired => "lines alternate: code, mask, code, mask",
            _ => return None,
        };
        Some(remedy.into())
    }
}

/// What is wrong with an array.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArrayFault {
    /// It does not begin as `.npy` does, or its header cannot be read.
    #[error("not in .npy format, version 1 to 3")]
    NotNpy,
    /// The header is over the limit, which is also NumPy's own.
    #[error("a header of {actual} bytes is over the limit of {limit}")]
    HeaderLength {
        /// Longest admitted, in bytes.
        limit: usize,
        /// Length in bytes that the file declares.
        actual: usize,
    },
    /// The shape declares another size than the data have.
    #[error("its shape declares {expected} bytes but {actual} are there")]
    Size {
        /// Bytes declared; more than memory could address is given as the largest number.
        expected: usize,
        /// Bytes found.
        actual: usize,
    },
    /// The shape has more digits than any array could fill.
    #[error("its shape has more than {limit_digits} digits")]
    Axes {
        /// Most digits admitted, of all axes together.
        limit_digits: usize,
    },
    /// The wrong type of element.
    #[error("elements of type {actual} where {expected} is expected")]
    ElementType {
        /// What is expected.
        expected: &'static str,
        /// NumPy's name of the type found.
        actual: String,
    },
    /// The wrong dimensions.
    #[error("shape {actual:?} where {expected} is expected")]
    Shape {
        /// What is expected.
        expected: String,
        /// The dimensions that the array has.
        actual: Vec<usize>,
    },
}

impl Remedy for ArrayFault {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::NotNpy => "write it with numpy.save",
            Self::Size { .. } => "the file is cut short or damaged",
            Self::Axes { .. } => "the file is damaged",
            Self::ElementType { .. } => "convert it with astype",
            _ => return None,
        };
        Some(remedy.into())
    }
}

/// What is wrong with a `.npz` archive as a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveFault {
    /// Not a readable archive.
    #[error("not a readable .npz archive (stored or deflated, not encrypted)")]
    NotZip,
    /// It would inflate beyond the limit.
    #[error("the archive inflates to more than {limit_bytes} bytes")]
    Inflates {
        /// Most that an archive of this length may inflate to.
        limit_bytes: usize,
    },
    /// Two arrays may say whose the templates are.
    #[error("arrays `{first}` and `{second}` may both say whose the templates are")]
    TwoLabels {
        /// The first 64 characters of its name.
        first: String,
        /// The first 64 characters of the other's name.
        second: String,
    },
    /// The templates are not where they could be found.
    #[error("no templates: {expected} expected, but the archive holds {}", found.join(", "))]
    NoTemplates {
        /// The arrays that are looked for.
        expected: &'static str,
        /// The arrays that are there.
        found: Vec<String>,
    },
}

impl Remedy for ArchiveFault {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::NotZip => "write it with numpy.savez",
            Self::Inflates { .. } => "write it with numpy.savez, uncompressed",
            Self::TwoLabels { .. } => "leave one out, or give the ids apart",
            _ => return None,
        };
        Some(remedy.into())
    }
}

impl ReadError {
    pub(super) fn at(place: Place) -> impl Fn(RecordFault) -> Self {
        move |fault| Self::Record { place, fault }
    }

    pub(super) fn in_array(array: &str) -> impl Fn(ArrayFault) -> Self + '_ {
        move |fault| Self::Array { array: array.to_owned(), fault }
    }
}

impl RecordFault {
    /// The identifier in `text`.
    pub(super) fn subject(text: &str) -> Result<SubjectId, Self> {
        Ok(SubjectId::try_from(text.to_owned())?)
    }
}
